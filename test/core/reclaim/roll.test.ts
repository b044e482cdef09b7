import { expect, test } from 'vitest';

import { gpuCountOf } from '../../../src/core/reclaim/loss.ts';
import { rollOf } from '../../../src/core/reclaim/roll.ts';
import { firstContract, type State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { type World, world } from '../fleet.ts';

const empty = world('fra1/h1/r1 4×8 H100');

/** The states that come up while one demand after the other is granted. */
function history(...demands: readonly Demand[]): readonly State[] {
  const worlds = demands.reduce<readonly World[]>(
    (before, wish) => [...before, take(before.at(-1) ?? empty, wish)],
    [empty],
  );
  return worlds.map(({ state }) => state);
}

const reserved = history(demand('1×4 1h'), demand('2×1 1h'), demand('1×2 1h'), demand('1×1 1h'));

/** Numbers of all contracts, by their size and then by their number. */
function sorted({ contracts }: State): readonly number[] {
  return [...contracts]
    .map((contract, at) => ({ number: firstContract + at, size: gpuCountOf(contract) }))
    .toSorted((a, b) => a.size - b.size || a.number - b.number)
    .map(({ number }) => number);
}

function allOf({ contracts }: State): Int32Array {
  return Int32Array.from(contracts, (_, at) => firstContract + at);
}

test('the roll follows contracts forwards and back, and gives the smallest first', () => {
  for (const state of [...reserved, ...reserved.toReversed()])
    expect([...rollOf(state).smallestFirst(allOf(state))]).toEqual(sorted(state));
  expect(sorted(reserved.at(-1) ?? empty.state)).toEqual([104, 102, 103, 101]);
});

test.each(['preemptible', 'elastic'] as const)(
  'a contract that is %s yields, as long as it is there',
  (guarantee) => {
    const [, before, after] = history(demand('1×4 1h'), demand('2×1 1h', { guarantee }));
    if (before === undefined || after === undefined) throw new Error('two were granted');
    for (const state of [before, after, before, after])
      expect(rollOf(state).isYielding).toBe(state === after);
  },
);

test('on a fleet where all is reserved nothing yields', () => {
  for (const state of reserved) expect(rollOf(state).isYielding).toBe(false);
});
