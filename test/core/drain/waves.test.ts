import { array, assert, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type WaveWish, wavesOf } from '../../../src/core/drain/waves.ts';
import { Path } from '../../../src/model/id.ts';
import { take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { anywhere } from '../simulate/edits.ts';

type Short = { hours?: number; within?: number; atMost?: number };

function waves(
  { state }: World,
  nodes: readonly string[],
  { hours = 2, within = 12, atMost = 9 }: Short = {},
) {
  const wish: WaveWish = {
    nodes: nodes.map((node) => Path.parse(node)),
    lengthMs: hours * hourMs,
    fromMs: t0,
    untilMs: t0 + within * hourMs,
    atMost,
    allowPrice: true,
  };
  return wavesOf(state, wish, anywhere, t0);
}

/** `0-2 n01 n02, 2-4 n03`: hours from `t0`. */
function inWords({ waves: found }: ReturnType<typeof waves>): string {
  return found
    .map(({ fromMs, untilMs, nodes }) => {
      const hours = [fromMs, untilMs].map((atMs) => (atMs - t0) / hourMs).join('-');
      return `${hours} ${nodes.map((node) => node.split('/').at(-1)).join(' ')}`;
    })
    .join(', ');
}

/** Bookings of whole nodes, pinned there: node, begin and length in hours. */
type Booking = { readonly node: number; readonly from: number; readonly hours: number };

function booked(nodes: number, bookings: readonly Booking[]): { world: World; taken: readonly Booking[] } {
  let now = world(`fra1/h1/r1 ${nodes}×1 H100`);
  const taken: Booking[] = [];
  for (const booking of bookings) {
    const clash = taken.some(
      (other) =>
        other.node === booking.node &&
        other.from < booking.from + booking.hours &&
        booking.from < other.from + other.hours,
    );
    if (clash) continue;
    taken.push(booking);
    const window = { earliestStartMs: t0 + booking.from * hourMs, durationS: booking.hours * 3600 };
    now = take(now, demand('1×1 H100', { where: [nameOf(booking.node)], window }));
  }
  return { world: now, taken };
}

function nameOf(node: number): string {
  return `fra1/h1/r1/n0${node + 1}`;
}

/**
 * The fewest waves and, among those, the earliest end, in whole hours: every way to give each node a begin at which it
 * is idle, all begins of different waves apart by a window. Knows nothing of the code under test.
 */
function bruteForce(
  nodes: number,
  taken: readonly Booking[],
  { hours = 2, within = 12, atMost = 9 }: Short,
): { covered: number; waves: number; end: number } {
  const begins = Array.from({ length: within - hours + 1 }, (_, at) => at);
  const idle = (node: number, begin: number) =>
    taken.every(
      (other) => other.node !== node || other.from >= begin + hours || begin >= other.from + other.hours,
    );
  let best = { covered: 0, waves: 0, end: 0 };
  const visit = (node: number, chosen: readonly number[], skipped: number): void => {
    if (node < nodes) {
      for (const begin of begins) if (idle(node, begin)) visit(node + 1, [...chosen, begin], skipped);
      visit(node + 1, chosen, skipped + 1);
      return;
    }
    const starts = [...new Set(chosen)].toSorted((a, b) => a - b);
    const apart = starts.every((start, at) => at === 0 || start - (starts[at - 1] ?? 0) >= hours);
    const small = starts.every((start) => chosen.filter((begin) => begin === start).length <= atMost);
    if (!apart || !small) return;
    const found = { covered: nodes - skipped, waves: starts.length, end: (starts.at(-1) ?? -hours) + hours };
    const better = best.covered - found.covered || found.waves - best.waves || found.end - best.end;
    if (better < 0) best = found;
  };
  visit(0, [], 0);
  return best;
}

describe('maintenance waves', () => {
  const three = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r1/n03'];

  test('idle nodes all go into the first window', () => {
    const done = waves(world('fra1/h1/r1 3×8 H100'), three);
    expect(inWords(done)).toBe('0-2 n01 n02 n03');
    expect(done).toMatchObject({ left: [], proven: 'best' });
  });

  test('no wave holds more than it may', () => {
    expect(inWords(waves(world('fra1/h1/r1 3×8 H100'), three, { atMost: 2 }))).toBe('0-2 n01 n02, 2-4 n03');
  });

  test('a full fleet waits until something ends', () => {
    const { world: full } = booked(2, [
      { node: 0, from: 0, hours: 3 },
      { node: 1, from: 0, hours: 5 },
    ]);
    expect(inWords(waves(full, three.slice(0, 2)))).toBe('5-7 n01 n02');
    expect(inWords(waves(full, three.slice(0, 2), { within: 6 }))).toBe('3-5 n01');
  });

  test('what cannot be emptied is left, with the contracts that prevent it', () => {
    const held = take(world('fra1/h1/r1 2×8 H100'), demand('1×8 H100', { where: ['fra1/h1/r1/n02'] }));
    const { left } = waves(held, three.slice(0, 2));
    expect(left).toMatchObject([
      { node: 'fra1/h1/r1/n02', hindrances: [{ contract: { id: 'C-101' }, binding: 'free-over-window' }] },
    ]);
  });

  test('with one node to spare, a contract moves round and nodes follow each other', () => {
    const two = [1, 2].reduce((now) => take(now, demand('1×8 H100 24h')), world('fra1/h1/r1 3×8 H100'));
    const done = waves(two, three);
    expect(done.waves.map(({ nodes }) => nodes.length)).toEqual([1, 1, 1]);
    expect(done.waves.map(({ moves }) => moves.length)).toEqual([0, 1, 1]);
    expect(done.proven).toBe('best');
  });

  test('a place without a window long enough has no waves at all', () => {
    expect(waves(world('fra1/h1/r1 3×8 H100'), three, { hours: 12, within: 12 }).waves).toHaveLength(1);
    expect(waves(world('fra1/h1/r1 3×8 H100'), three, { hours: 13, within: 12 })).toMatchObject({
      waves: [],
    });
  });

  test('windows that touch do not overlap', () => {
    const { world: full } = booked(1, [
      { node: 0, from: 0, hours: 3 },
      { node: 0, from: 5, hours: 9 },
    ]);
    expect(inWords(waves(full, three.slice(0, 1)))).toBe('3-5 n01');
    expect(inWords(waves(full, three.slice(0, 1), { hours: 3 }))).toBe('');
  });

  test('as good as brute force wherever contracts cannot move', { timeout: 60_000 }, () => {
    let proven = 0;
    const booking = record({
      node: integer({ min: 0, max: 3 }),
      from: integer({ min: 0, max: 8 }),
      hours: integer({ min: 1, max: 4 }),
    });
    assert(
      property(
        tuple(
          integer({ min: 1, max: 4 }),
          array(booking, { maxLength: 7 }),
          integer({ min: 1, max: 3 }),
          integer({ min: 1, max: 4 }),
        ),
        ([count, bookings, hours, atMost]) => {
          const { world: now, taken } = booked(
            count,
            bookings.filter(({ node }) => node < count),
          );
          const wish = { hours, within: 8, atMost };
          const nodes = Array.from({ length: count }, (_, at) => nameOf(at));
          const done = waves(now, nodes, wish);
          const best = bruteForce(count, taken, wish);
          const covered = done.waves.reduce((sum, wave) => sum + wave.nodes.length, 0);
          expect(covered + done.left.length).toBe(count);
          if (done.proven !== 'best') return;
          proven++;
          const end = ((done.waves.at(-1)?.untilMs ?? t0) - t0) / hourMs;
          expect({ covered, waves: done.waves.length, end }).toEqual(best);
        },
      ),
      { seed, numRuns: 120 },
    );
    expect(proven).toBeGreaterThan(100);
  });
});
