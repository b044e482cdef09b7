import { assert, boolean, constantFrom, integer, property, tuple, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { converge, stepsBetween } from '../../src/engines/converge.ts';
import type { EngineNode, GrantedSubject } from '../../src/engines/port.ts';
import { slurmCompiler } from '../../src/engines/slurm/engine.ts';
import { exportSlurm } from '../../src/engines/slurm/export.ts';
import { foldHostlist } from '../../src/engines/slurm/hostlist.ts';
import { recordsOf } from '../../src/engines/slurm/record.ts';
import { EngineObject } from '../../src/model/binding.ts';
import { Demand } from '../../src/model/demand.ts';
import { ContractId, Path, TenantId } from '../../src/model/id.ts';
import { Member, type Placement } from '../../src/model/placement.ts';
import { expandHostlist } from '../../src/sources/slurm/hostlist.ts';

const startMs = Date.parse('2026-11-25T09:00:00.700Z');
const endMs = Date.parse('2026-11-26T09:00:00.700Z');

function nodeOf(number: number, more: Partial<EngineNode> = {}): EngineNode {
  const id = Path.parse(`fra1/r1/n${number}`);
  return {
    id,
    hostName: `fra1-r1-n${number}`,
    facts: {},
    gpus: Array.from({ length: 8 }, () => ({})),
    nics: [],
    ...more,
  };
}

function memberOf(number: number, gpus: readonly number[], more: object = {}) {
  const held = { nics: [], cpuMilli: 0, memoryMib: 0, powerW: 0 };
  return Member.parse({ part: 'train', replica: number, node: `fra1/r1/n${number}`, gpus, ...held, ...more });
}

const all = [0, 1, 2, 3, 4, 5, 6, 7];

function subjectOf(members: readonly Member[], more: Partial<GrantedSubject> = {}): GrantedSubject {
  const placement: Placement = { startMs, endMs, members: [...members] };
  const nodes = new Map([1, 2, 3, 4].map((number) => [nodeOf(number).id, nodeOf(number)]));
  const demand = Demand.parse({
    tenant: 'acme',
    parts: [{ name: 'train', count: members.length, each: {} }],
    window: { earliestStartMs: startMs, durationS: 86_400 },
    guarantee: 'reserved',
    objective: 'cheapest',
  });
  const id = ContractId.parse('C-106');
  const tenant = TenantId.parse('acme');
  return {
    kind: 'contract',
    id,
    version: 1,
    tenant,
    demand,
    placement,
    upcoming: [],
    terms: [],
    nodes,
    ...more,
  };
}

function compiled(subject: GrantedSubject, options = {}) {
  const made = slurmCompiler.compile(subject, { accounts: 'acme', ...options });
  if (made.kind === 'unfit') throw new Error(made.why);
  return { ...made, line: slurmCompiler.print(made.objects)[0]?.text.split('\n')[3] ?? '' };
}

const whole = subjectOf([memberOf(1, all), memberOf(2, all)]);

describe('a reservation', () => {
  test('of whole nodes: times in whole seconds of UTC, names as Slurm writes them', () => {
    expect(compiled(whole).line).toBe(
      "scontrol create reservation ReservationName=berth_C-106 StartTime=2026-11-25T09:00:00 EndTime=2026-11-26T09:00:00 Accounts=acme 'Nodes=fra1-r1-n[1-2]'",
    );
  });

  test('without an end is unlimited', () => {
    const { endMs: _end, ...open } = whole.placement;
    expect(compiled({ ...whole, placement: open }).line).toContain(' Duration=UNLIMITED ');
  });

  test('of parts of nodes reserves cores, as many as the fullest needs, and says what that is not', () => {
    const shared = subjectOf([
      memberOf(1, [0, 1], { cpuMilli: 15_500 }),
      memberOf(2, [0, 1, 2, 3], { cpuMilli: 32_000 }),
    ]);
    const { line, notes } = compiled(shared, { threads: '2' });
    expect(line).toContain(' CoreCnt=16,16');
    expect(notes[0]).toContain('not its GPUs');
    expect(compiled(shared, { gpus: 'nodes' }).line).not.toContain('CoreCnt');
    const newer = compiled(shared, { threads: '2', 'per-node': 'yes' });
    expect(newer.line).toContain(' TRESPerNode=cpu=16');
    expect(newer.notes[0]).toContain('this Slurm does not account for gres/gpu');
  });

  test('of parts of nodes by GPUs and cores, where Slurm can; whole nodes stay whole', () => {
    const parts = subjectOf([
      memberOf(1, [0, 1], { cpuMilli: 15_500 }),
      memberOf(2, [0, 1, 2, 3], { cpuMilli: 32_000 }),
    ]);
    const { line, notes } = compiled(parts, { gpus: 'tres', threads: '2' });
    expect(line).toContain(' TRESPerNode=gres/gpu=4,cpu=16');
    expect(notes[0]).toContain('4 GPUs and 16 cores on each node are reserved, as many as on the fullest');
    expect(compiled(whole, { gpus: 'tres' }).line).not.toContain('TRES');
  });

  test('of a contract that wants its nodes to itself is of whole nodes', () => {
    const alone = subjectOf([memberOf(1, [0, 1], { cpuMilli: 15_500 })]);
    const { line, notes } = compiled({ ...alone, demand: { ...alone.demand, isolation: 'node' } });
    expect([line.includes('CoreCnt'), notes[0]]).toEqual([
      false,
      'it holds all of fra1-r1-n1 in Slurm, although the contract has only parts of them',
    ]);
  });

  test.each([
    ['nobody may use it', whole, {}, 'somebody who may use it'],
    [
      'a node nobody knows',
      { ...whole, nodes: new Map() },
      { users: 'a' },
      '2 nodes of the contract are not',
    ],
    ['parts without cores', subjectOf([memberOf(1, [0])]), { users: 'a' }, 'says no cores'],
    ['words for a shell', whole, { users: 'a; rm -rf /' }, 'does not take the option'],
    ['an option nobody knows', whole, { users: 'a', nodes: 'x' }, 'does not take the option'],
    ['blanks in a list', whole, { accounts: 'a, b' }, 'does not take the option'],
  ])('is not made: %s', (_, subject, options, why) => {
    const made = slurmCompiler.compile(subject, options);
    expect(made.kind === 'unfit' ? made.why : made.kind).toContain(why);
  });

  test('made longer is one; changed later is held beside it', () => {
    const { members } = whole.placement;
    const longer = { startMs: endMs, endMs: endMs + 3_600_000, members };
    expect(compiled({ ...whole, upcoming: [longer] }).objects).toHaveLength(1);
    const moved = { ...longer, members: [memberOf(3, all)] };
    const names = compiled({ ...whole, upcoming: [moved] }).objects.map(({ key }) => key);
    expect(names).toEqual(['reservation/berth_C-106', 'reservation/berth_C-106_next']);
  });
});

/** The script of a part whose nodes hang on one leaf. */
function scriptOn(members: readonly Member[], leaf: string): string {
  const nodes = new Map(
    [1, 2].map((number) => [nodeOf(number).id, nodeOf(number, { leaf: Path.parse(leaf) })]),
  );
  return compiled(subjectOf(members, { nodes }), { gpus: 'nodes' }).files[0]?.text ?? '';
}

test('a script asks by node where nodes are alike, and by task where not; one leaf is one switch', () => {
  const even = scriptOn([memberOf(1, all), memberOf(2, all)], 'fra1/leaf1');
  expect(even).toContain('--ntasks-per-node=1\n#SBATCH --gpus-per-node=8\n');
  expect(even).toContain('--switches=1');
  const uneven = [memberOf(1, [0]), memberOf(1, [1]), memberOf(2, [0])];
  expect(scriptOn(uneven, 'fra1/leaf1')).toContain('--ntasks=3\n#SBATCH --gpus-per-task=1\n');
});

describe('what was read back', () => {
  const [wanted] = compiled(whole).objects;
  if (wanted === undefined) throw new Error('no reservation');
  const found = (more: object = {}): EngineObject =>
    EngineObject.parse({
      key: wanted.key,
      body: { ...wanted.body, coreCount: 224, isWhole: true, unusable: [], flags: ['SPEC_NODES'], ...more },
    });
  const during = startMs + 1000;

  test.each<[string, object, number, readonly string[]]>([
    ['as wanted', {}, during, []],
    ['in another order', { nodes: ['fra1-r1-n2', 'fra1-r1-n1'] }, during, []],
    ['one node less', { nodes: ['fra1-r1-n1'] }, during, ['holds fra1-r1-n1, wanted fra1-r1-n[1-2]']],
    ['begun late, and running', { start: '2026-11-25T09:00:01' }, during + 5000, []],
    [
      'to begin later than it should',
      { start: '2026-11-25T10:00:00' },
      during,
      ['begins 2026-11-25T10:00:00, wanted 2026-11-25T09:00:00'],
    ],
    [
      'ended early',
      { end: '2026-11-26T08:59:59' },
      during,
      ['ends 2026-11-26T08:59:59, wanted 2026-11-26T09:00:00'],
    ],
    ['for others', { accounts: [], users: ['eve'] }, during, ['is for eve, wanted account acme']],
    ['of cores', { isWhole: false, coreCount: 8 }, during, ['holds 8 cores, wanted whole nodes']],
    [
      'with a node that takes no jobs',
      { unusable: ['fra1-r1-n2 is DOWN*, dead'] },
      during,
      ['fra1-r1-n2 is DOWN*, dead'],
    ],
  ])('%s', (_, more, atMs, differences) => {
    expect(slurmCompiler.differences(wanted, found(more), atMs)).toEqual(differences);
  });

  test('steps: what is left over goes first, what is as wanted stays', () => {
    const old = { ...found(), key: 'reservation/berth_C-106_next' };
    const steps = stepsBetween(slurmCompiler, [wanted], [old], during);
    expect(steps.map(({ act, key }) => `${act} ${key}`)).toEqual([
      'remove reservation/berth_C-106_next',
      'create reservation/berth_C-106',
    ]);
    expect(stepsBetween(slurmCompiler, [wanted], [found()], during)).toEqual([]);
  });

  test('an engine that says done and does nothing is not believed', async () => {
    const lying = {
      ...slurmCompiler,
      probe: () => Promise.resolve({ answers: true, text: '', options: {} }),
      read: () => Promise.resolve({ kind: 'read', objects: [] } as const),
      apply: () => Promise.resolve({ kind: 'done' } as const),
    };
    const handOver = { subject: ContractId.parse('C-106'), objects: [wanted] };
    expect(await converge(lying, handOver, () => during)).toMatchObject({
      result: 'differs',
      differences: ['reservation/berth_C-106 is missing'],
    });
  });
});

describe('host lists', () => {
  test.each([
    [['n1'], 'n1'],
    [['n03', 'n01', 'n02', 'n07'], 'n[01-03,07]'],
    [['n9', 'n10'], 'n10,n9'],
    [['login', 'n1', 'n2'], 'login,n[1-2]'],
    [['a1b', 'a2b'], 'a1b,a2b'],
    [[], ''],
  ])('%j is %s', (names, text) => {
    expect(foldHostlist(names)).toBe(text);
  });

  test('folded and read again by the importer they are the same names', () => {
    const name = tuple(constantFrom('n', 'gpu-', 'r1n', 'x'), integer({ min: 0, max: 300 }), boolean());
    assert(
      property(
        uniqueArray(
          name.map(([head, number, pad]) => `${head}${pad ? String(number).padStart(4, '0') : number}`),
          { minLength: 1, maxLength: 60 },
        ),
        (names) => {
          expect(expandHostlist(foldHostlist(names)).names?.toSorted()).toEqual(names.toSorted());
        },
      ),
      { seed: 8, numRuns: 300 },
    );
  });
});

test('records: values with blanks and equals signs, and nothing for (null)', () => {
  const line =
    'NodeName=n1 OS=Linux 6.1 #1 SMP Gres=gpu:h100:8(S:0-1) Users=(null) Reason=it is a=b now [root@x]';
  const [record] = recordsOf(`noise\n${line}\n`, 'NodeName');
  expect([record?.get('OS'), record?.get('Users'), record?.get('Reason')]).toEqual([
    'Linux 6.1 #1 SMP',
    undefined,
    'it is a=b now [root@x]',
  ]);
});

test('what the inventory does not know is left out of the configuration, and said', () => {
  const leaf = Path.parse('fra1/leaf1');
  const gpus = all.map((gpu) => ({ model: 'H100-SXM-80GB', numaNode: gpu < 4 ? 0 : 1 }));
  const known = nodeOf(1, { leaf, spine: Path.parse('fra1/spine1'), gpus, cpuMilli: 224_000, numaNodes: 2 });
  const [topology, gres] = exportSlurm([known, nodeOf(2)], 2);
  expect(topology?.text).toBe(
    'SwitchName=fra1-leaf1 Nodes=fra1-r1-n1\nSwitchName=fra1-spine1 Switches=fra1-leaf1\n# no leaf switch is recorded for fra1-r1-n2\n',
  );
  expect(gres?.text).toBe(
    'NodeName=fra1-r1-n1 Name=gpu Type=h100_sxm_80gb File=/dev/nvidia[0-3] Cores=0-55\nNodeName=fra1-r1-n1 Name=gpu Type=h100_sxm_80gb File=/dev/nvidia[4-7] Cores=56-111\nNodeName=fra1-r1-n2 Name=gpu Type=gpu File=/dev/nvidia[0-7]\n# the cores beside the GPUs are not known of fra1-r1-n2\n',
  );
});
