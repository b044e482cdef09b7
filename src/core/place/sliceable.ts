import type { GpuNeed } from '../../model/demand.ts';
import type { GpuFacts } from '../../model/fact.ts';
import { migClassOf } from '../calendar/mig.ts';
import {
  drawOfSlice,
  type Fraction,
  memoryOfSlice,
  sizeOfSlice,
  type SliceNeed,
} from '../calendar/slices.ts';
import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import { indexesOf, type Mask, maskOf } from '../mask.ts';

/** Whether a GPU can ever give a slice, or the fact without which nobody can tell. */
export type Sliceable =
  | { readonly kind: 'yes' | 'no' }
  | { readonly kind: 'unknown'; readonly attribute: string };

const yes: Sliceable = { kind: 'yes' };
const no: Sliceable = { kind: 'no' };
const unknown = (attribute: string): Sliceable => ({ kind: 'unknown', attribute });

/**
 * By what is known of the node and the GPU. Nodes that share GPUs already give shares only, nodes in MIG mode
 * only instances: `mig-single` those of its one profile, `mig-mixed` all that the model has. Nodes with whole
 * GPUs give both. What settles it for good is asked before what is merely not recorded, so that nobody is asked
 * for a fact that would not help: a model whose profiles are not listed never gives an instance.
 */
export function sliceable(
  { sharing }: Pick<NodeShape, 'sharing'>,
  gpu: GpuFacts,
  slice: SliceNeed,
): Sliceable {
  const inMig = sharing === 'mig-single' || sharing === 'mig-mixed';
  const inShares = sharing === 'time-slicing' || sharing === 'mps';
  if (slice.kind === 'share') {
    if (inMig) return no;
    return sharing === 'unknown' ? unknown('sharing') : yes;
  }
  const found = migClassOf(gpu);
  if (inShares || found === undefined || gpu.migCapable === false) return no;
  if (found !== 'unknown' && !found.profiles.has(slice.profile)) return no;
  if (sharing === 'mig-single' && gpu.migProfile !== undefined && gpu.migProfile !== slice.profile) return no;
  if (sharing === 'unknown') return unknown('sharing');
  if (found === 'unknown') return unknown('gpuMemoryMib');
  if (sharing === 'mig-single' && gpu.migProfile === undefined) return unknown('migProfile');
  return inMig || gpu.migCapable === true ? yes : unknown('migCapable');
}

/**
 * GPUs of a model that can give such slices with enough memory, whoever holds them and whether they work. A node
 * whose GPUs would give slices of several sizes counts with those of the first size alone, so that every replica
 * on it holds the same.
 */
export function sliceableGpus(shape: NodeShape, need: GpuNeed, model: string | undefined): Mask {
  const { slice } = need;
  if (slice === undefined) return 0;
  const byNeed = found.get(shape) ?? new WeakMap<GpuNeed, Map<string | undefined, Mask>>();
  found.set(shape, byNeed);
  const known = byNeed.get(need) ?? new Map<string | undefined, Mask>();
  byNeed.set(need, known);
  const mask = known.get(model) ?? maskOfSliceable(shape, { slice, need, model });
  known.set(model, mask);
  return mask;
}

/** Equal nodes share a shape, and one search asks for few needs. */
const found = new WeakMap<NodeShape, WeakMap<GpuNeed, Map<string | undefined, Mask>>>();

function maskOfSliceable(
  shape: NodeShape,
  {
    slice,
    need,
    model,
  }: { readonly slice: SliceNeed; readonly need: GpuNeed; readonly model: string | undefined },
): Mask {
  const able = shape.gpus.flatMap((gpu, index) => {
    const isAble = gpu.model === model && sliceable(shape, gpu, slice).kind === 'yes';
    const isLarge = (need.memoryMib ?? 0) <= 0 || (memoryOfSlice(gpu, slice) ?? 0) >= (need.memoryMib ?? 0);
    return isAble && isLarge ? [{ gpu, index }] : [];
  });
  const [first] = able;
  if (first === undefined) return 0;
  const size = sizeOfSlice(first.gpu, slice);
  return maskOf(able.filter(({ gpu }) => isEqual(sizeOfSlice(gpu, slice), size)).map(({ index }) => index));
}

/** What one replica's GPUs or slices are of a node's cores and memory, as if each GPU had an equal share of them. */
export function shareOfNode(
  { shape }: FleetNode,
  need: GpuNeed | undefined,
  model: string | undefined,
): Fraction {
  if (need === undefined || shape.gpus.length === 0) return { part: 0, of: 1 };
  if (need.slice === undefined) return { part: need.count, of: shape.gpus.length };
  const { part, of } = sizeOfSlice(firstSliceable(shape, need, model), need.slice);
  return { part: need.count * part, of: of * shape.gpus.length };
}

/** What the slices of one replica are of one GPU's draw. */
export function drawOfSlices({ shape }: FleetNode, need: GpuNeed, model: string | undefined): Fraction {
  if (need.slice === undefined) return { part: need.count, of: 1 };
  const { part, of } = drawOfSlice(firstSliceable(shape, need, model), need.slice);
  return { part: need.count * part, of };
}

function firstSliceable(shape: NodeShape, need: GpuNeed, model: string | undefined): GpuFacts {
  const [first] = indexesOf(sliceableGpus(shape, need, model));
  return shape.gpus[first ?? -1] ?? {};
}

function isEqual(a: Fraction, b: Fraction): boolean {
  return a.part * b.of === b.part * a.of;
}
