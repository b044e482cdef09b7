import { array, assert, constantFrom, integer, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { State } from '../../src/core/state.ts';
import { seatsOf } from '../../src/model/placement.ts';
import { ask, costOf, planned, take } from './acts.ts';
import { seed, steps } from './arbitrary.ts';
import { demand, flexible } from './demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';
import { walk } from './walk.ts';

/** A node draws 1000 W: 2 × 400 and 200 besides. */
const racks = [
  'fra1/h1/r1 2×2 H100 cpu8 mem32 gpuw400 basew200',
  'fra1/h1/r2 2×2 H100 cpu8 mem32 gpuw400 basew200',
  'fra1/h2/r3 1×2 H100 cpu8 mem32 gpuw400 basew200',
];
const both = { A: 'fra1/fa', B: 'fra1/fb' };
const hung: Details = {
  racks: {
    'fra1/h1/r1': { feeds: both },
    'fra1/h1/r2': { feeds: both },
    'fra1/h2/r3': { feeds: { A: 'fra1/fa' } },
  },
};

function holds(...more: readonly Details[]): string {
  const answer = ask(world(...racks, ...more), demand('5×2 H100 24h'));
  if (answer.kind === 'planned') return 'all';
  const { refusal } = answer;
  if (refusal.kind !== 'no-capacity') return refusal.kind;
  return `${refusal.nearest?.replicasFit} ${refusal.nearest?.binding}`;
}

describe('a feed of the building', () => {
  test.each<readonly [string, readonly Details[], string]>([
    ['carries what it can', [hung, { feeds: { 'fra1/fa': { limitW: 5000 } } }], 'all'],
    ['carries no watt more', [hung, { feeds: { 'fra1/fa': { limitW: 4999 } } }], '4 feed-power'],
    [
      'carries both letters’ load alone when the other is lost',
      [hung, { feeds: { 'fra1/fb': { limitW: 3999 } } }],
      '4 feed-power',
    ],
    ['has nothing to do with racks that do not name it', [{ feeds: { 'fra1/fa': { limitW: 0 } } }], 'all'],
    ['without a figure limits nothing', [hung, { feeds: { 'fra1/fa': {} } }], 'all'],
    [
      'carries only the nodes that hang on it',
      [hung, { feeds: { 'fra1/fb': { limitW: 3000 } }, nodes: { 'fra1/h1/r1/n01': { feeds: ['A'] } } }],
      'all',
    ],
    [
      'counts a node once that hangs on it twice',
      [
        { racks: { 'fra1/h1/r1': { feeds: { A: 'fra1/fa', B: 'fra1/fa' } } } },
        { feeds: { 'fra1/fa': { limitW: 2000 } } },
      ],
      'all',
    ],
  ])('%s', (_, more, expected) => {
    expect(holds(...more)).toBe(expected);
  });

  const limited = world(...racks, hung, { feeds: { 'fra1/fa': { limitW: 2000 } } });
  const busy = take(limited, demand('2×2 H100 3h', { tenant: 'globex', where: ['fra1/h1/r1'] }));

  test('is free again when what hangs on it ends, also in another rack', () => {
    const wish = demand('1×2 H100', { where: ['fra1/h2'], ...flexible(1, 9) });
    expect(planned(busy, wish).plan.placement.startMs).toBe(t0 + 3 * hourMs);
  });

  test('is counted, named and offered around in a refusal', () => {
    const answer = ask(busy, demand('1×2 H100 1h', { where: ['fra1/h2'] }));
    expect(costOf(answer, 'feed-power')).toBe('2 → 0 gpu');
    expect(answer).toMatchObject({
      refusal: { nearest: { binding: 'feed-power' }, relaxations: [{ change: 'start later' }] },
    });
  });

  test('stands in the terms of what hangs on it', () => {
    const { terms } = planned(limited, demand('1×2 H100 1h')).plan;
    expect(terms.find(({ promise }) => promise.includes('recorded power limits'))?.promise).toBe(
      'within the recorded power limits of fra1/fa',
    );
  });

  test('is not overdrawn behind the planner’s back', () => {
    const held = placement(24, 'train 0 fra1/h2/r3/n01 gpu0-1 cpu8 mem32 1000W');
    const found = check(busy.state, demand('1×2 H100 24h'), verdictAll(busy.state, 'allowed'), held);
    expect(found).toEqual([
      {
        constraint: 'feed-power',
        note: 'fra1/fa: W held by others 2000, asked for 1000, limit 2000',
      },
    ]);
  });
});

const rackOf = (feedLimitW: object, ...own: readonly (readonly string[] | undefined)[]) =>
  world(`fra1/h1/r1 ${own.length}×2 H100 cpu8 mem32 gpuw400 basew200`, {
    racks: { 'fra1/h1/r1': { feedLimitW } },
    nodes: Object.fromEntries(
      own.flatMap((feeds, at) => (feeds === undefined ? [] : [[`fra1/h1/r1/n0${at + 1}`, { feeds }]])),
    ),
  });
const most = (on: World) => {
  const counts = on.state.fleet.nodes.map((_, at) => at + 1);
  return counts.findLast((count) => ask(on, demand(`${count}×2 H100`)).kind === 'planned') ?? 0;
};

describe('the letters of a rack on which nodes hang differently', () => {
  test.each<readonly [string, object, readonly (readonly string[] | undefined)[], number]>([
    [
      'two on both, as if nobody had said so',
      { A: 2000, B: 2000 },
      [
        ['A', 'B'],
        ['B', 'A'],
      ],
      2,
    ],
    ['two on both, one feed too weak', { A: 2000, B: 1999 }, [['A', 'B'], undefined], 1],
    ['single ones each on its own', { A: 1000, B: 1000 }, [['A'], ['B']], 2],
    ['single ones on one feed', { A: 1000, B: 9000 }, [['A'], ['A'], ['B']], 2],
    ['a single one beside one on both', { A: 2000, B: 1000 }, [['A'], undefined], 2],
    ['a single one beside one on both, too weak together', { A: 1999, B: 9000 }, [['A'], undefined], 1],
    ['a letter of which no limit is known', { A: 0 }, [['B'], ['A']], 1],
    ['three feeds share what one of them leaves', { A: 500, B: 500, C: 500 }, [undefined], 1],
    ['three feeds, the share too large', { A: 499, B: 500, C: 500 }, [undefined], 0],
    [
      'three feeds and two of them: the two carry all when one is lost',
      { A: 1500, B: 1500, C: 1500 },
      [
        ['A', 'B', 'C'],
        ['A', 'B'],
      ],
      1,
    ],
  ])('%s', (_, limits, own, expected) => {
    expect(most(rackOf(limits, ...own))).toBe(expected);
  });

  test('are held against by the auditor with every feed lost in turn', () => {
    const on = rackOf({ A: 1999, B: 9000 }, ['A'], undefined);
    const wish = demand('2×2 H100');
    const held = placement(
      undefined,
      'train 0 fra1/h1/r1/n01 gpu0-1 cpu8 mem32 1000W',
      'train 1 fra1/h1/r1/n02 gpu0-1 cpu8 mem32 1000W',
    );
    expect(check(on.state, wish, verdictAll(on.state, 'allowed'), held)).toEqual([
      { constraint: 'rack-power', note: 'fra1/h1/r1: feed A carries up to 2000 W, limit 1999' },
    ]);
  });

  test('behind one feed of the building fall together', () => {
    const on = world('fra1/h1/r1 1×2 H100 gpuw400 basew200', {
      racks: {
        'fra1/h1/r1': {
          feedLimitW: { A: 600, B: 600, C: 999 },
          feeds: { A: 'fra1/fa', B: 'fra1/fa', C: 'fra1/fc' },
        },
      },
    });
    const wish = demand('1×2 H100');
    expect(ask(on, wish)).toMatchObject({ refusal: { nearest: { binding: 'rack-power' } } });
    const held = placement(undefined, 'train 0 fra1/h1/r1/n01 gpu0-1 1000W');
    expect(check(on.state, wish, verdictAll(on.state, 'allowed'), held)).toMatchObject([
      { constraint: 'rack-power' },
    ]);
  });
});

/** The most watts on a feed of a rack (or of the building) at once with some letters lost, in 60ths of a watt. */
function worstLoad({ state }: World, lettersOf: (node: string) => readonly string[], letter: string): number {
  const draws = [...state.contracts].flatMap(({ placement: held, releasedAtMs }) =>
    seatsOf(held).map(({ node, powerW }) => ({
      startMs: held.startMs,
      endMs: Math.min(held.endMs ?? Infinity, releasedAtMs ?? Infinity),
      letters: lettersOf(node),
      powerW,
    })),
  );
  const all = [...new Set(draws.flatMap(({ letters }) => letters))];
  return Math.max(
    0,
    ...draws.flatMap(({ startMs: at }) =>
      [undefined, ...all.filter((lost) => lost !== letter)].map((lost) =>
        draws.reduce((sum, draw) => {
          const left = draw.letters.filter((one) => one !== lost);
          const isOn = left.includes(letter) && draw.startMs <= at && at < draw.endMs;
          return isOn ? sum + (draw.powerW * 60) / left.length : sum;
        }, 0),
      ),
    ),
  );
}

test('whatever people do, no feed is overdrawn when another is lost', { timeout: 60_000 }, () => {
  let near = 0;
  const own = option(array(constantFrom('A', 'B', 'C'), { minLength: 1, maxLength: 3 }), { freq: 2 });
  const watts = integer({ min: 500, max: 4000 });
  assert(
    property(
      constantFrom('rdma', 'nordma'),
      steps,
      record({ one: own, two: own }),
      record({ A: watts, B: watts, C: option(watts) }),
      record({ fa: watts, fb: watts }),
      (nics, todo, nodes, { C, ...limits }, carries) => {
        const feedLimitW = { ...limits, ...(C === null ? {} : { C }) };
        const facts = { feedLimitW, feeds: { A: 'fra1/fa', B: 'fra1/fb' } };
        const feeds = { 'fra1/fa': { limitW: carries.fa * 3 }, 'fra1/fb': { limitW: carries.fb * 3 } };
        const { world: end } = walk(
          world(`fra1/h1/r1 4×4 H100 nvlink ${nics} cpu16 mem64 gpuw400 basew400`, {
            feeds,
            racks: { 'fra1/h1/r1': facts },
            nodes: Object.fromEntries(
              Object.entries({ n01: nodes.one, n02: nodes.two }).flatMap(([name, letters]) =>
                letters === null ? [] : [[`fra1/h1/r1/${name}`, { feeds: [...new Set(letters)] }]],
              ),
            ),
          }),
          todo,
        );
        const lettersOf = (id: string) =>
          id.startsWith('fra1/h1/r1/') ? lettersIn(end.state, id, Object.keys(feedLimitW)) : [];
        for (const [letter, limitW] of Object.entries(feedLimitW)) {
          const load = worstLoad(end, lettersOf, letter);
          if (load > limitW * 30) near++;
          expect(load).toBeLessThanOrEqual(limitW * 60);
        }
        for (const letter of Object.keys(facts.feeds)) {
          const onFeed = (id: string) => (lettersOf(id).includes(letter) ? [letter] : []);
          const limitW = letter === 'A' ? carries.fa * 3 : carries.fb * 3;
          expect(worstLoad(end, onFeed, letter)).toBeLessThanOrEqual(limitW * 60);
        }
      },
    ),
    { seed, numRuns: 200 },
  );
  expect(near).toBeGreaterThan(30);
});

function lettersIn({ fleet }: State, id: string, all: readonly string[]): readonly string[] {
  return fleet.nodes.find((node) => node.id === id)?.facts.feeds ?? all;
}
