import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { linesOfJson } from '../../src/sources/json-lines.ts';

test.each([
  ['{"a": 1,\n "b": {"c": [\n{}, 2,\n"x"]}}', { a: 1, b: 2, 'b/c': 2, 'b/c/0': 3, 'b/c/1': 3, 'b/c/2': 4 }],
  ['[\n\n1,\n[2]]', { 0: 3, 1: 4, '1/0': 4 }],
  ['{"\\u0061/b": "}\\"\n,", "c":\n\ntrue}', { 'a/b': 1, c: 3 }],
  ['{"a": -1.5e3\n, "b": null}', { a: 1, b: 2 }],
  ['7', {}],
])('%j', (text, lines) => {
  expect(Object.fromEntries(linesOfJson(text, 3))).toEqual(lines);
});

test('no deeper than asked', () => {
  expect([...linesOfJson('{"a": {"b": {"c": 1}}}', 2).keys()]).toEqual(['a', 'a/b']);
});

/** Every path of a value, by the text of a writer that puts each element on a line of its own. */
function written(value: unknown, path: string, at: { line: number }, lines: Map<string, number>): string {
  if (path !== '') lines.set(path, at.line);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([key, inner]) => {
    at.line++;
    const text = written(inner, path === '' ? key : `${path}/${key}`, at, lines);
    return `\n${isList ? '' : `${JSON.stringify(key)}: `}${text}`;
  });
  return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

test('law: the lines of any JSON are those it was written on', () => {
  fc.assert(
    fc.property(
      fc.object({
        maxDepth: 4,
        key: fc.string({ minLength: 1 }).filter((key) => !key.includes('/')),
        values: [fc.string(), fc.double(), fc.constant(null), fc.boolean()],
      }),
      (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        const lines = new Map<string, number>();
        const text = written(plain, '', { line: 1 }, lines);
        expect(new Map(linesOfJson(text, 100))).toEqual(lines);
      },
    ),
    { seed: 20_261_122, numRuns: 200 },
  );
});
