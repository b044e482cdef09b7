import { assert, boolean, constantFrom, integer, property, record, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { indexesOf, maskOf } from '../../../src/core/mask.ts';
import { pickGpus, railsOf, wholeReplicasIn } from '../../../src/core/place/pick.ts';
import type { Want } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { type Details, world } from '../fleet.ts';
import { firstWant, nodeAt } from './known.ts';

const id = 'fra1/r1/n01';
const all = [0, 1, 2, 3, 4, 5, 6, 7];

/** One node of eight GPUs, and what one replica picks of those that are free. */
function picked(
  words: string,
  text: string,
  free: readonly number[],
  {
    groups,
    nicsTaken = [],
    details = {},
  }: {
    readonly groups?: readonly (readonly number[])[];
    readonly nicsTaken?: readonly number[];
    readonly details?: Details;
  } = {},
): string {
  const on = world(`fra1/r1 1×8 H100 ${words}`.trim(), details);
  const mask = pickGpus(nodeAt(on, id), firstWant(on, demand(text)), {
    free: maskOf(free),
    groups: groups?.map(maskOf),
    nicsTaken: new Set(nicsTaken),
  });
  return mask === undefined ? 'none' : indexesOf(mask).join('');
}

describe('the GPUs of one replica', () => {
  test.each([
    ['are the lowest where nothing tells them apart', '', '1×3', [1, 3, 5, 7], '135'],
    ['are all that are free when so many are asked for', '', '1×4', [1, 3, 5, 7], '1357'],
    ['are none when one is missing', '', '1×5', [1, 3, 5, 7], 'none'],
    ['are of one NUMA node though lower ones are free', 'numa2', '1×2', [3, 5, 6, 7], '56'],
    ['leave the roomier NUMA node whole', 'numa2', '1×2', [0, 1, 2, 6, 7], '67'],
    ['are of the first of two NUMA nodes alike', 'numa2', '1×2', [2, 3, 6, 7], '23'],
    ['straddle NUMA nodes rather than not to be', 'numa2', '1×3', [2, 3, 6, 7], '236'],
    [
      'leave the roomier link domain whole, though nobody asked for one',
      'nvlink island4',
      '1×2',
      [1, 2, 3, 5, 6],
      '56',
    ],
    ['are of a NUMA node inside the link domain', 'nvlink island4 numa4', '1×2', [1, 2, 3, 4, 5, 6, 7], '23'],
    [
      'are of the first link domain when equally many are left in it',
      'nvlink island4',
      '1×2',
      [2, 3, 4, 5],
      '23',
    ],
    ['cross link domains where nobody asked for one', 'nvlink island4', '1×3', [0, 1, 4, 5], '014'],
    ['do not cross them where somebody did', 'nvlink island4', '1×3 nvlink', [0, 1, 4, 5], 'none'],
    ['fill a link domain exactly', 'nvlink island4', '1×4 nvlink', [0, 1, 2, 4, 5, 6, 7], '4567'],
    ['do without a known link where nobody asked for one', '', '1×2', [6, 7], '67'],
    ['need a known link where somebody did', '', '1×2 link', all, 'none'],
    ['are one GPU without a link at most', 'nolink', '1×2 link', all, 'none'],
  ] as const)('%s', (_, words, text, free, expected) => {
    expect(picked(words, text, free)).toBe(expected);
  });

  test('need a link domain where link bandwidth is asked for, though no kind of link is', () => {
    const on = world('fra1/r1 1×8 H100 nvlink island4 link900');
    const asked = demand('1×3', {
      parts: [{ name: 'train', count: 1, each: { gpus: { count: 3, linkMbps: 1 } } }],
    });
    const choose = (...free: readonly number[]) =>
      pickGpus(nodeAt(on, id), firstWant(on, asked), {
        free: maskOf(free),
        groups: undefined,
        nicsTaken: new Set(),
      });
    expect(choose(0, 1, 4, 5)).toBeUndefined();
    expect(choose(0, 1, 4, 5, 6)).toBe(maskOf([4, 5, 6]));
  });

  test.each([
    [
      'the group with the fewest that suffice',
      '1×2 align:numa',
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
      [1, 2, 3, 6, 7],
      '67',
    ],
    [
      'the lowest of that group',
      '1×2 align:numa',
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
      [1, 2, 3],
      '12',
    ],
    [
      'no group, where none has enough',
      '1×3 align:numa',
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ],
      [0, 1, 4, 5],
      'none',
    ],
    ['no group, where none is known', '1×1 align:numa', [], all, 'none'],
  ])('aligned, they are of %s', (_, text, groups, free, expected) => {
    expect(picked('numa2', text, free, { groups })).toBe(expected);
  });

  test('aligned and linked, they are of one group and of one link domain at once', () => {
    const groups = [
      [0, 1, 2, 3, 4, 5],
      [6, 7],
    ];
    const both = (text: string, free: readonly number[]) =>
      picked('nvlink island4', `${text} align:numa`, free, { groups });
    expect(both('1×3 nvlink', all)).toBe('012');
    expect(both('1×2 nvlink', all)).toBe('45');
    expect(both('1×2 nvlink', [0, 3, 4, 6])).toBe('03');
    expect(both('1×2 nvlink', [3, 4, 5, 6])).toBe('45');
    expect(both('1×5 nvlink', all)).toBe('none');
    expect(both('1×5', all)).toBe('01234');
  });

  test.each([
    ['the GPU of a rail that is taken', '1×2 rdma', [0], '12'],
    ['of a rail that is taken, though the last one is asked for', '1×8 rdma', [7], 'none'],
    ['none, without RDMA', '1×2', [0], '01'],
    ['all but one', '1×1 rdma', [0, 1, 2, 3, 4, 5, 6], '7'],
  ])('with RDMA pass over %s', (_, text, nicsTaken, expected) => {
    expect(picked('rdma', text, all, { nicsTaken })).toBe(expected);
  });

  test('with several NICs for each, which are chosen later, pass over none', () => {
    const on = world('fra1/r1 1×8 H100 rdma');
    const want = firstWant(on, withRdma('1×2 rdma', { nicsPerGpu: 2 }));
    const choice = { free: maskOf(all), groups: undefined, nicsTaken: new Set([0]) };
    expect(pickGpus(nodeAt(on, id), want, choice)).toBe(maskOf([0, 1]));
  });

  test('of a node with the highest number of GPUs there is are told apart up to the last', () => {
    const on = world('fra1/r1 1×32 H100 nvlink');
    const want = firstWant(on, demand('1×1 nvlink'));
    const choice = { free: maskOf([31]), groups: undefined, nicsTaken: new Set<number>() };
    expect(pickGpus(nodeAt(on, id), want, choice)).toBe(maskOf([31]));
  });
});

/** The same pick by lists: of the places that have enough free, one with the fewest, the first of those; its lowest. */
function pickedFrom(free: readonly number[], count: number, at: Drawn): readonly number[] | undefined {
  const open = free.filter((gpu) => !at.isRdma || !at.nicsTaken.includes(gpu));
  const blocks = (size: number) =>
    Array.from({ length: 8 / size }, (_, block) => open.filter((gpu) => Math.floor(gpu / size) === block));
  const fewest = (places: readonly (readonly number[])[]) => {
    const enough = places.filter((place) => place.length >= count);
    const least = Math.min(...enough.map((place) => place.length));
    return enough.find((place) => place.length === least);
  };
  const island = fewest(blocks(at.islandSize));
  if (open.length < count || (island === undefined && at.isLinked)) return undefined;
  const within = island ?? open;
  const numa = fewest(blocks(at.numaSize).map((place) => place.filter((gpu) => within.includes(gpu))));
  return (numa ?? within).slice(0, count);
}

type Drawn = {
  readonly islandSize: number;
  readonly numaSize: number;
  readonly isLinked: boolean;
  readonly isRdma: boolean;
  readonly nicsTaken: readonly number[];
};

test('whatever is free, they are those that a search through lists finds', () => {
  const seen = { some: 0, none: 0 };
  assert(
    property(
      subarray(all),
      integer({ min: 1, max: 5 }),
      record({
        islandSize: constantFrom(2, 4, 8),
        numaSize: constantFrom(2, 4, 8),
        isLinked: boolean(),
        isRdma: boolean(),
        nicsTaken: subarray(all, { maxLength: 3 }),
      }),
      (free, count, at) => {
        const words = `nvlink island${at.islandSize} numa${8 / at.numaSize} rdma`;
        const text = `1×${count}${at.isLinked ? ' nvlink' : ''}${at.isRdma ? ' rdma' : ''}`;
        const expected = pickedFrom(free, count, at);
        expect(picked(words, text, free, { nicsTaken: at.nicsTaken })).toBe(expected?.join('') ?? 'none');
        seen[expected === undefined ? 'none' : 'some']++;
      },
    ),
    { seed, numRuns: 250 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});

/** How many replicas are counted on one node of eight. */
function replicasIn(
  words: string,
  want: (on: ReturnType<typeof world>) => Want,
  free: readonly number[],
  nics: readonly number[] = [],
  details: Details = {},
) {
  const on = world(`fra1/r1 1×8 H100 ${words}`.trim(), details);
  return wholeReplicasIn(nodeAt(on, id), want(on), { gpus: maskOf(free), nicsTaken: new Set(nics) });
}

const wanting = (text: string) => (on: ReturnType<typeof world>) => firstWant(on, demand(text));

const several = (on: ReturnType<typeof world>) => firstWant(on, withRdma('9×2 rdma', { nicsPerGpu: 2 }));

describe('replicas that are counted instead of tried', () => {
  test.each([
    ['any GPUs do', '', '9×3', all, [], 2],
    ['one GPU is missing for another', '', '9×4', [0, 1, 2, 3, 4, 5, 6], [], 1],
    ['none is free', '', '9×1', [], [], 0],
    ['one link domain holds all', 'nvlink', '9×3 nvlink', all, [], 2],
    ['each has a rail of its own, of which one is taken', 'rdma', '9×2 rdma', all, [3], 3],
    ['taken rails of GPUs that are not free count once', 'rdma', '9×2 rdma', [0, 1, 2, 3], [4, 5], 2],
    ['rails are of no use to who asks for none', 'rdma', '9×2', all, [0, 1, 2], 4],
    ['on a linked node, nobody asks for a link', 'nvlink island4', '9×3', all, [], 2],
    [
      'several link domains do not add up, and counting does not tell',
      'nvlink island4',
      '9×3 nvlink',
      all,
      [],
      undefined,
    ],
    ['no link domain is known', '', '9×1 nvlink', all, [], undefined],
    ['groups of GPUs are chosen', 'numa2', '9×1 align:numa', all, [], undefined],
  ] as const)('%s', (_, words, text, free, nics, expected) => {
    expect(replicasIn(words, wanting(text), free, nics)).toBe(expected);
  });

  test('GPUs of another model, or that are down, are not among them', () => {
    const down = { gpus: { [`${id}/gpu7`]: { health: 'down' } } };
    expect(replicasIn('', wanting('9×4'), all, [], down)).toBe(1);
    const mixed = { gpus: { [`${id}/gpu0`]: { model: 'A100' } } };
    expect(replicasIn('', wanting('9×4 H100'), all, [], mixed)).toBe(1);
  });

  test('do not count where NICs are chosen one by one', () => {
    expect(replicasIn('rdma', several, all)).toBeUndefined();
  });

  test('do not count where two GPUs share a rail', () => {
    const shared = {
      gpus: { [`${id}/gpu0`]: { pcieSwitch: 1 }, [`${id}/gpu1`]: { pcieSwitch: 1 } },
      nics: { [`${id}/nic0`]: { pcieSwitch: 1 } },
    };
    expect(replicasIn('rdma', wanting('9×2 rdma'), all, [], shared)).toBeUndefined();
    expect(replicasIn('rdma', wanting('9×2'), all, [], shared)).toBe(4);
  });

  test('are as many as can be picked one after the other', () => {
    assert(
      property(
        subarray(all),
        subarray(all, { maxLength: 3 }),
        integer({ min: 1, max: 4 }),
        constantFrom('', ' nvlink', ' rdma', ' nvlink rdma'),
        (free, nicsTaken, count, more) => {
          const on = world('fra1/r1 1×8 H100 nvlink rdma numa2');
          const [node, want] = [nodeAt(on, id), firstWant(on, demand(`9×${count}${more}`))];
          const nics = new Set(nicsTaken);
          let left = maskOf(free);
          let picks = 0;
          for (;;) {
            const gpus = pickGpus(node, want, { free: left, groups: undefined, nicsTaken: nics });
            if (gpus === undefined) break;
            picks++;
            left = (left & ~gpus) >>> 0;
            for (const nic of railsOf(node, want, indexesOf(gpus))) nics.add(nic);
          }
          const given = { gpus: maskOf(free), nicsTaken: new Set(nicsTaken) };
          expect(wholeReplicasIn(node, want, given)).toBe(picks);
        },
      ),
      { seed, numRuns: 150 },
    );
  });
});

describe('the rails of some GPUs', () => {
  const on = world('fra1/r1 1×8 H100 rdma');
  const rails = (text: string, gpus: readonly number[], where = on) =>
    railsOf(nodeAt(where, id), firstWant(where, demand(text)), gpus);

  test('come in order, whatever the order of the GPUs', () => {
    expect(rails('1×3 rdma', [5, 0, 2])).toEqual([0, 2, 5]);
  });

  test('are none for who asks for no RDMA, and none that nobody knows', () => {
    expect(rails('1×3', [5, 0, 2])).toEqual([]);
    const counted = world('fra1/r1 1×8 H100', { nodes: { [id]: { rdmaNicCount: 8 } } });
    expect(rails('1×3 rdma', [5, 0, 2], counted)).toEqual([]);
  });

  test('that two GPUs share is named once', () => {
    const shared = world('fra1/r1 1×8 H100 rdma', {
      gpus: { [`${id}/gpu0`]: { pcieSwitch: 1 }, [`${id}/gpu1`]: { pcieSwitch: 1 } },
      nics: { [`${id}/nic0`]: { pcieSwitch: 1 } },
    });
    expect(rails('1×3 rdma', [0, 1, 2], shared)).toEqual([0, 2]);
  });
});
