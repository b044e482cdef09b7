import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { openb } from '../../src/sources/openb.ts';
import { confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';
import { traceLike } from './trace.ts';

const header = 'sn,cpu_milli,memory_mib,gpu,model';
const trace = traceLike();

function read(rows: readonly string[]) {
  return withoutLines(parsed(openb, [file('n.csv', [header, ...rows].join('\n'))]));
}

test('a whole trace: 1,523 nodes, 6,212 GPUs, every model by its own name', () => {
  const seen = parsed(openb, [trace]);
  const nodes = [...new Set(seen.facts.flatMap((fact) => (fact.kind === 'node' ? fact.subject : [])))].map(
    (id) => nodeIn({ ...seen, facts: seen.facts.filter((fact) => fact.subject === id) }, id),
  );
  const withGpus = nodes.filter(({ gpuCount }) => gpuCount !== 0);
  const sum = (of: (node: (typeof nodes)[number]) => number | undefined, among = nodes) =>
    among.reduce((total, node) => total + (of(node) ?? 0), 0);
  expect([nodes.length, withGpus.length]).toEqual([1523, 1213]);
  expect(sum(({ gpuCount }) => gpuCount)).toBe(6212);
  const models = Map.groupBy(withGpus, ({ gpuModel }) => gpuModel ?? '?');
  expect(Object.fromEntries([...models].map(([model, members]) => [model, members.length]))).toEqual({
    'A10-24GB': 2,
    G2: 549,
    G3: 39,
    P100: 134,
    'T4-16GB': 404,
    'V100-16GB': 55,
    'V100-32GB': 30,
  });
  expect(seen.unknown).toEqual([]);
  expect(seen.assumptions).toHaveLength(3);
});

test('racks hold at most 16 nodes of one model, in the order of their names', () => {
  const seen = parsed(openb, [trace]);
  const racks = seen.facts.filter((fact) => fact.kind === 'rack');
  expect(racks.every((fact) => fact.confidence === 'assumed')).toBe(true);
  expect(racks[0]?.subject).toBe('openb/h1/r001');
  expect(nodeIn(seen, 'openb/h1/r001/node-0000')).toMatchObject({ cpuMilli: 32_000, gpuCount: 0 });
  const names = seen.facts.flatMap((fact) =>
    fact.kind === 'node' && fact.confidence === 'stated' ? fact.subject : [],
  );
  const byRack = Map.groupBy(names, (name) => name.slice(0, name.lastIndexOf('/')));
  expect(byRack.size).toBe(racks.length);
  expect(Math.max(...[...byRack.values()].map((members) => members.length))).toBe(16);
});

test('columns in any order, more columns, Windows line ends, quotes, a byte order mark', () => {
  const text =
    '\u{feff}model,gpu,"sn",zone,memory_mib,cpu_milli\r\nT4,2,"b",x,1024,4000\r\n\r\n,0,a,y,2048,8000\r\n';
  const seen = parsed(openb, [file('n.csv', text)], { site: 'lab1' });
  expect(nodeIn(seen, 'lab1/h1/r001/a')).toEqual({
    hostName: 'a',
    cpuMilli: 8000,
    memoryMib: 2048,
    gpuCount: 0,
  });
  expect(nodeIn(seen, 'lab1/h1/r002/b')).toMatchObject({ gpuCount: 2, gpuModel: 'T4-16GB' });
  expect(confidenceOf(seen, 'lab1/h1/r002/b', 'gpuModel')).toBe('derived');
  expect(seen.facts.find((fact) => fact.subject === 'lab1/h1/r001/a')?.origin.line).toBe(4);
});

test('GPUs without a model are counted and said to be unknown', () => {
  const seen = parsed(openb, [file('n.csv', `${header}\na,1000,1024,4,\n`)]);
  expect(nodeIn(seen, 'openb/h1/r001/a').gpuCount).toBe(4);
  expect(whyUnknown(seen, 'openb/h1/r001/a', 'gpuModel')).toBe('the line names no model');
});

test.each([
  ['no nodes', header, '`n.csv` has a header and no nodes'],
  [
    'a missing column',
    'sn,cpu_milli,memory_mib,gpu\na,1,1,0',
    '`n.csv` line 1: the column `model` is missing',
  ],
  ['a column named twice', `${header},gpu\na,1,1,0,,0`, '`n.csv` line 1: a column is named twice'],
  ['a short line', `${header}\na,1,1\n`, '`n.csv` line 2: not well-formed CSV'],
  ['an open quote', `${header}\n"a,1,1,0,\n`, 'not well-formed CSV'],
  ['text for a number', `${header}\na,1,1,0,\nb,many,1,0,\n`, '`n.csv` line 3: `cpu_milli` is `many`'],
  ['a negative number', `${header}\na,1,-1,0,\n`, '`memory_mib` is `-1`'],
  ['a fraction', `${header}\na,1.5,1,0,\n`, '`cpu_milli` is `1.5`'],
  [
    'a number beyond all bounds',
    `${header}\na,1,9999999999999999,0,\n`,
    '`memory_mib` is `9999999999999999`',
  ],
  ['33 GPUs', `${header}\na,1,1,33,T4\n`, '`gpu` is `33`'],
  ['an empty name', `${header}\n,1,1,0,\n`, '`sn` is ``'],
  [
    'a node twice',
    `${header}\na,1,1,0,\na,1,1,0,\n`,
    'line 3: node `a` is listed a second time, first in `n.csv` line 2',
  ],
  [
    'the pod list',
    'name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,0,0',
    'looks like the pod list of the openb trace',
  ],
  ['Kubernetes nodes', '{"kind": "NodeList",\n"items": []}', 'looks like Kubernetes nodes'],
])('refuses %s', (_, text, message) => {
  expect(refusal(() => parsed(openb, [file('n.csv', text)])).message).toContain(message);
});

test('a misspelt column gets a suggestion', () => {
  const { didYouMean } = refusal(() =>
    parsed(openb, [file('n.csv', 'sn,cpu_mili,memory_mib,gpu,model\na,1,1,0,')]),
  );
  expect(didYouMean).toBe('cpu_mili');
});

test('a node in two files is refused', () => {
  const files = ['a.csv', 'b.csv'].map((name) => file(name, `${header}\nx,1,1,0,\n`));
  expect(refusal(() => parsed(openb, files)).message).toContain('first in `a.csv` line 2');
});

test('the order of the lines changes nothing', () => {
  const lines = new TextDecoder().decode(trace.bytes).trim().split('\n').slice(1, 60);
  const straight = read(lines);
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: lines.length }), (shuffled) => {
      expect(read(shuffled)).toEqual(straight);
    }),
    { seed: 12, numRuns: 20 },
  );
});
