import { expect, test } from 'vitest';

import { addGaps, type Gaps } from '../../../src/core/inventory/gaps.ts';
import type { SourceName } from '../../../src/model/fact.ts';
import { Unknown } from '../../../src/model/fact.ts';
import { type Line, said } from './identity/said.ts';

type Told = {
  readonly source?: SourceName;
  readonly atMs?: number;
  readonly facts?: readonly string[];
  readonly open: readonly (readonly [subject: string | undefined, attribute: string])[];
};

function after(...told: readonly Told[]): readonly string[] {
  const gaps = told.reduce<Gaps>((known, { source = 'kubernetes', atMs = 1, facts = [], open }) => {
    const observation = said(
      source,
      facts.map((subject): Line => ['node', subject, {}]),
      { observedAtMs: atMs },
    );
    const unknown = open.map(([subject, attribute]) =>
      Unknown.parse({
        ...(subject === undefined ? {} : { subject }),
        attribute,
        why: 'x',
        origin: { file: 'f' },
      }),
    );
    return addGaps(known, { ...observation, unknown });
  }, new Map());
  return [...gaps.values()]
    .flat()
    .map(({ source, unknown }) => `${source} ${unknown.subject ?? '-'} ${unknown.attribute}`)
    .toSorted();
}

test.each<[string, readonly Told[], readonly string[]]>([
  [
    'what is left open stands',
    [
      {
        open: [
          ['fra1/n1', 'a'],
          [undefined, 'b'],
        ],
      },
    ],
    ['kubernetes - b', 'kubernetes fra1/n1 a'],
  ],
  [
    'until the same source speaks of the subject again',
    [{ open: [['fra1/n1', 'a']] }, { facts: ['fra1/n1'], open: [] }],
    [],
  ],
  ['also of a device of it', [{ open: [['fra1/n1/gpu0', 'a']] }, { facts: ['fra1/n1'], open: [] }], []],
  [
    'or leaves other things open',
    [{ open: [['fra1/n1', 'a']] }, { open: [['fra1/n1', 'b']] }],
    ['kubernetes fra1/n1 b'],
  ],
  [
    'another subject changes nothing',
    [{ open: [['fra1/n1', 'a']] }, { facts: ['fra1/n2'], open: [] }],
    ['kubernetes fra1/n1 a'],
  ],
  [
    'another source neither',
    [{ open: [['fra1/n1', 'a']] }, { source: 'hwloc', facts: ['fra1/n1'], open: [] }],
    ['kubernetes fra1/n1 a'],
  ],
  [
    'an older word neither',
    [
      { atMs: 5, open: [['fra1/n1', 'a']] },
      { atMs: 4, facts: ['fra1/n1'], open: [['fra1/n1', 'b']] },
    ],
    ['kubernetes fra1/n1 a'],
  ],
  [
    'what is about no subject goes with the next word of the source',
    [{ open: [[undefined, 'a']] }, { open: [] }],
    [],
  ],
])('%s', (_, told, expected) => {
  expect(after(...told)).toEqual(expected);
});
