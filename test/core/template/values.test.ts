import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { filled } from '../../../src/core/template/fill.ts';
import { misfit, valuesOf } from '../../../src/core/template/values.ts';
import { Parameter, type ParameterValue } from '../../../src/model/template.ts';
import { seed } from '../arbitrary.ts';

const now = '2026-11-25T10:00:00+01:00';
const about = 'how it is';

function parameters(of: Readonly<Record<string, object>>) {
  return {
    parameters: Object.fromEntries(
      Object.entries(of).map(([name, one]) => [name, Parameter.parse({ about, ...one })]),
    ),
  };
}

function taken(of: Readonly<Record<string, object>>, given: Readonly<Record<string, ParameterValue>> = {}) {
  const { values, faults } = valuesOf(parameters(of), given, now);
  return { values: Object.fromEntries(values), faults };
}

const none: readonly object[] = [];

describe('a parameter of which nothing is said', () => {
  test.each<[string, object, ParameterValue]>([
    ['number', { type: 'whole', min: 1, max: 9, default: 3 }, 3],
    ['length of nothing', { type: 'seconds', min: 0, max: 9, default: 0 }, 0],
    ['text', { type: 'text', example: 'x', default: 'y' }, 'y'],
    ['choice', { type: 'choice', options: ['a', 'b'], default: 'b' }, 'b'],
    ['flag', { type: 'flag', default: true }, true],
    ['flag that is off', { type: 'flag', default: false }, false],
    ['instant', { type: 'instant', default: 'now' }, now],
  ])('has its default: a %s', (_, one, expected) => {
    expect(taken({ it: one })).toEqual({ values: { it: expected }, faults: none });
  });

  const open: readonly (readonly [string, object])[] = [
    ['number', { type: 'whole', min: 1, max: 9 }],
    ['length', { type: 'seconds', min: 1, max: 9 }],
    ['text', { type: 'text', example: 'x' }],
    ['choice', { type: 'choice', options: ['a'] }],
    ['instant', { type: 'instant' }],
  ];
  test.each(open)('and that has no default has to be said: a %s', (_, one) => {
    const { values, faults } = taken({ it: one });
    expect(values).toEqual({});
    expect(faults).toMatchObject([{ parameter: 'it', why: 'it has to be said: how it is' }]);
  });

  test.each(open)('is left out where it is optional: a %s', (_, one) => {
    expect(taken({ it: { ...one, optional: true } })).toEqual({ values: {}, faults: none });
  });
});

describe('a value', () => {
  test.each<[string, object, ParameterValue, string | undefined]>([
    ['the smallest', { type: 'whole', min: 2, max: 9 }, 2, undefined],
    ['the largest', { type: 'whole', min: 2, max: 9 }, 9, undefined],
    ['below the smallest', { type: 'whole', min: 2, max: 9 }, 1, '1 is not from 2 to 9'],
    ['above the largest', { type: 'seconds', min: 2, max: 9 }, 10, '10 is not from 2 to 9'],
    ['a step', { type: 'seconds', min: 0, max: 9000, step: 3600 }, 7200, undefined],
    ['no step', { type: 'seconds', min: 0, max: 9000, step: 3600 }, 7201, '7201 is no multiple of 3600'],
    ['nothing, of any step', { type: 'whole', min: 0, max: 9, step: 4 }, 0, undefined],
    ['a half', { type: 'whole', min: 0, max: 9 }, 0.5, '`0.5` is no whole number'],
    ['without end', { type: 'whole', min: 0, max: 9 }, Infinity, '`Infinity` is no whole number'],
    ['a flag for a number', { type: 'whole', min: 0, max: 9 }, true, '`true` is no whole number'],
    ['one of the options', { type: 'choice', options: ['a', 'b'] }, 'b', undefined],
    ['an option in capitals', { type: 'choice', options: ['a', 'b'] }, 'B', '`B` is none of its options'],
    ['a number for an option', { type: 'choice', options: ['1'] }, 1, '`1` is none of its options'],
    ['off', { type: 'flag', default: true }, false, undefined],
    ['the word for it', { type: 'flag', default: true }, 'true', '`true` is neither true nor false'],
    ['one for it', { type: 'flag', default: true }, 1, '`1` is neither true nor false'],
    ['a text', { type: 'text', example: 'x' }, 'y', undefined],
    ['an empty text', { type: 'text', example: 'x' }, '', '`` is no text'],
    ['a number for a text', { type: 'text', example: 'x' }, 7, '`7` is no text'],
    ['a text for an instant, which the demand reads', { type: 'instant' }, 'soon', undefined],
    ['a number for an instant', { type: 'instant' }, 7, '`7` is no text'],
  ])('%s', (_, one, value, expected) => {
    expect(misfit(Parameter.parse({ about, ...one }), value)).toBe(expected);
  });

  test('that is said comes before the default', () => {
    const it = { type: 'whole', min: 0, max: 9, default: 3 };
    expect(taken({ it }, { it: 0 })).toEqual({ values: { it: 0 }, faults: none });
    expect(taken({ it: { type: 'flag', default: true } }, { it: false }).values).toEqual({ it: false });
    expect(taken({ it: { type: 'instant', default: 'now' } }, { it: '2027-01-01T00:00:00Z' }).values).toEqual(
      {
        it: '2027-01-01T00:00:00Z',
      },
    );
  });

  test('that is none is not replaced by the default', () => {
    const it = { type: 'whole', min: 0, max: 9, default: 3 };
    expect(taken({ it }, { it: 10 })).toEqual({
      values: {},
      faults: [{ parameter: 'it', why: '10 is not from 0 to 9' }],
    });
  });
});

describe('what could be said instead', () => {
  test('are the options of a choice, whether a bad one was said or none', () => {
    const model = { type: 'choice', options: ['H100', 'A100'] };
    const allowed = ['H100', 'A100'];
    expect(taken({ model }).faults).toMatchObject([{ parameter: 'model', allowed }]);
    expect(taken({ model }, { model: 'B200' }).faults).toMatchObject([{ parameter: 'model', allowed }]);
  });

  test('is not listed for what is no choice', () => {
    expect(taken({ size: { type: 'whole', min: 0, max: 9 } }).faults).toEqual([
      { parameter: 'size', why: 'it has to be said: how it is' },
    ]);
  });

  test('are the names there are, in order, for a name that there is not', () => {
    const text = { type: 'text', example: 'x', optional: true };
    expect(taken({ tenant: text, gpus: text }, { z: 1, gpu: 1 }).faults).toEqual([
      { parameter: 'gpu', why: 'there is no such parameter', allowed: ['gpus', 'tenant'] },
      { parameter: 'z', why: 'there is no such parameter', allowed: ['gpus', 'tenant'] },
    ]);
  });
});

test('every whole number is taken exactly where it is a step within the bounds', () => {
  const small = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 5 }), (min, max, step) => {
      const parameter = Parameter.parse({ type: 'whole', about, min, max, step });
      const numbers = Array.from({ length: 16 }, (_, value) => value).filter(
        (value) => misfit(parameter, value) === undefined,
      );
      const steps = Array.from({ length: 16 }, (_, at) => at * step).filter(
        (value) => value >= min && value <= max,
      );
      expect(numbers).toEqual(steps);
    }),
    { seed, numRuns: 200 },
  );
});

describe('what is put in', () => {
  type Demand = Parameters<typeof filled>[0]['demand'];
  const base = {
    tenant: 'acme',
    parts: [{ name: 'p', count: 1, each: {} }],
    window: { earliestStart: now },
  };
  const put = (demand: Demand, values: Readonly<Record<string, ParameterValue>> = {}) => {
    const result = filled({ demand: { ...base, ...demand } }, new Map(Object.entries(values)));
    return result.kind === 'demand' ? result.demand : result;
  };

  test('a part of a number', () => {
    const demand = { parts: [{ name: 'p', count: { $param: 'gpus', dividedBy: 8 }, each: {} }] };
    expect(put(demand, { gpus: 24 })).toMatchObject({ parts: [{ count: 3 }] });
    expect(put(demand, { gpus: 20 })).toMatchObject({ kind: 'misfit', path: 'parts.0.count' });
  });

  test('nothing where nothing was said, and nothing around it that holds nothing else', () => {
    const demand = { where: [{ $param: 'a' }, { $param: 'b' }], avoid: [{ $param: 'c' }] };
    expect(put(demand, { b: 'fra1' })).toMatchObject({ where: ['fra1'] });
    expect(put(demand, { b: 'fra1' })).not.toHaveProperty('avoid');
    expect(put(demand)).not.toHaveProperty('where');
  });

  test('what is empty in the template stays, and is the demand’s to judge', () => {
    expect(put({ where: [] })).toMatchObject({ kind: 'misfit', path: 'where' });
  });

  test('a key goes with its value, and a value with its key', () => {
    const demand = { latencyMsByRegion: { $key: 'region', value: { $param: 'ms' } } };
    expect(put(demand, { region: 'eu', ms: 5 })).toMatchObject({ latencyMsByRegion: { eu: 5 } });
    expect(put(demand, { region: 'eu' })).not.toHaveProperty('latencyMsByRegion');
    expect(put(demand, { ms: 5 })).not.toHaveProperty('latencyMsByRegion');
  });

  test('a fault names the place in the demand', () => {
    expect(put({ parts: [] })).toMatchObject({ kind: 'misfit', path: 'parts' });
    expect(put({ owner: 'me' })).toMatchObject({ kind: 'misfit', path: '' });
  });
});
