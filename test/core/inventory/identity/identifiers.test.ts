import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  aliasIdentifier,
  gpuIdentifier,
  identifiersOf,
  kindOf,
  nameIdentifier,
  serialIdentifier,
  shortName,
  valueOf,
  worded,
} from '../../../../src/core/inventory/identity/identifiers.ts';
import { seed } from '../../arbitrary.ts';

const uuidOf = (systemUuid: string) => identifiersOf({ systemUuid });

/** A UUID with its first three groups byte by byte from the other end. */
function turn(text: string): string {
  const bytes = text.match(/../gu) ?? [];
  const groups = [bytes.slice(0, 4), bytes.slice(4, 6), bytes.slice(6, 8)];
  return [...groups.flatMap((group) => group.toReversed()), ...bytes.slice(8)].join('');
}

describe('a system UUID', () => {
  test('is the same with and without hyphens, in capitals and in the other byte order', () => {
    const forms = [
      '01020304-0506-0708-090a-0b0c0d0e0f10',
      '0102030405060708090A0B0C0D0E0F10',
      '04030201-0605-0807-090a-0b0c0d0e0f10',
      '{04030201-0605-0807-090A-0B0C0D0E0F10}',
    ];
    expect(forms.map(uuidOf)).toEqual(forms.map(() => ['uuid:0102030405060708090a0b0c0d0e0f10']));
  });

  test('differs from every other one, whichever byte order either is in', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{32}$/u);
    fc.assert(
      fc.property(hex, hex, (a, b) => {
        expect(uuidOf(turn(a))).toEqual(uuidOf(a));
        fc.pre(uuidOf(a).length === 1 && uuidOf(b).length === 1);
        expect(uuidOf(a)[0] === uuidOf(b)[0]).toBe(a === b || turn(a) === b);
      }),
      { seed, numRuns: 200 },
    );
  });

  test.each([
    ['zeros', '00000000-0000-0000-0000-000000000000'],
    ['ones', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'],
    ['what a board maker left in', '03000200-0400-0500-0006-000700080009'],
    ['the same in the other byte order', '00020003-0004-0005-0006-000700080009'],
    ['too short', '4c4c4544-0051'],
    ['too long', '4c4c4544-0051-3510-8052-b4c04f4d323300'],
    ['no number', 'Not Specified'],
  ])('of %s is none', (_, text) => {
    expect(uuidOf(text)).toEqual([]);
  });
});

describe('a serial number', () => {
  test.each([
    ['AB12', 'serial:AB12'],
    [' ab12\n', 'serial:AB12'],
    ['1660-323', 'serial:1660-323'],
    ['0042', 'serial:0042'],
    ['N/A1', 'serial:N/A1'],
  ])('`%s` is one', (text, expected) => {
    expect(serialIdentifier(text)).toBe(expected);
  });

  test.each([
    '',
    '   ',
    '0',
    '0000000000',
    'xxxxxxx',
    'FFFF',
    'N/A',
    'None',
    'null',
    'Empty',
    'UNKNOWN',
    'Default',
    'Default string',
    'Not Specified',
    'Not Available',
    'Not Applicable',
    'System Serial Number',
    'Chassis Serial Number',
    'To Be Filled By O.E.M.',
    '0123456789',
    '1234567890',
    '123456789',
    '...',
  ])('`%s` is none: thousands of machines have it', (text) => {
    expect(serialIdentifier(text)).toBeUndefined();
  });
});

describe('a GPU', () => {
  test.each([
    ['GPU-5F3A-01', 'gpu:5f3a-01'],
    ['gpu-5f3a-01', 'gpu:5f3a-01'],
    [' 5f3a-01 ', 'gpu:5f3a-01'],
    ['GPU-00000000-0000', undefined],
    ['GPU-', undefined],
    ['[N/A]', undefined],
  ])('`%s` is %s', (text, expected) => {
    expect(gpuIdentifier(text)).toBe(expected);
  });
});

describe('a host name', () => {
  test.each([
    ['N01.Example.com.', 'name:n01.example.com'],
    [' n01 ', 'name:n01'],
    ['localhosts', 'name:localhosts'],
    ['my.localhost', 'name:my.localhost'],
    ['localhost', undefined],
    ['LOCALHOST.localdomain', undefined],
    ['localhost.', undefined],
    ['', undefined],
    ['.', undefined],
  ])('`%s` is %s', (text, expected) => {
    expect(nameIdentifier(text)).toBe(expected);
  });

  test.each([
    ['n01.a.example', 'n01'],
    ['n01', 'n01'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1.example', '10'],
    ['10.0.0', '10'],
  ])('`%s` is `%s` for short', (name, short) => {
    expect(shortName(name)).toBe(short);
  });
});

describe('an alias', () => {
  test.each([
    ['dgx-02', 'name:dgx-02'],
    ['serial:ab12', 'serial:AB12'],
    ['SERIAL: ab12', 'serial:AB12'],
    ['gpu:GPU-5f3a', 'gpu:5f3a'],
    ['uuid:01020304-0506-0708-090a-0b0c0d0e0f10', 'uuid:0102030405060708090a0b0c0d0e0f10'],
    ['mac:0c42', 'name:mac:0c42'],
    ['serial:none', undefined],
    ['uuid:12', undefined],
    ['localhost', undefined],
  ])('`%s` stands for %s', (text, expected) => {
    expect(aliasIdentifier(text)).toBe(expected);
  });
});

test('a node is told by its host name, serial number and system UUID, not by its aliases', () => {
  const systemUuid = '01020304-0506-0708-090a-0b0c0d0e0f10';
  expect(identifiersOf({ systemUuid, aliases: ['x'], serial: 's1', hostName: 'N1' })).toEqual([
    'name:n1',
    'serial:S1',
    'uuid:0102030405060708090a0b0c0d0e0f10',
  ]);
  expect(identifiersOf({ aliases: ['x'], machine: 'dgx' })).toEqual([]);
});

test.each([
  ['uuid:01', 'uuid', '01', 'system UUID 01'],
  ['serial:A:1', 'serial', 'A:1', 'serial number A:1'],
  ['gpu:5f', 'gpu', '5f', 'GPU UUID 5f'],
  ['name:n1', 'name', 'n1', 'host name n1'],
] as const)('`%s` is a %s with the value %s, in words %s', (identifier, kind, value, words) => {
  expect([kindOf(identifier), valueOf(identifier), worded(identifier)]).toEqual([kind, value, words]);
});
