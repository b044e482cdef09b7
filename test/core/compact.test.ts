import { expect, test } from 'vitest';

import { compacted } from '../../src/core/compact.ts';
import { digestState } from '../../src/core/digest.ts';
import { applyAll, emptyState, type State } from '../../src/core/state.ts';
import { Plan } from '../../src/model/plan.ts';
import { act, planned, take } from './acts.ts';
import { demand } from './demand.ts';
import { hourMs, t0, world } from './fleet.ts';

const fleet = world('fra1/h1/r1 4×8 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf', {
  sites: { fra1: { gpuPrices: { H100: 2_000_000 }, priceBook: 'book/1' } },
});

/** As it comes out of a ledger: nothing in it is shared with anything. */
function reread(plan: Plan): Plan {
  return Plan.parse(JSON.parse(JSON.stringify(plan)));
}

test.each(['1×8 H100 5h', '2×4 rdma', '1×cpu4 mem8 1h', '2×2 + 1×cpu8', '3×1 apart:node 2h'])(
  'what a contract keeps is what its plan says: %s',
  (text) => {
    const { plan } = planned(fleet, demand(text, { isolation: 'node' }));
    const kept = compacted(fleet.state.fleet, reread(plan));
    const { demand: asked, placement, price, terms } = plan;
    expect(kept).toStrictEqual({ demand: asked, placement, price, terms });
  },
);

test('contracts that ask for the same share what is equal, and only that', () => {
  const [one, two] = ['1×8 H100 5h', '1×8 H100 5h'].map((text, at) =>
    compacted(
      fleet.state.fleet,
      reread(
        planned(fleet, demand(text, { window: { earliestStartMs: t0 + at * hourMs, durationS: 3600 } })).plan,
      ),
    ),
  );
  expect(one?.demand.parts).toBe(two?.demand.parts);
  expect(one?.price).toBe(two?.price);
  expect(one?.placement.members[0]?.gpus).toBe(two?.placement.members[0]?.gpus);
  expect(one?.placement.members[0]?.node).toBe(fleet.state.fleet.nodes[0]?.id);
  expect(one?.demand.window).not.toEqual(two?.demand.window);
  const more = compacted(fleet.state.fleet, reread(planned(fleet, demand('1×4 H100 5h')).plan));
  expect(more.demand.parts).not.toEqual(one?.demand.parts);
});

test('terms that promise the same are one only where everything about them is the same', () => {
  const { plan } = planned(fleet, demand('1×8 H100 5h'));
  const [term] = plan.terms;
  if (term === undefined) throw new Error('a plan without terms');
  const others = [
    { ...term, strength: 'declared' as const },
    { ...term, heldAs: 'a promise' },
    { ...term, enforcedBy: 'nobody' },
    { ...term, measuredBy: 'nothing' },
    { ...term, kind: 'space' as const },
  ];
  const terms = [term, ...others, { ...term }, ...others];
  expect(compacted(fleet.state.fleet, { ...plan, terms }).terms).toStrictEqual(terms);
  const twice = compacted(fleet.state.fleet, { ...plan, terms: [{ ...term }, { ...term }] }).terms;
  expect(twice[0]).toBe(twice[1]);
});

test('a state that is folded from plans read again is the same state', () => {
  const before = take(take(fleet, demand('2×8 rdma 5h')), demand('3×cpu8 mem16 2h'));
  const again = before.entries.reduce((state: State, { events, stamp }) => {
    const archive = {
      observation: before.archive.observation.bind(before.archive),
      plan: (digest: Parameters<typeof before.archive.plan>[0]) => reread(before.archive.plan(digest)),
    };
    return applyAll(state, events, stamp, archive);
  }, emptyState);
  expect(digestState(again)).toBe(digestState(before.state));
});

test('replicas that hold the same of one node stand there one by one, and all end', () => {
  const taken = take(fleet, demand('3×cpu8 mem16 2h', { where: ['fra1/h1/r1/n01'] }));
  const held = taken.state.calendar[0] ?? [];
  expect(held).toHaveLength(3);
  expect(new Set(held).size).toBe(3);
  const [contract] = taken.state.contracts;
  if (contract === undefined) throw new Error('no contract');
  const ended = act(taken, { kind: 'release-contract', contract: contract.id }, { atMs: t0 + hourMs });
  expect(ended.world.state.calendar[0]?.map(({ endMs }) => endMs)).toEqual([
    t0 + hourMs,
    t0 + hourMs,
    t0 + hourMs,
  ]);
});
