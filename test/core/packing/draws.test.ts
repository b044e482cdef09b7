import { array, assert, integer, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { scrambled, shuffles, spread } from '../../../src/core/packing/draws.ts';
import { seed } from './given.ts';

describe('a spread', () => {
  test.each([
    ['one of four is the last', 4, 1, 0, [3]],
    ['or another one, by the phase', 4, 1, 3, [0]],
    ['two of four', 4, 2, 0, [1, 3]],
    ['three of four', 4, 3, 0, [1, 2, 3]],
    ['three of four, from elsewhere', 4, 3, 2, [0, 1, 3]],
    ['all', 4, 4, 1, [0, 1, 2, 3]],
    ['none', 4, 0, 3, []],
    ['of nothing', 0, 0, 0, []],
  ])('%s', (_, size, count, phase, expected) => {
    expect(
      spread(
        Array.from({ length: size }, (__, at) => at),
        count,
        phase,
      ),
    ).toEqual(expected);
  });

  test('takes exactly so many, and of any run as many as its share, to one', () => {
    assert(
      property(integer({ min: 1, max: 60 }), nat(60), nat(59), (size, some, drawn) => {
        const [count, phase] = [Math.min(some, size), drawn % size];
        const items = Array.from({ length: size }, (_, at) => at);
        const taken = spread(items, count, phase);
        expect(taken).toHaveLength(count);
        expect(taken).toEqual(taken.toSorted((a, b) => a - b));
        for (let end = 0; end <= size; end++) {
          const before = taken.filter((at) => at < end).length;
          expect(Math.abs(before - (end * count) / size)).toBeLessThan(1);
        }
      }),
      { seed, numRuns: 100 },
    );
  });

  test('every item is taken as often as the others over all phases', () => {
    const items = Array.from({ length: 12 }, (_, at) => at);
    const taken = items.flatMap((phase) => spread(items, 5, phase));
    expect(items.map((item) => taken.filter((other) => other === item).length)).toEqual(items.map(() => 5));
  });
});

describe('shuffles', () => {
  test('of one item are that item, again and again', () => {
    expect([...shuffles(['only'], 7).take(3)]).toEqual(['only', 'only', 'only']);
  });

  test('go round by round through all items, however many those are', () => {
    assert(
      property(array(nat(4), { minLength: 1, maxLength: 9 }), nat(1000), (items, salt) => {
        const sorted = items.toSorted((a, b) => a - b);
        const drawn = [...shuffles(items, salt).take(3 * items.length)];
        for (let round = 0; round < 3; round++) {
          const own = drawn.slice(round * items.length, (round + 1) * items.length);
          expect(own.toSorted((a, b) => a - b)).toEqual(sorted);
        }
      }),
      { seed, numRuns: 100 },
    );
  });

  test('leave the items as they were', () => {
    const items = [1, 2, 3, 4, 5];
    expect([...shuffles(items, 3).take(9)]).toHaveLength(9);
    expect(items).toEqual([1, 2, 3, 4, 5]);
  });

  test('bring every item to the front about as often as any other', () => {
    const firsts = Array.from({ length: 3000 }, (_, salt) => shuffles([0, 1, 2], salt).next().value);
    // A thousand each, give or take five standard deviations of 26.
    for (const item of [0, 1, 2])
      expect(Math.abs(firsts.filter((first) => first === item).length - 1000)).toBeLessThan(130);
  });
});

describe('a number well mixed', () => {
  test('is a whole one of 32 bits, the same for the same two', () => {
    assert(
      property(nat(), nat(), (value, salt) => {
        const mixed = scrambled(value, salt);
        expect(Number.isInteger(mixed) && mixed >= 0 && mixed < 2 ** 32).toBe(true);
        expect(scrambled(value, salt)).toBe(mixed);
      }),
      { seed, numRuns: 100 },
    );
  });

  test('differs for neighbours, of either', () => {
    const values = Array.from({ length: 1000 }, (_, at) => at);
    expect(new Set(values.map((value) => scrambled(value, 1))).size).toBe(1000);
    expect(new Set(values.map((salt) => scrambled(1, salt))).size).toBe(1000);
    // Each of 32 places is set about half the time: 500, give or take six standard deviations of 16.
    for (let place = 0; place < 32; place++) {
      const set = values.filter((value) => ((scrambled(value, 5) >>> place) & 1) === 1).length;
      expect(Math.abs(set - 500)).toBeLessThan(96);
    }
  });
});
