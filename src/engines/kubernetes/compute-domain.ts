import type { EngineObject } from '../../model/binding.ts';
import { type Frame, inNamespace } from './frame.ts';
import type { HeldPart } from './part.ts';

/** The class of the claims that the driver makes for the pods of a compute domain. */
export const channelClass = 'compute-domain-default-channel.nvidia.com';

/** Whether the GPUs of a part speak to each other over NVLink from node to node. */
export function needsComputeDomain({ subject, settings }: Frame, part: HeldPart): boolean {
  const isKept = part.part.within === 'island' || subject.demand.together === 'island';
  const isLinked = part.nodes.length > 1 && part.nodes.every(({ facts }) => facts.island !== undefined);
  return settings.gpus === 'dra' && isKept && isLinked && part.vendor === 'nvidia' && part.gpuCount > 0;
}

/** The template that the driver writes for the pods, under a name that we choose. */
export function channelTemplate(part: HeldPart): string {
  return `${part.name}-channel`;
}

/** IMEX channels between the nodes of a part: a claim is allocated on one node and cannot say it. */
export function computeDomain(frame: Frame, part: HeldPart): readonly EngineObject[] {
  if (!needsComputeDomain(frame, part)) return [];
  const spec = {
    numNodes: part.nodes.length,
    channel: { resourceClaimTemplate: { name: channelTemplate(part) }, allocationMode: 'Single' },
  };
  return [inNamespace(frame, 'ComputeDomain', { spec }, part.name)];
}
