import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { heldIn } from '../../../src/core/calendar/calendar.ts';
import { digestState } from '../../../src/core/digest.ts';
import { type Waves, type WaveWish, wavesOf } from '../../../src/core/drain/waves.ts';
import { close } from '../../../src/core/simulate/closure.ts';
import { brokenBy, lifted, remainderOf, resettled } from '../../../src/core/simulate/remainder.ts';
import type { State } from '../../../src/core/state.ts';
import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { booked, type Booking } from '../reclaim/bookings.ts';
import { anywhere } from '../simulate/edits.ts';

type Short = {
  readonly hours?: number;
  readonly within?: number;
  readonly atMost?: number;
  readonly from?: number;
  readonly allowPrice?: boolean;
};

function wishFor(
  nodes: readonly string[],
  { hours = 2, within = 12, atMost = 9, from = 0, allowPrice = true }: Short = {},
): WaveWish {
  return {
    nodes: nodes.map((node) => Path.parse(`fra1/h1/${node}`)),
    lengthMs: hours * hourMs,
    fromMs: t0 + from * hourMs,
    untilMs: t0 + within * hourMs,
    atMost,
    allowPrice,
  };
}

const waves = ({ state }: World, nodes: readonly string[], short?: Short): Waves =>
  wavesOf(state, wishFor(nodes, short), anywhere, t0);

/** `0-2 n01 n02, 2-4 n03`: hours from `t0`. */
function inWords({ waves: found }: Waves): string {
  return found
    .map(
      ({ fromMs, untilMs, nodes }) =>
        `${(fromMs - t0) / hourMs}-${(untilMs - t0) / hourMs} ${nodes.map((node) => node.slice(-3)).join(' ')}`,
    )
    .join(', ');
}

const names = (count: number) => Array.from({ length: count }, (_, at) => `r1/n0${at + 1}`);
const rack = (count: number) => world(`fra1/h1/r1 ${count}×1 H100`);

/** The one GPU of a node, and nowhere else. */
const pinned = (node: number, length: string): Booking => [
  `reserved ${length} r1/n0${node} gpu0`,
  { where: [`fra1/h1/r1/n0${node}`] },
];

describe('how good a plan is known to be', () => {
  test.each<[string, number, readonly Booking[], Short, string, Waves['proven']]>([
    [
      'up to five nodes every split is looked at',
      5,
      [],
      { atMost: 2 },
      '0-2 n01 n02, 2-4 n03 n04, 4-6 n05',
      'best',
    ],
    [
      'of six it is known where no plan could have fewer',
      6,
      [],
      { atMost: 2 },
      '0-2 n01 n02, 2-4 n03 n04, 4-6 n05 n06',
      'fewest',
    ],
    [
      'also where the last is not full',
      7,
      [],
      { atMost: 3 },
      '0-2 n01 n02 n03, 2-4 n04 n05 n06, 4-6 n07',
      'fewest',
    ],
    [
      'one late window before two, of six too',
      6,
      [pinned(1, '0-4h')],
      {},
      '4-6 n01 n02 n03 n04 n05 n06',
      'fewest',
    ],
    [
      'more nodes before the largest window',
      7,
      [pinned(1, '0-4h'), pinned(2, '0-4h'), pinned(7, '2-12h')],
      {},
      '0-2 n03 n04 n05 n06 n07, 4-6 n01 n02',
      'nothing',
    ],
    [
      'not where there are more than they could fill',
      6,
      [pinned(1, '0-4h'), pinned(2, '4-12h')],
      {},
      '0-2 n02 n03 n04 n05 n06, 4-6 n01',
      'nothing',
    ],
    ['not where some get none', 6, [], { atMost: 1, within: 6 }, '0-2 n01, 2-4 n02, 4-6 n03', 'nothing'],
    [
      'those that can never be emptied do not count',
      6,
      [pinned(6, 'open')],
      { atMost: 2 },
      '0-2 n01 n02, 2-4 n03 n04, 4-6 n05',
      'best',
    ],
  ])('%s', (_, count, bookings, short, expected, proven) => {
    const found = waves(booked(rack(count), ...bookings), names(count), short);
    expect([inWords(found), found.proven]).toEqual([expected, proven]);
  });
});

describe('what is preferred', () => {
  test('more nodes before fewer waves', () => {
    // One wave would leave out n01, which is busy up to four, or n03, which is busy from two on.
    const now = booked(rack(3), pinned(1, '0-4h'), pinned(3, '2-12h'));
    expect(inWords(waves(now, names(3)))).toBe('0-2 n02 n03, 4-6 n01');
  });

  test('fewer waves before an early end', () => {
    const now = booked(rack(2), pinned(1, '0-6h'));
    expect(inWords(waves(now, names(2)))).toBe('6-8 n01 n02');
  });

  test('one wave, however late, before two; two where there is no time for it', () => {
    const now = booked(rack(2), pinned(1, '0-3h'), pinned(2, '3-5h'));
    // Both are idle together from five on only, when two waves would be over.
    expect(inWords(waves(now, names(2)))).toBe('5-7 n01 n02');
    expect(inWords(waves(now, names(2), { within: 6 }))).toBe('0-2 n02, 3-5 n01');
  });

  test('windows begin where something ends, at the first hour or never', () => {
    const now = booked(rack(1), pinned(1, '1-4h'));
    expect(inWords(waves(now, names(1), { hours: 1 }))).toBe('0-1 n01');
    expect(inWords(waves(now, names(1), { hours: 2 }))).toBe('4-6 n01');
    expect(inWords(waves(now, names(1), { hours: 2, from: 2 }))).toBe('4-6 n01');
    expect(inWords(waves(now, names(1), { hours: 2, from: 5 }))).toBe('5-7 n01');
    expect(inWords(waves(now, names(1), { hours: 2, within: 6 }))).toBe('4-6 n01');
    expect(inWords(waves(now, names(1), { hours: 2, within: 5 }))).toBe('');
  });
});

describe('what is left out', () => {
  test('a node with the contract in its way at the begin at which the fewest are', () => {
    const now = booked(rack(1), pinned(1, '0-3h'), pinned(1, '3-12h'));
    const two = booked(
      world('fra1/h1/r1 1×2 H100'),
      ['reserved 4h r1/n01 gpu0', { where: ['fra1/h1/r1/n01'] }],
      ['reserved 12h r1/n01 gpu1', { where: ['fra1/h1/r1/n01'] }],
    );
    expect(
      waves(now, names(1)).left.map(({ node, hindrances }) => [
        node.slice(-3),
        hindrances.map(({ contract }) => contract.id),
      ]),
    ).toEqual([['n01', ['C-101']]]);
    expect(
      waves(two, names(1)).left.map(({ hindrances }) => hindrances.map(({ contract }) => contract.id)),
    ).toEqual([['C-102']]);
  });

  test('a node that is named twice once, and nodes in order of names', () => {
    const found = waves(rack(3), ['r1/n03', 'r1/n01', 'r1/n03']);
    expect(inWords(found)).toBe('0-2 n01 n03');
    const stuck = waves(booked(rack(3), pinned(3, 'open'), pinned(1, 'open')), [
      'r1/n03',
      'r1/n01',
      'r1/n02',
    ]);
    expect(stuck.left.map(({ node }) => node.slice(-3))).toEqual(['n01', 'n03']);
  });

  test('nobody pays more for a wave, unless that is allowed', () => {
    const fleet = world('fra1/h1/r1 1×2 H100', 'ams2/h1/a1 1×2 H100', {
      sites: { fra1: { gpuPrices: { H100: 2 } }, ams2: { gpuPrices: { H100: 3 } } },
    });
    const held = booked(fleet, 'reserved 24h r1/n01 gpu0-1');
    const agreed = {
      ...held,
      state: { ...held.state, contracts: held.state.contracts.with(0, priced(held.state, 4)) },
    };
    expect(
      waves(agreed, ['r1/n01'], { allowPrice: false }).left.map(({ hindrances }) =>
        hindrances.map(({ binding }) => binding),
      ),
    ).toEqual([['price']]);
    expect(inWords(waves(agreed, ['r1/n01'], { allowPrice: true }))).toBe('0-2 n01');
  });
});

/** The first contract at an agreed price. */
function priced({ contracts }: State, microEurPerHour: number) {
  const contract = contracts.at(0);
  if (contract === undefined) throw new Error('a contract');
  return { ...contract, price: { ...contract.price, microEurPerHour } };
}

/** A contract on a half of a node or on all of it, for some hours. */
type Line = {
  readonly node: number;
  readonly from: number;
  readonly hours: number;
  readonly size: number;
  readonly guarantee: string;
  readonly isPinned: boolean;
};

/** Those of the lines whose GPUs are free by then, one after the other. */
function crowded(lines: readonly Line[]): World {
  const taken: (readonly [place: string, from: number, until: number])[] = [];
  const bookings = lines.flatMap(({ node, from, hours, size, guarantee, isPinned }, at): Booking[] => {
    const gpus = size === 2 ? [0, 1] : [at % 2];
    const places = gpus.map((gpu) => `${node}/${gpu}`);
    const isFree = taken.every(
      ([place, begin, end]) => !places.includes(place) || begin >= from + hours || end <= from,
    );
    if (!isFree) return [];
    taken.push(...places.map((place) => [place, from, from + hours] as const));
    return [
      [
        `${guarantee} ${from}-${from + hours}h r1/n0${node} gpu${gpus.join('-')}`,
        isPinned ? { where: [`fra1/h1/r1/n0${node}`] } : {},
      ],
    ];
  });
  return booked(world('fra1/h1/r1 5×2 H100'), ...bookings);
}

describe('on any rack', { timeout: 60_000 }, () => {
  const line = record({
    node: integer({ min: 1, max: 4 }),
    from: integer({ min: 0, max: 5 }),
    hours: integer({ min: 1, max: 9 }),
    size: constantFrom(1, 2, 2),
    guarantee: constantFrom('reserved', 'preemptible', 'elastic'),
    isPinned: boolean(),
  });

  test('every node has one window or a place among those left, and no window breaks a contract', () => {
    const seen = { waves: 0, moves: 0, left: 0 };
    assert(
      property(
        array(line, { minLength: 2, maxLength: 7 }),
        integer({ min: 1, max: 3 }),
        integer({ min: 1, max: 3 }),
        (lines, hours, atMost) => {
          const now = crowded(lines);
          const before = digestState(now.state);
          const nodes = names(4);
          const found = waves(now, nodes, { hours, within: 8, atMost });
          expect(digestState(now.state)).toBe(before);
          expect(
            [...found.waves.flatMap((wave) => wave.nodes), ...found.left.map(({ node }) => node)].toSorted(),
          ).toEqual(nodes.map((node) => `fra1/h1/${node}`));
          found.waves.forEach(({ fromMs, untilMs, nodes: own }, at) => {
            expect([untilMs - fromMs, own.length <= atMost]).toEqual([hours * hourMs, true]);
            expect(fromMs).toBeGreaterThanOrEqual(found.waves[at - 1]?.untilMs ?? t0);
            expect(untilMs).toBeLessThanOrEqual(t0 + 8 * hourMs);
          });
          let { state } = now;
          for (const { fromMs, untilMs, nodes: own, moves } of found.waves) {
            state = close(
              state,
              own.map((node) => ({ node, cause: 'maintenance', fromMs, untilMs })),
            );
            for (const { contract, placement } of moves) {
              const rest = remainderOf(contract, fromMs);
              const free = lifted(state, rest);
              expect(brokenBy(free, rest, placement, anywhere)).toEqual([]);
              expect([placement.startMs, placement.endMs]).toEqual([
                rest.placement.startMs,
                rest.placement.endMs,
              ]);
              state = resettled(free, rest, placement);
            }
            for (const node of own) {
              const index = state.fleet.nodeById.get(node)?.index ?? -1;
              const held = heldIn(state.calendar[index] ?? [], fromMs, untilMs);
              expect(held.filter(({ tenant }) => tenant !== undefined)).toEqual([]);
            }
            seen.waves++;
            seen.moves += moves.length;
          }
          seen.left += found.left.length;
        },
      ),
      { seed, numRuns: 14 },
    );
    expect([seen.waves > 10, seen.moves > 3, seen.left > 1]).toEqual([true, true, true]);
  });

  test('with more room or more time as many nodes get a window', () => {
    assert(
      property(array(line, { minLength: 2, maxLength: 6 }), integer({ min: 1, max: 2 }), (lines, hours) => {
        const now = crowded(lines);
        const covered = (short: Short) =>
          waves(now, names(3), { hours, ...short }).waves.reduce((sum, { nodes }) => sum + nodes.length, 0);
        const few = covered({ within: 4, atMost: 1 });
        expect(covered({ within: 8, atMost: 1 })).toBeGreaterThanOrEqual(few);
        expect(covered({ within: 4, atMost: 3 })).toBeGreaterThanOrEqual(few);
      }),
      { seed, numRuns: 6 },
    );
  });
});
