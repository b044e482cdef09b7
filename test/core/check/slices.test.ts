import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { slicesApart, slicesLegal, slicesListed } from '../../../src/core/check/slices.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { during, heldByOthers, node, saidBy } from './findings.ts';

const line = 'fra1/h1/r1 1×2 H100-SXM-80GB mig gpumem80';
const fleet = world(line);

/** Which memory slices an instance takes up, of those that the guide lets begin there. */
const instances = [
  ['1g.10gb', 0, [0]],
  ['1g.10gb', 6, [6]],
  ['1g.10gb+me', 3, [3]],
  ['1g.10gb+me', 6, [6]],
  ['1g.20gb', 6, [6, 7]],
  ['1g.20gb', 2, [2, 3]],
  ['2g.20gb', 2, [2, 3]],
  ['2g.20gb', 4, [4, 5]],
  ['3g.40gb', 0, [0, 1, 2, 3]],
  ['3g.40gb', 4, [4, 5, 6, 7]],
  ['4g.40gb', 0, [0, 1, 2, 3]],
  ['7g.80gb', 0, [0, 1, 2, 3, 4, 5, 6, 7]],
] as const;

type Use =
  | { readonly kind: 'whole' }
  | { readonly kind: 'share'; readonly milli: number }
  | {
      readonly kind: 'mig';
      readonly profile: string;
      readonly start: number;
      readonly slots: readonly number[];
    };

const use = oneof(
  record({ kind: constantFrom('whole' as const) }),
  record({ kind: constantFrom('share' as const), milli: constantFrom(1, 250, 333, 500, 999) }),
  constantFrom(...instances).map(([profile, start, slots]) => ({
    kind: 'mig' as const,
    profile,
    start,
    slots,
  })),
);
const held = record({ use, fromH: integer({ min: 0, max: 9 }), hours: integer({ min: 1, max: 4 }) });

function inWords(one: Use): string {
  if (one.kind === 'whole') return 'gpu0';
  return one.kind === 'share' ? `0:${one.milli}` : `0:${one.profile}@${one.start}`;
}

function isMedia(one: Use): boolean {
  return one.kind === 'mig' && one.profile.endsWith('+me');
}

/** What keeps two uses of one GPU from being there at one time. Two whole ones are a matter of devices. */
function clashOf(one: Use, other: Use): readonly string[] {
  if (one.kind !== other.kind) return ['gpu-mode'];
  if (one.kind !== 'mig' || other.kind !== 'mig') return [];
  if (one.slots.some((slot) => other.slots.includes(slot))) return ['mig-overlap'];
  return isMedia(one) && isMedia(other) ? ['mig-media'] : [];
}

const milliOf = (one: Use) => (one.kind === 'share' ? one.milli : 0);

test('any uses of one GPU from hour 4 to 8 clash as its slots, engines and thousandths do', () => {
  const seen = new Map<string, number>();
  assert(
    property(array(use, { minLength: 1, maxLength: 3 }), array(held, { maxLength: 4 }), (own, others) => {
      const on = others.reduce(
        (now, one) =>
          heldByOthers(now, [one.fromH, one.fromH + one.hours], `train 0 ${node} ${inWords(one.use)}`),
        fleet,
      );
      const there = others.filter(({ fromH, hours }) => fromH < 8 && fromH + hours > 4);
      const expected = new Set(
        own.flatMap((one, at) =>
          [...own.slice(at + 1), ...there.map((other) => other.use)].flatMap((other) => clashOf(one, other)),
        ),
      );
      const asked = own.reduce((sum, one) => sum + milliOf(one), 0);
      const fullest = Math.max(
        ...[4, 5, 6, 7].map((hour) =>
          there.reduce(
            (sum, { use: other, fromH, hours }) =>
              fromH <= hour && hour < fromH + hours ? sum + milliOf(other) : sum,
            0,
          ),
        ),
      );
      if (asked > 0 && asked + fullest > 1000) expected.add('gpu-share');
      const lines = own.map((one, at) => `train ${at} ${node} ${inWords(one)}`);
      const said = saidBy(slicesApart, on, demand(`${own.length}×1`), during(placement(4, ...lines), 4, 8));
      const rules = new Set(said.map((note) => note.split(':', 1).join()));
      expect([...rules].toSorted()).toEqual([...expected].toSorted());
      for (const rule of expected) seen.set(rule, (seen.get(rule) ?? 0) + 1);
    }),
    { seed, numRuns: 250 },
  );
  expect([...seen.keys()].toSorted()).toEqual(['gpu-mode', 'gpu-share', 'mig-media', 'mig-overlap']);
});

function apart(on: World, ...words: readonly string[]): readonly string[] {
  const lines = words.map((word, at) => `train ${at} ${node} ${word}`);
  return saidBy(slicesApart, on, demand(`${words.length}×1`), placement(4, ...lines)).map((note) =>
    note.replaceAll(`${node}/`, '').replaceAll(` on ${node}`, ''),
  );
}

describe('of several GPUs', () => {
  test('each is looked at for itself', () => {
    expect(apart(fleet, '0:1g.10gb@0', '1:1g.10gb@0')).toEqual([]);
    expect(apart(fleet, '0:600', '1:600')).toEqual([]);
    expect(apart(fleet, 'gpu0', '1:600')).toEqual([]);
    expect(apart(heldByOthers(fleet, [0, 4], `load 0 ${node} 1:600`), '0:600')).toEqual([]);
    expect(apart(heldByOthers(fleet, [0, 4], `load 0 ${node} gpu1`), '0:600')).toEqual([]);
  });

  test('all that are wrong are named, in order', () => {
    expect(apart(fleet, '1:600', '1:600', '0:501', '0:500')).toEqual([
      'gpu-share: gpu0: held by others 0/1000, asked for 1001, limit 1000',
      'gpu-share: gpu1: held by others 0/1000, asked for 1200, limit 1000',
    ]);
  });

  test('the same numbers on two nodes are two GPUs', () => {
    const two = world('fra1/h1/r1 2×2 H100-SXM-80GB mig');
    const held2 = placement(4, `train 0 ${node} 0:600`, 'train 1 fra1/h1/r1/n02 0:600');
    expect(saidBy(slicesApart, two, demand('2×1'), held2)).toEqual([]);
  });

  test('a whole one beside a seat with slices is told of each that is on it', () => {
    expect(apart(fleet, 'gpu0', '0:250', '0:1g.10gb@2')).toEqual([
      'gpu-mode: gpu0 is promised whole, but `train` 1 has 250/1000 of gpu0',
      'gpu-mode: gpu0 is promised whole, but `train` 2 has 1g.10gb at start 2 on gpu0',
      'gpu-mode: gpu0: `train` 1 has 250/1000 of gpu0, `train` 2 1g.10gb at start 2 on gpu0',
    ]);
  });
});

describe('an instance that its GPU cannot have', () => {
  test.each(['0:1g.5gb@0', '0:1g.10gb@7'])('takes up the room of %s', (odd) => {
    const on = heldByOthers(fleet, [0, 4], `load 0 ${node} 0:1g.5gb@0`);
    expect(apart(on, odd).map((note) => note.split(':', 1).join())).toEqual(['mig-overlap']);
  });
});

function legal(details: object, held1: string, text: string, words = line): readonly string[] {
  const { nodes: facts, gpu } = { nodes: {}, gpu: {}, ...details };
  const on = world(words, { nodes: { [node]: facts }, gpus: { [`${node}/gpu0`]: gpu } });
  return saidBy(slicesLegal, on, demand(text), placement(4, `train 0 ${node} ${held1}`)).map((note) =>
    note.replace(`\`train\` 0 on ${node}: `, ''),
  );
}

const plain = line.replace(' mig', '');
const instance = '1g.10gb at start 0 on gpu0';

describe('MIG is there', () => {
  test.each<readonly [string, object, string, readonly string[]]>([
    ['where the GPU can be cut', {}, line, []],
    ['not where nobody said so', {}, plain, [`mig-capable: ${instance}: MIG is not recorded`]],
    [
      'not where it cannot',
      { gpu: { migCapable: false } },
      line,
      [`mig-capable: ${instance}: MIG is not possible`],
    ],
    [
      'where its node is already cut, though nobody said that it can be',
      { nodes: { sharing: 'mig-mixed' } },
      plain,
      [],
    ],
    [
      'not where its node is already cut, and somebody said that it cannot be',
      { nodes: { sharing: 'mig-mixed' }, gpu: { migCapable: false } },
      plain,
      [`mig-capable: ${instance}: MIG is not possible`],
    ],
    [
      'in the one profile of its node',
      { nodes: { sharing: 'mig-single' }, gpu: { migProfile: '1g.10gb' } },
      plain,
      [],
    ],
    [
      'in no other',
      { nodes: { sharing: 'mig-single' }, gpu: { migProfile: '2g.20gb' } },
      plain,
      [`mig-profile: ${instance}: the node is cut into 2g.20gb only`],
    ],
    [
      'in any where its node has several',
      { nodes: { sharing: 'mig-mixed' }, gpu: { migProfile: '2g.20gb' } },
      line,
      [],
    ],
    [
      'not under MPS',
      { nodes: { sharing: 'mps' } },
      line,
      [`gpu-sharing: ${instance}: the node's sharing is mps`],
    ],
  ])('%s', (_, details, words, expected) => {
    expect(legal(details, '0:1g.10gb@0', '1×1 mig:1g.10gb', words)).toEqual(expected);
  });
});

describe('a share is there', () => {
  const share = '500/1000 of gpu0';
  test.each<readonly [string, readonly string[]]>([
    ['none', []],
    ['time-slicing', []],
    ['mps', []],
    ['mig-single', [`gpu-sharing: ${share}: the node's sharing is mig-single`]],
    ['mig-mixed', [`gpu-sharing: ${share}: the node's sharing is mig-mixed`]],
    ['unknown', [`gpu-sharing: ${share}: the node's sharing is unknown`]],
  ])('or not where GPUs are shared by %s', (sharing, expected) => {
    expect(legal({ nodes: { sharing }, gpu: { migCapable: false } }, '0:500', '1×1 share:500')).toEqual(
      expected,
    );
  });
});

describe('memory of a slice', () => {
  test.each<readonly [string, string, string, readonly string[]]>([
    ['a half', '0:500', '1×1 share:500 gpumem40', []],
    [
      'a half, a GiB short',
      '0:500',
      '1×1 share:500 gpumem41',
      ['gpu-memory: 500/1000 of gpu0 has 40960 MiB, asked for 41984'],
    ],
    ['an eighth', '0:1g.10gb@0', '1×1 mig:1g.10gb gpumem10', []],
    ['four eighths of three compute slices', '0:3g.40gb@4', '1×1 mig:3g.40gb gpumem40', []],
    [
      'an eighth, a GiB short',
      '0:1g.10gb@0',
      '1×1 mig:1g.10gb gpumem11',
      [`gpu-memory: ${instance} has 10240 MiB, asked for 11264`],
    ],
  ])('%s', (_, held1, text, expected) => {
    expect(legal({}, held1, text)).toEqual(expected);
  });

  test('is not asked about where nobody did, also where it is unknown', () => {
    const bare = 'fra1/h1/r1 1×2 H100-SXM-80GB mig';
    expect(legal({}, '0:500', '1×1 share:500', bare)).toEqual([]);
    expect(legal({}, '0:500', '1×1 share:500 gpumem1', bare)).toEqual([
      'gpu-memory: 500/1000 of gpu0 has unknown MiB, asked for 1024',
    ]);
  });
});

describe('the list of slices', () => {
  test.each<readonly [string, string, string, readonly string[]]>([
    ['several on one GPU, by their starts', '0:1g.10gb@0 0:1g.10gb@1 0:1g.10gb@2', '1×3 mig:1g.10gb', []],
    ['a later GPU from an earlier start on', '0:1g.10gb@6 1:1g.10gb@0', '1×2 mig:1g.10gb', []],
    ['out of order in the midst', '0:1g.10gb@0 0:1g.10gb@2 0:1g.10gb@1', '1×3 mig:1g.10gb', ['slice-list']],
    ['another profile last', '0:1g.10gb@0 0:2g.20gb@2', '1×2 mig:1g.10gb', ['slice']],
    ['a share of another size', '0:250 1:249', '1×2 share:250', ['slice']],
    ['an instance for a share', '0:1g.10gb@0', '1×1 share:125', ['slice']],
    ['one more than asked for', '0:1g.10gb@0 0:1g.10gb@1', '1×1 mig:1g.10gb', ['slice-count']],
    ['two kinds on one GPU', '0:1g.10gb@0 0:250', '1×2 mig:1g.10gb', ['slice', 'slice-list']],
    ['none, where whole ones were asked for', 'gpu0', '1×1', []],
    ['none, where none was asked for', 'cpu1', 'train: 1×cpu1', []],
    ['one, where no GPU was asked for', '0:250', 'train: 1×cpu1', ['slice-count']],
  ])('%s', (_, words, text, rules) => {
    const said = saidBy(slicesListed, fleet, demand(text), placement(4, `train 0 ${node} ${words}`));
    expect(said.map((note) => note.split(':', 1).join())).toEqual(rules);
  });
});
