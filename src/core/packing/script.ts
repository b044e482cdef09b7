import type { NodeCapacity } from './nodes.ts';
import { gpuMilliOf, type Shape, wholeGpuMilli } from './shape.ts';
import type { Target } from './target.ts';

/** A small empty fleet, and requests to fill it with. */
export type Script = {
  readonly capacities: readonly NodeCapacity[];
  readonly capacityMilli: number;
  readonly requests: readonly Shape[];
};

/** About so many nodes. */
const nodeCountMax = 512;

/** Where a script ends: percent of the GPUs requested, or requests a node where few ask for GPUs at all. */
const requestedPercent = 130;
const requestsPerNode = 64;

/**
 * A copy of the fleet in small, and requests drawn from the target in a fixed but shuffled sequence, another for each
 * `take`. Nothing where there are no GPUs or nobody asks for them.
 */
export function scriptOf(
  fleet: readonly NodeCapacity[],
  { asked }: Target,
  take: number,
): Script | undefined {
  const capacities = sampleOf(fleet);
  const capacityMilli = capacities.reduce((sum, { gpuCount }) => sum + gpuCount * wholeGpuMilli, 0);
  if (capacityMilli === 0 || !asked.some(({ gpuCount }) => gpuCount > 0)) return undefined;
  const pool = asked.flatMap(({ count, ...shape }) =>
    Array.from({ length: count }, () => ({ ...shape, memoryMib: 0 })),
  );
  const requests: Shape[] = [];
  let requestedMilli = 0;
  while (requestedMilli * 100 < capacityMilli * requestedPercent) {
    const shape = pool[scrambled(requests.length, take) % pool.length];
    if (shape === undefined || requests.length >= requestsPerNode * capacities.length) break;
    requestedMilli += gpuMilliOf(shape);
    requests.push(shape);
  }
  return { capacities, capacityMilli, requests };
}

/** The fleet itself, or every n-th node of each size and model, at least one. */
function sampleOf(fleet: readonly NodeCapacity[]): NodeCapacity[] {
  const stride = Math.ceil(fleet.length / nodeCountMax);
  const alike = Map.groupBy(
    fleet,
    ({ model, gpuCount, cpuMilli, memoryMib }) => `${gpuCount}/${cpuMilli}/${memoryMib}/${model}`,
  );
  return [...alike.values()].flatMap((group) => group.filter((_, index) => index % stride === 0));
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): a number well mixed. */
function scrambled(value: number, salt: number): number {
  let mixed = Math.imul(value, 0x9e37_79b1) ^ Math.imul(salt, 0x7feb_352d);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
