import { assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';

import { candidatesAt } from '../../../src/core/index/candidates.ts';
import { domainsKnown } from '../../../src/core/index/domains.ts';
import { fitOf } from '../../../src/core/index/fits.ts';
import { byKind, kindsOf } from '../../../src/core/index/kinds.ts';
import { partitionOf } from '../../../src/core/index/partition.ts';
import { racksOf } from '../../../src/core/index/racks.ts';
import { Bench } from '../../../src/core/place/bench.ts';
import { closestFirst } from '../../../src/core/place/domain.ts';
import { layoutOf, limitsOn } from '../../../src/core/place/layout.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { combinations } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarsOf, spans } from './holds.ts';

/** Leafs across racks, racks that feed fewer nodes than they have, and equal nodes of which one has a GPU down. */
const { state } = world(
  'fra1/h1/r1 4×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 4×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h2/r3 3×4 L40S nolink nordma cpu32 mem128 gpuw300 basew400',
  {
    racks: { 'fra1/h1/r2': { feedLimitW: { A: 15_000, B: 15_000 } }, 'fra1/h2/r3': { coolingLimitW: 1500 } },
    gpus: { 'fra1/h1/r1/n02/gpu3': { health: 'down' } },
  },
);
const { fleet } = state;
const [site] = fleet.sites;
const levels = closestFirst.filter((level) => level !== 'spine');
const texts = ['1×8 H100', '3×2 H100', '2×4 H100 apart:node', '1×1', '4×4 L40S', '1×cpu8 mem8'] as const;

test('no place holds more replicas than it is said to hold at most', () => {
  let full = 0;
  assert(
    property(
      calendarsOf(state),
      spans,
      constantFrom(...texts),
      constantFrom(...levels),
      (calendar, span, text, level) => {
        const asked = demand(text);
        const rooms = new Rooms({ ...state, calendar }, span);
        const domains = domainsKnown('site', level, site?.nodes ?? []);
        for (const [want] of combinations(asked, fleet.models)) {
          if (want === undefined || site === undefined) throw new Error('a want at a site');
          const candidates = candidatesAt(fleet, site, want, { demand: asked });
          const fit = fitOf(rooms, asked, want, candidates);
          const { fits, most } = fit.on(domains);
          expect(most).toBe(Math.max(0, ...fits));
          for (const [at, { nodes }] of domains.entries()) {
            expect(fits[at]).toBe(fit.in(nodes));
            const bench = new Bench(rooms, asked);
            let put = 0;
            for (const node of nodes.filter((one) => candidates.has(one)))
              while (put < 99 && bench.put(node, want, put) !== undefined) {
                put++;
                if (want.part.apart !== undefined) break;
              }
            expect(fits[at]).toBeGreaterThanOrEqual(put);
            if (put > 0 && put === fits[at]) full++;
          }
        }
      },
    ),
    { seed, numRuns: 120 },
  );
  expect(full).toBeGreaterThan(150);
});

test('a rack that feeds fewer replicas than it has nodes is said to hold those, and so is what contains it', () => {
  const asked = demand('1×8 H100');
  const [[want] = []] = combinations(asked, ['H100']);
  if (want === undefined || site === undefined) throw new Error('a want at a site');
  const fit = fitOf(
    new Rooms(state, { startMs: 0, endMs: 1 }),
    asked,
    want,
    candidatesAt(fleet, site, want, { demand: asked }),
  );
  const said = (level: 'node' | 'rack' | 'hall' | 'site') => [
    ...fit.on(domainsKnown('site', level, site.nodes)).fits,
  ];
  expect(said('node')).toEqual([1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
  expect(said('rack')).toEqual([3, 2, 0]);
  expect(said('hall')).toEqual([5, 0]);
  expect(said('site')).toEqual([5]);
});

test('a rack of one node counts for no more than it can cool, in what contains it too', () => {
  const lone = world('fra1/h1/r1 1×8 H100 gpuw700 basew1000', 'fra1/h1/r2 1×8 H100 gpuw700 basew1000', {
    racks: { 'fra1/h1/r1': { coolingLimitW: 5000 } },
  }).state;
  const asked = demand('4×4 H100');
  const [[want] = []] = combinations(asked, ['H100']);
  const [home] = lone.fleet.sites;
  if (want === undefined || home === undefined) throw new Error('a want at a site');
  const candidates = candidatesAt(lone.fleet, home, want, { demand: asked });
  const fit = fitOf(new Rooms(lone, { startMs: 0, endMs: 1 }), asked, want, candidates);
  // Four GPUs draw 2800 W and half of 1000 W: the rack carries one replica of the two that the node has GPUs for.
  expect([...fit.on(domainsKnown('site', 'hall', home.nodes)).fits]).toEqual([3]);
  expect(fit.in(home.nodes)).toBe(3);
});

test.each(levels)('by its number every node finds its own domain: %s', (level) => {
  const domains = domainsKnown('site', level, fleet.nodes);
  const { of } = partitionOf(domains);
  for (const node of fleet.nodes) {
    const home = domains.find(({ nodes }) => nodes.includes(node));
    expect(domains[of[node.index] ?? -1]).toBe(home);
  }
});

test('racks are numbered, with the small limits that all of their nodes draw on', () => {
  const { all, of } = racksOf(fleet);
  for (const node of fleet.nodes) {
    const rack = all[of[node.index] ?? -1];
    expect(rack?.id).toBe(node.rack);
    const shared = limitsOn(layoutOf(fleet), node).filter((limit) =>
      rack?.nodes.every((other) => limit.nodes.includes(other)),
    );
    expect(rack?.limits).toEqual(shared);
  }
});

test('what is asked once for a kind is true of every node of it', () => {
  let asked = 0;
  const gpusOn = byKind(fleet, (node) => {
    asked++;
    return `${node.shape.gpus.length} ${node.downMask}`;
  });
  for (const node of [...fleet.nodes, ...fleet.nodes])
    expect(gpusOn(node)).toBe(`${node.shape.gpus.length} ${node.downMask}`);
  expect(asked).toBe(kindsOf(fleet).examples.length);
  expect(asked).toBeLessThan(fleet.nodes.length);
});
