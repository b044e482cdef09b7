import { assert, constantFrom, integer, property, subarray } from 'fast-check';
import { expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { domainsOn } from '../../../src/core/place/domain.ts';
import { canSolve } from '../../../src/core/place/solve.ts';
import { keptInside } from '../../../src/core/reclaim/grounds.ts';
import { Prospect } from '../../../src/core/reclaim/prospect.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const racks = ['fra1/h1/r1', 'fra1/h1/r2', 'ams1/h1/r1'];

const empty = world(
  'fra1/h1/r1 3×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h1/r2 2×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  'ams1/h1/r1 2×4 H100 nvlink rdma cpu96 mem512 gpuw700 basew1000 leaf',
  { racks: { 'fra1/h1/r1': { feedLimitW: { A: 9000, B: 9000 } } } },
);

/** A contract on every node, of two or four GPUs. */
const full = empty.state.fleet.nodes.reduce((before: World, node, at) => {
  const gpus = at % 2 === 0 ? '0-1' : '0-3';
  const held = placement(24, `train 0 ${node.id} gpu${gpus}`);
  return granted(
    before,
    demand(`1×${gpus === '0-1' ? 2 : 4} H100 24h`, { tenant: 'globex', guarantee: 'preemptible' }),
    held,
  );
}, empty);

/** Two GPUs of each node, in the order of the ids: ams1 has C-101 and C-102, fra1 the others. */
const pairs = empty.state.fleet.nodes.reduce(
  (before: World, node) =>
    granted(
      before,
      demand('1×2 H100 24h', { tenant: 'globex', guarantee: 'preemptible' }),
      placement(24, `train 0 ${node.id} gpu0-1`),
    ),
  empty,
);

test('where there is no prospect, the search finds no room either, nowhere', () => {
  const { state } = full;
  const verdict = verdictAll(state, 'allowed');
  const contracts = [...state.contracts];
  const seen = new Set<string>();
  assert(
    property(
      subarray(contracts, { maxLength: 3 }),
      integer({ min: 1, max: 4 }),
      constantFrom('3', '4 nvlink rdma'),
      constantFrom<object>(
        {},
        { together: 'rack' },
        { where: ['ams1'] },
        { where: ['fra1/h1/r2'] },
        { isolation: 'rack' },
      ),
      (movers, count, each, more) => {
        const asked = demand(`${count}×${each}`, more);
        const starts = { earliestMs: t0, latestMs: t0 };
        const cleared = givenUp(state, movers, t0);
        const isLeft = new Prospect(state, verdict, { demand: asked, starts, isPlain: false }).isLeft(
          cleared,
          movers,
        );
        const inside = racks.map((id) => domainsOn('rack', state.fleet.nodes).find((rack) => rack.id === id));
        const places = inside.flatMap((domain) => (domain === undefined ? [] : [keptInside(asked, domain)]));
        const fits = [asked, ...places].some((wish) =>
          canSolve(cleared, verdict, { demand: wish, starts, isPlain: true }),
        );
        expect(isLeft || !fits).toBe(true);
        seen.add(`${isLeft} ${fits}`);
      },
    ),
    { seed, numRuns: 400 },
  );
  expect(seen).toContain('true true');
  expect(seen).toContain('false false');
});

test('a scan hopes for everything, and so does whoever asks for what reaches beyond its site', () => {
  const { state } = full;
  const verdict = verdictAll(state, 'allowed');
  const starts = { earliestMs: t0, latestMs: t0 };
  const isLeft = (more: object, isPlain = false) =>
    new Prospect(state, verdict, { demand: demand('4×4', more), starts, isPlain }).isLeft(state, []);
  expect(isLeft({})).toBe(false);
  expect(isLeft({}, true)).toBe(true);
  expect(isLeft({ survive: { loss: 'rack', membersLeft: 1 } })).toBe(true);
});

test.each<[string, string, object, readonly number[], boolean]>([
  ['no room before and nobody leaves: none', '4×4', {}, [], false],
  ['a node that somebody leaves is whole', '1×4', {}, [103], true],
  ['at the site that is wanted', '1×4', { where: ['fra1'] }, [103], true],
  ['not at another one', '1×4', { where: ['ams1'] }, [103], false],
  ['not where one is too few', '2×4', { where: ['fra1'] }, [103], false],
  ['where two leave, two', '2×4', { where: ['fra1'] }, [103, 104], true],
  ['halves that are free need nobody to leave', '5×2', { where: ['fra1'] }, [], true],
])('by hand: %s', (_, text, more, gone, expected) => {
  const state = pairs.state;
  const verdict = verdictAll(state, 'allowed');
  const asked = { demand: demand(text, more), starts: { earliestMs: t0, latestMs: t0 }, isPlain: false };
  const movers = [...state.contracts].filter(({ id }) => gone.some((number) => id === `C-${number}`));
  expect(new Prospect(state, verdict, asked).isLeft(givenUp(state, movers, t0), movers)).toBe(expected);
});
