import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Fact, SourceName } from '../../../src/model/fact.ts';
import { fact } from '../fleet-text.ts';
import { type World, world } from '../fleet.ts';
import { at, linesOf, logOf, says } from './telling.ts';

const fleet = world('fra1/h1/r1 3×8 H100');
const nodes = ['n01', 'n02', 'n03'];
const node = (name: string, set: object = {}) => fact('node', `fra1/h1/r1/${name}`, set);
const lines = (now: World) => linesOf(logOf(now));

/** A history of one source, an observation each: when, and what it says. */
function history(
  source: SourceName,
  ...observations: readonly (readonly [number, readonly Fact[]])[]
): World {
  return observations.reduce((now, [hours, facts]) => says(now, hours, facts, source), fleet);
}

type Word = {
  readonly name: string;
  readonly health?: 'healthy' | 'degraded' | 'down';
  readonly reason: string;
  readonly isOpen?: boolean;
};
type Going = { readonly line: string; readonly told: string; readonly fromH: number; untilH?: number };

/** Faults and cordons of machines by one source, written down by hand in the order in which they were told. */
class Diary {
  readonly #all: Going[] = [];
  readonly #heardH = new Map<string, number>();

  get lines(): readonly string[] {
    return this.#all.map(({ line, fromH, untilH }) => {
      const [about, what] = line.split(': ');
      return `${about} ${fromH}h..${untilH === undefined ? '' : `${untilH}h`}: ${what}`;
    });
  }

  hear(hours: number, { name, health, reason, isOpen }: Word): void {
    if ((this.#heardH.get(name) ?? 0) > hours) return;
    this.#heardH.set(name, hours);
    const isBad = health === 'down' || health === 'degraded';
    this.#goOn(
      `fault ${name}`,
      hours,
      isBad ? { line: `fault ${name}: ${reason}`, told: `${health} ${reason}` } : undefined,
    );
    const cordon = { line: `drain ${name}: ${isBad ? reason : 'it takes no new work'}`, told: 'cordon' };
    this.#goOn(`drain ${name}`, hours, isOpen === false ? cordon : undefined);
  }

  #goOn(key: string, hours: number, now: Pick<Going, 'line' | 'told'> | undefined): void {
    const going = this.#all.find(({ line, untilH }) => line.startsWith(`${key}:`) && untilH === undefined);
    if (going !== undefined && going.told === now?.told) return;
    if (going !== undefined) going.untilH = hours;
    if (now !== undefined) this.#all.push({ ...now, fromH: hours });
  }
}

const word: fc.Arbitrary<Word> = fc.record(
  {
    name: fc.constantFrom('n01', 'n02'),
    health: fc.constantFrom('healthy', 'degraded', 'down'),
    reason: fc.constantFrom('XID 79', 'XID 95'),
    isOpen: fc.boolean(),
  },
  { requiredKeys: ['name', 'reason'] },
);

function factOf({ name, health, reason, isOpen }: Word): Fact {
  const ill = health === 'down' || health === 'degraded';
  return node(name, {
    ...(health === undefined ? {} : { health }),
    ...(ill ? { healthReason: reason } : {}),
    ...(isOpen === undefined ? {} : { schedulable: isOpen }),
  });
}

test('what one source says of machines comes to what a diary kept by hand says', () => {
  const entries = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), word), { maxLength: 10 });
  fc.assert(
    fc.property(entries, (list) => {
      const diary = new Diary();
      let now = fleet;
      for (const [hours, said] of list) {
        now = says(now, hours, [factOf(said)], 'redfish');
        diary.hear(hours, said);
      }
      expect(lines(now)).toEqual(diary.lines);
    }),
    { seed: 23, numRuns: 150 },
  );
});

const gpu = (set: object) => fact('gpu', 'fra1/h1/r1/n01/gpu3', set);

describe('several words of one observation', () => {
  test.each<readonly [string, readonly Fact[], readonly string[]]>([
    [
      'a health that only one of them tells stands',
      [node('n01', { health: 'down', healthReason: 'off' }), node('n01', { schedulable: true })],
      ['fault n01 1h..: off'],
    ],
    [
      'a cordon that only one of them tells stands',
      [node('n01', { schedulable: false }), node('n01', { health: 'healthy' })],
      ['drain n01 1h..: it takes no new work'],
    ],
    [
      'a cordon is told with the reason of a fault',
      [node('n01', { schedulable: false, health: 'down', healthReason: 'off' })],
      ['fault n01 1h..: off', 'drain n01 1h..: off'],
    ],
    [
      'a fault without a reason says so',
      [gpu({ health: 'degraded' })],
      ['fault n01/gpu3 1h..: no reason given'],
    ],
    ['a reason without a fault is none', [gpu({ health: 'healthy', healthReason: 'XID 79 was reset' })], []],
    ['of an unknown health nothing is told', [gpu({ model: 'H100' })], []],
    ['what racks and sites say is no fault of machines', [fact('rack', 'fra1/h1/r1', {})], []],
    ['a device takes no work by itself', [gpu({ health: 'healthy' })], []],
  ])('%s', (_, facts, expected) => {
    expect(lines(history('redfish', [1, facts]))).toEqual(expected);
  });

  test('what is no machine, and what is no news, hides nothing that comes after it', () => {
    const down = { health: 'down', healthReason: 'off' };
    const mixed = [
      fact('rack', 'fra1/h1/r1', {}),
      node('n01', down),
      fact('nic', 'fra1/h1/r1/n02/nic1', down),
    ];
    expect(lines(history('redfish', [1, mixed]))).toEqual([
      'fault n01 1h..: off',
      'fault n02/nic1 1h..: off',
    ]);
    const late = history('redfish', [5, [node('n01')]], [3, [node('n01', down), node('n02', down)]]);
    expect(lines(late)).toEqual(['fault n02 3h..: off']);
  });

  test('who said it is told with the line on which the health stands', () => {
    const stated = { ...node('n01', { health: 'down' }), origin: { file: 'health.json', line: 7 } };
    const other = { ...node('n01', { schedulable: true }), origin: { file: 'nodes.json', line: 9 } };
    const [one] = logOf(history('redfish', [1, [stated, other]])).all;
    expect(one?.said).toEqual({
      source: 'redfish',
      observedAtMs: at(1),
      confidence: 'stated',
      origin: { file: 'health.json', line: 7 },
    });
  });
});

/** Machines that one source lists, by hand: what it knows, what is gone since when, and what was. */
function missedByHand(listings: readonly (readonly [number, readonly string[]])[]): readonly string[] {
  const known = new Set<string>();
  const all: { name: string; fromH: number; untilH?: number }[] = [];
  let lastH = 0;
  for (const [hours, names] of listings) {
    if (names.length === 0 || hours < lastH) continue;
    lastH = hours;
    for (const name of nodes) {
      const gone = all.find((one) => one.name === name && one.untilH === undefined);
      if (names.includes(name) && gone !== undefined) gone.untilH = hours;
      if (!names.includes(name) && known.has(name) && gone === undefined) all.push({ name, fromH: hours });
    }
    for (const name of names) known.add(name);
  }
  return all.map(
    ({ name, fromH, untilH }) => `${name} ${fromH}h..${untilH === undefined ? '' : `${untilH}h`}`,
  );
}

const far = (name: string) => fact('node', `ams1/h1/r1/${name}`, {});
const listing = (names: readonly string[]) => names.map((name) => node(name));

const gone = (now: World) =>
  lines(now).map((line) => line.replace(/^gone (.*): kubernetes no longer lists it$/, '$1'));

describe('machines that are no longer listed', () => {
  test('are gone from the list that lacks them to the next that has them', () => {
    const lists = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.subarray(nodes)), { maxLength: 8 });
    fc.assert(
      fc.property(lists, (all) => {
        const now = history('kubernetes', ...all.map(([hours, names]) => [hours, listing(names)] as const));
        expect(gone(now).toSorted()).toEqual([...missedByHand(all)].toSorted());
      }),
      { seed: 29, numRuns: 150 },
    );
  });

  test('a list that comes late is no news: what it lacks may have been listed since', () => {
    const now = history('kubernetes', [5, listing(['n01', 'n02'])], [2, listing(['n01'])]);
    expect(gone(now)).toEqual([]);
  });

  test('nor does it bring back what has gone since', () => {
    const now = history('kubernetes', [1, listing(nodes)], [5, listing(['n01', 'n02'])], [3, listing(nodes)]);
    expect(gone(now)).toEqual(['n03 5h..']);
  });

  test('each site has lists of its own, of which one may come late', () => {
    const late = history(
      'kubernetes',
      [1, [...listing(nodes), far('n01'), far('n02')]],
      [5, listing(nodes)],
      [3, [...listing(['n01']), far('n01')]],
    );
    expect(gone(late)).toEqual(['ams1/h1/r1/n02 3h..']);
  });

  test('each source misses its own', () => {
    const first = history('kubernetes', [1, listing(nodes)]);
    expect(lines(says(first, 2, listing(['n01']), 'slurm'))).toEqual([]);
    expect(lines(says(first, 2, listing(['n01', 'n02']), 'kubernetes'))).toEqual([
      'gone n03 2h..: kubernetes no longer lists it',
    ]);
  });

  test('what is missing stands on no line of the file', () => {
    const [one] = logOf(history('kubernetes', [1, listing(nodes)], [2, listing(['n01', 'n02'])])).all;
    expect(one?.said).toEqual({
      source: 'kubernetes',
      observedAtMs: at(2),
      confidence: 'derived',
      origin: { file: '' },
    });
  });
});
