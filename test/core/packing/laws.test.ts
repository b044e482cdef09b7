import { assert, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bases, policyOn, usualBase } from '../../../src/core/packing/bases.ts';
import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Fragments } from '../../../src/core/packing/fragments.ts';
import { Memo } from '../../../src/core/packing/memo.ts';
import type { NodeCapacity } from '../../../src/core/packing/nodes.ts';
import { Packer, type Seat } from '../../../src/core/packing/packer.ts';
import { policyNamed, type PolicyName, policyNames } from '../../../src/core/packing/policies.ts';
import type { Policy } from '../../../src/core/packing/policy.ts';
import { published } from '../../../src/core/packing/published.ts';
import { Rankings } from '../../../src/core/packing/rankings.ts';
import { rehearse } from '../../../src/core/packing/rehearsal.ts';
import { scan } from '../../../src/core/packing/scan.ts';
import type { Shape, ShapeId } from '../../../src/core/packing/shape.ts';
import { fleetOf, seed, someNodes, someShapes, someSteps } from './given.ts';

const runs = { seed, numRuns: 60 };

type Todo = { readonly shapes: readonly Shape[]; readonly steps: readonly number[] };

/** Places and gives back; calls `look` with the shape before each placement. */
function walk(
  fleet: Fleet,
  policy: Policy,
  todo: Todo,
  look: (shape: ShapeId) => void = () => {},
): (Seat | undefined)[] {
  const packer = new Packer(fleet.nodes, fleet.shapes, policy);
  const held: Seat[] = [];
  return todo.steps.map((step) => {
    if (step < 0) {
      const [seat] = held.splice(-step % Math.max(1, held.length), 1);
      if (seat !== undefined) packer.release(seat);
      return undefined;
    }
    const wanted = todo.shapes[step % todo.shapes.length];
    if (wanted === undefined) return undefined;
    const shape = fleet.shapes.idOf(wanted);
    look(shape);
    const seat = packer.place(shape);
    if (seat !== undefined) held.push(seat);
    return seat;
  });
}

/** Node ids and GPUs, in the order of the steps. */
function placesOf(name: PolicyName, nodes: readonly NodeCapacity[], todo: Todo): string[] {
  const fleet = fleetOf(nodes, todo.shapes);
  return walk(fleet, policyNamed(name, fleet).policy, todo).map((seat) =>
    seat === undefined ? '-' : `${fleet.nodes.ids[seat.node]}/${seat.gpus}`,
  );
}

const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });

describe.each(policyNames)('under the policy %s', (name) => {
  // The default policy rehearses with every base first, and each base has laws of its own below.
  const ownRuns = { ...runs, numRuns: name === 'default' ? 16 : runs.numRuns };

  test('the index answers what a plain scan that remembers nothing answers', { timeout: 60_000 }, () => {
    let answers = 0;
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const { policy, plain } = policyNamed(name, fleet);
        const crowded = new Rankings(fleet.nodes, fleet.shapes, policy, 1);
        walk(fleet, policy, { shapes, steps }, (shape) => {
          const expected = scan(fleet.nodes, fleet.shapes, plain, shape);
          expect(crowded.best(shape)).toBe(expected);
          expect(new Rankings(fleet.nodes, fleet.shapes, policy).best(shape)).toBe(expected);
          if (expected !== undefined) answers++;
        });
      }),
      ownRuns,
    );
    expect(answers).toBeGreaterThan(8 * ownRuns.numRuns);
  });

  test('every placement is the answer of the scan just before it', { timeout: 60_000 }, () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const { policy, plain } = policyNamed(name, fleet);
        const expected: (number | undefined)[] = [];
        const seats = walk(fleet, policy, { shapes, steps }, (shape) => {
          expected.push(scan(fleet.nodes, fleet.shapes, plain, shape));
        });
        expect(seats.filter((_, index) => (steps[index] ?? -1) >= 0).map((seat) => seat?.node)).toEqual(
          expected,
        );
      }),
      ownRuns,
    );
  });

  test('nothing is promised twice, whatever is placed and given back', { timeout: 60_000 }, () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        walk(fleet, policyNamed(name, fleet).policy, { shapes, steps });
        const { cpuLeft, memoryLeft, gpuLeft } = fleet.nodes;
        for (const left of [...cpuLeft, ...memoryLeft, ...gpuLeft]) expect(left).toBeGreaterThanOrEqual(0);
        expect(Math.max(0, ...gpuLeft)).toBeLessThanOrEqual(1000);
      }),
      ownRuns,
    );
  });

  test('the order in which nodes are given decides nothing', { timeout: 60_000 }, () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        expect(placesOf(name, nodes.toReversed(), { shapes, steps })).toEqual(
          placesOf(name, nodes, { shapes, steps }),
        );
      }),
      ownRuns,
    );
  });

  test('scores and bonuses are integers that a ranking can hold', { timeout: 60_000 }, () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const { policy } = policyNamed(name, fleet);
        walk(fleet, policy, { shapes, steps }, (shape) => {
          for (let node = 0; node < fleet.nodes.count; node++) {
            if (!fleet.nodes.fits(node, fleet.shapes, shape)) continue;
            const score = policy.score(node, shape);
            expect(Number.isInteger(score) && score >= 0 && score <= 2 ** 30, `score ${score}`).toBe(true);
          }
          for (const model of fleet.nodes.models.keys())
            expect(Number.isSafeInteger(policy.bonus?.(model, shape) ?? 0)).toBe(true);
        });
      }),
      ownRuns,
    );
  });
});

describe.each(bases.map((base) => ({ name: JSON.stringify(base), base })))('built on $name', ({ base }) => {
  test(
    'the index answers what a plain scan answers, with scores a ranking can hold',
    { timeout: 60_000 },
    () => {
      assert(
        property(cases, ({ nodes, shapes, steps }) => {
          const fleet = fleetOf(nodes, shapes);
          const [policy, plain] = [policyOn(base, fleet), policyOn(base, fleet, true)];
          walk(fleet, policy, { shapes, steps }, (shape) => {
            expect(new Rankings(fleet.nodes, fleet.shapes, policy, 1).best(shape)).toBe(
              scan(fleet.nodes, fleet.shapes, plain, shape),
            );
            for (let node = 0; node < fleet.nodes.count; node++) {
              if (!fleet.nodes.fits(node, fleet.shapes, shape)) continue;
              const score = policy.score(node, shape);
              expect(Number.isInteger(score) && score >= 0 && score <= 2 ** 30, `score ${score}`).toBe(true);
            }
          });
        }),
        { ...runs, numRuns: base.late === undefined ? 20 : 6 },
      );
    },
  );
});

describe('remembering', () => {
  test('a memo of two entries and two states answers as none does', () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const fragments = new Fragments(fleet.nodes, fleet.shapes, fleet.target);
        const plain = (node: number, shape: ShapeId) => fragments.gradient(node, shape);
        const tiny = new Memo(fleet, fragments, plain, { slots: 2, states: 2 });
        const usual = new Memo(fleet, fragments, plain);
        walk(fleet, policyNamed('fgd', fleet).policy, { shapes, steps }, (shape) => {
          for (let node = 0; node < fleet.nodes.count; node++) {
            if (!fleet.nodes.fits(node, fleet.shapes, shape)) continue;
            const expected = plain(node, shape);
            expect([tiny.of(node, shape), usual.of(node, shape)]).toEqual([expected, expected]);
          }
        });
      }),
      runs,
    );
  });
});

describe('the rehearsal', () => {
  test(
    'comes to the same base whatever was placed before, and for nodes in any order',
    { timeout: 60_000 },
    () => {
      assert(
        property(cases, ({ nodes, shapes, steps }) => {
          const fleet = fleetOf(nodes, shapes);
          const base = rehearse(fleet);
          walk(fleet, published('packing', fleet), { shapes, steps });
          expect(rehearse(fleet)).toEqual(base);
          expect(rehearse(fleetOf(nodes.toReversed(), shapes.toReversed()))).toEqual(base);
          expect(bases).toContain(base);
        }),
        { ...runs, numRuns: 8 },
      );
    },
  );

  test('has nothing to say where nobody asks for GPUs', () => {
    const fleet = fleetOf([], []);
    expect(rehearse(fleet)).toBe(usualBase);
    expect(scan(fleet.nodes, fleet.shapes, policyOn(usualBase, fleet), 0)).toBeUndefined();
  });
});
