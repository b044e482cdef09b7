import { array, assert, boolean, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { never, type Hold } from '../../../src/core/calendar/calendar.ts';
import {
  copyRows,
  endAt,
  gpusAt,
  makeRows,
  putRow,
  type Rows,
  sizeOfRows,
  startAt,
  wattsAt,
} from '../../../src/core/index/rows.ts';

const drawn = record({
  startMs: integer({ min: 0, max: 2 ** 42 }),
  length: integer({ min: 1, max: 2 ** 40 }),
  gpus: integer({ min: 0, max: 2 ** 32 - 1 }),
  powerW: integer({ min: 0, max: 100_000 }),
  isEndless: boolean(),
}).map(({ startMs, length, gpus, powerW, isEndless }): Hold => ({
  holder: 'C-100',
  startMs,
  endMs: isEndless ? never : startMs + length,
  gpus,
  nics: [],
  cpuMilli: 1,
  memoryMib: 2,
  storageGib: 0,
  powerW,
  aligned: false,
  alone: 'shared',
}));

const read = (rows: Rows, at: number) => [
  startAt(rows, at),
  endAt(rows, at),
  gpusAt(rows, at),
  wattsAt(rows, at),
];
const written = ({ startMs, endMs, gpus, powerW }: Hold) => [startMs, endMs, gpus, powerW];

function rowsOf(holds: readonly Hold[]): Rows {
  const rows = makeRows(holds.length);
  for (const [at, hold] of holds.entries()) putRow(rows, at, hold);
  return rows;
}

test('what was put into rows is read from them, without ends and with all 32 GPUs too', () => {
  assert(
    property(array(drawn, { maxLength: 20 }), (holds) => {
      const rows = rowsOf(holds);
      expect(sizeOfRows(rows)).toBe(holds.length);
      expect(holds.map((_, at) => read(rows, at))).toEqual(holds.map(written));
    }),
    { seed: 7, numRuns: 200 },
  );
});

test('rows copied elsewhere are the same, and those around them stay as they are', () => {
  assert(
    property(array(drawn, { minLength: 3, maxLength: 12 }), integer({ min: 0, max: 30 }), (holds, shift) => {
      const [from, to] = [1, holds.length - 1];
      const rows = makeRows(shift + holds.length);
      copyRows(rows, shift + 1, rowsOf(holds), { from, to });
      for (let at = from; at < to; at++) expect(read(rows, shift + at)).toEqual(read(rowsOf(holds), at));
      expect(read(rows, shift)).toEqual([0, 0, 0, 0]);
      expect(read(rows, shift + to)).toEqual([0, 0, 0, 0]);
    }),
    { seed: 7, numRuns: 200 },
  );
});

test('a GPU of which a slice is held is not whole any more', () => {
  const rows = makeRows(1);
  putRow(rows, 0, {
    holder: 'C-1',
    startMs: 1,
    endMs: 2,
    gpus: 1,
    slices: [{ kind: 'share', gpu: 31, milli: 500 }],
    nics: [],
    cpuMilli: 0,
    memoryMib: 0,
    storageGib: 0,
    powerW: 0,
    aligned: false,
    alone: 'shared',
  });
  expect(gpusAt(rows, 0)).toBe(2 ** 31 + 1);
});
