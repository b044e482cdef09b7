import type { GpuFacts } from '../../model/fact.ts';
import type { HeldSlice, Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { instanceOf } from './mig-rules.ts';

/** A sum of parts of GPUs, as `part / of` in whole numbers. */
export type Parts = { readonly part: bigint; readonly of: bigint };

/** Which GPUs a member touches: whole ones and those it has slices of, each once, in order. */
export function touched({ gpus, slices = [] }: Member): readonly number[] {
  if (slices.length === 0 && gpus.every((gpu, at) => at === 0 || (gpus[at - 1] ?? gpu) < gpu)) return gpus;
  return [...new Set([...gpus, ...slices.map(({ gpu }) => gpu)])].toSorted((a, b) => a - b);
}

/** What a member holds of the node's GPUs, counted in GPUs: an instance by its memory slices. */
export function heldParts({ gpus, slices = [] }: Member, node: FleetNode): Parts {
  return slices
    .map((slice) => sizeOf(factsOf(node, slice), slice))
    .reduce(plus, { part: BigInt(gpus.length), of: 1n });
}

/** What a member may draw of its GPUs: an instance by the larger of its compute and its memory slices. */
export function drawnParts({ gpus, slices = [] }: Member, node: FleetNode): Parts {
  return slices
    .map((slice) => drawOf(factsOf(node, slice), slice))
    .reduce(plus, { part: BigInt(gpus.length), of: 1n });
}

/** Memory of one slice in MiB, rounded down; nothing when the GPU's is not recorded. */
export function memoryOf(gpu: GpuFacts, slice: HeldSlice): number | undefined {
  const { part, of } = sizeOf(gpu, slice);
  return gpu.memoryMib === undefined ? undefined : Number((BigInt(gpu.memoryMib) * part) / of);
}

export function factsOf({ shape }: FleetNode, { gpu }: HeldSlice): GpuFacts {
  return shape.gpus[gpu] ?? {};
}

/** What the GPU cannot give as its facts stand counts as all of it. */
function sizeOf(gpu: GpuFacts, slice: HeldSlice): Parts {
  if (slice.kind === 'share') return { part: BigInt(slice.milli), of: 1000n };
  const found = instanceOf(gpu, slice.profile);
  if (found === undefined) return { part: 1n, of: 1n };
  return { part: BigInt(found.memory), of: BigInt(found.geometry.memory) };
}

function drawOf(gpu: GpuFacts, slice: HeldSlice): Parts {
  const found = slice.kind === 'mig' ? instanceOf(gpu, slice.profile) : undefined;
  const size = sizeOf(gpu, slice);
  if (found === undefined) return size;
  const compute = { part: BigInt(found.compute), of: BigInt(found.geometry.compute) };
  return compute.part * size.of > size.part * compute.of ? compute : size;
}

function plus(a: Parts, b: Parts): Parts {
  if (a.of === b.of) return { part: a.part + b.part, of: a.of };
  return { part: a.part * b.of + b.part * a.of, of: a.of * b.of };
}
