import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { allowAll } from '../../../src/bench/verdict.ts';
import { plan } from '../../../src/core/plan.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand, flexible } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { world } from '../fleet.ts';
import { calendarsOf } from '../index/holds.ts';

const prices = { gpuPrices: { H100: 20, H200: 20, A100: 20, L40S: 10 } };

/** Three sites with several models that cost the same, at two of them the very same, and one without prices. */
const { state } = world(
  'ams1/r1 2×8 H100 nvlink rdma cpu96 mem512 leaf',
  'ams1/r2 2×8 H200 nvlink rdma cpu96 mem512 leaf',
  'ams1/r3 3×8 A100 nvlink rdma cpu96 mem512 leaf',
  'fra1/r1 3×8 H100 nvlink rdma cpu96 mem512 leaf',
  'fra1/r2 2×8 A100 nvlink rdma cpu96 mem512 leaf',
  'fra1/r3 2×4 L40S nolink nordma cpu32 mem128',
  'osl1/r1 2×8 H100 nvlink rdma cpu96 mem512 leaf',
  'osl1/r2 2×8 A100 nvlink rdma cpu96 mem512 leaf',
  { sites: { ams1: prices, fra1: prices } },
);

const wishes = record({
  text: constantFrom(
    '1×2',
    '1×8',
    '2×4',
    '2×8 nvlink',
    '3×8',
    '4×8 nvlink rdma',
    '1×1 share:300',
    '5×8 together:rack',
  ),
  uplinkMbps: constantFrom(0, 100_000),
  durationH: integer({ min: 1, max: 6 }),
  laterH: integer({ min: 0, max: 12 }),
  more: constantFrom<object>(
    {},
    { objective: 'cheapest' },
    { objective: 'soonest' },
    { objective: 'tightest' },
    { where: ['osl1', 'fra1'] },
    { budget: { microEurPerDay: 4000 } },
    { survive: { loss: 'node', membersLeft: 1 } },
    { guarantee: 'elastic' },
  ),
});

test(
  'of models and sites that cost the same, the one is chosen that a scan chooses, and offered what it offers',
  { timeout: 60_000 },
  () => {
    const seen = new Set<string>();
    assert(
      property(calendarsOf(state), array(wishes, { minLength: 1, maxLength: 3 }), (calendar, asked) => {
        for (const { text, uplinkMbps, durationH, laterH, more } of asked) {
          const rest = { ...flexible(durationH, laterH), ...more };
          const wish = uplinkMbps === 0 ? demand(text, rest) : withRdma(text, { uplinkMbps }, rest);
          const found = answer({ ...state, calendar }, wish, false);
          expect(found).toEqual(answer({ ...state, calendar }, wish, true));
          seen.add(
            found.kind === 'planned' ? (found.plan.placement.members[0]?.node ?? '').slice(0, 7) : 'no',
          );
        }
      }),
      { seed, numRuns: 90 },
    );
    expect([...seen].toSorted()).toEqual(
      expect.arrayContaining(['ams1/r1', 'ams1/r2', 'ams1/r3', 'fra1/r1', 'fra1/r2', 'no']),
    );
  },
);

function answer(now: State, wish: Demand, isPlain: boolean) {
  return plan(now, { atMs: wish.window.earliestStartMs, verdict: allowAll(now), isPlain }, wish);
}
