import { array, assert, bigInt, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  drawOfSlice,
  memoryOfSlice,
  noUses,
  portionOf,
  portionUp,
  sizeOfSlice,
  type SliceUse,
  usesOf,
  withSlice,
} from '../../../src/core/calendar/slices.ts';
import type { HeldSlice } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';

const [node] = world('fra1/h1/r1 1×2 H100-SXM-80GB').state.fleet.nodes;
if (node === undefined) throw new Error('the fleet has a node');
const gpu = { model: 'H100-SXM-80GB', memoryMib: 81_559 };

const share = (on: number, milli: number): HeldSlice => ({ kind: 'share', gpu: on, milli });
const mig = (on: number, profile: string, start: number): HeldSlice => ({
  kind: 'mig',
  gpu: on,
  profile,
  start,
});

type Held = { readonly startMs: number; readonly endMs: number; readonly slices?: readonly HeldSlice[] };
const held = (startMs: number, endMs: number, ...slices: readonly HeldSlice[]): Held => ({
  startMs,
  endMs,
  slices,
});

describe('what slices take of a GPU over a window', () => {
  test.each<readonly [string, readonly Held[], number]>([
    ['one share', [held(0, 9, share(0, 250))], 250],
    ['shares beside each other', [held(0, 9, share(0, 250)), held(3, 9, share(0, 400))], 650],
    ['one that ends as the next begins', [held(0, 5, share(0, 250)), held(5, 9, share(0, 400))], 400],
    ['one that ends a moment later', [held(0, 6, share(0, 250)), held(5, 9, share(0, 400))], 650],
    ['two of one holder', [held(0, 9, share(0, 250), share(0, 100))], 350],
    ['those of another GPU are not counted', [held(0, 9, share(0, 250), share(1, 100))], 250],
    ['both began long before', [held(-9, 2, share(0, 600)), held(-5, 1, share(0, 300))], 900],
    ['instances are no shares', [held(0, 9, share(0, 10)), held(0, 9, mig(0, '1g.10gb', 0))], 10],
  ])('shares add up where they are held at one time: %s', (_, holds, milli) => {
    expect(usesOf(node, holds, 0).get(0)?.milli).toBe(milli);
  });

  test.each<readonly [string, readonly Held[], number, boolean]>([
    ['an instance of one slice', [held(0, 9, mig(0, '1g.10gb', 6))], 0b0100_0000, false],
    ['one of four slices', [held(0, 9, mig(0, '3g.40gb', 4))], 0b1111_0000, false],
    [
      'instances at different times',
      [held(0, 2, mig(0, '1g.10gb', 0)), held(5, 9, mig(0, '2g.20gb', 2))],
      0b0000_1101,
      false,
    ],
    ['one with the media engines', [held(0, 9, mig(0, '1g.10gb+me', 3))], 0b0000_1000, true],
    [
      'media engines that another one has',
      [held(0, 9, mig(0, '1g.10gb+me', 3)), held(0, 9, mig(0, '1g.10gb', 0))],
      0b0000_1001,
      true,
    ],
    ['a profile that the GPU no longer has takes all of it', [held(0, 9, mig(0, '5g.50gb', 0))], 0xff, true],
    ['shares are no instances', [held(0, 9, share(0, 999))], 0, false],
  ])('memory slices are taken at any time of it: %s', (_, holds, mask, hasMedia) => {
    expect(usesOf(node, holds, 0).get(0)).toMatchObject({ mig: mask, hasMedia });
  });

  test('is said of the GPUs of which slices are held, and of no others', () => {
    const uses = usesOf(node, [{ startMs: 0, endMs: 9 }, held(0, 9, share(1, 5))], 0);
    expect([...uses.keys()]).toEqual([1]);
    expect(usesOf(node, [{ startMs: 0, endMs: 9 }], 0)).toBe(noUses);
    expect(usesOf(node, [], 0)).toBe(noUses);
  });

  test('is, share by share, the most of any instant', () => {
    const shares = array(
      record({
        from: integer({ min: -5, max: 9 }),
        length: integer({ min: 1, max: 9 }),
        milli: integer({ min: 1, max: 400 }),
      }),
      { minLength: 1, maxLength: 7 },
    );
    assert(
      property(shares, (drawn) => {
        const inWindow = drawn.filter(({ from, length }) => from + length > 0);
        const holds = inWindow.map(({ from, length, milli }) => held(from, from + length, share(0, milli)));
        const levels = Array.from({ length: 20 }, (_, at) =>
          inWindow
            .filter(({ from, length }) => from <= at && at < from + length)
            .reduce((sum, { milli }) => sum + milli, 0),
        );
        expect(usesOf(node, holds, 0).get(0)?.milli ?? 0).toBe(Math.max(...levels));
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('a slice put beside what is there', () => {
  const free: SliceUse = { milli: 0, mig: 0, hasMedia: false };

  test.each<readonly [string, SliceUse | undefined, HeldSlice, SliceUse]>([
    ['a share on a GPU that nobody uses', undefined, share(0, 250), { ...free, milli: 250 }],
    ['an instance on a GPU that nobody uses', undefined, mig(0, '2g.20gb', 2), { ...free, mig: 0b1100 }],
    ['a share beside another', { ...free, milli: 300 }, share(0, 250), { ...free, milli: 550 }],
    [
      'an instance beside another',
      { ...free, mig: 0b11 },
      mig(0, '1g.10gb', 6),
      { ...free, mig: 0b100_0011 },
    ],
    [
      'an instance takes no thousandths',
      { ...free, milli: 300 },
      mig(0, '1g.10gb', 0),
      { ...free, milli: 300, mig: 1 },
    ],
    ['one with the media engines', free, mig(0, '1g.10gb+me', 0), { milli: 0, mig: 1, hasMedia: true }],
    [
      'one without them where they are taken',
      { milli: 0, mig: 1, hasMedia: true },
      mig(0, '1g.10gb', 1),
      { milli: 0, mig: 3, hasMedia: true },
    ],
  ])('%s', (_, use, slice, expected) => {
    expect(withSlice(gpu, use, slice)).toEqual(expected);
  });

  test('one by one comes to what all of them take together at one time', () => {
    const slice = oneof(
      integer({ min: 1, max: 999 }).map((milli) => share(0, milli)),
      constantFrom(mig(0, '1g.10gb', 3), mig(0, '1g.10gb+me', 0), mig(0, '2g.20gb', 4), mig(0, '9g.9gb', 0)),
    );
    assert(
      property(array(slice, { minLength: 1, maxLength: 6 }), (slices) => {
        const [first, ...others] = slices;
        if (first === undefined) return;
        const put = others.reduce((use, one) => withSlice(gpu, use, one), withSlice(gpu, undefined, first));
        expect(put).toEqual(
          usesOf(
            node,
            slices.map((one) => held(0, 9, one)),
            0,
          ).get(0),
        );
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe('what a slice is of its GPU', () => {
  const unknown = { model: 'H100' };

  test.each([
    [share(0, 250), gpu, [250, 1000], [250, 1000]],
    [mig(0, '1g.10gb', 0), gpu, [1, 8], [1, 7]],
    [mig(0, '1g.20gb', 0), gpu, [2, 8], [2, 8]],
    [mig(0, '2g.20gb', 0), gpu, [2, 8], [2, 7]],
    [mig(0, '3g.40gb', 0), gpu, [4, 8], [4, 8]],
    [mig(0, '4g.40gb', 0), gpu, [4, 8], [4, 7]],
    [mig(0, '7g.80gb', 0), gpu, [8, 8], [8, 8]],
    [mig(0, '1g.6gb', 0), { model: 'A30-24GB' }, [1, 4], [1, 4]],
    [mig(0, '9g.9gb', 0), gpu, [1, 1], [1, 1]],
    [mig(0, '1g.10gb', 0), unknown, [1, 1], [1, 1]],
    [mig(0, '1g.10gb', 0), {}, [1, 1], [1, 1]],
  ])('%j of %j: size and draw', (slice, of, [sizePart, sizeOf], [drawPart, drawOf]) => {
    expect(sizeOfSlice(of, slice)).toEqual({ part: sizePart, of: sizeOf });
    expect(drawOfSlice(of, slice)).toEqual({ part: drawPart, of: drawOf });
  });

  test.each([
    [share(0, 250), 80_000, 20_000],
    [share(0, 333), 1000, 333],
    [share(0, 333), 100, 33],
    [mig(0, '3g.40gb', 0), 81_559, 40_779],
    [mig(0, '9g.9gb', 0), 81_559, 81_559],
    [share(0, 1), 999, 0],
  ])('%j of %i MiB has %i MiB', (slice, memoryMib, expected) => {
    expect(memoryOfSlice({ ...gpu, memoryMib }, slice)).toBe(expected);
  });

  test('nobody knows the memory of a slice of a GPU whose memory nobody recorded', () => {
    expect(memoryOfSlice({ model: 'H100-SXM-80GB' }, share(0, 250))).toBeUndefined();
  });
});

describe('a fraction of an amount', () => {
  test.each([
    [10, 1, 4, 2, 3],
    [8, 1, 4, 2, 2],
    [0, 3, 7, 0, 0],
    [7, 7, 7, 7, 7],
    [1, 1, 1000, 0, 1],
    [999, 1000, 1000, 999, 999],
  ])('%i × %i/%i is %i rounded down and %i rounded up', (amount, part, of, down, up) => {
    expect(portionOf(amount, { part, of })).toBe(down);
    expect(portionUp(amount, { part, of })).toBe(up);
  });

  test('is exact also where amount times part has more digits than a number', () => {
    const largest = BigInt(Number.MAX_SAFE_INTEGER);
    assert(
      property(bigInt({ min: 0n, max: largest }), integer({ min: 1, max: 1000 }), (amount, of) => {
        const part = Math.max(1, of - 1);
        const product = amount * BigInt(part);
        const down = product / BigInt(of);
        const isWhole = product % BigInt(of) === 0n;
        expect(portionOf(Number(amount), { part, of })).toBe(Number(down));
        expect(portionUp(Number(amount), { part, of })).toBe(Number(isWhole ? down : down + 1n));
      }),
      { seed, numRuns: 300 },
    );
  });
});
