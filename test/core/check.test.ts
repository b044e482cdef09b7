import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand } from '../../src/model/demand.ts';
import type { Placement } from '../../src/model/placement.ts';
import type { PolicyVerdict } from '../../src/model/policy.ts';
import { demand } from './demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { granted, placement } from './placement.ts';

const h100 = 'H100-SXM nvlink link900 rdma leaf cpu128 mem1024 gpumem80 gpuw700 basew1600';
const racks = [
  `fra1/h1/r1 4×8 ${h100}`,
  `fra1/h2/r2 2×8 ${h100}`,
  'fra1/h2/r3 2×8 A100 nolink nordma cpu64 mem512',
  'ams2/h1/a1 2×8 H100-PCIe nolink cpu64 mem512 gpumem80',
  'edge/x 2 cpu32 mem128',
];
const power = { racks: { 'fra1/h1/r1': { feedLimitW: { A: 30_000, B: 32_000 }, coolingLimitW: 40_000 } } };
const fleet = world(...racks, power);

const text = 'train: 2×8 H100 nvlink rdma + load: 1×cpu16 mem64 24h';
const gang = [
  'train 0 fra1/h1/r1/n01 gpu0-7 nic0-7 cpu128 mem1024 7200W',
  'train 1 fra1/h1/r1/n02 gpu0-7 nic0-7 cpu128 mem1024 7200W',
  'load 0 fra1/h1/r1/n03 cpu16 mem64 200W',
];

const thirds = world('fra1/h1/r1 1×3 H100 cpu10 mem1 gpuw300 basew100');
const share = { cpuMilli: 3333, memoryMib: 341 };

/** One fault planted in the gang above, and everything that the auditor then finds. */
type Row = {
  readonly fault: string;
  readonly given?: World;
  readonly ask?: Demand;
  readonly hold?: Placement;
  readonly verdict?: PolicyVerdict;
  readonly finds: readonly string[];
};

/** The gang with other lines for the members named. */
function gangBut(...lines: readonly string[]): Placement {
  const names = lines.map((line) => line.split(' ', 2).join(' '));
  const rest = gang.filter((line) => !names.includes(line.split(' ', 2).join(' ')));
  return placement(24, ...[...lines, ...rest].toSorted());
}

/** The fleet with more said about it. */
function known(more: Details): World {
  return world(...racks, power, more);
}

/** The gang at other times. */
function at(startMs: number, endMs?: number): Placement {
  return { ...(endMs === undefined ? {} : { endMs }), startMs, members: gangBut().members };
}

/** The fleet with one more member of somebody else's, for some hours from `afterH` on. */
function busy(hours: number, afterH: number, line: string, before = fleet): World {
  const startMs = t0 + afterH * hourMs;
  const held = { ...placement(hours, line), startMs, endMs: startMs + hours * hourMs };
  return granted(before, demand('1×cpu1', { tenant: 'globex' }), held);
}

/** The fleet with a contract that holds one GPU beside the gang's `load`. */
function neighbour(tenant: string, more: object = {}): World {
  const held = placement(24, 'train 0 fra1/h1/r1/n03 gpu0 cpu16 mem128 900W');
  return granted(fleet, demand('1×1 H100 24h', { tenant, ...more }), held);
}

/** One of three GPUs with all that belongs to it. */
function third(powerW: number): Placement {
  const whole = placement(undefined, 'train 0 fra1/h1/r1/n01 gpu2');
  return { ...whole, members: whole.members.map((member) => ({ ...member, ...share, powerW })) };
}

/** Two replicas on two nodes. */
function spread(words: string, ...nodes: readonly string[]): Pick<Row, 'ask' | 'hold'> {
  return {
    ask: demand(`load: 2×cpu1 ${words} 24h`.replace('  ', ' ')),
    hold: placement(24, ...nodes.map((node, replica) => `load ${replica} ${node} cpu1 13W`)),
  };
}

function findings({ given = fleet, ask = demand(text), hold = gangBut(), verdict }: Row): string[] {
  const rules = verdict ?? verdictAll(given.state, 'allowed');
  return check(given.state, ask, rules, hold).map(({ constraint, note }) => `${constraint}: ${note}`);
}

function finds(rows: readonly Row[]): void {
  test.each(rows.map((row) => [row.fault, row] as const))('%s', (_, row) => {
    expect(findings(row)).toEqual(row.finds);
  });
}

describe('a placement that keeps every promise', () => {
  finds([
    { fault: 'has no violation', finds: [] },
    {
      fault: 'may lie beside what others hold on other devices',
      given: granted(
        fleet,
        demand('1×4 H100 24h', { tenant: 'globex' }),
        placement(24, 'train 0 fra1/h1/r1/n03 gpu0-3 cpu64 mem512 3600W'),
      ),
      finds: [],
    },
    {
      fault: 'may begin the moment another hold ends, which is not included',
      given: granted(fleet, demand('1×8 H100 24h'), {
        ...placement(0, 'train 0 fra1/h1/r1/n01 gpu0-7 cpu128 mem1024 7200W'),
        startMs: t0 - hourMs,
      }),
      finds: [],
    },
    {
      fault: 'may hold no CPU or memory where the node has not said what it has',
      given: world('fra1/h1/r1 1×8 H100'),
      ask: demand('1×2 H100'),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0-1'),
      finds: [],
    },
    {
      fault: 'may end the moment another hold begins',
      given: granted(fleet, demand('1×8 H100'), {
        ...placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0-7 nic0-7 cpu128 mem1024 7200W'),
        startMs: t0 + 24 * hourMs,
      }),
      finds: [],
    },
    {
      fault: 'holds the GPUs’ share of the node, rounded down, and of its watts, rounded up',
      given: thirds,
      ask: demand('1×1 H100'),
      hold: third(334),
      finds: [],
    },
  ]);
});

describe('the gang is whole', () => {
  finds([
    {
      fault: 'a replica is missing',
      hold: placement(24, ...gang.toSpliced(1, 1)),
      finds: ['gang: `train` lacks 1 of 2 replicas, the first is 1'],
    },
    {
      fault: 'a replica is there twice, on other devices',
      hold: placement(24, ...gang, 'load 0 fra1/h1/r1/n04 cpu16 mem64 200W'),
      finds: ['gang: `load` 0 is there twice'],
    },
    {
      fault: 'a replica is one too many',
      hold: placement(24, ...gang, 'load 1 fra1/h1/r1/n04 cpu16 mem64 200W'),
      finds: ['gang: `load` 1 is beyond the 1 replicas asked for'],
    },
    {
      fault: 'a member belongs to no part',
      hold: placement(24, ...gang, 'spare 0 fra1/h1/r1/n04 cpu16 mem64 200W'),
      finds: ['gang: `spare` 0 on fra1/h1/r1/n04 belongs to no part'],
    },
    {
      fault: 'two parts have one name',
      ask: { ...demand(text), parts: ['load', 'load'].flatMap(() => demand('load: 1×cpu16 mem64').parts) },
      hold: placement(24, 'load 0 fra1/h1/r1/n03 cpu16 mem64 200W'),
      finds: ['gang: 2 parts share 1 names'],
    },
    {
      fault: 'a member is on a node that does not exist',
      hold: gangBut('load 0 fra1/h1/r1/n09 cpu16 mem64 200W'),
      finds: ['node-known: `load` 0 on fra1/h1/r1/n09: the inventory has no such node'],
    },
    {
      fault: 'nobody knows the tenant',
      ask: demand(text, { tenant: 'initech' }),
      finds: ['tenant: `initech` is not registered'],
    },
  ]);
});

describe('start, length and deadline', () => {
  const within = (more: object) =>
    demand(text, { window: { earliestStartMs: t0, durationS: 86_400, ...more } });
  const day = 24 * hourMs;
  finds([
    {
      fault: 'starts too early',
      hold: at(t0 - 1, t0 - 1 + day),
      finds: [`start: starts at ${t0 - 1}, 1 ms too early`],
    },
    {
      fault: 'starts later than at once, which nobody allowed',
      hold: at(t0 + 5, t0 + 5 + day),
      finds: [`start: starts at ${t0 + 5}, 5 ms too late`],
    },
    {
      fault: 'starts exactly as late as allowed',
      ask: within({ latestStartMs: t0 + 5 }),
      hold: at(t0 + 5, t0 + 5 + day),
      finds: [],
    },
    {
      fault: 'starts later than allowed',
      ask: within({ latestStartMs: t0 + 5 }),
      hold: at(t0 + 6, t0 + 6 + day),
      finds: [`start: starts at ${t0 + 6}, 1 ms too late`],
    },
    {
      fault: 'is a millisecond short',
      hold: at(t0, t0 + day - 1),
      finds: ['length: holds 86399999 ms, asked for 86400000 ms'],
    },
    {
      fault: 'is a millisecond long',
      hold: at(t0, t0 + day + 1),
      finds: ['length: holds 86400001 ms, asked for 86400000 ms'],
    },
    {
      fault: 'has no end though one was asked for',
      hold: at(t0),
      finds: ['length: holds without end, asked for 86400000 ms'],
    },
    {
      fault: 'ends though no end was asked for',
      ask: demand(text.replace(' 24h', '')),
      finds: ['length: holds 86400000 ms, asked for without end'],
    },
    {
      fault: 'starts late enough for the deadline, which allows that',
      ask: within({ deadlineMs: t0 + day + 5 }),
      hold: at(t0 + 5, t0 + 5 + day),
      finds: [],
    },
    {
      fault: 'has a deadline and starts later than the latest start all the same',
      ask: within({ deadlineMs: t0 + day + 5, latestStartMs: t0 + 4 }),
      hold: at(t0 + 5, t0 + 5 + day),
      finds: [`start: starts at ${t0 + 5}, 1 ms too late`],
    },
    { fault: 'ends on the deadline', ask: within({ deadlineMs: t0 + day }), finds: [] },
    {
      fault: 'ends after the deadline',
      ask: within({ deadlineMs: t0 + day - 1 }),
      finds: [`deadline: ends at ${t0 + day}, 1 ms after the deadline`],
    },
    {
      fault: 'has a deadline and no end',
      ask: demand(text, { window: { earliestStartMs: t0, deadlineMs: t0 + day } }),
      hold: at(t0),
      finds: [`deadline: has no end, the deadline is ${t0 + day}`],
    },
  ]);
});

describe('devices', () => {
  const other = demand('1×1 H100 nvlink rdma 24h', { tenant: 'globex' });
  const one = 'train 0 fra1/h1/r1/n02 gpu5 nic5 cpu16 mem128 900W';
  finds([
    {
      fault: 'a GPU and its NIC serve two members of the placement',
      ask: demand('2×4 H100 nvlink rdma 24h'),
      hold: placement(
        24,
        'train 0 fra1/h1/r1/n01 gpu0-3 nic0-3 cpu64 mem512 3600W',
        'train 1 fra1/h1/r1/n01 gpu3-6 nic3-6 cpu64 mem512 3600W',
      ),
      finds: [
        'device-once: fra1/h1/r1/n01/gpu3 serves `train` 0 on fra1/h1/r1/n01 and `train` 1 on fra1/h1/r1/n01',
        'device-once: fra1/h1/r1/n01/nic3 serves `train` 0 on fra1/h1/r1/n01 and `train` 1 on fra1/h1/r1/n01',
      ],
    },
    {
      fault: 'a GPU and its NIC are held by another contract, and so are their shares',
      given: granted(fleet, other, placement(24, one)),
      finds: [
        'cpu: fra1/h1/r1/n02: mCPU held by others 16000, asked for 128000, limit 128000',
        `device-once: fra1/h1/r1/n02/gpu5 is held by C-101 from ${t0} until ${t0 + 24 * hourMs}`,
        `device-once: fra1/h1/r1/n02/nic5 is held by C-101 from ${t0} until ${t0 + 24 * hourMs}`,
        'memory: fra1/h1/r1/n02: MiB held by others 131072, asked for 1048576, limit 1048576',
      ],
    },
    {
      fault: 'a hold without end reaches into every later window',
      given: granted(fleet, other, {
        ...placement(undefined, 'train 0 fra1/h1/r1/n02 gpu5'),
        startMs: t0 + 24 * hourMs - 1,
      }),
      finds: [`device-once: fra1/h1/r1/n02/gpu5 is held by C-101 from ${t0 + 24 * hourMs - 1} without end`],
    },
    {
      fault: 'a GPU too few',
      hold: gangBut('train 1 fra1/h1/r1/n02 gpu0-6 nic0-6 cpu128 mem1024 7200W'),
      finds: ['gpu-count: `train` 1 on fra1/h1/r1/n02 has 7 GPUs, asked for 8'],
    },
    {
      fault: 'GPUs for a part that asked for none',
      hold: gangBut('load 0 fra1/h1/r1/n03 gpu0 cpu16 mem64 900W'),
      finds: ['gpu-count: `load` 0 on fra1/h1/r1/n03 has 1 GPUs, asked for 0'],
    },
    {
      fault: 'a GPU counted twice',
      hold: gangBut('train 1 fra1/h1/r1/n02 gpu0-6,6 nic0-6 cpu128 mem1024 7200W'),
      finds: ['device-list: `train` 1 on fra1/h1/r1/n02: GPUs 0 1 2 3 4 5 6 6 are not in order, each once'],
    },
    {
      fault: 'GPUs out of order',
      hold: gangBut('train 1 fra1/h1/r1/n02 gpu1,0,2-7 nic0-7 cpu128 mem1024 7200W'),
      finds: ['device-list: `train` 1 on fra1/h1/r1/n02: GPUs 1 0 2 3 4 5 6 7 are not in order, each once'],
    },
    {
      fault: 'a GPU that the node does not have, numbered so that a 32-bit shift would find another',
      given: granted(fleet, demand('1×1 H100'), placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0')),
      ask: demand('1×1 H100 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu32 cpu16 mem128 900W'),
      finds: ['device-known: `train` 0 on fra1/h1/r1/n01: GPU 32 does not exist, the node has 8'],
    },
    {
      fault: 'the GPU after the last',
      ask: demand('1×1 H100 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu8 cpu16 mem128 900W'),
      finds: ['device-known: `train` 0 on fra1/h1/r1/n01: GPU 8 does not exist, the node has 8'],
    },
    {
      fault: 'a NIC that the node does not have',
      hold: gangBut('train 1 fra1/h1/r1/n02 gpu0-7 nic0-8 cpu128 mem1024 7200W'),
      finds: [
        'device-known: `train` 1 on fra1/h1/r1/n02: NIC 8 does not exist, the node has 8',
        'rdma: `train` 1 on fra1/h1/r1/n02: holds NICs [0 1 2 3 4 5 6 7 8], its rails are [0 1 2 3 4 5 6 7]',
      ],
    },
    {
      fault: 'the node is down',
      given: known({ nodes: { 'fra1/h1/r1/n03': { health: 'down' } } }),
      finds: ['node-health: `load` 0 on fra1/h1/r1/n03: the node is down'],
    },
    {
      fault: 'the node is cordoned',
      given: known({ nodes: { 'fra1/h1/r1/n03': { schedulable: false } } }),
      finds: ['node-schedulable: `load` 0 on fra1/h1/r1/n03: the node is cordoned'],
    },
    {
      fault: 'a GPU is down',
      given: known({ gpus: { 'fra1/h1/r1/n01/gpu3': { health: 'down' } } }),
      finds: ['gpu-health: `train` 0 on fra1/h1/r1/n01: GPU 3 is down'],
    },
    {
      fault: 'a NIC is down',
      given: known({ nics: { 'fra1/h1/r1/n01/nic3': { health: 'down' } } }),
      finds: ['nic-health: `train` 0 on fra1/h1/r1/n01: NIC 3 is down'],
    },
    {
      fault: 'the GPUs are shared',
      given: known({ nodes: { 'fra1/h1/r1/n01': { sharing: 'time-slicing' } } }),
      finds: ['gpu-sharing: `train` 0 on fra1/h1/r1/n01: whole GPUs on this node: no'],
    },
    {
      fault: 'even one of the GPUs is shared',
      given: known({ nodes: { 'fra1/h1/r1/n01': { sharing: 'mps' } } }),
      ask: demand('1×1 H100 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu0 cpu16 mem128 900W'),
      finds: ['gpu-sharing: `train` 0 on fra1/h1/r1/n01: whole GPUs on this node: no'],
    },
    {
      fault: 'the GPUs are shared, beside a part that uses none',
      given: known({ nodes: { 'fra1/h1/r1/n03': { sharing: 'mps' } } }),
      finds: [],
    },
    {
      fault: 'nobody knows whether the GPUs are shared',
      given: known({ nodes: { 'fra1/h1/r1/n01': { sharing: 'unknown' } } }),
      finds: ['gpu-sharing: `train` 0 on fra1/h1/r1/n01: whole GPUs on this node: unknown'],
    },
  ]);
});

describe('what the GPUs and NICs are', () => {
  const exactly = {
    gpus: { count: 1, memoryMib: 81_920, linkMbps: 900_000 },
    rdma: { nicMbps: 400_000 },
  };
  const onA100 = placement(24, 'train 0 fra1/h2/r3/n01 gpu0-7 cpu64 mem512');
  finds([
    {
      fault: 'a wish is met by the model, by its beginning up to a dash, and in any case of letters',
      ask: demand(text.replace('H100', 'A100|H100-sXm')),
      finds: [],
    },
    {
      fault: 'exactly as much memory, link and NIC as asked for is enough',
      ask: demand('1×1', { parts: [{ name: 'train', count: 1, each: exactly }] }),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu1 nic1 cpu16 mem128 900W'),
      finds: [],
    },
    {
      fault: 'a link of which nobody has recorded the speed',
      given: world('fra1/h1/r1 1×2 H100 nvlink'),
      ask: demand('1×1', {
        parts: [{ name: 'train', count: 1, each: { gpus: { count: 1, linkMbps: 1 } } }],
      }),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu1'),
      finds: ['accelerator-link: `train` 0 on fra1/h1/r1/n01: the link has unknown Mbit/s, asked for 1'],
    },
    {
      fault: 'another model than any asked for',
      ask: demand('1×8 H100|H200 24h'),
      hold: placement(24, 'train 0 fra1/h2/r3/n01 gpu0-7 cpu64 mem512'),
      finds: Array.from(
        { length: 8 },
        (_, gpu) => `gpu-model: \`train\` 0 on fra1/h2/r3/n01: GPU ${gpu} is A100, asked for H100, H200`,
      ),
    },
    {
      fault: 'a wish is not met by a model that only begins with the same letters',
      ask: demand('1×1 A10 24h'),
      hold: placement(24, 'train 0 fra1/h2/r3/n01 gpu0 cpu8 mem64'),
      finds: ['gpu-model: `train` 0 on fra1/h2/r3/n01: GPU 0 is A100, asked for A10'],
    },
    {
      fault: 'a model that nobody has recorded',
      given: world('fra1/h1/r1 1×2'),
      ask: demand('1×1'),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu1'),
      finds: ['gpu-model: `train` 0 on fra1/h1/r1/n01: the model of GPU 1 is not recorded'],
    },
    {
      fault: 'two models in one part',
      ask: demand('2×8 H100|A100 24h'),
      hold: placement(
        24,
        'train 0 fra1/h1/r1/n01 gpu0-7 cpu128 mem1024 7200W',
        'train 1 fra1/h2/r3/n01 gpu0-7 cpu64 mem512',
      ),
      finds: ['gpu-model: `train` mixes A100, H100-SXM'],
    },
    {
      fault: 'too little memory',
      ask: demand('1×1 H100 gpumem141 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu0 cpu16 mem128 900W'),
      finds: ['gpu-memory: `train` 0 on fra1/h1/r1/n01: GPU 0 has 81920 MiB, asked for 144384'],
    },
    {
      fault: 'memory that nobody has recorded',
      ask: demand('1×1 A100 gpumem40 24h'),
      hold: placement(24, 'train 0 fra1/h2/r3/n01 gpu0 cpu8 mem64'),
      finds: ['gpu-memory: `train` 0 on fra1/h2/r3/n01: GPU 0 has unknown MiB, asked for 40960'],
    },
    {
      fault: 'no accelerator link',
      ask: demand('1×8 A100 link 24h'),
      hold: onA100,
      finds: [
        'accelerator-link: `train` 0 on fra1/h2/r3/n01: no link domain has GPUs 0 1 2 3 4 5 6 7',
        'accelerator-link: `train` 0 on fra1/h2/r3/n01: the link is none, asked for any',
      ],
    },
    {
      fault: 'a link of another kind',
      ask: demand(text.replace('nvlink', 'xgmi')),
      finds: [
        'accelerator-link: `train` 0 on fra1/h1/r1/n01: the link is nvlink, asked for xgmi',
        'accelerator-link: `train` 1 on fra1/h1/r1/n02: the link is nvlink, asked for xgmi',
      ],
    },
    {
      fault: 'a link that nobody has recorded',
      given: world('fra1/h1/r1 1×2 H100'),
      ask: demand('1×2 H100 nvlink'),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0-1'),
      finds: [
        'accelerator-link: `train` 0 on fra1/h1/r1/n01: no link domain has GPUs 0 1',
        'accelerator-link: `train` 0 on fra1/h1/r1/n01: the link is unknown, asked for nvlink',
      ],
    },
    {
      fault: 'GPUs of two link domains',
      given: world('fra1/h1/r1 1×8 H100 nvlink island4'),
      ask: demand('1×4 H100 nvlink'),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu2-5'),
      finds: ['accelerator-link: `train` 0 on fra1/h1/r1/n01: no link domain has GPUs 2 3 4 5'],
    },
    {
      fault: 'a link that is too slow',
      ask: demand('1×8', {
        parts: [{ name: 'train', count: 1, each: { gpus: { count: 8, linkMbps: 900_001 } } }],
      }),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0-7 cpu128 mem1024 7200W'),
      finds: ['accelerator-link: `train` 0 on fra1/h1/r1/n01: the link has 900000 Mbit/s, asked for 900001'],
    },
    {
      fault: 'no RDMA',
      ask: demand('1×8 A100 rdma 24h'),
      hold: onA100,
      finds: ['rdma: `train` 0 on fra1/h2/r3/n01: RDMA on this node: no'],
    },
    {
      fault: 'RDMA that nobody has recorded',
      given: world('fra1/h1/r1 1×2 H100'),
      ask: demand('1×2 H100 rdma'),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0-1'),
      finds: ['rdma: `train` 0 on fra1/h1/r1/n01: RDMA on this node: unknown'],
    },
    {
      fault: 'the rails of other GPUs',
      ask: demand('1×2 H100 rdma 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1 nic1-2 cpu32 mem256 1800W'),
      finds: ['rdma: `train` 0 on fra1/h1/r1/n01: holds NICs [1 2], its rails are [0 1]'],
    },
    {
      fault: 'NICs that nobody asked for',
      ask: demand('1×1 H100 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu0 nic0 cpu16 mem128 900W'),
      finds: ['rdma: `train` 0 on fra1/h1/r1/n01 holds NICs 0, asked for none'],
    },
    {
      fault: 'NICs that are too slow',
      ask: demand('1×1', {
        parts: [{ name: 'train', count: 1, each: { gpus: { count: 1 }, rdma: { nicMbps: 800_000 } } }],
      }),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu6 nic6 cpu16 mem128 900W'),
      finds: ['rdma: `train` 0 on fra1/h1/r1/n01: the NIC of GPU 6 has 400000 Mbit/s, asked for 800000'],
    },
    {
      fault: 'NICs whose speed nobody has recorded, because only their number is known',
      given: world('fra1/h1/r1 1×2 H100', { nodes: { 'fra1/h1/r1/n01': { rdmaNicCount: 2 } } }),
      ask: demand('1×1', {
        parts: [{ name: 'train', count: 1, each: { gpus: { count: 1 }, rdma: { nicMbps: 1 } } }],
      }),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0'),
      finds: ['rdma: `train` 0 on fra1/h1/r1/n01: the NIC of GPU 0 has unknown Mbit/s, asked for 1'],
    },
  ]);
});

describe('CPU, memory and power', () => {
  finds([
    {
      fault: 'less CPU and memory than asked for',
      hold: gangBut('load 0 fra1/h1/r1/n03 cpu15 mem63 200W'),
      finds: [
        'cpu-share: `load` 0 on fra1/h1/r1/n03 holds 15000 mCPU, it is due 16000',
        'memory-share: `load` 0 on fra1/h1/r1/n03 holds 64512 MiB, it is due 65536',
      ],
    },
    {
      fault: 'less CPU and memory than the GPUs’ share of the node',
      ask: demand('1×2 H100 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1 cpu31 mem255 1800W'),
      finds: [
        'cpu-share: `train` 0 on fra1/h1/r1/n01 holds 31000 mCPU, it is due 32000',
        'memory-share: `train` 0 on fra1/h1/r1/n01 holds 261120 MiB, it is due 262144',
      ],
    },
    {
      fault: 'more CPU than the node has left at one instant in the middle of the window',
      given: [4, 5, 7].reduce((w, afterH) => busy(2, afterH, 'train 0 fra1/h1/r1/n03 cpu60', w), fleet),
      finds: ['cpu: fra1/h1/r1/n03: mCPU held by others 120000, asked for 16000, limit 128000'],
    },
    {
      fault: 'holds that follow one another do not add up',
      given: [3, 5, -2, 24].reduce((w, h) => busy(2, h, 'train 0 fra1/h1/r1/n03 cpu112', w), fleet),
      finds: [],
    },
    {
      fault: 'more memory than the node has left',
      given: busy(24, 0, 'train 0 fra1/h1/r1/n03 mem961'),
      finds: ['memory: fra1/h1/r1/n03: MiB held by others 984064, asked for 65536, limit 1048576'],
    },
    {
      fault: 'members that fit one by one and not together',
      ask: demand('load: 3×cpu12 24h'),
      hold: placement(24, 'load 0 edge/x/n01 cpu12', 'load 1 edge/x/n01 cpu12', 'load 2 edge/x/n01 cpu12'),
      finds: ['cpu: edge/x/n01: mCPU held by others 0, asked for 36000, limit 32000'],
    },
    {
      fault: 'CPU and memory of a node that has not said what it has',
      given: world('fra1/h1/r1 1×8 H100'),
      ask: demand('1×1 H100 cpu4 mem16'),
      hold: placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0 cpu4 mem16'),
      finds: [
        'cpu: fra1/h1/r1/n01: mCPU unknown, asked for 4000',
        'memory: fra1/h1/r1/n01: MiB unknown, asked for 16384',
      ],
    },
    {
      fault: 'fewer watts than the GPUs and their share of the node may draw',
      hold: gangBut('train 1 fra1/h1/r1/n02 gpu0-7 nic0-7 cpu128 mem1024 7199W'),
      finds: ['member-power: `train` 1 on fra1/h1/r1/n02 holds 7199 W, it may draw 7200'],
    },
    {
      fault: 'fewer watts than a third of the node, rounded up',
      given: thirds,
      ask: demand('1×1 H100'),
      hold: third(333),
      finds: ['member-power: `train` 0 on fra1/h1/r1/n01 holds 333 W, it may draw 334'],
    },
    {
      fault: 'fewer watts than the share of the CPU, which is larger than that of the GPUs',
      ask: demand('1×1 H100 cpu64 24h'),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu0 cpu64 mem128 900W'),
      finds: ['member-power: `train` 0 on fra1/h1/r1/n01 holds 900 W, it may draw 1500'],
    },
    {
      fault: 'more watts than the rack carries when its strongest feed is lost, counting all its nodes',
      given: busy(24, 0, 'train 0 fra1/h1/r1/n04 15401W'),
      finds: ['rack-power: fra1/h1/r1: W held by others 15401, asked for 14600, limit 30000'],
    },
    {
      fault: 'more watts than the cooling of the rack carries',
      given: world(...racks, { racks: { 'fra1/h1/r1': { coolingLimitW: 14_599 } } }),
      finds: ['rack-cooling: fra1/h1/r1: W held by others 0, asked for 14600, limit 14599'],
    },
    {
      fault: 'watts of other racks do not count',
      given: busy(24, 0, 'train 0 fra1/h2/r2/n01 90000W'),
      finds: [],
    },
  ]);
});

describe('places', () => {
  finds([
    {
      fault: 'outside the places that were named',
      ask: demand(text, { where: ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'ams2', 'fra1/h1/r1/n0'] }),
      finds: [
        'where: `load` 0 on fra1/h1/r1/n03 is outside fra1/h1/r1/n01, fra1/h1/r1/n02, ams2, fra1/h1/r1/n0',
      ],
    },
    {
      fault: 'outside the single GPUs that were named',
      ask: demand('1×2 H100 24h', { where: ['fra1/h1/r1/n01/gpu0', 'fra1/h1/r1/n01/gpu1'] }),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu1-2 cpu32 mem256 1800W'),
      finds: ['where: `train` 0 on fra1/h1/r1/n01 is outside fra1/h1/r1/n01/gpu0, fra1/h1/r1/n01/gpu1'],
    },
    {
      fault: 'on the single GPU that was named',
      ask: demand('1×1 H100 24h', { where: ['fra1/h1/r1/n01/gpu1'] }),
      hold: placement(24, 'train 0 fra1/h1/r1/n01 gpu1 cpu16 mem128 900W'),
      finds: [],
    },
    {
      fault: 'inside a place that was excluded, be it a rack or one GPU',
      ask: demand(text, { avoid: ['fra1/h1/r1/n01/gpu3', 'fra1/h1/r1/n02/nic1', 'fra1/h2', 'ams2'] }),
      finds: [
        'avoid: `train` 0 on fra1/h1/r1/n01 uses fra1/h1/r1/n01/gpu3',
        'avoid: `train` 1 on fra1/h1/r1/n02 uses fra1/h1/r1/n02/nic1',
      ],
    },
    {
      fault: 'two sites, though nobody allowed that',
      ...spread('', 'fra1/h1/r1/n01', 'edge/x/n01'),
      finds: ['together: the gang is spread over 2 sites: edge, fra1'],
    },
    ...(['hall', 'rack', 'leaf'] as const).map((level) => ({
      fault: `not together in one ${level}`,
      ...spread(`together:${level}`, 'fra1/h1/r1/n01', 'fra1/h2/r2/n01'),
      finds: [
        {
          hall: 'together: the gang is spread over 2 halls: fra1/h1, fra1/h2',
          rack: 'together: the gang is spread over 2 racks: fra1/h1/r1, fra1/h2/r2',
          leaf: 'together: the gang is spread over 2 leafs: fra1/leaf-r1, fra1/leaf-r2',
        }[level],
      ],
    })),
    {
      fault: 'not together on one node',
      ...spread('together:node', 'fra1/h1/r1/n01', 'fra1/h1/r1/n02'),
      finds: ['together: the gang is spread over 2 nodes: fra1/h1/r1/n01, fra1/h1/r1/n02'],
    },
    {
      fault: 'together in a rack that is not recorded',
      ...spread('together:leaf', 'fra1/h2/r3/n01', 'fra1/h2/r3/n02'),
      finds: ['together: the gang: the leaf of some members is not recorded'],
    },
    {
      fault: 'a part that is not within one rack',
      ...spread('within:rack', 'fra1/h1/r1/n01', 'fra1/h2/r2/n01'),
      finds: ['within: `load` is spread over 2 racks: fra1/h1/r1, fra1/h2/r2'],
    },
    {
      fault: 'two replicas on one node that should be apart',
      ...spread('apart:node', 'fra1/h1/r1/n01', 'fra1/h1/r1/n01'),
      finds: ['apart: `load` has 2 members in node fra1/h1/r1/n01'],
    },
    {
      fault: 'two replicas in one hall that should be apart',
      ...spread('apart:hall', 'fra1/h2/r3/n01', 'fra1/h2/r2/n01'),
      finds: ['apart: `load` has 2 members in hall fra1/h2'],
    },
    {
      fault: 'one replica alone is apart from all others',
      ask: demand('load: 1×cpu1 apart:leaf 24h'),
      hold: placement(24, 'load 0 fra1/h2/r3/n01 cpu1'),
      finds: [],
    },
    {
      fault: 'replicas whose failure domain is not recorded',
      ...spread('apart:leaf', 'fra1/h1/r1/n01', 'fra1/h2/r3/n01'),
      finds: ['apart: `load`: the leaf of 1 members is not recorded'],
    },
  ]);
});

describe('rules, users and data of the site', () => {
  finds([
    {
      fault: 'the rules forbid the site',
      verdict: verdictAll(fleet.state, 'allowed', { fra1: 'forbidden' }),
      finds: ['policy: fra1: forbidden'],
    },
    {
      fault: 'the rules lack a fact about the site',
      verdict: verdictAll(fleet.state, 'allowed', { fra1: 'fact-missing' }),
      finds: ['policy: fra1: fact-missing'],
    },
    {
      fault: 'nobody asked the rules about the site',
      verdict: { ...verdictAll(fleet.state, 'allowed'), sites: [] },
      finds: ['policy: fra1: the rules were not asked'],
    },
    {
      fault: 'the rules forbid a site that is not used',
      verdict: verdictAll(fleet.state, 'allowed', { ams2: 'forbidden' }),
      finds: [],
    },
    {
      fault: 'the site is too far from the users, or nobody knows how far',
      given: known({ sites: { fra1: { latencyMsByRegion: { paris: 9, rome: 21 } } } }),
      ask: demand(text, { latencyMsByRegion: { paris: 9, rome: 20, constructor: 50 } }),
      finds: [
        'latency: fra1: `constructor` in unknown ms, asked for 50',
        'latency: fra1: `rome` in 21 ms, asked for 20',
      ],
    },
    {
      fault: 'data that the demand, its rules or the tenant’s rules need are elsewhere',
      given: known({
        pools: {
          'fra1/pool1': { datasets: [{ id: 'here', sizeGib: 1 }] },
          'ams2/pool1': { datasets: [{ id: 'there', sizeGib: 1 }] },
        },
        tenants: [{ id: 'initech', rules: { datasets: ['books'] } }],
      }),
      ask: demand(text, { tenant: 'initech', dataset: 'there', rules: { datasets: ['here', 'nowhere'] } }),
      finds: [
        'dataset: fra1: no storage pool holds `books`',
        'dataset: fra1: no storage pool holds `nowhere`',
        'dataset: fra1: no storage pool holds `there`',
      ],
    },
  ]);
});

describe('neighbours', () => {
  const end = t0 + 24 * hourMs;
  finds([
    {
      fault: 'another tenant is on a node that was asked for alone',
      given: neighbour('globex'),
      ask: demand(text, { isolation: 'node' }),
      finds: [`isolation: \`load\` 0 on fra1/h1/r1/n03: C-101 of another tenant holds it until ${end}`],
    },
    {
      fault: 'the same tenant is on a node that was asked for alone',
      given: neighbour('acme'),
      ask: demand(text, { isolation: 'node' }),
      finds: [],
    },
    {
      fault: 'another tenant holds the node alone',
      given: neighbour('globex', { isolation: 'node' }),
      finds: [`isolation: \`load\` 0 on fra1/h1/r1/n03: C-101 holds the node alone until ${end}`],
    },
    {
      fault: 'the same tenant holds the node alone',
      given: neighbour('acme', { isolation: 'node' }),
      finds: [],
    },
  ]);
});

describe('what this version cannot promise is not granted', () => {
  const each = { gpus: { count: 8, models: ['H100'], link: 'nvlink' }, rdma: {} };
  const withPart = (more: object, need: object = {}) =>
    demand(text, {
      parts: [
        { name: 'train', count: 2, each: { ...each, ...need }, ...more },
        { name: 'load', count: 1, each: { cpuMilli: 16_000, memoryMib: 65_536 } },
      ],
    });
  const rows: readonly (readonly [string, Demand])[] = [
    [
      'part `train`: a link between MIG instances',
      withPart({}, { gpus: { ...each.gpus, slice: { kind: 'mig', profile: '1g.10gb' } } }),
    ],
    [
      'part `train`: a link speed for slices',
      withPart({}, { gpus: { ...each.gpus, slice: { kind: 'share', milli: 500 }, linkMbps: 1 } }),
    ],
    [
      'part `train`: aligned by numa without GPUs',
      withPart({}, { gpus: undefined, cpuMilli: 1000, align: 'numa' }),
    ],
    [
      'part `train`: aligned by pcie-root without GPUs',
      withPart({ within: 'pcie-root' }, { gpus: undefined, cpuMilli: 1000 }),
    ],
    ['part `load`: aligned by numa without GPUs', { ...withPart({}), together: 'numa' }],
    [
      'part `train`: 2 NICs for each GPU, without GPUs',
      withPart({}, { gpus: undefined, cpuMilli: 1000, rdma: { nicsPerGpu: 2 } }),
    ],
    [
      'a flow from the dataset to itself',
      demand(text, { flows: [{ from: 'dataset', to: 'dataset', mbps: 1 }] }),
    ],
  ];
  test.each(rows)('%s', (feature, ask) => {
    expect(findings({ fault: feature, ask, finds: [] })).toContain(`not-supported: ${feature}`);
  });
});

describe('the answer', () => {
  const faulty = placement(
    23,
    'train 1 fra1/h2/r3/n01 gpu0,0 nic3 cpu1',
    'train 0 fra1/h1/r1/n09',
    'load 7 ams2/h1/a1/n01 gpu1 cpu99',
    'train 1 fra1/h2/r3/n01 gpu0,1 nic3 cpu1',
  );

  test('names all faults at once', () => {
    const kinds = new Set(
      findings({ fault: '', hold: faulty, finds: [] }).map((line) => line.split(':', 1)[0]),
    );
    expect([...kinds]).toEqual([
      'accelerator-link',
      'cpu',
      'cpu-share',
      'device-known',
      'device-list',
      'device-once',
      'gang',
      'gpu-count',
      'gpu-model',
      'length',
      'memory-share',
      'node-known',
      'rdma',
      'together',
    ]);
  });

  test('is the same whatever the order of the members', () => {
    const turned = { ...faulty, members: faulty.members.toReversed() };
    expect(findings({ fault: '', hold: turned, finds: [] })).toEqual(
      findings({ fault: '', hold: faulty, finds: [] }),
    );
  });

  test('has notes of at most 300 characters on one line, whatever was asked for', () => {
    const ask = demand('1×1 24h', {
      parts: [
        {
          name: 'train',
          count: 1,
          each: { gpus: { count: 1, models: Array.from({ length: 16 }, () => `X${'\n'.repeat(59)}`) } },
        },
      ],
    });
    const notes = check(
      fleet.state,
      ask,
      verdictAll(fleet.state, 'allowed'),
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0 cpu16 mem128 900W'),
    ).map(({ note }) => note);
    expect(notes).toHaveLength(1);
    for (const note of notes) {
      expect(note.length).toBeLessThanOrEqual(300);
      expect(note).not.toContain('\n');
    }
  });
});
