import { assert, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bases, policyOn, usualBase } from '../../../src/core/packing/bases.ts';
import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { tightestGpus } from '../../../src/core/packing/gpus.ts';
import { Packer, type Seat } from '../../../src/core/packing/packer.ts';
import type { Policy } from '../../../src/core/packing/policy.ts';
import { Rankings } from '../../../src/core/packing/rankings.ts';
import { scan } from '../../../src/core/packing/scan.ts';
import { staged } from '../../../src/core/packing/staged.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from './given.ts';

/** Scores, bonuses and GPUs that tell which of the two was asked. */
const first: Policy = { score: (node) => 100 - node, bonus: (model) => model, choose: () => 0b01 };
const second: Policy = { score: (node) => 200 + node, choose: () => 0b10 };

/** Ten GPUs on one node, and a way to use so many thousandths of one more. */
function tenGpus() {
  const { nodes, shapes } = fleetOf(nodesOf('a 10xT4 cpu99 mem999'), []);
  let next = 0;
  const use = (...millis: readonly number[]) => {
    for (const milli of millis) nodes.take(0, shapes, shapes.idOf(shapeOf(`cpu1 1x${milli}`)), 1 << next++);
  };
  return { nodes, shapes, use };
}

describe('a policy in two stages', () => {
  test.each([
    [[], 0],
    [[1000, 1000, 1000, 1000, 990], 0],
    [[1000, 1000, 1000, 1000, 1000], 1],
    [[1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000], 1],
  ])('with %j of ten GPUs in use, stage %d decides', (millis, stage) => {
    const { nodes, use } = tenGpus();
    const policy = staged(first, second, nodes);
    use(...millis);
    expect(policy.stage?.()).toBe(stage);
    expect(policy.score(7, 0)).toBe(stage === 0 ? 93 : 207);
    expect(policy.bonus?.(3, 0)).toBe(stage === 0 ? 3 : 0);
    expect(policy.choose(0, 0)).toBe(stage === 0 ? 0b01 : 0b10);
  });

  test('CPUs that run out count as GPUs do', () => {
    const { nodes, shapes } = fleetOf(nodesOf('a 10xT4 cpu10 mem999'), []);
    const policy = staged(first, second, nodes);
    nodes.take(0, shapes, shapes.idOf(shapeOf('cpu4')), 0);
    expect(policy.stage?.()).toBe(0);
    nodes.take(0, shapes, shapes.idOf(shapeOf('cpu1')), 0);
    expect(policy.stage?.()).toBe(1);
  });

  test('when enough has left, the first one decides again', () => {
    const { nodes, shapes, use } = tenGpus();
    const policy = staged(first, second, nodes);
    use(1000, 1000, 1000, 1000, 1000);
    expect(policy.stage?.()).toBe(1);
    nodes.release(0, shapes, shapes.idOf(shapeOf('cpu1 1x1000')), 1);
    expect(policy.stage?.()).toBe(0);
    expect(policy.score(7, 0)).toBe(93);
  });

  test('a fleet without GPUs has one stage', () => {
    expect(staged(first, second, fleetOf(nodesOf('a 0x cpu9 mem9'), []).nodes).stage?.()).toBe(0);
  });

  test('the turn changes who wins at once, for shapes that were ranked before it and after it', () => {
    const lines = ['a 2xT4 cpu9 mem99', 'b 2xT4 cpu9 mem99', 'c 2xT4 cpu9 mem99'];
    const fleet = fleetOf(nodesOf(...lines), []);
    const policy = turning(fleet);
    const packer = new Packer(fleet.nodes, fleet.shapes, policy);
    const shape = fleet.shapes.idOf(shapeOf('cpu1 1x500'));
    packer.prepare(shape);
    const seats = Array.from({ length: 8 }, () => packer.place(shape));
    // Six GPUs: three are in use when half of the fleet is.
    expect(namesOf(fleet, seats)).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'c', 'c']);
    for (const seat of seats.slice(0, 4)) if (seat !== undefined) packer.release(seat);
    expect(namesOf(fleet, [packer.place(shape)])).toEqual(['a']);
  });

  test('the index answers what a scan answers, through all turns', { timeout: 60_000 }, () => {
    const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });
    const seen = new Set<string>();
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const policy = turning(fleet);
        const rankings = [
          new Rankings(fleet.nodes, fleet.shapes, policy, 1),
          new Rankings(fleet.nodes, fleet.shapes, policy),
        ];
        const held: Seat[] = [];
        const packer = new Packer(fleet.nodes, fleet.shapes, policy);
        let before = policy.stage?.();
        for (const step of steps) {
          const wanted = shapes[Math.abs(step) % shapes.length];
          const [leaving] = step < 0 ? held.splice(-step % Math.max(1, held.length), 1) : [];
          if (leaving !== undefined) packer.release(leaving);
          if (step < 0 || wanted === undefined) continue;
          const shape = fleet.shapes.idOf(wanted);
          const expected = scan(fleet.nodes, fleet.shapes, turning(fleet), shape);
          for (const ranking of rankings) expect(ranking.best(shape)).toBe(expected);
          const seat = packer.place(shape);
          expect(seat?.node).toBe(expected);
          if (seat !== undefined) held.push(seat);
          seen.add(`${before} ${policy.stage?.()}`);
          before = policy.stage?.();
        }
      }),
      { seed, numRuns: 80 },
    );
    expect([...seen].toSorted()).toEqual(['0 0', '0 1', '1 0', '1 1']);
  });
});

describe('the bases', () => {
  test('no two are alike, the usual one is the first, and those that last come before those that turn', () => {
    const texts = bases.map((base) => JSON.stringify(base));
    expect(new Set(texts).size).toBe(bases.length);
    expect(bases[0]).toBe(usualBase);
    const turns = bases.map(({ late }) => late !== undefined);
    expect(turns.indexOf(true)).toBe(turns.lastIndexOf(false) + 1);
  });

  test('one that turns, turns into another one that lasts', () => {
    for (const { late, ...early } of bases) {
      if (late === undefined) continue;
      expect(late.late).toBeUndefined();
      expect(late).not.toEqual(early);
      expect(bases).toContainEqual(early);
      expect(bases).toContainEqual(late);
    }
  });

  test.each(
    bases.filter(({ late }) => late !== undefined).map((base) => [JSON.stringify(base), base] as const),
  )('%s is its first part below half of the fleet, and its second above', (_, base) => {
    const asked = ['cpu4 1x500', 'cpu4 1x1000', 'cpu8 2x1000 T4', 'cpu8'].map(shapeOf);
    const fleet = fleetOf(nodesOf('a 4xT4 cpu32 mem99', 'b 2xA100 cpu16 mem99', 'c 4xT4 cpu64 mem99'), asked);
    const { late = usualBase, ...early } = base;
    const policy = policyOn(base, fleet);
    const answers = (of: Policy) =>
      asked.map((shape) => scan(fleet.nodes, fleet.shapes, of, fleet.shapes.idOf(shape)));
    expect(answers(policy)).toEqual(answers(policyOn(early, fleet)));
    fleet.nodes.take(0, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu4 3x1000')), 0b111);
    fleet.nodes.take(2, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu4 2x1000')), 0b11);
    expect(answers(policy)).toEqual(answers(policyOn(late, fleet)));
  });
});

/** The first node that fits, and the last. */
function lowest(fleet: Fleet): Policy {
  return { score: (node) => 100 - node, choose: choosing(fleet) };
}
function highest(fleet: Fleet): Policy {
  return { score: (node) => node, choose: choosing(fleet) };
}

function choosing({ nodes, shapes }: Fleet): Policy['choose'] {
  return (node, shape) => tightestGpus(nodes, node, shapes, shape);
}

function turning(fleet: Fleet): Policy {
  return staged(lowest(fleet), highest(fleet), fleet.nodes);
}

function namesOf({ nodes }: Fleet, seats: readonly (Seat | undefined)[]): string[] {
  return seats.map((seat) => (seat === undefined ? '-' : (nodes.ids[seat.node] ?? '')));
}
