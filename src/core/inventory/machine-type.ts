import type { GpuFacts, NodeFacts, ShapeFacts } from '../../model/fact.ts';

/**
 * A node's facts, with what is known of its machine type (a shape named like its `machine`, in lower case) where nobody
 * has said anything of the node itself. A node that names its shape has said so. GPUs of a type come in only where they
 * are all of one kind.
 */
export function filledIn(facts: NodeFacts, shapes: ReadonlyMap<string, ShapeFacts>): NodeFacts {
  const type = facts.shape === undefined ? shapes.get(facts.machine?.toLowerCase() ?? '') : undefined;
  if (type === undefined) return facts;
  const { cpuMilli, memoryMib, storageGib, link, linkMbps, basePowerW, gpus } = type;
  const common = { cpuMilli, memoryMib, storageGib, link, linkMbps, basePowerW, ...gpuFacts(gpus) };
  const known = Object.entries(common).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(known), ...facts };
}

function gpuFacts(
  gpus: readonly GpuFacts[] | undefined,
): Pick<
  { readonly [K in keyof NodeFacts]: NodeFacts[K] | undefined },
  'gpuCount' | 'gpuModel' | 'gpuMemoryMib' | 'gpuPowerW'
> {
  const [first] = gpus ?? [];
  if (gpus === undefined || first === undefined) return {};
  const isUniform = gpus.every(
    ({ model, memoryMib }) => model === first.model && memoryMib === first.memoryMib,
  );
  if (!isUniform) return { gpuCount: gpus.length };
  const { model, memoryMib, powerW } = first;
  return { gpuCount: gpus.length, gpuModel: model, gpuMemoryMib: memoryMib, gpuPowerW: powerW };
}
