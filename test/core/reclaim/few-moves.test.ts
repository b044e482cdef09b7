import { describe, expect, test } from 'vitest';

import { type Repair, repairFor } from '../../../src/core/reclaim/repair.ts';
import { seatsOf } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked, type Booking } from './bookings.ts';

function repaired(
  { state }: World,
  text: string,
  more: object = {},
  verdict = verdictAll(state, 'allowed'),
): Repair | undefined {
  const wish = demand(text, more);
  return repairFor(state, verdict, { demand: wish, startMs: wish.window.earliestStartMs, atMs: t0 });
}

/** `C-101→n02 n03`. */
function inWords(found: Repair | undefined): readonly string[] {
  return (found?.moves ?? []).map(
    ({ contract, seats }) => `${contract}→${seats.map(({ node }) => node.slice(-3)).join(' ')}`,
  );
}

const racks = (second: string) => world('fra1/h1/r1 1×4 H100', second);

describe('who is moved', () => {
  test('the fewest GPUs of as many contracts', () => {
    const now = booked(
      world('fra1/h1/r1 4×4 H100'),
      'preemptible 24h r1/n01 gpu0-2',
      'preemptible 24h r1/n02 gpu0-1',
      'reserved 24h r1/n03 gpu0-1',
      'reserved 24h r1/n04 gpu0',
    );
    expect(inWords(repaired(now, '1×4 H100 1h'))).toEqual(['C-102→n03']);
  });

  test('of equal ones the lower number', () => {
    const now = booked(
      world('fra1/h1/r1 3×4 H100'),
      'preemptible 24h r1/n02 gpu0',
      'preemptible 24h r1/n01 gpu0',
      'reserved 24h r1/n03 gpu0-2',
    );
    expect(inWords(repaired(now, '1×4 H100 1h'))).toEqual(['C-101→n03']);
  });

  test('a gang goes whole, spares and all, and only where it keeps together', () => {
    const gang: Booking = ['preemptible 24h r1/n01 gpu0-1, r1/n01 gpu2-3', { together: 'rack' }];
    expect(
      inWords(repaired(booked(racks('fra1/h1/r2 1×4 H100'), gang), '1×4 H100 1h', { where: ['fra1/h1/r1'] })),
    ).toEqual(['C-101→n01 n01']);
    expect(
      repaired(booked(racks('fra1/h1/r2 1×3 H100'), gang), '1×4 H100 1h', { where: ['fra1/h1/r1'] }),
    ).toBeUndefined();
  });

  test('never to another site', () => {
    const now = booked(world('fra1/h1/r1 1×4 H100', 'ams2/h1/a1 1×4 H100'), 'preemptible 24h r1/n01 gpu0-3');
    expect(repaired(now, '1×4 H100 1h', { where: ['fra1'] })).toBeUndefined();
  });

  test('only who stands there while the demand runs', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100'),
      'preemptible 1h r1/n01 gpu0-1',
      'preemptible 1-9h r1/n01 gpu0-1',
      'reserved 9h r1/n02 gpu0-1',
    );
    const from = (hours: number) =>
      repaired(now, '1×4 H100', { window: { earliestStartMs: t0 + hours * hourMs, durationS: 3600 } });
    expect([inWords(from(0)), inWords(from(1))]).toEqual([['C-101→n02'], ['C-102→n02']]);
  });

  test('nobody, where there is no such place at all, or no site is open', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100'),
      'preemptible 24h r1/n01 gpu0',
      'preemptible 24h r1/n02 gpu0',
    );
    expect(inWords(repaired(now, '1×4 H100 1h'))).toEqual(['C-101→n02']);
    expect(repaired(now, '3×4 H100 1h')).toBeUndefined();
    expect(repaired(now, '1×4 A100 1h')).toBeUndefined();
    expect(repaired(now, '1×4 H100 1h', {}, verdictAll(now.state, 'forbidden'))).toBeUndefined();
  });

  test('only the twelve smallest are thought of', () => {
    const fleet = world('fra1/h1/r1 4×8 H100');
    const crowd = (count: number) =>
      booked(
        fleet,
        'preemptible 24h r1/n01 gpu0-1',
        ...Array.from({ length: count }, (_, at) => `preemptible 24h r1/n0${2 + (at >> 3)} gpu${at % 8}`),
      );
    const only = { where: ['fra1/h1/r1/n01'] };
    expect(inWords(repaired(crowd(11), '1×8 H100 1h', only))).toHaveLength(1);
    expect(repaired(crowd(12), '1×8 H100 1h', only)).toBeUndefined();
  });
});

describe('how they are moved', () => {
  test('in an order in which each finds room', () => {
    const now = booked(
      world('fra1/h1/r1 3×4 H100', 'fra1/h1/r1 1×2 H100'),
      ['preemptible 24h r1/n01 gpu0-3', { where: ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'] }],
      'preemptible 24h r1/n02 gpu0-1',
      'reserved 24h r1/n03 gpu0-3',
    );
    const found = repaired(now, '1×4 H100 1h', { where: ['fra1/h1/r1/n01'] });
    expect(inWords(found)).toEqual(['C-102→n04', 'C-101→n02']);
  });

  test('the demand itself gets none of the room that they go to', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100'),
      'preemptible 24h r1/n01 gpu0-1',
      'preemptible 24h r1/n02 gpu0-1',
    );
    const found = repaired(now, '1×4 H100 1h');
    const taken = (found?.moves ?? []).flatMap(({ seats }) => seats.map(({ node }) => node));
    expect(found?.moves).toHaveLength(1);
    expect(found?.best.members.map(({ node }) => node).some((node) => taken.includes(node))).toBe(false);
  });

  test('a part that keeps apart takes rooms of several', () => {
    const now = booked(
      world('fra1/h1/r1 3×2 H100'),
      'preemptible 24h r1/n01 gpu0',
      'preemptible 24h r1/n02 gpu0',
      'reserved 24h r1/n03 gpu0',
    );
    expect(repaired(now, '2×2 H100 apart:node 1h')).toBeUndefined();
    const roomy = booked(
      world('fra1/h1/r1 4×2 H100'),
      'preemptible 24h r1/n01 gpu0',
      'preemptible 24h r1/n02 gpu0',
      'reserved 24h r1/n03 gpu0',
      'reserved 24h r1/n04 gpu0',
    );
    expect(inWords(repaired(roomy, '2×2 H100 apart:node 1h'))).toEqual(['C-101→n03', 'C-102→n04']);
  });

  test('each keeps as many seats on GPUs of its own', () => {
    const now = booked(
      world('fra1/h1/r1 3×4 H100'),
      'preemptible 24h r1/n01 gpu0, r1/n01 gpu1',
      'preemptible 24h r1/n02 gpu0',
      'reserved 24h r1/n03 gpu0',
    );
    const found = repaired(now, '2×4 H100 1h');
    const seats = (found?.moves ?? []).flatMap((move) => move.seats);
    expect(found?.moves.map(({ rest, seats: own }) => own.length === seatsOf(rest.placement).length)).toEqual(
      [true, true],
    );
    const devices = seats.flatMap(({ node, gpus }) => gpus.map((gpu) => `${node} ${gpu}`));
    expect(new Set(devices).size).toBe(3);
    expect(devices.some((device) => device.endsWith('n03 0'))).toBe(false);
  });
});
