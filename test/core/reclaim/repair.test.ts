import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { isMovable, type Rest, restOf } from '../../../src/core/reclaim/movable.ts';
import { mayStand, placedAs, standing } from '../../../src/core/reclaim/relocate.ts';
import { type Repair, repairFor } from '../../../src/core/reclaim/repair.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Member } from '../../../src/model/placement.ts';
import { ask } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

function repaired({ state }: World, wish: Demand, atMs = t0): Repair | undefined {
  return repairFor(state, verdictAll(state, 'allowed'), {
    demand: wish,
    startMs: wish.window.earliestStartMs,
    atMs,
  });
}

/** `C-101 to r1/n02 gpu4-7`. */
function inWords(repair: Repair | undefined): readonly string[] {
  return (repair?.moves ?? []).map(({ contract, seats }) =>
    [contract, ...seats.map(({ node, gpus }) => `${node.slice(-6)} ${gpus.join('')}`)].join(' '),
  );
}

/** Contracts in lines: `n01 gpu0-3 preemptible`, and what their demand says besides. */
function holding(fleet: World, ...lines: readonly (string | readonly [string, object])[]): World {
  return lines.reduce((before: World, line) => {
    const [text, more] = typeof line === 'string' ? [line, {}] : line;
    const [node = '', gpus = '', guarantee = 'preemptible'] = text.split(' ');
    const held = placement(24, `train 0 fra1/h1/r1/${node} ${gpus}`);
    const count = held.members[0]?.gpus.length ?? 0;
    return granted(before, demand(`1×${count} H100 24h`, { tenant: 'globex', guarantee, ...more }), held);
  }, fleet);
}

describe('moves that make room', () => {
  const two = world('fra1/h1/r1 2×4 H100');
  const wish = demand('1×4 H100 1h');

  test('one contract goes where it still fits, and the demand gets a whole node', () => {
    const now = holding(two, 'n01 gpu0-1', 'n02 gpu0-1 reserved');
    expect(inWords(repaired(now, wish))).toEqual(['C-101 r1/n02 23']);
    expect(repaired(now, wish)?.best.members.map(({ node }) => node)).toEqual(['fra1/h1/r1/n01']);
  });

  test('fewer moves before more, then the smaller contract', () => {
    const three = world('fra1/h1/r1 3×4 H100');
    const now = holding(three, 'n01 gpu0', 'n01 gpu1', 'n02 gpu0-1', 'n03 gpu0 reserved');
    expect(inWords(repaired(now, wish))).toEqual(['C-103 r1/n01 23']);
    const small = holding(three, 'n01 gpu0-1', 'n02 gpu0', 'n03 gpu0 reserved');
    expect(inWords(repaired(small, wish))).toHaveLength(1);
    expect(inWords(repaired(small, wish))[0]).toMatch(/^C-102/);
  });

  test('three at most', () => {
    const fleet = world('fra1/h1/r1 1×4 H100', 'fra1/h1/r1 1×8 H100');
    const singles = ['n01 gpu0', 'n01 gpu1', 'n01 gpu2', 'n01 gpu3'];
    const rest = 'n02 gpu0-3 reserved';
    expect(
      inWords(
        repaired(
          holding(fleet, ...singles.slice(0, 3), rest),
          demand('1×4 H100 1h', { where: ['fra1/h1/r1/n01'] }),
        ),
      ),
    ).toHaveLength(3);
    expect(
      repaired(holding(fleet, ...singles, rest), demand('1×4 H100 1h', { where: ['fra1/h1/r1/n01'] })),
    ).toBeUndefined();
  });

  test.each([
    ['a running one that is reserved', 'n01 gpu0-1 reserved'],
    ['one that is bound to its node', ['n01 gpu0-1', { where: ['fra1/h1/r1/n01'] }]],
    ['one whose tenant would not be alone', ['n01 gpu0-1', { isolation: 'node' }]],
  ] as const)('not of %s', (_, line) => {
    expect(repaired(holding(two, line, ['n02 gpu0-1 reserved', { tenant: 'acme' }]), wish)).toBeUndefined();
  });

  test('a reserved contract moves as long as it has not begun, and never to a dearer place', () => {
    const later = { window: { earliestStartMs: t0 + hourMs, durationS: 23 * 3600 } };
    const held = { ...placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1'), startMs: t0 + hourMs };
    const future = granted(two, demand('1×2 H100', { tenant: 'globex', ...later }), held);
    const now = holding(future, 'n02 gpu0-1 reserved');
    const night = demand('1×4 H100', later);
    expect(inWords(repaired(now, night))).toEqual(['C-101 r1/n02 23']);
    expect(repaired(now, night, t0 + hourMs)).toBeUndefined();
  });

  test('stand in a refusal, with words and where everybody goes', () => {
    const now = holding(two, 'n01 gpu0-1', 'n02 gpu0-1 reserved');
    const answer = ask(now, wish);
    const offers =
      answer.kind === 'refused' && answer.refusal.kind === 'no-capacity' ? answer.refusal.relaxations : [];
    expect(offers.find(({ moves }) => moves !== undefined)).toMatchObject({
      change: 'after moving C-101 to fra1/h1/r1/n02',
      startMs: t0,
      moves: [{ contract: 'C-101', members: [{ node: 'fra1/h1/r1/n02', gpus: [2, 3] }] }],
    });
  });
});

const sizes = constantFrom(1, 1, 1, 2);
const tinyFleet = constantFrom(
  'fra1/h1/r1 2×4 H100',
  'fra1/h1/r1 3×3 H100',
  'fra1/h1/r1 2×4 H100 nvlink island2',
);
const holders = tuple(
  ...Array.from({ length: 6 }, () =>
    tuple(
      integer({ min: 0, max: 2 }),
      integer({ min: 0, max: 3 }),
      sizes,
      constantFrom('preemptible', 'preemptible', 'reserved'),
    ),
  ),
);
const wishes = constantFrom(
  '1×3 H100 1h',
  '1×4 H100 1h',
  '2×2 H100 1h',
  '2×3 H100 1h',
  '2×2 H100 apart:node 1h',
);

type Line = readonly [node: number, from: number, count: number, guarantee: string];

/** One more holder, if the GPUs named are there and free. */
function placedWhereFree(now: World, [at, from, count, guarantee]: Line): World {
  const node = now.state.fleet.nodes[at];
  if (node === undefined || from + count > node.shape.gpus.length) return now;
  const mask = ((1 << count) - 1) << from;
  if ((now.state.calendar[node.index] ?? []).some(({ gpus }) => (gpus & mask) !== 0)) return now;
  const held = placement(24, `train 0 ${node.id} gpu${from}-${from + count - 1}`);
  return granted(now, demand(`1×${count} H100 24h`, { tenant: 'globex', guarantee }), held);
}

describe('on tiny fleets', { timeout: 120_000 }, () => {
  test('as few moves as any one or two moves need, each one audited as things stand by then', () => {
    const counted = [0, 0, 0, 0];
    assert(
      property(tinyFleet, holders, wishes, (fleet, lines, text) => {
        const now = lines.reduce(placedWhereFree, world(fleet));
        const wish = demand(text);
        if (ask(now, wish).kind === 'planned') return;
        const found = repaired(now, wish);
        const count = found?.moves.length ?? 0;
        counted[count] = (counted[count] ?? 0) + 1;
        if (found !== undefined) walked(now.state, wish, found);
        const fewest = fewestMoves(now.state, wish);
        expect(count === 3 ? undefined : found?.moves.length).toBe(fewest);
      }),
      { seed, numRuns: 120 },
    );
    expect(counted[0]).toBeGreaterThan(10);
    expect(counted[1]).toBeGreaterThan(10);
    expect(counted[2]).toBeGreaterThan(2);
  });
});

/** Makes the moves one by one, and then grants the demand. */
function walked(before: State, wish: Demand, { moves, best }: Repair): void {
  let now = before;
  for (const { rest, seats } of moves) {
    expect(isMovable(rest.contract, t0)).toBe(true);
    const freed = givenUp(now, [rest.contract], rest.placement.startMs);
    expect(check(freed, rest.demand, rest.verdict, placedAs(freed, rest, seats))).toEqual([]);
    now = standing(now, rest, seats);
  }
  const end = t0 + (wish.window.durationS ?? 0) * 1000;
  const got = { startMs: best.startMs, endMs: end, members: [...best.members] };
  expect(check(now, wish, verdictAll(now, 'allowed'), got)).toEqual([]);
}

/** The fewest moves, up to two, after which some placement of the demand passes: every move of everybody is tried. */
function fewestMoves(state: State, wish: Demand): number | undefined {
  let states: readonly State[] = [state];
  for (const count of [1, 2]) {
    states = states.flatMap((now) => [...afterOneMove(state, now)]);
    if (states.some((now) => couldStand(now, wish))) return count;
  }
  return undefined;
}

function* afterOneMove(before: State, now: State): Generator<State> {
  for (const contract of before.contracts) {
    const rest = restOf(contract, t0);
    if (rest === undefined || !isMovable(contract, t0)) continue;
    for (const members of everyGang(now, rest.demand, rest)) {
      if (mayStand(now, rest, members)) yield standing(now, rest, members);
    }
  }
}

function couldStand(now: State, wish: Demand): boolean {
  return [...everyGang(now, wish)].some((members) => {
    const endMs = t0 + (wish.window.durationS ?? 0) * 1000;
    return check(now, wish, verdictAll(now, 'allowed'), { startMs: t0, endMs, members }).length === 0;
  });
}

/** Every way to give each replica some node and as many of its GPUs as it needs; a mover only one replica. */
function* everyGang(
  { fleet, calendar }: Pick<State, 'fleet' | 'calendar'>,
  wish: Demand,
  own?: Rest,
  placed: readonly Member[] = [],
): Generator<Member[]> {
  const part = wish.parts[0];
  if (part === undefined || placed.length === part.count) {
    yield [...placed];
    return;
  }
  for (const node of fleet.nodes) {
    const others = (calendar[node.index] ?? []).filter(({ holder }) => holder !== own?.contract.id);
    const taken = others.reduce((mask, { gpus }) => mask | gpus, 0);
    const free = node.shape.gpus.flatMap((_, gpu) => (((taken >> gpu) & 1) === 0 ? [gpu] : []));
    for (const gpus of subsets(free, part.each.gpus?.count ?? 0)) {
      if (placed.some((other) => other.node === node.id && other.gpus.some((gpu) => gpus.includes(gpu))))
        continue;
      const member = {
        part: part.name,
        replica: placed.length,
        node: node.id,
        gpus,
        nics: [],
        cpuMilli: 0,
        memoryMib: 0,
        powerW: 0,
      };
      yield* everyGang({ fleet, calendar }, wish, own, [...placed, member]);
    }
  }
}

function* subsets(free: readonly number[], count: number): Generator<number[]> {
  if (count === 0) yield [];
  else
    for (const [at, first] of free.entries())
      for (const more of subsets(free.slice(at + 1), count - 1)) yield [first, ...more];
}
