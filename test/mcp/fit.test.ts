import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { answerCapTokens, fit } from '../../src/mcp/fit.ts';
import type { JsonObject } from '../../src/mcp/json.ts';
import { sizeTokens } from '../../src/mcp/tokens.ts';

const size = 'max';
const item = fc.string({ unit: 'grapheme', maxLength: 400, size });
const answer = fc.record({
  head: fc.string({ maxLength: 100 }),
  hints: fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
  groups: fc.array(fc.record({ members: fc.array(item, { maxLength: 150, size }) }), { maxLength: 6 }),
  others: fc.array(item, { maxLength: 200, size }),
});

/** The lists in their order, as text that a prefix can be compared with. */
function startsWith(whole: readonly unknown[], cut: readonly unknown[]): boolean {
  return JSON.stringify(whole.slice(0, cut.length)) === JSON.stringify(cut);
}

function list(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}`.padEnd(100, 'x'));
}

test('what fits is left alone', () => {
  const small: JsonObject = { groups: [{ members: ['a'] }], others: [] };
  expect(fit(small, ['others', 'groups[].members'], 'ask for less')).toBe(small);
});

test('what does not fit loses only ends of lists, and fits then', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(answer, (whole) => {
      fc.pre(sizeTokens(whole) > answerCapTokens);
      const before = JSON.stringify(whole);
      const cut = fit(whole, ['others', 'groups[].members'], 'ask for less');
      expect(JSON.stringify(whole)).toBe(before);
      if (cut === undefined) throw new Error('given up');
      expect(sizeTokens(cut)).toBeLessThanOrEqual(answerCapTokens);
      expect(cut).toMatchObject({ head: whole.head, truncated: true });
      expect(startsWith(whole.others, [cut['others']].flat())).toBe(true);
      expect([cut['groups']].flat()).toHaveLength(whole.groups.length);
      expect([cut['hints']].flat().length).toBeGreaterThan(whole.hints.length);
    }),
    { seed: 11, numRuns: 25, endOnFailure: true },
  );
});

test('the list that is needed least goes first', () => {
  const whole = { others: list(300), groups: [{ members: list(200) }] };
  expect(fit(whole, ['others', 'groups[].members'], 'ask for less')).toMatchObject({
    groups: whole.groups,
    hints: ['`others` shows 249 of 300: ask for less'],
  });
});

test('lists on one path are cut by the same share', () => {
  const cut = fit({ groups: [{ members: list(600) }, { members: list(60) }] }, ['groups[].members'], 'x');
  const [long, short] = [cut?.['groups'] ?? []].flat().map((group) => JSON.stringify(group).length);
  expect((long ?? 0) / (short ?? 1)).toBeGreaterThan(8);
  expect((long ?? 0) / (short ?? 1)).toBeLessThan(12);
});

test('what no cut can help is given up', () => {
  expect(
    fit({ text: 'x'.repeat(6 * answerCapTokens + 6) }, ['others', 'text', 'a[].b'], 'x'),
  ).toBeUndefined();
});
