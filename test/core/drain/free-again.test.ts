import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { heldIn, never } from '../../../src/core/calendar/calendar.ts';
import { type Drained, drain } from '../../../src/core/drain/drain.ts';
import { Path } from '../../../src/model/id.ts';
import { seatsOf } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { booked, type Booking } from '../reclaim/bookings.ts';
import { anywhere, crowds } from '../simulate/edits.ts';

type Short = {
  readonly from?: number;
  readonly until?: number;
  readonly atH?: number;
  readonly offers?: boolean;
};

/** A drain of nodes in `fra1/h1`, in hours from `t0`; without an end for good. */
function drained(
  { state }: World,
  nodes: readonly string[],
  { from = 0, until, atH = 0, offers = false }: Short = {},
): Drained {
  const span = { fromMs: t0 + from * hourMs, untilMs: until === undefined ? never : t0 + until * hourMs };
  const paths = nodes.map((node) => Path.parse(`fra1/h1/${node}`));
  return drain(state, { ...span, nodes: paths, allowPrice: false, offers }, anywhere, t0 + atH * hourMs);
}

const three = world('fra1/h1/r1 3×4 H100');

/** Whole on n01, and nowhere else. */
const pinned = (length: string): Booking => [
  `reserved ${length} r1/n01 gpu0-3`,
  { where: ['fra1/h1/r1/n01'] },
];

/** When n01 is free, in hours; and who holds it then. */
function free(now: World, span: Short): readonly [number | undefined, ...string[]] {
  const [node] = drained(now, ['r1/n01'], span).nodes;
  const atMs = node?.freeAtMs;
  return [atMs === undefined ? undefined : (atMs - t0) / hourMs, ...(node?.heldBy ?? []).map(({ id }) => id)];
}

describe('when a node is free', () => {
  test.each<[string, readonly Booking[], Short, readonly [number | undefined, ...string[]]]>([
    ['at once, where nothing is on it', [], { from: 3, until: 5 }, [3]],
    ['at once, where what was on it is over', [pinned('3h')], { from: 3, until: 5 }, [3]],
    ['at once, where what comes begins as it ends', [pinned('5-9h')], { from: 3, until: 5 }, [3]],
    ['as soon as what cannot move is over', [pinned('4h')], { from: 3, until: 5 }, [4, 'C-101']],
    ['not in a gap that is too short', [pinned('4h'), pinned('5-9h')], { from: 3, until: 5 }, [9, 'C-101']],
    ['in a gap as long as the window', [pinned('4h'), pinned('6-9h')], { from: 3, until: 5 }, [4, 'C-101']],
    [
      'after both, where both are in the window',
      [pinned('4h'), pinned('4-6h')],
      { from: 3, until: 5 },
      [6, 'C-101', 'C-102'],
    ],
    ['never, where one has no end', [pinned('open')], { from: 3, until: 5 }, [undefined, 'C-101']],
    [
      'in a gap before one that has no end',
      [pinned('4h'), ['reserved 6-9999h r1/n01 gpu0-3', { where: ['fra1/h1/r1/n01'] }]],
      { from: 3, until: 5 },
      [4, 'C-101'],
    ],
    [
      'for good only after all that is to come',
      [pinned('4h'), pinned('6-9h')],
      { from: 3 },
      [9, 'C-101', 'C-102'],
    ],
    ['for good at once after all', [pinned('3h')], { from: 3 }, [3]],
    ['by moves, where all can move', ['reserved 9h r1/n01 gpu0-3'], { from: 3, until: 5 }, [3]],
    [
      'by moves and by itself, where one cannot',
      ['reserved 9h r1/n01 gpu0-1', ['reserved 4h r1/n01 gpu2-3', { where: ['fra1/h1/r1/n01'] }]],
      { from: 3, until: 5 },
      [4, 'C-102'],
    ],
  ])('%s', (_, bookings, span, expected) => {
    expect(free(booked(three, ...bookings), span)).toEqual(expected);
  });

  test('each node for itself, in the order in which they were named', () => {
    const now = booked(three, pinned('4h'));
    const { nodes } = drained(now, ['r1/n03', 'r1/n01', 'r1/n02'], { until: 2 });
    expect(nodes.map(({ node, freeAtMs }) => [node.slice(-3), ((freeAtMs ?? 0) - t0) / hourMs])).toEqual([
      ['n03', 0],
      ['n01', 4],
      ['n02', 0],
    ]);
  });

  test('a node that nobody knows is free, and nobody is on it', () => {
    expect(drained(three, ['r1/n09'], { from: 1 }).nodes).toEqual([
      { node: 'fra1/h1/r1/n09', freeAtMs: t0 + hourMs, heldBy: [] },
    ]);
  });
});

describe('who has to go', () => {
  test('whoever holds something in the window, from its begin on', () => {
    const now = booked(
      three,
      'reserved 9h r1/n01 gpu0',
      'reserved 2h r1/n01 gpu1',
      'reserved 5-9h r1/n01 gpu2',
      'reserved 4-9h r1/n01 gpu3',
    );
    const done = drained(now, ['r1/n01'], { from: 2, until: 5 });
    expect(
      done.moves.map(({ contract, placement }) => [contract.id, (placement.startMs - t0) / hourMs]),
    ).toEqual([
      ['C-101', 2],
      ['C-104', 4],
    ]);
    expect(done.untouched.map(({ id }) => id)).toEqual(['C-102', 'C-103']);
  });

  test('nobody moves into the past', () => {
    const done = drained(booked(three, 'reserved 9h r1/n01 gpu0'), ['r1/n01'], { from: 2, until: 8, atH: 4 });
    expect(done.moves.map(({ placement }) => (placement.startMs - t0) / hourMs)).toEqual([4]);
  });

  test('a spare goes too', () => {
    const survive = { loss: 'node', membersLeft: 1 };
    const now = booked(world('fra1/h1/r1 4×4 H100'), ['reserved 9h r1/n01 gpu0, + r1/n02 gpu0', { survive }]);
    const done = drained(now, ['r1/n02']);
    expect(done.moves.map(({ contract }) => contract.id)).toEqual(['C-101']);
    expect(done.moves.flatMap(({ placement }) => seatsOf(placement).map(({ node }) => node))).not.toContain(
      'fra1/h1/r1/n02',
    );
  });

  test('guaranteed ones first; what was stuck is tried again once others have gone', () => {
    const now = booked(
      world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×4 H100'),
      ['preemptible 9h r1/n01 gpu0-1, r1/n02 gpu0-1', { together: 'rack' }],
      ['reserved 9h r1/n01 gpu2-3', { where: ['fra1/h1/r1'] }],
      ['reserved 9h r1/n02 gpu2-3', { where: ['fra1/h1/r1'] }],
    );
    const done = drained(now, ['r1/n01']);
    // C-102 may only go to n02, which is full until C-101 has left it for the other rack, whole.
    expect(
      done.moves.map(({ contract, how, placement }) => [
        contract.id,
        how,
        ...placement.members.map(({ node }) => node.slice(-6)),
      ]),
    ).toEqual([
      ['C-101', 'whole', 'r2/n01', 'r2/n01'],
      ['C-102', 'whole', 'r1/n02'],
    ]);
    expect(done.hindrances).toEqual([]);
  });

  test('nobody goes to another node that is drained', () => {
    const done = drained(booked(three, 'reserved 9h r1/n01 gpu0-3', 'reserved 9h r1/n02 gpu0-3'), [
      'r1/n01',
      'r1/n02',
    ]);
    expect(done.moves.map(({ placement }) => placement.members[0]?.node.slice(-3))).toEqual(['n03']);
    expect(done.hindrances.map(({ contract }) => contract.id)).toEqual(['C-102']);
  });

  test('a way made for one of two leaves the other named', () => {
    const now = booked(
      world('fra1/h1/r1 4×8 H100'),
      'reserved 24h r1/n01 gpu0-7',
      'preemptible 24h r1/n02 gpu0-3',
      'preemptible 24h r1/n03 gpu0-3',
      'reserved 24h r1/n04 gpu0-7',
    );
    const done = drained(now, ['r1/n01', 'r1/n04'], { offers: true });
    expect(done.moves.map(({ contract, makesWayFor }) => [contract.id, makesWayFor])).toEqual([
      ['C-102', 'C-101'],
      ['C-101', undefined],
    ]);
    expect(done.hindrances.map(({ contract }) => contract.id)).toEqual(['C-104']);
  });
});

describe('whatever stands on a node', { timeout: 60_000 }, () => {
  test('each contract moves, is named with a reason or needs nothing; the node is empty where none is named', () => {
    const seen = { moved: 0, stuck: 0, untouched: 0 };
    const span = tuple(integer({ min: 0, max: 6 }), integer({ min: 1, max: 6 }));
    assert(
      property(
        tuple(crowds, constantFrom('r1/n01', 'r1/n02', 'r2/n01', 'r1/n03'), span),
        ([now, node, [from, hours]]) => {
          const done = drained(now, [node], { from, until: from + hours });
          const id = `fra1/h1/${node}`;
          const there = [...now.state.contracts].filter(({ placement }) =>
            seatsOf(placement).some((seat) => seat.node === id),
          );
          const named = [
            ...done.moves.map(({ contract }) => contract),
            ...done.hindrances.map(({ contract }) => contract),
            ...done.untouched,
          ].map((contract) => contract.id);
          expect(named.toSorted()).toEqual(there.map((contract) => contract.id).toSorted());
          expect(done.hindrances.every(({ binding, why }) => binding !== '' && why !== '')).toBe(true);
          const { fleet, calendar } = done.state;
          const index = fleet.nodes.findIndex((known) => known.id === id);
          const left = heldIn(calendar[index] ?? [], t0 + from * hourMs, t0 + (from + hours) * hourMs).filter(
            ({ tenant }) => tenant !== undefined,
          );
          const stuck = new Set<string>(done.hindrances.map(({ contract }) => contract.id));
          expect(left.every(({ holder }) => stuck.has(holder))).toBe(true);
          expect(done.nodes[0]?.heldBy.map((contract) => contract.id).toSorted()).toEqual(
            [...new Set(left.map(({ holder }) => holder))].toSorted(),
          );
          seen.moved += done.moves.length;
          seen.stuck += done.hindrances.length;
          seen.untouched += done.untouched.length;
        },
      ),
      { seed, numRuns: 16 },
    );
    expect(Math.min(seen.moved, seen.untouched)).toBeGreaterThan(3);
  });
});
