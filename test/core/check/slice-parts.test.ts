import { expect, test } from 'vitest';

import { drawnParts, heldParts, memoryOf, type Parts, touched } from '../../../src/core/check/slice-parts.ts';
import type { HeldSlice, Member } from '../../../src/model/placement.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';

const [node] = world('fra1/h1/r1 1×4 H100-SXM-80GB nvlink mig gpumem80').state.fleet.nodes;

function fail(): never {
  throw new Error('no such thing');
}

function member(words: string): Member {
  return placement(1, `train 0 fra1/h1/r1/n01 ${words}`).members[0] ?? fail();
}

const text = ({ part, of }: Parts) => `${part}/${of}`;

test.each([
  ['compute is more', '0:1g.10gb@0', '1/7', '1/8'],
  ['compute is more by little', '0:4g.40gb@0', '4/7', '4/8'],
  ['memory is more', '0:3g.40gb@0', '4/8', '4/8'],
  ['memory is twice as much', '0:1g.20gb@0', '2/8', '2/8'],
  ['a share draws what it holds', '0:250', '250/1000', '250/1000'],
  ['whole GPUs', 'gpu0-2', '3/1', '3/1'],
  ['a whole one and slices of two kinds', 'gpu1 0:1g.10gb@0 0:1g.20gb@2', '78/56', '11/8'],
])('%s', (_, words, drawn, held) => {
  const own = member(words);
  expect(text(drawnParts(own, node ?? fail()))).toBe(drawn);
  expect(text(heldParts(own, node ?? fail()))).toBe(held);
});

test('memory is that of its slices, rounded down, and unknown where that of the GPU is', () => {
  const slice: HeldSlice = { kind: 'share', gpu: 0, milli: 333 };
  expect(memoryOf({ memoryMib: 1000 }, slice)).toBe(333);
  expect(memoryOf({ memoryMib: 1001 }, slice)).toBe(333);
  expect(memoryOf({ memoryMib: 1004 }, slice)).toBe(334);
  expect(memoryOf({}, slice)).toBeUndefined();
});

test('every GPU is touched once, in order', () => {
  expect(touched(member('gpu0-2'))).toEqual([0, 1, 2]);
  expect(touched(member('3:100 1:100'))).toEqual([1, 3]);
  expect(touched({ ...member('gpu0'), gpus: [2, 1, 2] })).toEqual([1, 2]);
  expect(touched({ ...member('gpu0'), gpus: [1, 1] })).toEqual([1]);
});
