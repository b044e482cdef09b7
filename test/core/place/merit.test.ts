import { array, assert, constantFrom, nat, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  byCarbon,
  bySpeed,
  type Carbon,
  carbonOf,
  carbonWords,
  floorsOf,
  isAbove,
  type Speed,
  speedOf,
  speedWords,
} from '../../../src/core/place/merit.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { type Details, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { nodeOf } from './wanted.ts';

function members(...lines: readonly string[]): readonly Member[] {
  return placement(1, ...lines).members;
}

function emitting(gram: number, pue: number): object {
  return { carbonGramPerKwh: gram, pueMilli: pue };
}

/** Nodes that draw what their members say. */
const fleet = world(
  'a/r1 2×2 H100 gpuw100 basew100 cpu8',
  'b/r1 1×2 H100 gpuw100 basew100 cpu8',
  'c/r1 1×2 H100 cpu8',
  {
    sites: { a: emitting(100, 1200), b: emitting(50, 1000), c: emitting(1, 1000) },
  },
).state.fleet;

function gramsOf(...lines: readonly string[]): string {
  const found = carbonOf(fleet, members(...lines));
  return found.kind === 'unknown' ? `${found.attribute}?` : `${found.microGramPerHour}`;
}

describe('what a placement emits, in micrograms an hour', () => {
  test.each([
    // 300 W × 1.2 × 100 g a kWh are 36 g.
    ['watts by the grid and the overhead of the site', ['x 0 a/r1/n01 gpu0 300W'], '36000000'],
    ['all members of a site together', ['x 0 a/r1/n01 gpu0 300W', 'x 1 a/r1/n02 gpu0 100W'], '48000000'],
    ['each site by its own', ['x 0 a/r1/n01 gpu0 300W', 'x 1 b/r1/n01 gpu0 100W'], '41000000'],
    ['nothing for no watts', ['x 0 a/r1/n01 cpu1 0W'], '0'],
    ['unknown for GPUs whose watts nobody has recorded', ['x 0 c/r1/n01 gpu0 300W'], 'gpuPowerW?'],
    ['unknown for shares of them too', ['x 0 c/r1/n01 0:300 300W'], 'gpuPowerW?'],
    ['unknown for cores of a node without a figure', ['x 0 c/r1/n01 cpu1 300W'], 'basePowerW?'],
    ['unknown in all where it is for one', ['x 0 a/r1/n01 gpu0 300W', 'x 1 c/r1/n01 gpu0 1W'], 'gpuPowerW?'],
    ['unknown on nodes that are no longer there', ['x 0 a/r9/n01 gpu0 300W'], 'node?'],
    ['unknown at sites that are no longer there', ['x 0 z/r1/n01 gpu0 300W'], 'site?'],
  ])('%s', (_, lines, expected) => {
    expect(gramsOf(...lines)).toBe(expected);
  });

  test.each([
    ['the grid first', {}, 'carbonGramPerKwh'],
    ['then the overhead', { carbonGramPerKwh: 5 }, 'pueMilli'],
  ])('a site has to say %s', (_, facts, attribute) => {
    const on = world('a/r1 1×1 H100 gpuw1 basew1', { sites: { a: facts } }).state.fleet;
    expect(carbonOf(on, members('x 0 a/r1/n01 gpu0 5W'))).toEqual({ kind: 'unknown', attribute });
  });

  test('nothing at all emits nothing', () => {
    expect(carbonOf(fleet, [])).toEqual({ kind: 'known', microGramPerHour: 0n });
  });

  test.each([
    [0, '0 g CO2 an hour'],
    [1, '1 g CO2 an hour'],
    [1_000_000, '1 g CO2 an hour'],
    [1_000_001, '2 g CO2 an hour'],
  ])('%d micrograms are said as `%s`', (micrograms, words) => {
    expect(carbonWords({ kind: 'known', microGramPerHour: BigInt(micrograms) })).toBe(words);
  });

  test('what is not known is said with the fact that is missing', () => {
    expect(carbonWords({ kind: 'unknown', attribute: 'pueMilli' })).toBe(
      'its carbon is not known, `pueMilli` is not recorded',
    );
  });
});

const someCarbon = option(nat(3)).map((grams): Carbon =>
  grams === null
    ? { kind: 'unknown', attribute: 'pueMilli' }
    : { kind: 'known', microGramPerHour: BigInt(grams) },
);

function gramsIn(carbon: Carbon): number {
  return carbon.kind === 'unknown' ? Infinity : Number(carbon.microGramPerHour);
}

test('less carbon comes first, the unknown last, and all that is unknown is alike', () => {
  assert(
    property(array(someCarbon, { maxLength: 8 }), (drawn) => {
      expect(drawn.toSorted(byCarbon).map(gramsIn)).toEqual(
        drawn.map(gramsIn).toSorted((a, b) => (a < b ? -1 : Number(a > b))),
      );
      for (const a of drawn) for (const b of drawn) expect(byCarbon(a, b) + byCarbon(b, a)).toBe(0);
    }),
    { seed, numRuns: 100 },
  );
});

/** `900/400` Gbit/s of link and NIC, `?` where nobody knows, of the members on a node. */
function speed(line: string, gpus: string, more: Details = {}): string {
  const { linkMbps, nicMbps } = speedOf(
    world(`a/r1 1×4 ${line}`, more).state.fleet,
    members(`x 0 a/r1/n01 ${gpus}`),
  );
  return [linkMbps, nicMbps].map((mbps) => (mbps === undefined ? '?' : mbps / 1000)).join('/');
}

describe('how fast the slowest GPU of a placement is', () => {
  const slowNic: Details = { nics: { 'a/r1/n01/nic1': { mbps: 100_000 } } };

  test.each([
    ['link and NICs', 'H100 nvlink link900 rdma', 'gpu0-3', {}, '900/400'],
    ['no link is 0', 'H100 nolink link900 rdma', 'gpu0-3', {}, '0/400'],
    ['a link of which nobody knows the speed', 'H100 nvlink rdma', 'gpu0-3', {}, '?/400'],
    ['no RDMA is 0', 'H100 nvlink link900 nordma', 'gpu0-3', {}, '900/0'],
    ['nobody knows of RDMA', 'H100 nvlink link900', 'gpu0-3', {}, '900/?'],
    ['the slowest NIC', 'H100 nvlink link900 rdma', 'gpu0-3', slowNic, '900/100'],
    ['not that of a GPU beside it', 'H100 nvlink link900 rdma', 'gpu0,2', slowNic, '900/400'],
    ['without GPUs, nothing is known', 'H100 nvlink link900 rdma cpu8', 'cpu1', {}, '?/?'],
  ])('%s', (_, line, gpus, more, expected) => {
    expect(speed(line, gpus, more)).toBe(expected);
  });

  test('of several nodes, the slower in each', () => {
    const two = world('a/r1 1×2 H100 nvlink link900 rdma', 'a/r2 1×2 H100 nvlink link450 rdma', {
      nics: { 'a/r1/n01/nic0': { mbps: 200_000 } },
    }).state.fleet;
    const [first, second, cores] = ['x 0 a/r1/n01 gpu0', 'x 1 a/r2/n01 gpu0', 'y 0 a/r2/n01 cpu1'];
    expect(speedOf(two, members(first, second))).toEqual({ linkMbps: 450_000, nicMbps: 200_000 });
    // Parts without GPUs have no say, nor have nodes that are gone.
    expect(speedOf(two, members(first, cores))).toEqual({ linkMbps: 900_000, nicMbps: 200_000 });
    expect(speedOf(two, members(first, 'x 1 a/r9/n01 gpu0'))).toEqual({
      linkMbps: 900_000,
      nicMbps: 200_000,
    });
  });

  test('is said in Mbit/s, or that it is not recorded', () => {
    expect(speedWords({ linkMbps: 900_000, nicMbps: undefined })).toBe(
      'accelerator link 900000 Mbit/s, RDMA NIC not recorded',
    );
    expect(speedWords({ linkMbps: undefined, nicMbps: 0 })).toBe(
      'accelerator link not recorded, RDMA NIC 0 Mbit/s',
    );
  });
});

/** For speeds below ten: the link before the NIC, and nothing known below none. */
function worthOf({ linkMbps = -1, nicMbps = -1 }: Speed): number {
  return linkMbps * 10 + nicMbps;
}

describe('the order of speeds', () => {
  const mbps = constantFrom(undefined, 0, 1, 2);
  const someSpeed = record({ linkMbps: mbps, nicMbps: mbps });

  test('is by link, then by NIC, fastest first, the unknown after none', () => {
    assert(
      property(array(someSpeed, { maxLength: 8 }), (drawn) => {
        expect(drawn.toSorted(bySpeed).map(worthOf)).toEqual(drawn.map(worthOf).toSorted((a, b) => b - a));
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe('floors under the speed of nodes', () => {
  const nodes = [
    nodeOf('a/r1 1×2 H100 nvlink link900 nordma'),
    nodeOf('a/r1 1×2 H100 nvlink link450 rdma'),
    nodeOf('a/r1 1×2 H100 nvlink rdma'),
    nodeOf('a/r1 1 cpu8'),
  ];

  test('are every link with every NIC that some GPU node has, the highest first, the last one none', () => {
    expect(floorsOf(nodes).map(({ linkMbps, nicMbps }) => `${linkMbps ?? '-'}/${nicMbps ?? '-'}`)).toEqual([
      '900000/400000',
      '900000/0',
      '900000/-',
      '450000/400000',
      '450000/0',
      '450000/-',
      '-/400000',
      '-/0',
      '-/-',
    ]);
  });

  test('of no GPU nodes are none at all', () => {
    expect(floorsOf(nodes.slice(3))).toEqual([{ linkMbps: undefined, nicMbps: undefined }]);
    expect(floorsOf([])).toEqual([{ linkMbps: undefined, nicMbps: undefined }]);
  });

  test.each([
    [900_000, 0, [true, false, false]],
    [900_000, 400_000, [false, false, false]],
    [450_000, undefined, [true, true, false]],
    [undefined, 400_000, [false, true, true]],
    [undefined, 0, [true, true, true]],
    [0, undefined, [true, true, false]],
    [undefined, undefined, [true, true, true]],
  ])('above a link of %s and a NIC of %s are %j', (linkMbps, nicMbps, expected) => {
    expect(nodes.slice(0, 3).map((node) => isAbove(node, { linkMbps, nicMbps }))).toEqual(expected);
  });

  test('never let through more nodes the higher they are', () => {
    const floors = floorsOf(nodes);
    for (const [at, low] of floors.entries())
      for (const high of floors.slice(0, at)) {
        const isHigher =
          (high.linkMbps ?? -1) >= (low.linkMbps ?? -1) && (high.nicMbps ?? -1) >= (low.nicMbps ?? -1);
        const passed = nodes.filter((node) => isAbove(node, high) && !isAbove(node, low));
        expect(isHigher ? passed : []).toEqual([]);
      }
  });
});
