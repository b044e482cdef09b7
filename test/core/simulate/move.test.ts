import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import { close } from '../../../src/core/simulate/closure.ts';
import type { Judge } from '../../../src/core/simulate/edit.ts';
import { type Latitude, type Move, moveOf } from '../../../src/core/simulate/move.ts';
import { lifted, remainderOf } from '../../../src/core/simulate/remainder.ts';
import { Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, type Booking, contractIn } from '../reclaim/bookings.ts';
import { anywhere } from './edits.ts';

type Case = Partial<Latitude> & { readonly untilH?: number; readonly judge?: Judge };

/** Where C-101 goes once these nodes are closed for some hours, or for good. */
function moved(
  now: World,
  nodes: readonly string[],
  { untilH, judge = anywhere, ...latitude }: Case = {},
): Move {
  const untilMs = untilH === undefined ? never : t0 + untilH * hourMs;
  const closures = nodes.map((node) => ({
    node: Path.parse(`fra1/h1/${node}`),
    cause: 'outage',
    fromMs: t0,
    untilMs,
  }));
  const rest = remainderOf(contractIn(now, 101), t0);
  return moveOf(close(lifted(now.state, rest), closures), rest, judge, { bends: true, ...latitude });
}

/** `moves in-part 0 r1/n03, 1 r1/n02`, and the hours that it waits. */
function inWords(move: Move): string {
  if (move.kind === 'stuck') return `stuck ${move.binding}`;
  const { startMs, members } = move.placement;
  const seats = members.map(({ replica, node }) => `${replica} ${node.slice(-6)}`).join(', ');
  return `${move.kind} ${move.how} ${seats}${startMs === t0 ? '' : ` after ${(startMs - t0) / hourMs}h`}`;
}

const four = world('fra1/h1/r1 4×4 H100');
const gang = booked(four, 'reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3');

describe('members whose places are closed', () => {
  test('move alone, and the others stay with their devices and numbers', () => {
    const move = moved(gang, ['r1/n01']);
    expect(inWords(move)).toBe('moves in-part 0 r1/n03, 1 r1/n02');
    expect(move.kind === 'stuck' ? undefined : move.placement.members[1]).toEqual(
      contractIn(gang, 101).placement.members[1],
    );
    expect(inWords(moved(gang, ['r1/n02']))).toBe('moves in-part 0 r1/n01, 1 r1/n03');
  });

  test('move with all others where all are closed, and where none is', () => {
    expect(inWords(moved(gang, ['r1/n01', 'r1/n02']))).toBe('moves whole 0 r1/n03, 1 r1/n04');
    expect(inWords(moved(gang, []))).toBe('moves whole 0 r1/n01, 1 r1/n02');
  });

  test('of several parts each fills the gaps of its own', () => {
    const wish = demand('2×2 H100 24h + eval: 2×1 H100');
    const held = placement(
      24,
      'train 0 fra1/h1/r1/n01 gpu0-1',
      'train 1 fra1/h1/r1/n02 gpu0-1',
      'eval 0 fra1/h1/r1/n01 gpu2',
      'eval 1 fra1/h1/r1/n02 gpu2',
    );
    const move = moved(granted(four, wish, held), ['r1/n02']);
    const seats =
      move.kind === 'stuck'
        ? []
        : move.placement.members.map(
            ({ part, replica, node, gpus }) => `${part} ${replica} ${node.slice(-3)} ${gpus.length}`,
          );
    expect(seats.slice(0, 1)).toEqual(['eval 0 n01 1']);
    expect(seats.slice(2, 3)).toEqual(['train 0 n01 2']);
    expect(seats.map((seat) => seat.replace(/n0\d/, ''))).toEqual([
      'eval 0  1',
      'eval 1  1',
      'train 0  2',
      'train 1  2',
    ]);
    expect(seats.some((seat) => seat.includes('n02'))).toBe(false);
  });

  test('several numbers of one part go to several gaps', () => {
    const wide = booked(
      world('fra1/h1/r1 6×4 H100'),
      'reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3, r1/n03 gpu0-3',
    );
    expect(inWords(moved(wide, ['r1/n01', 'r1/n03']))).toBe('moves in-part 0 r1/n04, 1 r1/n02, 2 r1/n05');
  });

  test('with spares the whole is placed anew', () => {
    const survive = { survive: { loss: 'node', membersLeft: 2 }, parts: demand('2×4 H100').parts };
    const spared = booked(four, ['reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3, + r1/n03 gpu0-3', survive]);
    const move = moved(spared, ['r1/n01']);
    expect(inWords(move)).toMatch(/^moves whole /);
    expect(move.kind === 'stuck' ? [] : move.placement.spares?.map(({ replica }) => replica)).toEqual([2]);
  });

  test('move only as they are now: the past of a node is in nobody’s way', () => {
    expect(inWords(moved(gang, ['r1/n01'], { untilH: 1 }))).toBe('moves in-part 0 r1/n03, 1 r1/n02');
    expect(inWords(moved(gang, ['r1/n01'], { untilH: 0 }))).toBe('moves whole 0 r1/n01, 1 r1/n02');
  });
});

const pair = (more: object): Booking => ['reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3', more];

describe('what must be together or apart', () => {
  const racks = world('fra1/h1/r1 3×4 H100', 'fra1/h1/r2 3×4 H100');

  test('stays in its rack in part, where there is room', () => {
    expect(inWords(moved(booked(racks, pair({ together: 'rack' })), ['r1/n01']))).toBe(
      'moves in-part 0 r1/n03, 1 r1/n02',
    );
  });

  test('also where another rack comes first', () => {
    const second: Booking = ['reserved 24h r2/n01 gpu0-3, r2/n02 gpu0-3', { together: 'rack' }];
    expect(inWords(moved(booked(racks, second), ['r2/n01']))).toBe('moves in-part 0 r2/n03, 1 r2/n02');
  });

  test('leaves its rack whole, where there is none', () => {
    const full = booked(racks, pair({ together: 'rack' }), 'reserved 24h r1/n03 gpu0-3');
    expect(inWords(moved(full, ['r1/n01']))).toBe('moves whole 0 r2/n01, 1 r2/n02');
    const loose = booked(racks, pair({}), 'reserved 24h r1/n03 gpu0-3');
    expect(inWords(moved(loose, ['r1/n01']))).toBe('moves in-part 0 r2/n01, 1 r1/n02');
  });

  test('within a hall it leaves its rack in part', () => {
    const full = booked(racks, pair({ together: 'hall' }), 'reserved 24h r1/n03 gpu0-3');
    expect(inWords(moved(full, ['r1/n01']))).toBe('moves in-part 0 r2/n01, 1 r1/n02');
  });

  test('never to another site in part', () => {
    const sites = world('fra1/h1/r1 2×4 H100', 'ams2/h1/a1 2×4 H100');
    expect(inWords(moved(booked(sites, pair({})), ['r1/n01']))).toBe('moves whole 0 a1/n01, 1 a1/n02');
  });

  test('apart by nodes it does not join those that stay', () => {
    const halves = booked(world('fra1/h1/r1 3×4 H100'), [
      'reserved 24h r1/n01 gpu0-1, r1/n02 gpu0-1',
      { parts: demand('2×2 H100 apart:node').parts },
    ]);
    expect(inWords(moved(halves, ['r1/n01']))).toBe('moves in-part 0 r1/n03, 1 r1/n02');
    const loose = booked(world('fra1/h1/r1 3×4 H100'), 'reserved 24h r1/n01 gpu0-1, r1/n02 gpu0-1');
    expect(inWords(moved(loose, ['r1/n01']))).toBe('moves in-part 0 r1/n02, 1 r1/n02');
  });

  test('apart by racks it does not come into theirs', () => {
    const three = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×4 H100', 'fra1/h1/r3 1×4 H100');
    const apart = [
      'reserved 24h r1/n01 gpu0-3, r2/n01 gpu0-3',
      { parts: demand('2×4 H100 apart:rack').parts },
    ] as const;
    expect(inWords(moved(booked(three, apart), ['r1/n01']))).toBe('moves in-part 0 r1/n02, 1 r2/n01');
    expect(inWords(moved(booked(three, apart), ['r1/n01', 'r1/n02']))).toBe(
      'moves in-part 0 r3/n01, 1 r2/n01',
    );
  });

  test('of one that keeps to one node, the rest of that node', () => {
    const node = booked(four, ['reserved 24h r1/n01 gpu0-1, r1/n01 gpu2-3', { together: 'node' }]);
    expect(inWords(moved(node, ['r1/n01']))).toBe('moves whole 0 r1/n02, 1 r1/n02');
  });

  test('what is left must survive the same loss', () => {
    const survive = { survive: { loss: 'node', membersLeft: 1 } };
    const fleet = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r1 1×4 H100');
    const pairs = booked(fleet, ['reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3', survive]);
    // n02 has room for both, and then one loss would take both.
    expect(inWords(moved(pairs, ['r1/n01']))).toMatch(/ 0 r1\/n03, 1 r1\/n02$/);
  });
});

const closedFor = (hours: number) =>
  moved(booked(world('fra1/h1/r1 1×4 H100'), 'reserved 24h r1/n01 gpu0-3'), ['r1/n01'], {
    untilH: hours,
  });

const wanted = (...where: readonly string[]) =>
  booked(four, ['reserved 24h r1/n01 gpu0-3', { where: where.map((node) => `fra1/h1/r1/${node}`) }]);

describe('where it is wanted', () => {
  test('first where it asked for, then anywhere, then later where it asked for', () => {
    expect(inWords(moved(wanted('n01', 'n02'), ['r1/n01']))).toBe('moves whole 0 r1/n02');
    expect(inWords(moved(wanted('n01'), ['r1/n01']))).toBe('moves elsewhere 0 r1/n02');
    const others = ['r1/n02', 'r1/n03', 'r1/n04'];
    expect(inWords(moved(wanted('n01'), ['r1/n01', ...others], { untilH: 5 }))).toBe(
      'waits whole 0 r1/n01 after 5h',
    );
  });

  test('later elsewhere only where it asked for is closed for longer', () => {
    const one = world('fra1/h1/r1 1×4 H100', 'fra1/h1/r2 1×4 H100');
    const now = booked(
      one,
      ['reserved 24h r1/n01 gpu0-3', { where: ['fra1/h1/r1'] }],
      'reserved 5h r2/n01 gpu0-3',
    );
    expect(inWords(moved(now, ['r1/n01']))).toBe('waits elsewhere 0 r2/n01 after 5h');
  });

  test('nothing of that where it may not bend', () => {
    const stays = { bends: false };
    expect(inWords(moved(wanted('n01', 'n02'), ['r1/n01'], stays))).toBe('moves whole 0 r1/n02');
    expect(inWords(moved(wanted('n01'), ['r1/n01'], stays))).toBe('stuck free-over-window');
    const only = booked(world('fra1/h1/r1 1×4 H100'), 'reserved 24h r1/n01 gpu0-3');
    expect(inWords(moved(only, ['r1/n01'], { ...stays, untilH: 5 }))).toBe('stuck free-over-window');
    expect(inWords(moved(only, ['r1/n01'], { untilH: 5 }))).toBe('waits whole 0 r1/n01 after 5h');
  });

  test('a part of a gang does not leave the places either, as long as the whole need not', () => {
    const where = { where: ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r1/n03'] };
    const now = booked(
      four,
      ['reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3', where],
      'reserved 24h r1/n03 gpu0-3',
    );
    expect(inWords(moved(now, ['r1/n01']))).toMatch(/^moves elsewhere /);
    const free = booked(four, ['reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3', where]);
    expect(inWords(moved(free, ['r1/n01']))).toBe('moves in-part 0 r1/n03, 1 r1/n02');
  });

  test('places that it avoids it avoids still', () => {
    const now = booked(four, ['reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3', { avoid: ['fra1/h1/r1/n03'] }]);
    expect(inWords(moved(now, ['r1/n01']))).toBe('moves in-part 0 r1/n04, 1 r1/n02');
  });

  test('ninety days ahead it looks, and no further', () => {
    expect(inWords(closedFor(90 * 24))).toBe(`waits whole 0 r1/n01 after ${90 * 24}h`);
    expect(inWords(closedFor(90 * 24 + 1))).toBe('stuck free-over-window');
  });
});

const fleet = (first: number, second: number) =>
  world('fra1/h1/r1 1×4 H100', 'ams2/h1/a1 1×4 H100', {
    sites: { fra1: { gpuPrices: { H100: first } }, ams2: { gpuPrices: { H100: second } } },
  });

const capped = (second: number, capMicroEurPerHour: number) =>
  inWords(
    moved(booked(fleet(2, second), 'reserved 24h r1/n01 gpu0-3'), ['r1/n01'], {
      bends: false,
      capMicroEurPerHour,
    }),
  );

describe('what it may cost', () => {
  test.each([
    ['as much as the cap', 3, 12, 'moves whole 0 a1/n01'],
    ['less', 2, 12, 'moves whole 0 a1/n01'],
    ['more', 4, 12, 'stuck price'],
  ])('%s', (_, second, cap, expected) => {
    expect(capped(second, cap)).toBe(expected);
  });

  test('without a cap anything, as tight as can be', () => {
    const now = booked(fleet(2, 9), 'reserved 24h r1/n01 gpu0-3');
    expect(inWords(moved(now, ['r1/n01'], { bends: false }))).toBe('moves whole 0 a1/n01');
  });

  test('a part moves alone, where the whole then costs no more than the cap', () => {
    const sites = { fra1: { gpuPrices: { H100: 2 } } };
    const now = booked(world('fra1/h1/r1 3×4 H100', { sites }), 'reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3');
    const under = (capMicroEurPerHour: number) =>
      inWords(moved(now, ['r1/n01'], { bends: false, capMicroEurPerHour }));
    expect([under(16), under(15)]).toEqual(['moves in-part 0 r1/n03, 1 r1/n02', 'stuck price']);
  });

  test('a part that would make the whole dearer than the cap does not move alone', () => {
    const mixed = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 A100', 'ams2/h1/a1 2×4 H100', {
      sites: { fra1: { gpuPrices: { H100: 2, A100: 5 } }, ams2: { gpuPrices: { H100: 2 } } },
    });
    const either: Booking = [
      'reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3',
      { parts: demand('2×4 H100|A100').parts },
    ];
    expect(inWords(moved(booked(mixed, either), ['r1/n01'], { bends: false, capMicroEurPerHour: 16 }))).toBe(
      'moves whole 0 a1/n01, 1 a1/n02',
    );
  });
});

describe('one that goes nowhere', () => {
  const alone = booked(world('fra1/h1/r1 1×4 H100', 'ams2/h1/a1 1×2 H100'), 'reserved 24h r1/n01 gpu0-3');

  test('says why at each site, and what stands in the way at the one that came nearest', () => {
    const gangOfTwo = booked(
      world('fra1/h1/r1 2×4 H100', 'ams2/h1/a1 1×2 H100'),
      'reserved 24h r1/n01 gpu0-3, r1/n02 gpu0-3',
    );
    const move = moved(gangOfTwo, ['r1/n01']);
    expect(inWords(move)).toBe('stuck free-over-window');
    expect(move.kind === 'stuck' ? move.why.split('; ').map((line) => line.split(':')[0]) : []).toEqual([
      'ams2',
      'fra1',
    ]);
  });

  test('of sites that came equally near the first by name', () => {
    // ams2 has no node that is large enough, whoever is on it.
    expect(inWords(moved(alone, ['r1/n01']))).toBe('stuck inventory');
  });

  test('says that the rules are in the way where no site is open to it', () => {
    expect(inWords(moved(alone, ['r1/n01'], { judge: (state) => verdictAll(state, 'forbidden') }))).toBe(
      'stuck policy',
    );
    expect(
      inWords(
        moved(alone, ['r1/n01'], { judge: (state) => verdictAll(state, 'forbidden', { ams2: 'allowed' }) }),
      ),
    ).not.toBe('stuck policy');
  });

  test('never says more than 300 characters', () => {
    const sites = Array.from({ length: 20 }, (_, at) => `s${at + 10}/h1/r1 1×2 H100`);
    const move = moved(booked(world('fra1/h1/r1 1×4 H100', ...sites), 'reserved 24h r1/n01 gpu0-3'), [
      'r1/n01',
    ]);
    expect(move.kind === 'stuck' ? move.why.length : 0).toBe(300);
  });
});
