import { array, assert, constantFrom, integer, option, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { EdgeRooms } from '../../../src/core/place/fabric/edge-rooms.ts';
import {
  couldCarry,
  type Crossing,
  crossingsOf,
  linksBetween,
  sitesOfParts,
  wanOf,
} from '../../../src/core/place/fabric/wan.ts';
import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, world } from '../fleet.ts';
import { placement } from '../placement.ts';

type Flow = readonly [from: string, to: string, mbps: number, latencyMs?: number | undefined];

const flows = (...all: readonly Flow[]) => ({
  flows: all.map(([from, to, mbps, latencyMs]) => ({
    from,
    to,
    mbps,
    ...(latencyMs === undefined ? {} : { latencyMs }),
  })),
});

/** `train: hpc` and so on. */
const at = (...lines: readonly string[]) =>
  new Map(lines.map((line) => line.split(': ')).map(([part = '', site = '']) => [part, Path.parse(site)]));

/** Crossings in words: `cloud hpc 30 ≤5ms`. */
function words(crossings: readonly Crossing[]): string[] {
  return crossings.map(
    ({ sites, mbps, latencyMs }) =>
      `${sites.join(' ')} ${mbps}${latencyMs === undefined ? '' : ` ≤${latencyMs}ms`}`,
  );
}

describe('what crosses between sites', () => {
  const sites = at('train: hpc', 'infer: edge', 'eval: cloud', 'load: hpc');

  test.each<[string, readonly Flow[], readonly string[]]>([
    ['nothing flows', [], []],
    ['between two sites, in the order of their ids', [['train', 'infer', 30]], ['edge hpc 30']],
    [
      'there and back are one',
      [
        ['train', 'infer', 30],
        ['infer', 'train', 5],
      ],
      ['edge hpc 35'],
    ],
    [
      'of several parts at one site is one',
      [
        ['train', 'infer', 30],
        ['load', 'infer', 5],
      ],
      ['edge hpc 35'],
    ],
    ['inside one site is none', [['train', 'load', 30]], []],
    [
      'with a part that stands nowhere yet is none',
      [
        ['train', 'later', 30],
        ['later', 'infer', 4],
      ],
      [],
    ],
    [
      'after flows that cross nothing',
      [
        ['train', 'load', 30],
        ['later', 'train', 4],
        ['train', 'infer', 2],
      ],
      ['edge hpc 2'],
    ],
    ['with the dataset is none', [['dataset', 'train', 30]], []],
    [
      'two pairs of sites, in the order of the flows',
      [
        ['train', 'infer', 30],
        ['eval', 'train', 4],
      ],
      ['edge hpc 30', 'cloud hpc 4'],
    ],
    [
      'the shortest latency of all counts',
      [
        ['train', 'infer', 1, 9],
        ['infer', 'train', 1, 5],
      ],
      ['edge hpc 2 ≤5ms'],
    ],
    [
      'whichever comes first',
      [
        ['train', 'infer', 1, 5],
        ['infer', 'train', 1, 9],
      ],
      ['edge hpc 2 ≤5ms'],
    ],
    [
      'and is kept by flows that ask for none',
      [
        ['train', 'infer', 1, 5],
        ['infer', 'train', 1],
      ],
      ['edge hpc 2 ≤5ms'],
    ],
    ['nothing at all, which asks for nothing', [['train', 'infer', 0]], []],
    ['nothing, but near', [['train', 'infer', 0, 5]], ['edge hpc 0 ≤5ms']],
    ['nothing, but in no time at all', [['train', 'infer', 0, 0]], ['edge hpc 0 ≤0ms']],
  ])('%s', (_, all, expected) => {
    expect(words(crossingsOf(flows(...all), sites))).toEqual(expected);
  });

  test('a demand without flows has none', () => {
    expect(crossingsOf({}, sites)).toEqual([]);
  });

  test('a part is where its members are', () => {
    const { members } = placement(24, 'a 0 fra1/r1/n01', 'b 0 ams1/r1/n01', 'a 1 fra1/r2/n01');
    expect([...sitesOfParts(members)]).toEqual([
      ['a', 'fra1'],
      ['b', 'ams1'],
    ]);
  });
});

const ends = constantFrom('train', 'infer', 'eval', 'load', 'dataset');
const drawnFlows = array(
  tuple(ends, ends, integer({ min: 0, max: 9 }), option(integer({ min: 0, max: 9 }), { nil: undefined })),
  { maxLength: 5 },
);

test('which way it flows, in what order and in how many flows, makes no difference to what crosses', () => {
  const sites = at('train: hpc', 'infer: edge', 'eval: cloud', 'load: hpc');
  const sorted = (all: readonly Flow[]) => words(crossingsOf(flows(...all), sites)).toSorted();
  assert(
    property(drawnFlows, (all) => {
      const turned = all.map(([from, to, ...more]): Flow => [to, from, ...more]);
      const halved = all.flatMap(([from, to, mbps, latencyMs]): Flow[] => [
        [from, to, Math.floor(mbps / 2), latencyMs],
        [from, to, Math.ceil(mbps / 2)],
      ]);
      expect(sorted(turned)).toEqual(sorted(all));
      expect(sorted(all.toReversed())).toEqual(sorted(all));
      expect(sorted(halved)).toEqual(sorted(all));
    }),
    { seed, numRuns: 200 },
  );
});

const joined: Details = {
  wanLinks: {
    'hpc/slow': { from: 'hpc', to: 'edge', mbps: 1000, latencyMs: 30 },
    'hpc/b-fast': { from: 'edge/room', to: 'hpc/h1', mbps: 100, latencyMs: 5 },
    'hpc/a-fast': { from: 'hpc', to: 'edge', mbps: 50, latencyMs: 5 },
    'hpc/dark': { from: 'hpc', to: 'edge', mbps: 9000 },
    'hpc/mute': { from: 'hpc', to: 'edge', latencyMs: 7 },
    'hpc/cloud': { from: 'hpc', to: 'cloud', mbps: 700, latencyMs: 1 },
    'hpc/open': { from: 'hpc' },
    'hpc/loop': { from: 'hpc', to: 'hpc/h1', mbps: 1, latencyMs: 0 },
  },
};
const fleet = world('hpc/h1/r1 1×4 H100', 'edge/r1 1×4 H100', 'cloud/r1 1×4 H100', joined);
const pair = (a: string, b: string) => [Path.parse(a), Path.parse(b)] as const;

const ids = (a: string, b: string) => linksBetween(fleet.state.fleet, pair(a, b)).map(({ id }) => id);

describe('links between two sites', () => {
  test('the shortest first, then by id, those of unknown latency last, whatever end is named first', () => {
    const all = ['hpc/a-fast', 'hpc/b-fast', 'hpc/mute', 'hpc/slow', 'hpc/dark'];
    expect(ids('edge', 'hpc')).toEqual(all);
    expect(ids('hpc', 'edge')).toEqual(all);
  });

  test('only those that join the two directly', () => {
    expect(ids('cloud', 'hpc')).toEqual(['hpc/cloud']);
    expect(ids('cloud', 'edge')).toEqual([]);
  });
});

const linkOf = (mbps?: number, latencyMs?: number) => ({ id: Path.parse('hpc/wan'), mbps, latencyMs });

const crossingOf = (mbps: number, latencyMs?: number): Crossing => ({
  sites: pair('edge', 'hpc'),
  mbps,
  ...(latencyMs === undefined ? {} : { latencyMs }),
});

describe('whether a link could carry a crossing', () => {
  test.each<[string, ReturnType<typeof linkOf>, Crossing, boolean]>([
    ['with room', linkOf(100, 5), crossingOf(99), true],
    ['exactly', linkOf(100, 5), crossingOf(100), true],
    ['one too many', linkOf(100, 5), crossingOf(101), false],
    ['of unknown speed', linkOf(undefined, 5), crossingOf(1), false],
    ['of unknown speed, where nothing flows', linkOf(undefined, 5), crossingOf(0, 5), true],
    ['near enough', linkOf(100, 5), crossingOf(1, 5), true],
    ['too far', linkOf(100, 6), crossingOf(1, 5), false],
    ['of unknown latency, where any will do', linkOf(100), crossingOf(1), true],
    ['of unknown latency, where it counts', linkOf(100), crossingOf(1, 1000), false],
    ['near enough and too slow', linkOf(1, 1), crossingOf(2, 5), false],
    ['no speed and nothing flows', linkOf(0, 5), crossingOf(0, 5), true],
  ])('%s', (_, over, asked, could) => {
    expect(couldCarry(over, asked)).toBe(could);
  });
});

const busy = (held: Readonly<Record<string, number>>) =>
  new EdgeRooms(
    {
      ...fleet.state,
      bandwidth: new Map(
        Object.entries(held).map(([link, mbps]) => [
          `wan ${link}`,
          [{ holder: 'C-1', startMs: t0, endMs: t0 + hourMs, mbps }],
        ]),
      ),
    },
    { startMs: t0, endMs: t0 + 24 * hourMs },
  );

describe('what a gang holds of links', () => {
  const { members } = placement(24, 'train 0 hpc/h1/r1/n01', 'infer 0 edge/r1/n01', 'eval 0 cloud/r1/n01');
  const text = 'train: 1×1 + infer: 1×1 + eval: 1×1 24h';
  const held = (all: readonly Flow[], taken: Readonly<Record<string, number>> = {}) =>
    wanOf(busy(taken), demand(text, flows(...all)), members)?.map(({ edge, mbps }) => `${edge} ${mbps}`);

  test.each<[string, readonly Flow[], Readonly<Record<string, number>>, readonly string[] | undefined]>([
    ['nothing where nothing crosses', [['train', 'train', 9]], {}, []],
    ['the nearest link that has room', [['train', 'infer', 50]], {}, ['hpc/a-fast 50']],
    ['the next where the nearest is too slow', [['train', 'infer', 51]], {}, ['hpc/b-fast 51']],
    [
      'the next where others hold the nearest',
      [['train', 'infer', 50]],
      { 'hpc/a-fast': 1 },
      ['hpc/b-fast 50'],
    ],
    ['a link of unknown speed is passed over', [['train', 'infer', 101]], {}, ['hpc/slow 101']],
    ['one of unknown latency where any will do', [['train', 'infer', 1001]], {}, ['hpc/dark 1001']],
    ['none where the latency is asked for', [['train', 'infer', 1001, 99]], {}, undefined],
    [
      'all on one: it is not shared out over two',
      [
        ['train', 'infer', 60],
        ['infer', 'train', 60],
      ],
      { 'hpc/slow': 881, 'hpc/dark': 8881 },
      undefined,
    ],
    ['no link at all', [['infer', 'eval', 1]], {}, undefined],
    [
      'a link for each pair of sites',
      [
        ['train', 'infer', 50],
        ['train', 'eval', 700],
      ],
      {},
      ['hpc/a-fast 50', 'hpc/cloud 700'],
    ],
    [
      'one pair fits and the other does not',
      [
        ['train', 'infer', 50],
        ['train', 'eval', 701],
      ],
      {},
      undefined,
    ],
    [
      'a link that is near, though nothing flows and all of it is held',
      [['train', 'infer', 0, 5]],
      { 'hpc/a-fast': 50 },
      ['hpc/a-fast 0'],
    ],
  ])('%s', (_, all, taken, expected) => {
    expect(held(all, taken)).toEqual(expected);
  });
});
