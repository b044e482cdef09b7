import { expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { askChange, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';

const id = ContractId.parse('C-101');

/** A contract on 40 nodes for a day; after it some of them are taken, each by somebody else. */
function large(obstacles: readonly number[]) {
  const before = take(world('fra1/h1/r1 80×4 H100'), demand('40×4 H100 24h'));
  const later = { earliestStartMs: t0 + 24 * hourMs, durationS: 3600 };
  return obstacles.reduce((now, at) => {
    const where = [`fra1/h1/r1/n${String(at).padStart(2, '0')}`];
    return take(now, demand('1×1 H100', { tenant: 'globex', where, window: later }));
  }, before);
}

test.each([
  [[], '40 stay'],
  [[1], '39 stay, 1 moves'],
  [[1, 2, 17, 40], '36 stay, 4 move'],
  [Array.from({ length: 40 }, (_, at) => at + 1), '40 move'],
])('of a large contract that goes on for longer, only those move that have to: %j', (obstacles, moves) => {
  const answer = askChange(large(obstacles), id, { end: { kind: 'at', atMs: t0 + 25 * hourMs } });
  const why = answer.kind === 'planned' ? answer.plan.report.sites[0]?.why : answer.refusal;
  expect(why).toMatch(new RegExp(`: ${moves}$`));
});

/** So many whole nodes, of which some are guaranteed. */
function elastic(count: number, minCount: number): Demand {
  const wish = demand(`${count}×4 H100 10h`);
  return { ...wish, guarantee: 'elastic', parts: wish.parts.map((part) => ({ ...part, minCount })) };
}

/** Three whole nodes of one elastic contract; before it, on the first node, there is room again. */
const moved = release(
  take(take(world('fra1/h1/r1 4×4 H100'), demand('1×4 H100 10h')), elastic(3, 2)),
  id,
).world;

/** Which node each replica is on after a change to another elastic demand. */
function nodesAfter(on: World, wish: Demand): readonly string[] | string {
  const answer = askChange(on, ContractId.parse('C-102'), { demand: wish });
  if (answer.kind === 'refused') return answer.refusal.kind;
  return answer.plan.placement.members.map(({ replica, node }) => `${replica} ${node.slice(-3)}`);
}

test.each([
  ['as many as there is room for', elastic(4, 2), ['0 n02', '1 n03', '2 n04', '3 n01']],
  [
    'more than there is room for, of which none has to be there',
    elastic(6, 2),
    ['0 n02', '1 n03', '2 n04', '3 n01'],
  ],
  ['more, of which one has to be there', elastic(6, 4), ['0 n02', '1 n03', '2 n04', '3 n01']],
  ['more, of which two would have to be there', elastic(6, 5), 'no-capacity'],
  ['as many as before', elastic(3, 3), ['0 n02', '1 n03', '2 n04']],
  ['fewer', elastic(2, 1), ['0 n02', '1 n03']],
])(
  'an elastic contract that wants %s stays where it is, and gets what is missing beside it',
  (_, wish, nodes) => {
    expect(nodesAfter(moved, wish)).toEqual(nodes);
  },
);

/** Somebody has the first nodes while a contract comes to stand behind them, and leaves. */
function standingBehind(nodes: World, first: string, wish: Demand): World {
  return release(take(take(nodes, demand(first)), wish), id).world;
}

test('what is missing draws no more than the cap leaves beside what stays', () => {
  const cap = { powerCapW: 1500 };
  // The first node draws 700 W, all others 500.
  const nodes = world('fra1/h1/r1 1×4 H100 gpuw150 basew100', 'fra1/h1/r1 3×4 H100 gpuw100 basew100');
  const on = standingBehind(nodes, '2×4 H100 10h', demand('2×4 H100 10h', cap));
  expect(nodesAfter(on, demand('3×4 H100 10h', cap))).toEqual(['0 n03', '1 n04', '2 n02']);
});

test('what is missing is apart from what stays', () => {
  const on = standingBehind(world('fra1/h1/r1 2×4 H100'), '1×4 H100 10h', demand('1×2 H100 apart:node 10h'));
  expect(nodesAfter(on, demand('2×2 H100 apart:node 10h'))).toEqual(['0 n02', '1 n01']);
});
