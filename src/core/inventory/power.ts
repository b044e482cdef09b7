import type { GpuFacts, NodeFacts } from '../../model/fact.ts';

/** Watts by which a machine is counted: what it draws without its GPUs, and what one GPU draws. */
export type Watts = { readonly basePowerW: number | undefined; readonly gpuPowerW: number | undefined };

type Known = {
  readonly node: Pick<NodeFacts, 'nameplateW' | 'allocatedW' | 'measuredW'>;
  /** Of its shape or stated for it. */
  readonly basePowerW: number | undefined;
  readonly gpuPowerW: number | undefined;
  /** Its GPUs, with what each was seen to draw. */
  readonly gpus: readonly Pick<GpuFacts, 'measuredW'>[];
};

/**
 * The largest that is known counts. A GPU draws what it is rated at, or what one of the machine was seen to draw if that is
 * more. The machine draws its parts together, or its nameplate, or what was set aside for it, or what it was seen to
 * draw: whatever of these is more than its parts belongs to the machine without its GPUs. A figure that nobody knows
 * stays unknown; a measurement raises what is known, and is all there is where nothing else is.
 */
export function wattsOf({ node, basePowerW, gpuPowerW, gpus }: Known): Watts {
  const gpuW = largest([gpuPowerW, ...gpus.map(({ measuredW }) => measuredW)]);
  const wholeW = largest([node.nameplateW, node.allocatedW, node.measuredW]);
  const restW = wholeW === undefined ? undefined : Math.max(0, wholeW - gpus.length * (gpuW ?? 0));
  return { basePowerW: largest([basePowerW, restW]), gpuPowerW: gpuW };
}

function largest(figures: readonly (number | undefined)[]): number | undefined {
  const known = figures.filter((figure) => figure !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
