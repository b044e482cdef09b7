import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { indexesOf } from '../../../src/core/mask.ts';
import type { LimitName } from '../../../src/core/place/power.ts';
import { type Ignored, Rooms } from '../../../src/core/place/rooms.ts';
import { take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { calendarsOf, spans } from '../index/holds.ts';
import { nodeAt } from './known.ts';

/** 4 × 500 W of GPUs and 1000 W beside them: a node at full draw has 3000 W, one GPU 750 W. */
const fleet = world(
  'fra1/h1/r1 2×4 H100 gpuw500 basew1000 cpu16 mem64 rdma',
  'fra1/h2/r2 1×4 H100 gpuw500 basew1000 cpu16 mem64 rdma',
  {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 5000 }, coolingLimitW: 7000 } },
    sites: { fra1: { powerBudgetW: 6000 } },
    gpus: { 'fra1/h1/r1/n02/gpu3': { health: 'down' } },
  },
);
const n01 = nodeAt(fleet, 'fra1/h1/r1/n01');
const n02 = nodeAt(fleet, 'fra1/h1/r1/n02');
const hour = (from: number, to: number) => ({ startMs: t0 + from * hourMs, endMs: t0 + to * hourMs });

/** Three GPUs of the first node, for five hours from `t0` on: 2250 W. */
const busy = take(fleet, demand('1×3 H100 5h', { where: ['fra1/h1/r1/n01'] })).state;

const readings = [
  ['a scan', true],
  ['the index', false],
] as const;

const leftOf = (rooms: Rooms) =>
  rooms.limitsOn(n01).map((limit) => `${limit.name} ${rooms.powerLeftW(limit)}`);

describe.each(readings)('what the calendar leaves, as %s reads it', (_, isPlain) => {
  const rooms = (from: number, to: number, ...ignored: readonly (LimitName | 'isolation' | 'bookings')[]) =>
    new Rooms(busy, hour(from, to), { isPlain, ignored: new Set(ignored) });

  test.each([
    ['beside what is held', 0, 5, '3'],
    ['up to its last hour', 4, 9, '3'],
    ['from its end on', 5, 9, '0123'],
    ['up to its beginning', -3, 0, '0123'],
  ])('GPUs are free %s', (_name, from, to, expected) => {
    expect(indexesOf(rooms(from, to).freeOn(n01)).join('')).toBe(expected);
    expect(indexesOf(rooms(from, to).of(n01).gpus).join('')).toBe(expected);
  });

  test('a GPU that is down is not free, though nobody holds it', () => {
    expect(indexesOf(rooms(0, 5).freeOn(n02)).join('')).toBe('012');
  });

  test('watts are left of each limit, over the hours that are looked at', () => {
    expect(leftOf(rooms(0, 1))).toEqual(['rack-power 2750', 'rack-cooling 4750', 'site-power 3750']);
    expect(leftOf(rooms(5, 9))).toEqual(['rack-power 5000', 'rack-cooling 7000', 'site-power 6000']);
  });

  test.each([
    [2750, true],
    [2751, false],
  ])('a rack with 2750 W left carries %i W more: %s', (powerW, expected) => {
    const now = rooms(0, 1);
    const [rack, cooling] = now.limitsOn(n01);
    expect(rack !== undefined && now.carries(rack, powerW)).toBe(expected);
    expect(cooling !== undefined && now.carries(cooling, powerW)).toBe(true);
    expect(now.carriesClose(n01, powerW)).toBe(expected);
  });

  test('a limit that is left out of account is neither named nor asked, but of the others nothing changes', () => {
    const loose = rooms(0, 1, 'rack-power');
    expect(leftOf(loose)).toEqual(['rack-cooling 4750', 'site-power 3750']);
    expect(loose.carriesClose(n01, 3750)).toBe(true);
    expect(loose.carriesClose(n01, 3751)).toBe(false);
    const strict = rooms(0, 1).limitsOn(n01);
    expect(strict.map((limit) => loose.heeds(limit))).toEqual([false, true, true]);
  });

  test('without bookings all is as if nothing were held', () => {
    const empty = rooms(0, 1, 'bookings');
    expect(indexesOf(empty.freeOn(n01)).join('')).toBe('0123');
    expect(leftOf(empty)).toEqual(['rack-power 5000', 'rack-cooling 7000', 'site-power 6000']);
    expect(empty.letIn(n01, demand('1×1', { tenant: 'globex', isolation: 'site' }))).toBe(true);
    expect(empty.admitted(demand('1×1'))).toBeUndefined();
    expect(empty.state.calendar).toEqual([]);
  });

  test('isolation keeps another tenant out, unless it is left out of account', () => {
    const asked = demand('1×1', { tenant: 'globex', isolation: 'rack' });
    expect([n01, n02].map((node) => rooms(0, 1).letIn(node, asked))).toEqual([false, false]);
    expect([n01, n02].map((node) => rooms(0, 1, 'isolation').letIn(node, asked))).toEqual([true, true]);
    expect([n01, n02].map((node) => rooms(5, 6).letIn(node, asked))).toEqual([true, true]);
  });

  test('what is asked for one demand is not the answer to another', () => {
    const now = rooms(0, 1);
    const alone = demand('1×1', { tenant: 'globex', isolation: 'rack' });
    const shared = demand('1×1', { tenant: 'globex' });
    expect([alone, shared, alone].map((asked) => now.letIn(n01, asked))).toEqual([false, true, false]);
  });

  test('what is left out of account is told in order', () => {
    expect(rooms(0, 1).ignoring).toBe('');
    expect(rooms(0, 1, 'site-power', 'isolation', 'bookings').ignoring).toBe('bookings isolation site-power');
  });

  test('the nodes of a rack are known, and of a rack that is not there there are none', () => {
    expect(rooms(0, 1).rackNodes(n01.rack ?? n01.id)).toEqual([n01, n02]);
    expect(rooms(0, 1).rackNodes(n01.id)).toEqual([]);
  });
});

describe('what the index keeps', () => {
  test('a scan has neither sight nor a list of who is let in', () => {
    const scan = new Rooms(busy, hour(0, 1), { isPlain: true });
    expect([scan.sight, scan.admitted(demand('1×1')), scan.isPlain]).toEqual([undefined, undefined, true]);
    expect(scan.reading).toBe(busy.fleet);
  });

  test('one span of one calendar is read once, another span by itself', () => {
    const [one, again, later] = [hour(0, 1), hour(0, 1), hour(1, 2)].map((at) => new Rooms(busy, at));
    expect(one?.reading).toBe(again?.reading);
    expect(one?.reading).not.toBe(later?.reading);
  });

  test('rooms go on telling what their own calendar says, after another one was read', () => {
    const before = new Rooms(busy, hour(0, 1));
    const free = new Rooms(fleet.state, hour(0, 1));
    expect([free.freeOn(n01), before.freeOn(n01), free.freeOn(n01)]).toEqual([0b1111, 0b1000, 0b1111]);
  });

  test('who is let in is told by the index of the node, for each demand', () => {
    const now = new Rooms(busy, hour(0, 1));
    const asked = demand('1×1', { tenant: 'globex', isolation: 'node' });
    expect([...(now.admitted(asked) ?? [])]).toEqual([0, 1, 1]);
    expect(now.admitted(asked)).toBe(now.admitted(asked));
    const loose = new Rooms(busy, hour(0, 1), { ignored: new Set(['isolation'] as const) });
    expect([...(loose.admitted(asked) ?? [])]).toEqual([1, 1, 1]);
  });
});

test('whatever is held, watts left are the limit less the most that is held at any hour', () => {
  const { state } = fleet;
  const names = constantFrom<Ignored>(
    new Set(),
    new Set(['rack-power']),
    new Set(['site-power', 'isolation']),
  );
  assert(
    property(
      calendarsOf(state),
      spans,
      names,
      integer({ min: 0, max: 8000 }),
      (calendar, span, ignored, powerW) => {
        const hours = Array.from(
          { length: (span.endMs - span.startMs) / hourMs },
          (_, at) => span.startMs + at * hourMs,
        );
        for (const isPlain of [true, false]) {
          const rooms = new Rooms({ ...state, calendar }, span, { ignored, isPlain });
          for (const node of state.fleet.nodes)
            for (const limit of rooms.limitsOn(node)) {
              const heldAt = (atMs: number) =>
                limit.nodes
                  .flatMap(({ index }) => calendar[index] ?? [])
                  .filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs)
                  .reduce((sum, one) => sum + one.powerW, 0);
              const left = limit.limitW - Math.max(...hours.map(heldAt));
              expect(rooms.powerLeftW(limit)).toBe(left);
              expect(rooms.carries(limit, powerW)).toBe(powerW <= left);
              expect(ignored.has(limit.name)).toBe(false);
            }
          for (const node of state.fleet.nodes) {
            const isCarried = rooms.limitsOn(node).every((limit) => powerW <= rooms.powerLeftW(limit));
            expect(rooms.carriesClose(node, powerW)).toBe(isCarried);
          }
        }
      },
    ),
    { seed, numRuns: 60 },
  );
});
