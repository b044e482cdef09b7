import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Denial, isFlood, sameDenial, withDenial } from '../../../src/core/governance/denials.ts';
import { Actor } from '../../../src/model/actor.ts';
import { digestOf } from '../../../src/model/canonical.ts';

const spanMs = 600_000;
const people = ['person:ada', 'person:eve', 'agent:bot'].map((principal) => Actor.parse({ principal }));
const wishes = ['a', 'b', 'c'].map((text) => digestOf(text));
const [ada = Actor.parse({ principal: 'person:ada' })] = people;
const [wish = digestOf('a')] = wishes;

/** Denials as a ledger would have brought them about, with a gap before each. */
const step = fc.record({ gapMs: fc.nat(40_000), who: fc.nat(2), what: fc.nat(2) });
const history = fc.array(step, { maxLength: 60, size: 'max' });

function told(steps: readonly { gapMs: number; who: number; what: number }[]) {
  const all: Denial[] = [];
  let kept: readonly Denial[] = [];
  let atMs = 0;
  for (const [at, { gapMs, who, what }] of steps.entries()) {
    atMs += gapMs;
    const actor = people[who] ?? ada;
    const stamp = { seq: at + 1, atMs, actor };
    kept = withDenial(kept, wishes[what] ?? wish, stamp);
    all.push({ by: actor.principal, wish: wishes[what] ?? wish, atMs, seq: at + 1 });
  }
  return { all, kept, atMs };
}

describe('denials', () => {
  test('are remembered for ten minutes: what is kept answers as the whole history would', () => {
    const seen = { same: 0, flood: 0 };
    fc.assert(
      fc.property(history, fc.nat(700_000), (steps, laterMs) => {
        const { all, kept, atMs } = told(steps);
        const nowMs = atMs + laterMs;
        const recent = all.filter((one) => nowMs - one.atMs < spanMs);
        const own = recent.filter(({ by }) => by === ada.principal);
        const asked = { by: ada.principal, wish };
        expect(sameDenial(kept, asked, nowMs)).toEqual(own.findLast((one) => one.wish === wish));
        expect(isFlood(kept, ada.principal, nowMs)).toBe(own.length >= 10 || recent.length >= 100);
        seen.same += own.length > 0 ? 1 : 0;
        seen.flood += own.length >= 10 ? 1 : 0;
      }),
      { numRuns: 1000, seed: 81 },
    );
    expect(seen.same).toBeGreaterThan(100);
    expect(seen.flood).toBeGreaterThan(5);
  });

  test('keep no more than the span needs, however long they go on', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { all, kept, atMs } = told(steps);
        expect(kept).toEqual(all.filter((one) => atMs - one.atMs < spanMs));
      }),
      { numRuns: 300, seed: 82 },
    );
  });

  test.each([
    ['one', 10, () => ada],
    ['all', 100, (at: number) => Actor.parse({ principal: `person:p${at}` })],
  ] as const)('of %s are too many from the %i. on', (_, most, whoOf) => {
    const many = Array.from({ length: most }, (__, at) => at).reduce<readonly Denial[]>(
      (kept, at) => withDenial(kept, digestOf(at), { seq: at, atMs: 1000 + at, actor: whoOf(at) }),
      [],
    );
    expect(isFlood(many.slice(1), ada.principal, 2000)).toBe(false);
    expect(isFlood(many, ada.principal, 2000)).toBe(true);
    expect(isFlood(many, ada.principal, 1000 + spanMs - 1)).toBe(true);
    expect(isFlood(many, ada.principal, 1000 + spanMs)).toBe(false);
  });
});
