import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { inputJsonSchema, outputJsonSchema } from '../../src/mcp/json-schema.ts';
import { PowerW } from '../../src/model/unit.ts';
import { placementPlan } from '../../tools/placement-plan.ts';

const one = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const slug = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const amount = fc.nat(1_000_000_000);
const level = fc.constantFrom('site', 'rack', 'leaf', 'node', 'pcie-root');
const slice = fc.oneof(
  fc.record({ kind: fc.constant('share'), milli: fc.integer({ min: 1, max: 999 }) }),
  fc.record({ kind: fc.constant('mig'), profile: fc.constantFrom('1g.10gb', '3g.40gb+me') }),
);
const each = fc.record({
  gpus: one(
    fc.record({
      count: fc.integer({ min: 1, max: 72 }),
      models: one(fc.array(slug, { minLength: 1, maxLength: 16 })),
      memoryMib: one(amount),
      slice: one(slice),
      link: one(fc.constantFrom('nvlink', 'xgmi', 'any')),
    }),
  ),
  cpuMilli: one(amount),
  rdma: one(fc.record({ nicMbps: one(amount), nicsPerGpu: one(fc.integer({ min: 1, max: 4 })) })),
  align: one(fc.constantFrom('numa', 'pcie-root')),
});
const parts = fc.uniqueArray(
  fc.record({
    name: slug,
    count: fc.integer({ min: 1, max: 100_000 }),
    each,
    within: one(level),
    apart: one(level),
  }),
  { minLength: 1, maxLength: 16, selector: ({ name }) => name },
);
const demand = fc.record({
  tenant: slug,
  parts,
  together: one(level),
  where: one(fc.array(slug, { minLength: 1, maxLength: 64 })),
  rules: one(fc.record({ countries: one(fc.constant(['DE', 'NL'])), regimes: one(fc.constant(['gdpr'])) })),
  latencyMsByRegion: one(fc.dictionary(fc.string({ maxLength: 60 }), fc.nat(1000))),
  budget: one(fc.record({ totalEur: one(fc.double({ min: 0, max: 1e9, noNaN: true })) })),
  window: fc.record({
    earliestStart: fc.constantFrom('2026-11-30T00:00:00+01:00', '2028-02-29T23:59:59.5Z'),
    durationS: one(fc.integer({ min: 1, max: 315_360_000 })),
  }),
});

test('the schema that is shown accepts every demand that the schema that judges accepts', () => {
  const shown = new AjvJsonSchemaValidator().getValidator(inputJsonSchema(placementPlan.input));
  fc.assert(
    fc.property(demand, (asked) => {
      const args: unknown = JSON.parse(JSON.stringify({ demand: asked }));
      expect(placementPlan.input.safeParse(args).error).toBeUndefined();
      expect(shown(args)).toMatchObject({ valid: true });
    }),
    { seed: 10, numRuns: 200 },
  );
});

describe('an input schema', () => {
  test.each([
    ['a bound that may be met', z.int().min(2).max(72), { type: 'integer', minimum: 2, maximum: 72 }],
    ['a bound that nobody meets', z.int().min(0).max(1_000_000), { type: 'integer' }],
    ['a short pattern', z.string().regex(/^[A-Z]{2}$/), { type: 'string', pattern: '^[A-Z]{2}$' }],
    ['a long pattern', z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/), { type: 'string' }],
    ['a default', z.int().default(50), { type: 'integer', default: 50 }],
    ['a switch that is off', z.boolean().default(false), { type: 'boolean' }],
    ['an instant', z.iso.datetime(), { type: 'string', format: 'date-time' }],
    [
      'a record',
      z.record(z.string().max(9), z.int()),
      { type: 'object', additionalProperties: { type: 'integer' } },
    ],
    [
      'what another tool explains',
      z.strictObject({ deep: z.string() }).meta({ seeTool: 'placement_plan', description: 'as there' }),
      { type: 'object', description: 'as there' },
    ],
  ])('%s', (_what, schema, expected) => {
    expect(inputJsonSchema(z.strictObject({ it: schema }))['properties']).toEqual({ it: expected });
  });

  test('says a long sentence once', () => {
    const words = z.string().describe('forty characters and a few more, so that it is long');
    expect(
      JSON.stringify(inputJsonSchema(z.strictObject({ a: words, b: words }))).match(/forty/g),
    ).toHaveLength(1);
  });
});

test('an input schema says a long list of choices, and a unit, once', () => {
  const rung = z.enum(['site', 'hall', 'spine', 'leaf', 'rack', 'node', 'island', 'numa']);
  const side = z.enum(['a', 'b']);
  const schema = z.strictObject({
    within: rung,
    apart: rung.describe('not in one such place'),
    side,
    other: side,
  });
  expect(inputJsonSchema(schema)['properties']).toEqual({
    within: { type: 'string', enum: rung.options },
    apart: { type: 'string', description: 'not in one such place' },
    side: { type: 'string', enum: ['a', 'b'] },
    other: { type: 'string', enum: ['a', 'b'] },
  });
  const power = z.strictObject({ powerW: PowerW, capW: PowerW.optional().describe('at most') });
  expect(inputJsonSchema(power)['properties']).toEqual({
    powerW: { type: 'integer' },
    capW: { type: 'integer', description: 'at most' },
  });
});

test('an output schema names the cases of a union and leaves unknown keys open', () => {
  const schema = z.object({
    answer: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('yes'), count: z.int() }),
      z.strictObject({ kind: z.literal('no') }),
    ]),
  });
  expect(outputJsonSchema(schema)).toEqual({
    type: 'object',
    properties: {
      answer: {
        type: 'object',
        properties: { kind: { type: 'string', enum: ['yes', 'no'] } },
        required: ['kind'],
      },
    },
    required: ['answer'],
  });
});
