import { expect, test } from 'vitest';

import { readText } from '../../src/sources/evidence.ts';
import { file, refusal } from './given.ts';

test('text comes back without its byte order mark', () => {
  expect(readText(file('a', new Uint8Array([0xef, 0xbb, 0xbf, 0x61])))).toBe('a');
});

test.each([
  ['nothing', new Uint8Array(), '`f` is empty'],
  ['only white space', ' \n\t', '`f` is empty'],
  ['a NUL byte', 'kind: Node\u0000', '`f` is binary'],
  ['gzip', new Uint8Array([0x1f, 0x8b, 8]), '`f` is gzip'],
  ['a zip archive', new Uint8Array([0x50, 0x4b, 3, 4]), '`f` is a zip archive'],
  ['UTF-16 as PowerShell writes it', new Uint8Array([0xff, 0xfe, 0x6b, 0]), '`f` is UTF-16'],
  ['broken UTF-8, with its line', new Uint8Array([0x61, 0x0a, 0x62, 0xff, 0x0a]), '`f` line 2: is not UTF-8'],
  ['Latin-1', new Uint8Array([0x4d, 0xfc, 0x6e]), '`f` line 1: is not UTF-8'],
])('refuses %s', (_, content, message) => {
  expect(refusal(() => readText(file('f', content))).message).toBe(message);
});

test('refuses more than 100 MiB before it reads them', () => {
  const { message } = refusal(() => readText(file('big.json', new Uint8Array(100 * 1024 * 1024 + 1))));
  expect(message).toBe('`big.json` has 101 MiB, above the limit of 100 MiB');
});

test('a file name is made safe before it is shown', () => {
  expect(refusal(() => readText(file('\u001b[31mx\u202e', ''))).message).toBe('`�[31mx�` is empty');
});
