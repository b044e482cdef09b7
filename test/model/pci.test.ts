import { expect, test } from 'vitest';

import { pciAddressOf } from '../../src/model/pci.ts';

test.each([
  ['0000:1b:00.0', '0000:1b:00.0'],
  ['00000000:1B:00.0', '0000:1b:00.0'],
  ['0000:1b:00', '0000:1b:00.0'],
  ['0000:1b:0', '0000:1b:00.0'],
  ['1b:00.0', '0000:1b:00.0'],
  ['  0000:1B:00.0\n', '0000:1b:00.0'],
  ['0009:01:00.0', '0009:01:00.0'],
  ['00010002:1:1f.7', '10002:01:1f.7'],
  ['ffffffff:ff:1f.7', 'ffffffff:ff:1f.7'],
  ['0:3:0.1', '0000:03:00.1'],
])('`%s` is %s', (text, address) => {
  expect(pciAddressOf(text)).toBe(address);
});

test.each([
  '',
  'gpu0',
  '1b:20.0',
  '1b:00.8',
  '0000:1b:00.0.0',
  '000000000:1b:00.0',
  '[N/A]',
  '1b',
  '0000:100:00.0',
])('`%s` is no address', (text) => {
  expect(pciAddressOf(text)).toBeUndefined();
});
