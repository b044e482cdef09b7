import { describe, expect, test } from 'vitest';

import { type MigClass, migClassOf, type MigProfile, slotOf } from '../../../src/core/calendar/mig.ts';
import { migLayoutOf } from '../../../src/core/place/mig-layout.ts';

const models = ['A30-24GB', 'A100-SXM-40GB', 'H100-SXM-80GB', 'H200-SXM-141GB'] as const;

function classOf(model: string): MigClass {
  const found = migClassOf({ model });
  if (found === undefined || found === 'unknown') throw new Error(`${model} cannot be cut`);
  return found;
}

function masksOf({ memorySlices }: MigClass): number[] {
  return Array.from({ length: 2 ** memorySlices }, (_, mask) => mask);
}

function freeOf(profile: MigProfile, mask: number): number[] {
  return profile.starts.filter((start) => (slotOf(profile, start) & mask) === 0);
}

/** The most instances of a profile that any choice of starts gets onto the GPU. */
function mostOf(profile: MigProfile, mask: number, starts = profile.starts): number {
  const [start, ...others] = starts;
  if (start === undefined) return 0;
  const slot = slotOf(profile, start);
  const without = mostOf(profile, mask, others);
  return (mask & slot) === 0 ? Math.max(without, 1 + mostOf(profile, mask | slot, others)) : without;
}

/** Memory slices that could still be given, profile by profile, each as if it were alone. */
function worthOf({ profiles }: MigClass, mask: number): number {
  let worth = 0;
  for (const profile of profiles.values())
    if (!profile.name.endsWith('+me')) worth += profile.memory * freeOf(profile, mask).length;
  return worth;
}

describe.each(models)('the layouts of %s', (model) => {
  const migClass = classOf(model);
  const layout = migLayoutOf(migClass);
  const masks = masksOf(migClass);
  const profiles = [...migClass.profiles.values()];
  const worths = masks.map((mask) => worthOf(migClass, mask));

  test('count as many instances as any choice of starts reaches', () => {
    for (const profile of profiles) {
      const most = (mask: number) =>
        profile.media ? Math.min(1, mostOf(profile, mask)) : mostOf(profile, mask);
      expect([profile.name, layout.count.get(profile.name)]).toEqual([profile.name, masks.map(most)]);
    }
  });

  test('are worth the memory slices that all profiles could still be given', () => {
    expect(layout.worth).toEqual(worths);
  });

  test('begin an instance where it costs the others least, the lowest of equals', () => {
    for (const profile of profiles) {
      const cheapest = (mask: number) => {
        const free = freeOf(profile, mask);
        const left = free.map((start) => worths[mask | slotOf(profile, start)] ?? 0);
        return free[left.indexOf(Math.max(...left))] ?? -1;
      };
      expect([profile.name, layout.start.get(profile.name)]).toEqual([profile.name, masks.map(cheapest)]);
    }
  });

  test('are worth less with every instance, and nothing once all is taken', () => {
    for (const profile of profiles) {
      for (const mask of masks) {
        const start = layout.start.get(profile.name)?.[mask] ?? -1;
        if (start < 0) continue;
        expect(layout.worth[mask | slotOf(profile, start)]).toBeLessThan(layout.worth[mask] ?? 0);
      }
    }
    expect(layout.worth.at(-1)).toBe(0);
  });

  test('have a start exactly where they count an instance', () => {
    for (const { name } of profiles)
      expect(layout.count.get(name)?.map((count) => count > 0)).toEqual(
        layout.start.get(name)?.map((start) => start >= 0),
      );
  });
});

describe('an H100 with 80 GB, worked out by hand', () => {
  const { worth, start, count } = migLayoutOf(classOf('H100-SXM-80GB'));

  test('is worth 41 memory slices when empty', () => {
    // Seven of 1, four of 2, three of 2, two of 4, one of 4 and one of 8.
    expect(worth[0]).toBe(7 + 8 + 6 + 8 + 4 + 8);
    // With slice 7 taken: all that begins below it and does not reach it.
    expect(worth[0b1000_0000]).toBe(7 + 6 + 6 + 4 + 4);
    // With the lower half taken: three of 1, two of 2, one of 2, one of 4.
    expect(worth[0b0000_1111]).toBe(3 + 4 + 2 + 4);
  });

  test.each([
    // At 6 it costs itself, the 1g.20gb there, a 3g.40gb and the 7g.80gb: 15. Anywhere else more.
    ['1g.10gb', 0, 6],
    ['1g.20gb', 0, 6],
    // 2g.20gb has no start at 6: at 4 it costs 2 + 4 + 2 + 4 + 8, below it 4g.40gb as well.
    ['2g.20gb', 0, 4],
    ['3g.40gb', 0, 4],
    ['4g.40gb', 0, 0],
    ['7g.80gb', 0, 0],
    ['1g.10gb', 0b0100_0000, 4],
    ['3g.40gb', 0b1000_0000, 0],
    ['3g.40gb', 0b1000_0001, -1],
    ['7g.80gb', 0b1000_0000, -1],
    ['4g.40gb', 0b0000_1000, -1],
  ])('puts %s beside mask %i at slice %i', (name, mask, expected) => {
    expect(start.get(name)?.[mask]).toBe(expected);
  });

  test.each([
    ['1g.10gb', 0b0000_0001, 6],
    ['1g.10gb', 0b0111_1111, 0],
    ['1g.20gb', 0b0000_0010, 3],
    ['2g.20gb', 0b0100_0000, 3],
    ['3g.40gb', 0b0000_1000, 1],
    ['1g.10gb+me', 0, 1],
    ['1g.10gb+me', 0b0011_1111, 1],
    ['1g.10gb+me', 0b0111_1111, 0],
  ])('has beside what is taken room for: %s, mask %i, %i instances', (name, mask, expected) => {
    expect(count.get(name)?.[mask]).toBe(expected);
  });

  test('is looked up once for all GPUs of its class', () => {
    expect(migLayoutOf(classOf('h100-pcie-80gb'))).toBe(migLayoutOf(classOf('H100-SXM-80GB')));
    expect(migLayoutOf(classOf('A100-SXM-80GB'))).not.toBe(migLayoutOf(classOf('H100-SXM-80GB')));
  });
});
