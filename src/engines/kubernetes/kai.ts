import type { EngineObject } from '../../model/binding.ts';
import { guaranteedCount } from '../../model/demand.ts';
import { clusterWide, type Frame, inNamespace } from './frame.ts';
import type { JsonObject } from './object.ts';

/** KAI: a queue whose quota and limit are what the contract holds, and its gang as a group of pods. */
export function kaiObjects(frame: Frame): readonly EngineObject[] {
  return [
    clusterWide(frame, 'Queue', { spec: queueSpec(frame) }),
    inNamespace(frame, 'PodGroup', { spec: groupSpec(frame) }),
  ];
}

/** CPU in thousandths and memory in megabytes of 10^6 bytes, as KAI counts them. */
function queueSpec(frame: Frame): JsonObject {
  const members = frame.parts.flatMap((part) => part.members);
  const gpus = frame.parts.reduce((sum, part) => sum + part.gpuCount * part.members.length, 0);
  const cpu = members.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
  const mib = members.reduce((sum, { memoryMib }) => sum + memoryMib, 0);
  return {
    resources: {
      gpu: exactly(gpus),
      cpu: exactly(cpu),
      memory: exactly(Math.ceil((mib * 1_048_576) / 1_000_000)),
    },
  };
}

function exactly(amount: number): JsonObject {
  return { quota: amount, limit: amount, overQuotaWeight: 0 };
}

function groupSpec(frame: Frame): JsonObject {
  const subGroups = frame.parts.map(({ name, part, members }) => ({
    name,
    minMember: Math.min(members.length, Math.max(1, guaranteedCount(part))),
  }));
  return {
    queue: frame.name,
    minMember: subGroups.reduce((sum, { minMember }) => sum + minMember, 0),
    preemptibility: frame.subject.demand.guarantee === 'preemptible' ? 'preemptible' : 'non-preemptible',
    ...(subGroups.length > 1 ? { subGroups } : {}),
  };
}
