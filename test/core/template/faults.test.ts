import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { templateFaults } from '../../../src/core/template/faults.ts';
import { filled } from '../../../src/core/template/fill.ts';
import { valuesOf } from '../../../src/core/template/values.ts';
import { Template } from '../../../src/model/template.ts';
import { seed } from '../arbitrary.ts';

/** Parameters, and where they stand in a demand that is good without them. */
function faultsOf(parameters: object, demand: object): readonly string[] {
  return templateFaults(templateOf(parameters, demand));
}

function templateOf(parameters: object, demand: object): Template {
  return Template.parse({
    schema: 'berth/template/1',
    name: 'tune',
    version: 1,
    title: 'Tuning',
    purpose: 'one model',
    parameters,
    demand: {
      tenant: 'acme',
      parts: [{ name: 'p', count: 1, each: {} }],
      window: { earliestStart: '2026-11-25T10:00:00Z' },
      ...demand,
    },
  });
}

const whole = (more: object) => ({ type: 'whole', about: 'x', min: 8, max: 64, ...more });
const count = (dividedBy?: number) => ({
  parts: [{ name: 'p', each: {}, count: { $param: 'n', ...(dividedBy === undefined ? {} : { dividedBy }) } }],
});

describe('a number in parts', () => {
  test.each<[string, object, number, readonly string[]]>([
    ['of steps that divide', whole({ step: 8 }), 8, []],
    ['of steps that are several of them', whole({ step: 8 }), 4, []],
    [
      'of steps too small',
      whole({ step: 4 }),
      8,
      ['the parameter `n`: not every value of it can be divided by 8'],
    ],
    ['of no steps', whole({}), 2, ['the parameter `n`: not every value of it can be divided by 2']],
    [
      'of a text',
      { type: 'text', about: 'x', example: '8' },
      2,
      ['the parameter `n`: not every value of it can be divided by 2'],
    ],
  ])('%s', (_, n, dividedBy, expected) => {
    expect(faultsOf({ n }, count(dividedBy))).toEqual(expected);
  });
});

describe('bounds', () => {
  test.each<[string, object, readonly string[]]>([
    ['that are steps', whole({ step: 8 }), []],
    [
      'of which the smaller is none',
      whole({ min: 9, step: 8 }),
      ['the parameter `n`: 9 is no multiple of 8'],
    ],
    [
      'of which the larger is below the smaller, so that neither is taken',
      whole({ min: 9, max: 8 }),
      ['the parameter `n`: 9 is not from 9 to 8', 'the parameter `n`: 8 is not from 9 to 8'],
    ],
    ['that leave out the default', whole({ default: 65 }), ['the parameter `n`: 65 is not from 8 to 64']],
    ['that are the default', whole({ default: 64 }), []],
    [
      'of which the demand takes only the larger',
      whole({ min: 0 }),
      [
        expect.stringMatching(/^with its defaults and examples, `demand\.parts\.0\.count`/u),
        expect.stringMatching(/^with n 0, /u),
      ],
    ],
    [
      'of which the demand takes only the default',
      whole({ min: 0, default: 8, max: 999_999_999 }),
      [expect.stringMatching(/^with n 0, /u), expect.stringMatching(/^with n 999999999, /u)],
    ],
  ])('%s', (_, n, expected) => {
    expect(faultsOf({ n }, count())).toEqual(expected);
  });
});

describe('words', () => {
  const where = { where: [{ $param: 'w' }] };
  test.each<[string, object, readonly unknown[]]>([
    ['an example that the demand takes', { type: 'text', about: 'x', example: 'fra1' }, []],
    [
      'an example that it does not',
      { type: 'text', about: 'x', example: 'no place!' },
      [expect.stringContaining('`demand.where.0`')],
    ],
    [
      'a bad default beside a good example',
      { type: 'text', about: 'x', example: 'fra1', default: 'no place!' },
      [expect.stringContaining('`demand.where.0`')],
    ],
    ['a choice of which the first is taken', { type: 'choice', about: 'x', options: ['fra1', 'ams2'] }, []],
    [
      'a default that is no option',
      { type: 'choice', about: 'x', options: ['fra1'], default: 'ams2' },
      ['the parameter `w`: `ams2` is none of its options'],
    ],
    [
      'optional with a default',
      { type: 'choice', about: 'x', options: ['fra1'], default: 'fra1', optional: true },
      ['the parameter `w`: it cannot be optional and have a default'],
    ],
    ['optional without one', { type: 'choice', about: 'x', options: ['fra1'], optional: true }, []],
    [
      'an instant that begins now',
      { type: 'instant', about: 'x', default: 'now' },
      [expect.stringContaining('`demand.where.0`')],
    ],
  ])('%s', (_, w, expected) => {
    expect(faultsOf({ w }, where)).toEqual(expected);
  });
});

describe('placeholders', () => {
  test('are found as deep as they stand, also as keys and in what keys hold', () => {
    const text = { type: 'text', about: 'x', example: 'eu' };
    const ms = { type: 'whole', about: 'x', min: 1, max: 9 };
    const keyed = { latencyMsByRegion: { $key: 'region', value: { $param: 'ms' } } };
    expect(faultsOf({ region: text, ms }, keyed)).toEqual([]);
    expect(faultsOf({ region: text }, keyed)).toEqual(['there is no parameter `ms`']);
    expect(faultsOf({ ms }, keyed)).toEqual(['there is no parameter `region`']);
  });

  test('that name what every object has name no parameter', () => {
    expect(faultsOf({}, { where: [{ $param: 'constructor' }] })).toEqual([
      'there is no parameter `constructor`',
    ]);
  });

  test.each([
    ['a part of one', { $param: 'n', dividedBy: 1 }],
    ['a key without a value', { $key: 'n' }],
    ['one beside others', { $param: 'n', other: 1 }],
  ])('that are none are strays: %s', (_, stray) => {
    const [mark = ''] = Object.keys(stray);
    expect(faultsOf({}, { where: [stray] })).toContain(`\`${mark}\` stands where no placeholder is`);
  });

  test('and nothing else is looked at where they are wrong', () => {
    expect(faultsOf({}, { where: [{ $param: 'w' }], flows: 'all' })).toEqual(['there is no parameter `w`']);
  });
});

test('of very many faults eight are told', () => {
  const bad = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`n${at}`, whole({})]));
  const demand = { owner: Object.keys(bad).map((name) => ({ $param: name })) };
  expect(faultsOf(bad, demand)).toHaveLength(8);
});

test('a template without faults makes a demand of whatever numbers it takes', () => {
  const drawn = fc.record({
    first: fc.nat(5),
    steps: fc.nat(30_000),
    step: fc.integer({ min: 1, max: 50 }),
    at: fc.nat(),
  });
  fc.assert(
    fc.property(drawn, ({ first, steps, step, at }) => {
      const [min, max] = [first * step, (first + steps) * step];
      const template = templateOf({ n: { type: 'whole', about: 'x', min, max, step } }, count());
      fc.pre(templateFaults(template).length === 0);
      const n = min + step * (at % (steps + 1));
      const { values, faults } = valuesOf(template, { n }, '2026-11-25T10:00:00Z');
      expect([faults, filled(template, values).kind]).toEqual([[], 'demand']);
    }),
    { seed, numRuns: 60 },
  );
});
