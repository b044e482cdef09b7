import { describe, expect, test } from 'vitest';

import {
  ContractId,
  Country,
  Digest,
  IdemKey,
  isWithin,
  parentOf,
  Path,
  PlanId,
  planIdOf,
  PrincipalId,
  siteOf,
} from '../../src/model/id.ts';

const hex = '0123456789abcdef'.repeat(4);

describe('what an id may look like', () => {
  test.each([
    [
      'a path',
      Path,
      ['fra1', 'fra1/h1/r11/n02/gpu3', 'a.b_c-d/0'],
      [
        '',
        '/fra1',
        'fra1/',
        'fra1//n1',
        'FRA1',
        'fra1/../n1',
        '-a',
        'a b',
        `a/${'b'.repeat(64)}`,
        'a/b/c/d/e/f/g/h',
        'fra1\n',
      ],
    ],
    ['a contract', ContractId, ['C-1', 'C-106'], ['C-0', 'C-01', 'c-1', 'C-', 'C-1 ', 'C-1234567890123']],
    [
      'a plan',
      PlanId,
      [`plan-${hex.slice(0, 16)}`],
      [`plan-${hex.slice(0, 15)}`, `plan-${hex}`, 'plan-G000000000000000'],
    ],
    ['a digest', Digest, [`sha256:${hex}`], [hex, `sha256:${hex.slice(1)}`, `SHA256:${hex}`]],
    ['a key', IdemKey, ['abc123', 'a:b.c_d-e'], ['short', '-abcdef', 'with space', 'a'.repeat(101)]],
    [
      'a principal',
      PrincipalId,
      ['person:ada', 'agent:ops-bot', 'person:ada@acme.eu'],
      ['ada', 'robot:x', 'person:', 'person:a b'],
    ],
    ['a country', Country, ['DE'], ['de', 'D', 'DEU']],
  ])('%s', (_, schema, good, bad) => {
    expect(good.filter((text) => !schema.safeParse(text).success)).toEqual([]);
    expect(bad.filter((text) => schema.safeParse(text).success)).toEqual([]);
  });
});

describe('paths', () => {
  const gpu = Path.parse('fra1/h1/r11/n02/gpu3');

  test('lead outwards step by step, up to the site', () => {
    expect(parentOf(gpu)).toBe('fra1/h1/r11/n02');
    expect(parentOf(Path.parse('fra1'))).toBeUndefined();
    expect(siteOf(gpu)).toBe('fra1');
  });

  test.each([
    ['fra1/h1/r11/n02', 'fra1/h1/r11/n02', true],
    ['fra1/h1/r11/n02', 'fra1', true],
    ['fra1/h1/r11/n02', 'fra1/h1/r1', false],
    ['fra1', 'fra1/h1', false],
  ])('%s is within %s: %s', (path, place, expected) => {
    expect(isWithin(path, place)).toBe(expected);
  });
});

test('a plan’s handle is the beginning of its digest', () => {
  expect(planIdOf(Digest.parse(`sha256:${hex}`))).toBe('plan-0123456789abcdef');
});
