import { describe, expect, test } from 'vitest';

import type { Claim } from '../../../src/core/inventory/claims.ts';
import {
  byPrecedence,
  isSpecial,
  isStale,
  mayDiffer,
  orderFor,
} from '../../../src/core/inventory/precedence.ts';
import type { FactKind, SourceName } from '../../../src/model/fact.ts';
import { claim, mostTrustedFirst } from './claim.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const sourcesOf = (claims: readonly Claim[]) => claims.map(({ source }) => source);

/** The sources in the order in which their words about an attribute are believed, whichever spoke later. */
function believed(kind: FactKind, attribute: string, said: readonly Claim[]): readonly SourceName[] {
  return sourcesOf(orderFor({ kind, attribute }, said, 0));
}

/** A word of every source, the least trusted last seen. */
const everybody = mostTrustedFirst.map((source, atMs) => claim(source, {}, { atMs }));

/** The general order after those that come first. */
function andTheRest(first: readonly SourceName[]): readonly SourceName[] {
  return [...first, ...mostTrustedFirst.filter((source) => !first.includes(source))];
}

describe('whom to believe', () => {
  test('in general: the operator, who looks at the hardware, who repeats a label', () => {
    expect(sourcesOf(byPrecedence(everybody.toReversed()))).toEqual(mostTrustedFirst);
    expect(believed('node', 'gpuMemoryMib', everybody.toReversed())).toEqual(mostTrustedFirst);
  });

  const watts = andTheRest(['inventory', 'redfish', 'nvidia-smi', 'rocm-smi', 'netbox']);
  const fabric = andTheRest(['inventory', 'ibnetdiscover', 'topograph', 'slurm']);
  const scheduled = andTheRest(['inventory', 'slurm', 'kubernetes']);
  const books = andTheRest(['inventory', 'netbox', 'redfish']);
  test.each<[FactKind, string, readonly SourceName[]]>([
    ['node', 'basePowerW', watts],
    ['node', 'gpuPowerW', watts],
    ['node', 'nameplateW', watts],
    ['node', 'allocatedW', watts],
    ['gpu', 'powerW', watts],
    ['rack', 'feedLimitW', watts],
    ['feed', 'limitW', watts],
    ['node', 'leaf', fabric],
    ['node', 'island', fabric],
    ['nic', 'leaf', fabric],
    ['nic', 'guid', fabric],
    ['leaf', 'spine', fabric],
    ['leaf', 'uplinkMbps', fabric],
    ['spine', 'uplinkMbps', fabric],
    ['node', 'cpuMilli', scheduled],
    ['node', 'memoryMib', scheduled],
    ['node', 'storageGib', scheduled],
    ['node', 'rack', books],
    ['node', 'position', books],
    ['node', 'units', books],
    ['node', 'weightKg', books],
    ['node', 'machine', books],
    ['node', 'warrantyUntilMs', books],
    ['node', 'endOfLifeMs', books],
    ['rack', 'units', books],
    ['rack', 'feeds', books],
    ['shape', 'cpuMilli', mostTrustedFirst],
    ['gpu', 'island', mostTrustedFirst],
    ['gpu', 'memoryMib', mostTrustedFirst],
    ['node', 'serial', mostTrustedFirst],
  ])('about %s %s', (kind, attribute, expected) => {
    expect(believed(kind, attribute, everybody.toReversed())).toEqual(expected);
    expect(isSpecial(kind, attribute)).toBe(expected !== mostTrustedFirst);
  });

  test('within a source the newer word, then the later line', () => {
    const old = claim('hwloc', { gpuCount: 1 }, { atMs: 4 });
    const first = claim('hwloc', { gpuCount: 2 }, { atMs: 5 });
    const second = claim('hwloc', { gpuCount: 3 }, { atMs: 5 });
    expect(byPrecedence([old, first, second])).toEqual([second, first, old]);
    expect(orderFor({ kind: 'node', attribute: 'gpuCount' }, [first, second, old], 5)).toEqual([
      second,
      first,
      old,
    ]);
  });

  test('what is said of a machine before what is said of its shape, even where it is assumed', () => {
    const ofShape: Claim = { ...claim('inventory', { cpuMilli: 1 }), isOfShape: true };
    const assumed = claim('openb', { cpuMilli: 2 }, { confidence: 'assumed' });
    expect(byPrecedence([ofShape, assumed])).toEqual([assumed, ofShape]);
    expect(orderFor({ kind: 'node', attribute: 'cpuMilli' }, [assumed, ofShape], 0)).toEqual([
      assumed,
      ofShape,
    ]);
  });

  test('one word is believed alone, and no word is none', () => {
    const only = claim('slurm', {});
    expect(byPrecedence([only])).toEqual([only]);
    expect(byPrecedence([])).toEqual([]);
  });
});

describe('how long a word about what changes by the hour lives', () => {
  const ages: readonly (readonly [SourceName, number])[] = [
    ['prometheus', 15 * minute],
    ['nvidia-smi', hour],
    ['rocm-smi', hour],
    ['redfish', hour],
    ['kubernetes', hour],
    ['dra', hour],
    ['slurm', hour],
    ['topograph', day],
    ['ibnetdiscover', day],
    ['netbox', day],
    ['cloud', day],
  ];

  test.each(ages)('of %s: %d ms, and not one longer', (source, limitMs) => {
    const word = claim(source, { health: 'healthy' }, { atMs: 7 });
    expect([7, 7 + limitMs, 8 + limitMs].map((nowMs) => isStale(word, 'health', nowMs))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test.each(mostTrustedFirst.filter((source) => !ages.some(([one]) => one === source)))(
    'of %s: for ever',
    (source) => {
      expect(isStale(claim(source, { health: 'down' }), 'health', 1000 * day)).toBe(false);
    },
  );

  test.each([
    ['health', true],
    ['healthReason', true],
    ['measuredW', true],
    ['schedulable', true],
    ['serial', false],
    ['gpuCount', false],
    ['nameplateW', false],
  ])('%s changes by the hour: %s', (attribute, expected) => {
    expect(isStale(claim('slurm', {}), attribute, 2 * hour)).toBe(expected);
    expect(isSpecial('gpu', attribute)).toBe(expected);
  });

  test('a word that lives comes before every one that does not, and of those the newest is first', () => {
    const dead = claim('prometheus', { health: 'down' }, { atMs: 1 });
    const lessDead = claim('redfish', { health: 'degraded' }, { atMs: 2 });
    const alive = claim('kubernetes', { health: 'healthy' }, { atMs: 2 + 2 * hour, confidence: 'assumed' });
    const order = orderFor({ kind: 'node', attribute: 'health' }, [dead, alive, lessDead], 2 + 2 * hour);
    expect(sourcesOf(order)).toEqual(['kubernetes', 'redfish', 'prometheus']);
  });
});

/** The sets in the order in which they are believed, each said by a more trusted source than the next. */
function orderOf(kind: FactKind, attribute: string, sets: readonly object[]): readonly object[] {
  const sources = mostTrustedFirst.slice(0, sets.length);
  const said = sources.map((source, at) => claim(source, sets[at] ?? {}, { kind }));
  return orderFor({ kind, attribute }, said, 0).map(({ fact }) => fact.set);
}

describe('the worst word counts', () => {
  const [none, healthy, degraded, down] = [
    {},
    { health: 'healthy' },
    { health: 'degraded' },
    { health: 'down' },
  ];
  test.each<[FactKind, string, readonly object[], readonly object[]]>([
    ['node', 'health', [none, healthy, degraded, down], [down, degraded, healthy, none]],
    ['gpu', 'health', [degraded, healthy, down], [down, degraded, healthy]],
    ['node', 'healthReason', [healthy, down], [down, healthy]],
    [
      'node',
      'schedulable',
      [{ schedulable: true }, none, { schedulable: false }],
      [{ schedulable: false }, { schedulable: true }, none],
    ],
    [
      'gpu',
      'measuredW',
      [none, { measuredW: 0 }, { measuredW: 300 }, { measuredW: 299 }],
      [{ measuredW: 300 }, { measuredW: 299 }, none, { measuredW: 0 }],
    ],
  ])('of %s %s', (kind, attribute, sets, expected) => {
    expect(orderOf(kind, attribute, sets)).toEqual(expected);
  });

  test('but not before what was stated, where it was assumed', () => {
    const assumed = claim('inventory', { health: 'down' }, { confidence: 'assumed' });
    const derived = claim('openb', { health: 'healthy' }, { confidence: 'derived' });
    expect(sourcesOf(orderFor({ kind: 'node', attribute: 'health' }, [assumed, derived], 0))).toEqual([
      'openb',
      'inventory',
    ]);
  });

  test('of what does not change, bad news has no precedence', () => {
    expect(orderOf('node', 'gpuCount', [{ gpuCount: 8 }, { gpuCount: 4 }])).toEqual([
      { gpuCount: 8 },
      { gpuCount: 4 },
    ]);
  });
});

test.each([
  ['measuredW', true],
  ['aliases', true],
  ['labels', true],
  ['health', false],
  ['serial', false],
])('sources may differ about %s without contradiction: %s', (attribute, expected) => {
  expect(mayDiffer(attribute)).toBe(expected);
});
