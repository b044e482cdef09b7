import { gpuMilliOf, type Shape, wholeGpuMilli } from '../core/packing/shape.ts';
import { type MixFleet, mixFleets, sumOfFleet } from './mix-fleets.ts';
import type { Random } from './random.ts';

/** Items with the weights at which they are drawn. */
export type Weighted<T> = readonly (readonly [item: T, weight: number])[];

/** A made-up workload on a made-up fleet. */
export type Mix = {
  readonly name: string;
  readonly fleet: MixFleet;
  /** Percent of the requests, those without GPUs. */
  readonly cpuOnly: number;
  /** Weights, among the requests with GPUs, of those for a share, one, two, four and eight GPUs. */
  readonly gpus: Readonly<Record<'share' | 'one' | 'two' | 'four' | 'eight', number>>;
  /** Percent of the requests with GPUs that name models. */
  readonly typed: number;
  /** Which models typed requests name: in the proportion of the fleet, or the most common one rarely. */
  readonly names: 'in-proportion' | 'scarce-most';
  /** Sizes of shares in GPU milli, or any. */
  readonly shares: Weighted<number> | 'odd';
  /** CPU milli of each whole GPU. */
  readonly cpuMilliPerGpu: Weighted<number>;
  readonly memoryMibPerCpu: Weighted<number>;
};

export const usualShares = [
  [100, 6],
  [160, 6],
  [220, 10],
  [330, 14],
  [460, 30],
  [500, 14],
  [650, 8],
  [810, 12],
] as const;

/** From 4 to 12 CPUs a GPU, where the mixed fleet has 14; heavy ones from 8 to 20. */
const modest = [
  [4000, 20],
  [6000, 20],
  [8000, 40],
  [12_000, 20],
] as const;
const heavy = [
  [8000, 30],
  [12_000, 40],
  [16_000, 20],
  [20_000, 10],
] as const;

const usual = {
  fleet: mixFleets.mixed,
  cpuOnly: 13,
  names: 'in-proportion',
  shares: usualShares,
  cpuMilliPerGpu: modest,
  memoryMibPerCpu: [[2048, 1]],
} as const;
const fewMulti = { share: 44, one: 55, two: 0, four: 0, eight: 1 };
const someMulti = { share: 40, one: 50, two: 4, four: 3, eight: 3 };
const mostlyShares = { ...fewMulti, share: 70, one: 29 };
const onlyShares = { share: 100, one: 0, two: 0, four: 0, eight: 0 };

export const mixes: readonly Mix[] = [
  { ...usual, name: 'plain', gpus: fewMulti, typed: 0 },
  { ...usual, name: 'typed-20', gpus: fewMulti, typed: 20 },
  { ...usual, name: 'typed-33', gpus: fewMulti, typed: 33 },
  { ...usual, name: 'typed-20-scarce', gpus: fewMulti, typed: 20, names: 'scarce-most' },
  { ...usual, name: 'typed-33-scarce', gpus: fewMulti, typed: 33, names: 'scarce-most' },
  { ...usual, name: 'typed-20-multi', gpus: someMulti, typed: 20 },
  { ...usual, name: 'typed-20-scarce-multi', gpus: someMulti, typed: 20, names: 'scarce-most' },
  { ...usual, name: 'multi', gpus: someMulti, typed: 0 },
  { ...usual, name: 'many-multi', gpus: { share: 30, one: 40, two: 12, four: 9, eight: 9 }, typed: 0 },
  { ...usual, name: 'cpu-scarce', gpus: fewMulti, typed: 0, cpuOnly: 30, cpuMilliPerGpu: heavy },
  { ...usual, name: 'cpu-scarce-typed', gpus: fewMulti, typed: 20, cpuOnly: 30, cpuMilliPerGpu: heavy },
  { ...usual, name: 'odd-shares', gpus: mostlyShares, typed: 0, shares: 'odd' },
  { ...usual, name: 'odd-cpu-heavy', gpus: mostlyShares, typed: 0, shares: 'odd', cpuMilliPerGpu: heavy },
  { ...usual, name: 'shares-only', gpus: onlyShares, typed: 0 },
];

/** Where a mix hardly asks for GPUs, so many requests for each node are enough. */
const requestsPerNode = 64;

/** Requests of the mix until they ask for as many GPUs as the fleet has. The same draws give the same list. */
export function mixList(mix: Mix, random: Random): Shape[] {
  const { gpuMilli, nodeCount } = sumOfFleet(mix.fleet);
  const list: Shape[] = [];
  for (let milli = 0; milli < gpuMilli && list.length < requestsPerNode * nodeCount;) {
    const shape = drawShape(mix, random);
    milli += gpuMilliOf(shape);
    list.push(shape);
  }
  return list;
}

function drawShape(mix: Mix, random: Random): Shape {
  if (random.below(100) < mix.cpuOnly) return drawCpuOnly(mix, random);
  const kind = random.pick([
    ['share', mix.gpus.share],
    ['one', mix.gpus.one],
    ['two', mix.gpus.two],
    ['four', mix.gpus.four],
    ['eight', mix.gpus.eight],
  ] as const);
  const gpuMilli = kind === 'share' ? drawShare(mix, random) : wholeGpuMilli;
  const gpuCount = gpuCounts[kind];
  const cpuMilli = drawCpuMilli(mix, random, gpuCount * gpuMilli);
  const memoryMib = drawMemoryMib(mix, random, cpuMilli);
  const models = random.below(100) < mix.typed ? drawModels(mix, random, gpuCount) : [];
  return { cpuMilli, memoryMib, gpuCount, gpuMilli, models };
}

const gpuCounts = { share: 1, one: 1, two: 2, four: 4, eight: 8 } as const;

function drawCpuOnly(mix: Mix, random: Random): Shape {
  const cpuMilli = random.pick([
    [2000, 30],
    [4000, 30],
    [8000, 30],
    [16_000, 10],
  ] as const);
  return { cpuMilli, memoryMib: drawMemoryMib(mix, random, cpuMilli), gpuCount: 0, gpuMilli: 0, models: [] };
}

function drawShare({ shares }: Mix, random: Random): number {
  return shares === 'odd' ? 30 + random.below(940) : random.pick(shares);
}

function drawCpuMilli({ cpuMilliPerGpu, shares }: Mix, random: Random, gpuMilli: number): number {
  const exact = Math.floor((random.pick(cpuMilliPerGpu) * gpuMilli) / wholeGpuMilli);
  return shares === 'odd' ? exact : Math.max(1000, Math.ceil(exact / 1000) * 1000);
}

function drawMemoryMib({ memoryMibPerCpu }: Mix, random: Random, cpuMilli: number): number {
  return Math.floor((cpuMilli * random.pick(memoryMibPerCpu)) / 1000);
}

function drawModels({ names, fleet }: Mix, random: Random, gpuCount: number): string[] {
  const able = fleet.filter((kind) => kind.gpuCount >= gpuCount);
  const gpusOf = new Map<string, number>();
  for (const { model, count, gpuCount: gpus } of able)
    gpusOf.set(model, (gpusOf.get(model) ?? 0) + count * gpus);
  const most = Math.max(...gpusOf.values());
  const weights = [...gpusOf].map(
    ([model, gpus]) =>
      [model, names === 'scarce-most' && gpus === most ? Math.ceil(gpus / 8) : gpus] as const,
  );
  const first = random.pick(weights);
  const second = random.below(4) === 0 ? random.pick(weights) : first;
  return [...new Set([first, second])];
}
