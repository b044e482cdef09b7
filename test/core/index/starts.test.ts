import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { allowAll } from '../../../src/bench/verdict.ts';
import { close } from '../../../src/core/calendar/calendar.ts';
import { withHolding } from '../../../src/core/calendar/holding.ts';
import { plan } from '../../../src/core/plan.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';

/** A hall and a rack that cannot feed everything at once; the hall has too many nodes to be read one by one. */
const fleet = world(
  'fra1/h1/r1 9×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 9×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h2/r3 2×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000',
  'ams1/h1/r1 2×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000',
  {
    racks: { 'fra1/h1/r2': { feedLimitW: { A: 9000, B: 9000 } } },
    halls: { 'fra1/h1': { powerBudgetW: 12_000 } },
    sites: { fra1: { gpuPrices: { H100: 2_000_000 } }, ams1: { gpuPrices: { H100: 1_500_000 } } },
  },
).state;

/** Starts and ends are whole hours, so that windows often touch. Nothing is where two holds would collide. */
const holds = array(
  record({
    kind: constantFrom('contract', 'contract', 'open', 'lease', 'closure'),
    node: integer({ min: 0, max: fleet.fleet.nodes.length - 1 }),
    gpus: constantFrom([0], [1, 2], [0, 1, 2, 3]),
    fromH: integer({ min: 0, max: 30 }),
    hours: integer({ min: 1, max: 8 }),
    isolation: constantFrom('shared', 'shared', 'shared', 'node', 'rack', 'site'),
  }),
  { maxLength: 30 },
);

type Held = {
  readonly kind: string;
  readonly node: number;
  readonly gpus: readonly number[];
  readonly fromH: number;
  readonly hours: number;
  readonly isolation: string;
};

const wishes = record({
  text: constantFrom(
    '1×4 together:leaf',
    '1×4 together:node',
    '2×2 together:node',
    '2×4 rdma together:leaf',
    '3×4 together:rack',
    '2×2 together:hall',
    '4×4 together:hall',
    '5×4',
    '3×4 apart:node together:hall',
    '2×4 + 1×cpu40 mem64 together:rack',
    '2×cpu64 mem64 together:leaf',
  ),
  hours: constantFrom(1, 2, 5, 9, undefined),
  fromH: integer({ min: 0, max: 6 }),
  laterH: integer({ min: 0, max: 60 }),
  more: constantFrom(
    {},
    {},
    { objective: 'soonest' },
    { objective: 'tightest' },
    { isolation: 'node' },
    { isolation: 'rack' },
    { isolation: 'site' },
    { avoid: ['fra1/h1/r1/n01'] },
    { where: ['fra1/h1'] },
  ),
});

test(
  'the first start is that of a scan: windows that touch, holds without end, leases and closures',
  { timeout: 120_000 },
  () => {
    let later = 0;
    assert(
      property(holds, array(wishes, { minLength: 1, maxLength: 4 }), (all, asked) => {
        const state = all.reduce(holding, fleet);
        for (const wish of asked) {
          const found = answer(state, wishOf(wish), false);
          expect(found).toEqual(answer(state, wishOf(wish), true));
          if (found.kind === 'planned' && found.plan.placement.startMs > t0 + wish.fromH * hourMs) later++;
        }
      }),
      { seed: 23, numRuns: 250 },
    );
    // Else nothing was tested.
    expect(later).toBeGreaterThan(40);
  },
);

function holding(state: State, { kind, node: index, gpus, fromH, hours, isolation }: Held, at = 0): State {
  const node = state.fleet.nodes[index];
  if (node === undefined) return state;
  const fromMs = t0 + fromH * hourMs;
  const toMs = fromMs + hours * hourMs;
  if (kind === 'closure') {
    const place = Path.parse(isolation === 'rack' ? (node.rack ?? node.id) : node.id);
    const calendar = close(state.calendar, state.fleet, { id: `W-${at}`, place, fromMs, toMs });
    return { ...state, calendar };
  }
  const asked = demand(`1×${gpus.length}`, isolation === 'shared' ? {} : { isolation });
  const member = {
    part: 'train',
    replica: 0,
    node: node.id,
    gpus: [...gpus],
    nics: [],
    cpuMilli: gpus.length * 24_000,
    memoryMib: 4096,
    powerW: gpus.length * 950,
  };
  return withHolding(state, {
    id: `${kind} ${at}`,
    tenant: asked.tenant,
    demand: asked,
    placement: { startMs: fromMs, ...(kind === 'open' ? {} : { endMs: toMs }), members: [member] },
  });
}

function wishOf({
  text,
  hours,
  fromH,
  laterH,
  more,
}: {
  readonly text: string;
  readonly hours: number | undefined;
  readonly fromH: number;
  readonly laterH: number;
  readonly more: object;
}): Demand {
  const earliestStartMs = t0 + fromH * hourMs;
  return demand(text, {
    tenant: 'globex',
    window: {
      earliestStartMs,
      latestStartMs: earliestStartMs + laterH * hourMs,
      ...(hours === undefined ? {} : { durationS: hours * 3600 }),
    },
    ...more,
  });
}

function answer(state: State, asked: Demand, isPlain: boolean) {
  return plan(state, { atMs: asked.window.earliestStartMs, verdict: allowAll(state), isPlain }, asked);
}
