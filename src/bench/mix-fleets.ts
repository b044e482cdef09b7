import type { NodeCapacity } from '../core/packing/nodes.ts';
import { wholeGpuMilli } from '../core/packing/shape.ts';
import type { Random } from './random.ts';

/** Nodes that are alike: what each has, and how many there are. */
type NodeKind = Omit<NodeCapacity, 'id' | 'rank'> & { readonly count: number };

export type MixFleet = readonly NodeKind[];

const gib = 1024;

/** Made-up fleets by name. */
export const mixFleets = {
  /** 600 nodes in 7 kinds, about as mixed as published ones: most GPUs in 8s, many in pairs, some rare. */
  mixed: [
    kind(260, '8xA100', 96, 768),
    kind(190, '2xT4', 64, 256),
    kind(70, '2xP100', 24, 128),
    kind(22, '8xH100', 128, 1024),
    kind(26, '4xV100', 48, 256),
    kind(12, '8xV100', 96, 512),
    kind(20, '1xL40S', 32, 128),
  ],
  eights: [kind(160, '8xH100', 128, 1024)],
  'fours-and-eights': [
    kind(90, '8xA100', 96, 1024),
    kind(110, '4xA100', 64, 512),
    kind(30, '4xL40S', 64, 256),
  ],
  singles: [kind(420, '1xT4', 16, 64), kind(180, '1xL4', 16, 96), kind(30, '8xA100', 96, 768)],
  'lean-eights': [kind(120, '8xH100', 64, 512), kind(40, '8xB200', 96, 768)],
} as const satisfies Readonly<Record<string, MixFleet>>;

/** A fleet of one to six kinds, with any sizes that are made, between 400 and about 2,000 GPUs. */
export function drawFleet(random: Random): MixFleet {
  const models = ['A100', 'H100', 'L40S', 'P100', 'T4', 'V100'];
  return Array.from({ length: 1 + random.below(6) }, () => {
    const gpuCount = random.pick([
      [1, 2],
      [2, 2],
      [4, 3],
      [8, 4],
    ] as const);
    const cpus = gpuCount * (6 + 2 * random.below(10));
    const count = 10 + random.below(Math.ceil(600 / gpuCount)) + Math.floor(400 / gpuCount);
    const model = models[random.below(models.length)] ?? '';
    return kind(count, `${gpuCount}x${model}`, cpus, cpus * (4 + 2 * random.below(4)));
  });
}

/** Nodes with ranks: each place of `nodePerm` is the rank of one node. */
export function nodesOfFleet(fleet: MixFleet, nodePerm: readonly number[]): NodeCapacity[] {
  return fleet
    .flatMap(({ count, ...capacity }, number) =>
      Array.from({ length: count }, (_, index) => ({ ...capacity, id: `k${number}-${index}` })),
    )
    .map((node, index) => ({ ...node, rank: nodePerm[index] ?? index }));
}

/** What the nodes of a fleet have together. */
export function sumOfFleet(fleet: MixFleet): {
  nodeCount: number;
  gpuMilli: number;
  cpuMilli: number;
  memoryMib: number;
} {
  const sum = (value: (of: NodeKind) => number) =>
    fleet.reduce((total, of) => total + of.count * value(of), 0);
  return {
    nodeCount: sum(() => 1),
    gpuMilli: sum(({ gpuCount }) => gpuCount * wholeGpuMilli),
    cpuMilli: sum(({ cpuMilli }) => cpuMilli),
    memoryMib: sum(({ memoryMib }) => memoryMib),
  };
}

/** `8xA100`, CPUs in whole ones, memory in GiB. */
function kind(count: number, gpus: string, cpus: number, memoryGib: number): NodeKind {
  const [gpuCount = '', model = ''] = gpus.split('x');
  return { model, gpuCount: Number(gpuCount), cpuMilli: cpus * 1000, memoryMib: memoryGib * gib, count };
}
