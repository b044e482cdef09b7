import { describe, expect, test } from 'vitest';

import { plan } from '../../../src/core/plan.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { identify, type Plan, type PlanAnswer } from '../../../src/model/plan.ts';
import { demand } from '../demand.ts';
import { t0, verdictAll, type World, world } from '../fleet.ts';
import { booked } from '../reclaim/bookings.ts';

const racks = world('fra1/h1/r1 2×8 H100 cpu64 mem256 nvlink', 'fra1/h1/r2 2×8 H100 cpu64 mem256 nvlink');
const reserved = 'reserved 24h r2/n01 gpu0-7';
const cheap = 'preemptible 9h r1/n01 gpu0-7';

/** Three replicas of four GPUs, of which one is guaranteed. */
const three = {
  parts: [{ name: 'train', count: 3, minCount: 1, each: { gpus: { count: 4, models: ['H100'] } } }],
};

function answer(on: World, wish: Demand, isPlain = false): PlanAnswer {
  return plan(on.state, { atMs: t0, verdict: verdictAll(on.state, 'allowed'), isPlain }, wish);
}

function made(on: World, wish: Demand, isPlain = false): Plan {
  const found = answer(on, wish, isPlain);
  if (found.kind === 'refused') throw new Error(JSON.stringify(found.refusal));
  expect({ id: found.id, digest: found.digest }).toEqual(identify(found.plan));
  return found.plan;
}

const gang = demand('2×8 H100 nvlink within:rack 6h', { mayPreempt: true });
const noLeave = demand('2×8 H100 nvlink within:rack 6h');

describe('a plan that ends others', () => {
  const full = booked(racks, reserved, cheap);

  test('stands where it would, and says why, as if they had never been', () => {
    const without = made(booked(racks, reserved), noLeave);
    const ending = made(full, gang);
    expect(ending.preempts).toEqual(['C-102']);
    expect(ending.placement).toEqual(without.placement);
    expect(ending.report.here).toEqual(without.report.here);
    expect(ending.report.sites).toEqual(without.report.sites);
    expect(ending.terms).toEqual(without.terms);
    expect(ending.price).toEqual(without.price);
  });

  test('counts what stood in its way as the refusal does that it would be without leave', () => {
    const refused = answer(full, noLeave);
    expect(refused.kind).toBe('refused');
    expect(made(full, gang).report.constraints).toEqual(
      refused.kind === 'refused' && refused.report.constraints,
    );
  });

  test('says whom it ends, what they lose from its start on, and why these', () => {
    const [lost, ...others] = made(full, gang).report.preempts ?? [];
    expect(others).toEqual([]);
    expect(lost).toMatchObject({ contract: 'C-102', gpuCount: 8, gpuSecondsLost: 8 * 9 * 3600 });
    expect(lost).not.toHaveProperty('extras');
    expect(lost?.why).toMatch(/^the only preemptible contract in /);
  });

  test('rests on the fleet as it is, not on the one that it leaves', () => {
    const { inputs } = made(full, gang);
    expect([inputs.calendar, inputs.inventory, inputs.seq]).toEqual([
      full.state.calendarDigest,
      full.state.inventoryDigest,
      full.state.seq,
    ]);
  });
});

describe('whom it names', () => {
  const elastic = ['elastic 24h r1/n01 gpu0-3, r1/n01 gpu4-7, r1/n02 gpu0-3', three] as const;

  test.each<readonly [string, World, Demand, object]>([
    [
      'contracts that end, and no shares of others',
      booked(racks, reserved, cheap),
      gang,
      { preempts: ['C-102'] },
    ],
    [
      'extras that go, and none that end',
      booked(racks, reserved, 'reserved 24h r2/n02 gpu0-7', [...elastic]),
      demand('1×8 H100 6h', { mayPreempt: true }),
      { shrinks: [{ contract: 'C-103', left: [{ part: 'train', count: 2 }] }] },
    ],
  ])('%s', (_, on, wish, expected) => {
    const { preempts, shrinks } = made(on, wish);
    expect({ ...(preempts && { preempts }), ...(shrinks && { shrinks }) }).toEqual(expected);
  });

  test('nobody where there is room, and nobody without leave', () => {
    const { preempts, shrinks, report } = made(booked(racks, cheap), gang);
    expect([preempts, shrinks, report.preempts]).toEqual([undefined, undefined, undefined]);
    expect(answer(booked(racks, reserved, cheap), noLeave).kind).toBe('refused');
  });

  test('nobody where what may be taken makes no room', () => {
    const guarded = booked(racks, reserved, cheap, 'reserved 24h r1/n02 gpu0');
    const [may, mayNot] = [answer(guarded, gang), answer(guarded, noLeave)];
    expect(may.kind).toBe('refused');
    expect(may.kind === 'refused' && may.report).toEqual(mayNot.kind === 'refused' && mayNot.report);
  });
});

test.each([
  ['ends a contract', booked(racks, reserved, cheap)],
  ['ends one of two', booked(racks, cheap, 'preemptible 5h r2/n01 gpu0-7')],
  ['needs nobody', booked(racks, cheap)],
])('the index changes no byte of a plan that %s', (_, on) => {
  expect(made(on, gang, true)).toEqual(made(on, gang));
});
