import { type Arbitrary, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { FleetNode } from '../../src/core/inventory/fleet.ts';
import type { State } from '../../src/core/state.ts';
import type { Demand, Part } from '../../src/model/demand.ts';
import type { Member, Placement } from '../../src/model/placement.ts';
import { ask } from './acts.ts';
import { seed, steps } from './arbitrary.ts';
import { demand } from './demand.ts';
import { t0, verdictAll, world } from './fleet.ts';
import { walk } from './walk.ts';

const words = (...choices: readonly string[]) => constantFrom(...choices);
const spoken = (parts: readonly string[]) => parts.filter((word) => word !== '').join(' ');

const rack = (place: string) =>
  tuple(
    words(`${place} 1×2`, `${place} 2×2`, `${place} 1×4`),
    words('H100', 'A100'),
    words('nvlink', 'nvlink island2', ''),
    words('rdma', ''),
    words('cpu8 mem32', 'cpu4 mem32', ''),
    words('gpuw700 basew800', ''),
    words('leaf', ''),
    words('numa2 disk9', 'numa2 roots2', ''),
  ).map(spoken);
const carries = integer({ min: 1000, max: 4000 }).map((powerW) => ({
  racks: { 'fra1/h1/r1': { coolingLimitW: powerW, loop: 'fra1/cdu' } },
  halls: { 'fra1/h2': { powerBudgetW: 5000 - powerW } },
  sites: { fra1: { powerBudgetW: 6000 - powerW } },
}));
const onePart = tuple(
  words('1×1', '2×1', '1×2', '2×2', '1×4', '3×1'),
  words('H100', 'H100|A100', ''),
  words('', '', 'link'),
  words('', '', 'rdma'),
  words('', '', 'cpu2 mem4'),
  words('', '', 'within:rack', 'apart:node', 'apart:rack', 'within:node'),
  words('', '', 'together:rack', 'together:leaf', 'together:hall'),
).map(spoken);
const extras = constantFrom(
  {},
  { isolation: 'rack' },
  { isolation: 'site' },
  { powerCapW: 1500 },
  { powerCapW: 2500 },
  { survive: { loss: 'node', membersLeft: 1 } },
  { survive: { loss: 'rack', membersLeft: 1 } },
);
const secondPart = words('+ load: 1×cpu3 mem4', '+ eval: 1×1 within:rack');

/** Asks small, busy fleets, and counts the refusals and those of them that were wrong. */
function tried(wishes: Arbitrary<Demand>, numRuns: number): { refused: number; wrong: number } {
  const counted = { refused: 0, wrong: 0 };
  assert(
    property(
      rack('fra1/h1/r1'),
      rack('fra1/h2/r2'),
      carries,
      steps,
      wishes,
      (one, two, limit, todo, wish) => {
        const early = todo.slice(0, 4).map((step) => ({ ...step, waitH: 0 }));
        const { world: now } = walk(world(one, two, limit), early);
        if (ask(now, wish).kind === 'planned') return;
        counted.refused++;
        if (firstThatPasses(now.state, wish) !== undefined) counted.wrong++;
      },
    ),
    { seed, numRuns },
  );
  return counted;
}

/**
 * Every placement that there is can be tried on fleets as small as these, with the auditor as the judge. The
 * planner is greedy, because it must be fast on large ones.
 */
describe('when the planner finds no room on a small fleet', { timeout: 60_000 }, () => {
  test('no placement whatever of one part would pass the auditor', () => {
    const { refused, wrong } = tried(
      onePart.map((text) => demand(text)),
      150,
    );
    expect(refused).toBeGreaterThan(60);
    expect(wrong).toBe(0);
  });

  test('no placement of one part that is aligned, capped, spread or alone would pass the auditor', () => {
    const wishes = tuple(onePart, words('', 'align:numa', 'align:pcie-root', 'disk5'), extras).map(
      ([text, word, extra]) => demand(spoken([text, word]), extra),
    );
    const { refused, wrong } = tried(wishes, 150);
    expect(refused).toBeGreaterThan(60);
    expect(wrong).toBe(0);
  });

  test('at most one refusal of two parts in a hundred is wrong: GPUs that were put down first took its cores', () => {
    const wishes = tuple(onePart, secondPart).map((text) => demand(spoken(text)));
    const { refused, wrong } = tried(wishes, 150);
    expect(refused).toBeGreaterThan(60);
    expect(wrong * 100).toBeLessThanOrEqual(refused);
  });
});

function firstThatPasses(state: State, wish: Demand): Placement | undefined {
  const verdict = verdictAll(state, 'allowed');
  for (const members of gangs(state.fleet.nodes, replicasOf(wish))) {
    const placement = { startMs: t0, members };
    if (check(state, wish, verdict, placement).length === 0) return placement;
  }
  return undefined;
}

type Replica = { readonly part: Part; readonly replica: number };

function replicasOf({ parts }: Demand): Replica[] {
  return parts.flatMap((part) =>
    Array.from({ length: part.count }, (_, replica): Replica => ({ part, replica })),
  );
}

/** Every way to give each replica some node and as many of its GPUs as it needs. */
function* gangs(
  nodes: readonly FleetNode[],
  [first, ...rest]: readonly Replica[],
  placed: readonly Member[] = [],
): Generator<Member[]> {
  if (first === undefined) {
    yield [...placed];
    return;
  }
  for (const node of nodes)
    for (const gpus of subsets(node.shape.gpus.length, first.part.each.gpus?.count ?? 0)) {
      const clash = placed.some(
        (other) => other.node === node.id && other.gpus.some((gpu) => gpus.includes(gpu)),
      );
      if (!clash) yield* gangs(nodes, rest, [...placed, memberOn(node, first, gpus)]);
    }
}

function* subsets(size: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) yield [];
  else
    for (let first = from; first <= size - count; first++)
      for (const more of subsets(size, count - 1, first + 1)) yield [first, ...more];
}

function memberOn({ id, shape }: FleetNode, { part, replica }: Replica, gpus: number[]): Member {
  const share = (total = 0) => Math.floor((total * gpus.length) / Math.max(1, shape.gpus.length));
  const cpuMilli = part.each.cpuMilli ?? share(shape.cpuMilli);
  const base = shape.basePowerW ?? 0;
  const fraction = Math.max(
    gpus.length / Math.max(1, shape.gpus.length),
    shape.cpuMilli === undefined ? 0 : cpuMilli / shape.cpuMilli,
  );
  const rails = gpus.flatMap((gpu) => shape.railOf[gpu] ?? []);
  return {
    part: part.name,
    replica,
    node: id,
    gpus,
    nics: part.each.rdma === undefined ? [] : [...new Set(rails)].toSorted((a, b) => a - b),
    cpuMilli,
    memoryMib: part.each.memoryMib ?? share(shape.memoryMib),
    ...(part.each.storageGib === undefined ? {} : { storageGib: part.each.storageGib }),
    powerW: gpus.length * (shape.gpuPowerW ?? 0) + Math.ceil(base * fraction),
  };
}
