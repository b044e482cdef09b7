import { assert, integer, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cleanText, compareText, didYouMean } from '../../src/model/text.ts';

const runs = { seed: 20_261_125, numRuns: 300 };

describe('text from outside', () => {
  test.each([
    ['plain text stays', 'H100 SXM, 80 GB – Größe', 'H100 SXM, 80 GB – Größe'],
    ['lines become one', 'a\r\n\tb\n\nc', 'a b c'],
    ['escape sequences lose their escape', '\u001B[2J', '\uFFFD[2J'],
    ['C1 controls go', 'a\u009Bb', 'a\uFFFDb'],
    ['text cannot turn its direction', 'a\u202Eb', 'a\uFFFDb'],
    ['nothing is hidden between letters', 'a\u200Bb\u2060c\uFEFFd', 'a\uFFFDb\uFFFDc\uFFFDd'],
    ['tags that only a model reads go', `a${String.fromCodePoint(0xe0041)}b`, 'a\uFFFDb'],
    ['variation selectors go', 'a\uFE0Fb', 'a\uFFFDb'],
    ['line separators go', 'a\u2028b', 'a\uFFFDb'],
    ['half a character becomes a mark', 'a\uD83Db', 'a\uFFFDb'],
  ])('%s', (_, text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  test('is at most as long as asked, well formed, and clean when cleaned again', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 40 }), integer({ min: 1, max: 30 }), (text, cap) => {
        const clean = cleanText(text, cap);
        expect(clean.length).toBeLessThanOrEqual(cap);
        expect(clean.isWellFormed()).toBe(true);
        expect(cleanText(clean, cap)).toBe(clean);
      }),
      runs,
    );
  });

  test('shows that it was cut', () => {
    expect(cleanText('abcdef', 4)).toBe('abc…');
    expect(cleanText('abcd', 4)).toBe('abcd');
  });
});

test('the order of texts is that of their code units, and total', () => {
  assert(
    property(string(), string(), (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(-Math.sign(compareText(b, a)) + 0);
      expect(compareText(a, b) === 0).toBe(a === b);
    }),
    runs,
  );
  expect(['ä', 'b', 'B', 'a'].toSorted(compareText)).toEqual(['B', 'a', 'b', 'ä']);
});

test.each([
  ['h100', 'H100'],
  ['H10O', 'H100'],
  ['H200', 'H100'],
  ['L4S', 'L40S'],
  ['B200', undefined],
  ['', undefined],
])('`%s` means %s', (asked, expected) => {
  const known = asked === 'B200' ? ['A100', 'L4'] : ['A100', 'H100', 'L40S'];
  expect(didYouMean(asked, known)).toBe(expected);
});
