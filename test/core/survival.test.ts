import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { type Member, seatsOf } from '../../src/model/placement.ts';
import { ask, planned, take } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { demand } from './demand.ts';
import { fact } from './fleet-text.ts';
import { observe, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';
import { walk } from './walk.ts';

const fleet = world(
  'fra1/h1/r1 2×8 H100 cpu64 mem256',
  'fra1/h1/r2 2×8 H100 cpu64 mem256',
  'fra1/h2/r3 1×8 H100 cpu64 mem256',
);
const surviving = (text: string, loss: string, membersLeft: number) =>
  demand(text, { survive: { loss, membersLeft } });

/** How many replicas of any part, and then spares, stand on each node; the binding where there is no room. */
function spread(on: World, wish: ReturnType<typeof demand>): string {
  const answer = ask(on, wish);
  if (answer.kind === 'refused')
    return answer.refusal.kind === 'no-capacity'
      ? `no: ${answer.refusal.nearest?.replicasFit} ${answer.refusal.nearest?.binding}`
      : answer.refusal.kind;
  const { members, spares = [] } = answer.plan.placement;
  expect(check(on.state, wish, verdictAll(on.state, 'allowed'), answer.plan.placement)).toEqual([]);
  return [nodesOf(members), ...(spares.length === 0 ? [] : [nodesOf(spares)])].join(' + ');
}

function nodesOf(members: readonly Member[]): string {
  const nodes = Map.groupBy(members, ({ node }) => node.replace('fra1/', '').replaceAll(/[hn0]/g, ''));
  return [...nodes]
    .map(([node, own]) => `${node}×${own.length}`)
    .toSorted()
    .join(' ');
}

describe('a gang that survives a loss', () => {
  test.each([
    ['4×2 H100', 'node', 2, '1/r1/1×2 1/r1/2×2'],
    ['4×2 H100', 'node', 3, '1/r1/1×1 1/r1/2×1 1/r2/1×1 1/r2/2×1'],
    ['4×2 H100', 'rack', 2, '1/r1/1×2 1/r2/1×2'],
    ['4×2 H100', 'rack', 3, '1/r1/1×2 1/r2/1×2 + 2/r3/1×1'],
    ['4×2 H100', 'rack', 4, '1/r1/1×2 1/r2/1×2 + 2/r3/1×2'],
    ['4×2 H100', 'node', 4, '1/r1/1×1 1/r1/2×1 1/r2/1×1 1/r2/2×1 + 2/r3/1×1'],
    ['4×2 H100', 'node', 5, 'demand-impossible'],
    ['4×2 H100 + load: 9×cpu4', 'node', 5, 'demand-impossible'],
    ['load: 4×cpu4', 'site', 5, 'demand-impossible'],
    ['1×2 H100', 'node', 1, '1/r1/1×1 + 1/r1/2×1'],
    ['5×8 H100', 'node', 4, '1/r1/1×1 1/r1/2×1 1/r2/1×1 1/r2/2×1 2/r3/1×1'],
    ['5×8 H100', 'rack', 3, '1/r1/1×1 1/r1/2×1 1/r2/1×1 1/r2/2×1 2/r3/1×1'],
    ['6×8 H100', 'rack', 3, 'no: 5 inventory'],
    ['2×2 H100 + eval: 2×1 H100', 'rack', 2, '1/r1/1×2 1/r2/1×2'],
    ['2×2 H100 + load: 4×cpu4', 'node', 1, '1/r1/1×5 1/r1/2×1'],
    ['load: 4×cpu4', 'node', 3, '1/r1/1×1 1/r1/2×1 1/r2/1×1 1/r2/2×1'],
    ['4×2 H100 together:rack', 'node', 2, '1/r1/1×2 1/r1/2×2'],
    ['4×2 H100 together:rack', 'rack', 2, 'no: 2 topology'],
  ])('%s, after the loss of any %s %i left: %s', (text, loss, membersLeft, expected) => {
    expect(spread(fleet, surviving(text, loss, membersLeft))).toBe(expected);
  });

  test('needs to know the racks it could lose', () => {
    const loose = observe(world('fra1/h1/r1 1×1 H100'), [
      fact('node', 'edge/n01', { gpuModel: 'H100', gpuCount: 8 }),
    ]);
    expect(spread(loose, { ...surviving('2×1 H100', 'rack', 1), where: fleetOf(loose, 'edge') })).toBe(
      'fact-missing',
    );
  });

  test('says how it is kept, and that no spare is reserved', () => {
    const { terms } = planned(fleet, surviving('4×2 H100 24h', 'rack', 1)).plan;
    expect(terms.find(({ kind }) => kind === 'survival')).toMatchObject({
      promise: 'by spreading: the loss of any one rack leaves at least 1 of 4 replicas, asked for 1',
      heldAs: 'at most 3 replicas on one rack; no spare is reserved',
      strength: 'guaranteed',
    });
  });
});

function fleetOf({ state }: World, site: string) {
  return state.fleet.sites.flatMap(({ id }) => (id === site ? [id] : []));
}

describe('the auditor', () => {
  const two = placement(
    undefined,
    'train 0 fra1/h1/r1/n01 gpu0-1 cpu16 mem64',
    'train 1 fra1/h1/r1/n02 gpu0-1 cpu16 mem64',
  );
  const rules = verdictAll(fleet.state, 'allowed');
  test.each([
    ['node', 1, []],
    [
      'node',
      2,
      [
        'survive: the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
    ['rack', 1, ['survive: the loss of rack fra1/h1/r1 leaves 0 replicas, asked for 1']],
  ] as const)('takes each %s away and counts to %i', (loss, membersLeft, expected) => {
    const found = check(fleet.state, surviving('2×2 H100', loss, membersLeft), rules, two);
    expect(found.map(({ constraint, note }) => `${constraint}: ${note}`)).toEqual(expected);
  });
});

test('whatever is lost, what was asked for is left, also beside others', { timeout: 60_000 }, () => {
  let survivors = 0;
  assert(
    property(
      fleets,
      steps,
      constantFrom('node', 'rack'),
      tuple(integer({ min: 2, max: 5 }), integer({ min: 1, max: 4 })),
      (drawn, todo, loss, [count, membersLeft]) => {
        const { world: now, atMs } = walk(world(...drawn), todo);
        const wish = surviving(`${count}×1 1h`, loss, membersLeft);
        const later = { ...wish, window: { ...wish.window, earliestStartMs: atMs } };
        const answer = ask(now, later, { atMs });
        if (answer.kind === 'refused') return;
        survivors++;
        const places = seatsOf(answer.plan.placement).map(({ node }) =>
          loss === 'node' ? node : node.slice(0, node.lastIndexOf('/')),
        );
        for (const lost of places)
          expect(places.filter((place) => place !== lost).length).toBeGreaterThanOrEqual(membersLeft);
      },
    ),
    { seed, numRuns: 150 },
  );
  expect(survivors).toBeGreaterThan(20);
});

test('a gang that leaves too few on a node that is busy elsewhere is spread further', () => {
  const busy = take(fleet, demand('1×7 H100 24h', { where: ['fra1/h1/r1/n01'], tenant: 'globex' }));
  expect(spread(busy, { ...surviving('4×2 H100 1h', 'node', 2), where: [...fleetOf(busy, 'fra1')] })).toBe(
    '1/r2/1×2 1/r2/2×2',
  );
});
