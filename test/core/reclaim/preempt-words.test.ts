import { describe, expect, test } from 'vitest';

import { solve } from '../../../src/core/place/solve.ts';
import { lossWords, preemptReports } from '../../../src/core/reclaim/preempt-words.ts';
import { type Victim, victimsOf } from '../../../src/core/reclaim/victim.ts';
import type { Preemption } from '../../../src/core/reclaim/victims.ts';
import type { State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked, contractIn } from './bookings.ts';

const racks = world('fra1/h1/r1 4×8 H100');
const minuteMs = 60_000;

function preemptible(length: string, seats = 'r1/n01 gpu0-7'): Contract {
  return contractIn(booked(racks, `preemptible ${length} ${seats}`), 101);
}

/** Three replicas of four GPUs, of which one is guaranteed. */
const three = {
  parts: [{ name: 'train', count: 3, minCount: 1, each: { gpus: { count: 4, models: ['H100'] } } }],
};
const spread = 'r1/n01 gpu0-3, r1/n02 gpu0-3, r1/n03 gpu0-3';
const elastic = contractIn(booked(racks, [`elastic 24h ${spread}`, three]), 101);
const extras = victimsOf(elastic, t0);

const many = (count: number): Victim[] =>
  Array.from({ length: count }, (_, at) => ({
    contract: contractIn(
      booked(racks, ...Array.from({ length: at + 1 }, (__, gpu) => `preemptible 9h r1/n01 gpu${gpu}`)),
      101 + at,
    ),
  }));

describe('what a plan costs others, in words', () => {
  test.each([
    ['days, where there are two', '48h', 0, '2 days'],
    ['hours up to that', '48h', 1, '47 hours'],
    ['days are rounded down', '100h', 0, '4 days'],
    ['hours, where there are two', '2h', 0, '2 hours'],
    ['no time to speak of', '1h', 60 * minuteMs - 1, 'less than a minute'],
    ['none at all', '1h', 60 * minuteMs, 'less than a minute'],
    ['none when it has long been over', '1h', 99 * hourMs, 'less than a minute'],
    ['minutes up to two hours', '2h', 1, '119 minutes'],
    ['one minute', '1h', 59 * minuteMs, '1 minute'],
    ['two minutes less a moment', '1h', 58 * minuteMs + 1, '1 minute'],
    ['two minutes', '1h', 58 * minuteMs, '2 minutes'],
    ['all of what has not begun', '10-34h', 0, '24 hours'],
  ])('%s: %s seen after %i ms', (_, length, afterMs, left) => {
    expect(lossWords([{ contract: preemptible(length) }], t0 + afterMs)).toBe(
      `ends preemptible C-101 (8 GPUs, ${left} left)`,
    );
  });

  test('without an end there is no end', () => {
    expect(lossWords([{ contract: preemptible('open', 'r1/n01 gpu0') }], t0)).toBe(
      'ends preemptible C-101 (1 GPU, no end)',
    );
  });

  test('spares are lost too', () => {
    const contract = preemptible('9h', 'r1/n01 gpu0-3, + r1/n02 gpu0-3');
    expect(lossWords([{ contract }], t0)).toBe('ends preemptible C-101 (8 GPUs, 9 hours left)');
  });

  test.each([
    [1, '1 extra of elastic C-101 (4 GPUs, 24 hours left)'],
    [2, '2 extras of elastic C-101 (8 GPUs, 24 hours left)'],
  ])('%i extras', (count, words) => {
    expect(lossWords(extras.slice(0, count), t0)).toBe(`takes ${words}`);
  });

  test.each([
    [2, 'C-101 (1 GPU, 9 hours left) and C-102 (1 GPU, 9 hours left)'],
    [3, 'C-101 (1 GPU, 9 hours left), C-102 (1 GPU, 9 hours left) and C-103 (1 GPU, 9 hours left)'],
  ])('%i contracts by number', (count, words) => {
    expect(lossWords(many(count).toReversed(), t0)).toBe(`ends preemptible ${words}`);
  });

  test('four are named, of more only the number', () => {
    expect(lossWords(many(4), t0)).toMatch(/C-103 \([^)]+\) and C-104 \([^)]+\)$/);
    expect(lossWords(many(5), t0)).toMatch(/C-104 \([^)]+\) and 1 more$/);
    expect(lossWords(many(7), t0)).toMatch(/C-104 \([^)]+\) and 3 more$/);
  });

  test('ends come before extras', () => {
    const other = contractIn(booked(racks, 'reserved 9h r1/n04 gpu0', 'preemptible 9h r1/n04 gpu1'), 102);
    expect(lossWords([...extras.slice(0, 1), { contract: other }], t0)).toBe(
      'ends preemptible C-102 (1 GPU, 9 hours left), takes 1 extra of elastic C-101 (4 GPUs, 24 hours left)',
    );
  });
});

describe('what a plan reports of those who lose', () => {
  const now = booked(
    racks,
    'preemptible 10h r1/n01 gpu0-7',
    'preemptible 20h r1/n02 gpu0-7',
    'preemptible open r1/n03 gpu0-7',
  );
  const all = [101, 102, 103].map((number) => ({ contract: contractIn(now, number) }));

  function reports(victims: readonly Victim[], candidates: readonly Victim[], atMs = t0) {
    return preemptReports({ ...found(now), victims, candidates }, atMs);
  }

  test('whom, what of it and how much, from the instant on', () => {
    expect(reports(all.slice(0, 1), all, t0 + 4 * hourMs)).toEqual([
      {
        contract: 'C-101',
        gpuCount: 8,
        gpuSecondsLost: 8 * 6 * 3600,
        why: 'the least loss that makes room, out of 3 preemptible contracts in fra1',
      },
    ]);
  });

  test('what has no end loses no number of seconds', () => {
    const [report] = reports(all.slice(2), all);
    expect(report).toMatchObject({ contract: 'C-103', gpuCount: 8 });
    expect(report).not.toHaveProperty('gpuSecondsLost');
  });

  test.each<[string, readonly Victim[], readonly Victim[], string]>([
    [
      'some of many',
      all.slice(0, 2),
      all,
      'the least loss that makes room, out of 3 preemptible contracts in fra1',
    ],
    ['all of many', all, all, 'nothing else makes room: all 3 preemptible contracts in fra1 must end'],
    ['the only one', all.slice(0, 1), all.slice(0, 1), 'the only preemptible contract in fra1'],
    ['the only extra', extras.slice(0, 1), extras.slice(0, 1), 'the only extra in fra1'],
    [
      'one of some extras',
      extras.slice(0, 1),
      extras,
      'the least loss that makes room, out of 2 extras in fra1',
    ],
    [
      'of both kinds',
      all.slice(0, 1),
      [...all.slice(0, 1), ...extras.slice(0, 1)],
      'the least loss that makes room, out of 1 preemptible contract and 1 extra in fra1',
    ],
  ])('why: %s', (_, victims, candidates, why) => {
    expect(new Set(reports(victims, candidates).map((report) => report.why))).toEqual(new Set([why]));
  });

  test('extras are counted, their GPUs and seconds theirs alone', () => {
    expect(reports(extras, extras, t0 + 12 * hourMs)).toMatchObject([
      { contract: 'C-101', extras: 2, gpuCount: 8, gpuSecondsLost: 8 * 12 * 3600 },
    ]);
    expect(reports(all.slice(0, 1), all)[0]).not.toHaveProperty('extras');
  });
});

/** A preemption in fra1 as far as no report reads of it. */
function found({ state }: World): Omit<Preemption, 'victims' | 'candidates'> {
  return { solved: unread(state), without: state, ground: 'fra1' };
}

function unread(state: State): Preemption['solved'] {
  const result = solve(racks.state, verdictAll(state, 'allowed'), {
    demand: demand('1×1 H100 1h'),
    starts: { earliestMs: t0, latestMs: t0 },
  });
  if (result.kind !== 'solved') throw new Error('an empty fleet has room');
  return result;
}
