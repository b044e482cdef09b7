import type { EngineObject } from '../../model/binding.ts';
import { type Frame, inNamespace, spanOf } from './frame.ts';
import { tenantLabel } from './names.ts';
import { type Json, objectOf } from './object.ts';
import { amountText, heldByPart, resourcesOf } from './resources.ts';

/**
 * A namespace for the contract, what may be asked for in it, and who may speak to its pods: the same tenant; with
 * isolation from a node on, nobody but the contract itself.
 */
export function tenancy(frame: Frame): readonly EngineObject[] {
  const { name, labels, subject } = frame;
  return [
    objectOf('Namespace', { name, labels, annotations: spanOf(subject) }, {}),
    inNamespace(frame, 'ResourceQuota', { spec: { hard: hard(frame) } }),
    inNamespace(frame, 'NetworkPolicy', { spec: networkSpec(frame) }),
  ];
}

/** Quota of a namespace: requests of pods, and claimed devices by class (resource quota of DRA, Kubernetes 1.34). */
function hard(frame: Frame): Record<string, string> {
  const names = resourcesOf(frame);
  const total = (name: string) =>
    frame.parts.reduce((sum, part) => sum + (heldByPart(frame, part).get(name) ?? 0), 0);
  const isClass = (name: string) =>
    frame.settings.gpus === 'dra' && !['cpu', 'memory', 'ephemeral-storage'].includes(name);
  return Object.fromEntries(
    names.map((name) => [
      isClass(name) ? `${name}.deviceclass.resource.k8s.io/devices` : `requests.${name}`,
      amountText(name, total(name)),
    ]),
  );
}

function networkSpec(frame: Frame): { [key: string]: Json } {
  const isAlone = (frame.subject.demand.isolation ?? 'shared') !== 'shared';
  const tenant = { namespaceSelector: { matchLabels: { [tenantLabel]: frame.labels[tenantLabel] ?? '' } } };
  return {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [isAlone ? { podSelector: {} } : tenant] }],
  };
}
