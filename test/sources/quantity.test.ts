import { expect, test } from 'vitest';

import { cpuMilliOf, memoryMibOf, quantity, storageGibOf } from '../../src/sources/quantity.ts';

test.each([
  ['64', 64_000],
  ['63500m', 63_500],
  ['0.1', 100],
  ['1e2', 100_000],
  ['1.5k', 1_500_000],
  ['100u', 0],
  ['0', 0],
])('%s CPUs are %d thousandths', (text, milli) => {
  expect(cpuMilliOf(text)).toBe(milli);
});

test.each([
  ['519659388Ki', 507_479],
  ['2048Gi', 2_097_152],
  ['1.5Gi', 1536],
  ['1Ti', 1_048_576],
  ['128974848', 123],
  ['129e6', 123],
  ['129M', 123],
  ['12E', 11_444_091_796_875],
])('%s of memory are %d MiB', (text, mib) => {
  expect(memoryMibOf(text)).toBe(mib);
});

test('storage is rounded down to GiB', () => {
  expect(storageGibOf('3800Gi')).toBe(3800);
  expect(storageGibOf('1023Mi')).toBe(0);
});

test.each([
  '',
  ' ',
  '-1',
  'many',
  '1 Gi',
  '1KiB',
  '0x10',
  '1e999',
  'NaN',
  'Infinity',
  '9'.repeat(41),
  '1.2.3',
])('no quantity: %j', (text) => {
  expect(quantity(text)).toBeUndefined();
});
