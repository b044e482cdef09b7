import { globSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

/** How many ways real inventory lies in are known; each has its own tests in this folder. */
const known = 32;

/** What asks the core where something would be placed. */
const planners = ['ask', 'fitnessOf', 'fitnessOn', 'planned', 'outcome', 'check'];

/** What reads the report: gaps, conflicts, assumptions, what is stated, or why a file was refused. */
const reports =
  /\b(?:unknown|why\w*|leftOpen|gaps?|conflicts?|assumptions?|confidence\w*|refusal|refused|nodeIn|facts|stated|set)\b/iu;

type Tested = { readonly lie: number; readonly body: string; readonly isPlaced: boolean };

/** Every test whose title begins with `lie N: `, and whether it asks the core. */
function testsIn(text: string): readonly Tested[] {
  const placing = placingNames(text);
  return text.split(/(?=^[ \t]*(?:test|it)(?:\.each)?\s*(?:[(<]|$))/mu).flatMap((body): Tested[] => {
    const lies = [...body.matchAll(/['"`]lie (\d+): /gu)].map(([, number]) => Number(number));
    const isPlaced = placing.some((name) => new RegExp(`\\b${name}\\b`, 'u').test(body));
    return [...new Set(lies)].map((lie) => ({ lie, body, isPlaced }));
  });
}

/** The planners, and the functions of the file that call one. */
function placingNames(text: string): readonly string[] {
  const names = new Set(planners);
  const pieces = text.split(/(?=^(?:async )?function |^const )/mu);
  for (let before = 0; before !== names.size;) {
    before = names.size;
    for (const piece of pieces) {
      const name = /^(?:async )?(?:function|const) (\w+)/u.exec(piece)?.[1];
      const own = piece.split(/^(?:describe|test)\b/mu)[0] ?? '';
      if (
        name !== undefined &&
        [...names].some((other) => new RegExp(`\\b${other}\\(`, 'u').test(own.slice(name.length)))
      )
        names.add(name);
    }
  }
  return [...names];
}

function missing(tests: readonly Tested[], has: (tested: Tested) => boolean): readonly number[] {
  return Array.from({ length: known }, (_, at) => at + 1).filter(
    (lie) => !tests.some((tested) => tested.lie === lie && has(tested)),
  );
}

describe('each of the ways in which real inventory lies', () => {
  const tests = globSync('test/sources/lies/*.test.ts')
    .filter((file) => !file.endsWith('all.test.ts'))
    .flatMap((file) => testsIn(readFileSync(file, 'utf8')));

  test('has a test of what is reported', () => {
    expect(missing(tests, ({ body }) => reports.test(body))).toEqual([]);
  });

  test('has a test that placement is not misled', () => {
    expect(missing(tests, ({ isPlaced }) => isPlaced)).toEqual([]);
  });

  test('and is one that is known', () => {
    expect(tests.filter(({ lie }) => lie < 1 || lie > known).map(({ lie }) => lie)).toEqual([]);
  });
});

test('the tests of lies are found by their titles and by what they call', () => {
  const text = `
function drawn(on) {
  return ask(on);
}
const seen = parse();
describe('x', () => {
  test('lie 3: said', () => { expect(seen.unknown).toEqual([]); });
  test.each([1])('lie 4: placed', () => { drawn(1); });
  test('no lie', () => { ask(2); });
});
`;
  expect(testsIn(text).map(({ lie, isPlaced }) => [lie, isPlaced])).toEqual([
    [3, false],
    [4, true],
  ]);
});
