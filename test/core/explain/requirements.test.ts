import { assert, constantFrom, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { requirements } from '../../../src/core/explain/requirements.ts';
import { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';

const plain = demand('2×4 + load: 1×cpu4');
const [train, load] = plain.parts;
if (train === undefined || load === undefined) throw new Error('two parts');
const [gpuPart, cpuPart] = [train, load];

/** The plain demand with more in it, or with more in its first part, or in each replica of that. */
const whole = (more: object) => Demand.parse({ ...plain, ...more });
const part = (more: object) => whole({ parts: [{ ...gpuPart, ...more }, cpuPart] });
const each = (more: object) => part({ each: { ...gpuPart.each, ...more } });
const gpus = (more: object) => each({ gpus: { count: 4, ...more } });

/** What asks for one thing, by the name of it. */
const askers: Readonly<Record<string, Demand>> = {
  'gpu-model': gpus({ models: ['H100'] }),
  where: whole({ where: ['fra1'] }),
  'site-of-part': part({ where: ['fra1'] }),
  together: whole({ together: 'rack' }),
  within: part({ within: 'rack' }),
  apart: part({ apart: 'node' }),
  survive: whole({ survive: { loss: 'node', membersLeft: 1 } }),
  isolation: whole({ isolation: 'rack' }),
  'power-cap': whole({ powerCapW: 5000 }),
  avoid: whole({ avoid: ['fra1/h1'] }),
  'gpu-memory': gpus({ memoryMib: 80_000 }),
  latency: whole({ latencyMsByRegion: { paris: 10 } }),
  dataset: whole({ dataset: 'imagenet' }),
  budget: whole({ budget: { microEurPerDay: 1 } }),
  rdma: each({ rdma: {} }),
  align: each({ align: 'numa' }),
  storage: each({ storageGib: 9 }),
  flows: whole({ flows: [{ from: 'load', to: 'train', mbps: 9 }] }),
};

function requirement(name: string): (typeof requirements)[number] {
  const found = requirements.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no requirement \`${name}\``);
  return found;
}

describe('a demand without one thing that it asks for is the demand that never asked for it', () => {
  test.each(Object.entries(askers))('%s', (name, asked) => {
    expect(requirement(name).without(asked)).toEqual(plain);
  });

  test.each<readonly [string, Demand, Demand]>([
    ['uplink', each({ rdma: { uplinkMbps: 9, nicsPerGpu: 2 } }), each({ rdma: { nicsPerGpu: 2 } })],
    ['nics-per-gpu', each({ rdma: { uplinkMbps: 9, nicsPerGpu: 2 } }), each({ rdma: { uplinkMbps: 9 } })],
    ['rdma', each({ rdma: { uplinkMbps: 9 }, cpuMilli: 1000 }), each({ cpuMilli: 1000 })],
    ['gpu-model', gpus({ models: ['H100'], memoryMib: 9 }), gpus({ memoryMib: 9 })],
    ['gpu-memory', gpus({ models: ['H100'], memoryMib: 9 }), gpus({ models: ['H100'] })],
    ['accelerator-link', gpus({ link: 'nvlink', linkMbps: 9, memoryMib: 9 }), gpus({ memoryMib: 9 })],
    ['accelerator-link', gpus({ linkMbps: 9 }), plain],
    ['cpu', each({ cpuMilli: 9000 }), each({ cpuMilli: 0 })],
    ['memory', each({ memoryMib: 9000 }), each({ memoryMib: 0 })],
    ['site-of-part', part({ siteKind: 'edge' }), plain],
    ['site-of-part', part({ latencyMsByRegion: { paris: 9 } }), plain],
    [
      'dataset',
      whole({
        dataset: 'imagenet',
        flows: [
          { from: 'dataset', to: 'load', mbps: 9 },
          { from: 'load', to: 'train', mbps: 7 },
        ],
      }),
      whole({ flows: [{ from: 'load', to: 'train', mbps: 7 }] }),
    ],
    ['dataset', whole({ dataset: 'imagenet', flows: [{ from: 'dataset', to: 'load', mbps: 9 }] }), plain],
  ])('but keeps what else it asks for: %s', (name, asked, expected) => {
    expect(requirement(name).without(asked)).toEqual(expected);
  });

  test('in every part that asks for it, and the parts that do not stay as they are', () => {
    const many = demand('2×4 H100 apart:node + eval: 1×1 A100 apart:rack + load: 1×cpu4');
    const freed = requirement('apart').without(many);
    expect(freed?.parts.map(({ apart }) => apart)).toEqual([undefined, undefined, undefined]);
    expect(freed?.parts[2]).toBe(many.parts[2]);
    const models = requirement('gpu-model').without(many);
    expect(models?.parts.map(({ each: { gpus: need } }) => need?.models)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a demand does not ask for', () => {
  test.each<readonly [string, Demand]>([
    ['together', whole({ together: 'site' })],
    ['isolation', whole({ isolation: 'shared' })],
    ['flows', whole({ flows: [] })],
    ['avoid', whole({ avoid: [] })],
    ['uplink', each({ rdma: { uplinkMbps: 0 } })],
    ['uplink', each({ rdma: {} })],
    ['nics-per-gpu', each({ rdma: { nicsPerGpu: 1 } })],
    ['nics-per-gpu', each({ rdma: {} })],
    ['memory', each({ memoryMib: 0 })],
    ['storage', each({ storageGib: 0 })],
    ['cpu', plain],
    ['cpu', each({ cpuMilli: 0 })],
    ['dataset', whole({ flows: [{ from: 'load', to: 'train', mbps: 7 }] })],
    ['accelerator-link', gpus({ memoryMib: 9 })],
  ])('%s where that says nothing', (name, asked) => {
    expect(requirement(name).without(asked)).toBeUndefined();
  });

  test('anything where it asks for nothing but its replicas', () => {
    expect(requirements.filter(({ without }) => without(plain) !== undefined)).toEqual([]);
  });
});

test('each has a name of its own, and words for giving it up', () => {
  expect(new Set(requirements.map(({ name }) => name)).size).toBe(requirements.length);
  expect(new Set(requirements.map(({ change }) => change)).size).toBe(requirements.length);
  expect(requirements.every(({ change = '' }) => change.length > 5)).toBe(true);
});

/** Some of what can be asked for at once, all in one demand. */
const loaded = Demand.parse({
  ...demand(
    '2×4 H100 nvlink gpumem80 align:numa within:rack apart:node disk9 cpu4 mem16 + load: 1×cpu4 mem8',
  ),
  where: ['fra1'],
  together: 'hall',
  survive: { loss: 'node', membersLeft: 1 },
  isolation: 'node',
  powerCapW: 9000,
  avoid: ['fra1/h2'],
  latencyMsByRegion: { paris: 10 },
  budget: { microEurPerDay: 1 },
  dataset: 'imagenet',
  flows: [
    { from: 'dataset', to: 'load', mbps: 9 },
    { from: 'load', to: 'train', mbps: 7 },
  ],
});

describe('giving up', () => {
  const present = requirements.filter(({ without }) => without(loaded) !== undefined);

  test('is done once: nothing that was given up is asked for any more, and the rest still is', () => {
    expect(present.length).toBeGreaterThan(15);
    for (const { name, without } of present) {
      const freed = without(loaded);
      if (freed === undefined) continue;
      expect(without(freed)).toBeUndefined();
      const left = present.filter((other) => other.without(freed) !== undefined).map((other) => other.name);
      expect(left).toEqual(present.map((other) => other.name).filter((other) => other !== name));
      expect(Demand.parse(freed)).toEqual(freed);
    }
  });

  test('comes to the same in any order', () => {
    assert(
      property(subarray([...present]), constantFrom(1, -1), (some, sign) => {
        const drop = (order: typeof some) =>
          order.reduce((left, { without }) => without(left) ?? left, loaded);
        const other = sign > 0 ? some.toReversed() : some.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        expect(drop(other)).toEqual(drop(some));
      }),
      { seed, numRuns: 100 },
    );
  });

  test('leaves the demand itself as it was', () => {
    const before = JSON.stringify(loaded);
    for (const { without } of requirements) without(loaded);
    expect(JSON.stringify(loaded)).toBe(before);
  });
});
