import { describe, expect, test } from 'vitest';

import { reclaimOffers } from '../../../src/core/reclaim/offer.ts';
import type { Relaxation } from '../../../src/model/refusal.ts';
import { ask } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked } from './bookings.ts';

function offers(
  { state }: World,
  text: string,
  { latestH = 0, atMs = t0, more = {} }: { latestH?: number; atMs?: number; more?: object } = {},
): readonly Relaxation[] {
  const wish = demand(text, more);
  const { earliestStartMs } = wish.window;
  const starts = { earliestMs: earliestStartMs, latestMs: earliestStartMs + latestH * hourMs };
  return reclaimOffers(state, verdictAll(state, 'allowed'), { demand: wish, starts, atMs });
}

const words = (found: readonly Relaxation[]) => found.map(({ change }) => change);

describe('what others would have to give up', () => {
  const two = world('fra1/h1/r1 2×4 H100', { sites: { fra1: { gpuPrices: { H100: 2 } } } });

  test('moves come before ends, and both say what it then costs', () => {
    const now = booked(two, 'preemptible 24h r1/n01 gpu0-1', 'reserved 24h r1/n02 gpu0-1');
    const found = offers(now, '1×4 H100 3h');
    expect(words(found)).toEqual([
      'after moving C-101 to fra1/h1/r1/n02',
      'ends preemptible C-101 (2 GPUs, 24 hours left)',
    ]);
    expect(found).toMatchObject([
      { startMs: t0, microEurPerHour: 8, totalMicroEur: 24, moves: [{ contract: 'C-101' }] },
      { startMs: t0, microEurPerHour: 8, totalMicroEur: 24, demand: { mayPreempt: true } },
    ]);
    expect(found[0]?.demand).not.toHaveProperty('mayPreempt');
    expect(found[1]).not.toHaveProperty('moves');
  });

  test('nothing where nobody can, and nothing where nobody would be enough', () => {
    expect(
      offers(booked(two, 'reserved 24h r1/n01 gpu0', 'reserved 24h r1/n02 gpu0'), '1×4 H100 1h'),
    ).toEqual([]);
    expect(
      offers(booked(two, 'preemptible 24h r1/n01 gpu0', 'reserved 24h r1/n02 gpu0'), '2×4 H100 1h'),
    ).toEqual([]);
  });

  test('no ends where those were asked for already, nor for what is preemptible itself', () => {
    const now = booked(two, 'preemptible 24h r1/n01 gpu0-1', 'reserved 24h r1/n02 gpu0-2');
    expect(offers(now, '1×4 H100 1h')).toHaveLength(1);
    expect(offers(now, '1×4 H100 1h', { more: { mayPreempt: true } })).toEqual([]);
    expect(offers(now, '1×4 H100 1h', { more: { guarantee: 'preemptible' } })).toEqual([]);
  });

  test('a start that was left open is fixed, and there is no deadline any more', () => {
    const now = booked(two, 'preemptible 24h r1/n01 gpu0-1', 'reserved 24h r1/n02 gpu0-2');
    const window = {
      earliestStartMs: t0,
      latestStartMs: t0 + 5 * hourMs,
      deadlineMs: t0 + 9 * hourMs,
      durationS: 3600,
    };
    const [offer] = offers(now, '1×4 H100', { latestH: 5, more: { window } });
    expect(offer?.demand.window).toEqual({ earliestStartMs: t0, durationS: 3600 });
  });

  test('asked as it stands an offer is planned, with those who have to go', () => {
    const now = booked(two, 'preemptible 24h r1/n01 gpu0-1', 'preemptible 9h r1/n02 gpu0-2');
    const [offer] = offers(now, '1×4 H100 1h').filter(({ demand: wish }) => wish.mayPreempt === true);
    if (offer === undefined) throw new Error('an offer');
    const answer = ask(now, offer.demand);
    expect(answer.kind === 'planned' ? answer.plan.preempts : answer.refusal).toEqual(['C-102']);
    expect(offer.change).toBe('ends preemptible C-102 (3 GPUs, 9 hours left)');
  });

  test('of a later start it counts what is lost from then on', () => {
    // Until two something reserved is in the way of all; then the one that loses less from two on goes.
    const now = booked(
      two,
      'preemptible 2-12h r1/n01 gpu0-3',
      'preemptible 2-10h r1/n02 gpu0-3',
      'reserved 2h r1/n01 gpu0-3',
      'reserved 2h r1/n02 gpu0-3',
    );
    const window = { earliestStartMs: t0, latestStartMs: t0 + 5 * hourMs, durationS: 3600 };
    const [offer] = offers(now, '1×4 H100', { latestH: 5, more: { window } });
    expect([offer?.change, ((offer?.startMs ?? 0) - t0) / hourMs]).toEqual([
      'ends preemptible C-102 (4 GPUs, 8 hours left)',
      2,
    ]);
  });
});

describe('moves in words', () => {
  test('each contract with where it goes, and how many more places', () => {
    const now = booked(
      world('fra1/h1/r1 4×4 H100'),
      'preemptible 24h r1/n01 gpu0-1, r1/n01 gpu2-3',
      'reserved 24h r1/n02 gpu0-1',
      'reserved 24h r1/n03 gpu0-1',
      'reserved 24h r1/n04 gpu0-3',
    );
    expect(words(offers(now, '1×4 H100 1h'))[0]).toBe('after moving C-101 to fra1/h1/r1/n02 and 1 more');
  });

  test('several in the order in which they are made', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100'),
      'preemptible 24h r1/n01 gpu0',
      'preemptible 24h r1/n01 gpu1',
      'reserved 24h r1/n02 gpu0-1',
    );
    expect(words(offers(now, '1×4 H100 1h'))[0]).toBe(
      'after moving C-101 to fra1/h1/r1/n02, then C-102 to fra1/h1/r1/n02',
    );
  });
});

test('what has begun by the time of the demand moves as it is when somebody asks', () => {
  const now = booked(
    world('fra1/h1/r1 2×4 H100'),
    'reserved 3-24h r1/n01 gpu0-1',
    'reserved 24h r1/n02 gpu0-1',
  );
  const more = { window: { earliestStartMs: t0 + 4 * hourMs, durationS: 3600 } };
  // At four it runs and stays; asked at two it has not begun, and goes before it does.
  expect(words(offers(now, '1×4 H100', { more, atMs: t0 + 2 * hourMs }))).toEqual([
    'after moving C-101 to fra1/h1/r1/n02',
  ]);
  expect(words(offers(now, '1×4 H100', { more, atMs: t0 + 3 * hourMs }))).toEqual([]);
  expect(words(offers(now, '1×4 H100', { more, atMs: t0 + 9 * hourMs }))).toEqual([]);
});
