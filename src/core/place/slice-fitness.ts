import { migClassOf } from '../calendar/mig.ts';
import { memoryOfSlice, noUses } from '../calendar/slices.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { chooseSlices } from './slice.ts';
import { sliceable } from './sliceable.ts';
import { usableGpus, type Want } from './want.ts';

/** Why no GPU of a node can ever give a want its slices: known, or for want of a fact. Nothing when some can. */
export type SliceMisfit = {
  readonly constraint: 'gpu-memory' | 'gpu-slice' | 'node-size';
  readonly attribute?: string;
};

/**
 * Asked of the node's GPUs of the want's model as if the node were empty. Where no GPU can give a slice, one that
 * is only not known to is named before those that certainly cannot.
 */
export function sliceMisfit(node: FleetNode, want: Want): SliceMisfit | undefined {
  const { slice, memoryMib: wanted } = want.part.each.gpus ?? {};
  if (slice === undefined) return undefined;
  const gpus = node.shape.gpus.filter(({ model }) => model === want.model);
  if (wanted !== undefined) {
    const sizes = gpus.map((gpu) => (migClassOf(gpu) === 'unknown' ? undefined : memoryOfSlice(gpu, slice)));
    if (!sizes.some((size) => size !== undefined && size >= wanted)) {
      const isUnknown = sizes.includes(undefined);
      return { constraint: 'gpu-memory', ...(isUnknown ? { attribute: 'gpuMemoryMib' } : {}) };
    }
  }
  const answers = gpus.map((gpu) => sliceable(node.shape, gpu, slice));
  if (!answers.some(({ kind }) => kind === 'yes')) {
    const gap = answers.find((answer) => answer.kind === 'unknown');
    return { constraint: 'gpu-slice', ...(gap?.kind === 'unknown' ? { attribute: gap.attribute } : {}) };
  }
  return fitsEmpty(node, want) ? undefined : { constraint: 'node-size' };
}

/** Enough slices on an empty node, those of one replica on different GPUs when they are shares. */
function fitsEmpty(node: FleetNode, want: Want): boolean {
  return chooseSlices(node, want, { gpus: usableGpus(node, want), partly: noUses }) !== undefined;
}
