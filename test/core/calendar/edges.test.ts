import { array, assert, constantFrom, integer, oneof, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Holding, never } from '../../../src/core/calendar/calendar.ts';
import {
  type EdgeCalendar,
  edgeKey,
  endEdges,
  holdEdges,
  withoutMoves,
} from '../../../src/core/calendar/edges.ts';
import { Path } from '../../../src/model/id.ts';
import { type HeldBandwidth, type Placement, Transfer } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { hourMs, t0 } from '../fleet.ts';
import { holding, hour } from './holdings.ts';

const nothing: EdgeCalendar = new Map();
const member = ['train 0 fra1/h1/r1/n01 gpu0'];

function bandwidth(fabric: HeldBandwidth['fabric'], edge: string, mbps: number): HeldBandwidth {
  return { fabric, edge: Path.parse(edge), mbps };
}

/** Data that moves from Amsterdam to Frankfurt in some hours. */
function transfer(fromH: number, toH: number, mbps: number): Transfer {
  return Transfer.parse({
    dataset: 'imagenet',
    from: 'ams2/pool1',
    to: 'fra1',
    wanLink: 'fra1/wan-ams2',
    mbps,
    startMs: hour(fromH),
    endMs: hour(toH),
  });
}

function flowing(
  id: string,
  window: readonly [number, (number | undefined)?],
  more: Partial<Placement>,
): Holding {
  return holding(id, window, member, more);
}

/** `rdma fra1/leaf1: C-1 0..4 100` for each hold, in hours after `t0`; `..` where it has no end. */
function lines(edges: EdgeCalendar): readonly string[] {
  return [...edges].flatMap(([key, holds]) =>
    holds.map(({ holder, startMs, endMs, mbps }) => {
      const end = endMs === never ? '' : (endMs - t0) / hourMs;
      return `${key}: ${holder} ${(startMs - t0) / hourMs}..${end} ${mbps}`;
    }),
  );
}

const leaf = bandwidth('rdma', 'fra1/leaf1', 100);
const pool = bandwidth('storage', 'ams2/pool1', 7);

describe('bandwidth is held', () => {
  test('edge by edge over the window of the placement, beside what others hold there', () => {
    const one = holdEdges(nothing, flowing('C-1', [0, 4], { bandwidth: [leaf, pool] }));
    const two = holdEdges(one, flowing('C-2', [1], { bandwidth: [{ ...leaf, mbps: 30 }] }));
    expect(lines(two)).toEqual([
      'rdma fra1/leaf1: C-1 0..4 100',
      'rdma fra1/leaf1: C-2 1.. 30',
      'storage ams2/pool1: C-1 0..4 7',
    ]);
    expect(lines(one)).toHaveLength(2);
  });

  test('for a transfer on its link and on the pool that it reads, in its own hours', () => {
    const moving = flowing('C-1', [6, 9], { transfers: [transfer(2, 5, 800)] });
    expect(lines(holdEdges(nothing, moving))).toEqual([
      'wan fra1/wan-ams2: C-1 2..5 800',
      'storage ams2/pool1: C-1 2..5 800',
    ]);
  });

  test('on an edge of one fabric apart from the same edge of another', () => {
    const both = [bandwidth('data', 'fra1/h1/r1/n01', 1), bandwidth('rdma', 'fra1/h1/r1/n01', 2)];
    const held = holdEdges(nothing, flowing('C-1', [0, 4], { bandwidth: both }));
    expect(held.get(edgeKey('data', 'fra1/h1/r1/n01'))?.map(({ mbps }) => mbps)).toEqual([1]);
    expect(held.get(edgeKey('rdma', 'fra1/h1/r1/n01'))?.map(({ mbps }) => mbps)).toEqual([2]);
  });

  test('by nobody who needs none: the calendar is the very same', () => {
    const held = holdEdges(nothing, flowing('C-1', [0, 4], { bandwidth: [leaf] }));
    expect(holdEdges(held, flowing('C-2', [0, 4], {}))).toBe(held);
    expect(endEdges(held, flowing('C-2', [0, 4], {}), hour(0))).toBe(held);
  });

  test.each([
    ['nothing has ended by then', 3, 'C-1 C-2 C-3'],
    ['one ended at that very instant', 4, 'C-2 C-3'],
    ['both had ended', 5, 'C-3'],
  ])('and forgotten on the edges where something else is held: %s', (_, forgottenH, holders) => {
    const old = [
      flowing('C-1', [0, 4], { bandwidth: [leaf, pool] }),
      flowing('C-2', [0, 5], { bandwidth: [leaf] }),
    ].reduce((edges, one) => holdEdges(edges, one), nothing);
    const held = holdEdges(old, flowing('C-3', [6, 7], { bandwidth: [leaf] }), hour(forgottenH));
    expect(
      held
        .get('rdma fra1/leaf1')
        ?.map(({ holder }) => holder)
        .join(' '),
    ).toBe(holders);
    expect(held.get('storage ams2/pool1')).toHaveLength(1);
    expect(old.get('rdma fra1/leaf1')).toHaveLength(2);
  });
});

describe('bandwidth ends', () => {
  const mine = flowing('C-1', [2, 6], { bandwidth: [leaf] });
  const others = flowing('C-2', [2, 6], { bandwidth: [leaf] });
  const both = holdEdges(holdEdges(nothing, mine), others);

  test.each([
    ['before it began: it is gone', 1, []],
    ['as it begins: it is gone', 2, []],
    ['in the middle: its past stays', 3, ['rdma fra1/leaf1: C-1 2..3 100']],
    ['as it ends: nothing changes', 6, ['rdma fra1/leaf1: C-1 2..6 100']],
    ['after its end: nothing changes', 7, ['rdma fra1/leaf1: C-1 2..6 100']],
  ])('%s, and what others hold stays', (_, atH, expected) => {
    expect(lines(endEdges(both, mine, hour(atH)))).toEqual([...expected, 'rdma fra1/leaf1: C-2 2..6 100']);
  });

  test('and an edge of which nothing is held any more is gone', () => {
    expect(endEdges(holdEdges(nothing, mine), mine, hour(0)).size).toBe(0);
    expect(endEdges(nothing, mine, hour(0)).size).toBe(0);
  });

  test('on edges that the placement does not name, nothing ends', () => {
    const elsewhere = flowing('C-1', [2, 6], { bandwidth: [pool] });
    expect(lines(endEdges(both, elsewhere, hour(0)))).toEqual(lines(both));
  });

  test('together with its transfers: what had arrived stays in the past', () => {
    const moving = flowing('C-1', [6, 9], {
      bandwidth: [leaf],
      transfers: [transfer(0, 2, 10), transfer(2, 5, 20)],
    });
    expect(lines(endEdges(holdEdges(nothing, moving), moving, hour(3)))).toEqual([
      'wan fra1/wan-ams2: C-1 0..2 10',
      'wan fra1/wan-ams2: C-1 2..3 20',
      'storage ams2/pool1: C-1 0..2 10',
      'storage ams2/pool1: C-1 2..3 20',
    ]);
  });
});

describe('a placement without its transfers', () => {
  const moved = transfer(2, 5, 800);

  test('still holds its bandwidth, also on the pool that it copied from', () => {
    const busy = flowing('C-1', [6, 9], { bandwidth: [leaf, pool], transfers: [moved] });
    expect(lines(withoutMoves(holdEdges(nothing, busy), busy))).toEqual([
      'rdma fra1/leaf1: C-1 6..9 100',
      'storage ams2/pool1: C-1 6..9 7',
    ]);
  });

  test('leaves to others what they move on the same link at the same time', () => {
    const [mine, others] = ['C-1', 'C-2'].map((id) => flowing(id, [6, 9], { transfers: [moved] }));
    if (mine === undefined || others === undefined) throw new Error('two of them');
    const both = holdEdges(holdEdges(nothing, mine), others);
    expect(lines(withoutMoves(both, mine))).toEqual([
      'wan fra1/wan-ams2: C-2 2..5 800',
      'storage ams2/pool1: C-2 2..5 800',
    ]);
  });

  test('takes one entry off for each transfer, not all that look like it', () => {
    const once = flowing('C-1', [6, 9], { transfers: [moved] });
    const twice = holdEdges(holdEdges(nothing, once), once);
    expect(lines(withoutMoves(twice, once))).toEqual(lines(holdEdges(nothing, once)));
    expect(withoutMoves(withoutMoves(twice, once), once).size).toBe(0);
  });

  test.each([
    ['starts at another time', transfer(1, 5, 800)],
    ['ends at another time', transfer(2, 4, 800)],
    ['takes another bandwidth', transfer(2, 5, 799)],
  ])('takes nothing off that it does not hold: one that %s', (_, other) => {
    const held = holdEdges(nothing, flowing('C-1', [6, 9], { transfers: [moved] }));
    const mistaken = flowing('C-1', [6, 9], { transfers: [other] });
    expect(lines(withoutMoves(held, mistaken))).toEqual(lines(held));
  });

  test('takes off what it holds also after one that it does not hold', () => {
    const held = holdEdges(nothing, flowing('C-1', [6, 9], { transfers: [moved] }));
    const two = flowing('C-1', [6, 9], { transfers: [transfer(0, 1, 5), moved] });
    expect(withoutMoves(held, two).size).toBe(0);
  });

  test('of a placement that moves nothing is what it was', () => {
    const still = flowing('C-1', [6, 9], { bandwidth: [leaf] });
    const held = holdEdges(nothing, still);
    expect(lines(withoutMoves(held, still))).toEqual(lines(held));
  });
});

const edges = [leaf, pool, bandwidth('wan', 'fra1/wan-ams2', 50)];
const fromH = integer({ min: 0, max: 10 });
const deeds = array(
  oneof(
    record({
      kind: constantFrom('hold' as const),
      on: array(constantFrom(...edges), { maxLength: 3 }),
      fromH,
      hours: option(integer({ min: 1, max: 6 }), { freq: 4 }),
      moves: array(record({ fromH, hours: integer({ min: 1, max: 4 }) }), { maxLength: 2 }),
    }),
    record({
      kind: constantFrom('end' as const),
      which: integer({ min: 0, max: 9 }),
      atH: integer({ min: 0, max: 20 }),
    }),
    record({ kind: constantFrom('stop-moving' as const), which: integer({ min: 0, max: 9 }) }),
  ),
  { minLength: 1, maxLength: 12 },
);

const horizonH = 22;

/** Mbit/s of each holder on each edge, hour by hour. */
type Loads = Map<string, number[]>;

function load(
  loads: Loads,
  key: string,
  { from, to, mbps }: { from: number; to: number; mbps: number },
): void {
  const hours = loads.get(key) ?? Array.from({ length: horizonH }, () => 0);
  for (let at = from; at < Math.min(to, horizonH); at++) hours[at] = (hours[at] ?? 0) + mbps;
  loads.set(key, hours);
}

function some(loads: Loads): object {
  return Object.fromEntries([...loads].filter(([, hours]) => hours.some((mbps) => mbps !== 0)));
}

function loadsOf(calendar: EdgeCalendar): Loads {
  const loads: Loads = new Map();
  for (const [key, holds] of calendar)
    for (const { holder, startMs, endMs, mbps } of holds) {
      const [from, to] = [startMs, Math.min(endMs, hour(horizonH))].map((atMs) => (atMs - t0) / hourMs);
      load(loads, `${key} ${holder}`, { from: from ?? 0, to: to ?? 0, mbps });
    }
  return loads;
}

/** What is held and moved by one holder, as it was entered. */
type Entered = {
  readonly held: Holding;
  readonly moves: readonly [number, number][];
  isMoving: boolean;
  endH: number;
};

function expectedOf(entered: readonly Entered[]): Loads {
  const loads: Loads = new Map();
  for (const { held, moves, isMoving, endH } of entered) {
    const { startMs, endMs = hour(horizonH), bandwidth: on = [] } = held.placement;
    const [from = 0, to = 0] = [startMs, endMs].map((atMs) => (atMs - t0) / hourMs);
    for (const { fabric, edge, mbps } of on)
      load(loads, `${fabric} ${edge} ${held.id}`, { from, to: Math.min(to, endH), mbps });
    for (const [begin, end] of isMoving ? moves : [])
      for (const key of ['wan fra1/wan-ams2', 'storage ams2/pool1'])
        load(loads, `${key} ${held.id}`, { from: begin, to: Math.min(end, endH), mbps: 10 });
  }
  return loads;
}

test('after any order of holding, ending and giving transfers up every hour of every edge is right', () => {
  const seen = { ended: 0, stopped: 0 };
  assert(
    property(deeds, (all) => {
      let now = nothing;
      const entered: Entered[] = [];
      for (const deed of all) {
        if (deed.kind === 'hold') {
          const toH = deed.hours === null ? undefined : deed.fromH + deed.hours;
          const moves = deed.moves.map((one): [number, number] => [one.fromH, one.fromH + one.hours]);
          const transfers = moves.map(([from, to]) => transfer(from, to, 10));
          const held = flowing(`C-${entered.length}`, [deed.fromH, toH], {
            bandwidth: [...deed.on],
            transfers,
          });
          now = holdEdges(now, held);
          entered.push({ held, moves, isMoving: true, endH: horizonH });
        } else {
          const one = entered[deed.which % Math.max(1, entered.length)];
          if (one === undefined) continue;
          const isCut = one.endH < horizonH;
          if (deed.kind === 'end') {
            now = endEdges(now, one.held, hour(deed.atH));
            one.endH = Math.min(one.endH, deed.atH);
            seen.ended++;
          } else if (!isCut) {
            now = withoutMoves(now, one.held);
            one.isMoving = false;
            seen.stopped++;
          }
        }
        expect(some(loadsOf(now))).toEqual(some(expectedOf(entered)));
        expect([...now.values()].every((holds) => holds.length > 0)).toBe(true);
      }
    }),
    { seed, numRuns: 200 },
  );
  expect(Math.min(seen.ended, seen.stopped)).toBeGreaterThan(50);
});
