import { array, assert, constantFrom, integer, nat, property, record, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Demand, fillInOrder } from '../../src/bench/fill.ts';
import { LeastPower } from '../../src/bench/least-power.ts';
import { Packer } from '../../src/core/packing/packer.ts';
import { policyNamed } from '../../src/core/packing/policies.ts';
import { leastCpuWatts, PowerMeter } from '../../src/core/packing/power.ts';
import { publishedNames } from '../../src/core/packing/published.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from '../core/packing/given.ts';

describe('filling places in their order', () => {
  test.each<readonly [what: string, demands: readonly Demand[], rooms: readonly number[], filled: number[]]>([
    ['nothing to place', [], [3, 4], [0, 0]],
    ['no place', [demand(3)], [], []],
    ['the first takes what it can, the next the rest', [demand(5, 0, 1)], [3, 4], [3, 2]],
    ['what has no room is left out', [demand(9, 0, 1)], [3, 4], [3, 4]],
    ['who can go nowhere', [demand(9)], [3, 4], [0, 0]],
    ['who can go to the last only', [demand(4, 1), demand(4, 0, 1)], [9, 9], [4, 4]],
    // The second could take the first place, but the first demand has no other.
    ['one makes room for another', [demand(3, 0, 1), demand(3, 0)], [3, 3], [3, 3]],
    // Into place 2 comes demand 1 from place 1, so that demand 0 moves there, so that demand 2 finds place 0.
    ['a chain of moves', [demand(2, 0, 1), demand(2, 1, 2), demand(2, 0)], [2, 2, 2], [2, 2, 2]],
    ['a demand of nothing', [demand(0, 0)], [3], [0]],
    ['a place without room', [demand(2, 0, 1)], [0, 2], [0, 2]],
  ])('%s', (_, demands, rooms, filled) => {
    expect(fillInOrder(demands, rooms)).toEqual(filled);
  });

  test('costs no more than any other way to serve as much', () => {
    const cases = record({
      demands: array(record({ amount: nat(3), places: subarray([0, 1, 2]) }), { maxLength: 4 }),
      rooms: array(nat(4), { minLength: 3, maxLength: 3 }),
    });
    assert(
      property(cases, ({ demands, rooms }) => {
        expect(fillInOrder(demands, rooms)).toEqual(bestByTrial(demands, rooms));
      }),
      { seed, numRuns: 400 },
    );
  });
});

describe('the least power', () => {
  // Idle: a T4 10 W, an A100 50 W, a socket 15 W. More in use: 60 W, 350 W, 105 W for 32 CPUs.
  const idle = 2 * 10 + 2 * 50 + 2 * 15;
  test.each([
    ['nothing runs', [], 0],
    ['CPUs take their part of a socket', ['cpu16'], 53],
    ['and of all sockets together', ['cpu16', 'cpu16'], 105],
    ['a GPU is of the model that draws least', ['cpu0 1x1000'], 60],
    ['while there is one', ['cpu0 1x1000', 'cpu0 1x1000', 'cpu0 1x1000'], 2 * 60 + 350],
    ['unless another is named', ['cpu0 1x1000 A100'], 350],
    ['or no other node has as many GPUs', ['cpu0 2x1000', 'cpu0 2x1000'], 2 * 60 + 2 * 350],
    ['or CPUs', ['cpu20 1x100'], 66 + 35],
    ['halves share a GPU', ['cpu0 1x500', 'cpu0 1x500', 'cpu0 1x500'], 90],
    ['shares above a half do not', ['cpu0 1x600', 'cpu0 1x501', 'cpu0 1x501'], 2 * 60 + 350],
    ['but a half may stand beside another', ['cpu0 1x600', 'cpu0 1x500', 'cpu0 1x500'], 2 * 60],
    // 0.7 + 0.4 do not go together: with e = 0.4, what is above 0.6 counts as 1, and 2 × 0.4 besides.
    ['nor do large and medium ones', ['cpu0 1x700', 'cpu0 1x400', 'cpu0 1x400'], 108],
    ['who names a model is not moved off it', ['cpu0 2x1000 T4', 'cpu0 1x1000'], 120 + 350],
  ] as const)('%s', (_, requests, moreW) => {
    const { nodes, shapes } = fleetOf(nodesOf('t 2xT4 cpu16 mem99', 'a 2xA100 cpu32 mem99'), []);
    const least = new LeastPower(nodes, shapes);
    for (const text of requests) least.add(shapes.idOf(shapeOf(text)));
    expect(least.totalW).toBe(idle + moreW);
  });

  test('alike in model and number of GPUs, the node with the most CPUs stands for all', () => {
    const { nodes, shapes } = fleetOf(nodesOf('s 1xT4 cpu2 mem99', 'l 1xT4 cpu16 mem99'), []);
    const least = new LeastPower(nodes, shapes);
    least.add(shapes.idOf(shapeOf('cpu16 1x1000')));
    least.add(shapes.idOf(shapeOf('cpu16 1x1000')));
    // No fleet could do this; the bound stays below all that can be.
    expect(least.totalW).toBe(2 * 10 + 2 * 15 + 2 * 60 + 105);
  });

  test('a model whose draw nobody knows has none', () => {
    const { nodes, shapes } = fleetOf(nodesOf('h 1xH900 cpu8 mem9'), []);
    expect(() => new LeastPower(nodes, shapes)).toThrow('`H900` draws is not known');
  });

  test('no policy goes below it, and one more request does not lower it', { timeout: 60_000 }, () => {
    const cases = record({
      nodes: someNodes,
      shapes: someShapes,
      steps: someSteps,
      policy: constantFrom('power', ...publishedNames),
    });
    assert(
      property(cases, ({ nodes, shapes, steps, policy }) => {
        const fleet = fleetOf(nodes, shapes);
        const least = new LeastPower(fleet.nodes, fleet.shapes);
        const meter = new PowerMeter(fleet.nodes);
        const packer = new Packer(fleet.nodes, fleet.shapes, policyNamed(policy, fleet).policy);
        let before = least.totalW;
        expect(before).toBe(meter.totalW);
        for (const step of steps) {
          const wanted = shapes[Math.abs(step) % shapes.length];
          const seat = wanted === undefined ? undefined : packer.place(fleet.shapes.idOf(wanted));
          if (seat === undefined) continue;
          meter.update(seat.node);
          least.add(seat.shape);
          expect(least.totalW).toBeLessThanOrEqual(meter.totalW);
          expect(least.totalW).toBeGreaterThanOrEqual(before);
          before = least.totalW;
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  test('of CPUs: what the sockets draw if they are full, rounded up', () => {
    assert(
      property(integer({ min: 0, max: 10_000_000 }), (cpuMilli) => {
        const watts = leastCpuWatts(cpuMilli);
        expect(watts * 32_000).toBeGreaterThanOrEqual(cpuMilli * 105);
        expect((watts - 1) * 32_000).toBeLessThan(cpuMilli * 105);
      }),
      { seed, numRuns: 200 },
    );
  });
});

function demand(amount: number, ...places: readonly number[]): Demand {
  return { amount, places };
}

/** Of all ways to place units one by one, that which fills most in the first place, then in the second, and so on. */
function bestByTrial(demands: readonly Demand[], rooms: readonly number[]): number[] {
  const units = demands.flatMap(({ amount, places }) => Array.from({ length: amount }, () => places));
  let states = new Set([rooms.join()]);
  for (const places of units) {
    const next = new Set(states);
    for (const state of states) {
      const left = state.split(',').map(Number);
      for (const place of places)
        if ((left[place] ?? 0) > 0) next.add(left.map((room, at) => (at === place ? room - 1 : room)).join());
    }
    states = next;
  }
  const filled = [...states].map((state) =>
    state.split(',').map((left, at) => (rooms[at] ?? 0) - Number(left)),
  );
  const [best = []] = filled.toSorted((a, b) => {
    const at = a.findIndex((value, place) => value !== b[place]);
    return at < 0 ? 0 : (b[at] ?? 0) - (a[at] ?? 0);
  });
  return best;
}
