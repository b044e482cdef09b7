import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand } from '../../src/model/demand.ts';
import { ask, take } from './acts.ts';
import { demand } from './demand.ts';
import { hourMs, t0, verdictAll, world, type World } from './fleet.ts';

/** 450 GiB over 1 Gbit/s, from the end of the offer on. */
const arrivalMs = t0 + hourMs + 3_865_471;
const far = world('ams2/a1 1×4 H100 cpu8', 'fra1/r1 1×4 A100 cpu8', {
  pools: { 'fra1/nvme': { mbps: 8000, datasets: [{ id: 'corpus', sizeGib: 450 }] } },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
});

type Window = Partial<Demand['window']>;

/** Start and end after `t0`, the number of members and spares; or the kind of refusal and what binds. */
function outcome(before: World, text: string, window: Window, more: object = {}): string {
  const asked = demand(text, { ...more, window: { earliestStartMs: t0, ...window } });
  const answer = ask(before, asked);
  if (answer.kind === 'refused') {
    const { refusal } = answer;
    return refusal.kind === 'no-capacity' ? `no: ${refusal.nearest?.binding}` : refusal.kind;
  }
  const { placement } = answer.plan;
  const { startMs, endMs, members, spares = [] } = placement;
  expect(check(before.state, asked, verdictAll(before.state, 'allowed'), placement)).toEqual([]);
  expect(endMs ?? 0).toBeLessThanOrEqual(asked.window.deadlineMs ?? Infinity);
  const end = endMs === undefined ? 'open' : String(endMs - t0);
  return `${startMs - t0} to ${end}: ${members.length} + ${spares.length}`;
}

describe('a latest start or a deadline, with data that has to be moved', () => {
  const data = { dataset: 'corpus' };
  const afterMs = arrivalMs - t0;

  test.each<[string, Window, string]>([
    [
      'done at the very deadline',
      { durationS: 3600, deadlineMs: arrivalMs + hourMs },
      `${afterMs} to ${afterMs + hourMs}: 1 + 0`,
    ],
    ['a millisecond too late', { durationS: 3600, deadlineMs: arrivalMs + hourMs - 1 }, 'no: dataset'],
    ['open-ended, by a latest start', { latestStartMs: arrivalMs }, `${afterMs} to open: 1 + 0`],
    ['open-ended, a millisecond too late', { latestStartMs: arrivalMs - 1 }, 'no: dataset'],
    [
      'the earlier of both counts',
      { durationS: 3600, latestStartMs: arrivalMs - 1, deadlineMs: arrivalMs + 9 * hourMs },
      'no: dataset',
    ],
    ['a deadline for what has no end', { deadlineMs: arrivalMs + 9 * hourMs }, 'window-impossible'],
  ])('%s', (_, window, expected) => {
    expect(outcome(far, '1×1 H100', window, data)).toBe(expected);
  });
});

/** Two racks of two nodes; the second is somebody's for the first six hours. */
const racks = take(
  world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 H100'),
  demand('2×8 H100 6h', { tenant: 'globex', where: ['fra1/h1/r2'] }),
);
const sixMs = 6 * hourMs;

describe('a latest start or a deadline, with a loss to survive', () => {
  const survive = { survive: { loss: 'rack', membersLeft: 2 } };

  test.each<[string, Window, string]>([
    [
      'spares from when there is room for them',
      { durationS: 7200, deadlineMs: t0 + 8 * hourMs },
      `${sixMs} to ${8 * hourMs}: 2 + 2`,
    ],
    ['a second too early', { durationS: 7200, deadlineMs: t0 + 8 * hourMs - 1000 }, 'no: survive'],
    ['open-ended', { latestStartMs: t0 + sixMs }, `${sixMs} to open: 2 + 2`],
    ['open-ended, too early', { latestStartMs: t0 + sixMs - 1 }, 'no: survive'],
  ])('%s', (_, window, expected) => {
    expect(outcome(racks, '2×8 H100', window, survive)).toBe(expected);
  });
});

const elastic = (minCount: number) => ({
  guarantee: 'elastic',
  parts: [{ name: 'train', count: 4, minCount, each: { gpus: { count: 8 } } }],
});

describe('a latest start or a deadline, with extras', () => {
  test.each<[string, number, Window, string]>([
    [
      'the guaranteed ones decide the start',
      2,
      { durationS: 7200, deadlineMs: t0 + 20 * hourMs },
      `0 to ${2 * hourMs}: 2 + 0`,
    ],
    [
      'they wait until there is room, and all fit',
      3,
      { durationS: 7200, deadlineMs: t0 + 8 * hourMs },
      `${sixMs} to ${8 * hourMs}: 4 + 0`,
    ],
    [
      'which may be too late',
      3,
      { durationS: 7200, deadlineMs: t0 + 8 * hourMs - 1000 },
      'no: free-over-window',
    ],
    ['open-ended, at once', 2, { latestStartMs: t0 + 20 * hourMs }, '0 to open: 2 + 0'],
    ['open-ended, once there is room', 4, { latestStartMs: t0 + sixMs }, `${sixMs} to open: 4 + 0`],
    ['open-ended, too early', 4, { latestStartMs: t0 + sixMs - 1 }, 'no: free-over-window'],
  ])('%s', (_, minCount, window, expected) => {
    expect(outcome(racks, '1×8 H100', window, elastic(minCount))).toBe(expected);
  });
});
