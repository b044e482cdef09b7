import { assert, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { maskOf } from '../../../src/core/mask.ts';
import { Fragments } from '../../../src/core/packing/fragments.ts';
import { idleGpus, tightestGpus } from '../../../src/core/packing/gpus.ts';
import { Packer, type Seat } from '../../../src/core/packing/packer.ts';
import { published, publishedNames, type PublishedName } from '../../../src/core/packing/published.ts';
import type { Shape } from '../../../src/core/packing/shape.ts';
import {
  copied,
  fitsOn,
  giveBack,
  isShare,
  onPaper,
  type PaperNode,
  type PaperSeat,
  roomyOn,
  takeOn,
} from './by-hand.ts';
import { formulas, fragmented, lessened } from './formulas.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from './given.ts';

const runs = { seed, numRuns: 40 };
const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });

/** The score of each node that has room, as the policy gives it; `-` where it has none. */
function scores(
  name: PublishedName,
  lines: readonly string[],
  request: string,
  taken: readonly (readonly [node: number, request: string, gpus: readonly number[]])[] = [],
): (number | '-')[] {
  const fleet = fleetOf(nodesOf(...lines), [shapeOf('cpu8 1x1000')]);
  const { nodes, shapes } = fleet;
  for (const [node, text, gpus] of taken) nodes.take(node, shapes, shapes.idOf(shapeOf(text)), maskOf(gpus));
  const shape = shapes.idOf(shapeOf(request));
  const policy = published(name, fleet);
  return nodes.ids.map((_, node) => (nodes.fits(node, shapes, shape) ? policy.score(node, shape) : '-'));
}

/** A share of the first GPU of a node that is in use. */
function inUse(node: number, milli: number) {
  return [node, `cpu1 1x${milli}`, [0]] as const;
}

/** One node whose GPUs have so much left, and what would be taken of it. */
function chosen(left: readonly number[], request: string): number {
  const { nodes, shapes } = fleetOf(nodesOf(`a ${left.length}xT4 cpu99 mem99`), []);
  for (const [gpu, milli] of left.entries())
    if (milli < 1000) nodes.take(0, shapes, shapes.idOf(shapeOf(`cpu0 1x${1000 - milli}`)), maskOf([gpu]));
  return tightestGpus(nodes, 0, shapes, shapes.idOf(shapeOf(request)));
}

describe('best fit scores what would be left over, in hundredths of the largest node', () => {
  test.each([
    // Nothing left over of a node that is filled exactly.
    ['all of a node', ['a 2xT4 cpu16 mem99'], 'cpu16 2x1000', [100]],
    // The largest node, empty but for nothing: all of both is left over.
    ['nothing of the largest node', ['a 8xT4 cpu128 mem99'], 'cpu0', [0]],
    // 64 of 128 CPUs and 4 of 8 GPUs left over: half of each.
    ['half of the largest node', ['a 8xT4 cpu128 mem99'], 'cpu64 4x1000', [50]],
    // 0 CPUs and 7.5 of 8 GPUs: 93.75 / 2 = 46.875 hundredths left, 53.125 truncated.
    ['half a GPU and all CPUs', ['a 8xT4 cpu64 mem99'], 'cpu64 1x500', [53]],
    // 256 of 128 CPUs alone are the whole of two halves: not below nothing.
    ['more left over than the largest node has', ['a 8xT4 cpu300 mem99'], 'cpu1', [0]],
    // Without GPUs only CPUs are left over: 32 of 128, of which a half counts.
    ['of a node without GPUs', ['a 0x cpu64 mem99'], 'cpu32', [87]],
    ['each of two', ['a 8xT4 cpu64 mem99', 'b 1xT4 cpu8 mem99'], 'cpu8 1x1000', [34, 100]],
  ] as const)('%s', (_, lines, request, expected) => {
    expect(scores('bestfit', lines, request)).toEqual(expected);
  });

  test('it counts what is left now, not what a node once had', () => {
    const taken = [[0, 'cpu32 4x1000', [0, 1, 2, 3]]] as const;
    // 31 of 128 CPUs and 3.5 of 8 GPUs: (24.21875 + 43.75) / 2 = 33.98… left over.
    expect(scores('bestfit', ['a 8xT4 cpu64 mem99'], 'cpu1 1x500', taken)).toEqual([66]);
  });
});

describe('dot product scores how little what is free lies along the request', () => {
  test.each([
    // 1 × 1 for both.
    ['all of the largest node', ['a 8xT4 cpu128 mem128'], 'cpu128 8x1000', [0]],
    // 128/128 × 64/128 = 50 %, and no GPUs: 25 % of the mean.
    ['half of its CPUs', ['a 8xT4 cpu128 mem99'], 'cpu64', [75]],
    // 4/8 × 1/8 = 6.25 %, halved 3.125: 96.875.
    ['one of four GPUs', ['a 4xT4 cpu128 mem99'], 'cpu0 1x1000', [96]],
    // The same of a share: 4/8 × 0.5/8 halved is 1.5625: 98.4375.
    ['half of one of four GPUs', ['a 4xT4 cpu128 mem99'], 'cpu0 1x500', [98]],
    ['nothing', ['a 4xT4 cpu128 mem99'], 'cpu0', [100]],
    ['more than the largest node twice', ['a 8xT4 cpu600 mem999'], 'cpu500', [0]],
  ] as const)('%s', (_, lines, request, expected) => {
    expect(scores('dotprod', lines, request)).toEqual(expected);
  });
});

describe('packing goes for GPUs in use, then for nodes in use, then for small idle ones', () => {
  const lines = ['a 8xT4 cpu64 mem99', 'b 2xT4 cpu64 mem99'];

  test.each([
    ['idle nodes: 33 less their GPUs', 'cpu1 1x500', [], [25, 31]],
    ['a GPU with 400 left: 100 − 4', 'cpu1 1x400', [inUse(0, 600)], [96, 31]],
    ['a GPU with 499 left counts full hundreds', 'cpu1 1x400', [inUse(0, 501)], [96, 31]],
    ['a GPU with 99 left: 100', 'cpu1 1x50', [inUse(1, 901)], [25, 100]],
    ['too little on the GPU in use: an idle one beside it, 50 − 1', 'cpu1 1x500', [inUse(0, 600)], [49, 31]],
    ['two whole GPUs beside one in use: 50 − 2', 'cpu1 2x1000', [inUse(0, 600)], [48, 31]],
    ['a whole GPU beside one in use', 'cpu1 1x1000', [inUse(1, 600)], [25, 49]],
    ['no GPU at all', 'cpu1', [inUse(0, 600)], [0, 0]],
  ] as const)('%s', (_, request, taken, expected) => {
    expect(scores('packing', lines, request, taken)).toEqual(expected);
  });

  test('of nodes with very many GPUs the largest idle one counts for more than 33 less its GPUs', () => {
    expect(
      scores('packing', ['a 16xT4 cpu9 mem9', 'b 17xT4 cpu9 mem9', 'c 32xT4 cpu9 mem9'], 'cpu1 1x1000'),
    ).toEqual([17, 17, 32]);
  });

  test('an idle GPU of a node in use is never worth less than 33', () => {
    const taken = [[0, 'cpu1 1x1000', [0]]] as const;
    expect(scores('packing', ['a 32xT4 cpu9 mem9'], 'cpu1 17x1000', taken)).toEqual([33]);
    expect(scores('packing', ['a 32xT4 cpu9 mem9'], 'cpu1 18x1000', taken)).toEqual([33]);
    expect(scores('packing', ['a 32xT4 cpu9 mem9'], 'cpu1 16x1000', taken)).toEqual([34]);
  });
});

describe('clustering scores the company that a request would find', () => {
  const lines = ['a 4xT4 cpu64 mem99', 'b 4xT4 cpu64 mem99'];
  const share = [0, 'cpu1 1x100', [0]] as const;
  const whole = [0, 'cpu1 1x1000', [1]] as const;
  const two = [0, 'cpu1 2x1000', [2, 3]] as const;

  test.each([
    // Four of eight GPUs' worth are not there at all: half of 25, rounded down, and 25 for nobody.
    ['an empty node', 'cpu1 1x1000', [], [37, 37]],
    // 4,100 of 8,000 used is 12.8.
    ['only its own kind', 'cpu1 1x200', [share], [87, 37]],
    ['only another kind', 'cpu1 1x1000', [share], [12, 37]],
    // 5,100 of 8,000 are 15.9.
    ['its own kind and another', 'cpu1 1x200', [share, whole], [65, 37]],
    ['two kinds, neither its own', 'cpu1 2x1000', [share, whole], [15, 37]],
    // Requests for one whole GPU and for two are two kinds.
    ['whole GPUs of another number', 'cpu1 1x1000', [two], [18, 37]],
    ['no GPUs', 'cpu1', [share], [0, 0]],
  ] as const)('%s', (_, request, taken, expected) => {
    expect(scores('clustering', lines, request, taken)).toEqual(expected);
  });

  test('requests without GPUs are no company', () => {
    expect(scores('clustering', ['a 8xT4 cpu64 mem99'], 'cpu1 1x1000', [[0, 'cpu9', []]])).toEqual([25]);
  });

  test('a node larger than any of the experiments counts as empty until eight of its GPUs are left', () => {
    const some = [[0, 'cpu1 8x1000', [0, 1, 2, 3, 4, 5, 6, 7]]] as const;
    expect(scores('clustering', ['a 16xT4 cpu64 mem99'], 'cpu1 1x1000')).toEqual([25]);
    expect(scores('clustering', ['a 16xT4 cpu64 mem99'], 'cpu1 8x1000', some)).toEqual([75]);
  });
});

describe('which GPUs a request takes', () => {
  test.each([
    ['the fullest that will do', [1000, 300, 600], 'cpu1 1x200', [1]],
    ['one that it fills exactly', [1000, 300, 600], 'cpu1 1x600', [2]],
    ['an idle one where no other will do', [300, 1000, 600], 'cpu1 1x601', [1]],
    ['the lowest number of equals', [600, 300, 300], 'cpu1 1x100', [1]],
    ['the lowest of idle ones', [1000, 1000], 'cpu1 1x999', [0]],
    ['none where none has so much left', [300, 600], 'cpu1 1x601', []],
    ['whole ones from the first', [1000, 300, 1000, 1000], 'cpu1 2x1000', [0, 2]],
    ['one whole one, not a share of it', [999, 1000], 'cpu1 1x1000', [1]],
    ['nothing for CPUs alone', [1000, 1000], 'cpu1', []],
  ] as const)('%s', (_, left, request, gpus) => {
    expect(chosen(left, request)).toBe(maskOf(gpus));
  });

  test('the 32nd GPU is a GPU like any other', () => {
    const left = Array.from({ length: 32 }, (_, gpu) => (gpu < 31 ? 100 : 1000));
    expect(chosen(left, 'cpu1 1x500')).toBe(2 ** 31);
    expect(chosen(left, 'cpu1 1x1000')).toBe(2 ** 31);
  });

  test('as many idle ones as there are, where more are asked for', () => {
    const { nodes } = fleetOf(nodesOf('a 2xT4 cpu9 mem9', 'b 3xT4 cpu9 mem9'), []);
    expect(idleGpus(nodes, 0, 3)).toBe(0b11);
    expect(idleGpus(nodes, 1, 2)).toBe(0b011);
    expect(idleGpus(nodes, 1, 0)).toBe(0);
  });
});

type Kept = { readonly seat: Seat; readonly paper: PaperSeat };

/** The best node on paper: the first of those with the best score. */
function bestOnPaper(
  nodes: readonly PaperNode[],
  score: (node: PaperNode) => number,
  shape: Shape,
): PaperNode | undefined {
  const able = nodes.filter((node) => fitsOn(node, shape));
  const most = Math.max(...able.map(score));
  return able.find((node) => score(node) === most);
}

describe.each(publishedNames)('on any small fleet, %s', (name) => {
  const formula = formulas[name];

  test('seats every request where its formula says, whatever came and went before', () => {
    let seats = 0;
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const packer = new Packer(fleet.nodes, fleet.shapes, published(name, fleet));
        const paper = onPaper(nodes);
        const kept: Kept[] = [];
        for (const step of steps) {
          if (step < 0) {
            const [gone] = kept.splice(-step % Math.max(1, kept.length), 1);
            if (gone === undefined) continue;
            packer.release(gone.seat);
            giveBack(gone.paper);
            continue;
          }
          const shape = shapes[step % shapes.length];
          if (shape === undefined) continue;
          const best = bestOnPaper(paper, (node) => formula.score(node, shape, fleet.target), shape);
          const seat = packer.place(fleet.shapes.idOf(shape));
          expect(seat === undefined ? undefined : fleet.nodes.ids[seat.node]).toBe(best?.id);
          if (seat === undefined || best === undefined) continue;
          const gpus = shape.gpuCount === 0 ? [] : formula.gpus(best, shape, fleet.target);
          expect(seat.gpus).toBe(maskOf(gpus));
          kept.push({ seat, paper: takeOn(best, shape, gpus) });
          seats++;
        }
      }),
      runs,
    );
    expect(seats).toBeGreaterThan(8 * runs.numRuns);
  });

  test('gives every node the score of its formula', () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const policy = published(name, fleet);
        const packer = new Packer(fleet.nodes, fleet.shapes, policy);
        const paper = onPaper(nodes);
        for (const step of steps) {
          const shape = shapes[Math.abs(step) % shapes.length];
          if (shape === undefined) continue;
          const id = fleet.shapes.idOf(shape);
          const scored = paper.map((_, number) =>
            fleet.nodes.fits(number, fleet.shapes, id) ? policy.score(number, id) : 'no room',
          );
          expect(scored).toEqual(
            paper.map((node) => (fitsOn(node, shape) ? formula.score(node, shape, fleet.target) : 'no room')),
          );
          const seat = packer.place(id);
          const stood = paper[seat?.node ?? -1];
          if (stood === undefined) continue;
          takeOn(stood, shape, shape.gpuCount === 0 ? [] : formula.gpus(stood, shape, fleet.target));
        }
      }),
      runs,
    );
  });
});

describe('fragments', () => {
  test('are those of the definition, and so is what a request would lessen, GPU by GPU', () => {
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const packer = new Packer(fleet.nodes, fleet.shapes, published('clustering', fleet));
        const fragments = new Fragments(fleet.nodes, fleet.shapes, fleet.target);
        for (const step of steps) {
          const shape = shapes[Math.abs(step) % shapes.length];
          if (shape === undefined) continue;
          const id = fleet.shapes.idOf(shape);
          for (let number = 0; number < fleet.nodes.count; number++) {
            const node = copied(fleet, number);
            expect(fragments.amount(number)).toBe(fragmented(node, fleet.target));
            if (!fitsOn(node, shape)) continue;
            expect(fragments.gradient(number, id)).toBe(lessened(node, shape, fleet.target));
            if (!isShare(shape)) continue;
            const roomy = roomyOn(node, shape);
            for (const gpu of node.gpus.keys())
              expect(fragments.gradientOn(number, id, gpu) > -Infinity).toBe(roomy.includes(gpu));
          }
          packer.place(id);
        }
      }),
      runs,
    );
  });

  test('are never more than all that is idle, in the eyes of every request', () => {
    assert(
      property(cases, ({ nodes, shapes }) => {
        const fleet = fleetOf(nodes, shapes);
        const fragments = new Fragments(fleet.nodes, fleet.shapes, fleet.target);
        for (const [number, { gpuCount }] of fleet.nodes.capacities.entries()) {
          const amount = fragments.amount(number);
          expect(amount).toBeGreaterThanOrEqual(0);
          expect(amount).toBeLessThanOrEqual(gpuCount * 1000 * fleet.target.countTotal);
        }
      }),
      runs,
    );
  });

  test('of a request in the target that is asked for twice as often, weigh twice', () => {
    const [lines, request] = [nodesOf('a 4xT4 cpu16 mem99'), shapeOf('cpu4 1x1000')];
    const once = fleetOf(lines, ['cpu4 1x600', 'cpu8 4x1000'].map(shapeOf));
    const twice = fleetOf(lines, ['cpu4 1x600', 'cpu8 4x1000', 'cpu4 1x600', 'cpu8 4x1000'].map(shapeOf));
    const gradients = [once, twice].map((fleet) =>
      new Fragments(fleet.nodes, fleet.shapes, fleet.target).gradient(0, fleet.shapes.idOf(request)),
    );
    // The one of four GPUs is no longer useful to the second, who now wastes the other three: −3,000. The first loses none.
    expect(gradients).toEqual([-3000, -6000]);
  });
});
