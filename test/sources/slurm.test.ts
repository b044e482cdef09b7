import { describe, expect, test } from 'vitest';

import type { Observation } from '../../src/model/fact.ts';
import { slurm } from '../../src/sources/slurm/slurm.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const read = (name: string, text: string) => parsed(slurm, [file(name, text)], { site: 'lab1' });
const conf = (...lines: readonly string[]) => read('slurm.conf', `${lines.join('\n')}\n`);
const captured = (...names: readonly string[]) =>
  parsed(
    slurm,
    names.map((name) => capture(`slurm/${name}`)),
    { site: 'fra1' },
  );

function gpu(observation: Observation, node: string, number: number): object {
  return observation.facts.reduce<object>(
    (set, { kind, subject, set: more }) =>
      kind === 'gpu' && subject === `${node}/gpu${number}` ? { ...set, ...more } : set,
    {},
  );
}

describe('nodes that scontrol shows', () => {
  const observation = captured('berthtest-22.05/scontrol-show-node.txt');

  test('have CPUs, memory, GPUs, state and a line', () => {
    expect(nodeIn(observation, 'fra1/h100-01')).toEqual({
      hostName: 'h100-01',
      cpuMilli: 224_000,
      memoryMib: 2_000_000,
      gpuModel: 'H100',
      gpuCount: 8,
      health: 'healthy',
      schedulable: true,
      labels: { 'slurm.features': 'hgx,ib400,de-fra', 'slurm.partitions': 'train' },
    });
    expect(observation.facts.find(({ subject }) => subject === 'fra1/edge-02')?.origin).toEqual({
      file: 'scontrol-show-node.txt',
      line: 55,
    });
  });

  test('that are down say so, with the reason and without who gave it', () => {
    expect(nodeIn(observation, 'fra1/h100-04')).toMatchObject({
      health: 'down',
      healthReason: 'fail',
      schedulable: false,
    });
  });

  test('one record a line says the same as several lines', () => {
    const lines = withoutLines(captured('berthtest-busy/scontrol-show-node.txt'));
    expect(withoutLines(captured('berthtest-busy/scontrol-o-show-node.txt'))).toEqual(lines);
    expect(lines.length).toBeGreaterThan(10);
  });

  test('text and JSON of the same moment say the same', () => {
    expect(withoutLines(captured('berthtest-busy/sinfo.json'))).toEqual(
      withoutLines(captured('berthtest-busy/scontrol-d-show-node.txt')),
    );
    expect(withoutLines(captured('berthtest-22.05/rest-nodes.json'))).toEqual(withoutLines(observation));
  });

  test('without a site wait to be recognised by their host names', () => {
    const loose = parsed(slurm, [capture('slurm/berthtest-22.05/scontrol-show-node.txt')]);
    expect(nodeIn(loose, 'unplaced/h100-01').hostName).toBe('h100-01');
  });

  test('what people wrote into a reason is no field', () => {
    const node = 'NodeName=n1 Arch=x86_64 Gres=(null) State=DOWN\n';
    const spoof = `${node}   Reason=x State=IDLE Gres=gpu:h100:8 GresUsed=gpu:0 [root@2026-01-01T00:00:00]\n\n`;
    const set = nodeIn(read('n.txt', spoof), 'lab1/n1');
    expect(set).toMatchObject({ gpuCount: 0, health: 'down' });
    expect(set.healthReason).toBe('x State=IDLE Gres=gpu:h100:8 GresUsed=gpu:0');
  });
});

const nodeWith = (state: string, more = '') =>
  read('n.txt', `NodeName=n1 Arch=x86_64 Gres=(null) State=${state} ${more}\n\n`);

describe('states', () => {
  test.each([
    ['IDLE', 'healthy', true],
    ['MIXED', 'healthy', true],
    ['ALLOCATED', 'healthy', true],
    ['IDLE+PLANNED', 'healthy', true],
    ['IDLE+RESERVED', 'healthy', true],
    ['IDLE+DRAIN', 'degraded', false],
    ['ALLOCATED+DRAIN', 'degraded', false],
    ['MIXED+FAIL', 'degraded', false],
    ['IDLE+MAINT', 'healthy', false],
    ['DOWN', 'down', false],
    ['DOWN*', 'down', false],
    ['IDLE*', 'down', false],
    ['IDLE+NOT_RESPONDING', 'down', false],
    ['UNKNOWN+DRAIN+INVALID_REG', 'down', false],
    ['IDLE+CLOUD+POWERED_DOWN', undefined, undefined],
    ['IDLE~', undefined, undefined],
    ['FUTURE', undefined, false],
    ['UNKNOWN', undefined, undefined],
  ])('%s', (state, health, schedulable) => {
    const observation = nodeWith(state);
    const set = nodeIn(observation, 'lab1/n1');
    expect([set.health, set.schedulable]).toEqual([health, schedulable]);
    expect(whyUnknown(observation, 'lab1/n1', 'health') === undefined).toBe(health !== undefined);
  });

  test('what was powered down to save energy may not come up again', () => {
    expect(whyUnknown(nodeWith('IDLE~'), 'lab1/n1', 'health')).toBe(
      'the node is IDLE+POWERED_DOWN: whether it comes up is not known',
    );
  });

  test('a node whose partitions are all closed is closed', () => {
    const partitions = 'PartitionName=a State=DOWN\n\nPartitionName=b State=UP\n\n';
    const of = (names: string) =>
      read(
        'n.txt',
        `${partitions}NodeName=n1 Arch=x86_64 Gres=(null) State=IDLE\n   Partitions=${names}\n\n`,
      );
    expect(nodeIn(of('a'), 'lab1/n1').schedulable).toBe(false);
    expect(whyUnknown(of('a'), 'lab1/n1', 'schedulable')).toBe('closed: none of its partitions starts jobs');
    expect(nodeIn(of('a,b'), 'lab1/n1').schedulable).toBe(true);
  });
});

const wrapped = (number: number) => ({ set: true, infinite: false, number });

const json = (value: object) => read('a.json', JSON.stringify(value, null, 1));

const entry = (partition: string) => ({
  nodes: { nodes: ['n[1-2]', 'n4'] },
  node: { state: ['MIXED'] },
  cpus: { minimum: 64, maximum: 64 },
  memory: { minimum: 1000, maximum: 2000 },
  gres: { total: 'gpu:a100:4', used: 'gpu:a100:1(IDX:0)' },
  partition: { name: partition },
});

describe('JSON of several versions', () => {
  test('numbers and states may be wrapped', () => {
    const node = {
      name: 'n1',
      state: ['IDLE', 'DRAIN'],
      cpus: wrapped(64),
      effective_cpus: wrapped(62),
      real_memory: wrapped(256_000),
      specialized_memory: 1000,
      gres: 'gpu:h200:8',
      gres_used: 'gpu:h200:0',
      reason: 'Kill task failed',
      features: ['a', 'b'],
      partitions: ['p'],
      hostname: 'n1.example.org',
      energy: { current_watts: wrapped(4200) },
    };
    expect(nodeIn(json({ nodes: [node] }), 'lab1/n1')).toEqual({
      hostName: 'n1',
      aliases: ['n1.example.org'],
      cpuMilli: 62_000,
      memoryMib: 255_000,
      gpuModel: 'H200-SXM-141GB',
      gpuCount: 8,
      link: 'nvlink',
      measuredW: 4200,
      health: 'degraded',
      healthReason: 'Kill task failed',
      schedulable: false,
      labels: { 'slurm.features': 'a,b', 'slurm.partitions': 'p' },
    });
  });

  test.each([
    ['endless', { set: true, infinite: true, number: 0 }],
    ['not set', { set: false, infinite: false, number: 7 }],
    ['a placeholder', 4_294_967_294],
    ['negative', -2],
    ['text', 'many'],
    ['nothing', null],
  ])('a number that is %s is none', (_, cpus) => {
    const observation = json({ nodes: [{ name: 'n1', state: 'idle', gres: '', cpus }] });
    expect(nodeIn(observation, 'lab1/n1').cpuMilli).toBeUndefined();
    expect(whyUnknown(observation, 'lab1/n1', 'cpuMilli')).toBe('its CPUs are not said');
  });

  test('sinfo since 23.11 lists groups of nodes once for each partition', () => {
    const observation = json({ sinfo: [entry('b'), entry('a')] });
    expect(nodeIn(observation, 'lab1/n2')).toMatchObject({
      gpuCount: 4,
      cpuMilli: 64_000,
      sharing: 'unknown',
      labels: { 'slurm.partitions': 'a,b' },
    });
    expect(nodeIn(observation, 'lab1/n2').memoryMib).toBeUndefined();
    expect(observation.facts.filter(({ subject }) => subject === 'lab1/n4').length).toBe(3);
  });

  test('an entry that is no node is a gap, and the others are read', () => {
    const observation = json({ nodes: [{ state: 'idle' }, { name: 'n1', state: 'idle', gres: '' }] });
    expect(observation.unknown.map(({ why }) => why)).toContain('entry 1 of `nodes` has no usable `name`');
    expect(nodeIn(observation, 'lab1/n1').health).toBe('healthy');
  });

  test.each([
    ['rivosinc-sinfo_out.json', 4, ['healthy', 'healthy', 'healthy', 'down']],
    ['telegraf-rest-nodes.json', 3, ['degraded', 'degraded', 'healthy']],
  ])('%s', (name, count, health) => {
    const observation = captured(name);
    const nodes = [...new Set(observation.facts.map(({ subject }) => subject))];
    expect(nodes.length).toBe(count);
    expect(nodes.map((node) => nodeIn(observation, node).health)).toEqual(health);
  });

  test('a partition names its nodes', () => {
    const observation = captured('telegraf-rest-partitions.json');
    expect(observation.facts.length).toBe(21);
    expect(nodeIn(observation, 'fra1/naboo216').labels).toEqual({ 'slurm.partitions': 'atlas' });
  });
});

describe('a configuration', () => {
  test('says what nodes should have, and nothing about how they are', () => {
    const observation = captured('berthtest-22.05/slurm.conf');
    expect(nodeIn(observation, 'fra1/edge-02')).toEqual({
      hostName: 'edge-02',
      cpuMilli: 64_000,
      memoryMib: 256_000,
      gpuModel: 'L4-24GB',
      gpuCount: 2,
      link: 'none',
      labels: { 'slurm.features': 'edge' },
    });
    expect(whyUnknown(observation, 'fra1/edge-02', 'health')).toMatch(/a configuration does not say/);
  });

  test('comments, continued lines, defaults and the case of words', () => {
    const observation = conf(
      '# NodeName=ghost',
      'nodename=DEFAULT Sockets=2 CoresPerSocket=8 RealMemory=64000 # all of them',
      'NodeName=n[1-2] ThreadsPerCore=2 \\',
      '  Gres=gpu:2',
      'NodeName=n3 CPUs=4 RealMemory=1 State=DRAIN Reason="disk = broken"',
    );
    expect(nodeIn(observation, 'lab1/n2')).toMatchObject({
      cpuMilli: 32_000,
      memoryMib: 64_000,
      gpuCount: 2,
    });
    expect(whyUnknown(observation, 'lab1/n2', 'gpuModel')).toBe('the Gres names no type');
    expect(nodeIn(observation, 'lab1/n3')).toMatchObject({
      cpuMilli: 4000,
      schedulable: false,
      healthReason: 'disk = broken',
    });
    expect(nodeIn(observation, 'lab1/ghost')).toEqual({});
  });

  test('nodes that are kept down stay down, with the reason', () => {
    const observation = conf('NodeName=n[1-2] CPUs=1', 'DownNodes=n2 State=DRAIN Reason="fan 3"');
    expect(nodeIn(observation, 'lab1/n2')).toMatchObject({
      health: 'degraded',
      healthReason: 'fan 3',
      schedulable: false,
    });
    expect(nodeIn(observation, 'lab1/n1').schedulable).toBeUndefined();
  });

  test('an expression that stands for too much is a gap with its line', () => {
    const observation = conf('NodeName=a CPUs=1', 'NodeName=n[1-999999999] CPUs=1');
    expect(observation.unknown.find(({ attribute }) => attribute === 'nodes')).toMatchObject({
      why: '`n[1-999999999]` stands for more than 100000 names',
      origin: { file: 'slurm.conf', line: 2 },
    });
  });

  test('names that differ in case only are refused, never merged', () => {
    const { message } = refusal(() => conf('NodeName=N1 CPUs=1', 'NodeName=n1 CPUs=2'));
    expect(message).toBe('`slurm.conf` line 2: `n1` and `N1` differ only in upper and lower case');
  });

  test('what was seen comes behind what was configured, in whatever order the files come', () => {
    const files = [
      'berthtest-busy/slurm.conf',
      'berthtest-busy/scontrol-d-show-node.txt',
      'berthtest-busy/gres.conf',
    ];
    const facts = withoutLines(captured(...files));
    expect(withoutLines(captured(...files.toReversed()))).toEqual(facts);
  });
});

const row = (links: string, at: number) =>
  `NodeName=n1 Name=gpu Type=a100 File=/dev/nvidia${at} Links=${links}`;

const ofType = (type: string) => read('n.txt', `NodeName=n1 Arch=x86_64 Gres=gpu:${type}:8 State=IDLE\n\n`);

describe('GPUs', () => {
  test.each([
    ['gpu:8', { gpuCount: 8 }],
    ['gpu', { gpuCount: 1 }],
    ['gpu:h100:8(S:0-1)', { gpuCount: 8, gpuModel: 'H100' }],
    ['gpu:h100:no_consume:4', { gpuCount: 4, gpuModel: 'H100' }],
    ['gpu:nvidia_h100_80gb_hbm3:8', { gpuCount: 8, gpuModel: 'H100-SXM-80GB', link: 'nvlink' }],
    ['gpu:mi300x:8', { gpuCount: 8, gpuModel: 'MI300X-192GB', link: 'xgmi' }],
    ['craynetwork:4,gpu:a100:2', { gpuCount: 2, gpuModel: 'A100' }],
    ['gpu:h100:64', { gpuModel: 'H100' }],
    ['gpu:h100:8,shard:32', { gpuCount: 8, sharing: 'unknown' }],
    ['gpu:h100:8,mps:800', { gpuCount: 8, sharing: 'unknown' }],
    ['gpu:1g.10gb:7', { sharing: 'mig-mixed' }],
    ['gpu:h100:x', {}],
    ['(null)', { gpuCount: 0 }],
  ])('Gres=%s', (gres, set) => {
    const observation = read('n.txt', `NodeName=n1 Arch=x86_64 Gres=${gres} State=IDLE\n\n`);
    const {
      hostName: _hostName,
      health: _health,
      schedulable: _schedulable,
      ...rest
    } = nodeIn(observation, 'lab1/n1');
    expect(rest).toMatchObject(set);
    expect(rest.gpuCount).toBe('gpuCount' in set ? set.gpuCount : undefined);
    expect(whyUnknown(observation, 'lab1/n1', 'gpuCount') === undefined).toBe('gpuCount' in set);
  });

  test('of several types are numbered in the order of the types, as an assumption', () => {
    const observation = read('n.txt', 'NodeName=n1 Arch=x86_64 Gres=gpu:a100:2,gpu:l4:1 State=IDLE\n\n');
    expect([0, 1, 2, 3].map((number) => gpu(observation, 'lab1/n1', number))).toEqual([
      { model: 'A100' },
      { model: 'A100' },
      { model: 'L4-24GB' },
      {},
    ]);
    expect(confidenceOf(observation, 'lab1/n1/gpu2', 'model')).toBe('assumed');
  });

  test('a type that an operator chose gives way to whoever knows the product', () => {
    expect(confidenceOf(ofType('h100'), 'lab1/n1', 'gpuModel')).toBe('assumed');
    expect(ofType('h100').assumptions).toContain('the Gres type `h100` is read as H100');
    expect(confidenceOf(ofType('nvidia_h100_80gb_hbm3'), 'lab1/n1', 'gpuModel')).toBe('stated');
  });

  test('of several types have their models from gres.conf', () => {
    const observation = conf(
      'NodeName=n1 CPUs=8 Gres=gpu:a100:1,gpu:l4:1',
      'NodeName=n1 Name=gpu Type=l4 File=/dev/nvidia0',
      'NodeName=n1 Name=gpu Type=a100 File=/dev/nvidia1',
    );
    expect([0, 1].map((number) => gpu(observation, 'lab1/n1', number))).toEqual([
      { model: 'L4-24GB' },
      { model: 'A100' },
    ]);
    expect(nodeIn(observation, 'lab1/n1').gpuModel).toBeUndefined();
  });

  test('have their sockets from Cores=, assumed to be NUMA nodes', () => {
    const observation = captured('berthtest-22.05/slurm.conf', 'berthtest-22.05/gres.conf');
    expect(gpu(observation, 'fra1/h100-02', 3)).toEqual({ numaNode: 0 });
    expect(gpu(observation, 'fra1/h100-02', 4)).toEqual({ numaNode: 1 });
    expect(gpu(observation, 'fra1/edge-01', 1)).toEqual({});
    expect(confidenceOf(observation, 'fra1/h100-02/gpu3', 'numaNode')).toBe('assumed');
    expect(observation.assumptions).toContain(
      'each socket is taken for one NUMA node: Cores= names cores, not NUMA nodes',
    );
  });

  test.each([
    ['Cores=0-9', /goes beyond the cores/],
    ['Cores=0-1 \nNodeName=n1 Name=gpu Type=l4 File=/dev/nvidia1 Cores=2-3', /divides a socket/],
    ['Cores=x', /Cores is no list of numbers/],
  ])('%s tells no socket', (cores, why) => {
    const observation = conf(
      'NodeName=n1 Sockets=2 CoresPerSocket=4 Gres=gpu:l4:2',
      `NodeName=n1 Name=gpu Type=l4 File=/dev/nvidia${cores.includes('nvidia1') ? '0' : '[0-1]'} ${cores}`,
    );
    expect(gpu(observation, 'lab1/n1', 0)).toEqual({});
    expect(observation.unknown.map((gap) => gap.why).join('\n')).toMatch(why);
  });

  test('are joined as their rows of Links= say', () => {
    const node = 'NodeName=n1 CPUs=8 Gres=gpu:a100:4';
    const pairs = conf(node, ...['-1,4,0,0', '4,-1,0,0', '0,0,-1,4', '0,0,4,-1'].map(row));
    expect([0, 1, 2, 3].map((number) => gpu(pairs, 'lab1/n1', number))).toEqual([
      { island: 0 },
      { island: 0 },
      { island: 1 },
      { island: 1 },
    ]);
    expect(nodeIn(pairs, 'lab1/n1').link).toBe('nvlink');
    const single = conf(node, ...['-1,0,0,0', '0,-1,0,0', '0,0,-1,0', '0,0,0,-1'].map(row));
    expect(nodeIn(single, 'lab1/n1').link).toBe('none');
    const reversed = conf(node, ...['-1,4,0,0', '4,-1,0,0', '0,0,-1,4', '0,0,4,-1'].map(row).toReversed());
    expect(withoutLines(reversed)).toEqual(withoutLines(pairs));
  });

  test.each([
    [['-1,4', '2,-1'], /GPUs 0 and 1 count their links differently/],
    [['-1,4', '4'], /Links= of GPU 1 has 1 numbers for 2 GPUs/],
    [['4,-1', '-1,4'], /Links= of GPU 0 has no -1 at its own place/],
    [['-1,4', 'x'], /Links= is missing or unreadable for GPU 1/],
  ])('rows %j join nothing', (rows, why) => {
    const observation = conf(
      'NodeName=n1 CPUs=8 Gres=gpu:a100:2',
      ...rows.map((links, at) => `NodeName=n1 Name=gpu Type=a100 File=/dev/nvidia${at} Links=${links}`),
    );
    expect(nodeIn(observation, 'lab1/n1').link).toBeUndefined();
    expect(gpu(observation, 'lab1/n1', 0)).toEqual({});
    expect(whyUnknown(observation, 'lab1/n1', 'link')).toMatch(why);
  });

  test('that each daemon finds itself stand in no file', () => {
    const observation = parsed(
      slurm,
      [file('slurm.conf', 'NodeName=n1 CPUs=8 Gres=gpu:h100:8\n'), file('gres.conf', 'AutoDetect=nvml\n')],
      { site: 'lab1' },
    );
    expect(nodeIn(observation, 'lab1/n1').gpuCount).toBe(8);
    expect(whyUnknown(observation, 'lab1/n1', 'numaNode')).toMatch(/^AutoDetect=nvml: each daemon finds/);
  });

  test('a gres.conf alone is about the nodes it names, or the one that is named for it', () => {
    const line = 'Name=gpu Type=h100 File=/dev/nvidia[0-3]\n';
    expect(nodeIn(read('gres.conf', `NodeName=n[1-2] ${line}`), 'lab1/n2').gpuCount).toBe(4);
    const own = parsed(slurm, [file('gres.conf', line)], { site: 'lab1', nodes: ['n7'] });
    expect(nodeIn(own, 'lab1/n7').gpuCount).toBe(4);
    const { message, fix } = refusal(() => read('gres.conf', line));
    expect(message).toBe('`gres.conf` line 1: does not say whose devices these are');
    expect(fix).toContain('--node');
  });

  test('counts of two files that differ count for nothing', () => {
    const observation = conf(
      'NodeName=n1 CPUs=8 Gres=gpu:h100:8',
      'NodeName=n1 Name=gpu Type=h100 File=/dev/nvidia[0-3]',
    );
    expect(nodeIn(observation, 'lab1/n1').gpuCount).toBeUndefined();
    expect(gpu(observation, 'lab1/n1', 0)).toEqual({});
    expect(whyUnknown(observation, 'lab1/n1', 'gpuCount')).toBe(
      'Gres counts 8, gres.conf has 4 device files',
    );
  });
});

describe('reservations', () => {
  test.each(['berthtest-22.05/scontrol-show-reservation.txt', 'berthtest-22.05/rest-reservations.json'])(
    '%s: reported for each node, held by nobody',
    (name) => {
      const observation = captured(name);
      expect(observation.facts).toEqual([]);
      const of = (node: string) => whyUnknown(observation, `fra1/${node}`, 'reservation');
      expect(of('h100-02')).toMatch(
        /^Slurm reserves it as `berth_c1` for root from 2026-11-22T04:36:58.* to 2026-11-22T06:36:58.*, IGNORE_JOBS,SPEC_NODES; Berth holds nothing for that$/,
      );
      expect(['a100-01', 'a100-02', 'h100-03', 'h100-04'].map((node) => of(node) !== undefined)).toEqual([
        true,
        true,
        true,
        false,
      ]);
    },
  );
});

test('a node whose reservations are listed has each of them once', () => {
  const observation = captured(
    'berthtest-22.05/scontrol-show-node.txt',
    'berthtest-22.05/scontrol-show-reservation.txt',
  );
  const gaps = observation.unknown.filter(({ attribute }) => attribute === 'reservation');
  expect(gaps.map(({ subject, why }) => `${subject} ${/`(\w+)`/u.exec(why)?.[1]}`)).toEqual([
    'fra1/a100-01 berth_c2',
    'fra1/a100-02 r1',
    'fra1/h100-01 berth_c1',
    'fra1/h100-02 berth_c1',
    'fra1/h100-03 berth_c4',
  ]);
});

describe('what is no inventory is refused with the reason', () => {
  test.each([
    ['berthtest-22.05/scontrol-o-show-job.txt', /lists jobs, which are no inventory/],
    ['rivosinc-squeue_out.json', /lists jobs, which are no inventory/],
    [
      'berthtest-busy/sinfo-table.txt',
      /looks like a table that `sinfo` or `squeue` prints, in which `%n` is the host/,
    ],
  ])('%s', (name, message) => {
    expect(refusal(() => captured(name)).message).toMatch(message);
  });

  test.each([
    ['{"openapi": "3.0.2", "paths": {}}', /describes the interface of slurmrestd/],
    ['{"meta": {}}', /is not what was expected/],
    ['kind: Node\nmetadata: {name: a}\n', /looks like Kubernetes nodes/],
    ['hello\n', /is not what was expected/],
    ['ClusterName=x\n', /is not what was expected/],
    ['constructor=1\n__proto__=2\n', /is not what was expected/],
  ])('%j', (text, message) => {
    expect(refusal(() => read('a.txt', text)).message).toMatch(message);
  });
});
