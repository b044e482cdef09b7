import { describe, expect, test } from 'vitest';

import { isMovable, restOf, verdictOfStay, whyItStays } from '../../../src/core/reclaim/movable.ts';
import { Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, contractIn } from './bookings.ts';

const racks = world('fra1/h1/r1 4×8 H100', 'ams2/h1/a1 2×8 H100');
const seat = 'r1/n01 gpu0-3';

describe('whether a contract may be moved', () => {
  test.each([
    ['a preemptible one while it runs', 'preemptible 24h', 1, undefined],
    ['a reserved one before it begins', 'reserved 5-24h', 4, undefined],
    ['an elastic one before it begins', 'elastic 5-24h', 4, undefined],
    ['not a reserved one once it has begun', 'reserved 5-24h', 5, 'runs and is reserved'],
    ['not an elastic one once it has begun', 'elastic 24h', 0, 'runs and is elastic'],
    ['not one that is over', 'preemptible 24h', 24, 'has ended'],
    ['not one without an end, where it is reserved', 'reserved open', 9999, 'runs and is reserved'],
    ['one without an end, where it is preemptible', 'preemptible open', 9999, undefined],
  ])('%s', (_, words, hours, why) => {
    const contract = contractIn(booked(racks, `${words} ${seat}`), 101);
    expect(whyItStays(contract, t0 + hours * hourMs)).toBe(why);
    expect(isMovable(contract, t0 + hours * hourMs)).toBe(why === undefined);
  });

  test('what names no guarantee is reserved', () => {
    const now = granted(racks, demand('1×4 H100 24h'), placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3'));
    expect(whyItStays(contractIn(now, 101), t0)).toBe('runs and is reserved');
  });

  test('one that is to end for another stays until then, and has ended after that', () => {
    const contract = {
      ...contractIn(booked(racks, `preemptible 24h ${seat}`), 101),
      preemptedAtMs: t0 + 6 * hourMs,
    };
    expect(whyItStays(contract, t0 + 6 * hourMs - 1)).toBe('is to end for another one');
    expect(whyItStays(contract, t0 + 6 * hourMs)).toBe('has ended');
  });
});

describe('what is left of a contract', () => {
  const day = contractIn(booked(racks, `preemptible 24h ${seat}`), 101);
  const dayS = 24 * 3600;

  test.each([
    ['all of it before it begins', -5000, 0, dayS],
    ['all of it when it begins', 0, 0, dayS],
    ['whole seconds, to the millisecond', 3_000, 3_000, dayS - 3],
    ['cut at the next whole second', 1, 1000, dayS - 1],
    ['the same a moment before that', 999, 1000, dayS - 1],
    ['a second exactly', dayS * 1000 - 1000, dayS * 1000 - 1000, 1],
  ])('%s', (_, atMs, startMs, durationS) => {
    const rest = restOf(day, t0 + atMs);
    expect(rest?.placement).toMatchObject({ startMs: t0 + startMs, endMs: t0 + dayS * 1000 });
    expect(rest?.demand.window).toEqual({ earliestStartMs: t0 + startMs, durationS });
  });

  test.each([dayS * 1000 - 999, dayS * 1000 - 1, dayS * 1000, dayS * 1000 + 1])(
    'nothing where less than a second is left: %i ms after the start',
    (atMs) => {
      expect(restOf(day, t0 + atMs)).toBeUndefined();
    },
  );

  test('without an end it begins then, to the millisecond, and has none', () => {
    const open = contractIn(booked(racks, `preemptible open ${seat}`), 101);
    const rest = restOf(open, t0 + 1);
    expect(rest?.demand.window).toEqual({ earliestStartMs: t0 + 1 });
    expect(rest?.placement).toEqual({ ...open.placement, startMs: t0 + 1 });
  });

  test('its price is agreed and nobody is ended for it again: it has no budget and no leave for that any more', () => {
    const now = granted(
      racks,
      demand('1×4 H100 24h', { budget: { totalMicroEur: 1 }, mayPreempt: true, objective: 'greenest' }),
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3'),
    );
    const rest = restOf(contractIn(now, 101), t0);
    expect(rest?.demand).not.toHaveProperty('budget');
    expect(rest?.demand).not.toHaveProperty('mayPreempt');
    expect(rest?.demand).toMatchObject({ tenant: 'acme', objective: 'greenest' });
  });

  test('the contract itself stays as it is', () => {
    expect(restOf(day, t0 + hourMs)?.contract).toBe(day);
    expect(day.placement.startMs).toBe(t0);
  });
});

describe('the answer of the rules for one that stays on its sites', () => {
  test('allows these and names no others, each once and in order, those of its spares too', () => {
    const now = granted(
      racks,
      demand('2×4 H100 24h'),
      placement(
        24,
        'train 0 fra1/h1/r1/n01 gpu0-3',
        'train 1 fra1/h1/r1/n02 gpu0-3',
        '+ train 2 ams2/h1/a1/n01 gpu0-3',
      ),
    );
    const contract = contractIn(now, 101);
    const verdict = verdictOfStay(contract);
    expect(verdict.sites).toEqual([
      { site: Path.parse('ams2'), answer: 'allowed', hits: [] },
      { site: Path.parse('fra1'), answer: 'allowed', hits: [] },
    ]);
    expect(verdict.policy).toBe(contract.planDigest);
  });
});
