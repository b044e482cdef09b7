import { describe, expect, test } from 'vitest';

import { sliceMisfit } from '../../../src/core/place/slice-fitness.ts';
import type { Details } from '../fleet.ts';
import { nodeOf, wantOf } from './wanted.ts';

/** `constraint`, or `constraint: attribute` where a fact is missing; `fits` where some GPU can. */
function misfit(text: string, line: string, more: Details = {}, model = 'H100-SXM-80GB'): string {
  const found = sliceMisfit(nodeOf(`r/r1 1×2 ${line}`, more), wantOf(text, model));
  if (found === undefined) return 'fits';
  return [found.constraint, ...(found.attribute === undefined ? [] : [found.attribute])].join(': ');
}

const cut = 'H100-SXM-80GB mig gpumem80';
const gpus = (...sets: readonly object[]): Details => ({
  gpus: Object.fromEntries(sets.map((set, at) => [`r/r1/n01/gpu${at}`, set])),
});
const sharing = (word: string): Details => ({ nodes: { 'r/r1/n01': { sharing: word } } });

describe('why no GPU of a node can give what is asked for', () => {
  test.each([
    ['no reason for whole GPUs', '1×9', cut, {}, 'fits'],
    ['none where all can', '1×1 mig:1g.10gb', cut, {}, 'fits'],
    ['none where one of them can', '1×1 mig:1g.10gb', cut, gpus({ migCapable: false }), 'fits'],
    [
      'none can be cut',
      '1×1 mig:1g.10gb',
      cut,
      gpus({ migCapable: false }, { migCapable: false }),
      'gpu-slice',
    ],
    [
      'nobody knows whether one can',
      '1×1 mig:1g.10gb',
      'H100-SXM-80GB nomig',
      gpus({ migCapable: false }, {}),
      'gpu-slice',
    ],
    [
      'one cannot, and nobody knows of the other',
      '1×1 mig:1g.10gb',
      'H100-SXM-80GB',
      gpus({ migCapable: false }),
      'gpu-slice: migCapable',
    ],
    ['the node gives shares only', '1×1 mig:1g.10gb', cut, sharing('time-slicing'), 'gpu-slice'],
    ['the node gives instances only', '1×1 share:300', cut, sharing('mig-mixed'), 'gpu-slice'],
    ['nobody knows what the node gives', '1×1 share:300', cut, sharing('unknown'), 'gpu-slice: sharing'],
    ['each slice has too little memory', '1×1 share:499 gpumem40', cut, {}, 'gpu-memory'],
    ['nobody knows the memory', '1×1 share:499 gpumem1', 'H100-SXM-80GB', {}, 'gpu-memory: gpuMemoryMib'],
    [
      'one has too little, and nobody knows of the other',
      '1×1 share:500 gpumem70',
      'H100-SXM-80GB',
      gpus({ memoryMib: 1024 }),
      'gpu-memory: gpuMemoryMib',
    ],
    [
      'none where one has enough and nobody knows of the other',
      '1×1 share:500 gpumem40',
      'H100-SXM-80GB',
      gpus({ memoryMib: 80 * 1024 }),
      'fits',
    ],
    [
      'memory is asked before how GPUs are shared',
      '1×1 share:499 gpumem40',
      cut,
      sharing('unknown'),
      'gpu-memory',
    ],
    ['more shares than GPUs', '1×3 share:100', cut, {}, 'node-size'],
    ['more instances than both GPUs hold', '1×5 mig:3g.40gb', cut, {}, 'node-size'],
    ['none where they hold exactly so many', '1×4 mig:3g.40gb', cut, {}, 'fits'],
    ['none that is well', '1×1 share:100', cut, gpus({ health: 'down' }, { health: 'down' }), 'node-size'],
  ])('%s', (_, text, line, more, expected) => {
    expect(misfit(text, line, more)).toBe(expected);
  });

  test('a GPU of one of two sizes that nobody has told apart may have enough memory', () => {
    expect(misfit('1×1 mig:3g.40gb gpumem40', 'H100 mig', {}, 'H100')).toBe('gpu-memory: gpuMemoryMib');
    expect(misfit('1×1 mig:3g.40gb', 'H100 mig', {}, 'H100')).toBe('gpu-slice: gpuMemoryMib');
  });

  test('GPUs of other models are not asked', () => {
    expect(misfit('1×2 share:100', cut, gpus({ model: 'L40S' }))).toBe('node-size');
    expect(misfit('1×1 share:100', cut, gpus({ model: 'L40S' }))).toBe('fits');
    expect(misfit('1×1 share:100', cut, gpus({ model: 'L40S' }, { model: 'L40S' }))).toBe('gpu-slice');
  });
});
