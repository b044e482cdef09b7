import { assert, constantFrom, integer, option, property, record, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';

import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { solve } from '../../../src/core/place/solve.ts';
import type { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { type Details, t0, verdictAll, type World, world } from '../fleet.ts';
import { withRdma } from './ask.ts';

const racks = uniqueArray(constantFrom('fra1/h1/r1', 'fra1/h1/r2', 'fra1/h2/r3', 'fra1/h2/r4'), {
  minLength: 2,
  maxLength: 4,
}).chain((places) =>
  tuple(
    ...places.map((place) =>
      record({
        place: constantFrom(place),
        nodes: integer({ min: 1, max: 2 }),
        gpus: constantFrom(2, 4, 4),
        leaf: constantFrom('own', 'own', 'own', 'own', 'own', 'shared', 'none'),
        uplinkMbps: option(constantFrom(0, 5, 8, 8, 8), { freq: 9 }),
        spine: constantFrom('fra1/s1', 'fra1/s1', 'fra1/s1', 'fra1/s2', undefined),
      }),
    ),
  ),
);
const spines = record({ s1: option(constantFrom(3, 8)), s2: option(constantFrom(3, 8)) });
const asked = record({
  count: integer({ min: 2, max: 6 }),
  gpus: constantFrom(1, 2, 2, 2, 3, 4),
  uplinkMbps: constantFrom(3, 5, 8),
  kept: constantFrom(
    '',
    '',
    '',
    'together:hall',
    'together:leaf',
    'apart:node',
    'apart:rack',
    'within:hall',
    'within:spine',
  ),
});

type Rack = Readonly<Record<'place' | 'leaf', string>> & {
  readonly nodes: number;
  readonly gpus: number;
  readonly uplinkMbps: number | null;
  readonly spine: string | undefined;
};

const uplinkOf = (uplinkMbps: number | null) => (uplinkMbps === null ? {} : { uplinkMbps });

function fleetOf(lines: readonly Rack[], { s1, s2 }: { s1: number | null; s2: number | null }): World {
  const leafId = ({ place, leaf }: Rack) => (leaf === 'own' ? `fra1/l-${place.slice(-2)}` : 'fra1/l-shared');
  const hung = lines.filter(({ leaf }) => leaf !== 'none');
  const details: Details = {
    nodes: Object.fromEntries(
      hung.flatMap((line) =>
        Array.from({ length: line.nodes }, (_, at) => [`${line.place}/n0${at + 1}`, { leaf: leafId(line) }]),
      ),
    ),
    leafs: Object.fromEntries(
      hung.map((line) => [
        leafId(line),
        { ...uplinkOf(line.uplinkMbps), ...(line.spine === undefined ? {} : { spine: line.spine }) },
      ]),
    ),
    spines: { 'fra1/s1': uplinkOf(s1), 'fra1/s2': uplinkOf(s2) },
  };
  const words = lines.map(({ place, nodes, gpus }) => `${place} ${nodes}×${gpus} H100 nvlink rdma`);
  return world(...words, details);
}

/** Every way to share out `count` replicas, as replicas by node. */
function* sharings(nodes: readonly FleetNode[], count: number, gpus: number): Generator<readonly number[]> {
  const [first, ...rest] = nodes;
  if (first === undefined) {
    if (count === 0) yield [];
    return;
  }
  const most = Math.min(count, Math.floor(first.shape.gpus.length / gpus));
  for (let here = 0; here <= most; here++)
    for (const others of sharings(rest, count - here, gpus)) yield [here, ...others];
}

/** The leafs of a sharing that may be granted; nothing when it may not. */
function leafCount(
  { state: { fleet } }: World,
  used: readonly FleetNode[],
  replicas: readonly number[],
  { kept, uplinkMbps }: { readonly kept: string; readonly uplinkMbps: number },
): number | undefined {
  const [word = '', level = ''] = kept.split(':');
  const placeOf = (node: FleetNode) =>
    level === 'node'
      ? node.id
      : { hall: node.hall, rack: node.rack, leaf: node.leaf, spine: node.spine }[level];
  const places = used.map(placeOf);
  if (word !== '' && places.includes(undefined)) return undefined;
  if ((word === 'together' || word === 'within') && new Set(places).size > 1) return undefined;
  if (word === 'apart' && (new Set(places).size < places.length || replicas.some((count) => count > 1)))
    return undefined;
  if (used.length === 1) return 1;
  const leafs = new Set(used.map(({ leaf }) => leaf));
  if (leafs.has(undefined)) return undefined;
  if (leafs.size === 1) return 1;
  const known = [...leafs].flatMap((leaf): Path[] => (leaf === undefined ? [] : [leaf]));
  const above = new Set(known.map((leaf) => fleet.leafs.get(leaf)?.spine));
  if (above.size > 1 && above.has(undefined)) return undefined;
  const edges = [
    ...known.map((leaf) => fleet.leafs.get(leaf)?.uplinkMbps),
    ...(above.size > 1
      ? [...above].map((spine) => (spine === undefined ? undefined : fleet.spines.get(spine)?.uplinkMbps))
      : []),
  ];
  return edges.every((mbps) => (mbps ?? -1) >= uplinkMbps) ? leafs.size : undefined;
}

test(
  'a budget is refused only where no placement has it, and granted on the fewest leafs there are',
  { timeout: 60_000 },
  () => {
    const seen = { granted: 0, several: 0, refused: 0, byUplink: 0 };
    assert(
      property(racks, spines, asked, (lines, above, wish) => {
        const fleet = fleetOf(lines, above);
        const { nodes } = fleet.state.fleet;
        const countsFor = (uplinkMbps: number) =>
          [...sharings(nodes, wish.count, wish.gpus)].flatMap((replicas) => {
            const used = nodes.filter((_, at) => (replicas[at] ?? 0) > 0);
            return leafCount(fleet, used, replicas, { ...wish, uplinkMbps }) ?? [];
          });
        const found = countsFor(wish.uplinkMbps);
        const text = `${wish.count}×${wish.gpus} H100 rdma ${wish.kept}`.trim();
        const asking = {
          demand: withRdma(text, { uplinkMbps: wish.uplinkMbps }),
          starts: { earliestMs: t0, latestMs: t0 },
          isTrial: true,
        };
        const verdict = verdictAll(fleet.state, 'allowed');
        const answer = solve(fleet.state, verdict, asking);
        expect(answer).toEqual(solve(fleet.state, verdict, { ...asking, isPlain: true }));
        expect(answer.kind).toBe(found.length > 0 ? 'solved' : 'unsolved');
        if (answer.kind === 'unsolved') {
          seen.refused++;
          if (countsFor(-1).length > 0) seen.byUplink++;
          return;
        }
        const used = new Set(answer.best.members.map(({ node }) => node));
        const leafs = new Set(nodes.filter(({ id }) => used.has(id)).map(({ leaf }) => leaf));
        expect(used.size === 1 ? 1 : leafs.size).toBe(Math.min(...found));
        seen.granted++;
        if (leafs.size > 1) seen.several++;
      }),
      { seed, numRuns: 2000 },
    );
    expect(seen.granted).toBeGreaterThan(500);
    expect(seen.several).toBeGreaterThan(60);
    expect(seen.refused).toBeGreaterThan(100);
    expect(seen.byUplink).toBeGreaterThan(20);
  },
);
