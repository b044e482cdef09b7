import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import { check } from '../../../src/core/check.ts';
import { conflictOf } from '../../../src/core/explain/conflict.ts';
import { subjectKey } from '../../../src/core/inventory/claims.ts';
import { applyAll } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import type { Placement } from '../../../src/model/placement.ts';
import { ask, change, commit, planned, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { heldBy, withRdma } from '../fabric/ask.ts';
import { hourMs, observe, t0, verdictAll, type World, world } from '../fleet.ts';

/** Three racks of two nodes with a leaf each; the data is in Frankfurt, and a link goes to Amsterdam. */
const racks = ['fra1/h1/r1', 'fra1/h1/r2', 'ams2/h1/a1'];
const fleet = world(...racks.map((rack) => `${rack} 2×2 H100 nvlink rdma leaf cpu16 mem64`), {
  leafs: {
    'fra1/leaf-r1': { uplinkMbps: 400_000, spine: 'fra1/s' },
    'fra1/leaf-r2': { uplinkMbps: 400_000, spine: 'fra1/s' },
    'ams2/leaf-a1': { uplinkMbps: 400_000 },
  },
  spines: { 'fra1/s': { uplinkMbps: 400_000 } },
  nics: Object.fromEntries(
    racks.flatMap((rack) =>
      ['n01', 'n02'].map((node) => [
        `${rack}/${node}/nic2`,
        { kind: 'ethernet', rdma: false, mbps: 100_000 },
      ]),
    ),
  ),
  pools: { 'fra1/nvme': { mbps: 100_000, datasets: [{ id: 'corpus', sizeGib: 1000 }] } },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 100_000 } },
});

const c101 = ContractId.parse('C-101');

function faults({ state }: World, wish: Demand, held: Placement): string[] {
  return check(state, wish, verdictAll(state, 'allowed'), held).map(({ constraint }) => constraint);
}

const surviving = (loss: string, membersLeft: number) => ({ survive: { loss, membersLeft } });
const loading = { flows: [{ from: 'load', to: 'train', mbps: 1000 }] };
const reading = { dataset: 'corpus', flows: [{ from: 'dataset', to: 'train', mbps: 1000 }] };
const uplink = { uplinkMbps: 50_000 };

describe('spares hold no bandwidth, and auditor and search agree on it', () => {
  test.each<readonly [string, Demand, readonly string[]]>([
    [
      'an uplink budget of a part that stands on one leaf, with its spare on another',
      withRdma('1×2 H100 rdma 24h', uplink, surviving('rack', 1)),
      [],
    ],
    [
      'an uplink budget of a part on two leafs',
      withRdma('3×2 H100 rdma 24h', uplink, { where: ['fra1'], ...surviving('node', 3) }),
      ['rdma fra1/leaf-r1 50000', 'rdma fra1/leaf-r2 50000'],
    ],
    [
      'a flow between parts',
      demand('load: 1×cpu2 + train: 2×2 H100 24h', { where: ['fra1'], ...loading, ...surviving('node', 2) }),
      ['data fra1/h1/r1/n01 500', 'data fra1/h1/r1/n02 500', 'data fra1/h1/r2/n02 1000'],
    ],
    [
      'a flow from the dataset',
      demand('train: 2×2 H100 24h', { ...reading, ...surviving('rack', 2) }),
      ['data fra1/h1/r1/n01 500', 'data fra1/h1/r1/n02 500', 'storage fra1/nvme 1000'],
    ],
    [
      'a flow between parts with the spares at another site',
      demand('load: 1×cpu2 + train: 2×2 H100 24h', {
        where: ['fra1', 'ams2'],
        ...loading,
        ...surviving('site', 2),
      }),
      ['data fra1/h1/r1/n01 500', 'data fra1/h1/r1/n02 500', 'data fra1/h1/r2/n01 1000'],
    ],
  ])('%s', (_, wish, held) => {
    const answer = planned(fleet, wish);
    const { placement } = answer.plan;
    expect(placement.spares?.length).toBeGreaterThan(0);
    expect(heldBy(placement)).toEqual(held);
    expect(faults(fleet, wish, placement)).toEqual([]);
    expect(commit(fleet, answer).decision.kind).toBe('contract-granted');
    const more = { fabric: 'data' as const, edge: placement.spares?.[0]?.node ?? c101, mbps: 500 };
    const bandwidth = [...(placement.bandwidth ?? []), more].toSorted((a, b) =>
      `${a.fabric} ${a.edge}` < `${b.fabric} ${b.edge}` ? -1 : 1,
    );
    expect(faults(fleet, wish, { ...placement, bandwidth: bandwidth.flatMap(pathed) })).toContain(
      'bandwidth',
    );
  });
});

function pathed(entry: { fabric: 'data' | 'wan' | 'rdma' | 'storage'; edge: string; mbps: number }) {
  const node = fleet.state.fleet.nodes.find(({ id }) => id === entry.edge);
  const edge =
    node?.id ??
    [...fleet.state.fleet.leafs.keys(), ...fleet.state.fleet.pools.keys()].find((id) => id === entry.edge);
  return edge === undefined ? [] : [{ ...entry, edge }];
}

describe('data and what is to survive the loss of a site', () => {
  const wish = demand('2×2 H100 24h', { dataset: 'corpus', ...surviving('site', 2) });

  test('no spare stands where the data is not', () => {
    const answer = ask(fleet, { ...wish, where: undefined });
    expect(answer).toMatchObject({ kind: 'refused', refusal: { kind: 'no-capacity' } });
  });

  test('the gang goes where the data is moved to, its spares where it is', () => {
    const { window } = wish;
    const later = { ...wish, window: { ...window, latestStartMs: t0 + 9 * hourMs } };
    const { placement } = planned(fleet, later).plan;
    expect(placement.transfers).toMatchObject([{ to: 'ams2', from: 'fra1/nvme' }]);
    expect(placement.spares?.every(({ node }) => node.startsWith('fra1/'))).toBe(true);
    expect(faults(fleet, later, placement)).toEqual([]);
  });
});

describe('flows of a part that may shrink', () => {
  const wide = demand('load: 1×cpu2 + train: 6×2 H100 24h', { where: ['fra1'], ...loading });
  const parts = wide.parts.map((part) => (part.name === 'train' ? { ...part, minCount: 1 } : part));
  const wish: Demand = { ...wide, guarantee: 'elastic', parts };

  test('are carried whole by the replicas that there are', () => {
    const answer = planned(fleet, wish);
    const { placement } = answer.plan;
    const train = placement.members.filter(({ part }) => part === 'train');
    expect(train.length).toBe(3);
    expect(heldBy(placement)).toEqual([
      'data fra1/h1/r1/n01 334',
      'data fra1/h1/r1/n02 334',
      'data fra1/h1/r2/n01 334',
      'data fra1/h1/r2/n02 1000',
    ]);
    expect(commit(fleet, answer).decision.kind).toBe('contract-granted');
  });

  test('and still are when it is extended in its place', () => {
    const before = take(fleet, wish);
    const after = change(before, c101, { end: { kind: 'at', atMs: t0 + 30 * hourMs } });
    expect(after.state.contracts.at(0)?.placement.endMs).toBe(t0 + 30 * hourMs);
  });

  test('a placement without any of its replicas is refused, not divided by', () => {
    const { placement } = planned(fleet, wish).plan;
    const members = placement.members.filter(({ part }) => part === 'load');
    expect(faults(fleet, wish, { ...placement, members })).toContain('gang');
  });
});

describe('what a change keeps of what runs before it', () => {
  const first = demand('1×1 H100 20h', {
    dataset: 'corpus',
    where: ['fra1'],
    flows: [{ ...reading.flows[0], mbps: 90_000 }],
  });
  const running = take(fleet, first);
  const window = { earliestStartMs: t0 + 10 * hourMs, durationS: 36_000 };
  const moved = change(running, c101, {
    demand: demand('1×1 H100', { dataset: 'corpus', where: ['ams2'], window }),
  });
  const pool = 'storage fra1/nvme';
  const until10 = { holder: 'C-101', startMs: t0, endMs: t0 + 10 * hourMs, mbps: 90_000 };

  test('a transfer that is no longer needed goes, the bandwidth beside it on the same pool stays', () => {
    expect(moved.state.bandwidth.get(pool)).toHaveLength(2);
    const after = change(
      moved,
      c101,
      { demand: demand('1×1 H100', { where: ['ams2'], window }) },
      { atMs: t0 + hourMs / 2 },
    );
    expect(after.state.bandwidth.get(pool)).toEqual([until10]);
    expect(after.state.bandwidth.has('wan fra1/wan')).toBe(false);
  });

  test('a transfer that goes on is held once', () => {
    const shorter = { end: { kind: 'at', atMs: t0 + 19 * hourMs } } as const;
    const after = change(moved, c101, shorter, { atMs: t0 + hourMs / 2 });
    expect(after.state.bandwidth.get(pool)).toHaveLength(2);
    expect(after.state.bandwidth.get('wan fra1/wan')).toHaveLength(1);
  });

  test('an import, and a node that goes and comes back, leave every edge as it was', () => {
    const seen = observe(moved, [], { source: 'hwloc' });
    expect(seen.state.bandwidth).toEqual(moved.state.bandwidth);
  });

  test('a release ends all of it', () => {
    const { world: after } = release(moved, c101, { atMs: t0 + 2 * hourMs });
    const open = [...after.state.bandwidth.values()].flat().filter(({ endMs }) => endMs > t0 + 2 * hourMs);
    expect(open).toEqual([]);
    const later = demand('1×1 H100 20h', {
      ...reading,
      flows: [{ from: 'dataset', to: 'train', mbps: 100_000 }],
      window: { earliestStartMs: t0 + 2 * hourMs, durationS: 3600 },
    });
    expect(planned(after, later, { atMs: t0 + 2 * hourMs }).plan.placement.startMs).toBe(t0 + 2 * hourMs);
  });
});

test('whoever was alone until a change took over is alone until then', () => {
  const place = { where: ['fra1/h1/r1/n01'] };
  const alone = take(fleet, demand('1×1 H100 10h', { isolation: 'node', ...place }));
  const window = { earliestStartMs: t0 + 5 * hourMs, durationS: 5 * 3600 };
  const open = change(alone, c101, { demand: demand('1×1 H100', { ...place, window }) });
  const wish = demand('1×1 H100 8h', { tenant: 'globex', ...place });
  expect(ask(open, wish).kind).toBe('refused');
  const late = planned(open, { ...wish, window: { ...window, durationS: 3600 } }).plan.placement;
  expect(faults(open, wish, { ...late, startMs: t0, endMs: t0 + 8 * hourMs })).toEqual(['isolation']);
});

test('a dataset that cannot arrive in time is a conflict with the window', () => {
  const wish = demand('1×1 H100 4h', { dataset: 'corpus', where: ['ams2'], avoid: ['fra1/h1/r1'] });
  const verdict = verdictAll(fleet.state, 'allowed');
  const starts = { earliestMs: t0, latestMs: t0, transferFromMs: t0 + hourMs };
  expect(conflictOf(fleet.state, verdict, { demand: wish, starts })).toEqual(['where', 'dataset', 'window']);
});

describe('an inventory that loses a node', () => {
  test('keeps what a changed contract held there for the day it returns', () => {
    const here = { where: ['fra1/h1/r1/n01'] };
    const before = take(fleet, demand('1×2 H100 10h', here));
    const after = change(
      before,
      c101,
      { end: { kind: 'at', atMs: t0 + 20 * hourMs } },
      { atMs: t0 + hourMs },
    );
    const { claims } = after.state;
    const gone01 = subjectKey('node', Path.parse('fra1/h1/r1/n01'));
    const gone = new Map([...claims].filter(([key]) => key !== gone01));
    const digest = after.archive.keepObservation({
      schema: 'berth/observation/1',
      source: 'hwloc',
      observedAtMs: t0,
      evidence: [],
      assumptions: [],
      facts: [],
      unknown: [],
    });
    const event = [{ kind: 'observation-recorded', observation: digest }] as const;
    const stamp = { ...(after.entries.at(-1)?.stamp ?? fail()), atMs: t0 + hourMs };
    const lost = applyAll({ ...after.state, claims: gone }, event, stamp, after.archive);
    expect(lost.calendar.flat()).toEqual([]);
    const longer = change(
      { ...after, state: lost },
      c101,
      { end: { kind: 'at', atMs: t0 + 30 * hourMs }, where: [Path.parse('fra1')] },
      { atMs: t0 + 2 * hourMs },
    );
    expect(longer.state.contracts.at(0)?.placement.members[0]?.node).not.toBe('fra1/h1/r1/n01');
    const back = applyAll({ ...longer.state, claims }, event, stamp, after.archive);
    const index = back.fleet.nodes.find(({ id }) => id === 'fra1/h1/r1/n01')?.index ?? never;
    expect(back.calendar[index]?.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [t0, t0 + hourMs],
      [t0 + hourMs, t0 + 2 * hourMs],
    ]);
  });
});

function fail(): never {
  throw new Error('nothing was entered');
}
