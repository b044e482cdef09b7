import type { Health } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { KubernetesNode, Taint } from './object.ts';

/** Conditions that say something is wrong while `True`; others of that kind are custom and not read. */
const troubles = new Set(['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable']);

/** Taints that keep other work off GPU nodes. GPU work tolerates them, so they close nothing. */
const gpuOnly = new Set([
  'nvidia.com/gpu',
  'amd.com/gpu',
  'gpu.intel.com/xe',
  'gpu.intel.com/i915',
  'habana.ai/gaudi',
]);

/**
 * Health from the conditions: `down` when the kubelet is not ready or silent, `degraded` when it is ready but
 * something else is wrong (pressure, or another `…Ready` condition that is `False`). Nothing without `Ready`.
 */
export function healthOf({ conditions }: KubernetesNode): Health | undefined {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return undefined;
  if (ready.status !== 'True') return 'down';
  const troubled = conditions.some(
    ({ type, status }) =>
      (troubles.has(type ?? '') && status === 'True') ||
      (type?.endsWith('Ready') === true && status === 'False'),
  );
  return troubled ? 'degraded' : 'healthy';
}

/** Whether work may be placed, with the taint that forbids it. Nothing where the file leaves out `spec`. */
export function schedulingOf({
  spec,
}: KubernetesNode):
  | { readonly schedulable: boolean; readonly closedBy?: string; readonly gpuTaint?: string }
  | undefined {
  if (spec === undefined) return undefined;
  if (spec.unschedulable) return { schedulable: false };
  const closing = spec.taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  const closed = closing.find((taint) => !isForGpus(taint));
  if (closed !== undefined) return { schedulable: false, closedBy: taintText(closed) };
  const [reserved] = closing;
  return { schedulable: true, ...(reserved === undefined ? {} : { gpuTaint: taintText(reserved) }) };
}

/** `sku=gpu` is what Azure's documentation tells people to put on GPU node pools. */
function isForGpus({ key, value }: Taint): boolean {
  return gpuOnly.has(key ?? '') || (key === 'sku' && value === 'gpu');
}

function taintText({ key, value, effect }: Taint): string {
  return cleanText(`${key ?? ''}${value ? `=${value}` : ''}:${effect ?? ''}`, 120);
}
