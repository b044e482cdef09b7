import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { templateFaults } from '../../../src/core/template/faults.ts';
import { filled } from '../../../src/core/template/fill.ts';
import { valuesOf } from '../../../src/core/template/values.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import { type ParameterValue, Template } from '../../../src/model/template.ts';

const now = '2026-11-25T10:00:00+01:00';

/** A template as it stands in a file. */
const base = {
  schema: 'berth/template/1',
  name: 'tune',
  version: 1,
  title: 'Tuning',
  purpose: 'one model',
  parameters: {
    tenant: { type: 'text', about: 'who pays', example: 'acme' },
    gpus: { type: 'whole', about: 'GPUs', min: 8, max: 64, step: 8, default: 8 },
    model: { type: 'choice', about: 'which', options: ['H100', 'A100'], default: 'H100' },
    site: { type: 'text', about: 'where', example: 'fra1', optional: true },
    start: { type: 'instant', about: 'when', default: 'now' },
    euros: { type: 'whole', about: 'at most', min: 1, max: 1000, optional: true },
  },
  demand: {
    tenant: { $param: 'tenant' },
    parts: [
      {
        name: 'tune',
        count: { $param: 'gpus', dividedBy: 8 },
        each: { gpus: { count: 8, models: [{ $param: 'model' }] } },
      },
    ],
    where: [{ $param: 'site' }],
    budget: { totalEur: { $param: 'euros' } },
    window: { earliestStart: { $param: 'start' } },
  },
};

function template(change: object = {}, parameters: object = {}, demand: object = {}): Template {
  return Template.parse({
    ...base,
    ...change,
    parameters: { ...base.parameters, ...parameters },
    demand: { ...base.demand, ...demand },
  });
}

function fill(given: Readonly<Record<string, ParameterValue>>, one = template()) {
  const { values, faults } = valuesOf(one, given, now);
  return faults.length > 0 ? faults.map(({ parameter, why }) => `${parameter}: ${why}`) : filled(one, values);
}

describe('a template is filled in', () => {
  test('with defaults; what nobody says is left out, and what holds nothing else', () => {
    expect(fill({ tenant: 'acme' })).toEqual({
      kind: 'demand',
      demand: {
        tenant: 'acme',
        parts: [{ name: 'tune', count: 1, each: { gpus: { count: 8, models: ['H100'] } } }],
        window: { earliestStart: now },
      },
    });
  });

  test('with all that was said', () => {
    const given = {
      tenant: 'acme',
      gpus: 24,
      model: 'A100',
      site: 'fra1',
      euros: 5,
      start: '2026-12-01T00:00:00Z',
    };
    expect(fill(given)).toMatchObject({
      demand: {
        parts: [{ count: 3, each: { gpus: { models: ['A100'] } } }],
        where: ['fra1'],
        budget: { totalEur: 5 },
        window: { earliestStart: '2026-12-01T00:00:00Z' },
      },
    });
  });

  test('a value stands for a key', () => {
    const region = { type: 'text', about: 'users', example: 'eu', default: 'eu' };
    const ms = { type: 'whole', about: 'far', min: 1, max: 9, default: 3 };
    const near = template(
      {},
      { region, ms },
      { latencyMsByRegion: { $key: 'region', value: { $param: 'ms' } } },
    );
    expect(fill({ tenant: 'acme', region: 'us-east' }, near)).toMatchObject({
      demand: { latencyMsByRegion: { 'us-east': 3 } },
    });
    expect(fill({ tenant: 'acme', region: '__proto__' }, near)).toMatchObject({ kind: 'demand' });
  });
});

describe('values that are none', () => {
  test.each<[string, Record<string, ParameterValue>, string[]]>([
    ['nothing', {}, ['tenant: it has to be said: who pays']],
    ['one below', { tenant: 'a', gpus: 0 }, ['gpus: 0 is not from 8 to 64']],
    ['one above', { tenant: 'a', gpus: 72 }, ['gpus: 72 is not from 8 to 64']],
    ['one between', { tenant: 'a', gpus: 12 }, ['gpus: 12 is no multiple of 8']],
    ['a part of one', { tenant: 'a', gpus: 8.5 }, ['gpus: `8.5` is no whole number']],
    ['a word', { tenant: 'a', gpus: '16' }, ['gpus: `16` is no whole number']],
    ['no number at all', { tenant: 'a', gpus: Number.NaN }, ['gpus: `NaN` is no whole number']],
    ['another model', { tenant: 'a', model: 'B200' }, ['model: `B200` is none of its options']],
    ['an empty word', { tenant: '' }, ['tenant: `` is no text']],
    ['a name of its own', { tenant: 'a', constructor: 1 }, ['constructor: there is no such parameter']],
    [
      'several',
      { gpus: 9, foo: 1 },
      [
        'foo: there is no such parameter',
        'tenant: it has to be said: who pays',
        'gpus: 9 is no multiple of 8',
      ],
    ],
  ])('%s', (_, given, faults) => {
    expect(fill(given)).toEqual(faults);
  });

  test('an instant that is none, a tenant that cannot be one', () => {
    expect(fill({ tenant: 'acme', start: 'tomorrow' })).toMatchObject({
      kind: 'misfit',
      path: 'window.earliestStart',
    });
    expect(fill({ tenant: 'ACME Corp' })).toMatchObject({ kind: 'misfit', path: 'tenant' });
  });
});

test('whatever is said, only what the template leaves open is other than it says', () => {
  const text = fc.string({ minLength: 1, maxLength: 60 });
  const anything = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('{ $param: gpus }', '$param', '"}]'),
  );
  const keys = [...Object.keys(base.parameters), '$param', '__proto__', 'demand'];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), anything), text, (given, site) => {
      const { values } = valuesOf(template(), given, now);
      const result = filled(template(), new Map([...values, ['tenant', 'acme'], ['site', site]]));
      if (result.kind !== 'demand') return;
      const { parts, where, window, budget, tenant, ...rest } = result.demand;
      expect(rest).toEqual({});
      expect(tenant).toBe('acme');
      expect(where).toEqual([site]);
      expect(Object.keys(window)).toEqual(['earliestStart']);
      expect(budget === undefined || Object.keys(budget).join() === 'totalEur').toBe(true);
      expect(canonicalJson(parts)).toMatch(
        /^\[\{"count":[1-8],"each":\{"gpus":\{"count":8,"models":\["[AH]100"\]\}\},"name":"tune"\}\]$/,
      );
    }),
    { seed: 11, numRuns: 500 },
  );
});

describe('what keeps a template from being good', () => {
  const text = { type: 'text', about: 'x', example: 'x' };
  test.each<[string, Template, string]>([
    [
      'a name that is no parameter',
      template({}, {}, { purpose: { $param: 'why' } }),
      'there is no parameter `why`',
    ],
    ['a parameter for nothing', template({}, { spare: text }), 'the parameter `spare` is used nowhere'],
    [
      'half a placeholder',
      template({}, {}, { purpose: { $param: 'tenant', also: 1 } }),
      '`$param` stands where no placeholder is',
    ],
    [
      'another mark',
      template({}, {}, { purpose: { $env: 'HOME' } }),
      '`$env` stands where no placeholder is',
    ],
    [
      'a default that it does not take',
      template({}, { gpus: { ...base.parameters.gpus, default: 12 } }),
      'the parameter `gpus`: 12 is no multiple of 8',
    ],
    [
      'a largest value that is no step',
      template({}, { gpus: { ...base.parameters.gpus, max: 65 } }),
      'the parameter `gpus`: 65 is no multiple of 8',
    ],
    [
      'parts that are not whole',
      template({}, { gpus: { ...base.parameters.gpus, step: 4 } }),
      'the parameter `gpus`: not every value of it can be divided by 8',
    ],
    [
      'more than a demand takes',
      template({}, { euros: { type: 'whole', about: 'x', min: 0, max: 999_999_999_999, default: 1 } }),
      'with euros 999999999999, `demand.budget.totalEur`: Too big: expected number to be <=9000000000',
    ],
    [
      'an optional thing that is needed',
      template({}, { start: { type: 'instant', about: 'when', optional: true } }),
      'with no start, `demand.window`: Invalid input: expected object, received undefined',
    ],
    [
      'optional with a default',
      template({}, { site: { ...text, default: 'fra1', optional: true } }),
      'the parameter `site`: it cannot be optional and have a default',
    ],
    [
      'no demand',
      template({}, {}, { flows: 'all' }),
      'with its defaults and examples, `demand.flows`: Invalid input: expected array, received string',
    ],
  ])('%s', (_, one, fault) => {
    expect(templateFaults(one)).toContain(fault);
  });

  test('nothing', () => {
    expect(templateFaults(template())).toEqual([]);
  });
});

test.each([
  ['an unknown key', { ...base, owner: 'me' }],
  ['a name with capitals', { ...base, name: 'Tune' }],
  ['version 0', { ...base, version: 0 }],
  ['a parameter without a meaning', { ...base, parameters: { a: { type: 'flag', default: true } } }],
  ['a type that is none', { ...base, parameters: { a: { type: 'secret', about: 'x' } } }],
  ['a text without an example', { ...base, parameters: { a: { type: 'text', about: 'x' } } }],
])('the schema refuses %s', (_, value) => {
  expect(Template.safeParse(value).success).toBe(false);
});
