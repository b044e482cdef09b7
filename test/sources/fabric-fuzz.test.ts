import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalJson } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import { Observation } from '../../src/model/fact.ts';
import { ibnetdiscover } from '../../src/sources/ibnetdiscover/ibnetdiscover.ts';
import { detectSource } from '../../src/sources/registry.ts';
import { slurm } from '../../src/sources/slurm/slurm.ts';
import type { Evidence, Source } from '../../src/sources/source.ts';
import { topograph } from '../../src/sources/topograph/topograph.ts';
import { capture, file, refusal, withoutLines } from './given.ts';

const topologyYaml =
  '- topology: a\n  tree:\n    switches:\n    - { switch: s, children: "l[1-2]" }\n    - { switch: l1, nodes: "n[1-2]" }\n- topology: b\n  block: { blocks: [{ block: b1, nodes: "n[1-2]" }] }\n';
const graph = JSON.stringify({ instances: [{ id: 'n1', network_layers: ['l1', 's1'] }] }, null, 1);
const sinfo = JSON.stringify(
  { sinfo: [{ nodes: { nodes: ['n[1-4]'] }, node: { state: ['IDLE'] }, gres: { total: 'gpu:h100:8' } }] },
  null,
  1,
);

const samples: readonly (readonly [Source, Evidence])[] = [
  ...[
    'berthtest-22.05/scontrol-show-node.txt',
    'berthtest-22.05/scontrol-show-reservation.txt',
    'berthtest-22.05/scontrol-show-partition.txt',
    'berthtest-22.05/scontrol-show-topology.txt',
    'berthtest-22.05/slurm.conf',
    'berthtest-22.05/gres.conf',
    'berthtest-22.05/topology.conf',
    'berthtest-busy/scontrol-o-show-node.txt',
    'berthtest-busy/sinfo.json',
    'telegraf-rest-partitions.json',
  ].map((name) => [slurm, capture(`slurm/${name}`)] as const),
  [slurm, file('topology.yaml', topologyYaml)],
  [slurm, file('sinfo-24.json', sinfo)],
  ...['nvl72.yaml', 'small-tree.yaml', 'computeNodes.json', 'expected.slinky-dra-block.conf'].map(
    (name) => [topograph, capture(`topograph/${name}`)] as const,
  ),
  [topograph, file('graph.json', graph)],
  ...['ibnetdiscover-excerpt.out', 'ibnetdiscover-one-ca.out', 'sys-class-infiniband-h100.tsv'].map(
    (name) => [ibnetdiscover, capture(`infiniband/${name}`)] as const,
  ),
];

/** What is said about which subjects; nothing when it is refused for people. Whatever else is thrown escapes. */
function subjects(source: Source, evidence: Evidence): ReadonlySet<string> | undefined {
  try {
    detectSource(evidence);
    const observation = source.parse([evidence], { site: 'lab1', nodes: ['n1'], observedAtMs: 0 });
    canonicalJson(Observation.parse(observation));
    return new Set(observation.facts.map(({ kind, subject }) => `${kind} ${subject}`));
  } catch (error) {
    const { code, message } = error instanceof BerthError ? error.detail : { code: '', message: '' };
    if (code === 'INVALID_INPUT' && message.includes(evidence.file)) return undefined;
    throw error;
  }
}

describe('a file that ends too early', { timeout: 60_000 }, () => {
  test.each(samples.map(([source, evidence]) => [source.name, evidence.file, source, evidence] as const))(
    '%s: %s says less or is refused, at every cut',
    (_, __, source, { file: name, bytes }) => {
      const whole = subjects(source, file(name, bytes))?.size ?? 0;
      const step = Math.max(1, Math.floor(bytes.length / 250));
      const outcomes = { read: 0, refused: 0 };
      for (let end = 0; end < bytes.length; end += step) {
        const said = subjects(source, file(name, bytes.subarray(0, end)));
        outcomes[said === undefined ? 'refused' : 'read']++;
        expect(said?.size ?? 0).toBeLessThanOrEqual(whole);
      }
      expect(outcomes.refused).toBeGreaterThan(0);
    },
  );

  test('short samples are read or refused when cut at any byte', () => {
    let read = 0;
    for (const [source, { file: name, bytes }] of samples.filter(([, { bytes: all }]) => all.length < 700))
      for (let end = 0; end < bytes.length; end++)
        if (subjects(source, file(name, bytes.subarray(0, end))) !== undefined) read++;
    expect(read).toBeGreaterThan(100);
  });

  test('half a line is left out, and that is said', () => {
    const { bytes } = capture('slurm/berthtest-22.05/scontrol-show-node.txt');
    const observation = slurm.parse([file('n.txt', bytes.subarray(0, 5000))], {
      site: 'lab1',
      observedAtMs: 0,
    });
    expect(observation.unknown.map(({ why }) => why)).toContain(
      'the last line has no end: it may be cut and is not read',
    );
  });
});

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 40 }),
  put: fc.constantFrom(
    '',
    '[',
    ']',
    '"',
    '=',
    '\n',
    '\n\n',
    ',',
    '[0-99999999]',
    '[1-9][1-9][1-9][1-9][1-9][1-9]',
    '-1',
    '1e999',
    'null',
    '{}',
    '*a',
    '&a ',
    '\\\n',
    '\u{202e}',
    '\u{0}',
    '__proto__',
    '../..',
    'NodeName=',
    'Reason=',
    'gpu:',
  ),
});

test.each([slurm, topograph, ibnetdiscover])(
  '$name: damaged files are read or refused, never anything else',
  (source) => {
    const seeds = samples.filter(([own]) => own === source).map(([, evidence]) => evidence);
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 }), (seed, changes) => {
        let text = new TextDecoder().decode(seed.bytes);
        for (const { at, length, put } of changes) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + put + text.slice(start + length);
        }
        outcomes[subjects(source, file(seed.file, text)) === undefined ? 'refused' : 'read']++;
      }),
      { seed: 20_261_122, numRuns: 150 },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(0);
  },
  60_000,
);

describe('files that are none', () => {
  const bomb = `switches:\n  a: &a { switches: [x, x] }\n${Array.from({ length: 40 }, (_, at) => `  s${at}: &s${at} { switches: [${Array.from({ length: 9 }, () => `*${at === 0 ? 'a' : `s${at - 1}`}`).join(', ')}] }`).join('\n')}\n`;

  test.each([
    ['aliases that stand for gigabytes', topograph, bomb],
    ['nesting without end', topograph, `switches: ${'['.repeat(5000)}`],
    ['UTF-16', slurm, new Uint8Array([0xff, 0xfe, 0x4e, 0])],
    ['Latin-1', slurm, new Uint8Array([...new TextEncoder().encode('NodeName=n1 Reason='), 0xe4, 0x0a])],
    ['nothing', ibnetdiscover, ''],
    ['binary', ibnetdiscover, new Uint8Array([0, 1, 2])],
    ['compressed', slurm, new Uint8Array([0x1f, 0x8b, 8])],
  ])('%s is refused', (_, source, text) => {
    expect(
      refusal(() => source.parse([file('x.txt', text)], { site: 'lab1', observedAtMs: 0 })).message,
    ).toMatch(/`x.txt`/);
  });

  test('a thousand nodes behind one short word each are bounded together', () => {
    const text = Array.from({ length: 30 }, (_, at) => `NodeName=n${at}x[1-90000] CPUs=1\n`).join('');
    expect(
      refusal(() => slurm.parse([file('slurm.conf', text)], { site: 'lab1', observedAtMs: 0 })).message,
    ).toMatch(/more than 200000 nodes/);
  });
});

const shuffled = (text: string, between: string) => text.trimEnd().split(between).toReversed().join(between);
const gaps = (observation: Observation) => observation.unknown.map(({ subject, why }) => [subject, why]);

describe('the order of records', () => {
  test.each([
    ['slurm/berthtest-22.05/scontrol-show-node.txt', slurm, '\n\n'],
    ['slurm/berthtest-busy/scontrol-d-show-node.txt', slurm, '\n\n'],
    ['slurm/berthtest-22.05/scontrol-show-reservation.txt', slurm, '\n\n'],
    ['slurm/berthtest-22.05/scontrol-show-topology.txt', slurm, '\n'],
    ['slurm/berthtest-22.05/topology.conf', slurm, '\n'],
    ['slurm/berthtest-22.05/gres.conf', slurm, '\n'],
  ])('%s: changes nothing', (name, source, between) => {
    const text = new TextDecoder().decode(capture(name).bytes);
    const read = (words: string) =>
      source.parse([file('a.txt', `${words.trimEnd()}\n\n`)], { site: 'lab1', observedAtMs: 0 });
    const [first, second] = [read(text), read(shuffled(text, between))];
    expect(withoutLines(second)).toEqual(withoutLines(first));
    expect(gaps(second)).toEqual(gaps(first));
  });
});
