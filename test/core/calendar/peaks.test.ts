import { array, assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';

import { heldIn, type Hold, peakOf } from '../../../src/core/calendar/calendar.ts';
import { peaksOf } from '../../../src/core/calendar/peaks.ts';
import { seed } from '../arbitrary.ts';
import { hourMs, t0 } from '../fleet.ts';
import { holds, spans } from '../index/holds.ts';

test('the peaks of all amounts are those of each for itself', () => {
  assert(
    property(array(holds, { maxLength: 9 }), spans, (all, { startMs, endMs }) => {
      const held = heldIn(all, startMs, endMs);
      const { cpuMilli, memoryMib, storageGib } = peaksOf(held, startMs);
      const peak = (amount: (entry: Hold) => number) => peakOf(held, startMs, amount);
      expect(cpuMilli).toBe(peak((entry) => entry.cpuMilli));
      expect(memoryMib).toBe(peak((entry) => entry.memoryMib));
      expect(storageGib).toBe(peak((entry) => entry.storageGib));
    }),
    { seed, numRuns: 500 },
  );
});

test.each([
  ['one ends when the next begins', [0, 2, 2, 4], 5],
  ['they overlap for an hour', [0, 3, 2, 4], 8],
  ['both began before the window', [-4, 3, -2, 4], 8],
])('cores of two holds of 3 and 5: %s', (_, [from = 0, to = 0, later = 0, end = 0], cpuMilli) => {
  expect(peaksOf([ofCores(from, to, 3), ofCores(later, end, 5)], t0)).toEqual({
    cpuMilli,
    memoryMib: 0,
    storageGib: 0,
  });
});

test('what nobody holds any of peaks at nothing, however many hold other things', () => {
  const nobody = [ofCores(0, 2, 0), ofCores(1, 3, 0)];
  expect(peaksOf(nobody, t0)).toEqual({ cpuMilli: 0, memoryMib: 0, storageGib: 0 });
});

test('nothing held peaks at nothing, and one hold at what it holds', () => {
  assert(
    property(holds, integer({ min: 0, max: 9 }), (only, hours) => {
      expect(peaksOf([], t0 + hours * hourMs)).toEqual({ cpuMilli: 0, memoryMib: 0, storageGib: 0 });
      expect(peaksOf([only], t0)).toMatchObject({ cpuMilli: only.cpuMilli, memoryMib: only.memoryMib });
    }),
    { seed, numRuns: 20 },
  );
});

function ofCores(startH: number, endH: number, cores: number): Hold {
  return {
    holder: 'C-1',
    startMs: t0 + startH * hourMs,
    endMs: t0 + endH * hourMs,
    gpus: 0,
    nics: [],
    cpuMilli: cores,
    memoryMib: 0,
    storageGib: 0,
    powerW: 0,
    aligned: false,
    alone: 'shared',
  };
}
