import { array, assert, constantFrom, integer, property, record, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { profileOf, slotOf } from '../../../src/core/calendar/mig.ts';
import { noUses, type SliceUse, withSlice } from '../../../src/core/calendar/slices.ts';
import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { firstBits, maskOf } from '../../../src/core/mask.ts';
import {
  chooseSlices,
  type GpusLeft,
  replicasIn,
  type SliceChoice,
  slicesIn,
} from '../../../src/core/place/slice.ts';
import type { HeldSlice } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import type { Details } from '../fleet.ts';
import { nodeOf, wantOf } from './wanted.ts';

const model = 'H100-SXM-80GB';
const four = nodeOf(`r/r1 1×4 ${model} mig gpumem80 nvlink island2 numa2 cpu64 mem512`);

/** `0:250` a share of GPU 0 that is held, `1:3g.40gb@4` an instance, `2` a GPU that is held whole. */
function leftOf(node: FleetNode, ...held: readonly string[]): GpusLeft {
  const partly = new Map<number, SliceUse>();
  const touched: number[] = [];
  for (const text of held) {
    const [, gpu = '', milli, profile = '', start] = /^(\d+)(?::(?:(\d+)|(.+)@(\d+)))?$/.exec(text) ?? [];
    const at = Number(gpu);
    touched.push(at);
    if (!text.includes(':')) continue;
    const slice: HeldSlice =
      milli === undefined
        ? { kind: 'mig', gpu: at, profile, start: Number(start) }
        : { kind: 'share', gpu: at, milli: Number(milli) };
    partly.set(at, withSlice(node.shape.gpus[at] ?? {}, partly.get(at), slice));
  }
  return { gpus: (firstBits(node.shape.gpus.length) & ~maskOf(touched)) >>> 0, partly };
}

function words({ slices }: SliceChoice): string {
  return slices
    .map((slice) =>
      slice.kind === 'mig' ? `${slice.gpu}:${slice.profile}@${slice.start}` : `${slice.gpu}:${slice.milli}`,
    )
    .join(' ');
}

/** Where the slices of one replica go; `-` where they do not fit. */
function chosen(text: string, held: readonly string[], node = four, groups?: readonly number[]): string {
  const found = chooseSlices(node, wantOf(text, model), leftOf(node, ...held), groups);
  return found === undefined ? '-' : words(found);
}

describe('a share goes', () => {
  test.each([
    ['to the first GPU of an empty node', '1×1 share:300', [], '0:300'],
    ['to one that is shared, before one that is free whole', '1×1 share:300', ['2:300'], '2:300'],
    ['to the one where least stays over', '1×1 share:300', ['1:300', '2:500', '3:600'], '3:300'],
    ['to one that it fills exactly', '1×1 share:300', ['1:600', '2:700'], '2:300'],
    ['to the first of those that are as full', '1×1 share:300', ['3:500', '2:500'], '2:300'],
    ['past those that have too little left', '1×1 share:300', ['1:701', '2:800', '3:100'], '3:300'],
    ['to none that is cut by MIG', '1×1 share:300', ['0:1g.10gb@6', '1', '2', '3'], '-'],
    ['to none that is held whole', '1×1 share:300', ['0', '1', '2'], '3:300'],
    ['nowhere where all are held', '1×1 share:300', ['0', '1', '2', '3:701'], '-'],
    ['each of several to a GPU of its own', '1×3 share:300', ['1:300'], '0:300 1:300 2:300'],
    ['nowhere where there are fewer GPUs than shares', '1×3 share:300', ['0', '1'], '-'],
    ['not twice to one GPU, though it has room', '1×2 share:100', ['0', '1', '2'], '-'],
  ])('%s', (_, text, held, expected) => {
    expect(chosen(text, held)).toBe(expected);
  });

  test('to a free GPU beside those that are taken, so that whole link domains stay', () => {
    // GPUs 0 and 1, and 2 and 3, are joined by a link.
    expect(chosen('1×1 share:300', ['1'])).toBe('0:300');
    expect(chosen('1×1 share:300', ['2'])).toBe('3:300');
    expect(chosen('1×1 share:300', ['3'])).toBe('2:300');
  });

  test('beside what is taken of a link domain before a NUMA node', () => {
    // Link domains 0-3 and 4-7; NUMA nodes of two GPUs each.
    const eight = nodeOf(`r/r1 1×8 ${model} nvlink island4 numa4 cpu64`);
    // In the first domain three are free, in the second four; GPU 6 has no free neighbour on its NUMA node.
    expect(chosen('1×1 share:300', ['7', '0'], eight)).toBe('1:300');
    expect(chosen('1×1 share:300', ['7'], eight)).toBe('6:300');
    expect(chosen('1×1 share:300', ['7', '2'], eight)).toBe('3:300');
  });

  test('without known link domains or NUMA nodes, to the first that is free', () => {
    expect(chosen('1×1 share:300', ['0'], nodeOf(`r/r1 1×4 ${model}`))).toBe('1:300');
  });
});

describe('an instance goes', () => {
  test.each([
    ['to the slice where it costs the others least', '1×1 mig:1g.10gb', [], '0:1g.10gb@6'],
    ['to a GPU that is cut already', '1×1 mig:1g.10gb', ['2:1g.10gb@6'], '2:1g.10gb@4'],
    [
      'to the one where it spoils least',
      '1×1 mig:1g.10gb',
      ['1:1g.10gb@6', '2:7g.80gb@0', '3:3g.40gb@4'],
      '1:1g.10gb@4',
    ],
    ['where two spoil as much, to the one with less room', '1×1 mig:7g.80gb', ['0'], '1:7g.80gb@0'],
    ['past one that is shared', '1×1 mig:1g.10gb', ['0:100'], '1:1g.10gb@6'],
    ['nowhere where all are shared or full', '1×1 mig:1g.10gb', ['0:100', '1', '2', '3:7g.80gb@0'], '-'],
    ['each of several to one GPU while it has room', '1×2 mig:3g.40gb', [], '0:3g.40gb@0 0:3g.40gb@4'],
    ['then to the next', '1×3 mig:3g.40gb', [], '0:3g.40gb@0 0:3g.40gb@4 1:3g.40gb@4'],
    ['with media engines once to a GPU', '1×2 mig:1g.10gb+me', [], '0:1g.10gb+me@6 1:1g.10gb+me@6'],
    ['and not beside another that has them', '1×1 mig:1g.10gb+me', ['0:1g.10gb+me@6'], '1:1g.10gb+me@6'],
    ['without them beside one that has them', '1×1 mig:1g.10gb', ['0:1g.10gb+me@6'], '0:1g.10gb@4'],
  ])('%s', (_, text, held, expected) => {
    expect(chosen(text, held)).toBe(expected);
  });
});

const gpuThat = (number: number, gpu: object): Details => ({ gpus: { [`r/r1/n01/gpu${number}`]: gpu } });

describe('what is opened', () => {
  test('for an instance, a GPU that is set up for some before one that would have to be drained', () => {
    const node = nodeOf(`r/r1 1×3 ${model} mig gpumem80`, gpuThat(1, { migProfile: '1g.10gb' }));
    expect(chosen('1×1 mig:1g.10gb', [], node)).toBe('1:1g.10gb@6');
    // Room on a GPU that is in use already is still better.
    expect(chosen('1×1 mig:1g.10gb', ['2:3g.40gb@4'], node)).toBe('2:1g.10gb@0');
    // A share does not care how a GPU was cut.
    expect(chosen('1×1 share:300', [], node)).toBe('0:300');
  });

  test('spoils more by orders of magnitude than what stays over of a GPU', () => {
    const wear = (text: string, held: readonly string[], node = four) =>
      chooseSlices(node, wantOf(text, model), leftOf(node, ...held))?.wear;
    expect(wear('1×1 share:300', [])).toBe(1_000_000_000 + 700);
    expect(wear('1×1 share:300', ['0:600'])).toBe(100);
    expect(wear('1×2 share:300', ['0:600'])).toBe(100 + 1_000_000_000 + 700);
    expect(wear('1×1 mig:1g.10gb', [])).toBe(1_000_000_000 + 15);
    expect(wear('1×1 mig:7g.80gb', [])).toBe(1_000_000_000 + 41);
    const shared = nodeOf(`r/r1 1×2 L40S shared`);
    expect(chooseSlices(shared, wantOf('1×1 share:300', 'L40S'), leftOf(shared))?.wear).toBe(1_000_000 + 700);
    const cut = nodeOf(`r/r1 1×2 ${model} mig`, gpuThat(0, { migProfile: '1g.10gb' }));
    expect(wear('1×1 mig:1g.10gb', [], cut)).toBe(1_000_000 + 15);
  });
});

describe('slices of one group', () => {
  const pairs = [0b0011, 0b1100];

  test.each([
    ['come from one, though two have room together', '1×2 share:600', ['0', '2'], '-'],
    ['come from the one that has room', '1×2 share:600', ['0'], '2:600 3:600'],
    ['come from the one where they spoil least', '1×2 share:600', ['2:400', '3:400'], '2:600 3:600'],
    ['come from the first of equals', '1×2 share:600', [], '0:600 1:600'],
    ['of MIG may share a GPU of it', '1×2 mig:3g.40gb', ['0', '1', '3'], '2:3g.40gb@0 2:3g.40gb@4'],
  ])('%s', (_, text, held, expected) => {
    expect(chosen(text, held, four, pairs)).toBe(expected);
  });

  test('of no group are none', () => {
    expect(chosen('1×1 share:1', [], four, [])).toBe('-');
  });
});

const count = (text: string, ...held: readonly string[]) => {
  const want = wantOf(text, model);
  const left = leftOf(four, ...held);
  return [slicesIn(four, want, left), replicasIn(four, want, left)];
};

describe('how many more fit', () => {
  test.each([
    ['shares, three to each GPU', '1×1 share:300', [], [12, 12]],
    ['shares beside others', '1×1 share:300', ['0:100', '1:101', '2'], [3 + 2 + 3, 8]],
    ['a share that fits exactly', '1×1 share:250', ['0:750', '1:751', '2', '3'], [1, 1]],
    ['instances, seven to each GPU', '1×1 mig:1g.10gb', [], [28, 28]],
    ['instances beside others', '1×1 mig:3g.40gb', ['0:1g.10gb@6', '1:100', '2'], [1 + 0 + 2, 3]],
    ['replicas of several instances, each taking as many', '1×3 mig:3g.40gb', [], [8, 2]],
    ['instances with media engines, one to each GPU', '1×1 mig:1g.10gb+me', ['0:1g.10gb+me@6'], [3, 3]],
    ['shares of replicas that want two are not counted so', '1×2 share:300', [], [12, undefined]],
    ['nor those of aligned replicas', '1×1 share:300 align:numa', [], [12, undefined]],
    ['whole GPUs are no slices', '1×1', [], [0, 0]],
  ])('%s', (_, text, held, expected) => {
    expect(count(text, ...held)).toEqual(expected);
  });

  test('are as many as can be put down one after the other', () => {
    const asks = constantFrom(
      '1×1 share:300',
      '1×1 share:450',
      '1×1 mig:1g.10gb',
      '1×1 mig:2g.20gb',
      '1×1 mig:3g.40gb',
      '1×2 mig:1g.20gb',
    );
    assert(
      property(
        asks,
        subarray(['0:250', '1:3g.40gb@4', '2', '3:1g.10gb@2', '3:1g.10gb@6', '0:550']),
        (text, held) => {
          const want = wantOf(text, model);
          let left = leftOf(four, ...held);
          const counted = replicasIn(four, want, left);
          let put = 0;
          for (
            let next = chooseSlices(four, want, left);
            next !== undefined;
            next = chooseSlices(four, want, left)
          ) {
            left = next.left;
            put++;
          }
          expect(put).toBe(counted);
        },
      ),
      { seed, numRuns: 120 },
    );
  });
});

/** Every single slice that could be put anywhere, by trying all. */
function allPlaces(text: string, left: GpusLeft): { readonly gpu: number; readonly start: number }[] {
  const slice = wantOf(text, model).part.each.gpus?.slice;
  return four.shape.gpus.flatMap((facts, gpu) => {
    const use = left.partly.get(gpu);
    if (use === undefined && ((left.gpus >>> gpu) & 1) === 0) return [];
    if (slice?.kind === 'share')
      return (use?.mig ?? 0) === 0 && (use?.milli ?? 0) + slice.milli <= 1000 ? [{ gpu, start: 0 }] : [];
    const profile = slice === undefined ? undefined : profileOf(facts, slice.profile);
    if (profile === undefined || (use?.milli ?? 0) > 0) return [];
    return profile.starts.flatMap((start) =>
      (slotOf(profile, start) & (use?.mig ?? 0)) === 0 ? [{ gpu, start }] : [],
    );
  });
}

test('a single slice is placed wherever any place for it is left, and on a legal one', () => {
  const held = array(
    record({
      gpu: integer({ min: 0, max: 3 }),
      what: constantFrom('share:700', 'share:300', 'mig:1g.10gb', 'mig:3g.40gb', 'mig:4g.40gb'),
    }),
    { maxLength: 9 },
  );
  const asks = constantFrom(
    '1×1 share:300',
    '1×1 share:600',
    '1×1 mig:1g.20gb',
    '1×1 mig:3g.40gb',
    '1×1 mig:7g.80gb',
  );
  const seen = { none: 0, some: 0 };
  assert(
    property(held, asks, (before, text) => {
      let left: GpusLeft = { gpus: 0b1111, partly: noUses };
      for (const { gpu, what } of before)
        left = chooseSlices(four, wantOf(`1×1 ${what}`, model), left, [1 << gpu])?.left ?? left;
      const places = allPlaces(text, left);
      const found = chooseSlices(four, wantOf(text, model), left);
      expect(found !== undefined).toBe(places.length > 0);
      const [slice] = found?.slices ?? [];
      if (slice === undefined) seen.none++;
      else seen.some++;
      const start = slice?.kind === 'mig' ? slice.start : 0;
      const isPlace = places.some((place) => place.gpu === slice?.gpu && place.start === start);
      expect(isPlace).toBe(slice !== undefined);
    }),
    { seed, numRuns: 300 },
  );
  expect(Math.min(seen.none, seen.some)).toBeGreaterThan(20);
});
