import type { NodeCapacity } from '../core/packing/nodes.ts';
import { gpuMilliOf, type Shape, wholeGpuMilli } from '../core/packing/shape.ts';
import { Random } from './random.ts';

/** A made-up workload: what share of it is of which kind. All figures in percent. */
export type Mix = {
  readonly name: string;
  /** Of the requests, those without GPUs. */
  readonly cpuOnly: number;
  /** Of the requests with GPUs, those for a share, one, two, four and eight GPUs. */
  readonly gpus: Readonly<Record<'share' | 'one' | 'two' | 'four' | 'eight', number>>;
  /** Of the requests with GPUs, those that name models. */
  readonly typed: number;
  /** Which models typed requests name: in the proportion of the fleet, or scarce ones most. */
  readonly names: 'in-proportion' | 'scarce-most';
  /** Shares from a few usual sizes, or any. */
  readonly shares: 'usual' | 'odd';
  /** CPUs of each GPU, against what the fleet has for each. */
  readonly cpus: 'modest' | 'heavy';
};

const usual = { cpuOnly: 13, names: 'in-proportion', shares: 'usual', cpus: 'modest' } as const;
const fewMulti = { share: 44, one: 55, two: 0, four: 0, eight: 1 };
const someMulti = { share: 40, one: 50, two: 4, four: 3, eight: 3 };

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
  { ...usual, name: 'cpu-scarce', gpus: fewMulti, typed: 0, cpuOnly: 30, cpus: 'heavy' },
  { ...usual, name: 'cpu-scarce-typed', gpus: fewMulti, typed: 20, cpuOnly: 30, cpus: 'heavy' },
  { ...usual, name: 'odd-shares', gpus: { ...fewMulti, share: 70, one: 29 }, typed: 0, shares: 'odd' },
  {
    ...usual,
    name: 'odd-shares-cpu-heavy',
    gpus: { ...fewMulti, share: 70, one: 29 },
    typed: 0,
    shares: 'odd',
    cpus: 'heavy',
  },
  { ...usual, name: 'shares-only', gpus: { share: 100, one: 0, two: 0, four: 0, eight: 0 }, typed: 0 },
];

type NodeKind = Omit<NodeCapacity, 'id' | 'rank'> & { readonly count: number };

/** A fleet of 600 nodes in 7 kinds, about as mixed as published ones: most GPUs in 8s, many in pairs, some rare. */
const kinds: readonly NodeKind[] = [
  { model: 'A100', gpuCount: 8, cpuMilli: 96_000, memoryMib: 786_432, count: 260 },
  { model: 'T4', gpuCount: 2, cpuMilli: 64_000, memoryMib: 262_144, count: 190 },
  { model: 'P100', gpuCount: 2, cpuMilli: 24_000, memoryMib: 131_072, count: 70 },
  { model: 'H100', gpuCount: 8, cpuMilli: 128_000, memoryMib: 1_048_576, count: 22 },
  { model: 'V100', gpuCount: 4, cpuMilli: 48_000, memoryMib: 262_144, count: 26 },
  { model: 'V100', gpuCount: 8, cpuMilli: 96_000, memoryMib: 524_288, count: 12 },
  { model: 'L40S', gpuCount: 1, cpuMilli: 32_000, memoryMib: 131_072, count: 20 },
];

export function mixNodes(nodePerm: readonly number[]): NodeCapacity[] {
  return kinds
    .flatMap(({ count, ...kind }, number) =>
      Array.from({ length: count }, (_, index) => ({ ...kind, id: `k${number}-${index}` })),
    )
    .map((node, index) => ({ ...node, rank: nodePerm[index] ?? index }));
}

export const mixNodeCount = kinds.reduce((sum, { count }) => sum + count, 0);
export const mixGpuMilli = kinds.reduce(
  (sum, { count, gpuCount }) => sum + count * gpuCount * wholeGpuMilli,
  0,
);

/** Requests of the mix until they ask for as many GPUs as the fleet has. The same seed gives the same list. */
export function mixList(mix: Mix, seed: number): Shape[] {
  const random = new Random(seed);
  const list: Shape[] = [];
  for (let milli = 0; milli < mixGpuMilli;) {
    const shape = drawShape(mix, random);
    milli += gpuMilliOf(shape);
    list.push(shape);
  }
  return list;
}

function drawShape(mix: Mix, random: Random): Shape {
  if (random.below(100) < mix.cpuOnly) return drawCpuOnly(random);
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
  const models = random.below(100) < mix.typed ? drawModels(mix, random, gpuCount) : [];
  return { cpuMilli, memoryMib: Math.floor(cpuMilli / 1000) * 2048, gpuCount, gpuMilli, models };
}

const gpuCounts = { share: 1, one: 1, two: 2, four: 4, eight: 8 } as const;

function drawCpuOnly(random: Random): Shape {
  const cpuMilli = random.pick([
    [2000, 30],
    [4000, 30],
    [8000, 30],
    [16_000, 10],
  ] as const);
  return { cpuMilli, memoryMib: (cpuMilli / 1000) * 4096, gpuCount: 0, gpuMilli: 0, models: [] };
}

function drawShare({ shares }: Mix, random: Random): number {
  if (shares === 'odd') return 30 + random.below(940);
  return random.pick([
    [100, 6],
    [160, 6],
    [220, 10],
    [330, 14],
    [460, 30],
    [500, 14],
    [650, 8],
    [810, 12],
  ] as const);
}

/** From 4 to 12 CPUs a GPU, where the fleet has 14; heavy ones from 8 to 20. */
function drawCpuMilli({ cpus, shares }: Mix, random: Random, gpuMilli: number): number {
  const perGpu = random.pick(
    cpus === 'heavy'
      ? ([
          [8, 30],
          [12, 40],
          [16, 20],
          [20, 10],
        ] as const)
      : ([
          [4, 20],
          [6, 20],
          [8, 40],
          [12, 20],
        ] as const),
  );
  const exact = perGpu * gpuMilli;
  return shares === 'odd' ? exact : Math.max(1000, Math.ceil(exact / 1000) * 1000);
}

function drawModels({ names }: Mix, random: Random, gpuCount: number): string[] {
  const able = kinds.filter((kind) => kind.gpuCount >= gpuCount);
  const weights = able.map((kind) => {
    const gpus = kind.count * kind.gpuCount;
    return [
      kind.model,
      names === 'scarce-most' && kind.model === 'A100' ? Math.floor(gpus / 8) : gpus,
    ] as const;
  });
  const first = random.pick(weights);
  const second = random.below(4) === 0 ? random.pick(weights) : first;
  return [...new Set([first, second])];
}
