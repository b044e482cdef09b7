import { array, assert, constantFrom, integer, option, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { applyAll, emptyState, type State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import type { Placement } from '../../../src/model/placement.ts';
import { seed, type Step } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, world } from '../fleet.ts';
import { walk } from '../walk.ts';
import { withRdma } from './ask.ts';

const gbps = constantFrom(100, 100, 200, 400);
const data = (node: string, mbps: number) =>
  [`${node}/nic4`, { kind: 'ethernet', rdma: false, mbps }] as const;
const places = ['fra1/h1/r1', 'fra1/h1/r2', 'fra1/h2/r3', 'ams2/h1/a1'];

const inMbps = (of: number | null | undefined) =>
  (of ?? undefined) === undefined ? undefined : Number(of) * 1000;

const budget = (of: number | null) => (of === null ? {} : { uplinkMbps: of * 1000 });

/** Racks of two nodes with a leaf each, three in Frankfurt under two spines; the data lies in Frankfurt. */
const fleets = record({
  leafs: tuple(option(gbps, { freq: 8 }), gbps, gbps, gbps),
  spines: tuple(option(gbps, { freq: 8 }), gbps),
  nics: tuple(gbps, gbps, gbps, option(gbps, { freq: 8 })),
  wan: gbps,
  pool: gbps,
}).map(({ leafs, spines, nics, wan, pool }): readonly (string | Details)[] => {
  const leaf = (at: number, spine: string) => {
    const uplinkMbps = inMbps(leafs[at]);
    return { spine, ...(uplinkMbps === undefined ? {} : { uplinkMbps }) };
  };
  return [
    ...places.map((place) => `${place} 2×4 H100 nvlink rdma leaf numa2 cpu32`),
    {
      leafs: {
        'fra1/leaf-r1': leaf(0, 'fra1/s1'),
        'fra1/leaf-r2': leaf(1, 'fra1/s1'),
        'fra1/leaf-r3': leaf(2, 'fra1/s2'),
        'ams2/leaf-a1': leaf(3, 'ams2/s1'),
      },
      spines: { 'fra1/s1': budget(spines[0]), 'fra1/s2': budget(spines[1]) },
      nics: Object.fromEntries(
        places.flatMap((place, at) =>
          ['n01', 'n02'].map((node) => data(`${place}/${node}`, (nics[at] ?? 1) * 1000)),
        ),
      ),
      pools: { 'fra1/nvme': { mbps: pool * 1000, datasets: [{ id: 'corpus', sizeGib: 50_000 }] } },
      wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: wan * 1000 } },
    },
  ];
});

const window = tuple(
  integer({ min: 0, max: 3 }),
  option(integer({ min: 1, max: 6 }), { freq: 6 }),
  integer({ min: 0, max: 9 }),
).map(([earliest, hours, wait]) => ({
  window: {
    earliestStartMs: t0 + earliest * hourMs,
    latestStartMs: t0 + (earliest + wait) * hourMs,
    ...(hours === null ? {} : { durationS: hours * 3600 }),
  },
}));

const demands = record({
  text: constantFrom(
    'load: 2×cpu2 rdma apart:node + train: 2×1 H100 rdma apart:leaf',
    'load: 1×cpu4 + train: 2×2 H100 rdma apart:rack',
    'load: 1×cpu4 + train: 3×4 H100 rdma',
    'load: 3×cpu3 apart:node + train: 2×1 H100',
    'load: 1×cpu4 + train: 2×1 H100 rdma within:spine',
  ),
  uplink: constantFrom(0, 30, 70, 100),
  nicsPerGpu: constantFrom(1, 1, 1, 2),
  flow: constantFrom(0, 0, 25, 60, 90),
  data: constantFrom('', 'held', 'held', 'flows'),
  site: constantFrom('', 'ams2'),
  window,
}).map(({ text, uplink, nicsPerGpu, flow, data: dataset, site, window: when }) => {
  const flows = [
    ...(flow === 0 ? [] : [{ from: 'load', to: 'train', mbps: flow * 1000 + 1 }]),
    ...(dataset === 'flows' ? [{ from: 'dataset', to: 'train', mbps: 40_001 }] : []),
  ];
  const rdma = {
    ...(uplink === 0 ? {} : { uplinkMbps: uplink * 1000 }),
    ...(nicsPerGpu === 1 ? {} : { nicsPerGpu }),
  };
  const plain = withRdma(text, rdma, { ...when, flows, ...(dataset === '' ? {} : { dataset: 'corpus' }) });
  const parts = plain.parts.map(({ each, ...part }) =>
    each.gpus === undefined && each.rdma !== undefined
      ? { ...part, each: { ...each, rdma: {} } }
      : { ...part, each },
  );
  return demand(text, { ...plain, parts, ...(site === '' ? {} : { where: [site] }) });
});

const steps = array(
  tuple(integer({ min: 0, max: 5 }), demands, integer({ min: 0, max: 7 }), constantFrom(0, 0, 1, 3)).map(
    ([choice, asked, contract, waitH]): Step =>
      choice < 5 ? { kind: 'take', demand: asked, waitH } : { kind: 'release', contract, waitH },
  ),
  { minLength: 5, maxLength: 12 },
);

type Use = { readonly edge: string; readonly startMs: number; readonly endMs: number; readonly mbps: number };

/** What contracts use of every edge, read from their placements alone. */
function usesOf({ placement, releasedAtMs = Infinity }: Contract): readonly Use[] {
  const { startMs, endMs = Infinity, bandwidth = [], transfers = [] } = placement;
  return [
    ...bandwidth.map(({ fabric, edge, mbps }) => ({ edge: `${fabric} ${edge}`, startMs, endMs, mbps })),
    ...transfers.flatMap(({ from, wanLink, ...moved }) => [
      { ...moved, edge: `wan ${wanLink}` },
      { ...moved, edge: `storage ${from}` },
    ]),
  ].map((use) => ({ ...use, endMs: Math.min(use.endMs, releasedAtMs) }));
}

function carries({ fleet }: State, edge: string): number {
  const [fabric, path] = edge.split(' ');
  const [pick = {}] = [
    ...[...fleet.leafs, ...fleet.spines].flatMap(([id, facts]) =>
      fabric === 'rdma' && id === path ? [facts] : [],
    ),
    ...[...fleet.wanLinks, ...fleet.pools].flatMap(([id, facts]) =>
      fabric !== 'rdma' && id === path ? [facts] : [],
    ),
    ...fleet.nodes.flatMap(({ id, shape }) =>
      fabric === 'data' && id === path ? [{ mbps: shape.nics[4]?.mbps }] : [],
    ),
  ];
  return ('uplinkMbps' in pick ? pick.uplinkMbps : 'mbps' in pick ? pick.mbps : undefined) ?? -1;
}

/** Every edge and instant at which more is used than there is. */
function overuse(state: State): readonly string[] {
  const uses = [...state.contracts].flatMap(usesOf);
  return uses.flatMap(({ edge, startMs }) => {
    const used = uses
      .filter((other) => other.edge === edge && other.startMs <= startMs && startMs < other.endMs)
      .reduce((sum, { mbps }) => sum + mbps, 0);
    return used > carries(state, edge) ? [`${edge} at ${startMs}: ${used}`] : [];
  });
}

/** The same placement with something about its bandwidth wrong, each with what it is. */
function wrongs(placement: Placement): readonly (readonly [string, Placement])[] {
  const { bandwidth = [], transfers = [], ...bare } = placement;
  const withBandwidth = (held: typeof bandwidth): Placement => ({
    ...bare,
    bandwidth: held,
    ...(transfers.length === 0 ? {} : { transfers }),
  });
  return [
    ...bandwidth.flatMap((entry, at): (readonly [string, Placement])[] => [
      ['one less', withBandwidth(bandwidth.with(at, { ...entry, mbps: entry.mbps - 1 }))],
      ['one more', withBandwidth(bandwidth.with(at, { ...entry, mbps: entry.mbps + 1 }))],
      ['left out', withBandwidth(bandwidth.toSpliced(at, 1))],
      ['twice', withBandwidth(bandwidth.toSpliced(at, 0, entry))],
    ]),
    ...transfers.flatMap((entry, at): (readonly [string, Placement])[] => [
      ['not moved', { ...placement, transfers: transfers.toSpliced(at, 1) }],
      ['too slow', { ...placement, transfers: transfers.with(at, { ...entry, mbps: entry.mbps - 1 }) }],
      ['too short', { ...placement, transfers: transfers.with(at, { ...entry, endMs: entry.endMs - 1 }) }],
      ['too late', { ...placement, startMs: entry.endMs - 1 }],
    ]),
  ];
}

describe('whatever is taken and released', { timeout: 120_000 }, () => {
  test('no edge ever carries more than was recorded, and every wrong hold is seen', () => {
    const seen = { grants: 0, fabrics: new Map<string, number>(), transfers: 0, wrongs: 0 };
    assert(
      property(fleets, steps, (fleet, todo) => {
        const { world: end } = walk(world(...fleet), todo, (before, after) => {
          const contract = after.world.state.contracts.at(before.world.state.contracts.size);
          if (contract === undefined) return;
          const { state } = before.world;
          const audit = (held: Placement) =>
            check(state, contract.demand, verdictAll(state, 'allowed'), held);
          expect(audit(contract.placement)).toEqual([]);
          for (const [what, wrong] of wrongs(contract.placement)) {
            expect({ what, found: audit(wrong).length > 0 }).toEqual({ what, found: true });
            seen.wrongs++;
          }
          seen.grants++;
          seen.transfers += contract.placement.transfers?.length ?? 0;
          for (const { fabric } of contract.placement.bandwidth ?? [])
            seen.fabrics.set(fabric, (seen.fabrics.get(fabric) ?? 0) + 1);
        });
        expect(overuse(end.state)).toEqual([]);
        const replayed = end.entries.reduce(
          (state, { events, stamp }) => applyAll(state, events, stamp, end.archive),
          emptyState,
        );
        expect(replayed.bandwidth).toEqual(end.state.bandwidth);
      }),
      { seed, numRuns: 100 },
    );
    expect(seen.grants).toBeGreaterThan(200);
    expect(seen.transfers).toBeGreaterThan(5);
    for (const fabric of ['rdma', 'data', 'storage'])
      expect(seen.fabrics.get(fabric) ?? 0).toBeGreaterThan(20);
  });
});
