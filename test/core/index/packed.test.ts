import { array, assert, boolean, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Calendar, type Hold, never } from '../../../src/core/calendar/calendar.ts';
import { levelOf, Packed, packedOf } from '../../../src/core/index/packed.ts';
import { endOfHolds } from '../../../src/core/index/reaching.ts';
import { endAt, gpusAt, startAt, wattsAt } from '../../../src/core/index/rows.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';
import { calendarOf, drawnHolds } from './drawn-holds.ts';

const nodes = [0, 1, 2];

/** The drawn holds with cores and memory of their own, and every third of them with a slice of GPU 5. */
function filled(calendar: Calendar): Calendar {
  return calendar.map((holds) =>
    holds.map((hold, at) => ({
      ...hold,
      cpuMilli: 10 * hold.startMs + at,
      memoryMib: 100 + hold.gpus,
      ...(at % 3 === 0 ? { slices: [{ kind: 'share' as const, gpu: 5, milli: 250 }] } : {}),
    })),
  );
}

const calendars = array(
  drawnHolds(nodes.length, 60).map((drawn) =>
    filled(
      calendarOf(
        nodes.length,
        drawn.filter(({ length }) => length > 0),
      ),
    ),
  ),
  { minLength: 1, maxLength: 7 },
);

function numbersOf(packed: Packed, node: number): readonly (readonly (number | undefined)[])[] {
  const first = packed.first[node] ?? 0;
  return Array.from({ length: endOfHolds(packed, node) - first }, (_, offset) => {
    const at = first + offset;
    const { rows, cpus, memories, holders, alone } = packed;
    const held = [startAt(rows, at), endAt(rows, at), gpusAt(rows, at), wattsAt(rows, at)];
    return [...held, cpus[at], memories[at], holders[at], alone[at]];
  });
}

/** The same, from the holds themselves: by their starts, equal ones as they came. */
function expectedOf(holds: readonly Hold[]): readonly (readonly number[])[] {
  return holds
    .map((hold) => {
      const slices = hold.slices === undefined ? 0 : 1 << 5;
      const level = ['shared', 'node', 'rack', 'site'].indexOf(hold.alone);
      const number = hold.holder.startsWith('C-') ? Number(hold.holder.slice(2)) : -1;
      const held = [hold.startMs, hold.endMs, hold.gpus | slices, hold.powerW];
      return [...held, hold.cpuMilli, hold.memoryMib, number, level];
    })
    .toSorted(([a = 0], [b = 0]) => a - b);
}

/** The most watts at any instant; nothing changes after the last of those drawn. */
function peakOn(holds: readonly Hold[]): number {
  const levels = Array.from({ length: 60 }, (_, at) =>
    holds
      .filter(({ startMs, endMs }) => startMs <= at && at < endMs)
      .reduce((sum, { powerW }) => sum + powerW, 0),
  );
  return Math.max(...levels);
}

function closes({ tenant, alone }: Hold): boolean {
  return tenant === undefined || alone !== 'shared';
}

test('whatever calendars come one after the other and back, each is packed as it is', () => {
  assert(
    property(calendars, boolean(), (all, isBack) => {
      const packed = new Packed(nodes.length);
      for (const calendar of isBack ? [...all, ...all.toReversed()] : all) {
        packed.follow(calendar);
        const holds = calendar.flat();
        for (const node of nodes) {
          const own = calendar[node] ?? [];
          expect(numbersOf(packed, node)).toEqual(expectedOf(own));
          expect(packed.peaks[node]).toBe(peakOn(own));
          expect(packed.slicing[node]).toBe(own.filter(({ slices }) => slices !== undefined).length);
        }
        expect([...packed.closing()]).toEqual(calendar.map((own) => own.filter(closes).length));
        expect(packed.isShared).toBe(!holds.some(closes));
        expect(packed.isSliced).toBe(holds.some(({ slices }) => slices !== undefined));
        expect(packed.siteClosing).toBe(holds.filter(({ alone }) => alone === 'site').length);
      }
    }),
    { seed, numRuns: 80 },
  );
});

test('a tenant has one number, whatever is packed later, and one that never held anything has none', () => {
  assert(
    property(calendars, (all) => {
      const packed = new Packed(nodes.length);
      const known = new Map<string, number>();
      for (const calendar of all) {
        packed.follow(calendar);
        for (const node of nodes)
          for (const [offset, hold] of inOrder(calendar[node] ?? []).entries()) {
            const number = packed.tenants[(packed.first[node] ?? 0) + offset] ?? -9;
            const { tenant } = hold;
            const expected = tenant === undefined ? -1 : (known.get(tenant) ?? packed.tenantNumber(tenant));
            expect(number).toBe(expected);
            if (tenant !== undefined) known.set(tenant, number);
          }
      }
      expect(new Set(known.values()).size).toBe(known.size);
      expect(packed.tenantNumber('nobody-yet')).toBe(-2);
    }),
    { seed, numRuns: 40 },
  );
});

function inOrder(holds: readonly Hold[]): readonly Hold[] {
  return holds.toSorted((a, b) => a.startMs - b.startMs);
}

/** Node 0 held by one after the other, in hours. */
function inTurn(...windows: readonly (readonly [number, number])[]): Calendar {
  const drawn = windows.map(([from, to]) => ({
    node: 0,
    gpus: 1,
    from,
    length: to - from,
    who: 'acme',
    alone: 'shared',
  }));
  return calendarOf(nodes.length, drawn);
}

describe('what was read of packed holds', () => {
  test('is true as long as the lists of holds are the very same, whatever array they stand in', () => {
    const packed = new Packed(nodes.length);
    const calendar = inTurn([0, 4]);
    packed.follow(calendar);
    const { revision } = packed;
    packed.follow([...calendar]);
    expect(packed.revision).toBe(revision);
    packed.follow([[...(calendar[0] ?? [])], ...calendar.slice(1)]);
    expect(packed.revision).not.toBe(revision);
  });

  test('is read anew for a calendar that is shorter than the fleet: nothing is held on the others', () => {
    const packed = new Packed(nodes.length);
    packed.follow(inTurn([0, 4]));
    packed.follow([]);
    expect(numbersOf(packed, 0)).toEqual([]);
    expect(packed.peaks[0]).toBe(0);
  });

  test('stays as it is where it was a copy, and is forgotten where it stands for what is held', () => {
    const packed = new Packed(nodes.length);
    packed.follow(inTurn([0, 4]));
    const closing = packed.closing();
    const window = packed.window({ startMs: 0, endMs: 9 });
    expect(packed.closing()).toBe(closing);
    packed.follow(calendarOf(3, [{ node: 0, gpus: 1, from: 0, length: 4, who: 'nobody', alone: 'shared' }]));
    expect([...closing]).toEqual([0, 0, 0]);
    expect([...packed.closing()]).toEqual([1, 0, 0]);
    expect(packed.window({ startMs: 0, endMs: 9 })).not.toBe(window);
  });
});

describe('windows', () => {
  test('are the same for the same span, and others for any other', () => {
    const packed = new Packed(nodes.length);
    packed.follow(inTurn([0, 4]));
    const window = packed.window({ startMs: 1, endMs: 9 });
    expect(packed.window({ startMs: 1, endMs: 9 })).toBe(window);
    expect(packed.window({ startMs: 1, endMs: 8 })).not.toBe(window);
    expect(packed.window({ startMs: 2, endMs: 9 })).not.toBe(window);
  });

  test('of which twenty-four are remembered: the one not asked for longest is read anew', () => {
    const packed = new Packed(nodes.length);
    const spans = Array.from({ length: 25 }, (_, startMs) => ({ startMs, endMs: startMs + 1 }));
    const [first, second, third] = spans.slice(0, 24).map((span) => packed.window(span));
    expect(packed.window({ startMs: 0, endMs: 1 })).toBe(first);
    packed.window({ startMs: 24, endMs: 25 });
    expect(packed.window({ startMs: 0, endMs: 1 })).toBe(first);
    expect(packed.window({ startMs: 2, endMs: 3 })).toBe(third);
    expect(packed.window({ startMs: 1, endMs: 2 })).not.toBe(second);
  });
});

test('one packed list serves a fleet, and follows whichever of its calendars is asked about', () => {
  const { fleet } = world('fra1/h1/r1 3×4 H100').state;
  const other = world('fra1/h1/r1 3×4 H100').state.fleet;
  const packed = packedOf({ fleet, calendar: inTurn([0, 4], [4, 8]) });
  expect(packed.count[0]).toBe(2);
  expect(packedOf({ fleet, calendar: inTurn([0, 4]) })).toBe(packed);
  expect(packed.count[0]).toBe(1);
  expect(packedOf({ fleet: other, calendar: [] })).not.toBe(packed);
});

test.each([
  ['shared', 0],
  ['node', 1],
  ['rack', 2],
  ['site', 3],
  [undefined, 0],
] as const)('who is alone at a level is so at those below it: %s is level %i', (isolation, level) => {
  expect(levelOf(isolation)).toBe(level);
});

test('a hold without end reaches beyond every instant, and all that stand after it do', () => {
  const packed = new Packed(nodes.length);
  packed.follow(
    calendarOf(3, [
      { node: 0, gpus: 1, from: 0, length: 3, who: 'acme', alone: 'shared' },
      { node: 0, gpus: 2, from: 1, length: Infinity, who: 'acme', alone: 'shared' },
      { node: 0, gpus: 4, from: 2, length: 1, who: 'acme', alone: 'shared' },
    ]),
  );
  const first = packed.first[0] ?? 0;
  expect([...packed.reach.subarray(first, first + 3)]).toEqual([3, never, never]);
});
