import { describe, expect, test } from 'vitest';

import { gpuCountIn, gpuCountOf, gpuSeconds, lossOf, lossOfSeat } from '../../../src/core/reclaim/loss.ts';
import type { HeldSlice, Member } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, contractIn } from './bookings.ts';

const racks = world('fra1/h1/r1 4×8 H100 gpumem80 mig');

/** A GPU for an hour, in the unit of losses: 1000 thousandths for 3,600,000 ms. */
const gpuHour = 1000n * 3_600_000n;

function seat(gpus: number, slices: readonly HeldSlice[] = []): Member {
  const [member] = placement(1, `train 0 fra1/h1/r1/n01 ${gpus === 0 ? '' : `gpu0-${gpus - 1}`}`).members;
  if (member === undefined) throw new Error('a member');
  return slices.length === 0 ? member : { ...member, slices: [...slices] };
}

const share = (milli: number): HeldSlice => ({ kind: 'share', gpu: 7, milli });
const mig = (profile: string): HeldSlice => ({ kind: 'mig', gpu: 7, profile, start: 0 });

describe('the GPUs that members hold', () => {
  test.each<[string, readonly Member[], number]>([
    ['nobody holds none', [], 0],
    ['a member without any', [seat(0)], 0],
    ['whole ones are counted', [seat(8), seat(4)], 12],
    ['a share counts as one begun', [seat(0, [share(1)])], 1],
    ['shares that fill a GPU exactly are one', [seat(0, [share(400), share(600)])], 1],
    ['one thousandth more is two', [seat(0, [share(401), share(600)])], 2],
    [
      'shares of several members are added before they are rounded',
      [seat(0, [share(300)]), seat(0, [share(300)])],
      1,
    ],
    ['whole ones and a share', [seat(2, [share(500)])], 3],
    ['seven sevenths are a GPU', [seat(0, [mig('7g.80gb')])], 1],
    // Seven times 143 thousandths: rounding up each seventh passes a whole GPU.
    [
      'seven instances of a seventh are rounded up one by one',
      Array.from({ length: 7 }, () => seat(0, [mig('1g.10gb')])),
      2,
    ],
    ['two of three sevenths', [seat(0, [mig('3g.40gb'), mig('3g.40gb')])], 1],
  ])('%s', (_, seats, count) => {
    expect(gpuCountIn(seats)).toBe(count);
  });

  test('those of a contract are those of its members and spares', () => {
    const now = booked(racks, 'reserved 9h r1/n01 gpu0-3, r1/n02 gpu0-3, + r1/n03 gpu0-3');
    expect(gpuCountOf(contractIn(now, 101))).toBe(12);
  });
});

describe('what a contract loses', () => {
  const eight = booked(racks, 'preemptible 10h r1/n01 gpu0-7');

  test.each([
    ['all of it before it begins', -3, 80n],
    ['all of it when it begins', 0, 80n],
    ['what is left while it runs', 4, 48n],
    ['nothing at its end', 10, 0n],
    ['nothing after its end', 12, 0n],
  ])('%s', (_, hours, gpuHours) => {
    expect(lossOf(contractIn(eight, 101), t0 + hours * hourMs)).toBe(gpuHours * gpuHour);
  });

  test('counts from its start where that is later', () => {
    const later = booked(racks, 'preemptible 5-10h r1/n01 gpu0-1');
    expect(lossOf(contractIn(later, 101), t0 + hourMs)).toBe(10n * gpuHour);
    expect(lossOf(contractIn(later, 101), t0 + 8 * hourMs)).toBe(4n * gpuHour);
  });

  test('without an end it loses all the time up to the end of 2199', () => {
    const open = booked(racks, 'preemptible open r1/n01 gpu0');
    const leftMs = Date.UTC(2199, 11, 31, 23, 59, 59, 999) - t0;
    expect(lossOf(contractIn(open, 101), t0)).toBe(1000n * BigInt(leftMs));
  });

  test('spares are lost like members, and all of it is what the seats lose', () => {
    const now = booked(racks, 'preemptible 9h r1/n01 gpu0-3, r1/n02 gpu0-3, + r1/n03 gpu0-3');
    const contract = contractIn(now, 101);
    const { members, spares = [] } = contract.placement;
    const each = [...members, ...spares].map((one) => lossOfSeat(contract, one, t0 + hourMs));
    expect(each).toEqual([32n * gpuHour, 32n * gpuHour, 32n * gpuHour]);
    expect(lossOf(contract, t0 + hourMs)).toBe(96n * gpuHour);
  });

  test.each([
    ['a share its thousandths', '0:250', 250n],
    ['a MIG instance a seventh for each compute slice, rounded up', '0:3g.40gb@0', 429n],
    ['the smallest instance', '0:1g.10gb@6', 143n],
  ])('of slices: %s', (_, slice, milli) => {
    const text = slice.includes('g.') ? `mig:${slice.slice(2, -2)}` : `share:${slice.slice(2)}`;
    const wish = demand(`1×1 H100 ${text} 1h`, { guarantee: 'preemptible' });
    const now = granted(racks, wish, placement(1, `train 0 fra1/h1/r1/n01 ${slice}`));
    expect(lossOf(contractIn(now, 101), t0)).toBe(milli * 3_600_000n);
  });

  test.each([
    ['nothing is nothing', 0n, 0],
    ['the least there is is rounded up', 1n, 1],
    ['a GPU-second exactly', 1_000_000n, 1],
    ['a little more than one', 1_000_001n, 2],
    ['a GPU-hour', gpuHour, 3600],
  ])('in whole GPU-seconds: %s', (_, loss, seconds) => {
    expect(gpuSeconds(loss)).toBe(seconds);
  });
});
