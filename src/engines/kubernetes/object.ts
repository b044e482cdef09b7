import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Kinds that Berth writes. `resource` is what kubectl calls it: plural and group. */
const kinds = {
  Namespace: { apiVersion: 'v1', resource: 'namespaces', isNamespaced: false },
  Node: { apiVersion: 'v1', resource: 'nodes', isNamespaced: false },
  ResourceQuota: { apiVersion: 'v1', resource: 'resourcequotas', isNamespaced: true },
  NetworkPolicy: {
    apiVersion: 'networking.k8s.io/v1',
    resource: 'networkpolicies.networking.k8s.io',
    isNamespaced: true,
  },
  ResourceClaimTemplate: {
    apiVersion: 'resource.k8s.io/v1',
    resource: 'resourceclaimtemplates.resource.k8s.io',
    isNamespaced: true,
  },
  ComputeDomain: {
    apiVersion: 'resource.nvidia.com/v1beta1',
    resource: 'computedomains.resource.nvidia.com',
    isNamespaced: true,
  },
  Topology: {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    resource: 'topologies.kueue.x-k8s.io',
    isNamespaced: false,
  },
  ResourceFlavor: {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    resource: 'resourceflavors.kueue.x-k8s.io',
    isNamespaced: false,
  },
  AdmissionCheck: {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    resource: 'admissionchecks.kueue.x-k8s.io',
    isNamespaced: false,
  },
  ClusterQueue: {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    resource: 'clusterqueues.kueue.x-k8s.io',
    isNamespaced: false,
  },
  LocalQueue: {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    resource: 'localqueues.kueue.x-k8s.io',
    isNamespaced: true,
  },
  Job: { apiVersion: 'batch/v1', resource: 'jobs.batch', isNamespaced: true },
  JobSet: {
    apiVersion: 'jobset.x-k8s.io/v1alpha2',
    resource: 'jobsets.jobset.x-k8s.io',
    isNamespaced: true,
  },
  LeaderWorkerSet: {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    resource: 'leaderworkersets.leaderworkerset.x-k8s.io',
    isNamespaced: true,
  },
  Queue: { apiVersion: 'scheduling.run.ai/v2', resource: 'queues.scheduling.run.ai', isNamespaced: false },
  PodGroup: {
    apiVersion: 'scheduling.run.ai/v2alpha2',
    resource: 'podgroups.scheduling.run.ai',
    isNamespaced: true,
  },
  Credential: {
    apiVersion: 'k0rdent.mirantis.com/v1beta1',
    resource: 'credentials.k0rdent.mirantis.com',
    isNamespaced: true,
  },
  ClusterDeployment: {
    apiVersion: 'k0rdent.mirantis.com/v1beta1',
    resource: 'clusterdeployments.k0rdent.mirantis.com',
    isNamespaced: true,
  },
  MultiClusterService: {
    apiVersion: 'k0rdent.mirantis.com/v1beta1',
    resource: 'multiclusterservices.k0rdent.mirantis.com',
    isNamespaced: false,
  },
  AccessManagement: {
    apiVersion: 'k0rdent.mirantis.com/v1beta1',
    resource: 'accessmanagements.k0rdent.mirantis.com',
    isNamespaced: false,
  },
  Region: {
    apiVersion: 'k0rdent.mirantis.com/v1beta1',
    resource: 'regions.k0rdent.mirantis.com',
    isNamespaced: false,
  },
} as const satisfies Readonly<
  Record<string, { apiVersion: string; resource: string; isNamespaced: boolean }>
>;

export const Kind = z.enum([
  'Namespace',
  'Node',
  'ResourceQuota',
  'NetworkPolicy',
  'ResourceClaimTemplate',
  'ComputeDomain',
  'Topology',
  'ResourceFlavor',
  'AdmissionCheck',
  'ClusterQueue',
  'LocalQueue',
  'Job',
  'JobSet',
  'LeaderWorkerSet',
  'Queue',
  'PodGroup',
  'Credential',
  'ClusterDeployment',
  'MultiClusterService',
  'AccessManagement',
  'Region',
]);
export type Kind = z.infer<typeof Kind>;

/** In the order in which they came to be written; for that in which they are created see `rankOf`. */
export const kindOrder: readonly Kind[] = Kind.options;

/** Kinds of the management cluster, which the engine of k0rdent holds. */
export function isOfK0rdent(kind: Kind): boolean {
  return kinds[kind].resource.endsWith('.k0rdent.mirantis.com');
}

export function resourceOf(kind: Kind): string {
  return kinds[kind].resource;
}

export type Metadata = {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** An object with its API version and the fields beside its metadata, keys of labels in order. */
export function objectOf(kind: Kind, metadata: Metadata, rest: JsonObject): EngineObject {
  const { apiVersion } = kinds[kind];
  const { name, namespace, labels, annotations } = metadata;
  const body: JsonObject = {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: sorted(labels),
      ...(annotations === undefined ? {} : { annotations: sorted(annotations) }),
    },
    ...rest,
  };
  return { key: keyOf(kind, metadata), body };
}

/**
 * `07-resourceflavors.kueue.x-k8s.io/berth-c-106-train`, with the namespace before the name where there is one. The number
 * is the kind's place in the order of creation, because keys are what a hand-over is carried out in the order of.
 */
export function keyOf(kind: Kind, { name, namespace }: Place): string {
  const rank = String(rankOf(kind)).padStart(2, '0');
  return [
    `${rank}-${resourceOf(kind)}`,
    ...(kinds[kind].isNamespaced ? [namespace ?? 'default'] : []),
    name,
  ].join('/');
}

/**
 * What others name comes first. A Region comes before the credentials in it, at a place that was taken: hand-overs of earlier
 * versions have the other numbers in their keys.
 */
function rankOf(kind: Kind): number {
  return kindOrder.indexOf(kind === 'Region' ? 'PodGroup' : kind);
}

type Place = { readonly name: string; readonly namespace?: string | undefined };

/** What every object has, whoever wrote it: vendors may add to it. */
export const AnyObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});
export type AnyObject = z.infer<typeof AnyObject>;

/** Thousandths of a CPU as Kubernetes itself writes them: `128`, `500m`. */
export function cpuQuantity(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** MiB in the largest unit that divides them, as Kubernetes itself writes them: `1Ti`, `1536Mi`. */
export function memoryQuantity(mib: number): string {
  if (mib === 0) return '0';
  const units = ['Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
  let amount = mib;
  let at = 0;
  while (amount % 1024 === 0 && at < units.length - 1) {
    amount /= 1024;
    at += 1;
  }
  return `${amount}${units[at] ?? 'Mi'}`;
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
