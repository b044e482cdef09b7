import type { EngineObject } from '../../model/binding.ts';
import type { TopologyLevel } from '../../model/demand.ts';
import { clusterWide, type Frame, inNamespace } from './frame.ts';
import { controllerName, hostLabel, namespaceLabel, partKey, tenantLabel } from './names.ts';
import type { Json } from './object.ts';
import type { HeldPart } from './part.ts';
import { isPlaceLevel, levelsDownTo, placeLabel } from './place-labels.ts';
import { amountText, heldByPart, resourcesOf } from './resources.ts';

/**
 * A contract as a queue: its quota is what it holds, its flavors are the nodes it holds, one for each part, and an
 * admission check lets nothing in before it starts. No cohort: what was promised is neither lent nor borrowed.
 */
export function kueueObjects(frame: Frame): readonly EngineObject[] {
  return [
    ...frame.parts.flatMap((part) => topology(frame, part)),
    ...frame.parts.map((part) => flavor(frame, part)),
    clusterWide(frame, 'AdmissionCheck', { spec: { controllerName } }),
    clusterQueue(frame),
    inNamespace(frame, 'LocalQueue', { spec: { clusterQueue: frame.name } }),
  ];
}

/** The level that Kueue is asked to keep a part within: its own, otherwise the gang's. */
export function levelOf(frame: Frame, { part }: HeldPart): TopologyLevel | undefined {
  return [part.within, frame.subject.demand.together].find(
    (level) => level === 'node' || isPlaceLevel(level),
  );
}

/** The label whose domains that level is, as in the annotation `podset-required-topology`. */
export function levelLabel(level: TopologyLevel): string | undefined {
  if (level === 'node') return hostLabel;
  return isPlaceLevel(level) ? placeLabel(level) : undefined;
}

function topology(frame: Frame, part: HeldPart): readonly EngineObject[] {
  const level = levelOf(frame, part);
  if (level === undefined) return [];
  const labels = isPlaceLevel(level) ? levelsDownTo(level, part.nodes) : [hostLabel];
  const levels = labels.map((nodeLabel): Json => ({ nodeLabel }));
  return [clusterWide(frame, 'Topology', { spec: { levels } }, part.name)];
}

function flavor(frame: Frame, part: HeldPart): EngineObject {
  const { id } = frame.subject;
  const spec = {
    nodeLabels: { [partKey(id, part.part.name)]: 'true' },
    tolerations: tolerations(frame),
    ...(levelOf(frame, part) === undefined ? {} : { topologyName: `${frame.name}-${part.name}` }),
  };
  return clusterWide(frame, 'ResourceFlavor', { spec }, part.name);
}

/** What is closed to other tenants is open to this one. */
export function tolerations(frame: Frame): Json[] {
  const value = frame.labels[tenantLabel] ?? '';
  return [{ key: tenantLabel, operator: 'Equal', value, effect: 'NoSchedule' }];
}

function clusterQueue(frame: Frame): EngineObject {
  const covered = resourcesOf(frame);
  const spec = {
    namespaceSelector: { matchLabels: { [namespaceLabel]: frame.name } },
    queueingStrategy: 'BestEffortFIFO',
    admissionChecksStrategy: { admissionChecks: [{ name: frame.name }] },
    resourceGroups: [
      {
        coveredResources: [...covered],
        flavors: frame.parts.map((part): Json => {
          const held = heldByPart(frame, part);
          return {
            name: `${frame.name}-${part.name}`,
            resources: covered.map((name): Json => ({
              name,
              nominalQuota: amountText(name, held.get(name) ?? 0),
            })),
          };
        }),
      },
    ],
  };
  return clusterWide(frame, 'ClusterQueue', { spec });
}
