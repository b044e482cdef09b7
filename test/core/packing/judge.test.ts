import { assert, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { policyOn, usualBase } from '../../../src/core/packing/bases.ts';
import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Judge, type Left, type Taking } from '../../../src/core/packing/judge.ts';
import { Packer } from '../../../src/core/packing/packer.ts';
import type { Shape, ShapeId } from '../../../src/core/packing/shape.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from './given.ts';

/** What a numbered node has left, in the words of the judge. */
function leftOf({ nodes }: Fleet, node: number): Left {
  const gpus = Array.from(nodes.gpuLeft.subarray(nodes.gpuStart[node], nodes.gpuStart[node + 1]));
  return {
    model: nodes.modelOf[node] ?? 0,
    wholeGpus: gpus.filter((milli) => milli === 1000).length,
    parts: gpus.filter((milli) => milli > 0 && milli < 1000),
    cpuMilli: nodes.cpuLeft[node] ?? 0,
    memoryMib: nodes.memoryLeft[node] ?? 0,
  };
}

function takingOf({ shapes }: Fleet, shape: ShapeId): Taking {
  return {
    gpuCount: shapes.gpuCount[shape] ?? 0,
    gpuMilli: shapes.gpuMilli[shape] ?? 0,
    cpuMilli: shapes.cpuMilli[shape] ?? 0,
    memoryMib: shapes.memoryMib[shape] ?? 0,
  };
}

/** Points of every node for a request, as the judge and as the policy of the bench give them. */
function bothScores(fleet: Fleet, judge: Judge, shape: ShapeId): { judged: number[]; scored: number[] } {
  const { nodes, shapes } = fleet;
  const policy = policyOn(usualBase, fleet);
  const taking = takingOf(fleet, shape);
  const scarcity = { gpuMilli: nodes.modelLeft, cpuMilli: nodes.modelCpuLeft };
  const roomy = Array.from({ length: nodes.count }, (_, node) => node).filter(
    (node) => nodes.fits(node, shapes, shape) || judge.judge(leftOf(fleet, node), taking) !== undefined,
  );
  const able = roomy.filter((node) => shapes.admits(shape, nodes.modelOf[node] ?? 0));
  return {
    judged: able.map((node) => {
      const left = leftOf(fleet, node);
      const score = judge.judge(left, taking)?.score ?? -Infinity;
      return score - judge.modelCost(left.model, taking.gpuCount, scarcity);
    }),
    scored: able.map((node) => {
      const fits = nodes.fits(node, shapes, shape);
      return (
        (fits ? policy.score(node, shape) : -Infinity) +
        (policy.bonus?.(nodes.modelOf[node] ?? 0, shape) ?? 0)
      );
    }),
  };
}

test('points differ as those of the default policy on its usual base do, whatever is taken', () => {
  const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps, asked: nat(5) });
  assert(
    property(cases, ({ nodes, shapes: wanted, steps, asked }) => {
      const fleet = fleetOf(nodes, wanted);
      const judge = new Judge(fleet.nodes, fleet.target);
      const packer = new Packer(fleet.nodes, fleet.shapes, policyOn(usualBase, fleet));
      const ids = wanted.map((shape) => fleet.shapes.idOf(shape));
      for (const step of steps) {
        const shape = ids[Math.abs(step) % ids.length] ?? 0;
        const { judged: own, scored } = bothScores(fleet, judge, ids[asked % ids.length] ?? 0);
        // The policy adds a constant so that no score is negative.
        expect(own).toEqual(scored.map((score) => score - 32 * 100));
        packer.place(shape);
      }
    }),
    { seed, numRuns: 60 },
  );
});

test('a share is given the GPU that the policy chooses', () => {
  const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });
  assert(
    property(cases, ({ nodes, shapes: wanted, steps }) => {
      const fleet = fleetOf(nodes, wanted);
      const judge = new Judge(fleet.nodes, fleet.target);
      const policy = policyOn(usualBase, fleet);
      const packer = new Packer(fleet.nodes, fleet.shapes, policy);
      const ids = wanted.map((shape) => fleet.shapes.idOf(shape));
      for (const step of steps) {
        const shape = ids[Math.abs(step) % ids.length] ?? 0;
        for (let node = 0; node < fleet.nodes.count; node++) {
          if (!fleet.shapes.isShare(shape) || !fleet.nodes.fits(node, fleet.shapes, shape)) continue;
          const { gpuLeft, gpuStart } = fleet.nodes;
          const idle = Array.from(gpuLeft.subarray(gpuStart[node], gpuStart[node + 1]));
          const gpu = judge.bestGpu(leftOf(fleet, node), idle, takingOf(fleet, shape));
          expect(1 << (gpu ?? 31)).toBe(policy.choose(node, shape));
        }
        packer.place(shape);
      }
    }),
    { seed, numRuns: 60 },
  );
});

function judged(left: Partial<Left>, text: string, expected: readonly Shape[]) {
  const fleet = fleetOf(nodesOf('a 8xA100 cpu64 mem512'), expected);
  const full: Left = { model: 0, wholeGpus: 8, parts: [], cpuMilli: 64_000, memoryMib: 524_288, ...left };
  return new Judge(fleet.nodes, fleet.target).judge(full, takingOf(fleet, fleet.shapes.idOf(shapeOf(text))));
}

describe('what a judgement says', () => {
  test.each([
    [
      'one of eight GPUs, where all eight are asked for: seven are of no use',
      {},
      'cpu8 1x1000',
      ['cpu64 8x1000'],
      { wastedMilli: 7000, strandedMilli: 0 },
    ],
    [
      'the eighth of eight, where seven are of no use anyway',
      { wholeGpus: 1, cpuMilli: 8000 },
      'cpu8 1x1000',
      ['cpu64 8x1000'],
      { wastedMilli: -1000, strandedMilli: 0 },
    ],
    [
      'a share that leaves too little of a GPU for another',
      {},
      'cpu4 1x600',
      ['cpu4 1x600'],
      { wastedMilli: 400, strandedMilli: 0 },
    ],
    [
      'a share that fits what was left over exactly',
      { wholeGpus: 0, parts: [600] },
      'cpu4 1x600',
      ['cpu4 1x600'],
      { wastedMilli: 0, strandedMilli: 0 },
    ],
    [
      'cores alone, beside GPUs that need all of them',
      {},
      'cpu8',
      ['cpu8 1x1000'],
      { wastedMilli: 0, strandedMilli: 1000 },
    ],
    [
      'half of the requests want the rest, half do not',
      {},
      'cpu8 1x1000',
      ['cpu64 8x1000', 'cpu8 1x1000'],
      { wastedMilli: 3500, strandedMilli: 0 },
    ],
  ] as const)('%s', (_, left, text, expected, figures) => {
    expect(judged(left, text, expected.map(shapeOf))).toMatchObject(figures);
  });

  test.each([
    ['GPUs', { wholeGpus: 1 }, 'cpu1 2x1000'],
    ['a GPU with so much left', { wholeGpus: 0, parts: [300, 499] }, 'cpu1 1x500'],
    ['whole GPUs, where one is left but for a thousandth', { wholeGpus: 0, parts: [999] }, 'cpu1 1x1000'],
    ['cores', { cpuMilli: 999 }, 'cpu1 1x1000'],
    ['memory', { memoryMib: 1023 }, 'cpu1 1x1000'],
  ])('says nothing where there are not enough %s', (_, left, text) => {
    expect(judged(left, text, [shapeOf('cpu1 1x1000')])).toBeUndefined();
  });
});
