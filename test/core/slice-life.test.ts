import { expect, test } from 'vitest';

import { differenceOf, differenceWords } from '../../src/core/life/moves.ts';
import { contractOf } from '../../src/core/state.ts';
import { ContractId, Path } from '../../src/model/id.ts';
import type { Member } from '../../src/model/placement.ts';
import { heldWords } from '../../src/model/slice.ts';
import { askChange, change, take } from './acts.ts';
import { demand } from './demand.ts';
import { hourMs, t0, type World, world } from './fleet.ts';
import { placement } from './placement.ts';

const c101 = ContractId.parse('C-101');
const rack = world('fra1/h1/r1 2×1 H100-SXM-80GB mig gpumem80 cpu128 mem1024');
const later = { atMs: t0 + 2 * hourMs };

function slicesOf({ state }: World): string[] {
  const { members } = contractOf(state, c101)?.placement ?? { members: [] };
  return members.map(({ node, slices = [] }) => `${node.slice(-3)} ${slices.map(heldWords).join(', ')}`);
}

function instance(start: number): readonly Member[] {
  return placement(1, `train 0 fra1/h1/r1/n01 0:1g.10gb@${start}`).members;
}

const running = take(rack, demand('2×1 mig:2g.20gb 9h'));

test('slices stay where they are when their contract is extended or grows', () => {
  expect(slicesOf(running)).toEqual(['n01 2g.20gb at start 4 on gpu0', 'n01 2g.20gb at start 0 on gpu0']);
  const longer = change(running, c101, { end: { kind: 'at', atMs: t0 + 20 * hourMs } }, later);
  expect(slicesOf(longer)).toEqual(slicesOf(running));
  const larger = change(running, c101, { replicas: { train: 3 } }, later);
  expect(slicesOf(larger)).toEqual([...slicesOf(running), 'n01 2g.20gb at start 2 on gpu0']);
});

test('slices move to another node whole, and what they leave can be whole again', () => {
  const moved = change(running, c101, { avoid: [Path.parse('fra1/h1/r1/n01')] }, later);
  expect(slicesOf(moved)).toEqual(['n02 2g.20gb at start 4 on gpu0', 'n02 2g.20gb at start 0 on gpu0']);
  const window = { earliestStartMs: t0 + 2 * hourMs, durationS: 3600 };
  const whole = take(moved, demand('1×1', { tenant: 'globex', window }), later);
  expect(contractOf(whole.state, ContractId.parse('C-102'))?.placement.members[0]?.node).toBe(
    'fra1/h1/r1/n01',
  );
});

test('a contract grows only as far as slices are left', () => {
  expect(askChange(running, c101, { replicas: { train: 6 } }, later).kind).toBe('planned');
  expect(askChange(running, c101, { replicas: { train: 7 } }, later).kind).toBe('refused');
});

test('another start is a move', () => {
  expect(differenceWords(differenceOf(instance(6), instance(6)))).toBe('1 stays');
  expect(differenceWords(differenceOf(instance(6), instance(5)))).toBe('1 moves');
});
