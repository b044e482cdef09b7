import { claimOf } from './claims.ts';
import { channelTemplate, needsComputeDomain } from './compute-domain.ts';
import type { Frame } from './frame.ts';
import { levelLabel, levelOf, tolerations } from './kueue.ts';
import { hostLabel, partKey, partLabel } from './names.ts';
import type { Json, JsonObject } from './object.ts';
import type { HeldPart } from './part.ts';
import { isPlaceLevel, placeLabel } from './place-labels.ts';
import { amountText, counted, takenByPod } from './resources.ts';

/** The pod of a part: what it takes, where it may run, which claims it has. Its image is the user's to replace. */
export function podTemplate(frame: Frame, part: HeldPart, restartPolicy: 'Never' | 'Always'): JsonObject {
  const annotations = podAnnotations(frame, part);
  const claims = podClaims(frame, part);
  return {
    metadata: {
      labels: { ...podLabels(frame, part) },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      restartPolicy,
      ...(frame.settings.queue === 'kai' ? { schedulerName: 'kai-scheduler' } : {}),
      nodeSelector: { [partKey(frame.subject.id, part.part.name)]: 'true' },
      tolerations: tolerations(frame),
      ...apartAffinity(frame, part),
      ...(claims.length === 0
        ? {}
        : {
            resourceClaims: claims.map(({ name, template }): Json => ({
              name,
              resourceClaimTemplateName: template,
            })),
          }),
      containers: [container(frame, part, claims)],
    },
  };
}

function podLabels(frame: Frame, part: HeldPart): Readonly<Record<string, string>> {
  const kai: Record<string, string> =
    frame.settings.queue === 'kai'
      ? { 'kai.scheduler/queue': frame.name, 'kai.scheduler/subgroup-name': part.name }
      : {};
  return { ...frame.labels, [partLabel]: part.name, ...kai };
}

function podAnnotations(frame: Frame, part: HeldPart): Record<string, string> {
  if (frame.settings.queue === 'kai') return { 'pod-group-name': frame.name };
  const level = levelOf(frame, part);
  const label = level === undefined ? undefined : levelLabel(level);
  return label === undefined ? {} : { 'kueue.x-k8s.io/podset-required-topology': label };
}

/** Claims of a pod: the name in the pod, and the template it is made from. */
type PodClaim = { readonly name: string; readonly template: string };

function podClaims(frame: Frame, part: HeldPart): readonly PodClaim[] {
  if (frame.settings.gpus !== 'dra') return [];
  const hasDevices = claimOf(frame.subject, part) !== undefined;
  const hasChannel = needsComputeDomain(frame, part);
  return [
    ...(hasDevices ? [{ name: 'devices', template: part.name }] : []),
    ...(hasChannel ? [{ name: 'channel', template: channelTemplate(part) }] : []),
  ];
}

function container(frame: Frame, part: HeldPart, claims: readonly PodClaim[]): Json {
  const taken = takenByPod(frame, part);
  const plugin = frame.settings.gpus === 'dra' ? new Map<string, number>() : counted(part);
  const text = (name: string) => amountText(name, taken.get(name) ?? 0);
  const names = [...taken.keys()].filter((name) => ['cpu', 'memory', 'ephemeral-storage'].includes(name));
  const devices = Object.fromEntries([...plugin].map(([name, count]) => [name, String(count)]));
  const requests = { ...Object.fromEntries(names.map((name) => [name, text(name)])), ...devices };
  const limits = { memory: text('memory'), ...devices };
  return {
    name: 'main',
    image: frame.settings.image,
    resources: {
      requests,
      limits,
      ...(claims.length === 0 ? {} : { claims: claims.map(({ name }): Json => ({ name })) }),
    },
  };
}

/** Kueue's topologies pack, so replicas that are to stand apart, or stand one on a node, keep each other away. */
function apartAffinity(frame: Frame, part: HeldPart): JsonObject {
  const topologyKey = apartKey(frame, part);
  if (topologyKey === undefined) return {};
  const matchLabels = { ...frame.labels, [partLabel]: part.name };
  const terms = [{ topologyKey, labelSelector: { matchLabels } }];
  return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } };
}

function apartKey(frame: Frame, part: HeldPart): string | undefined {
  const { apart } = part.part;
  if (apart !== undefined && isPlaceLevel(apart)) return placeLabel(apart);
  const isOneEach = part.nodes.length === part.members.length && part.members.length > 1;
  return apart === 'node' || (isOneEach && levelOf(frame, part) === undefined) ? hostLabel : undefined;
}
