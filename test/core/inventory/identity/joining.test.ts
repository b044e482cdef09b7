import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { buildFleet } from '../../../../src/core/inventory/build.ts';
import type { Observation, SourceName } from '../../../../src/model/fact.ts';
import { seed } from '../../arbitrary.ts';
import { type Line, recorded, said } from './said.ts';

/** What a source says of some machine by any of few names and numbers, so that words often meet and often clash. */
const word = fc.record(
  {
    hostName: fc.constantFrom('n1', 'n2', 'n1.a.example', 'n1.b.example'),
    serial: fc.constantFrom('S1', 'S2', 'S3'),
    systemUuid: fc.constantFrom(
      '01020304-0506-0708-090a-0b0c0d0e0f10',
      '11121314-1516-1718-191a-1b1c1d1e1f20',
    ),
  },
  { requiredKeys: [] },
);

/** No source names two machines of one site alike. */
const observations = fc.uniqueArray(
  fc.record({
    source: fc.constantFrom<SourceName[]>('inventory', 'slurm', 'netbox', 'hwloc', 'kubernetes'),
    words: fc.uniqueArray(fc.tuple(fc.constantFrom('fra1', 'ams2', 'unplaced'), fc.nat(2), word), {
      minLength: 1,
      maxLength: 3,
      selector: ([site, at, { hostName }]) =>
        hostName === undefined ? `${site} ${at}` : `${site} ${hostName}`,
    }),
  }),
  { minLength: 1, maxLength: 4, selector: ({ source }) => source },
);

function observed(
  all: readonly { source: SourceName; words: readonly (readonly [string, number, object])[] }[],
) {
  return all.map(({ source, words }): Observation =>
    said(
      source,
      words.map(([site, at, set], line): Line => ['node', `${site}/${source}-${at}${line}`, set]),
    ),
  );
}

/** What tells a machine, in one spelling: host names in their short form, as a long one may be the short one. */
function marksOf({ hostName, serial, systemUuid }: Readonly<Record<string, unknown>>): readonly string[] {
  const name = typeof hostName === 'string' ? [`name ${hostName.split('.', 1).join('')}`] : [];
  return [...name, ...[serial, systemUuid].flatMap((mark) => (typeof mark === 'string' ? [mark] : []))];
}

test('two words become one machine only where a chain of shared names and numbers joins them', () => {
  fc.assert(
    fc.property(observations, (all) => {
      const { claims } = recorded(...observed(all));
      for (const words of claims.values()) {
        const sets = words.map(({ fact }) => marksOf(fact.set)).filter((marks) => marks.length > 0);
        const [first = [], ...rest] = sets;
        const reached = new Set(first);
        for (const _ of rest)
          for (const marks of rest)
            if (marks.some((mark) => reached.has(mark))) for (const mark of marks) reached.add(mark);
        const apart = rest.filter((marks) => !marks.some((mark) => reached.has(mark)));
        expect(apart).toEqual([]);
      }
    }),
    { seed, numRuns: 200 },
  );
});

test('every word is recorded under a site, or told as a problem, and none is both', () => {
  fc.assert(
    fc.property(observations, (all) => {
      const told = observed(all);
      const { last } = recorded(...told);
      const left = last.problems.reduce((sum, { factCount }) => sum + factCount, 0);
      expect(last.observation.facts.length + left).toBe(told.at(-1)?.facts.length);
      expect(last.observation.facts.filter(({ subject }) => subject.startsWith('unplaced'))).toEqual([]);
    }),
    { seed, numRuns: 200 },
  );
});

test('no two nodes of the fleet have one serial number or system UUID', () => {
  fc.assert(
    fc.property(observations, (all) => {
      const { nodes } = buildFleet(recorded(...observed(all)).claims);
      for (const name of ['serial', 'systemUuid'] as const) {
        const carried = nodes.flatMap(({ facts }) => facts[name] ?? []);
        expect(new Set(carried).size).toBe(carried.length);
      }
    }),
    { seed, numRuns: 200 },
  );
});

test('reading everything again, in the words it was recorded in, changes nothing and leaves nothing out', () => {
  fc.assert(
    fc.property(observations, (all) => {
      const told = observed(all);
      const once = recorded(...told);
      const again = recorded(...told, once.last.observation);
      expect(again.last.problems).toEqual([]);
      expect(again.last.observation.facts).toEqual(once.last.observation.facts);
    }),
    { seed, numRuns: 200 },
  );
});
