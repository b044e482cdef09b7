import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { book, grant } from '../../../src/bench/bookings.ts';
import { makeFleet } from '../../../src/bench/fleets.ts';
import { ask, topics } from '../../../src/bench/questions.ts';
import { Random } from '../../../src/bench/random.ts';
import { allowAll } from '../../../src/bench/verdict.ts';
import { close } from '../../../src/core/calendar/calendar.ts';
import { check } from '../../../src/core/check.ts';
import { plan } from '../../../src/core/plan.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import type { PlanAnswer } from '../../../src/model/plan.ts';
import { demand, flexible } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { hourMs, t0, world } from '../fleet.ts';

test.each(topics)(
  'with an index the answers about a booked fleet are those of a scan: %s',
  { timeout: 120_000 },
  (topic) => {
    const random = new Random(5);
    let state = booked(72, topic === 'gang' ? 50 : 100);
    for (let at = 0; at < 12; at++) {
      const asked = smaller(ask(topic, state, random));
      const found = answer(state, asked, false);
      expect(found).toEqual(answer(state, asked, true));
      if (found.kind === 'planned' && at % 3 === 0) state = grant(state, found.plan);
    }
  },
);

/** Small racks of several kinds, some of which can feed fewer nodes than they have. */
const fleet = world(
  'fra1/h1/r1 4×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 4×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h2/r3 3×4 L40S nolink nordma cpu32 mem128 gpuw300 basew400',
  'ams1/r1 2×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000',
  {
    racks: { 'fra1/h1/r2': { feedLimitW: { A: 15_000, B: 15_000 } }, 'ams1/r1': { feedLimitW: { A: 9000 } } },
    halls: { 'fra1/h1': { powerBudgetW: 40_000 } },
    leafs: {
      'fra1/leaf-r1': { uplinkMbps: 800_000, spine: 'fra1/spine1' },
      'fra1/leaf-r2': { uplinkMbps: 500_000, spine: 'fra1/spine1' },
    },
    spines: { 'fra1/spine1': { uplinkMbps: 900_000 } },
    sites: {
      fra1: { gpuPrices: { H100: 2_000_000, L40S: 900_000 }, cpuPriceMicroEurPerHour: 10_000 },
      ams1: { gpuPrices: { H100: 1_500_000 } },
    },
  },
);

/** The same with a rack closed to everybody for some hours. */
const maintained: State = {
  ...fleet.state,
  calendar: close(fleet.state.calendar, fleet.state.fleet, {
    id: 'W-1',
    place: Path.parse('fra1/h1/r1'),
    fromMs: t0 + 3 * hourMs,
    toMs: t0 + 9 * hourMs,
  }),
};

const wishes = record({
  tenant: constantFrom('acme', 'globex'),
  text: constantFrom(
    '1×8 H100',
    '2×8 H100 nvlink rdma',
    '3×2 H100',
    '5×1',
    '2×4 L40S',
    '4×8 within:rack',
    '3×4 apart:node',
    '2×8 together:rack',
    '1×8 + 2×cpu16 mem32',
    '6×8 H100',
    '6×8 H100 nvlink rdma together:spine',
    '7×4 H100 rdma',
    '2×8 H100 nvlink rdma + 1×cpu90 mem16',
    '3×1 L40S share:300',
    '2×1 H100 share:500',
  ),
  uplinkMbps: constantFrom(0, 0, 200_000, 400_000),
  durationH: integer({ min: 1, max: 12 }),
  laterH: integer({ min: 0, max: 30 }),
  more: constantFrom(
    {},
    { isolation: 'node' },
    { isolation: 'rack' },
    { isolation: 'site' },
    { where: ['fra1'] },
    { avoid: ['fra1/h1/r1'] },
    { objective: 'soonest' },
    { objective: 'fastest' },
    { powerCapW: 20_000 },
    { survive: { loss: 'rack', membersLeft: 1 } },
    { guarantee: 'elastic' },
  ),
});

test(
  'with an index the answers are those of a scan, whatever was committed before',
  { timeout: 120_000 },
  () => {
    assert(
      property(array(wishes, { minLength: 2, maxLength: 9 }), boolean(), (asked, closed) => {
        const states: State[] = [closed ? maintained : fleet.state];
        for (const { tenant, text, uplinkMbps, durationH, laterH, more } of asked) {
          const state = states.at(-1) ?? fleet.state;
          const rest = { tenant, ...flexible(durationH, laterH), ...more };
          const wish = uplinkMbps === 0 ? demand(text, rest) : withRdma(text, { uplinkMbps }, rest);
          const found = answer(state, wish, false);
          expect(found).toEqual(answer(state, wish, true));
          // The index has moved on by now, and has to come back for an older state.
          const older = states[Math.floor(states.length / 2)] ?? state;
          expect(answer(older, wish, false)).toEqual(answer(older, wish, true));
          if (found.kind === 'planned') states.push(grant(state, found.plan));
        }
      }),
      { seed: 11, numRuns: 60 },
    );
  },
);

test('what a made-up fleet holds is what the auditor would have let through', () => {
  const state = booked(40, 100);
  const verdict = allowAll(state);
  for (const contract of [...state.contracts].slice(0, 40)) {
    const calendar = state.calendar.map((holds) => holds.filter(({ holder }) => holder !== contract.id));
    expect(check({ ...state, calendar }, contract.demand, verdict, contract.placement)).toEqual([]);
  }
});

function answer(state: State, asked: Demand, isPlain: boolean): PlanAnswer {
  return plan(state, { atMs: asked.window.earliestStartMs, verdict: allowAll(state), isPlain }, asked);
}

function booked(nodes: number, part: number): State {
  const steps = book(makeFleet(nodes, 3), 3, part);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value.state;
  }
}

/** Made for thousands of nodes: a scan of a year's starts would take minutes here, and large gangs would never fit. */
function smaller({ parts, window, ...rest }: Demand): Demand {
  const { earliestStartMs, latestStartMs } = window;
  return {
    ...rest,
    parts: parts.map((part) => ({
      ...part,
      count: Math.max(1, Math.min(part.count, Math.ceil(part.count / 8))),
    })),
    window: {
      ...window,
      ...(latestStartMs === undefined
        ? {}
        : { latestStartMs: Math.min(latestStartMs, earliestStartMs + 86_400_000) }),
    },
  };
}
