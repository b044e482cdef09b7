import { describe, expect, test } from 'vitest';

import { instanceOf, mayStart } from '../../../src/core/check/mig-rules.ts';
import type { GpuFacts } from '../../../src/model/fact.ts';

/**
 * What NVIDIA's MIG User Guide lists for each GPU: compute slices, memory slices and the starts at which an instance may
 * begin. All that is not listed does not exist.
 */
type Row = readonly [profile: string, compute: number, memory: number, starts: readonly number[]];

const ofEighths = (...[one, oneWide, two, three, four, all]: readonly string[]): readonly Row[] => [
  [`1g.${one}gb`, 1, 1, [0, 1, 2, 3, 4, 5, 6]],
  [`1g.${one}gb+me`, 1, 1, [0, 1, 2, 3, 4, 5, 6]],
  [`1g.${oneWide}gb`, 1, 2, [0, 2, 4, 6]],
  [`2g.${two}gb`, 2, 2, [0, 2, 4]],
  [`3g.${three}gb`, 3, 4, [0, 4]],
  [`4g.${four}gb`, 4, 4, [0]],
  [`7g.${all}gb`, 7, 8, [0]],
];

const guide: Readonly<Record<string, readonly Row[]>> = {
  'A30-24GB': [
    ['1g.6gb', 1, 1, [0, 1, 2, 3]],
    ['1g.6gb+me', 1, 1, [0, 1, 2, 3]],
    ['2g.12gb', 2, 2, [0, 2]],
    ['2g.12gb+me', 2, 2, [0, 2]],
    ['4g.24gb', 4, 4, [0]],
  ],
  'A100-SXM4-40GB': ofEighths('5', '10', '10', '20', '20', '40'),
  'A100-SXM4-80GB': ofEighths('10', '20', '20', '40', '40', '80'),
  'H100-SXM-80GB': ofEighths('10', '20', '20', '40', '40', '80'),
  'H100-NVL-94GB': ofEighths('12', '24', '24', '47', '47', '94'),
  'H200-SXM-141GB': ofEighths('18', '35', '35', '71', '71', '141'),
  'B200-180GB': ofEighths('23', '45', '45', '90', '90', '180'),
};

const profiles = [...new Set(Object.values(guide).flatMap((rows) => rows.map(([profile]) => profile)))];
const starts = Array.from({ length: 10 }, (_, at) => at);

describe.each(Object.entries(guide))('an %s', (model, rows) => {
  test.each(rows)(
    'gives %s of %i compute and %i memory slices, from %j on',
    (profile, compute, memory, begins) => {
      const found = instanceOf({ model }, profile);
      expect(found).toMatchObject({ compute, memory, media: profile.endsWith('+me') });
      expect(starts.filter((start) => found !== undefined && mayStart(found, start))).toEqual(begins);
    },
  );

  test('gives no profile of the others', () => {
    const listed = rows.map(([profile]) => profile);
    expect(profiles.filter((profile) => instanceOf({ model }, profile) !== undefined).toSorted()).toEqual(
      listed.toSorted(),
    );
  });

  test('lets nothing begin before its first slice or between two', () => {
    for (const [profile] of rows) {
      const found = instanceOf({ model }, profile);
      expect([-1, -2, -4, 0.5].filter((start) => found !== undefined && mayStart(found, start))).toEqual([]);
    }
  });
});

/** How many instances of each profile without media engines may be on one GPU at a time. */
function countsOn(model: string): readonly number[] {
  return (guide[model] ?? []).flatMap(([profile, , , begins]) =>
    profile.endsWith('+me') ? [] : [begins.length],
  );
}

test('instances of one profile, begun wherever they may, fill a GPU as often as the guide says', () => {
  expect(countsOn('H100-SXM-80GB')).toEqual([7, 4, 3, 2, 1, 1]);
  expect(countsOn('A30-24GB')).toEqual([4, 2, 1]);
});

const mib = 1024;

describe('how large a GPU is', () => {
  test.each<readonly [string, GpuFacts, boolean]>([
    ['by its name', { model: 'H100-SXM-80GB' }, true],
    ['by its name in small letters', { model: 'h100-sxm-80gb' }, true],
    ['by its name, whatever a tool has read', { model: 'H100-SXM-80GB', memoryMib: 1 }, true],
    ['by what a tool has read, where the name does not say', { model: 'H100', memoryMib: 80 * mib }, true],
    ['as read 2 GiB too low', { model: 'H100', memoryMib: 78 * mib }, true],
    ['as read 2 GiB too high', { model: 'H100', memoryMib: 82 * mib }, true],
    ['as read a MiB lower still', { model: 'H100', memoryMib: 78 * mib - 1 }, false],
    ['as read a MiB higher still', { model: 'H100', memoryMib: 82 * mib + 1 }, false],
    ['as one of 94 GB', { model: 'H100', memoryMib: 94 * mib }, false],
    ['by a name that says another size', { model: 'H100-64GB' }, false],
    ['not at all where it comes in two sizes', { model: 'H100' }, false],
    ['not at all where it has no name', { memoryMib: 80 * mib }, false],
    ['not at all where no MIG is known of it', { model: 'L40S-48GB', memoryMib: 80 * mib }, false],
    ['not by letters that only begin like it', { model: 'H100X-80GB' }, false],
  ])('is known %s', (_, gpu, has) => {
    expect(instanceOf(gpu, '1g.10gb') !== undefined).toBe(has);
  });

  test.each<readonly [string, GpuFacts, boolean]>([
    ['where there is but one', { model: 'H200' }, true],
    ['with letters after it that say no size', { model: 'H200-NVL' }, true],
    ['not where its name says another', { model: 'H200-96GB' }, false],
    ['not where another was read', { model: 'H200', memoryMib: 96 * mib }, false],
  ])('is the size of its kind %s', (_, gpu, has) => {
    expect(instanceOf(gpu, '1g.18gb') !== undefined).toBe(has);
  });
});

test.each([
  '',
  '1g',
  '8g.80gb',
  '0g.10gb',
  '1g.10',
  '1g.10gb+',
  '1g.10gb+me+me',
  ' 1g.10gb',
  '01g.10gb',
  '5g.50gb',
  '1g.010gb',
])('`%s` is no profile', (profile) => {
  expect(instanceOf({ model: 'H100-SXM-80GB' }, profile)).toBeUndefined();
});
