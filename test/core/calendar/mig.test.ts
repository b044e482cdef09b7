import { describe, expect, test } from 'vitest';

import {
  freeProfiles,
  type MigClass,
  migClassOf,
  type MigProfile,
  profileOf,
  slotOf,
} from '../../../src/core/calendar/mig.ts';
import { drawOfSlice, sizeOfSlice } from '../../../src/core/calendar/slices.ts';
import { instanceOf, mayStart } from '../../../src/core/check/mig-rules.ts';
import { migLayoutOf } from '../../../src/core/place/mig-layout.ts';

const models = [
  'A30-24GB',
  'A100-SXM-40GB',
  'A100-SXM-80GB',
  'H100-SXM-80GB',
  'H100-NVL-94GB',
  'H200-SXM-141GB',
  'B200-SXM-180GB',
];

function classOf(model: string): MigClass {
  const found = migClassOf({ model });
  if (found === undefined || found === 'unknown') throw new Error(`no class for ${model}`);
  return found;
}

const h100 = classOf('H100-SXM-80GB');
const layout = migLayoutOf(h100);
const masks = Array.from({ length: 256 }, (_, mask) => mask);

/** Every layout that can come about by adding one instance after the other: sets of `profile@start`. */
function layoutsOf(profiles: readonly MigProfile[]): ReadonlyMap<string, number> {
  const slots = profiles.flatMap((profile) =>
    profile.starts.map((start) => ({ name: `${profile.name}@${start}`, slot: slotOf(profile, start) })),
  );
  const found = new Map<string, number>([['', 0]]);
  for (const [names, mask] of found)
    for (const { name, slot } of slots)
      if ((mask & slot) === 0) {
        const key = [...names.split(' ').filter((known) => known !== ''), name].toSorted().join(' ');
        found.set(key, mask | slot);
      }
  return found;
}

function maximal(found: ReadonlyMap<string, number>, profiles: readonly MigProfile[]): number {
  const slots = profiles.flatMap((profile) => profile.starts.map((start) => slotOf(profile, start)));
  return [...found.values()].filter((mask) => slots.every((slot) => (mask & slot) !== 0)).length;
}

function computeOf(names: string): number {
  return names.split(' ').reduce((sum, name) => sum + Number(name.slice(0, 1) || 0), 0);
}

function namesBeside(taken: number, hasMedia: boolean): string[] {
  return freeProfiles({ model: 'H100-SXM-80GB' }, taken, hasMedia).map(({ name }) => name);
}

describe('the profiles of a model', () => {
  test.each([
    ['A30-24GB', '1g.6gb 1g.6gb+me 2g.12gb 2g.12gb+me 4g.24gb'],
    ['A100-SXM-40GB', '1g.5gb 1g.5gb+me 1g.10gb 2g.10gb 3g.20gb 4g.20gb 7g.40gb'],
    ['A100-SXM-80GB', '1g.10gb 1g.10gb+me 1g.20gb 2g.20gb 3g.40gb 4g.40gb 7g.80gb'],
    ['H100-SXM-80GB', '1g.10gb 1g.10gb+me 1g.20gb 2g.20gb 3g.40gb 4g.40gb 7g.80gb'],
    ['H100-NVL-94GB', '1g.12gb 1g.12gb+me 1g.24gb 2g.24gb 3g.47gb 4g.47gb 7g.94gb'],
    ['H200-SXM-141GB', '1g.18gb 1g.18gb+me 1g.35gb 2g.35gb 3g.71gb 4g.71gb 7g.141gb'],
    ['B200-SXM-180GB', '1g.23gb 1g.23gb+me 1g.45gb 2g.45gb 3g.90gb 4g.90gb 7g.180gb'],
  ])('%s: %s', (model, names) => {
    expect([...classOf(model).profiles.keys()].join(' ')).toBe(names);
  });

  test.each([
    ['1g.10gb', 1, [0, 1, 2, 3, 4, 5, 6], 7],
    ['1g.10gb+me', 1, [0, 1, 2, 3, 4, 5, 6], 1],
    ['1g.20gb', 2, [0, 2, 4, 6], 4],
    ['2g.20gb', 2, [0, 2, 4], 3],
    ['3g.40gb', 4, [0, 4], 2],
    ['4g.40gb', 4, [0], 1],
    ['7g.80gb', 8, [0], 1],
  ])('%s of an H100 takes %i memory slices from %j on, at most %i of them', (name, memory, starts, most) => {
    expect(h100.profiles.get(name)).toMatchObject({ memory, starts });
    expect(layout.count.get(name)?.[0]).toBe(most);
  });

  test('one name means another cut on another model', () => {
    expect(profileOf({ model: 'A100-PCIE-40GB' }, '1g.10gb')?.memory).toBe(2);
    expect(profileOf({ model: 'H100-SXM-80GB' }, '1g.10gb')?.memory).toBe(1);
    expect(profileOf({ model: 'H200-SXM-141GB' }, '1g.10gb')).toBeUndefined();
  });

  test.each([
    [{ model: 'H100-SXM-80GB' }, 80],
    [{ model: 'h100-pcie-80gb' }, 80],
    [{ model: 'H100', memoryMib: 81_559 }, 80],
    [{ model: 'H100', memoryMib: 95_830 }, 94],
    [{ model: 'A100', memoryMib: 40_536 }, 40],
    [{ model: 'B200' }, 180],
    [{ model: 'B200-SXM-192GB', memoryMib: 183_359 }, 180],
    [{ model: 'H100' }, 'unknown'],
    [{ model: 'A100-SXM' }, 'unknown'],
    [{ model: 'H100-SXM-64GB' }, undefined],
    [{ model: 'H100', memoryMib: 65_536 }, undefined],
    [{ model: 'L40S-48GB' }, undefined],
    [{ model: 'MI300X' }, undefined],
    [{}, undefined],
  ])('%j is cut like %s GB', (gpu, expected) => {
    const found = migClassOf(gpu);
    expect(found === undefined || found === 'unknown' ? found : found.memoryGb).toBe(expected);
  });
});

describe('the auditor, who reads no table, agrees with the tables', () => {
  const names = new Set([
    ...models.flatMap((model) => [...classOf(model).profiles.keys()]),
    ...models.flatMap((model) => [...classOf(model).profiles.keys()].map((name) => `${name}+me`)),
    '5g.50gb',
    '6g.60gb',
    '1g.9gb',
    '1g.11gb',
    '1g.1gb',
    '2g.10gb',
    '3g.30gb',
    '1g.010gb',
  ]);

  test.each(models)('on which profiles a %s has, how large they are, and where they begin', (model) => {
    let legal = 0;
    for (const name of names) {
      const [told, derived] = [profileOf({ model }, name), instanceOf({ model }, name)];
      const starts = derived === undefined ? [] : masks.filter((start) => mayStart(derived, start));
      expect({
        name,
        memory: derived?.memory,
        compute: derived?.compute,
        media: derived?.media,
        starts,
      }).toEqual({
        name,
        memory: told?.memory,
        compute: told?.compute,
        media: told?.media,
        starts: told?.starts ?? [],
      });
      legal += starts.length;
    }
    expect(legal).toBe(model === 'A30-24GB' ? 13 : 25);
  });
});

describe('layouts of an H100', () => {
  const plain = [...h100.profiles.values()].filter(({ media }) => !media);

  test('723 of them over 192 of 256 masks, 78 of them with no room left', () => {
    const found = layoutsOf(plain);
    expect(found.size).toBe(723);
    expect(new Set(found.values()).size).toBe(192);
    expect(maximal(found, plain)).toBe(78);
  });

  test('298 without the profile of one compute slice with double memory, 19 of them with no room left', () => {
    const single = plain.filter(({ name }) => name !== '1g.20gb');
    const found = layoutsOf(single);
    expect(found.size).toBe(298);
    expect(maximal(found, single)).toBe(19);
  });

  test('never use more than seven compute slices, so starts alone limit them', () => {
    expect(Math.max(...[...layoutsOf(plain).keys()].map(computeOf))).toBe(7);
  });

  test('draw at least what their busier half draws, however they are put together', () => {
    const gpu = { model: 'H100-SXM-80GB' };
    for (const names of layoutsOf(plain).keys()) {
      const parts = names.split(' ').flatMap((name) => {
        const [profile = ''] = name.split('@');
        const cut = h100.profiles.get(profile);
        return cut === undefined ? [] : [{ cut, slice: { kind: 'mig' as const, profile } }];
      });
      const draw = parts.reduce((sum, { slice }) => {
        const { part, of } = drawOfSlice(gpu, slice);
        return sum + (part * 56) / of;
      }, 0);
      const memory = parts.reduce((sum, { slice }) => sum + sizeOfSlice(gpu, slice).part, 0);
      const compute = parts.reduce((sum, { cut }) => sum + cut.compute, 0);
      expect(draw).toBeGreaterThanOrEqual(Math.max(memory * 7, compute * 8));
    }
  });
});

describe('the best start', () => {
  test.each([...h100.profiles.values()])(
    'of $name is legal, free, and keeps most room; none exists where none is given',
    (profile) => {
      for (const mask of masks) {
        const free = profile.starts.filter((start) => (slotOf(profile, start) & mask) === 0);
        const start = layout.start.get(profile.name)?.[mask] ?? -1;
        expect(layout.count.get(profile.name)?.[mask]).toBe(
          profile.media ? Math.min(1, free.length) : free.length,
        );
        const left = (at: number) => layout.worth[mask | slotOf(profile, at)] ?? 0;
        const best = Math.max(-1, ...free.map(left));
        expect(start).toBe(free.find((at) => left(at) === best) ?? -1);
      }
    },
  );

  test.each([
    ['1g.10gb', 0, 6],
    ['1g.20gb', 0, 6],
    ['2g.20gb', 0, 4],
    ['3g.40gb', 0, 4],
    ['1g.10gb', 0b0100_0000, 4],
    ['2g.20gb', 0b0100_0000, 4],
    ['3g.40gb', 0b0100_0000, 0],
    ['4g.40gb', 0b0000_0001, -1],
    ['7g.80gb', 0b1000_0000, -1],
  ])('of %s beside %i is %i', (name, mask, start) => {
    expect(layout.start.get(name)?.[mask]).toBe(start);
  });

  test('profiles that still fit are named from the largest on', () => {
    expect(namesBeside(0b1111_0000, false)).toEqual([
      '4g.40gb',
      '3g.40gb',
      '2g.20gb',
      '1g.20gb',
      '1g.10gb',
      '1g.10gb+me',
    ]);
    expect(namesBeside(0b0011_1111, true)).toEqual(['1g.20gb', '1g.10gb']);
    expect(namesBeside(0b0111_1111, false)).toEqual([]);
  });
});
