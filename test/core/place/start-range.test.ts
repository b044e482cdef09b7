import { assert, integer, option, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { graceMs, offerMs, startRange } from '../../../src/core/place/start-range.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0 } from '../fleet.ts';

type Window = {
  readonly earliestH?: number;
  readonly latestH?: number;
  readonly deadlineH?: number;
  readonly hours?: number;
};

const atHour = (hour: number | undefined, name: string) =>
  hour === undefined ? {} : { [name]: t0 + hour * hourMs };

/** Hours after `t0` between which it may start when it is asked at that time, or why there are none. */
function range({ earliestH = 0, latestH, deadlineH, hours }: Window, atMs = t0, more: object = {}) {
  const window = {
    earliestStartMs: t0 + earliestH * hourMs,
    ...atHour(latestH, 'latestStartMs'),
    ...atHour(deadlineH, 'deadlineMs'),
    ...(hours === undefined ? {} : { durationS: hours * 3600 }),
  };
  const found = startRange(demand('1×1', { window, ...more }), atMs);
  if (found.kind === 'refused') return 'why' in found.refusal ? found.refusal.why : found.refusal.kind;
  const { earliestMs, latestMs } = found.starts;
  return [(earliestMs - t0) / hourMs, (latestMs - t0) / hourMs];
}

const atH = (hours: number, offMs = 0) => t0 + hours * hourMs + offMs;

describe('the starts that a window leaves', () => {
  test.each([
    ['one, where nothing else is said', {}, [0, 0]],
    ['all up to the latest', { latestH: 9 }, [0, 9]],
    ['the earliest alone, where the latest is as early', { earliestH: 3, latestH: 3 }, [3, 3]],
    ['all from which it is done by the deadline', { deadlineH: 9, hours: 2 }, [0, 7]],
    ['the earliest alone, where the deadline is at its end', { deadlineH: 2, hours: 2 }, [0, 0]],
    ['up to the latest, where the deadline leaves more', { latestH: 4, deadlineH: 9, hours: 2 }, [0, 4]],
    ['up to the deadline, where the latest leaves more', { latestH: 8, deadlineH: 9, hours: 2 }, [0, 7]],
    [
      'none, where the deadline comes first',
      { deadlineH: 1, hours: 2 },
      'the latest start lies before the earliest',
    ],
    [
      'none, where the latest lies before the earliest',
      { earliestH: 2, latestH: 1 },
      'the latest start lies before the earliest',
    ],
    ['none to be told, where a deadline has no duration', { deadlineH: 9 }, 'a deadline needs a duration'],
  ])('are %s', (_, window, expected) => {
    expect(range(window)).toEqual(expected);
  });

  test.each([
    ['long to come', {}, atH(-9), [0, 0]],
    ['now', {}, atH(0), [0, 0]],
    ['just within the grace', {}, atH(0, graceMs), [0, 0]],
    ['past the grace', {}, atH(0, graceMs + 1), 'the latest start has passed'],
    ['past the grace, of a range that goes on', { latestH: 9 }, atH(2), [2, 9]],
    ['within the grace, of a range that goes on', { latestH: 9 }, atH(0, graceMs), [0, 9]],
    ['the very end of the range', { latestH: 9 }, atH(9), [9, 9]],
    [
      'the end of the range and its grace have passed',
      { latestH: 9 },
      atH(9, graceMs + 1),
      'the latest start has passed',
    ],
  ])('asked when the start is %s', (_, window, atMs, expected) => {
    expect(range(window, atMs)).toEqual(expected);
  });

  test('asked a minute after the latest, within the grace, are that minute alone', () => {
    const atMs = atH(9, 60_000);
    const window = { earliestStartMs: t0, latestStartMs: atH(9) };
    expect(startRange(demand('1×1', { window }), atMs)).toMatchObject({
      starts: { earliestMs: atMs, latestMs: atH(9) },
    });
  });

  test('need a duration where a budget is for the whole, and none where it is for a day', () => {
    const total = { budget: { totalMicroEur: 9 } };
    expect(range({}, t0, total)).toBe('a budget for the whole needs a duration');
    expect(range({ hours: 1 }, t0, total)).toEqual([0, 0]);
    expect(range({}, t0, { budget: { microEurPerDay: 9 } })).toEqual([0, 0]);
  });

  test('name the window they are missing in', () => {
    const window = { earliestStartMs: atH(2), latestStartMs: atH(1), durationS: 3600 };
    expect(startRange(demand('1×1', { window }), t0)).toEqual({
      kind: 'refused',
      refusal: {
        kind: 'window-impossible',
        why: 'the latest start lies before the earliest',
        earliestStartMs: atH(2),
        latestStartMs: atH(1),
      },
    });
  });

  test('let data move once the offer has ended', () => {
    const found = startRange(demand('1×1', {}), t0 - hourMs);
    expect(found.kind === 'range' && found.starts.transferFromMs).toBe(t0 - hourMs + offerMs);
  });
});

test('whatever the window, the starts are those in it that are not past and end by the deadline', () => {
  const hour = integer({ min: 0, max: 12 });
  assert(
    property(
      hour,
      option(hour),
      option(hour),
      integer({ min: 1, max: 6 }),
      hour,
      (earliest, latest, deadline, hours, now) => {
        const window = {
          earliestH: earliest,
          hours,
          ...(latest === null ? {} : { latestH: latest }),
          ...(deadline === null ? {} : { deadlineH: deadline }),
        };
        const isOpen = (at: number) =>
          at >= earliest &&
          at >= now &&
          (latest === null && deadline === null ? at === earliest : at <= (latest ?? Infinity)) &&
          at + hours <= (deadline ?? Infinity);
        const open = Array.from({ length: 30 }, (_, at) => at).filter(isOpen);
        const found = range(window, t0 + now * hourMs);
        expect(Array.isArray(found) ? found : []).toEqual(open.length === 0 ? [] : [open[0], open.at(-1)]);
      },
    ),
    { seed, numRuns: 300 },
  );
});
