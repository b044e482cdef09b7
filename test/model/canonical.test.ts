import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalJson, digestOf, digestOfBytes } from '../../src/model/canonical.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const number = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, -0, 1, -1));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.array(tie('json'), { maxLength: 6 }),
    fc.dictionary(text, tie('json'), { maxKeys: 6 }),
  ),
}));

test('writes the same text as the canonicalize package', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(canonicalJson(value)).toBe(canonicalize(value));
    }),
    { seed: 20_261_122, numRuns: 3_000 },
  );
});

test('objects of few and of many keys are written in one order, whatever order they were made in', () => {
  const name = fc.oneof(
    text,
    fc.integer({ min: 0, max: 99 }).map(String),
    fc.constantFrom('a', 'aa', 'b', 'A', '_', ' ', '"', '\\', '\n', 'é', '\u{1f600}', '\uffff', '__proto__x'),
  );
  let many = 0;
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 60, size: 'max' }), fc.nat(), (names, turn) => {
      const value = Object.fromEntries(names.map((key, at) => [key, at]));
      const entries = Object.entries(value);
      const start = turn % Math.max(1, entries.length);
      const other = Object.fromEntries([...entries.slice(start), ...entries.slice(0, start).toReversed()]);
      if (names.length > 24) many++;
      expect(canonicalJson(value)).toBe(canonicalize(value));
      expect(canonicalJson(other)).toBe(canonicalJson(value));
    }),
    { seed: 20_261_124, numRuns: 600 },
  );
  expect(many).toBeGreaterThan(50);
});

test('every character of the basic plane is written as the canonicalize package does', () => {
  const others = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => character.isWellFormed() && canonicalJson(character) !== canonicalize(character),
  );
  expect(others).toEqual([]);
});

test('does not touch what it writes', () => {
  const value = Object.freeze({ b: 1, a: Object.freeze([Object.freeze({ d: 1, c: 2 })]) });
  expect(canonicalJson(value)).toBe('{"a":[{"c":2,"d":1}],"b":1}');
  expect(Object.keys(value)).toEqual(['b', 'a']);
});

test('reads back as the same value', () => {
  fc.assert(
    fc.property(json, (value) => {
      const written = canonicalJson(value);
      expect(canonicalJson(JSON.parse(written))).toBe(written);
    }),
    { seed: 20_261_123, numRuns: 1_000 },
  );
});

test('the order of members does not matter, the order of elements does', () => {
  expect(canonicalJson({ b: 1, a: [2, 1] })).toBe('{"a":[2,1],"b":1}');
  expect(digestOf({ b: 1, a: 2 })).toBe(digestOf({ a: 2, b: 1 }));
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
});

test('names are sorted by UTF-16 code units, as RFC 8785 3.2.3 says', () => {
  const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
  const value = Object.fromEntries(names.map((name) => [name, 0]));
  const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33'];
  expect(canonicalJson(value)).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`);
});

test('a digest is the SHA-256 of the UTF-8 bytes of that text', () => {
  const bytes = new TextEncoder().encode('{"a":"é"}');
  expect(digestOf({ a: 'é' })).toBe(digestOfBytes(bytes));
  expect(digestOfBytes(new Uint8Array())).toBe(
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
});

class Money {
  readonly cents = 1;
}

const sparse: unknown[] = [1];
sparse[2] = 3;

const refused: readonly (readonly [string, unknown])[] = [
  ['a function', () => 1],
  ['undefined', undefined],
  ['a symbol', Symbol('s')],
  ['a bigint', 1n],
  ['a sparse array', sparse],
  ['a Map', new Map([['a', 1]])],
  ['a Set', new Set([1])],
  ['a Date', new Date(0)],
  ['bytes', new Uint8Array(2)],
  ['a class instance', new Money()],
  ['an object with toJSON', { toJSON: () => 1 }],
  ['NaN', Number.NaN],
  ['an infinity', Number.POSITIVE_INFINITY],
  ['2^53', 2 ** 53],
  ['-2^53', -(2 ** 53)],
  ['a fraction', 0.5],
  ['a lone high surrogate', '\ud800'],
  ['a lone low surrogate', 'a\udc00b'],
];

describe.each(refused)('refuses %s', (_, value) => {
  test('by itself', () => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  test('inside an array and inside an object, naming the place', () => {
    expect(() => canonicalJson([0, value])).toThrow('`$[1');
    expect(() => canonicalJson({ a: { b: value } })).toThrow('`$.a.b');
  });
});

test('refuses a lone surrogate in a name', () => {
  expect(() => canonicalJson({ '\udead': 1 })).toThrow(TypeError);
});
