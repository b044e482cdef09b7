import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Placement } from '../../../src/model/placement.ts';
import { planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { withRdma } from './ask.ts';

type Held = Pick<Placement, 'bandwidth' | 'transfers'>;

/** What the auditor says, in lines. `rdma fra1/leaf-r1 5` in `bandwidth` is 5 Mbit/s on that leaf. */
function findings(on: World, asked: Demand, held: Placement, bandwidth?: readonly string[]): string[] {
  const listed = bandwidth?.map((line) => {
    const [fabric, edge, mbps] = line.split(' ');
    return { fabric, edge, mbps: Number(mbps) };
  });
  const given = Placement.parse({ ...held, ...(listed === undefined ? {} : { bandwidth: listed }) });
  return check(on.state, asked, verdictAll(on.state, 'allowed'), given).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

const leafs: Details = {
  leafs: {
    'fra1/leaf-r1': { uplinkMbps: 800, spine: 'fra1/s1' },
    'fra1/leaf-r2': { uplinkMbps: 800, spine: 'fra1/s1' },
    'fra1/leaf-r3': { uplinkMbps: 800, spine: 'fra1/s2' },
    'fra1/leaf-r4': { spine: 'fra1/s1' },
  },
  spines: { 'fra1/s1': { uplinkMbps: 600 }, 'fra1/s2': { uplinkMbps: 600 } },
};
const racks = ['r1', 'r2', 'r3', 'r4'].map((rack) => `fra1/h1/${rack} 2×2 H100 nvlink rdma leaf`);

const onRails = (...names: readonly string[]) =>
  placement(1, ...names.map((name, at) => `train ${at} fra1/h1/${name} gpu0-1 nic0-1`));

describe('uplinks', () => {
  const fleet = world(...racks, leafs, 'fra1/h1/r5 2×2 H100 nvlink rdma');
  const asked = withRdma('2×2 H100 rdma 1h', { uplinkMbps: 500 });

  test.each([
    ['one leaf owes nothing', ['r1/n01', 'r1/n02'], [], []],
    ['one node owes nothing, also where nobody knows its leaf', ['r5/n01', 'r5/n01'], [], []],
    ['two leafs hold it', ['r1/n01', 'r2/n01'], ['rdma fra1/leaf-r1 500', 'rdma fra1/leaf-r2 500'], []],
    [
      'one leaf holds nothing',
      ['r1/n01', 'r2/n01'],
      ['rdma fra1/leaf-r1 500'],
      ['bandwidth: rdma fra1/leaf-r2: holds nothing, 500 Mbit/s are due'],
    ],
    [
      'held for nothing',
      ['r1/n01', 'r1/n02'],
      ['rdma fra1/leaf-r1 500'],
      ['bandwidth: rdma fra1/leaf-r1: holds 500 Mbit/s, 0 are due'],
    ],
    [
      'an edge that holds nothing is no entry',
      ['r1/n01', 'r1/n02'],
      ['rdma fra1/leaf-r1 0'],
      ['bandwidth: rdma fra1/leaf-r1: holds 0 Mbit/s, 0 are due'],
    ],
    [
      'over two spines the spines hold it as well',
      ['r1/n01', 'r3/n01'],
      ['rdma fra1/leaf-r1 500', 'rdma fra1/leaf-r3 500'],
      [
        'bandwidth: rdma fra1/s1: holds nothing, 500 Mbit/s are due',
        'bandwidth: rdma fra1/s2: holds nothing, 500 Mbit/s are due',
      ],
    ],
    [
      'the order is by fabric and edge',
      ['r1/n01', 'r2/n01'],
      ['rdma fra1/leaf-r2 500', 'rdma fra1/leaf-r1 500'],
      ['bandwidth: rdma fra1/leaf-r1 is not in order, each edge once'],
    ],
    [
      'an uplink that nobody has recorded',
      ['r1/n01', 'r4/n01'],
      ['rdma fra1/leaf-r1 500', 'rdma fra1/leaf-r4 500'],
      ['bandwidth: rdma fra1/leaf-r4: what it carries is not recorded'],
    ],
    [
      'a leaf that nobody has recorded',
      ['r1/n01', 'r5/n01'],
      [],
      ['uplink: `train`: the leaf switch of some members is not recorded'],
    ],
  ])('%s', (_, names, bandwidth, found) => {
    const fit = names[0] === names[1] ? withRdma('2×1 H100 rdma 1h', { uplinkMbps: 500 }) : asked;
    const held =
      names[0] === names[1]
        ? placement(1, ...names.map((name, at) => `train ${at} fra1/h1/${name} gpu${at} nic${at}`))
        : onRails(...names);
    expect(findings(fleet, fit, held, bandwidth)).toEqual(found);
  });

  test('beyond what others leave, to the Mbit/s, and only while they hold it', () => {
    const both = ['rdma fra1/leaf-r1 500', 'rdma fra1/leaf-r2 500'];
    const busyWith = (mbps: number) =>
      granted(fleet, demand('1×1 H100'), {
        ...placement(1, 'train 0 fra1/h1/r1/n02 gpu0'),
        bandwidth: Placement.parse({
          ...onRails('r1/n01'),
          bandwidth: [{ fabric: 'rdma', edge: 'fra1/leaf-r1', mbps }],
        }).bandwidth,
      });
    expect(findings(busyWith(300), asked, onRails('r1/n01', 'r2/n01'), both)).toEqual([]);
    expect(findings(busyWith(301), asked, onRails('r1/n01', 'r2/n01'), both)).toEqual([
      'bandwidth: rdma fra1/leaf-r1: Mbit/s held by others 301, asked for 500, limit 800',
    ]);
    const after = { startMs: t0 + hourMs, endMs: t0 + 2 * hourMs };
    const late = { ...asked, window: { ...asked.window, earliestStartMs: after.startMs } };
    expect(findings(busyWith(301), late, { ...onRails('r1/n01', 'r2/n01'), ...after }, both)).toEqual([]);
  });
});

const flowing = (...flows: readonly (readonly [string, string, number])[]) =>
  demand('2×2 H100 1h', {
    dataset: 'corpus',
    flows: flows.map(([from, to, mbps]) => ({ from, to, mbps })),
  });

describe('flows', () => {
  const fleet = world('fra1/h1/r1 3×2 H100 nordma', {
    pools: {
      'fra1/p1': { mbps: 500, datasets: [{ id: 'corpus', sizeGib: 1 }] },
      'fra1/p2': { mbps: 900, datasets: [{ id: 'else', sizeGib: 1 }] },
      'ams2/p3': { mbps: 900, datasets: [{ id: 'corpus', sizeGib: 1 }] },
    },
  });
  const held = placement(1, 'train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r1/n02 gpu0-1');
  const [n01, n02] = ['data fra1/h1/r1/n01', 'data fra1/h1/r1/n02'];

  test.each([
    ['shares of all pairs', [['train', 'train', 101]], [`${n01} 51`, `${n02} 51`], []],
    [
      'rounded down',
      [['train', 'train', 101]],
      [`${n01} 50`, `${n02} 51`],
      [`bandwidth: ${n01}: holds 50 Mbit/s, 51 are due`],
    ],
    [
      'more than the NICs carry',
      [['train', 'train', 200_002]],
      [`${n01} 100001`, `${n02} 100001`],
      [n01, n02].map((edge) => `bandwidth: ${edge}: Mbit/s held by others 0, asked for 100001, limit 100000`),
    ],
    [
      'the pool carries the dataset',
      [['dataset', 'train', 101]],
      [`${n01} 51`, `${n02} 51`, 'storage fra1/p1 101'],
      [],
    ],
    [
      'no pool carries it',
      [['dataset', 'train', 101]],
      [`${n01} 51`, `${n02} 51`],
      ['bandwidth: 0 storage pools are held for 101 Mbit/s of the dataset'],
    ],
    [
      'a pool that does not hold it, with too little',
      [['train', 'dataset', 101]],
      [`${n01} 51`, `${n02} 51`, 'storage fra1/p2 100'],
      [
        'bandwidth: storage fra1/p2: does not hold the dataset',
        'bandwidth: storage fra1/p2: holds 100 Mbit/s, 101 are due',
      ],
    ],
    [
      'a pool of another site',
      [['dataset', 'train', 101]],
      [`${n01} 51`, `${n02} 51`, 'storage ams2/p3 101'],
      ['bandwidth: storage ams2/p3: not in the site of the members'],
    ],
    [
      'more than the pool carries',
      [['dataset', 'train', 501]],
      [`${n01} 251`, `${n02} 251`, 'storage fra1/p1 501'],
      ['bandwidth: storage fra1/p1: Mbit/s held by others 0, asked for 501, limit 500'],
    ],
    ['an end that is no part', [['load', 'train', 0]], [], ['flows: `load` is no end of a flow here']],
    [
      'the wide area is for moves alone',
      [],
      ['wan fra1/wan 5'],
      [
        'bandwidth: wan fra1/wan: holds 5 Mbit/s, 0 are due',
        'bandwidth: wan fra1/wan: what it carries is not recorded',
      ],
    ],
  ] as const)('%s', (_, flows, bandwidth, found) => {
    expect(findings(fleet, flowing(...flows), held, bandwidth)).toEqual(found);
  });
});

const hold = (nics: string) => placement(1, `train 0 fra1/h1/r1/n01 gpu0 ${nics} cpu2`);

describe('NICs that are chosen one by one', () => {
  const fleet = world('fra1/h1/r1 1×4 H100 nvlink rdma numa2 cpu8', {
    nics: { 'fra1/h1/r1/n01/nic4': { kind: 'ethernet', rdma: false, mbps: 1 } },
  });
  const two = withRdma('1×1 H100 rdma 1h', { nicsPerGpu: 2 });

  test.each([
    ['as many as asked for', two, hold('nic0-1'), []],
    ['one too few', two, hold('nic0'), ['rdma: `train` 0 on fra1/h1/r1/n01 holds 1 NICs, it is due 2']],
    ['one too many', two, hold('nic0-2'), ['rdma: `train` 0 on fra1/h1/r1/n01 holds 3 NICs, it is due 2']],
    [
      'one that does no RDMA',
      two,
      hold('nic0,4'),
      ['rdma: `train` 0 on fra1/h1/r1/n01: NIC 4 is not recorded as RDMA'],
    ],
    [
      'one twice',
      two,
      hold('nic0,0'),
      [
        'device-list: `train` 0 on fra1/h1/r1/n01: NICs 0 0 are not in order, each once',
        'rdma: `train` 0 on fra1/h1/r1/n01 holds 1 NICs, it is due 2',
      ],
    ],
    [
      'too slow',
      withRdma('1×1 H100 rdma 1h', { nicsPerGpu: 2, nicMbps: 400_001 }),
      hold('nic0-1'),
      [0, 1].map(
        (nic) => `rdma: \`train\` 0 on fra1/h1/r1/n01: NIC ${nic} has 400000 Mbit/s, asked for 400001`,
      ),
    ],
  ])('%s', (_, asked, held, found) => {
    expect(findings(fleet, asked, held).filter((line) => !line.startsWith('device-once'))).toEqual(found);
  });

  test('with alignment each of them is beside the GPU', () => {
    const asked = withRdma('1×1 H100 rdma align:numa cpu2 1h', { nicsPerGpu: 2 });
    expect(findings(fleet, asked, hold('nic0-1'))).toEqual([]);
    expect(findings(fleet, asked, hold('nic0,2')).join()).toContain('its devices are of numaNode 0, 1');
  });

  test('a replica without GPUs holds one', () => {
    const asked = demand('1×cpu2 rdma 1h');
    const none = placement(1, 'train 0 fra1/h1/r1/n01 cpu2');
    expect(findings(fleet, asked, none)).toEqual([
      'rdma: `train` 0 on fra1/h1/r1/n01 holds 0 NICs, it is due 1',
    ]);
    expect(findings(fleet, asked, placement(1, 'train 0 fra1/h1/r1/n01 nic3 cpu2'))).toEqual([]);
  });
});

const on = (...names: readonly string[]) =>
  placement(1, ...names.map((name, at) => `train ${at} fra1/h1/${name} gpu0-1`));

describe('islands and spines', () => {
  const fleet = world(...racks, leafs, {
    nodes: { 'fra1/h1/r1/n01': { island: 'fra1/nvl' }, 'fra1/h1/r2/n01': { island: 'fra1/nvl' } },
  });

  test.each([
    ['2×2 H100 within:island 1h', ['r1/n01', 'r2/n01'], []],
    [
      '2×2 H100 within:island 1h',
      ['r1/n01', 'r1/n02'],
      ['within: `train` is spread over 2 islands: fra1/h1/r1/n02, fra1/nvl'],
    ],
    [
      '2×2 H100 together:island 1h',
      ['r1/n02', 'r2/n02'],
      ['together: the gang is spread over 2 islands: fra1/h1/r1/n02, fra1/h1/r2/n02'],
    ],
    ['2×2 H100 apart:island 1h', ['r1/n01', 'r2/n01'], ['apart: `train` has 2 members in island fra1/nvl']],
    ['2×2 H100 within:spine 1h', ['r1/n01', 'r2/n01'], []],
    [
      '2×2 H100 within:spine 1h',
      ['r1/n01', 'r3/n01'],
      ['within: `train` is spread over 2 spines: fra1/s1, fra1/s2'],
    ],
    ['2×2 H100 apart:spine 1h', ['r1/n01', 'r2/n01'], ['apart: `train` has 2 members in spine fra1/s1']],
  ])('%s on %j', (text, names, found) => {
    expect(findings(fleet, demand(text), on(...names))).toEqual(found);
  });

  test('without a link there is no island', () => {
    const loose = world('fra1/h1/r1 1×1 H100 nolink');
    const found = findings(
      loose,
      demand('1×1 H100 within:island 1h'),
      placement(1, 'train 0 fra1/h1/r1/n01 gpu0'),
    );
    expect(found).toEqual(['within: `train`: the island of some members is not recorded']);
  });
});

describe('transfers', () => {
  const fleet = world('ams2/a1 1×4 H100', 'fra1/r1 1×4 A100', 'iad3/r1 1×1 A100', {
    pools: {
      'fra1/nvme': { mbps: 8000, datasets: [{ id: 'corpus', sizeGib: 1 }] },
      'fra1/old': { mbps: 8000, datasets: [] },
    },
    wanLinks: {
      'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 },
      'fra1/us': { from: 'fra1', to: 'iad3', mbps: 1000 },
    },
  });
  const asked = demand('1×1 H100', {
    dataset: 'corpus',
    window: { earliestStartMs: t0, latestStartMs: t0 + 24 * hourMs, durationS: 60 },
  });
  const good = planned(fleet, asked).plan.placement;
  const [move] = good.transfers ?? [];
  const withMove = (more: object): Held => ({
    transfers: Placement.parse({ ...good, transfers: [{ ...move, ...more }] }).transfers,
  });
  const found = (more: Partial<Placement>, want = asked) => findings(fleet, want, { ...good, ...more });

  test('as planned', () => {
    expect(found({})).toEqual([]);
  });

  test.each([
    ['none', { transfers: [] }, 'dataset: ams2: no storage pool holds `corpus`'],
    [
      'twice',
      { transfers: [...(good.transfers ?? []), ...(good.transfers ?? [])] },
      'transfer: `corpus` is moved to ams2 twice',
    ],
    ['to another site', withMove({ to: 'iad3' }), 'transfer: `corpus` need not be moved to iad3'],
    ['something else', withMove({ dataset: 'other' }), 'transfer: `other` need not be moved to ams2'],
    [
      'over a link to elsewhere',
      withMove({ wanLink: 'fra1/us' }),
      'transfer: fra1/us does not join fra1/nvme and ams2',
    ],
    [
      'over no link',
      withMove({ wanLink: 'fra1/none' }),
      'transfer: wan fra1/none: Mbit/s held by others 0, asked for 1000, limit unknown',
    ],
    ['from a pool without it', withMove({ from: 'fra1/old' }), 'transfer: fra1/old does not hold `corpus`'],
    [
      'faster than the link',
      withMove({ mbps: 1001 }),
      'transfer: wan fra1/wan: Mbit/s held by others 0, asked for 1001, limit 1000',
    ],
    ['slower than it takes', withMove({ mbps: 999 }), 'transfer: 999 Mbit/s for 8590 ms do not carry 1 GiB'],
    ['backwards', withMove({ startMs: t0 + 23 * hourMs }), 'do not carry 1 GiB'],
    [
      'not there at the start',
      { startMs: good.startMs - 1, endMs: Number(good.endMs) - 1 },
      'transfer: `corpus` arrives 1 ms after the start',
    ],
  ])('moved: %s', (_, more, note) => {
    expect(found(more).join('\n')).toContain(note);
  });

  test('moved to a site that holds it', () => {
    const home = demand('1×1 A100', { dataset: 'corpus', window: asked.window });
    const held = { ...planned(fleet, home).plan.placement, ...withMove({ to: 'fra1' }) };
    expect(findings(fleet, home, held)).toContain('transfer: `corpus` need not be moved to fra1');
  });

  test('what the rules name is not moved', () => {
    expect(
      found({}, { ...asked, rules: demand('1×1 H100', { rules: { datasets: ['corpus'] } }).rules }),
    ).toEqual(['dataset: ams2: no storage pool holds `corpus`']);
  });

  test('a copy has no pool to flow from', () => {
    const flows = [{ from: 'dataset', to: 'train', mbps: 0 }];
    expect(found({}, { ...asked, flows })).toContain(
      'flows: ams2: no storage pool holds the dataset that flows',
    );
  });
});
