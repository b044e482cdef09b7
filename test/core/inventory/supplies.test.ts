import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { sharersOf, suppliesOf, survivingPowerW } from '../../../src/core/inventory/feeds.ts';
import type { FleetRack } from '../../../src/core/inventory/fleet.ts';
import { type FeedFacts, RackFacts } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';

const r1 = Path.parse('fra1/h1/r1');
const building: ReadonlyMap<Path, FeedFacts> = new Map([
  [Path.parse('fra1/fa'), { limitW: 9000 }],
  [Path.parse('fra1/fb'), {}],
]);

function rackOf(facts: object): FleetRack {
  const parsed = RackFacts.parse(facts);
  return {
    id: r1,
    site: Path.parse('fra1'),
    powerLimitW: survivingPowerW(r1, parsed),
    coolingLimitW: undefined,
    facts: parsed,
  };
}

/** `A fra1/fa 100 of 9000`: letter, what falls together, what the rack's side carries, what the building's does. */
function suppliesIn(facts: object, own?: readonly string[]): readonly string[] {
  return suppliesOf(rackOf(facts), own, building).map(
    ({ letter, feed, limitW = '?', buildingLimitW = '?' }) =>
      `${letter} ${feed} ${limitW} of ${buildingLimitW}`,
  );
}

const two = { feeds: { B: 'fra1/fb', A: 'fra1/fa' }, feedLimitW: { A: 100 } };

describe('the feeds that a node hangs on', () => {
  test.each<[string, object, readonly string[] | undefined, readonly string[]]>([
    ['none of a rack that has recorded none', {}, undefined, []],
    ['all of its rack, by letter', two, undefined, ['A fra1/fa 100 of 9000', 'B fra1/fb ? of ?']],
    ['those that it names itself', two, ['B'], ['B fra1/fb ? of ?']],
    ['each once, by letter', two, ['B', 'A', 'B'], ['A fra1/fa 100 of 9000', 'B fra1/fb ? of ?']],
    ['one that the rack does not know', two, ['C'], ['C fra1/h1/r1 feed C ? of ?']],
    [
      'one with a limit and none of the building',
      { feedLimitW: { A: 5 } },
      undefined,
      ['A fra1/h1/r1 feed A 5 of ?'],
    ],
    [
      'one of the building of which nobody has told',
      { feeds: { A: 'fra1/fx' } },
      undefined,
      ['A fra1/fx ? of ?'],
    ],
    [
      'a letter with a limit beside one with a feed',
      { feedLimitW: { B: 7 }, feeds: { A: 'fra1/fa' } },
      undefined,
      ['A fra1/fa ? of 9000', 'B fra1/h1/r1 feed B 7 of ?'],
    ],
  ])('are %s', (_, facts, own, expected) => {
    expect(suppliesIn(facts, own)).toEqual(expected);
  });

  test('are none of a node without a rack, whatever it names', () => {
    expect(suppliesOf(undefined, ['A'], building)).toEqual([]);
  });

  test('are one list for nodes of one rack on the same feeds, however they name them', () => {
    const rack = rackOf(two);
    const all = suppliesOf(rack, undefined, building);
    expect(suppliesOf(rack, ['B', 'A'], building)).toBe(all);
    expect(suppliesOf(rack, ['A'], building)).not.toBe(all);
    expect(suppliesOf(rackOf(two), undefined, building)).toEqual(all);
  });
});

/** Supplies that hang on these feeds of the building; a space stands for one of the rack alone. */
function hangingOn(feeds: string) {
  const letters = feeds.split('').map((feed, at) => ['ABCDEF'.charAt(at), feed] as const);
  const named = letters
    .filter(([, feed]) => feed !== ' ')
    .map(([letter, feed]) => [letter, `fra1/${feed}`] as const);
  return suppliesOf(
    rackOf({ feeds: Object.fromEntries(named) }),
    letters.map(([letter]) => letter),
    building,
  );
}

describe('a lost feed leaves its load', () => {
  test.each([
    ['one supply', 'a', 1],
    ['two on two feeds', 'ab', 1],
    ['two on one feed, which fall together', 'aa', 1],
    ['two of the rack alone', '  ', 1],
    ['three on three feeds', 'abc', 2],
    ['two on one feed and one on another, by the worse loss', 'aab', 1],
    ['two on each of two feeds', 'aabb', 2],
    ['three on one feed and one on another', 'aaab', 1],
    ['four of the rack alone', '    ', 3],
    ['two on one feed and two of the rack alone', 'aa  ', 2],
  ])('of %s (`%s`) to %d', (_, feeds, sharers) => {
    expect(sharersOf(hangingOn(feeds))).toBe(sharers);
  });

  test('of no supply to one', () => {
    expect(sharersOf([])).toBe(1);
  });

  test('to as many as the worst loss of one feed leaves, and never to all', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[abc ]{1,6}$/u), (feeds) => {
        const names = feeds.split('').map((feed, at) => (feed === ' ' ? `own ${at}` : feed));
        const left = names.map((lost) => names.filter((name) => name !== lost).length);
        const worst = Math.min(...left.filter((count) => count > 0), names.length);
        expect(sharersOf(hangingOn(feeds))).toBe(Math.max(1, Math.min(worst, names.length - 1)));
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe('a rack can be promised', () => {
  test.each<[string, object, number | undefined]>([
    ['nothing that is known where it has no figure', { feeds: { A: 'fra1/fa' } }, undefined],
    ['nothing that is known where it is empty', { feedLimitW: {} }, undefined],
    ['the only figure of two feeds', { feeds: { B: 'fra1/fb' }, feedLimitW: { A: 10 } }, 10],
    [
      'the only figure for each of the two that are left of three',
      { feeds: { B: 'fra1/fb', C: 'fra1/fc' }, feedLimitW: { A: 10 } },
      20,
    ],
    [
      'one figure where both feeds hang on one of the building',
      { feeds: { A: 'fra1/fa', B: 'fra1/fa' }, feedLimitW: { A: 10, B: 12 } },
      10,
    ],
    [
      'twice the weakest of two pairs',
      {
        feeds: { A: 'fra1/fa', B: 'fra1/fa', C: 'fra1/fb', D: 'fra1/fb' },
        feedLimitW: { A: 10, B: 11, C: 12, D: 13 },
      },
      20,
    ],
    ['no watt where a feed carries none', { feedLimitW: { A: 0, B: 100 } }, 0],
  ])('%s', (_, facts, expected) => {
    expect(survivingPowerW(r1, RackFacts.parse(facts))).toBe(expected);
  });
});
