import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand } from '../../src/model/demand.ts';
import { Placement } from '../../src/model/placement.ts';
import { demand } from './demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { granted, placement } from './placement.ts';

/** Everything that the auditor has against a placement, to the last word. */
function findings(before: World, wish: Demand, held: Placement): readonly string[] {
  return check(before.state, wish, verdictAll(before.state, 'allowed'), held).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

/** Mbit/s on edges: `rdma fra1/leaf-r1 500`. */
function withEdges(held: Placement, ...lines: readonly string[]): Placement {
  const bandwidth = lines.map((line) => {
    const [fabric, edge, mbps] = line.split(' ');
    return { fabric, edge, mbps: Number(mbps) };
  });
  return Placement.parse({ ...held, bandwidth });
}

/** The same from `fromH` to `toH` hours after `t0`. */
function at(held: Placement, fromH: number, toH: number): Placement {
  return { ...held, startMs: t0 + fromH * hourMs, endMs: t0 + toH * hourMs };
}

const elsewhere = demand('1×cpu1 1h', { tenant: 'globex' });

describe('bandwidth on an edge', () => {
  const racks = ['r1', 'r2'].map((rack) => `fra1/h1/${rack} 2×2 H100 nvlink rdma leaf`);
  const fleet = world(...racks, {
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 800 }, 'fra1/leaf-r2': { uplinkMbps: 800 } },
  });
  const [part] = demand('2×2 H100 rdma').parts;
  const wish = demand('2×2 H100 rdma 4h', {
    parts: [{ ...part, each: { ...part?.each, rdma: { uplinkMbps: 500 } } }],
  });
  const gang = placement(4, 'train 0 fra1/h1/r1/n01 gpu0-1 nic0-1', 'train 1 fra1/h1/r2/n01 gpu0-1 nic0-1');
  const edges = ['rdma fra1/leaf-r1 500', 'rdma fra1/leaf-r2 500'] as const;
  const other = (fromH: number, toH: number, before = fleet) =>
    granted(
      before,
      elsewhere,
      at(withEdges(placement(1, 'train 0 fra1/h1/r1/n02'), 'rdma fra1/leaf-r1 301'), fromH, toH),
    );
  const beyond = 'bandwidth: rdma fra1/leaf-r1: Mbit/s held by others 301, asked for 500, limit 800';

  test.each([
    ['before it', -3, 0, []],
    ['after it', 4, 9, []],
    ['up to its first second', -3, 1 / 3600, [beyond]],
    ['from its last second on', 4 - 1 / 3600, 9, [beyond]],
    ['in the midst of it', 2, 3, [beyond]],
  ])('somebody who holds it %s', (_, fromH, toH, expected) => {
    expect(findings(other(fromH, toH), wish, withEdges(gang, ...edges))).toEqual(expected);
  });

  test('two who follow each other do not add up', () => {
    const small = (fromH: number, toH: number, before: World) =>
      granted(
        before,
        elsewhere,
        at(withEdges(placement(1, 'train 0 fra1/h1/r1/n02'), 'rdma fra1/leaf-r1 200'), fromH, toH),
      );
    const inTurn = small(2, 4, small(0, 2, fleet));
    expect(findings(inTurn, wish, withEdges(gang, ...edges))).toEqual([]);
    expect(findings(small(1, 3, small(0, 2, fleet)), wish, withEdges(gang, ...edges))).toEqual([
      'bandwidth: rdma fra1/leaf-r1: Mbit/s held by others 400, asked for 500, limit 800',
    ]);
  });

  test('one edge that is listed twice', () => {
    expect(findings(fleet, wish, withEdges(gang, edges[0], edges[0], edges[1]))).toEqual([
      'bandwidth: rdma fra1/leaf-r1 is not in order, each edge once',
      'bandwidth: rdma fra1/leaf-r1: holds 500 Mbit/s, 0 are due',
    ]);
  });

  test('the least flow of a dataset needs its pool', () => {
    const flows = { dataset: 'corpus', flows: [{ from: 'dataset', to: 'train', mbps: 1 }] };
    const pools: Details = { pools: { 'fra1/pool1': { mbps: 1, datasets: [{ id: 'corpus', sizeGib: 1 }] } } };
    const nics = { nics: { 'fra1/h1/r1/n01/nic0': { kind: 'ethernet', rdma: false, mbps: 1 } } };
    const near = world('fra1/h1/r1 1×2 H100', pools, nics);
    const one = demand('1×2 H100 4h', flows);
    const held = placement(4, 'train 0 fra1/h1/r1/n01 gpu0-1');
    expect(findings(near, one, withEdges(held, 'data fra1/h1/r1/n01 1'))).toEqual([
      'bandwidth: 0 storage pools are held for 1 Mbit/s of the dataset',
    ]);
    expect(findings(near, one, withEdges(held, 'data fra1/h1/r1/n01 1', 'storage fra1/pool1 1'))).toEqual([]);
  });
});

function disk(gib: number): Placement {
  return placement(4, `train 0 fra1/h1/r1/n01 gpu0 cpu4 mem4 disk${gib}`);
}

/** Somebody else's 500 W on the second node, from one hour to another. */
function drawing(fromH: number, toH: number, before: World): World {
  return granted(before, elsewhere, at(placement(1, 'train 0 fra1/h1/r1/n02 gpu0 500W'), fromH, toH));
}

describe('what a node has', () => {
  const fleet = world('fra1/h1/r1 1×2 H100 cpu8 mem8 disk100');

  test('storage beside what others have of it, up to the last GiB', () => {
    const wish = demand('1×1 H100 disk60 4h');
    const other = (gib: number, fromH = 0, toH = 4) =>
      granted(fleet, elsewhere, at(placement(1, `train 0 fra1/h1/r1/n01 disk${gib}`), fromH, toH));
    expect(findings(other(40), wish, disk(60))).toEqual([]);
    expect(findings(other(41), wish, disk(60))).toEqual([
      'storage: fra1/h1/r1/n01: GiB held by others 41, asked for 60, limit 100',
    ]);
    expect(findings(other(41, 4, 5), wish, disk(60))).toEqual([]);
    expect(findings(fleet, demand('1×1 H100 disk101 4h'), disk(101))).toEqual([
      'storage: fra1/h1/r1/n01: GiB held by others 0, asked for 101, limit 100',
    ]);
  });

  test('storage that was not asked for, or another amount', () => {
    expect(findings(fleet, demand('1×1 H100 4h'), disk(5))).toEqual([
      'storage: `train` 0 on fra1/h1/r1/n01 holds 5 GiB, it is due 0',
    ]);
    expect(findings(fleet, demand('1×1 H100 disk9 4h'), disk(5))).toEqual([
      'storage: `train` 0 on fra1/h1/r1/n01 holds 5 GiB, it is due 9',
    ]);
  });

  test('the least of cores that nobody has recorded', () => {
    const bare = world('fra1/h1/r1 1×2 H100 gpuw700 basew1600');
    const wish = demand('load: 1×cpu0 4h', { parts: [{ name: 'load', count: 1, each: { cpuMilli: 1 } }] });
    const held = placement(4, 'load 0 fra1/h1/r1/n01');
    const one = { ...held, members: held.members.map((member) => ({ ...member, cpuMilli: 1 })) };
    expect(findings(bare, wish, one)).toEqual(['cpu: fra1/h1/r1/n01: mCPU unknown, asked for 1']);
  });

  test('what is drawn, where others follow each other on one rack', () => {
    const powered = world('fra1/h1/r1 2×2 H100 gpuw400 basew200', {
      racks: { 'fra1/h1/r1': { feeds: { A: 'fra1/fa' } } },
      feeds: { 'fra1/fa': { limitW: 1500 } },
    });
    const wish = demand('1×2 H100 4h');
    const held = placement(4, 'train 0 fra1/h1/r1/n01 gpu0-1 1000W');
    expect(findings(drawing(2, 9, drawing(-1, 2, powered)), wish, held)).toEqual([]);
    expect(findings(drawing(2, 9, drawing(-1, 3, powered)), wish, held)).not.toEqual([]);
  });
});

/** Two RDMA NICs of a node of cores. */
function rdmaNics(mbps: object): Details {
  return {
    nics: { 'fra1/h1/r1/n01/nic0': { rdma: true, ...mbps }, 'fra1/h1/r1/n01/nic1': { rdma: true, ...mbps } },
  };
}

/** One replica without GPUs. */
function wishFor(rdma: object): Demand {
  return demand('1×1 4h', { parts: [{ name: 'load', count: 1, each: { cpuMilli: 0, rdma } }] });
}

describe('NICs', () => {
  const held = placement(4, 'load 0 fra1/h1/r1/n01 nic1');

  test.each([
    [{ mbps: 100 }, { nicMbps: 100 }, []],
    [
      { mbps: 99 },
      { nicMbps: 100 },
      ['rdma: `load` 0 on fra1/h1/r1/n01: NIC 1 has 99 Mbit/s, asked for 100'],
    ],
    [{}, { nicMbps: 100 }, ['rdma: `load` 0 on fra1/h1/r1/n01: NIC 1 has unknown Mbit/s, asked for 100']],
    [{}, {}, []],
    [{ mbps: 0 }, { nicMbps: 0 }, []],
  ])('of %j, asked for as %j', (mbps, rdma, expected) => {
    expect(findings(world('fra1/h1/r1 1 cpu4', rdmaNics(mbps)), wishFor(rdma), held)).toEqual(expected);
  });

  test('rails of aligned GPUs that nobody has recorded are not aligned', () => {
    const counted = world('fra1/h1/r1 1×2 H100 numa2', { nodes: { 'fra1/h1/r1/n01': { rdmaNicCount: 2 } } });
    expect(
      findings(counted, demand('1×1 H100 rdma align:numa 4h'), placement(4, 'train 0 fra1/h1/r1/n01 gpu0')),
    ).toEqual(['align: `train` 0 on fra1/h1/r1/n01: the numaNode of the NIC of GPU 0 is not recorded']);
    expect(
      findings(counted, demand('1×1 H100 rdma 4h'), placement(4, 'train 0 fra1/h1/r1/n01 gpu0')),
    ).toEqual([]);
  });
});

describe('who wants to be alone', () => {
  test('a rack, on a node that others of its tenant share', () => {
    const before = ['shared', 'rack', 'shared'].reduce(
      (now, isolation, gpu) =>
        granted(
          now,
          demand('1×1 H100 4h', { tenant: 'globex', isolation }),
          placement(4, `train 0 fra1/h1/r1/n02 gpu${gpu}`),
        ),
      world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100'),
    );
    const on = (place: string) =>
      findings(before, demand('1×1 H100 4h'), placement(4, `train 0 fra1/h1/${place} gpu3`));
    expect(on('r1/n01')).toEqual([
      `isolation: \`train\` 0 on fra1/h1/r1/n01: C-102 holds rack fra1/h1/r1 alone until ${t0 + 4 * hourMs}`,
    ]);
    expect(on('r2/n01')).toEqual([]);
  });
});

describe('instances of an A30', () => {
  const fleet = world('fra1/h1/r1 1×1 A30 gpumem24 mig cpu4 mem24');
  test.each([
    ['1g.6gb', 3, []],
    [
      '1g.6gb',
      4,
      ['mig-start: `train` 0 on fra1/h1/r1/n01: 1g.6gb at start 4 on gpu0 begins where none may begin'],
    ],
    ['2g.12gb', 2, []],
    [
      '2g.12gb',
      1,
      ['mig-start: `train` 0 on fra1/h1/r1/n01: 2g.12gb at start 1 on gpu0 begins where none may begin'],
    ],
    ['4g.24gb', 0, []],
    [
      '2g.6gb',
      0,
      ['mig-profile: `train` 0 on fra1/h1/r1/n01: 2g.6gb at start 0 on gpu0: A30 is not known to have it'],
    ],
    [
      '1g.12gb',
      0,
      ['mig-profile: `train` 0 on fra1/h1/r1/n01: 1g.12gb at start 0 on gpu0: A30 is not known to have it'],
    ],
  ])('%s at %i', (profile, start, expected) => {
    const wish = demand(`1×1 A30 mig:${profile} cpu0 mem0 4h`);
    const held = placement(4, `train 0 fra1/h1/r1/n01 0:${profile}@${start}`);
    const found = findings(fleet, wish, held);
    expect(found.filter((line) => line.startsWith('mig'))).toEqual(expected);
  });

  test('hold their part of cores and memory', () => {
    const wish = demand('1×1 A30 mig:1g.6gb 4h');
    expect(findings(fleet, wish, placement(4, 'train 0 fra1/h1/r1/n01 0:1g.6gb@0 cpu1 mem6'))).toEqual([]);
    expect(findings(fleet, wish, placement(4, 'train 0 fra1/h1/r1/n01 0:1g.6gb@0 cpu2 mem6'))).toEqual([
      'cpu-share: `train` 0 on fra1/h1/r1/n01 holds 2000 mCPU, it is due 1000',
    ]);
  });
});
