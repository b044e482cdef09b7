import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { buildFleet } from '../../../src/core/inventory/build.ts';
import { addObservation, type Claim, type Claims, subjectKey } from '../../../src/core/inventory/claims.ts';
import { newestOf, resolveAttributes, resolveKind } from '../../../src/core/inventory/resolve.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import type { Confidence, Observation } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { claim, mostTrustedFirst } from './claim.ts';

const subject = Path.parse('fra1/n1');
const key = subjectKey('node', subject);
const quarterHour = 15 * 60_000;

/** Of ordinary attributes, one that has its own order, and of what changes by the hour. */
const sets = fc.record(
  {
    gpuCount: fc.nat(2),
    cpuMilli: fc.nat(2),
    health: fc.constantFrom('healthy', 'degraded', 'down'),
    schedulable: fc.boolean(),
    measuredW: fc.nat(3),
  },
  { requiredKeys: [] },
);

/** A word of each of some sources; some are so old that they no longer live. */
const words = fc
  .uniqueArray(
    fc.record({
      source: fc.constantFrom(...mostTrustedFirst),
      atMs: fc.constantFrom(0, 1, quarterHour, 2 * quarterHour, 5 * quarterHour, 100 * quarterHour),
      confidence: fc.constantFrom<Confidence[]>('stated', 'derived', 'assumed'),
      set: sets,
    }),
    { minLength: 1, maxLength: 6, selector: ({ source }) => source },
  )
  .map((all) => all.map(({ source, set, ...told }) => claim(source, set, told)));

function claimsOf(said: readonly Claim[]): Claims {
  return new Map([[key, said]]);
}

function resolved(said: readonly Claim[], newestMs = newestOf(claimsOf(said))) {
  return resolveAttributes(said, newestMs);
}

const runs = { seed, numRuns: 200 };

/** Smaller comes first: the rules about one attribute as a row of numbers. */
function rankOf({ source, observedAtMs, confidence, fact }: Claim, name: string, newestMs: number): number[] {
  const livesMs = lifeOf(source);
  const isDated = name === 'health' || name === 'schedulable' || name === 'measuredW';
  const isOld = isDated && newestMs - observedAtMs > livesMs;
  const set = fact.kind === 'node' ? fact.set : {};
  const badness = {
    health: ['healthy', 'degraded', 'down'].indexOf(set.health ?? ''),
    schedulable: Number(set.schedulable === false),
    measuredW: set.measuredW ?? 0,
  };
  const first = name === 'cpuMilli' ? ['inventory', 'slurm', 'kubernetes'] : [];
  const own = first.indexOf(source);
  return [
    Number(isOld),
    isOld ? -observedAtMs : 0,
    Number(confidence === 'assumed'),
    -(isDated ? badness[name] : 0),
    own < 0 ? first.length + mostTrustedFirst.indexOf(source) : own,
  ];
}

function lifeOf(source: string): number {
  if (['inventory', 'hwloc', 'nccl', 'openb'].includes(source)) return Infinity;
  if (source === 'prometheus') return quarterHour;
  return ['topograph', 'ibnetdiscover', 'netbox', 'cloud'].includes(source)
    ? 96 * quarterHour
    : 4 * quarterHour;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

describe('words about one machine', () => {
  test('the one that is used comes before every other by the written rules', () => {
    fc.assert(
      fc.property(words, (said) => {
        const newestMs = Math.max(...said.map(({ observedAtMs }) => observedAtMs));
        for (const { name, claim: used, said: all } of resolved(said)) {
          const rank = rankOf(used, name, newestMs);
          for (const { claim: other } of all.slice(1))
            expect(isBefore(rank, rankOf(other, name, newestMs))).toBe(true);
        }
      }),
      runs,
    );
  });

  test('make the same machine in every order', () => {
    fc.assert(
      fc.property(words, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), (said, order) => {
        const shuffled = said
          .map((word, index) => ({ word, at: order[index] ?? 0 }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ word }) => word);
        expect(resolved(shuffled)).toEqual(resolved(said));
      }),
      runs,
    );
  });

  test('each is listed once for every attribute that it states, and none for one that it does not', () => {
    fc.assert(
      fc.property(words, (said) => {
        const listed = resolved(said).flatMap(({ name, said: all }) =>
          all.map(({ value, claim: { source } }) => `${name} ${source} ${String(value)}`),
        );
        const told = said.flatMap(({ source, fact }) =>
          Object.entries(fact.set).map(([name, value]) => `${name} ${source} ${String(value)}`),
        );
        expect(listed.toSorted()).toEqual(told.toSorted());
      }),
      runs,
    );
  });

  test('conflict exactly where one says another value, and both sources are named', () => {
    fc.assert(
      fc.property(words, (said) => {
        for (const { name, value, claim: used, conflicts } of resolved(said)) {
          const denying = said.filter(({ fact }) =>
            Object.entries(fact.set).some(([stated, other]) => stated === name && other !== value),
          );
          const expected = name === 'measuredW' ? [] : denying.map(({ source }) => source);
          expect(conflicts.map(({ claim: { source } }) => source).toSorted()).toEqual(expected.toSorted());
          expect(conflicts.map(({ claim: { source } }) => source)).not.toContain(used.source);
        }
      }),
      runs,
    );
  });

  test('what is used stays when a word that is not used is taken back', () => {
    fc.assert(
      fc.property(words, fc.nat(), (said, choice) => {
        const newestMs = Math.max(...said.map(({ observedAtMs }) => observedAtMs));
        const dropped = said[choice % said.length];
        const left = said.filter((word) => word !== dropped);
        const after = new Map(resolved(left, newestMs).map((one) => [one.name, one.value]));
        const kept = resolved(said, newestMs).filter(({ claim: used }) => used !== dropped);
        expect(kept.map(({ name }) => [name, after.get(name)])).toEqual(
          kept.map(({ name, value }) => [name, value]),
        );
      }),
      runs,
    );
  });

  test('a word said again by the least trusted source changes nothing but who says it', () => {
    fc.assert(
      fc.property(
        words.filter((said) => said.every(({ source }) => source !== 'openb')),
        (said) => {
          const used = Object.fromEntries(resolved(said).map(({ name, value }) => [name, value]));
          const echo = claim('openb', used, { atMs: newestOf(claimsOf(said)) });
          const again = resolved([...said, echo]);
          expect(Object.fromEntries(again.map(({ name, value }) => [name, value]))).toEqual(used);
        },
      ),
      runs,
    );
  });

  test('what decisions read is what is shown as used', () => {
    fc.assert(
      fc.property(words, (said) => {
        const node = resolveKind(claimsOf(said), (fact) => (fact.kind === 'node' ? fact.set : undefined));
        const shown = resolved(said).map(({ name, value }) => [name, value]);
        expect(node.get(subject)).toEqual(Object.fromEntries(shown));
      }),
      runs,
    );
  });

  test('what nobody has stated stays unknown', () => {
    fc.assert(
      fc.property(words, (said) => {
        const [node] = buildFleet(claimsOf(said)).nodes;
        const isStated = (name: string) => said.some(({ fact }) => name in fact.set);
        expect({
          health: node?.health !== 'unknown',
          cpuMilli: node?.shape.cpuMilli !== undefined,
          measuredW: node?.shape.basePowerW !== undefined,
        }).toEqual({
          health: isStated('health'),
          cpuMilli: isStated('cpuMilli'),
          measuredW: isStated('measuredW'),
        });
        expect(node?.shape).toMatchObject({ memoryMib: undefined, link: 'unknown', rdma: 'unknown' });
      }),
      runs,
    );
  });
});

describe('the newest observation', () => {
  test('is the newest of all subjects', () => {
    const claims: Claims = new Map([
      [key, [claim('slurm', {}, { atMs: 3 }), claim('hwloc', {}, { atMs: 9 })]],
      [subjectKey('site', Path.parse('fra1')), [claim('inventory', {}, { atMs: 5 })]],
    ]);
    expect([newestOf(claims), newestOf(claims), newestOf(new Map())]).toEqual([9, 9, 0]);
  });

  test('of one subject ages the words about another', () => {
    const isDown = claim('prometheus', { health: 'down' });
    const isFine = claim('slurm', { health: 'healthy' });
    const elsewhere = (atMs: number): Claims =>
      new Map([
        [key, [isDown, isFine]],
        [subjectKey('node', Path.parse('fra1/n2')), [claim('hwloc', {}, { atMs, subject: 'fra1/n2' })]],
      ]);
    const healthAt = (atMs: number) => buildFleet(elsewhere(atMs)).nodes[0]?.health;
    expect([healthAt(quarterHour), healthAt(quarterHour + 1)]).toEqual(['down', 'healthy']);
  });
});

/** The fleet that some imports make, in words. */
function built(all: readonly Observation[]): string {
  const { nodes, sites, models } = buildFleet(all.reduce<Claims>(addObservation, new Map()));
  return canonicalJson({
    nodes: nodes.map(({ id, health, schedulable, facts, shape }) => ({
      id,
      health,
      schedulable,
      facts,
      cpu: shape.cpuMilli ?? -1,
      gpus: shape.gpus.length,
    })),
    sites: sites.map(({ id }) => id),
    models,
  });
}

describe('fleets', () => {
  const observations = words.map((said) =>
    said.map(({ source, observedAtMs, fact, confidence }, at): Observation => ({
      schema: 'berth/observation/1',
      source,
      observedAtMs,
      evidence: [],
      assumptions: [],
      unknown: [],
      facts: [fact, { ...fact, confidence, subject: Path.parse(`fra1/m${at % 3}`) }],
    })),
  );

  test('are the same in every order of their imports', () => {
    fc.assert(
      fc.property(observations, (all) => {
        expect(built(all.toReversed())).toBe(built(all));
        expect(built([...all.slice(1), ...all.slice(0, 1)])).toBe(built(all));
      }),
      { seed, numRuns: 80 },
    );
  });

  test('a newer word of a source leaves no trace of the older one', () => {
    fc.assert(
      fc.property(observations, sets, (all, newest) => {
        const [first] = all;
        if (first === undefined) return;
        const again = { ...first, observedAtMs: 200 * quarterHour };
        const facts = first.facts.map((said) => claim(first.source, newest, { subject: said.subject }).fact);
        const after = (imports: readonly Observation[]) =>
          [...imports.reduce<Claims>(addObservation, new Map())]
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([about, said]) => [about, resolveAttributes(said, 200 * quarterHour)]);
        expect(after([...all, { ...again, facts }])).toEqual(after([...all.slice(1), { ...again, facts }]));
      }),
      { seed, numRuns: 80 },
    );
  });
});
