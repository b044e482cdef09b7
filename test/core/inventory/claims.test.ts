import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addObservation, type Claims, subjectKey } from '../../../src/core/inventory/claims.ts';
import type { Observation, SourceName } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { type Line, said } from './identity/said.ts';

type Import = readonly [
  source: SourceName,
  atMs: number,
  ...words: (readonly [subject: string, cpu: number])[],
];

function imported([source, observedAtMs, ...words]: Import): Observation {
  const lines = words.map(([subject, cpuMilli]): Line => ['node', subject, { cpuMilli }]);
  return said(source, lines, { observedAtMs });
}

function claimsAfter(imports: readonly Import[]): Claims {
  return imports.reduce<Claims>((claims, one) => addObservation(claims, imported(one)), new Map());
}

/** `fra1/a slurm@5 7`: what stands about a subject, in the order it stands in. */
function wordsOf(claims: Claims): readonly string[] {
  return [...claims.values()].flat().map(({ source, observedAtMs, fact }) => {
    const cpuMilli = fact.kind === 'node' ? fact.set.cpuMilli : undefined;
    return `${fact.subject} ${source}@${observedAtMs} ${cpuMilli}`;
  });
}

describe('what stands after several imports', () => {
  test.each<[string, readonly Import[], readonly string[]]>([
    ['nothing, where nothing was said', [['slurm', 1]], []],
    [
      'a word of each source, the one imported first before the others',
      [
        ['slurm', 9, ['a/n', 1]],
        ['hwloc', 1, ['a/n', 2]],
      ],
      ['a/n slurm@9 1', 'a/n hwloc@1 2'],
    ],
    [
      'the newer word of a source in place of its older one, behind the others',
      [
        ['slurm', 1, ['a/n', 1]],
        ['hwloc', 1, ['a/n', 2]],
        ['slurm', 2, ['a/n', 3]],
      ],
      ['a/n hwloc@1 2', 'a/n slurm@2 3'],
    ],
    [
      'not the older word that comes later',
      [
        ['slurm', 2, ['a/n', 1]],
        ['slurm', 1, ['a/n', 2]],
      ],
      ['a/n slurm@2 1'],
    ],
    [
      'of two words of one time the one imported last',
      [
        ['slurm', 2, ['a/n', 1]],
        ['slurm', 2, ['a/n', 2]],
      ],
      ['a/n slurm@2 2'],
    ],
    [
      'every word of one import about a subject, in the order of its lines',
      [['slurm', 2, ['a/n', 1], ['b/n', 4], ['a/n', 2]]],
      ['a/n slurm@2 1', 'a/n slurm@2 2', 'b/n slurm@2 4'],
    ],
    [
      'none of several words that one newer word replaces',
      [
        ['slurm', 1, ['a/n', 1], ['a/n', 2]],
        ['slurm', 2, ['a/n', 3]],
      ],
      ['a/n slurm@2 3'],
    ],
    [
      'what a newer import does not speak of, as it was',
      [
        ['slurm', 1, ['a/n', 1], ['b/n', 2]],
        ['slurm', 2, ['b/n', 3]],
      ],
      ['a/n slurm@1 1', 'b/n slurm@2 3'],
    ],
    [
      'of an older import what no newer one spoke of',
      [
        ['slurm', 2, ['a/n', 1]],
        ['slurm', 1, ['a/n', 2], ['b/n', 3]],
      ],
      ['a/n slurm@2 1', 'b/n slurm@1 3'],
    ],
    [
      'a newer word of another source takes nothing back',
      [
        ['slurm', 1, ['a/n', 1]],
        ['hwloc', 9, ['a/n', 1]],
      ],
      ['a/n slurm@1 1', 'a/n hwloc@9 1'],
    ],
  ])('%s', (_, imports, expected) => {
    expect(wordsOf(claimsAfter(imports))).toEqual(expected);
  });

  test('subjects of different kinds that have one path are kept apart', () => {
    const claims = addObservation(
      new Map(),
      said('topograph', [
        ['leaf', 'fra1/a', { uplinkMbps: 1 }],
        ['node', 'fra1/a', { cpuMilli: 2 }],
      ]),
    );
    const path = Path.parse('fra1/a');
    expect(claims.get(subjectKey('leaf', path))?.map(({ fact }) => fact.set)).toEqual([{ uplinkMbps: 1 }]);
    expect(claims.get(subjectKey('node', path))?.map(({ fact }) => fact.set)).toEqual([{ cpuMilli: 2 }]);
    expect(claims.get(subjectKey('spine', path))).toBeUndefined();
  });

  test('a word keeps the file and line it was read in, and how sure its source was', () => {
    const [fact] = imported(['slurm', 5, ['a/n', 1]]).facts;
    if (fact === undefined) throw new Error('no fact');
    const told = { ...fact, confidence: 'assumed' as const, origin: { file: 'slurm.conf', line: 7 } };
    const claims = addObservation(new Map(), { ...imported(['slurm', 5]), facts: [told] });
    expect([...claims.values()]).toEqual([
      [
        {
          source: 'slurm',
          observedAtMs: 5,
          confidence: 'assumed',
          origin: { file: 'slurm.conf', line: 7 },
          fact: told,
        },
      ],
    ]);
  });

  test('what stood before an import is not touched by it', () => {
    const before = claimsAfter([['slurm', 1, ['a/n', 1]]]);
    const words = wordsOf(before);
    addObservation(before, imported(['slurm', 2, ['a/n', 2], ['b/n', 3]]));
    expect(wordsOf(before)).toEqual(words);
  });
});

const imports = fc.array(
  fc
    .tuple(
      fc.constantFrom<SourceName[]>('slurm', 'hwloc', 'netbox'),
      fc.nat(3),
      fc.array(fc.tuple(fc.constantFrom('a/n', 'b/n'), fc.nat(2)), { maxLength: 3 }),
    )
    .map(([source, atMs, words]): Import => [source, atMs, ...words]),
  { maxLength: 7 },
);

/** The import that counts for a source and subject: of those that speak of it the newest, of equal ones the last. */
function countsFor(all: readonly Import[], who: SourceName, what: string): Import | undefined {
  return all
    .filter(([source, , ...words]) => source === who && words.some(([subject]) => subject === what))
    .reduce<Import | undefined>(
      (best, one) => (best === undefined || one[1] >= best[1] ? one : best),
      undefined,
    );
}

describe('laws', () => {
  test('for each source and subject exactly the words of its newest import stand', () => {
    fc.assert(
      fc.property(imports, (all) => {
        const expected = (['slurm', 'hwloc', 'netbox'] as const).flatMap((source) =>
          ['a/n', 'b/n'].flatMap((subject) => {
            const [, atMs, ...words] = countsFor(all, source, subject) ?? [source, 0];
            return words
              .filter(([about]) => about === subject)
              .map(([, cpu]) => `${subject} ${source}@${atMs} ${cpu}`);
          }),
        );
        expect(wordsOf(claimsAfter(all)).toSorted()).toEqual(expected.toSorted());
      }),
      { seed, numRuns: 300 },
    );
  });

  test('importing everything a second time, the newest last, changes no word', () => {
    fc.assert(
      fc.property(imports, (all) => {
        const oldestFirst = all.toSorted((a, b) => a[1] - b[1]);
        const once = wordsOf(claimsAfter(oldestFirst)).toSorted();
        expect(wordsOf(claimsAfter([...oldestFirst, ...oldestFirst])).toSorted()).toEqual(once);
      }),
      { seed, numRuns: 100 },
    );
  });
});
