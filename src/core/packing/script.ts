import { compareText } from '../../model/text.ts';
import { scrambled, shuffles, spread } from './draws.ts';
import type { NodeCapacity } from './nodes.ts';
import { poolOf } from './pool.ts';
import { gpuMilliOf, type Shape, wholeGpuMilli } from './shape.ts';
import type { Target } from './target.ts';

/** A small empty fleet, and requests to fill it with. */
export type Script = {
  readonly capacities: readonly NodeCapacity[];
  readonly capacityMilli: number;
  readonly requests: readonly Shape[];
};

/** At most so many nodes. */
const nodeCountMax = 640;

/** Where a script ends: percent of the GPUs requested, or requests a node where few ask for GPUs at all. */
const requestedPercent = 130;
const requestsPerNode = 64;

/**
 * A copy of the fleet in small, and requests for it in a fixed but shuffled sequence, another for each `take`. What
 * fills the fleet once asks for everything in the proportion of the target, as nearly as can be: with requests drawn
 * one by one, chance would often make a resource scarce that is not, or the other way round. Nothing where there are
 * no GPUs or nobody asks for them.
 */
export function scriptOf(
  fleet: readonly NodeCapacity[],
  { asked }: Target,
  take: number,
): Script | undefined {
  const capacities = sampleOf(fleet);
  const capacityMilli = capacities.reduce((sum, { gpuCount }) => sum + gpuCount * wholeGpuMilli, 0);
  if (capacityMilli === 0 || !asked.some(({ gpuCount }) => gpuCount > 0)) return undefined;
  const requests: Shape[] = [];
  let requestedMilli = 0;
  for (const shape of shuffles(filling(poolOf(asked, take), capacityMilli, take), take)) {
    if (requestedMilli * 100 >= capacityMilli * requestedPercent) break;
    if (requests.length >= requestsPerNode * capacities.length) break;
    requestedMilli += gpuMilliOf(shape);
    requests.push(shape);
  }
  return { capacities, capacityMilli, requests };
}

/** Of a pool that asks for more than all GPUs, so many requests as ask for about all of them. */
function filling(pool: readonly Shape[], capacityMilli: number, take: number): readonly Shape[] {
  const milli = pool.reduce((sum, shape) => sum + gpuMilliOf(shape), 0);
  const count = Math.ceil((pool.length * capacityMilli) / Math.max(1, milli));
  return count >= pool.length ? pool : spread(pool, count, scrambled(take, 0) % pool.length);
}

/** The fleet itself, or so many of its nodes, of each size and model its share. */
function sampleOf(fleet: readonly NodeCapacity[]): NodeCapacity[] {
  const count = Math.min(fleet.length, nodeCountMax);
  const ordered = fleet
    .map((node) => ({ node, kind: kindOf(node) }))
    .toSorted((a, b) => compareText(a.kind, b.kind))
    .map(({ node }) => node);
  return spread(ordered, count, 0);
}

function kindOf({ model, gpuCount, cpuMilli, memoryMib }: NodeCapacity): string {
  return `${gpuCount}/${cpuMilli}/${memoryMib}/${model}`;
}
