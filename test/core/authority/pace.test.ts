import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { tooFast } from '../../../src/core/authority/pace.ts';
import { Mandate } from '../../../src/model/authority.ts';
import { digestOf } from '../../../src/model/canonical.ts';

const minuteMs = 60_000;
const wishes = ['a', 'b', 'c'].map((word) => digestOf(word));
const [first = digestOf('a')] = wishes;

function mandate(commandsPerMinute?: number): Mandate {
  return Mandate.parse({
    id: 'M-1',
    agent: 'agent:a',
    sponsor: 'person:sven',
    tools: ['contract_commit'],
    tenants: ['acme'],
    expiresAtMs: 9_000_000_000,
    ...(commandsPerMinute === undefined ? {} : { commandsPerMinute }),
  });
}

/** Uses of a mandate, oldest first, over a quarter of an hour; often at one and the same time. */
const uses = fc
  .array(
    fc.record({ gapMs: fc.oneof(fc.constant(0), fc.integer({ max: 90_000, min: 0 })), wish: fc.nat(2) }),
    {
      maxLength: 40,
    },
  )
  .map((steps) => {
    let atMs = 1_000_000;
    return steps.map(({ gapMs, wish }) => {
      atMs += gapMs;
      return { atMs, request: wishes[wish] ?? first };
    });
  });

const asked = fc.record({ uses, perMinute: fc.integer({ min: 1, max: 12 }), laterMs: fc.nat(700_000) });

/** How many uses lie in the span that ends with `atMs`, its first millisecond not among them. */
function countIn(all: readonly { atMs: number }[], atMs: number, spanMs: number): number {
  return all.filter((use) => atMs - use.atMs < spanMs).length;
}

describe('the pace of a mandate', () => {
  test('lets through what lies below both limits, and nothing else', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(asked, ({ uses: all, perMinute, laterMs }) => {
        const atMs = (all.at(-1)?.atMs ?? 0) + laterMs;
        const same = all.filter(({ request }) => request === first);
        const refusal = tooFast({ mandate: mandate(perMinute), uses: all }, first, atMs);
        const limit = refusal?.kind === 'rate-limited' ? refusal.limit : 'none';
        seen.add(limit);
        const crowded = countIn(all, atMs, minuteMs) >= perMinute;
        const again = countIn(same, atMs, 10 * minuteMs) >= 5;
        expect(limit).toBe(crowded ? 'commands-per-minute' : again ? 'same-request' : 'none');
      }),
      { numRuns: 2000, seed: 31 },
    );
    expect([...seen].toSorted()).toEqual(['commands-per-minute', 'none', 'same-request']);
  });

  test('names the first millisecond at which the limit it names lets one more through', () => {
    let refused = 0;
    fc.assert(
      fc.property(asked, ({ uses: all, perMinute, laterMs }) => {
        const atMs = (all.at(-1)?.atMs ?? 0) + (laterMs % 60_000);
        const record = { mandate: mandate(perMinute), uses: all };
        const refusal = tooFast(record, first, atMs);
        if (refusal?.kind !== 'rate-limited') return;
        refused += 1;
        const { limit, retryAtMs } = refusal;
        expect(retryAtMs).toBeGreaterThan(atMs);
        expect(tooFast(record, first, retryAtMs - 1)).toMatchObject({ limit });
        const after = tooFast(record, first, retryAtMs);
        expect(after?.kind === 'rate-limited' ? after.limit : 'none').not.toBe(limit);
      }),
      { numRuns: 2000, seed: 32 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  test('is sixty commands a minute where a mandate does not say', () => {
    const many = Array.from({ length: 60 }, (_, at) => ({ atMs: 1000 + at, request: digestOf(at) }));
    expect(tooFast({ mandate: mandate(), uses: many.slice(1) }, first, 2000)).toBeUndefined();
    expect(tooFast({ mandate: mandate(), uses: many }, first, 2000)).toEqual({
      kind: 'rate-limited',
      mandate: 'M-1',
      limit: 'commands-per-minute',
      most: 60,
      retryAtMs: 1000 + minuteMs,
    });
  });

  test('says how many of the same wish there may be', () => {
    const same = Array.from({ length: 5 }, (_, at) => ({ atMs: 1000 + at * minuteMs, request: first }));
    expect(tooFast({ mandate: mandate(), uses: same }, first, 5 * minuteMs)).toMatchObject({
      limit: 'same-request',
      most: 5,
      retryAtMs: 1000 + 10 * minuteMs,
    });
    expect(tooFast({ mandate: mandate(), uses: same }, digestOf('other'), 5 * minuteMs)).toBeUndefined();
  });
});
