import { assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nodeCapacity, shares } from '../../../src/core/check/capacity.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { heldByOthers, node, saidBy } from './findings.ts';

/** 8 GPUs of 100 W beside 800 W of a machine with 16 cores and 32 GiB: 200 W, 2 cores and 4 GiB a GPU. */
const rated = world('fra1/h1/r1 1×8 H100-SXM-80GB mig cpu16 mem32 disk100 gpuw100 basew800');

function due(on: World, text: string, words: string): readonly string[] {
  return saidBy(shares, on, demand(text), placement(4, `train 0 ${node} ${words}`)).map((line) =>
    line.replace(`\`train\` 0 on ${node} `, ''),
  );
}

describe('what a replica holds of its node', () => {
  test.each<readonly [string, string, string, readonly string[]]>([
    ['the share of its GPUs', '1×2', 'gpu0-1 cpu4 mem8 400W', []],
    ['all of it for all of them', '1×8', 'gpu0-7 cpu16 mem32 1600W', []],
    ['a core more than that', '1×2', 'gpu0-1 cpu5 mem8 450W', ['cpu-share: holds 5000 mCPU, it is due 4000']],
    ['a GiB less', '1×2', 'gpu0-1 cpu4 mem7 400W', ['memory-share: holds 7168 MiB, it is due 8192']],
    ['what it asked for instead', '1×2 cpu1 mem1', 'gpu0-1 cpu1 mem1 400W', []],
    [
      'the share where it asked for something else',
      '1×2 cpu1 mem1',
      'gpu0-1 cpu4 mem8 400W',
      ['cpu-share: holds 4000 mCPU, it is due 1000', 'memory-share: holds 8192 MiB, it is due 1024'],
    ],
    ['none, as asked for', '1×2 cpu0 mem0', 'gpu0-1 400W', []],
    ['the share of a half', '1×1 share:500', '0:500 cpu1 mem2 100W', []],
    [
      'the share of an eighth, by its memory',
      '1×1 mig:1g.10gb cpu0',
      '0:1g.10gb@0 mem0 30W',
      ['memory-share: holds 0 MiB, it is due 512'],
    ],
    ['disk as asked for', '1×1 disk7', 'gpu0 cpu2 mem4 disk7 200W', []],
    ['a GiB of disk less', '1×1 disk7', 'gpu0 cpu2 mem4 disk6 200W', ['storage: holds 6 GiB, it is due 7']],
    ['disk without asking', '1×1', 'gpu0 cpu2 mem4 disk1 200W', ['storage: holds 1 GiB, it is due 0']],
    [
      'a watt less than it may draw',
      '1×2',
      'gpu0-1 cpu4 mem8 399W',
      ['member-power: holds 399 W, it may draw 400'],
    ],
    ['more watts than that, which is its own matter', '1×2', 'gpu0-1 cpu4 mem8 999W', []],
  ])('%s', (_, text, words, expected) => {
    expect(due(rated, text, words)).toEqual(expected);
  });

  test('is nothing of what nobody recorded', () => {
    const bare = world('fra1/h1/r1 1×8 H100');
    expect(due(bare, '1×2', 'gpu0-1')).toEqual([]);
    expect(due(bare, '1×2', 'gpu0-1 cpu1')).toEqual(['cpu-share: holds 1000 mCPU, it is due 0']);
  });

  test('is nothing of a machine without GPUs', () => {
    expect(due(world('fra1/h1/r1 1 cpu8 mem8'), 'train: 1×cpu2', 'cpu2')).toEqual([]);
  });

  test('of no part is asked of nobody, and of the next all the same', () => {
    const held = placement(4, `nobody 0 ${node} cpu9`, `train 0 ${node} gpu0 cpu2 mem4`);
    expect(saidBy(shares, rated, demand('1×1'), held)).toEqual([
      `member-power: \`train\` 0 on ${node} holds 0 W, it may draw 200`,
    ]);
  });
});

/** The draw of the whole node, as the least that is accepted for all eight GPUs. */
function mayDraw(more: Details['nodes'], words = 'cpu16 mem32 gpuw100 basew800'): number {
  const on = world(`fra1/h1/r1 1×8 H100 ${words}`, { nodes: more ?? {} });
  const [line = ''] = due(on, '1×8 cpu0 mem0', 'gpu0-7 0W');
  return Number(/may draw ([0-9]+)$/.exec(line)?.[1] ?? 0);
}

describe('what a replica may draw', () => {
  test.each<readonly [string, object, number]>([
    ['is what its GPUs and their machine are rated for', {}, 1600],
    ['is what the maker writes on it, where that is more', { nameplateW: 2000 }, 2000],
    ['is what its operator has set aside, where that is more', { allocatedW: 2100 }, 2100],
    ['is the most that was ever measured', { measuredW: 2200 }, 2200],
    ['is the most of all these', { nameplateW: 2000, allocatedW: 1700, measuredW: 2300 }, 2300],
    ['is never less than what it is rated for', { nameplateW: 100, allocatedW: 200, measuredW: 300 }, 1600],
  ])('%s', (_, facts, watts) => {
    expect(mayDraw({ [node]: facts })).toBe(watts);
  });

  test('is what is known of it', () => {
    expect(mayDraw({}, 'gpuw100')).toBe(800);
    expect(mayDraw({}, 'basew800')).toBe(800);
    expect(mayDraw({}, 'nolink')).toBe(0);
    expect(mayDraw({ [node]: { measuredW: 900 } }, 'nolink')).toBe(900);
  });

  test.each<readonly [string, string, string, number]>([
    ['by its cores, where those are the larger part', '1×1 cpu8 mem0', 'gpu0 cpu8', 100 + 400],
    ['by its GPUs, where those are', '1×4 cpu1 mem0', 'gpu0-3 cpu1', 400 + 400],
    ['by cores alone', 'train: 1×cpu4', 'cpu4', 200],
    ['by cores alone, rounded up', 'train: 1×cpu1', 'cpu1', 50],
    ['by a share of a GPU, both parts rounded up', '1×1 share:333 cpu0 mem0', '0:333', 34 + 34],
    [
      'by the compute of an instance, which is more than its memory',
      '1×1 mig:1g.10gb cpu0 mem0',
      '0:1g.10gb@0',
      15 + 15,
    ],
    ['by nothing, where it has nothing', '1×cpu0 mem0', 'mem0', 0],
  ])('counts %s', (_, text, words, watts) => {
    const found = due(rated, text, words).filter((line) => line.startsWith('member-power'));
    expect(found).toEqual(watts === 0 ? [] : [`member-power: holds 0 W, it may draw ${watts}`]);
    expect(due(rated, text, `${words} ${watts}W`)).toEqual([]);
  });
});

/** What is said where these are asked for together. */
function asked(on: World, ...words: readonly string[]): readonly string[] {
  const held = placement(4, ...words.map((each, at) => `train ${at} ${node} ${each}`));
  return saidBy(nodeCapacity, on, demand(`${words.length}×1`), held).map((line) =>
    line.replace(`${node}: `, ''),
  );
}

describe('what a node has', () => {
  test.each<readonly [string, readonly string[], string | undefined]>([
    ['is filled', ['cpu16 mem32 disk100'], undefined],
    ['is filled by several', ['cpu8 mem16 disk50', 'cpu8 mem16 disk50'], undefined],
    ['has no core more', ['cpu8', 'cpu9'], 'cpu: mCPU held by others 0, asked for 17000, limit 16000'],
    ['has no GiB more', ['mem16', 'mem17'], 'memory: MiB held by others 0, asked for 33792, limit 32768'],
    ['has no disk more', ['disk50', 'disk51'], 'storage: GiB held by others 0, asked for 101, limit 100'],
  ])('%s', (_, words, note) => {
    expect(asked(rated, ...words)).toEqual(note === undefined ? [] : [note]);
  });

  test('spares hold it too', () => {
    const held = placement(4, `train 0 ${node} cpu8`, `+ train 1 ${node} cpu9`);
    expect(saidBy(nodeCapacity, rated, demand('1×1'), held)).toHaveLength(1);
  });

  test('each node is one matter', () => {
    const two = world('fra1/h1/r1 2×1 H100 cpu16 mem32');
    const held = placement(
      4,
      `train 0 ${node} cpu17`,
      'train 1 fra1/h1/r1/n02 cpu16',
      'train 2 fra1/h1/r1/n02 mem33',
    );
    expect(saidBy(nodeCapacity, two, demand('3×1'), held)).toEqual([
      `cpu: ${node}: mCPU held by others 0, asked for 17000, limit 16000`,
      'memory: fra1/h1/r1/n02: MiB held by others 0, asked for 33792, limit 32768',
    ]);
  });

  test('what others hold and what is asked for add up, in every amount', () => {
    const amounts = record({
      cpu: integer({ min: 0, max: 9 }),
      mem: integer({ min: 0, max: 18 }),
      disk: integer({ min: 0, max: 60 }),
    });
    assert(
      property(amounts, amounts, (ours, theirs) => {
        const words = ({ cpu, mem, disk }: typeof ours) => `cpu${cpu} mem${mem} disk${disk}`;
        const small = world('fra1/h1/r1 1×1 H100 cpu9 mem18 disk60');
        const on = heldByOthers(small, [1, 2], `load 0 ${node} ${words(theirs)}`);
        const expected = [
          ...(ours.cpu + theirs.cpu > 9 ? ['cpu'] : []),
          ...(ours.mem + theirs.mem > 18 ? ['memory'] : []),
          ...(ours.disk + theirs.disk > 60 ? ['storage'] : []),
        ];
        expect(asked(on, words(ours)).map((line) => line.split(':', 1).join())).toEqual(expected);
      }),
      { seed, numRuns: 40 },
    );
  });
});
