import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { otherOrders } from '../../../src/core/place/orders.ts';
import { seed } from '../arbitrary.ts';

/** `abcd` for four parts. */
const letters = (count: number) => Array.from({ length: count }, (_, at) => 'abcdefghijklmnop'[at] ?? '?');
const ordersOf = (count: number) => otherOrders(letters(count)).map((order) => order.join(''));

describe('the other orders in which the parts of a gang are put down', () => {
  test('nobody has one of no part', () => {
    expect(otherOrders([])).toEqual([]);
  });

  test('of five parts: each later one to the front, then the first to the back', () => {
    expect(ordersOf(5)).toEqual(['bacde', 'cabde', 'dabce', 'eabcd', 'bcdea']);
  });

  test('of six or more the budget of tries is spent on what comes to the front', () => {
    expect(ordersOf(6)).toEqual(['bacdef', 'cabdef', 'dabcef', 'eabcdf', 'fabcde']);
    expect(ordersOf(16)[4]).toBe('fabcdeghijklmnop');
  });

  test('are whole, differ from the usual one and from each other, and are few', () => {
    assert(
      property(integer({ min: 0, max: 16 }), (count) => {
        const usual = letters(count).join('');
        const orders = ordersOf(count);
        expect(new Set([usual, ...orders]).size).toBe(1 + orders.length);
        expect(orders.length).toBeLessThanOrEqual(5);
        for (const order of orders) expect(order.split('').toSorted().join('')).toBe(usual);
      }),
      { seed, numRuns: 17 },
    );
  });

  test('are all there are of up to three parts: of n, n! less the usual one', () => {
    expect([1, 2, 3].map((count) => ordersOf(count).length)).toEqual([0, 1, 5]);
  });
});
