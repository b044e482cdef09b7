import { assert, constantFrom, property, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { indexesOf } from '../../../src/core/mask.ts';
import {
  combinations,
  hardestFirst,
  heldBesideGpus,
  isSliced,
  meansModel,
  modelsFor,
  usableGpus,
  type Want,
  wantedPart,
} from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';
import { firstWant, nodeAt, there } from './known.ts';

describe('a wish for a model', () => {
  test.each([
    ['H100', 'H100', true],
    ['h100', 'H100', true],
    ['H100', 'h100-sxm', true],
    ['H100', 'H100-SXM', true],
    ['H100-SXM', 'H100', false],
    ['H100', 'H100L', false],
    ['H10', 'H100', false],
    ['H100-', 'H100-SXM', false],
    ['A100', 'H100', false],
  ])('for %s, of which there is %s: %s', (wish, model, expected) => {
    expect(meansModel(wish, model)).toBe(expected);
  });

  const known = ['A100', 'A100-PCIE', 'H100-SXM', 'L40S'];

  test.each([
    ['1×1', known],
    ['1×1 A100', ['A100', 'A100-PCIE']],
    ['1×1 L40S|H100', ['H100-SXM', 'L40S']],
    ['1×1 A100|A100-PCIE', ['A100', 'A100-PCIE']],
    ['1×1 B200', []],
  ])('%s may run on %o', (text, expected) => {
    expect(modelsFor(there(demand(text).parts[0], 'a part'), known)).toEqual(expected);
  });
});

/** `H100+A100` for each way to settle the models. */
const ways = (text: string, known: readonly string[]) =>
  combinations(demand(text), known).map((way) => way.map(({ model }) => model ?? '-').join('+'));

describe('ways to settle the models', () => {
  test.each([
    ['one for each model', '1×1', ['A', 'B'], ['A', 'B']],
    ['every pair, the later part changing first', '1×1 + 1×1', ['A', 'B'], ['A+A', 'A+B', 'B+A', 'B+B']],
    ['a part without GPUs has no model', '1×1 + 1×cpu1', ['A', 'B'], ['A+-', 'B+-']],
    ['one way for a demand without GPUs, also where no model is known', '1×cpu1', [], ['-']],
    ['none where a part may run on no model', '1×1 + 1×1 X', ['A', 'B'], []],
    ['none where no model is known', '1×1', [], []],
  ])('%s', (_, text, known, expected) => {
    expect(ways(text, known)).toEqual(expected);
  });

  test('are the first 256 where there are more, so that each has a model for each part', () => {
    const nine = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'];
    const found = ways('1×1 + 1×1 + 1×1', nine);
    expect(found.length).toBe(256);
    expect([found[0], found[9], found[255]]).toEqual(['A+A+A', 'A+B+A', 'D+B+D']);
    expect(new Set(found).size).toBe(256);
    expect(ways('1×1 + 1×1', nine).length).toBe(81);
  });

  test('know how many GPUs a replica has, and hold its part as it is aligned', () => {
    const [way] = combinations(demand('2×4 H100 within:numa + 1×cpu2'), ['H100']);
    expect(way?.map(({ gpuCount, part }) => [gpuCount, part.count, part.each.align])).toEqual([
      [4, 2, 'numa'],
      [0, 1, undefined],
    ]);
  });
});

const read = (text: string, more: object = {}) => {
  const asked = demand(text, more);
  return wantedPart(there(asked.parts[0], 'a part'), asked);
};

describe('a part as the search reads it', () => {
  test.each([
    ['1×2', {}, undefined],
    ['1×2 align:numa', {}, 'numa'],
    ['1×2 within:numa', {}, 'numa'],
    ['1×2 apart:pcie-root', {}, 'pcie-root'],
    ['1×2 align:numa', { together: 'pcie-root' }, 'pcie-root'],
    ['1×2 align:pcie-root', { together: 'numa' }, 'pcie-root'],
    ['1×2 within:rack', { together: 'rack' }, undefined],
  ])('%s %o is aligned by %s', (text, more, expected) => {
    expect(read(text, more).each.align).toBe(expected);
  });

  test('is the part itself where nothing changes', () => {
    const asked = demand('1×2 align:numa');
    expect(wantedPart(there(asked.parts[0], 'a part'), asked)).toBe(asked.parts[0]);
  });
});

const sorted = (texts: readonly string[]) => {
  const wants = there(combinations(demand(texts.join(' + ')), ['H100'])[0], 'a way');
  return hardestFirst(wants).map(({ part }) => part.name);
};

describe('what is hard to place goes first', () => {
  /** In the order of hardness: the last two differ by name alone. */
  const parts = [
    'whole-eight: 1×8 H100',
    'whole-two: 1×2 H100 cpu9',
    'whole-too: 1×2 H100 cpu8',
    'share-most: 1×1 H100 share:600',
    'mig-large: 1×1 H100 mig:3g.40gb',
    'mig-small-pair: 1×2 H100 mig:1g.10gb',
    'mig-small: 1×1 H100 mig:1g.10gb',
    'cores-eight: 1×cpu8',
    'cores-four: 1×cpu4 mem9',
    'cores-tour: 1×cpu4',
  ];
  const names = parts.map((part) => part.slice(0, part.indexOf(':')));

  test('whole GPUs, then slices, then cores; large before small; then by name, in whatever order they came', () => {
    assert(
      property(shuffledSubarray(parts, { minLength: parts.length }), (texts) => {
        expect(sorted(texts)).toEqual(names);
      }),
      { seed, numRuns: 40 },
    );
  });

  test('a part by itself, and none', () => {
    expect(sorted(['only: 1×1'])).toEqual(['only']);
    expect(hardestFirst([])).toEqual([]);
  });

  test('only slices are slices', () => {
    const wants = there(combinations(demand('1×1 + 1×1 share:500 + 1×cpu1'), ['H100'])[0], 'a way');
    expect(wants.map(isSliced)).toEqual([false, true, false]);
  });
});

describe('GPUs that a part may use at all', () => {
  const id = 'fra1/r1/n01';
  const usable = (words: string, text: string, details: Details = {}, more: Partial<Want> = {}) => {
    const on = world(`fra1/r1 1×4 H100 ${words}`.trim(), details);
    const want = { ...firstWant(on, demand(text)), ...more };
    return indexesOf(usableGpus(nodeAt(on, id), want)).join('');
  };
  const gpus = (sets: Readonly<Record<number, object>>): Details => ({
    gpus: Object.fromEntries(Object.entries(sets).map(([gpu, set]) => [`${id}/gpu${gpu}`, set])),
  });

  test.each([
    ['all of the model', '1×1 H100', '', {}, '0123'],
    ['none of another model', '1×1 H100', '', gpus({ 1: { model: 'A100' } }), '023'],
    ['none that is down', '1×1 H100', '', gpus({ 2: { health: 'down' } }), '013'],
    ['none with less memory', '1×1 H100 gpumem80', 'gpumem80', gpus({ 0: { memoryMib: 81_919 } }), '123'],
    ['none whose memory nobody knows', '1×1 H100 gpumem1', '', {}, ''],
    ['none for cores alone', '1×cpu1', '', {}, ''],
  ] as const)('are %s', (_, text, words, details, expected) => {
    expect(usable(words, text, details)).toBe(expected);
  });

  test('are only those on certain rails, and only certain ones, where that was chosen', () => {
    expect(usable('rdma', '1×1 H100', {}, { rails: new Set([1, 3]) })).toBe('13');
    expect(usable('', '1×1 H100', {}, { rails: new Set([1, 3]) })).toBe('');
    expect(usable('rdma', '1×1 H100', {}, { only: 0b0110 })).toBe('12');
    expect(usable('rdma', '1×1 H100', {}, { only: 0b0110, rails: new Set([1, 3]) })).toBe('1');
    expect(usable('rdma', '1×1 H100', gpus({ 1: { health: 'down' } }), { only: 0b0110 })).toBe('2');
  });

  test('are those of each shape and of each model, whatever was asked before', () => {
    const on = world('fra1/r1 1×4 H100', 'fra1/r2 1×2 A100');
    const asked = demand('1×1');
    const [a100, h100] = combinations(asked, on.state.fleet.models).map(([want]) => there(want, 'a want'));
    const [one, other] = [nodeAt(on, id), nodeAt(on, 'fra1/r2/n01')];
    const masks = [a100, h100, a100, h100].flatMap((want) =>
      want === undefined ? [] : [usableGpus(one, want), usableGpus(other, want)],
    );
    expect(masks).toEqual([0, 0b11, 0b1111, 0, 0, 0b11, 0b1111, 0]);
  });
});

const beside = (text: string, words = 'cpu64 mem256 disk100') => {
  const on = world(`fra1/r1 1×8 H100 ${words}`.trim());
  const { cpuMilli, memoryMib, storageGib } = heldBesideGpus(
    nodeAt(on, 'fra1/r1/n01'),
    firstWant(on, demand(text)),
  );
  return [cpuMilli, memoryMib / 1024, storageGib];
};

describe('what a replica holds beside its GPUs', () => {
  test.each([
    ['what it asks for', '1×1 cpu3 mem5 disk7', [3000, 5, 7]],
    ["its GPUs' share of the node, and no disk", '1×2', [16_000, 64, 0]],
    ['all of a node whose GPUs it has', '1×8', [64_000, 256, 0]],
    ['the share of what it does not ask for only', '1×4 cpu3', [3000, 128, 0]],
    ['nothing where it asks for none, though GPUs would bring some', '1×4 cpu0 mem0', [0, 0, 0]],
    ['the part of the share that a slice is of its GPU', '1×1 share:500', [4000, 16, 0]],
    ['what it asks for and no share, without GPUs', '1×cpu2 mem3', [2000, 3, 0]],
  ])('is %s', (_, text, expected) => {
    expect(beside(text, text.includes('share') ? 'cpu64 mem256 disk100 shared' : undefined)).toEqual(
      expected,
    );
  });

  test('is nothing of a node whose size nobody has recorded', () => {
    expect(beside('1×2', '')).toEqual([0, 0, 0]);
  });

  test('of as many replicas as a node has room for is no more than the node, though shares do not come out even', () => {
    assert(
      property(constantFrom(1, 2, 3, 4, 5, 6, 7, 8), constantFrom(3, 7, 64), (gpus, cores) => {
        const on = world(`fra1/r1 1×8 H100 cpu${cores} mem5`);
        const held = heldBesideGpus(nodeAt(on, 'fra1/r1/n01'), firstWant(on, demand(`9×${gpus}`)));
        const count = Math.floor(8 / gpus);
        expect(held.cpuMilli * count).toBeLessThanOrEqual(cores * 1000);
        expect(held.memoryMib * count).toBeLessThanOrEqual(5 * 1024);
        // The share itself, rounded down.
        expect(held.cpuMilli).toBe(Math.floor((cores * 1000 * gpus) / 8));
      }),
      { seed, numRuns: 24 },
    );
  });
});
