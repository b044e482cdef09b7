import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { indexesOf } from '../../../src/core/mask.ts';
import { Nodes, powerOfTwo } from '../../../src/core/packing/nodes.ts';
import { Packer, type Seat } from '../../../src/core/packing/packer.ts';
import { published } from '../../../src/core/packing/published.ts';
import { sumOf } from './by-hand.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from './given.ts';

const runs = { seed, numRuns: 60 };
const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });

/** What a node has left of its GPUs, one by one. */
function gpusOf(nodes: Nodes, node: number): number[] {
  return Array.from(nodes.gpuLeft.slice(nodes.gpuStart[node], nodes.gpuStart[node + 1]));
}

/** Everything that changes, as plain lists. */
function leftOf({
  cpuLeft,
  memoryLeft,
  gpuLeft,
  gpuLeftSum,
  gpuLeftMost,
  wholeGpus,
  modelLeft,
  modelCpuLeft,
}: Nodes) {
  return [cpuLeft, memoryLeft, gpuLeft, gpuLeftSum, gpuLeftMost, wholeGpus, modelLeft, modelCpuLeft].map(
    (column) => Array.from(column),
  );
}

/** Every sum over GPUs and models, worked out from single nodes. */
function sums(nodes: Nodes) {
  const numbers = [...nodes.ids.keys()];
  const gpus = numbers.map((node) => gpusOf(nodes, node));
  const ofModel = (model: number, value: (node: number) => number) =>
    sumOf(numbers.filter((node) => nodes.modelOf[node] === model).map(value));
  const models = [...nodes.models.keys()];
  return {
    gpuLeftSum: gpus.map(sumOf),
    gpuLeftMost: gpus.map((left) => Math.max(0, ...left)),
    wholeGpus: gpus.map((left) => left.filter((milli) => milli === 1000).length),
    modelLeft: models.map((model) => ofModel(model, (node) => sumOf(gpus[node] ?? []))),
    modelCpuLeft: models.map((model) => ofModel(model, (node) => nodes.cpuLeft[node] ?? 0)),
  };
}

describe('what is summed up over nodes', () => {
  test('stays what single GPUs and nodes add up to, whatever is placed and given back', () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const packer = new Packer(fleet.nodes, fleet.shapes, published('bestfit', fleet));
        const held: Seat[] = [];
        for (const step of steps) {
          const [gone] = step < 0 ? held.splice(-step % Math.max(1, held.length), 1) : [];
          const wanted = step < 0 ? undefined : shapes[step % shapes.length];
          const seat = wanted === undefined ? undefined : packer.place(fleet.shapes.idOf(wanted));
          if (gone !== undefined) packer.release(gone);
          if (seat !== undefined) held.push(seat);
          const { gpuLeftSum, gpuLeftMost, wholeGpus, modelLeft, modelCpuLeft } = fleet.nodes;
          expect({
            gpuLeftSum: Array.from(gpuLeftSum),
            gpuLeftMost: Array.from(gpuLeftMost),
            wholeGpus: Array.from(wholeGpus),
            modelLeft: Array.from(modelLeft),
            modelCpuLeft: Array.from(modelCpuLeft),
          }).toEqual(sums(fleet.nodes));
        }
      }),
      runs,
    );
  });

  test('is what it was once everything is given back, in any order', () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const before = leftOf(fleet.nodes);
        const packer = new Packer(fleet.nodes, fleet.shapes, published('fgd', fleet));
        const held: Seat[] = [];
        for (const step of steps) {
          const wanted = shapes[Math.abs(step) % shapes.length];
          const seat = wanted === undefined ? undefined : packer.place(fleet.shapes.idOf(wanted));
          if (seat !== undefined) held.splice(Math.abs(step) % (held.length + 1), 0, seat);
        }
        for (const seat of held) packer.release(seat);
        expect(leftOf(fleet.nodes)).toEqual(before);
        expect(fleet.nodes.ids.map((_, node) => fleet.nodes.kindCount(node))).toEqual(
          fleet.nodes.ids.map(() => 0),
        );
        expect(fleet.nodes.changeCount).toBe(2 * held.length);
      }),
      runs,
    );
  });

  test('what stands is what is missing: no CPU, MiB or GPU milli is lost or made', () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const packer = new Packer(fleet.nodes, fleet.shapes, published('packing', fleet));
        const seats = steps.flatMap((step) => {
          const wanted = shapes[Math.abs(step) % shapes.length];
          return wanted === undefined ? [] : (packer.place(fleet.shapes.idOf(wanted)) ?? []);
        });
        const taken = (of: readonly number[]) => sumOf(seats.map(({ shape }) => of[shape] ?? 0));
        const { cpuMilli, memoryMib, gpuMilli } = fleet.shapes;
        const gpuTaken = seats.map(({ shape, gpus }) => indexesOf(gpus).length * (gpuMilli[shape] ?? 0));
        expect(sumOf(nodes.map((node) => node.cpuMilli)) - sumOf(Array.from(fleet.nodes.cpuLeft))).toBe(
          taken(cpuMilli),
        );
        expect(sumOf(nodes.map((node) => node.memoryMib)) - sumOf(Array.from(fleet.nodes.memoryLeft))).toBe(
          taken(memoryMib),
        );
        expect(
          sumOf(nodes.map(({ gpuCount }) => gpuCount * 1000)) - sumOf(Array.from(fleet.nodes.modelLeft)),
        ).toBe(sumOf(gpuTaken));
      }),
      runs,
    );
  });
});

describe('columns of nodes', () => {
  const nodes = new Nodes([
    ...nodesOf('d 2xT4 cpu8 mem9', 'c 4xA100 cpu16 mem9', 'b 0x cpu32 mem9', 'a 2xT4 cpu4 mem9'),
  ]);

  test('have models in the order of their names, and the nodes of each in that of their ranks', () => {
    expect(nodes.models).toEqual(['', 'A100', 'T4']);
    expect(Array.from(nodes.modelOf)).toEqual([2, 1, 0, 2]);
    expect(nodes.byModel.map((members) => Array.from(members))).toEqual([[2], [1], [0, 3]]);
    expect(Array.from(nodes.placeInModel)).toEqual([0, 0, 0, 1]);
  });

  test('say where the GPUs of each begin, and what models hold in all', () => {
    expect(Array.from(nodes.gpuStart)).toEqual([0, 2, 6, 6, 8]);
    expect(nodes.ids.map((_, node) => nodes.gpuCount(node))).toEqual([2, 4, 0, 2]);
    expect(Array.from(nodes.modelCapacity)).toEqual([0, 4000, 4000]);
    expect(Array.from(nodes.modelCpuLeft)).toEqual([32_000, 16_000, 12_000]);
    expect(Array.from(nodes.gpuLeftMost)).toEqual([1000, 1000, 0, 1000]);
  });

  test('what models hold in all stays, whatever is taken of it', () => {
    const { nodes: own, shapes } = fleetOf(nodesOf('a 2xT4 cpu8 mem9'), []);
    own.take(0, shapes, shapes.idOf(shapeOf('cpu1 2x1000')), 0b11);
    expect([own.modelCapacity[0], own.modelLeft[0]]).toEqual([2000, 0]);
  });

  test.each([
    ['no GPUs', 0],
    ['all that a mask has', 32],
  ])('may have %s', (_, gpuCount) => {
    const [line] = nodesOf('a 1xT4 cpu8 mem9');
    const made = new Nodes(line === undefined ? [] : [{ ...line, gpuCount }]);
    expect([made.gpuCount(0), made.wholeGpus[0]]).toEqual([gpuCount, gpuCount]);
  });

  test.each([
    { cpuMilli: -1 },
    { cpuMilli: 2 ** 31 },
    { memoryMib: 0.5 },
    { memoryMib: -1 },
    { gpuCount: -1 },
    { gpuCount: 1.5 },
    { rank: -1 },
    { rank: 2 ** 31 },
  ])('are not made of %j', (more) => {
    const [line] = nodesOf('a 1xT4 cpu8 mem9');
    expect(() => new Nodes(line === undefined ? [] : [{ ...line, ...more }])).toThrow(RangeError);
  });
});

const fullNode = () => {
  const { nodes, shapes } = fleetOf(nodesOf('a 2xT4 cpu4 mem4'), []);
  return { nodes, shapes, id: (text: string) => shapes.idOf(shapeOf(text)) };
};

describe('what is taken and given back', () => {
  test.each([
    ['CPUs', 'cpu5 1x1000', 0b1],
    ['GPUs', 'cpu1 2x1000', 0b110],
    ['as many GPUs as were chosen', 'cpu1 1x1000', 0b11],
    ['a GPU where none is asked for', 'cpu1', 0b1],
  ])('is refused as a whole where there are not %s', (_, text, gpus) => {
    const { nodes, shapes, id } = fullNode();
    const before = leftOf(nodes);
    expect(() => nodes.take(0, shapes, id(text), gpus)).toThrow(Error);
    expect([leftOf(nodes), nodes.changeCount, nodes.kindCount(0)]).toEqual([before, 0, 0]);
  });

  test('may be all there is, to the last thousandth', () => {
    const { nodes, shapes, id } = fullNode();
    nodes.take(0, shapes, id('cpu3 1x999'), 0b10);
    nodes.take(0, shapes, id('cpu1 1x1'), 0b10);
    nodes.take(0, shapes, shapes.idOf({ ...shapeOf('cpu0 1x1000'), memoryMib: 0 }), 0b01);
    expect([nodes.cpuLeft[0], nodes.memoryLeft[0], nodes.gpuLeftSum[0], nodes.modelLeft[0]]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([nodes.wholeGpus[0], nodes.gpuLeftMost[0]]).toEqual([0, 0]);
  });

  test('is not given back where it would be more than the node has', () => {
    const { nodes, shapes, id } = fullNode();
    expect(() => nodes.release(0, shapes, id('cpu1'), 0)).toThrow('cannot be taken');
    nodes.take(0, shapes, id('cpu1 1x500'), 0b1);
    expect(() => nodes.release(0, shapes, id('cpu1 1x501'), 0b1)).toThrow('cannot be taken');
    expect(nodes.gpuLeft[0]).toBe(500);
  });

  test('counts by kind: shares together, and whole GPUs by how many', () => {
    const { nodes, shapes } = fleetOf(nodesOf('a 8xT4 cpu99 mem99', 'b 8xT4 cpu99 mem99'), []);
    const id = (text: string) => shapes.idOf(shapeOf(text));
    const kinds = () => nodes.kindCount(0);
    nodes.take(0, shapes, id('cpu9'), 0);
    expect(kinds()).toBe(0);
    nodes.take(0, shapes, id('cpu1 1x300'), 0b1);
    nodes.take(0, shapes, id('cpu1 1x400'), 0b1);
    expect(kinds()).toBe(1);
    nodes.take(0, shapes, id('cpu1 1x1000'), 0b10);
    nodes.take(0, shapes, id('cpu1 2x1000'), 0b1100);
    expect(kinds()).toBe(3);
    nodes.release(0, shapes, id('cpu1 1x300'), 0b1);
    expect([kinds(), nodes.holdsKindOf(0, shapes, id('cpu7 1x999'))]).toEqual([3, true]);
    nodes.release(0, shapes, id('cpu1 1x400'), 0b1);
    expect([kinds(), nodes.holdsKindOf(0, shapes, id('cpu7 1x999'))]).toEqual([2, false]);
    expect(nodes.holdsKindOf(0, shapes, id('cpu1 4x1000'))).toBe(false);
    expect([nodes.kindCount(1), nodes.holdsKindOf(1, shapes, id('cpu1 1x1000'))]).toEqual([0, false]);
  });

  test('of 32 GPUs at once is a kind of its own, and no neighbour of the next node', () => {
    const { nodes, shapes } = fleetOf(nodesOf('a 32xT4 cpu99 mem99', 'b 1xT4 cpu99 mem99'), []);
    const all = shapes.idOf(shapeOf('cpu1 32x1000'));
    nodes.take(0, shapes, all, 0xffff_ffff);
    expect([nodes.kindCount(0), nodes.kindCount(1)]).toEqual([1, 0]);
    expect(nodes.holdsKindOf(1, shapes, shapes.idOf(shapeOf('cpu1 1x5')))).toBe(false);
  });
});

describe('the log of changed nodes', () => {
  test('knows the last changes, at least twice as many as there are nodes', () => {
    assert(
      property(array(integer({ min: 0, max: 2 }), { maxLength: 40 }), (touched) => {
        const { nodes, shapes } = fleetOf(
          nodesOf('a 0x cpu99 mem99', 'b 0x cpu99 mem99', 'c 0x cpu99 mem99'),
          [],
        );
        const shape = shapes.idOf({ ...shapeOf('cpu1'), memoryMib: 0 });
        for (const node of touched) nodes.take(node, shapes, shape, 0);
        expect(nodes.changeCount).toBe(touched.length);
        const told = touched.map((_, change) => nodes.changedAt(change));
        // Three nodes: a log of eight.
        expect(told).toEqual(touched.map((node, change) => (change < touched.length - 8 ? undefined : node)));
        expect(nodes.changedAt(touched.length)).toBeUndefined();
      }),
      runs,
    );
  });

  test.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 4],
    [5, 8],
    [1025, 2048],
  ])('the smallest power of two for %d is %d', (count, power) => {
    expect(powerOfTwo(count)).toBe(power);
  });
});
