import { array, assert, constantFrom, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Judge, type Judgement, type Left, type Taking } from '../../../src/core/packing/judge.ts';
import type { Shape } from '../../../src/core/packing/shape.ts';
import type { Target } from '../../../src/core/packing/target.ts';
import { isShare, type PaperNode, roomyOn, sumOf } from './by-hand.ts';
import { gradeOf, lessened, lessenedOn } from './formulas.ts';
import { fleetOf, nodesOf, seed, shapeOf, someShapes } from './given.ts';

const models = ['A100', 'T4'] as const;
const lines = nodesOf('a 8xA100 cpu64 mem512', 'b 8xT4 cpu64 mem512');

function judgeOf(expected: readonly Shape[]): { readonly judge: Judge; readonly target: Target } {
  const { nodes, target } = fleetOf(lines, expected);
  return { judge: new Judge(nodes, target), target };
}

/** Half of eight GPUs idle, with eight CPUs and 64 GiB each. */
const half: Left = { model: 0, wholeGpus: 4, parts: [], cpuMilli: 32_000, memoryMib: 256 * 1024 };

const takingOf = ({ gpuCount, gpuMilli, cpuMilli, memoryMib }: Shape): Taking => ({
  gpuCount,
  gpuMilli,
  cpuMilli,
  memoryMib,
});

/** As a node on paper: idle GPUs first. */
function paperOf({ model, wholeGpus, parts, cpuMilli, memoryMib }: Left): PaperNode {
  const gpus = [...Array.from({ length: wholeGpus }, () => 1000), ...parts];
  return { id: 'left', model: models[model] ?? '', cpuMilli, memoryMib, gpus, kinds: [] };
}

/** What is stranded of GPUs by the averages of the target, in fractions and then rounded down. */
function strandedOf({ asked }: Target, node: PaperNode): number {
  const withGpus = asked.filter(({ gpuCount }) => gpuCount > 0);
  const gpuMilli = Math.max(1, sumOf(withGpus.map((shape) => shape.count * shape.gpuCount * shape.gpuMilli)));
  const lacking = (left: number, wanted: (shape: Shape) => number) => {
    const perGpu = Math.floor(
      (1000 * sumOf(withGpus.map((shape) => shape.count * wanted(shape)))) / gpuMilli,
    );
    return perGpu === 0 ? 0 : Math.max(0, Math.floor(sumOf(node.gpus) - (1000 * left) / perGpu + 1e-9));
  };
  return Math.max(
    lacking(node.cpuMilli, ({ cpuMilli }) => cpuMilli),
    lacking(node.memoryMib, ({ memoryMib }) => memoryMib),
  );
}

/** The judgement by its definition: FGD's grade, and 20 points for each stranded GPU, in quarters, 32 points at most. */
function byDefinition(target: Target, left: Left, shape: Shape): Judgement | undefined {
  const node = paperOf(left);
  const isRoom = left.cpuMilli >= shape.cpuMilli && left.memoryMib >= shape.memoryMib;
  if (!isRoom || roomyOn(node, shape).length < shape.gpuCount) return undefined;
  const gradient = shape.gpuCount === 0 && target.countTotal === 0 ? 0 : lessened(node, shape, target);
  const gpus = sumOf(node.gpus) - shape.gpuCount * shape.gpuMilli;
  const taken: PaperNode = {
    ...node,
    gpus: [gpus],
    cpuMilli: node.cpuMilli - shape.cpuMilli,
    memoryMib: node.memoryMib - shape.memoryMib,
  };
  const strandedMilli = strandedOf(target, taken) - strandedOf(target, node);
  const quarters = Math.floor(strandedMilli / 250);
  const cost = Math.max(-3200, Math.min(3200, quarters * 500));
  return {
    score: gradeOf(gradient, target) * 100 - cost,
    wastedMilli: Math.floor((0 - gradient) / target.countTotal),
    strandedMilli,
  };
}

const someLeft = record({
  model: nat(1),
  wholeGpus: nat(4),
  parts: array(constantFrom(1, 100, 330, 500, 670, 999), { maxLength: 3 }),
  cpuMilli: nat(30).map((cpu) => cpu * 1000),
  memoryMib: nat(40).map((gib) => gib * 1024),
});

describe('a judgement', () => {
  test('is what the definitions of its terms come to', () => {
    const seen = { none: 0, some: 0 };
    assert(
      property(someShapes, array(someLeft, { minLength: 1, maxLength: 8 }), (shapes, lefts) => {
        const { judge, target } = judgeOf(shapes);
        for (const left of lefts) {
          for (const shape of shapes) {
            const told = judge.judge(left, takingOf(shape));
            const expected = byDefinition(target, left, shape);
            expect(told).toEqual(expected);
            if (told === undefined) seen.none++;
            else seen.some++;
          }
        }
      }),
      { seed, numRuns: 150 },
    );
    expect(Math.min(seen.none, seen.some)).toBeGreaterThan(500);
  });

  test('does not depend on the order in which started GPUs are told, nor on what was asked before', () => {
    assert(
      property(someShapes, someLeft, (shapes, left) => {
        const { judge } = judgeOf(shapes);
        for (const shape of shapes) {
          const first = judge.judge(left, takingOf(shape));
          expect(judge.judge({ ...left, parts: left.parts.toReversed() }, takingOf(shape))).toEqual(first);
          expect(
            judgeOf(shapes).judge.judge(
              { ...left, parts: left.parts.toSorted((a, b) => a - b) },
              takingOf(shape),
            ),
          ).toEqual(first);
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  test('stays the same once so much was asked that all is forgotten', () => {
    const expected = ['cpu4 1x500', 'cpu8 1x1000'].map(shapeOf);
    const { judge, target } = judgeOf(expected);
    const taking = shapeOf('cpu1 1x300');
    // More than ten thousand ways to have two GPUs started.
    for (let first = 1; first <= 105; first++)
      for (let second = 301; second <= 400; second++)
        judge.judge({ ...half, wholeGpus: 1, parts: [first, second] }, takingOf(taking));
    for (const parts of [
      [1, 301],
      [50, 350],
      [105, 400],
    ]) {
      const left = { ...half, wholeGpus: 1, parts };
      expect(judge.judge(left, takingOf(taking))).toEqual(byDefinition(target, left, taking));
    }
  });

  test.each([
    ['exactly enough of everything', { cpuMilli: 4000, memoryMib: 4096, wholeGpus: 2 }, 'cpu4 2x1000', true],
    ['one CPU milli too few', { cpuMilli: 3999, memoryMib: 4096, wholeGpus: 2 }, 'cpu4 2x1000', false],
    ['one MiB too few', { cpuMilli: 4000, memoryMib: 4095, wholeGpus: 2 }, 'cpu4 2x1000', false],
    ['one GPU too few', { wholeGpus: 1 }, 'cpu4 2x1000', false],
    ['started GPUs do not make up whole ones', { wholeGpus: 1, parts: [999, 999] }, 'cpu4 2x1000', false],
    ['a share fits a whole GPU', { wholeGpus: 1 }, 'cpu4 1x500', true],
    ['and a started one that has exactly so much', { wholeGpus: 0, parts: [499, 500] }, 'cpu4 1x500', true],
    ['but none that has less', { wholeGpus: 0, parts: [499, 499] }, 'cpu4 1x500', false],
    ['CPUs need no GPU', { wholeGpus: 0 }, 'cpu4', true],
  ] as const)('%s', (_, left, text, isRoom) => {
    const { judge } = judgeOf([shapeOf('cpu8 1x1000')]);
    expect(judge.judge({ ...half, ...left }, takingOf(shapeOf(text))) !== undefined).toBe(isRoom);
  });

  test('where nothing is expected, nothing is wasted and every node is as good', () => {
    const { judge } = judgeOf([]);
    for (const text of ['cpu4', 'cpu4 1x500', 'cpu4 2x1000'])
      expect(judge.judge(half, takingOf(shapeOf(text)))).toEqual({
        score: 9900,
        wastedMilli: 0,
        strandedMilli: 0,
      });
  });
});

describe('the GPU that a share is taken of', () => {
  const { judge } = judgeOf([shapeOf('cpu1 1x400'), shapeOf('cpu1 1x1000')]);
  const gpus = (idle: readonly number[], text: string) => {
    const left = {
      ...half,
      wholeGpus: idle.filter((milli) => milli === 1000).length,
      parts: idle.filter((milli) => milli > 0 && milli < 1000),
    };
    return judge.bestGpus(left, idle, takingOf(shapeOf(text)));
  };

  test.each([
    // Of 400 and 800 left, all that stays over of either is of use, or nothing is lost.
    ['that it fills exactly, before one that it would break', [1000, 400, 1000], 'cpu1 1x400', [1]],
    ['any of equals, by number', [1000, 1000, 1000], 'cpu1 1x400', [0, 1, 2]],
    ['where none has so much left, none', [300, 0, 399], 'cpu1 1x400', []],
    ['none of no GPUs', [], 'cpu1 1x400', []],
    ['a started one before a whole one, though a little is wasted', [1000, 600], 'cpu1 1x400', [1]],
  ])('%s', (_, idle, text, expected) => {
    expect(gpus(idle, text)).toEqual(expected);
  });

  test('of several the first is the best one', () => {
    const left = { ...half, wholeGpus: 2, parts: [] };
    const taking = takingOf(shapeOf('cpu1 1x400'));
    expect(judge.bestGpu(left, [0, 1000, 1000], taking)).toBe(1);
    expect(judge.bestGpu(left, [0, 0], taking)).toBeUndefined();
  });

  test('are all of the best grade by the definition', () => {
    let many = 0;
    assert(
      property(someShapes, someLeft, (shapes, left) => {
        const { judge: own, target } = judgeOf(shapes);
        const node = paperOf(left);
        for (const shape of shapes.filter(isShare)) {
          if (left.cpuMilli < shape.cpuMilli || left.memoryMib < shape.memoryMib) continue;
          const grades = node.gpus.map((milli, gpu) =>
            milli < shape.gpuMilli ? -1 : gradeOf(lessenedOn(node, shape, target, gpu), target),
          );
          const best = Math.max(...grades);
          const expected = grades.flatMap((grade, gpu) => (grade === best && grade >= 0 ? [gpu] : []));
          expect(own.bestGpus(left, node.gpus, takingOf(shape))).toEqual(expected);
          if (expected.length < roomyOn(node, shape).length) many++;
        }
      }),
      { seed, numRuns: 150 },
    );
    expect(many).toBeGreaterThan(10);
  });
});

/** So many GPU milli of each model, and CPUs enough. */
function scarcityOf(a100: number, t4: number) {
  return { gpuMilli: Float64Array.of(a100, t4), cpuMilli: Float64Array.of(64_000, 64_000) };
}

describe('what a model costs', () => {
  test('GPUs cost by pressure, CPUs alone by what GPUs will need of them', () => {
    // Half of what is asked for falls on A100, which is half of the fleet; four CPUs for each GPU.
    const { judge } = judgeOf(['cpu4 1x1000', 'cpu4 1x1000 A100'].map(shapeOf));
    const scarcity = { gpuMilli: Float64Array.of(8000, 8000), cpuMilli: Float64Array.of(64_000, 16_000) };
    expect([0, 1].map((model) => judge.modelCost(model, 1, scarcity))).toEqual([5000, 0]);
    expect([0, 1].map((model) => judge.modelCost(model, 8, scarcity))).toEqual([5000, 0]);
    expect([0, 1].map((model) => judge.modelCost(model, 0, scarcity))).toEqual([500, 2000]);
  });

  test('follows from what is left, not from what there once was', () => {
    const { judge } = judgeOf(['cpu4 1x1000', 'cpu4 1x1000 A100'].map(shapeOf));
    // Half of what is left will be wanted of A100: of 2,000 beside 6,000 that is twice as much as there is.
    expect(judge.modelCost(0, 1, scarcityOf(2000, 6000))).toBe(20_000);
    expect(judge.modelCost(0, 1, scarcityOf(6000, 2000))).toBe(2217);
    expect(judge.modelCost(0, 0, scarcityOf(0, 8000))).toBe(0);
  });
});
