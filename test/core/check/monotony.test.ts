import { type Arbitrary, array, assert, constantFrom, integer, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import type { Isolation } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { brokenRules, during, findings } from './findings.ts';

/** Two racks with limits of every kind that a few members come up against. */
const line = '2×4 H100-SXM-80GB mig gpumem80 nvlink rdma numa2 cpu16 mem64 disk40 gpuw100 basew100';
const fleet = world(`fra1/h1/r1 ${line}`, `fra1/h1/r2 ${line}`, {
  racks: { 'fra1/h1/r1': { feedLimitW: { A: 900, B: 900 }, coolingLimitW: 1000 } },
  halls: { 'fra1/h1': { powerBudgetW: 1200 } },
  sites: { fra1: { powerBudgetW: 1100 } },
});
const nodes = fleet.state.fleet.nodes.map(({ id }) => id);

/** What somebody holds of a node, planned or not. */
const seat = record({
  at: nat(nodes.length - 1),
  words: constantFrom(
    'gpu0-1 nic0-1 cpu8 mem32 300W',
    'gpu0 cpu4 mem16 200W',
    'gpu2-3 cpu9 mem33 disk21 500W',
    '0:1g.10gb@0 cpu1 mem2 50W',
    '0:3g.40gb@0 cpu4 mem16 90W',
    '0:1g.10gb+me@6 cpu1 mem2 50W',
    '1:600 cpu2 mem8 100W',
    '1:400 cpu2 mem8 100W',
    'nic3 cpu16 disk40 400W',
  ),
});
type Seat = typeof seat extends Arbitrary<infer T> ? T : never;

const hold = record({
  seat,
  fromH: integer({ min: 0, max: 9 }),
  hours: integer({ min: 1, max: 4 }),
  isolation: constantFrom<Isolation>('shared', 'shared', 'shared', 'node', 'rack', 'site'),
});
type Held = typeof hold extends Arbitrary<infer T> ? T : never;

const holds = array(hold, { maxLength: 4 });
const seats = array(seat, { minLength: 1, maxLength: 3 });
const own = constantFrom<Isolation>('shared', 'node', 'rack', 'site');

function movesIn(before: World, { seat: { at, words }, fromH, hours, isolation }: Held): World {
  const held = during(placement(1, `train 0 ${nodes[at]} ${words}`), fromH, fromH + hours);
  return granted(before, demand('1×1', { tenant: 'globex', isolation }), held);
}

/** Members from hour 4 to hour 8, or other hours, of somebody who may want to be alone. */
function asked(
  members: readonly Seat[],
  isolation: Isolation,
  [fromH, toH]: readonly [number, number] = [4, 8],
) {
  const lines = members.map(({ at, words }, replica) => `train ${replica} ${nodes[at]} ${words}`);
  const window = { earliestStartMs: t0 + fromH * hourMs, durationS: (toH - fromH) * 3600 };
  return {
    wish: demand(`${members.length}×1 cpu1`, { isolation, window }),
    held: during(placement(1, ...lines), fromH, toH),
  };
}

/** Rules that are about what there is room for. What a member itself should hold is another matter. */
const aboutRoom =
  /^(?:cpu|memory|storage|device-once|gpu-mode|gpu-share|mig-overlap|mig-media|isolation|.*-(?:power|cooling))$/;

function tight(on: World, { wish, held }: ReturnType<typeof asked>): readonly string[] {
  return brokenRules(on, wish, held).filter((rule) => aboutRoom.test(rule) && rule !== 'member-power');
}

test('more that others hold makes nothing right that was wrong', () => {
  let found = 0;
  assert(
    property(seats, own, holds, holds, (members, isolation, some, more) => {
      const now = some.reduce(movesIn, fleet);
      const [before, after] = [now, more.reduce(movesIn, now)].map((on) =>
        tight(on, asked(members, isolation)),
      );
      expect(after).toEqual(expect.arrayContaining([...(before ?? [])]));
      found += before?.length ?? 0;
    }),
    { seed, numRuns: 70 },
  );
  expect(found).toBeGreaterThan(60);
});

test('a window inside another breaks nothing that the whole does not break', () => {
  assert(
    property(seats, own, holds, nat(3), nat(3), (members, isolation, others, later, sooner) => {
      const on = others.reduce(movesIn, fleet);
      const inner = asked(members, isolation, [
        4 + Math.min(later, 3),
        Math.max(8 - sooner, 5 + Math.min(later, 3)),
      ]);
      expect(tight(on, asked(members, isolation))).toEqual(expect.arrayContaining([...tight(on, inner)]));
    }),
    { seed, numRuns: 50 },
  );
});

test('one member fewer breaks nothing that all of them do not break', () => {
  assert(
    property(seats, seat, own, holds, (members, last, isolation, others) => {
      const on = others.reduce(movesIn, fleet);
      const all = tight(on, asked([...members, last], isolation));
      expect(all).toEqual(expect.arrayContaining([...tight(on, asked(members, isolation))]));
    }),
    { seed, numRuns: 50 },
  );
});

test('what is over before it begins, or begins after it is over, is not seen', () => {
  assert(
    property(seats, own, holds, (members, isolation, others) => {
      const on = others.reduce(movesIn, fleet);
      const there = others.filter(({ fromH, hours }) => fromH < 8 && fromH + hours > 4);
      const { wish, held } = asked(members, isolation);
      const beside = there.reduce(movesIn, fleet);
      expect(brokenRules(on, wish, held)).toEqual(brokenRules(beside, wish, held));
    }),
    { seed, numRuns: 50 },
  );
});

test('the same some hours later is as right or wrong', () => {
  assert(
    property(seats, own, holds, integer({ min: 1, max: 99 }), (members, isolation, others, byH) => {
      const later = others.map((one) => ({ ...one, fromH: one.fromH + byH }));
      const [now, then] = [others, later].map((all) => all.reduce(movesIn, fleet));
      if (now === undefined || then === undefined) return;
      expect(tight(then, asked(members, isolation, [4 + byH, 8 + byH]))).toEqual(
        tight(now, asked(members, isolation)),
      );
    }),
    { seed, numRuns: 30 },
  );
});

test('members may be listed in any order, and others may have come in any', () => {
  assert(
    property(seats, own, holds, (members, isolation, others) => {
      const { wish, held } = asked(members, isolation);
      const on = others.reduce(movesIn, fleet);
      expect(findings(on, wish, { ...held, members: held.members.toReversed() })).toEqual(
        findings(on, wish, held),
      );
      const backwards = others.toReversed().reduce(movesIn, fleet);
      expect(tight(backwards, { wish, held })).toEqual(tight(on, { wish, held }));
    }),
    { seed, numRuns: 30 },
  );
});
