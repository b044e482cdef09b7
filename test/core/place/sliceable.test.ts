import { describe, expect, test } from 'vitest';

import { drawOfSlices, shareOfNode, sliceable, sliceableGpus } from '../../../src/core/place/sliceable.ts';
import type { Details } from '../fleet.ts';
import { listed, nodeOf, wantOf } from './wanted.ts';

const share = { kind: 'share', milli: 300 } as const;
const small = { kind: 'mig', profile: '1g.10gb' } as const;
const h100 = { model: 'H100-SXM-80GB', migCapable: true };

describe('whether a GPU can give a slice', () => {
  test.each([
    ['a share of a GPU that is used whole', 'none', h100, share, 'yes'],
    ['a share where GPUs are shared by time', 'time-slicing', h100, share, 'yes'],
    ['a share where GPUs are shared by processes', 'mps', h100, share, 'yes'],
    ['no share where GPUs are cut into one profile', 'mig-single', h100, share, 'no'],
    ['no share where GPUs are cut into several', 'mig-mixed', h100, share, 'no'],
    ['a share of nobody knows what', 'unknown', h100, share, 'sharing?'],
    ['a share of a GPU of which nothing is known', 'none', {}, share, 'yes'],
    ['an instance of a GPU that is used whole and can be cut', 'none', h100, small, 'yes'],
    ['an instance where GPUs are cut into several', 'mig-mixed', h100, small, 'yes'],
    [
      'also where nobody has said that it can be cut, as it is',
      'mig-mixed',
      { model: 'H100-SXM-80GB' },
      small,
      'yes',
    ],
    ['no instance where GPUs are shared by time', 'time-slicing', h100, small, 'no'],
    ['no instance where GPUs are shared by processes', 'mps', h100, small, 'no'],
    [
      'no instance of a model without profiles',
      'none',
      { model: 'L40S-48GB', migCapable: true },
      small,
      'no',
    ],
    ['no instance of a GPU that cannot be cut', 'none', { ...h100, migCapable: false }, small, 'no'],
    [
      'no instance of a profile that the model has not',
      'none',
      h100,
      { kind: 'mig', profile: '1g.5gb' },
      'no',
    ],
    [
      'an instance of a GPU that may or may not be cut',
      'none',
      { model: 'H100-SXM-80GB' },
      small,
      'migCapable?',
    ],
    ['an instance of one of two sizes', 'none', { model: 'H100', migCapable: true }, small, 'gpuMemoryMib?'],
    ['an instance of nobody knows what', 'unknown', h100, small, 'sharing?'],
    [
      'an instance where each GPU is cut into that profile',
      'mig-single',
      { ...h100, migProfile: '1g.10gb' },
      small,
      'yes',
    ],
    [
      'no instance where each is cut into another',
      'mig-single',
      { ...h100, migProfile: '3g.40gb' },
      small,
      'no',
    ],
    [
      'an instance where each is cut into one that nobody has named',
      'mig-single',
      h100,
      small,
      'migProfile?',
    ],
    [
      'what settles it is asked before what is not known: the model',
      'unknown',
      { model: 'L40S-48GB' },
      small,
      'no',
    ],
    ['the profile', 'unknown', h100, { kind: 'mig', profile: '1g.5gb' }, 'no'],
    ['and that it cannot be cut', 'unknown', { ...h100, migCapable: false }, small, 'no'],
    [
      'the one profile of the node, before its size',
      'mig-single',
      { model: 'H100', migProfile: '3g.40gb' },
      small,
      'no',
    ],
  ] as const)('%s', (_, sharing, gpu, slice, expected) => {
    const answer = sliceable({ sharing }, gpu, slice);
    expect(answer.kind === 'unknown' ? `${answer.attribute}?` : answer.kind).toBe(expected);
  });
});

/** GPUs of a node of four that can give what a demand asks for. */
function able(text: string, line: string, more: Details = {}, model = 'H100-SXM-80GB'): string {
  const need = wantOf(text, model).part.each.gpus;
  return need === undefined
    ? 'no GPUs'
    : listed(sliceableGpus(nodeOf(`r/r1 1×4 ${line}`, more).shape, need, model));
}

const gpuThat = (number: number, set: object): Details => ({ gpus: { [`r/r1/n01/gpu${number}`]: set } });

// 1g.10gb is one memory slice of eight on 80 GB, and two of eight on 40 GB.
const of40Gb = (numbers: readonly number[]): Details => ({
  gpus: Object.fromEntries(numbers.map((at) => [`r/r1/n01/gpu${at}`, { memoryMib: 40 * 1024 }])),
});

describe('which GPUs of a node can give a slice', () => {
  const cut = 'H100-SXM-80GB mig gpumem80';

  test.each([
    ['all of a model', '1×1 share:300', cut, {}, '0-3'],
    ['none of another model', '1×1 share:300', 'L40S', {}, '-'],
    ['those of the model alone', '1×1 share:300', cut, gpuThat(1, { model: 'L40S' }), '0,2-3'],
    ['all that can be cut', '1×1 mig:1g.10gb', cut, gpuThat(2, { migCapable: false }), '0-1,3'],
    [
      'those that are down too: they may be well by then',
      '1×1 share:300',
      cut,
      gpuThat(0, { health: 'down' }),
      '0-3',
    ],
    ['all where a slice has exactly the memory', '1×1 share:500 gpumem40', cut, {}, '0-3'],
    ['none where it has a little less', '1×1 share:499 gpumem40', cut, {}, '-'],
    ['none where nobody knows the memory', '1×1 share:500 gpumem1', 'H100-SXM-80GB', {}, '-'],
    ['all where none is asked for', '1×1 share:500', 'H100-SXM-80GB', {}, '0-3'],
    ['whole GPUs: none, they are no slices', '1×1', cut, {}, '-'],
  ])('%s', (_, text, line, more, expected) => {
    expect(able(text, line, more)).toBe(expected);
  });

  test('where instances of one name are of two sizes, those of the first size alone', () => {
    const line = 'A100 mig gpumem80';
    expect(able('1×1 mig:1g.10gb', line, of40Gb([1, 3]), 'A100')).toBe('0,2');
    expect(able('1×1 mig:1g.10gb', line, of40Gb([0]), 'A100')).toBe('0');
    expect(able('1×1 mig:1g.10gb', line, of40Gb([0, 1, 2, 3]), 'A100')).toBe('0-3');
    // Thousandths are thousandths of whatever there is.
    expect(able('1×1 share:300', line, of40Gb([0]), 'A100')).toBe('0-3');
  });
});

describe('what one replica is of its node', () => {
  const node = nodeOf('r/r1 1×4 H100-SXM-80GB mig gpumem80 cpu64 mem512');

  test.each([
    ['no GPUs', '1×cpu4', '0/1'],
    ['one of four GPUs', '1×1', '1/4'],
    ['all four', '1×4', '4/4'],
    ['a share of a GPU', '1×1 share:300', '300/4000'],
    ['two shares', '1×2 share:300', '600/4000'],
    ['one memory slice of 32', '1×1 mig:1g.10gb', '1/32'],
    ['three instances of four memory slices', '1×3 mig:3g.40gb', '12/32'],
    ['an instance of all memory slices', '1×1 mig:7g.80gb', '8/32'],
  ])('%s', (_, text, expected) => {
    const { part, of } = shareOfNode(node, wantOf(text, 'H100-SXM-80GB').part.each.gpus, 'H100-SXM-80GB');
    expect(`${part}/${of}`).toBe(expected);
  });

  test('nothing where the node has no GPUs', () => {
    const bare = nodeOf('r/r1 1 cpu64');
    expect(shareOfNode(bare, wantOf('1×1').part.each.gpus, 'H100')).toEqual({ part: 0, of: 1 });
  });

  test.each([
    ['whole GPUs', '1×2', '2/1'],
    ['a share', '1×1 share:300', '300/1000'],
    ['three shares', '1×3 share:300', '900/1000'],
    // One of seven compute slices is more than one of eight memory slices.
    ['an instance by its compute', '1×1 mig:1g.10gb', '1/7'],
    // Two of eight memory slices are more than one of seven compute slices.
    ['an instance by its memory', '1×1 mig:1g.20gb', '2/8'],
    ['two of them', '1×2 mig:1g.20gb', '4/8'],
    ['all of it', '1×1 mig:7g.80gb', '8/8'],
  ])('of the draw of a GPU: %s', (_, text, expected) => {
    const need = wantOf(text, 'H100-SXM-80GB').part.each.gpus;
    if (need === undefined) throw new Error('a need of GPUs');
    const { part, of } = drawOfSlices(node, need, 'H100-SXM-80GB');
    expect(part / of).toBe(Number(expected.split('/')[0]) / Number(expected.split('/')[1]));
  });
});
