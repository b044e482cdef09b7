import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { type Rest, restOf } from '../../../src/core/reclaim/movable.ts';
import { mayStand, placedAs, seatedOn, standing } from '../../../src/core/reclaim/relocate.ts';
import type { State } from '../../../src/core/state.ts';
import { Path } from '../../../src/model/id.ts';
import { type Member, type Placement, seatsOf } from '../../../src/model/placement.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, contractIn } from './bookings.ts';

const three = world('fra1/h1/r1 3×4 H100');

function restIn(now: World, number = 101, atMs = t0): Rest {
  const rest = restOf(contractIn(now, number), atMs);
  if (rest === undefined) throw new Error('nothing is left of it');
  return rest;
}

/** Seats in lines, as for placements. */
const seats = (...lines: readonly string[]): readonly Member[] => seatsOf(placement(24, ...lines));

/** `C-101 n01 0-6` for holds, in hours from `t0`. */
function held({ fleet, calendar }: State): readonly string[] {
  return fleet.nodes.flatMap(({ id, index }) =>
    (calendar[index] ?? []).map(
      ({ holder, startMs, endMs }) =>
        `${holder} ${id.slice(-3)} ${(startMs - t0) / hourMs}-${(endMs - t0) / hourMs}`,
    ),
  );
}

const fleet = (fra: object, ams: object) =>
  world('fra1/h1/r1 1×4 H100', 'fra1/h1/r2 1×4 A100', {
    sites: { fra1: { gpuPrices: { ...fra, ...ams } } },
  });

describe('a contract that stands elsewhere', () => {
  const now = booked(three, 'preemptible 24h r1/n01 gpu0-1', 'reserved 24h r1/n03 gpu0-1');

  test('has been where it was until it goes, and holds nothing there after that', () => {
    const rest = restIn(now, 101, t0 + 6 * hourMs);
    const after = standing(now.state, rest, seats('train 0 fra1/h1/r1/n02 gpu2-3'));
    expect(held(after)).toEqual(['C-101 n01 0-6', 'C-101 n02 6-24', 'C-102 n03 0-24']);
    expect(held(now.state)).toEqual(['C-101 n01 0-24', 'C-102 n03 0-24']);
  });

  test('and back again stands as it stood', () => {
    const rest = restIn(now);
    const away = standing(now.state, rest, seats('train 0 fra1/h1/r1/n02 gpu2-3'));
    const moved = {
      ...rest,
      contract: {
        ...rest.contract,
        placement: { ...rest.placement, members: [...seats('train 0 fra1/h1/r1/n02 gpu2-3')] },
      },
    };
    expect(held(standing(away, moved, rest.placement.members))).toEqual(held(now.state));
  });

  test.each<[string, string, boolean]>([
    ['on GPUs that are free', 'train 0 fra1/h1/r1/n02 gpu0-1', true],
    ['on some of its own and some that are free', 'train 0 fra1/h1/r1/n01 gpu1-2', true],
    ['on others beside those of a neighbour', 'train 0 fra1/h1/r1/n03 gpu2-3', true],
    ['not on those of a neighbour', 'train 0 fra1/h1/r1/n03 gpu1-2', false],
    ['not on fewer than it asks for', 'train 0 fra1/h1/r1/n02 gpu0', false],
  ])('it may stand or not: %s', (_, line, may) => {
    expect(mayStand(now.state, restIn(now), seats(line))).toBe(may);
  });

  test('pays no more than it agreed to', () => {
    const line = seats('train 0 fra1/h1/r2/n01 gpu0-1');
    const may = (fra: object, ams: object) => {
      const taken = take(
        fleet(fra, ams),
        demand('1×2 H100|A100 24h', { guarantee: 'preemptible', where: ['fra1/h1/r1'] }),
      );
      const rest = restIn(taken);
      const { where: _where, ...anywhere } = rest.demand;
      return mayStand(taken.state, { ...rest, demand: anywhere }, line);
    };
    expect(may({ H100: 5 }, { A100: 5 })).toBe(true);
    expect(may({ H100: 5 }, { A100: 4 })).toBe(true);
    expect(may({ H100: 5 }, { A100: 6 })).toBe(false);
    expect(may({ H100: 5 }, {})).toBe(false);
    expect(may({}, { A100: 6 })).toBe(true);
  });
});

describe('seats as a placement', () => {
  test('what has a number beyond those that are asked for is a spare', () => {
    const survive = { survive: { loss: 'node', membersLeft: 2 } };
    const now = take(three, demand('2×2 H100 24h', { guarantee: 'preemptible', ...survive }));
    const rest = restIn(now);
    const found = placedAs(givenUp(now.state, [rest.contract], t0), rest, [
      ...seats('train 0 fra1/h1/r1/n02 gpu0-1', 'train 1 fra1/h1/r1/n03 gpu0-1'),
      ...seats('train 2 fra1/h1/r1/n01 gpu0-1'),
    ]);
    expect([
      found.members.map(({ replica }) => replica),
      found.spares?.map(({ replica }) => replica),
    ]).toEqual([[0, 1], [2]]);
    expect(found).not.toHaveProperty('bandwidth');
  });

  test('without spares it has none, and keeps its start and end', () => {
    const now = booked(three, 'preemptible 24h r1/n01 gpu0-1');
    const found = placedAs(now.state, restIn(now, 101, t0 + hourMs), seats('train 0 fra1/h1/r1/n02 gpu0-1'));
    expect(found).not.toHaveProperty('spares');
    expect([found.startMs, found.endMs]).toEqual([t0 + hourMs, t0 + 24 * hourMs]);
  });

  test('flows are laid anew: none inside a node, and on the edges of both nodes between two', () => {
    const flows = [{ from: 'train', to: 'load', mbps: 50_000 }];
    const wired = world('fra1/h1/r1 3×4 H100 nordma');
    const now = granted(
      wired,
      demand('1×2 H100 24h + load: 1×1', { flows, guarantee: 'preemptible' }),
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1', 'load 0 fra1/h1/r1/n02 gpu0'),
    );
    const rest = restIn(now);
    const lines = (load: string): Placement['bandwidth'] =>
      placedAs(
        givenUp(now.state, [rest.contract], t0),
        rest,
        seats('train 0 fra1/h1/r1/n01 gpu0-1', `load 0 fra1/h1/r1/${load}`),
      ).bandwidth;
    expect(lines('n01 gpu2')).toBeUndefined();
    expect(lines('n03 gpu2')?.map(({ edge, mbps }) => [edge.slice(-3), mbps])).toEqual([
      ['n01', 50_000],
      ['n03', 50_000],
    ]);
  });

  test('what no edge can carry is laid nowhere, and then the auditor says no', () => {
    const flows = [{ from: 'train', to: 'load', mbps: 60_000 }];
    const wired = world('fra1/h1/r1 3×4 H100 nordma');
    const flowing = demand('1×1 H100 24h + load: 1×1', { flows, guarantee: 'preemptible' });
    const now = granted(
      granted(wired, flowing, {
        ...placement(24, 'train 0 fra1/h1/r1/n01 gpu0', 'load 0 fra1/h1/r1/n02 gpu0'),
        bandwidth: ['n01', 'n02'].map((node) => ({
          fabric: 'data',
          edge: Path.parse(`fra1/h1/r1/${node}`),
          mbps: 60_000,
        })),
      }),
      flowing,
      placement(24, 'train 0 fra1/h1/r1/n03 gpu0', 'load 0 fra1/h1/r1/n03 gpu1'),
    );
    const rest = restIn(now, 102);
    // n01 has 100 Gbit/s, of which 60 are held.
    const apart = seats('train 0 fra1/h1/r1/n03 gpu0', 'load 0 fra1/h1/r1/n01 gpu1');
    expect(placedAs(now.state, rest, apart)).not.toHaveProperty('bandwidth');
    expect(mayStand(now.state, rest, apart)).toBe(false);
    expect(mayStand(now.state, rest, rest.placement.members)).toBe(true);
  });
});

/** A seat of C-101 on a node, if it finds devices there. */
const on = (now: World, node: string, at = 1) => {
  const rest = restIn(now);
  const seat = rest.placement.members[at];
  return seat === undefined ? undefined : seatedOn(now.state, rest, seat, Path.parse(`fra1/h1/r1/${node}`));
};

describe('one seat on another node', () => {
  const gang = booked(
    three,
    [
      'preemptible 24h r1/n01 gpu0-1, r1/n02 gpu0-1',
      { together: 'rack', parts: demand('2×2 H100 apart:node').parts },
    ],
    'reserved 24h r1/n03 gpu0-1',
  );

  test('has devices that are free there, and keeps its number', () => {
    expect(on(gang, 'n03')).toMatchObject({
      part: 'train',
      replica: 1,
      node: 'fra1/h1/r1/n03',
      gpus: [2, 3],
    });
    expect(on(gang, 'n03', 0)).toMatchObject({ replica: 0 });
  });

  test('is not there where none are free, nor on a node that nobody knows', () => {
    const full = booked(gang, 'reserved 24h r1/n03 gpu2');
    expect(on(full, 'n03')).toBeUndefined();
    expect(on(gang, 'n09')).toBeUndefined();
  });

  test('looks only for itself: what the gang keeps to is for the auditor to see', () => {
    expect(on(gang, 'n01')).toMatchObject({ replica: 1, node: 'fra1/h1/r1/n01', gpus: [2, 3] });
    const rest = restIn(gang);
    const both = [...rest.placement.members.slice(0, 1), ...seats('train 1 fra1/h1/r1/n01 gpu2-3')];
    expect(mayStand(gang.state, rest, both)).toBe(false);
  });

  test('of a part of several only that part', () => {
    const wish = demand('1×2 H100 24h + eval: 1×1', { guarantee: 'preemptible' });
    const now = granted(
      three,
      wish,
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1', 'eval 0 fra1/h1/r1/n01 gpu2'),
    );
    expect(on(now, 'n02')).toMatchObject({ part: 'eval', replica: 0, gpus: [0] });
  });
});
