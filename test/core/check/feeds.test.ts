import { array, assert, constantFrom, integer, option, property, record, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { hangsOn, letterLimits, rackLimitW } from '../../../src/core/check/feeds.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { auditFor, during, heldByOthers } from './findings.ts';

type Letters = readonly string[] | undefined;

/** One rack, with a node for each list of letters that its power supplies are said to hang on. */
function fed(rack: object, ...own: readonly Letters[]): World {
  return world(`fra1/h1/r1 ${own.length}×2 H100`, {
    racks: { 'fra1/h1/r1': rack },
    nodes: Object.fromEntries(
      own.flatMap((feeds, at) => (feeds === undefined ? [] : [[`fra1/h1/r1/n0${at + 1}`, { feeds }]])),
    ),
  });
}

function lettersOf({ state: { fleet } }: World, at = 0): readonly string[] {
  const found = fleet.nodes[at];
  return found === undefined
    ? []
    : hangsOn(fleet.racks, found).map(({ letter, building = 'its own' }) => `${letter} ${building}`);
}

describe('what a node hangs on', () => {
  test.each<readonly [string, object, Letters, readonly string[]]>([
    ['all letters with a limit', { feedLimitW: { A: 1, B: 1 } }, undefined, ['A its own', 'B its own']],
    ['all letters with a feed behind them', { feeds: { A: 'fra1/fa' } }, undefined, ['A fra1/fa']],
    [
      'both, each once',
      { feedLimitW: { A: 1, C: 1 }, feeds: { A: 'fra1/fa', B: 'fra1/fb' } },
      undefined,
      ['A fra1/fa', 'B fra1/fb', 'C its own'],
    ],
    ['those it names, and no other', { feedLimitW: { A: 1, B: 1 } }, ['B'], ['B its own']],
    ['each of them once', { feeds: { A: 'fra1/fa' } }, ['A', 'A'], ['A fra1/fa']],
    ['also one that its rack has not', { feedLimitW: { A: 1 } }, ['A', 'D'], ['A its own', 'D its own']],
    ['nothing where nobody recorded any', {}, undefined, []],
    ['what it names where its rack has said nothing', {}, ['A'], ['A its own']],
  ])('%s', (_, rack, own, expected) => {
    expect(lettersOf(fed(rack, own)).toSorted()).toEqual(expected);
  });

  test('a node without a rack hangs on nothing, whatever it names', () => {
    const loose = world({ sites: { edge: {} }, nodes: { 'edge/n01': { cpuMilli: 1, feeds: ['A'] } } });
    expect(loose.state.fleet.nodes).toHaveLength(1);
    expect(lettersOf(loose)).toEqual([]);
  });
});

/** Watts that the rack may hold where all its nodes hang on all its feeds. */
function limitOf(rack: object): number | undefined {
  const found = [...fed(rack, undefined).state.fleet.racks.values()].find(({ id }) => id === 'fra1/h1/r1');
  return found === undefined ? undefined : rackLimitW(found);
}

describe('what a rack may hold', () => {
  const [fa, fb] = ['fra1/fa', 'fra1/fb'];
  test.each<readonly [string, object, number | undefined]>([
    ['on one feed, what that carries', { feedLimitW: { A: 700 } }, 700],
    ['on two, what the weaker carries alone', { feedLimitW: { A: 700, B: 900 } }, 700],
    ['whichever it is', { feedLimitW: { A: 900, B: 700 } }, 700],
    ['on three, twice what the weakest does', { feedLimitW: { A: 500, B: 400, C: 900 } }, 800],
    [
      'two behind one feed of the building may still fail one by one',
      { feedLimitW: { A: 700, B: 900 }, feeds: { A: fa, B: fa } },
      700,
    ],
    [
      'of three, two that fall together leave the third alone',
      { feedLimitW: { A: 500, B: 500, C: 900 }, feeds: { A: fa, B: fa, C: fb } },
      900,
    ],
    [
      'or the two beside the third, where they are the weaker side',
      { feedLimitW: { A: 400, B: 500, C: 900 }, feeds: { A: fa, B: fa, C: fb } },
      800,
    ],
    ['a feed without a limit takes its share', { feedLimitW: { A: 700 }, feeds: { B: fb, C: fb } }, 700],
    ['two of them take theirs', { feedLimitW: { A: 700 }, feeds: { B: fa, C: fb } }, 1400],
    ['a feed that carries nothing lets nothing be held', { feedLimitW: { A: 0, B: 9 } }, 0],
    ['without any limit there is none', { feeds: { A: fa, B: fb } }, undefined],
    ['where nothing is recorded there is none', {}, undefined],
  ])('%s', (_, rack, expected) => {
    expect(limitOf(rack)).toBe(expected);
  });

  test('is the most that no letter left over carries too much of, whatever falls', () => {
    const letters = subarray(['A', 'B', 'C', 'D'], { minLength: 1 });
    const racks = record({
      letters,
      limits: array(option(integer({ min: 0, max: 40 }), { freq: 4 }), { minLength: 4, maxLength: 4 }),
      behind: array(constantFrom('fa', 'fb', undefined), { minLength: 4, maxLength: 4 }),
    });
    assert(
      property(racks, ({ letters: there, limits, behind }) => {
        const feeds = there.map((letter, at) => ({ letter, limitW: limits[at], behind: behind[at] }));
        const known = feeds.filter((feed) => feed.limitW !== null || feed.behind !== undefined);
        const losses = [
          [],
          ...known.map((one) =>
            known.filter(
              (other) => other === one || (one.behind !== undefined && one.behind === other.behind),
            ),
          ),
        ];
        const singly = known.map((one) => [one]);
        const holdsOut = (watts: number) =>
          [...losses, ...singly].every((lost) => {
            const left = known.filter((feed) => !lost.includes(feed));
            return left.every(({ limitW }) => typeof limitW !== 'number' || watts <= limitW * left.length);
          });
        const limit = limitOf({
          feedLimitW: Object.fromEntries(
            feeds.flatMap(({ letter, limitW }) => (typeof limitW === 'number' ? [[letter, limitW]] : [])),
          ),
          feeds: Object.fromEntries(
            feeds.flatMap(({ letter, behind: feed }) =>
              feed === undefined ? [] : [[letter, `fra1/${feed}`]],
            ),
          ),
        });
        expect(limit === undefined).toBe(known.every(({ limitW }) => typeof limitW !== 'number'));
        if (limit === undefined) return;
        expect([holdsOut(limit), holdsOut(limit + 1)]).toEqual([true, false]);
      }),
      { seed, numRuns: 150 },
    );
  });
});

/** What the auditor says about the letters of the rack; the first `count` nodes are asked for, of so many watts each. */
function overdrawn(on: World, watts: readonly number[], [fromH, toH]: readonly [number, number] = [0, 4]) {
  const lines = watts.map((powerW, at) => `train ${at} fra1/h1/r1/n0${at + 1} gpu0-1 ${powerW}W`);
  const audit = auditFor(on, demand(`${watts.length}×2 H100`), during(placement(4, ...lines), fromH, toH));
  const [rack] = on.state.fleet.racks.values();
  return rack === undefined
    ? []
    : [...letterLimits(audit, rack)].map(({ note }) => note.replace('fra1/h1/r1: ', ''));
}

/** Two nodes on one feed, of which others hold 300 W of the second for two hours, and again for some. */
function twice(again: readonly [number, number]): World {
  const line = 'load 0 fra1/h1/r1/n02 300W';
  const once = heldByOthers(fed({ feedLimitW: { A: 1000, B: 1000 } }, ['A'], ['A']), [0, 2], line);
  return heldByOthers(once, again, line);
}

describe('what each letter carries where nodes name their own', () => {
  const feedLimitW = { A: 1000, B: 1000 };
  test.each<readonly [string, readonly Letters[], readonly number[], readonly string[]]>([
    ['up to its limit', [['A'], ['B']], [1000, 1000], []],
    ['a watt more', [['A'], ['B']], [1001, 1000], ['feed A carries up to 1001 W, limit 1000']],
    [
      'all of a node whose other feed is lost',
      [['A', 'B']],
      [1001],
      ['feed A carries up to 1001 W, limit 1000', 'feed B carries up to 1001 W, limit 1000'],
    ],
    [
      'a single one beside one on both',
      [['A'], ['A', 'B']],
      [400, 601],
      ['feed A carries up to 1001 W, limit 1000'],
    ],
    ['nothing of nodes on the other', [['A'], ['B']], [1000, 900], []],
    [
      'half watts are rounded up',
      [['A', 'B', 'C'], ['A']],
      [1, 1000],
      ['feed A carries up to 1001 W, limit 1000'],
    ],
  ])('%s', (_, own, watts, expected) => {
    expect(overdrawn(fed({ feedLimitW }, ...own), watts)).toEqual(expected);
  });

  test('a letter on which nothing of the placement hangs is no matter of this placement', () => {
    const on = heldByOthers(fed({ feedLimitW }, ['A'], ['B']), [0, 4], 'load 0 fra1/h1/r1/n02 1500W');
    expect(overdrawn(on, [1000])).toEqual([]);
    expect(overdrawn(on, [1000, 1])).toEqual(['feed B carries up to 1501 W, limit 1000']);
  });

  test.each<readonly [string, readonly [number, number], boolean]>([
    ['ends as it begins', [-3, 0], false],
    ['reaches into its first hour', [-3, 1], true],
    ['is inside', [1, 2], true],
    ['reaches out of its last hour', [3, 9], true],
    ['begins as it ends', [4, 9], false],
  ])('what others hold counts while it is held: it %s', (_, hours, counts) => {
    const on = heldByOthers(fed({ feedLimitW }, ['A'], ['A']), hours, 'load 0 fra1/h1/r1/n02 1W');
    expect(overdrawn(on, [1000])).toEqual(counts ? ['feed A carries up to 1001 W, limit 1000'] : []);
  });

  test('others who follow each other do not add up, and those who meet do', () => {
    expect(overdrawn(twice([2, 4]), [700])).toEqual([]);
    expect(overdrawn(twice([1, 4]), [700])).toEqual(['feed A carries up to 1300 W, limit 1000']);
  });

  test('nodes of other racks are not counted', () => {
    const beside = world('fra1/h1/r1 1×2 H100', 'fra1/h1/r2 1×2 H100', {
      racks: { 'fra1/h1/r1': { feedLimitW }, 'fra1/h1/r2': { feedLimitW } },
      nodes: { 'fra1/h1/r1/n01': { feeds: ['A'] }, 'fra1/h1/r2/n01': { feeds: ['A'] } },
    });
    const on = heldByOthers(beside, [0, 4], 'load 0 fra1/h1/r2/n01 900W');
    expect(overdrawn(on, [1000])).toEqual([]);
  });

  test('any node that hangs on all feeds as its rack does is held as the rack is', () => {
    const watts = array(integer({ min: 0, max: 900 }), { minLength: 3, maxLength: 3 });
    assert(
      property(watts, integer({ min: 0, max: 900 }), integer({ min: 0, max: 900 }), (draws, a, b) => {
        const on = fed({ feedLimitW: { A: a, B: b } }, ['A', 'B'], ['B', 'A'], undefined);
        const total = draws.reduce((sum, powerW) => sum + powerW, 0);
        const [rack] = on.state.fleet.racks.values();
        const limitW = rack === undefined ? undefined : rackLimitW(rack);
        expect(limitW).toBe(Math.min(a, b));
        expect(overdrawn(on, draws).length > 0).toBe(total > Math.min(a, b));
      }),
      { seed, numRuns: 40 },
    );
  });
});
