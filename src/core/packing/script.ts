import { compareText } from '../../model/text.ts';
import type { NodeCapacity } from './nodes.ts';
import { gpuMilliOf, type Shape, shapeKey, wholeGpuMilli } from './shape.ts';
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

/** Every shape costs time for all nodes: of more than so many a sample stands for the rest. */
const shapeCountMax = 128;

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
  const pool = poolOf(asked, take);
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

/** The requests that were asked for; or, of too many shapes, some evenly over all kinds. */
function poolOf(asked: Target['asked'], take: number): Shape[] {
  if (asked.length <= shapeCountMax) return repeated(asked);
  const ordered = repeated(asked.toSorted(byKind));
  return spread(ordered, shapeCountMax, scrambled(take, 0) % ordered.length);
}

/** So many of the items, evenly over all of them; another `phase` gives others. */
function spread<T>(items: readonly T[], count: number, phase: number): T[] {
  const before = (index: number) => Math.floor((index * count + phase) / items.length);
  return items.filter((_, index) => before(index + 1) > before(index));
}

function repeated(asked: Target['asked']): Shape[] {
  return asked.flatMap(({ count, ...shape }) => Array.from({ length: count }, () => shape));
}

function byKind(a: Shape, b: Shape): number {
  return (
    a.gpuCount - b.gpuCount ||
    compareText(modelsOf(a), modelsOf(b)) ||
    a.gpuMilli - b.gpuMilli ||
    a.cpuMilli - b.cpuMilli ||
    compareText(shapeKey(a), shapeKey(b))
  );
}

function modelsOf({ models }: Shape): string {
  return models.toSorted(compareText).join('|');
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

/** The finaliser of MurmurHash3 (Austin Appleby, public domain): a number well mixed. */
function scrambled(value: number, salt: number): number {
  let mixed = Math.imul(value, 0x9e37_79b1) ^ Math.imul(salt, 0x7feb_352d);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
