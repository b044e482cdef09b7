import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  emptyGovernance,
  followGovernance,
  type Governance,
} from '../../../src/core/governance/governance.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Event } from '../../../src/model/event.ts';
import { OverrideId } from '../../../src/model/id.ts';

const signed = { by: 'person:max', key: `ed25519:${'a'.repeat(43)}=`, signature: `${'b'.repeat(86)}==` };

const fact = (subject: string, attribute: string, value: string | number | boolean = true) => ({
  subject,
  attribute,
  value,
  assertedBy: 'the operator',
  evidence: digestOf('the paper'),
  assertedAtMs: 1,
  expiresAtMs: 1000,
});
const recorded = (...facts: readonly object[]) => ({ kind: 'facts-recorded', facts });
const retracted = (subject: string, attribute: string) => ({ kind: 'fact-retracted', subject, attribute });
const overridden = (id: string, more: object = {}) => ({
  kind: 'rule-overridden',
  id,
  wish: {
    rule: 'dora-exit',
    tenant: 'acme',
    reason: 'the exit test is next week',
    expiresAtMs: 500,
    requestedBy: 'person:ada',
    ...more,
  },
  second: signed,
});
const lifted = (id: string, atMs: number) => ({ kind: 'override-lifted', id, atMs });

function follow(before: Governance, told: object, atMs = 0): Governance {
  const event = Event.parse(told);
  if (
    event.kind === 'facts-recorded' ||
    event.kind === 'fact-retracted' ||
    event.kind === 'rule-overridden' ||
    event.kind === 'override-lifted'
  )
    return followGovernance(before, event, { atMs });
  throw new Error(`\`${event.kind}\` is nothing that governance follows`);
}

const after = (...events: readonly object[]) =>
  events.reduce<Governance>((now, event) => follow(now, event), emptyGovernance);

/** What is known, a line a fact. */
function book({ facts }: Governance): string[] {
  return [...facts].flatMap(([subject, known]) =>
    [...known.values()].map(({ attribute, value }) => `${subject} ${attribute} ${String(value)}`),
  );
}

describe('facts', () => {
  const two = after(recorded(fact('site:fra1', 'encryptedAtRest'), fact('site:fra1', 'cadaLevel', 2)));

  test('stand by subject and attribute, all those of one event', () => {
    const three = follow(two, recorded(fact('site:ams2', 'cadaLevel', 3)));
    expect(book(three)).toEqual([
      'site:fra1 encryptedAtRest true',
      'site:fra1 cadaLevel 2',
      'site:ams2 cadaLevel 3',
    ]);
  });

  test('a newer one replaces the older one of the same subject and attribute, also within one event', () => {
    expect(book(follow(two, recorded(fact('site:fra1', 'cadaLevel', 4))))).toEqual([
      'site:fra1 encryptedAtRest true',
      'site:fra1 cadaLevel 4',
    ]);
    const twice = recorded(fact('site:fra1', 'cadaLevel', 1), fact('site:fra1', 'cadaLevel', 2));
    expect(book(after(twice))).toEqual(['site:fra1 cadaLevel 2']);
  });

  test('that are retracted are gone, and the others of their subject stay', () => {
    const one = follow(two, retracted('site:fra1', 'cadaLevel'));
    expect(book(one)).toEqual(['site:fra1 encryptedAtRest true']);
    // A subject of which nothing is known is not in the book at all.
    expect([...follow(one, retracted('site:fra1', 'encryptedAtRest')).facts.keys()]).toEqual([]);
  });

  test.each([
    ['of a subject that nobody spoke of', 'site:ams2', 'cadaLevel'],
    ['of another attribute', 'site:fra1', 'seat'],
  ])('%s cannot be retracted', (_, subject, attribute) => {
    expect(() => follow(two, retracted(subject, attribute))).toThrow(
      `\`${subject} ${attribute}\` was never recorded`,
    );
  });

  test('cannot be retracted twice, and may be recorded again', () => {
    const gone = follow(two, retracted('site:fra1', 'cadaLevel'));
    expect(() => follow(gone, retracted('site:fra1', 'cadaLevel'))).toThrow('was never recorded');
    expect(book(follow(gone, recorded(fact('site:fra1', 'cadaLevel', 2)))).toSorted()).toEqual(
      book(two).toSorted(),
    );
  });

  test('a fold never writes into what was there before', () => {
    const before = book(two);
    follow(two, recorded(fact('site:fra1', 'cadaLevel', 4)));
    follow(two, retracted('site:fra1', 'encryptedAtRest'));
    expect(book(two)).toEqual(before);
  });

  test('whatever is recorded and retracted, are what a plain table says', () => {
    const subjects = ['site:fra1', 'site:ams2'] as const;
    const step = fc.record({
      subject: fc.constantFrom(...subjects),
      attribute: fc.constantFrom('cadaLevel', 'seat'),
      value: fc.option(fc.integer({ min: 1, max: 4 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const table = new Map<string, number>();
        let now: Governance = emptyGovernance;
        for (const { subject, attribute, value } of steps) {
          const key = `${subject} ${attribute}`;
          if (value === null && !table.delete(key)) continue;
          if (value !== null) table.set(key, value);
          now = follow(
            now,
            value === null ? retracted(subject, attribute) : recorded(fact(subject, attribute, value)),
          );
        }
        expect(book(now).toSorted()).toEqual([...table].map(([key, value]) => `${key} ${value}`).toSorted());
        expect([...now.facts.values()].every(({ size }) => size > 0)).toBe(true);
      }),
      { numRuns: 200, seed: 51 },
    );
  });
});

const o1 = OverrideId.parse('O-1');

describe('an override', () => {
  test('says what was wished, who seconded it and since when', () => {
    const now = follow(emptyGovernance, overridden('O-1', { site: 'fra1' }), 40);
    expect(now.overrides.get(o1)).toEqual({
      id: 'O-1',
      rule: 'dora-exit',
      tenant: 'acme',
      site: 'fra1',
      reason: 'the exit test is next week',
      expiresAtMs: 500,
      requestedBy: 'person:ada',
      second: signed,
      sinceMs: 40,
    });
  });

  test('that is lifted stays readable, with when it ended; the others are as they were', () => {
    const two = after(overridden('O-1'), overridden('O-2', { tenant: 'globex' }));
    const one = follow(two, lifted('O-1', 70), 90);
    expect([...one.overrides.values()].map(({ id, liftedAtMs }) => [id, liftedAtMs])).toEqual([
      ['O-1', 70],
      ['O-2', undefined],
    ]);
    expect(one.overrides.get(o1)).toEqual({ ...two.overrides.get(o1), liftedAtMs: 70 });
    expect(one.facts).toBe(two.facts);
  });

  test('that never was cannot be lifted', () => {
    expect(() => follow(emptyGovernance, lifted('O-1', 7))).toThrow('there is no override `O-1`');
  });
});

test('the digest is chained over every event, and is absent before the first one', () => {
  const [one, two] = [recorded(fact('site:fra1', 'cadaLevel', 2)), overridden('O-1')];
  expect(emptyGovernance.digest).toBeUndefined();
  expect(after(one).digest).toBe(digestOf([null, Event.parse(one)]));
  expect(after(one, two).digest).toBe(digestOf([after(one).digest ?? null, Event.parse(two)]));
  expect(after(one, two).digest).not.toBe(after(two, one).digest);
  // Also where the book ends up as it began: what was said was said.
  const again = after(one, retracted('site:fra1', 'cadaLevel'));
  expect(again.facts.size).toBe(0);
  expect(again.digest).not.toBe(after(one).digest);
});
