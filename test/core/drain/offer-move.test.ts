import { describe, expect, test } from 'vitest';

import { offerMove } from '../../../src/core/drain/offer-move.ts';
import { liveAt, remainderOf } from '../../../src/core/simulate/remainder.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { identify, type Plan } from '../../../src/model/plan.ts';
import { applyChange, change } from '../acts.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked } from '../reclaim/bookings.ts';
import { anywhere } from '../simulate/edits.ts';

const three = world('fra1/h1/r1 3×4 H100');
const held = booked(three, 'reserved 24h r1/n01 gpu0-3');

/** A plan that takes a run of C-101 off these nodes from some hours on. */
function offered(
  { state }: World,
  nodes: readonly string[],
  { hours = 0, run = 0, judge = anywhere } = {},
): Plan | undefined {
  const contract = liveAt(state, t0)[run];
  if (contract === undefined) throw new Error('no such run');
  const paths = nodes.map((node) => Path.parse(`fra1/h1/r1/${node}`));
  return offerMove(state, remainderOf(contract, t0 + hours * hourMs), { nodes: paths, atMs: t0, judge });
}

describe('a move off some nodes as a plan', () => {
  test('changes the contract from then on, to a node that is none of them', () => {
    const plan = offered(held, ['n01', 'n02'], { hours: 5 });
    expect(plan?.changes).toMatchObject({ contract: 'C-101', version: 1 });
    expect(plan?.placement.members.map(({ node }) => node)).toEqual(['fra1/h1/r1/n03']);
    expect([plan?.placement.startMs, plan?.placement.endMs]).toEqual([t0 + 5 * hourMs, t0 + 24 * hourMs]);
  });

  test('can be committed, and the contract keeps off them from then on', () => {
    const plan = offered(held, ['n01'], { hours: 5 });
    if (plan === undefined) throw new Error('a plan');
    const { decision, world: after } = applyChange(held, { kind: 'planned', ...identify(plan), plan });
    expect(decision).toMatchObject({ kind: 'contract-changed', contract: 'C-101' });
    expect(after.state.contracts.at(0)?.demand.avoid).toEqual(['fra1/h1/r1/n01']);
  });

  test('there is none, where no other node has room, or the rules are against it', () => {
    expect(offered(held, ['n01', 'n02', 'n03'])).toBeUndefined();
    expect(
      offered(booked(held, 'reserved 24h r1/n02 gpu0', 'reserved 24h r1/n03 gpu0'), ['n01']),
    ).toBeUndefined();
    expect(offered(held, ['n01'], { judge: (state) => verdictAll(state, 'forbidden') })).toBeUndefined();
  });

  test('there is none of what a change is still to take over from, only of what comes after', () => {
    const later = change(
      held,
      ContractId.parse('C-101'),
      { avoid: [Path.parse('fra1/h1/r1/n01')] },
      { atMs: t0 + hourMs },
    );
    expect(liveAt(later.state, t0)).toHaveLength(2);
    expect(offered(later, ['n01'], { run: 0 })).toBeUndefined();
    expect(offered(later, ['n02'], { run: 1, hours: 1 })?.changes).toMatchObject({ version: 2 });
    // From two on it would hold nothing for an hour.
    expect(offered(later, ['n02'], { run: 1, hours: 2 })).toBeUndefined();
  });

  test('a demand avoids sixty-four places at most', () => {
    const wide = booked(world('fra1/h1/r1 66×1 H100'), 'reserved 24h r1/n01 gpu0');
    const names = Array.from({ length: 65 }, (_, at) => `n${String(at + 1).padStart(2, '0')}`);
    expect(offered(wide, names.slice(0, 64))?.placement.members.map(({ node }) => node.slice(-3))).toEqual([
      'n65',
    ]);
    expect(offered(wide, names)).toBeUndefined();
  });
});
