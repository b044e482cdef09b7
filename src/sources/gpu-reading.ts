import type { NodeFacts } from '../model/fact.ts';

/** Something that could not be known, and why. */
export type Gap = { readonly attribute: string; readonly why: string };

/** What labels and resources say about the GPUs of one node. */
export type GpuReading = {
  /** Said in so many words. */
  readonly stated: NodeFacts;
  /** Follows from what was said. */
  readonly derived: NodeFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/** The most GPUs of one node that a fact can carry. */
const maxGpus = 32;

/** A whole number of at most five digits, as labels and resources write them. */
export function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text.trim()) ? Number(text) : undefined;
}

/** A count that a fact can carry, or the gap that says why not. */
export function plausibleCount(count: number): { readonly gpuCount?: number; readonly gaps: readonly Gap[] } {
  if (count <= maxGpus) return { gpuCount: count, gaps: [] };
  const why = `${count} GPUs in one node: more than ${maxGpus} are not read as whole GPUs`;
  return { gaps: [{ attribute: 'gpuCount', why }] };
}
