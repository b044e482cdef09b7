import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Devices, Numbering } from '../../../../src/core/inventory/identity/devices.ts';
import { regroup, regrouped } from '../../../../src/core/inventory/identity/locality.ts';
import { GpuFacts, NicFacts } from '../../../../src/model/fact.ts';
import { seed } from '../../arbitrary.ts';

type Numbers = readonly (number | undefined)[];

function gpusIn(name: string, groups: Numbers): Devices<GpuFacts> {
  return new Map(
    groups.map((group, at) => [
      at,
      [{ source: 'hwloc', set: GpuFacts.parse(group === undefined ? {} : { [name]: group }) }],
    ]),
  );
}

function nicsIn(name: string, groups: Numbers): Devices<NicFacts> {
  return new Map(
    groups.map((group, at) => [
      at,
      [{ source: 'hwloc', set: NicFacts.parse(group === undefined ? {} : { [name]: group }) }],
    ]),
  );
}

function straight(count: number): Numbering {
  return { numbers: new Map(Array.from({ length: count }, (_, at) => [at, at])), isAssumed: false };
}

/** What a source's switches are called in the words of what is known, by its own numbers. */
function renamed(known: Numbers, seen: Numbers, name: 'pcieSwitch' | 'pcieRoot' | 'island' = 'pcieSwitch') {
  const none = { nics: new Map() };
  const numberings = { gpus: straight(seen.length), nics: straight(0) };
  const all = regroup(
    { gpus: gpusIn(name, known), ...none },
    { gpus: gpusIn(name, seen), ...none },
    numberings,
  );
  return seen.map((group) =>
    group === undefined ? undefined : (regrouped(GpuFacts.parse({ [name]: group }), all)[name] ?? NaN),
  );
}

const u = undefined;

describe('groups of a source', () => {
  test.each<[string, Numbers, Numbers, Numbers]>([
    ['that are the known ones keep the known numbers', [0, 0, 1, 1], [5, 5, 3, 3], [0, 0, 1, 1]],
    ['that nobody knew anything of stay as they are', [u, u], [5, 3], [5, 3]],
    [
      'that meet no known one get numbers beyond the known ones, in their own order',
      [4, u, u],
      [u, 9, 7],
      [u, 6, 5],
    ],
    ['of which one is known and one is not', [2, u], [0, 8], [2, 3]],
    ['that divide what is one get new numbers, all of them', [0, 0, 1], [0, 1, 2], [2, 3, 4]],
    ['that join what is two get new numbers, all of them', [0, 1, 2], [0, 0, 1], [3, 3, 4]],
    ['that a device without a group says nothing of', [0, 0, 1], [7, u, 8], [0, u, 1]],
  ])('%s', (_, known, seen, expected) => {
    expect(renamed(known, seen)).toEqual(expected);
  });

  test.each(['pcieSwitch', 'pcieRoot', 'island'] as const)('are renamed for each %s by itself', (name) => {
    expect(renamed([1, 0], [0, 1], name)).toEqual([1, 0]);
  });

  test('follow devices that have another number here', () => {
    const turned: Numbering = {
      numbers: new Map([
        [0, 1],
        [1, 0],
      ]),
      isAssumed: false,
    };
    const all = regroup(
      { gpus: gpusIn('pcieRoot', [4, 6]), nics: new Map() },
      { gpus: gpusIn('pcieRoot', [0, 1]), nics: new Map() },
      { gpus: turned, nics: straight(0) },
    );
    expect([...all.pcieRoot].toSorted(([a], [b]) => a - b)).toEqual([
      [0, 6],
      [1, 4],
    ]);
  });

  test('of NICs and GPUs are the same groups; an island holds no NIC', () => {
    const numberings = { gpus: straight(1), nics: straight(1) };
    const all = regroup(
      { gpus: gpusIn('pcieSwitch', [3]), nics: nicsIn('pcieSwitch', [4]) },
      { gpus: gpusIn('pcieSwitch', [0]), nics: nicsIn('pcieSwitch', [1]) },
      numberings,
    );
    expect([...all.pcieSwitch]).toEqual([
      [0, 3],
      [1, 4],
    ]);
    expect(all.island.size).toBe(0);
  });

  test('keep the first word where several are known of a device', () => {
    const known: Devices<GpuFacts> = new Map([
      [
        0,
        [
          { source: 'inventory', set: {} },
          { source: 'hwloc', set: { pcieRoot: 6 } },
          { source: 'nccl', set: { pcieRoot: 8 } },
        ],
      ],
    ]);
    const all = regroup(
      { gpus: known, nics: new Map() },
      { gpus: gpusIn('pcieRoot', [0]), nics: new Map() },
      { gpus: straight(1), nics: straight(0) },
    );
    expect([...all.pcieRoot]).toEqual([[0, 6]]);
  });
});

/** Who is in one group together, by pairs of devices. */
function together(numbers: Numbers): readonly string[] {
  return numbers.flatMap((a, i) =>
    numbers.flatMap((b, j) => (a !== undefined && a === b && i < j ? [`${i} ${j}`] : [])),
  );
}

describe('laws', () => {
  const groups = fc.array(fc.option(fc.nat(3), { nil: undefined }), { minLength: 1, maxLength: 6 });
  const both = groups.chain((known) =>
    fc.tuple(
      fc.constant(known),
      fc.array(fc.option(fc.nat(3), { nil: undefined }), {
        minLength: known.length,
        maxLength: known.length,
      }),
    ),
  );

  test('a source’s devices are together under their new numbers exactly as under its own', () => {
    fc.assert(
      fc.property(both, ([known, seen]) => {
        expect(together(renamed(known, seen))).toEqual(together(seen));
      }),
      { seed, numRuns: 200 },
    );
  });

  test('laid over what is known, nobody is joined but by a word of one side, or by one of each over a third', () => {
    fc.assert(
      fc.property(both, ([known, seen]) => {
        fc.pre(known.some((group) => group !== undefined));
        const merged = renamed(known, seen).map((group, at) => known[at] ?? group);
        const said = new Set([...together(known), ...together(seen)]);
        const chained = together(merged).filter((pair) => !said.has(pair));
        const isChained = (pair: string) => {
          const [a, b] = pair.split(' ').map(Number);
          return seen.some((_, middle) =>
            [a, b].every(
              (end) =>
                end === middle ||
                said.has([end ?? 0, middle].toSorted((one, other) => one - other).join(' ')),
            ),
          );
        };
        expect(chained.filter((pair) => !isChained(pair))).toEqual([]);
      }),
      { seed, numRuns: 200 },
    );
  });

  test('groups that are known already come out as they are', () => {
    fc.assert(
      fc.property(groups, (known) => {
        expect(renamed(known, known)).toEqual(known);
      }),
      { seed, numRuns: 100 },
    );
  });
});
