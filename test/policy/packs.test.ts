import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { canonicalJson } from '../../src/model/canonical.ts';
import { dayNamed } from '../../src/model/day.ts';
import { formOf } from '../../src/model/governance-fact.ts';
import { builtInPacks } from '../../src/policy/built-in.ts';
import { PolicyLoadError } from '../../src/policy/cedar/expression.ts';
import { inForce, loadPacks } from '../../src/policy/pack-set.ts';
import { compiledFile, compileFromTexts } from './compile-packs.ts';

const packs = builtInPacks();
const forbids = packs.rules.filter(({ policy }) => policy.effect === 'forbid');

describe('the rule packs', () => {
  test('are what the engine makes of their texts, and the schema’s validator has nothing against them', async () => {
    const compiled = canonicalJson(await compileFromTexts());
    expect(readFileSync(compiledFile, 'utf8'), 'run `npm run packs`').toBe(`${compiled}\n`);
  }, 60_000);

  test.each(forbids.map((rule) => [rule.id, rule] as const))(
    '%s says article, facts, fix and dates',
    (_, rule) => {
      expect(rule.article).not.toBe('');
      expect(rule.why).toMatch(/^[^A-Z].*[^.]$/);
      expect(rule.fix).toMatch(/[^.]$/);
      expect(rule.fromDay).toBeGreaterThan(dayNamed('1996-01-01') ?? 0);
      expect(dayNamed(rule.reviewed)).toBeDefined();
    },
  );

  test.each(forbids.map((rule) => [rule.id, rule] as const))('%s names every fact it reads', (_, rule) => {
    const json = packs.set.packs.flatMap((pack) => pack.rules).find(({ id }) => id === rule.id)?.policy;
    const read = attributesIn(json).filter((name) => formOf(name) !== undefined || siteFacts.has(name));
    const named = rule.needs.map((need) => need.split('.').at(-1) ?? '');
    expect(read.filter((name) => !named.includes(name))).toEqual([]);
  });

  test('a rule is asked from its first day on and not before', () => {
    const first = dayNamed('2025-01-17') ?? 0;
    const spans = [
      [first - 2, first - 1],
      [first - 1, first],
      [first, first],
    ] as const;
    const asked = spans.map(([from, to]) => inForce(packs.rules, from, to).map(({ id }) => id));
    expect(asked.map((ids) => ids.includes('dora-30-agreed-regions'))).toEqual([false, true, true]);
  });

  const broken: readonly (readonly [string, (set: ReturnType<typeof copy>) => void, RegExp])[] = [
    [
      'an operator outside the subset',
      (set) => swap(set, { decimal: [{ Value: '1.0' }] }),
      /operator `decimal`/,
    ],
    [
      'a tag',
      (set) => swap(set, { hasTag: { left: { Var: 'principal' }, right: { Value: 'x' } } }),
      /operator `hasTag`/,
    ],
    [
      'extended has',
      (set) => swap(set, { has: { left: { Var: 'context' }, attr: ['a', 'b'] } }),
      /a name is text/,
    ],
    ['a template', (set) => swap(set, { Slot: '?principal' }), /operator `Slot`/],
    ['a number beyond 2^53', (set) => swap(set, { Value: 2 ** 53 }), /below 2\^53/],
    ['a rule without an article', (set) => annotate(set, 'article', undefined), /no `@article`/],
    ['a day that is none', (set) => annotate(set, 'validFrom', 'soon'), /`soon` for a day/],
    ['a level that is none', (set) => annotate(set, 'level', 'mild'), /says `mild`/],
    ['an id that is another one', (set) => annotate(set, 'id', 'other'), /calls itself `other`/],
  ];
  test.each(broken)('%s: nothing is loaded', (_, spoil, message) => {
    const set = copy();
    spoil(set);
    expect(() => loadPacks(set)).toThrow(message);
    expect(() => loadPacks(set)).toThrow(PolicyLoadError);
  });

  test('no packs at all are no packs', () => {
    for (const json of [undefined, null, 'x', {}, [], { schema: 'berth/packs/2' }])
      expect(() => loadPacks(json)).toThrow(PolicyLoadError);
  });
});

const siteFacts = new Set([
  'country',
  'operatorSeat',
  'keyCustody',
  'supportCountries',
  'telemetryCountries',
  'isolationClasses',
  'exportListedModels',
  'bisGuidanceModels',
  'trainingExaFlop',
]);

function attributesIn(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([name, value]: [string, unknown]) =>
    name === 'attr' && typeof value === 'string' ? [value] : attributesIn(value),
  );
}

type Loose = { annotations: Record<string, string | undefined>; conditions: unknown[] };

function copy() {
  return structuredClone(builtInPacks().set);
}

function ruleIn(set: ReturnType<typeof copy>): Loose {
  const found = set.packs.flatMap((pack) => pack.rules).find(({ id }) => id === 'gdpr-44-eea')?.policy;
  if (!isLoose(found)) throw new Error('the rule is gone');
  return found;
}

function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && 'annotations' in value && 'conditions' in value;
}

function swap(set: ReturnType<typeof copy>, body: object): void {
  ruleIn(set).conditions = [{ kind: 'when', body }];
}

function annotate(set: ReturnType<typeof copy>, name: string, value: string | undefined): void {
  const { annotations } = ruleIn(set);
  if (value === undefined) delete annotations[name];
  else annotations[name] = value;
}
