import { type Fact, NodeFacts, type Origin } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { fileName } from '../evidence.ts';
import { countOf, type Gap } from '../gpu-reading.ts';
import { known } from '../observation.ts';
import { cpuMilliOf, memoryMibOf, storageGibOf } from '../quantity.ts';
import { healthOf, schedulingOf } from './condition.ts';
import { readGpus } from './gpu.ts';
import { cleanLabels } from './labels.ts';
import type { KubernetesNode } from './object.ts';
import type { Place } from './place.ts';

/** Facts about one node, what stayed open, and what was taken for granted. */
export type NodeReading = {
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

/** Everything one `Node` object says: what it states, and what follows from it. */
export function readNode(node: KubernetesNode, place: Place): NodeReading {
  const gpus = readGpus(node);
  const parts = [bodyOf(node), healthPart(node), schedulingPart(node), leasePart(node), labelsPart(node)];
  const stated = bounded({
    hostName: cleanText(node.name),
    ...mergedSet(parts),
    ...gpus.stated,
  });
  const derived = bounded({
    ...gpus.derived,
    leaf: place.leaf?.id,
    island: place.island,
    health: worseHealth(node, gpus.derived),
  });
  const about = { kind: 'node', subject: place.node, origin: originOf(node) } as const;
  const following: Fact = { ...about, set: derived.set, confidence: 'derived' };
  return {
    facts: [
      { ...about, set: stated.set, confidence: 'stated' },
      ...(Object.keys(derived.set).length === 0 ? [] : [following]),
    ],
    gaps: [...parts, place, gpus, stated, derived].flatMap((part) => part.gaps),
    assumptions: [...parts.flatMap((part) => part.assumptions ?? []), ...gpus.assumptions],
  };
}

export function originOf({ evidence, line }: Pick<KubernetesNode, 'evidence' | 'line'>): Origin {
  return { file: fileName(evidence), ...(line === undefined ? {} : { line }) };
}

function mergedSet(parts: readonly Part[]): NodeFacts {
  return parts.reduce<NodeFacts>((set, part) => Object.assign(set, part.set), {});
}

/** Keeps what a fact can carry; a value outside its bounds becomes a gap. */
export function bounded(set: NodeFacts): Part {
  const clean = known(set);
  const parsed = NodeFacts.safeParse(clean);
  if (parsed.success) return { set: parsed.data, gaps: [] };
  const bad = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
  const kept = Object.entries(clean).filter(([name]) => !bad.has(name));
  const why = 'the value is outside what a fact can carry';
  return {
    set: NodeFacts.parse(Object.fromEntries(kept)),
    gaps: [...bad].map((attribute) => ({ attribute, why })),
  };
}

type Part = {
  readonly set: NodeFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions?: readonly string[];
};

/** CPU, memory, local storage, machine and software. Allocatable counts, not capacity: the rest is the system's. */
function bodyOf(node: KubernetesNode): Part {
  const amount = (name: string) => node.allocatable.get(name) ?? node.capacity.get(name);
  const cpu = amount('cpu');
  const memory = amount('memory');
  const storage = amount('ephemeral-storage');
  const set = {
    cpuMilli: cpu === undefined ? undefined : cpuMilliOf(cpu),
    memoryMib: memory === undefined ? undefined : memoryMibOf(memory),
    storageGib: storage === undefined ? undefined : storageGibOf(storage),
    machine: machineOf(node),
    driver: driverOf(node),
    rdmaNicCount: efaCount(node),
    kubernetes: node.kubelet === undefined ? undefined : cleanText(node.kubelet),
  };
  return {
    set,
    gaps: [...amountGap('cpuMilli', cpu, set.cpuMilli), ...amountGap('memoryMib', memory, set.memoryMib)],
  };
}

function amountGap(attribute: string, text: string | undefined, value: number | undefined): Gap[] {
  if (value !== undefined) return [];
  if (text === undefined) return [{ attribute, why: 'the node lists no such resource' }];
  return [{ attribute, why: `the quantity \`${cleanText(text, 60)}\` cannot be read` }];
}

function machineOf({ labels }: KubernetesNode): string | undefined {
  const machine =
    labels.get('node.kubernetes.io/instance-type') ??
    labels.get('beta.kubernetes.io/instance-type') ??
    labels.get('nvidia.com/gpu.machine');
  return machine === undefined || machine === '' ? undefined : cleanText(machine);
}

function driverOf({ labels }: KubernetesNode): string | undefined {
  const full = labels.get('nvidia.com/cuda.driver-version.full') ?? labels.get('amd.com/gpu.driver-version');
  if (full !== undefined) return cleanText(full);
  const parts = ['major', 'minor', 'rev'].flatMap((part) => {
    const now = labels.get(`nvidia.com/cuda.driver-version.${part === 'rev' ? 'revision' : part}`);
    return now ?? labels.get(`nvidia.com/cuda.driver.${part}`) ?? [];
  });
  return parts.length < 2 ? undefined : cleanText(parts.filter((part) => part !== '').join('.'));
}

function healthPart(node: KubernetesNode): Part {
  const health = healthOf(node);
  if (health !== undefined) return { set: { health }, gaps: [] };
  return { set: {}, gaps: [{ attribute: 'health', why: 'the node has no `Ready` condition' }] };
}

/** What GPUs that are out of order add to the node's own word: only ever something worse. */
function worseHealth(node: KubernetesNode, { health }: NodeFacts): NodeFacts['health'] {
  return healthOf(node) === 'down' ? undefined : health;
}

function schedulingPart(node: KubernetesNode): Part {
  const scheduling = schedulingOf(node);
  if (scheduling === undefined)
    return { set: {}, gaps: [{ attribute: 'schedulable', why: 'the node has no `spec`' }] };
  const { schedulable, closedBy, gpuTaint } = scheduling;
  return {
    set: { schedulable },
    gaps:
      closedBy === undefined
        ? []
        : [
            {
              attribute: 'schedulable',
              why: `closed by the taint \`${closedBy}\`; who tolerates it is not said`,
            },
          ],
    assumptions:
      gpuTaint === undefined
        ? []
        : [`the taint \`${gpuTaint}\` keeps other work off GPU nodes; GPU work tolerates it`],
  };
}

/** Machines of an AWS capacity block are gone when it ends; the label does not say when that is. */
function leasePart({ labels }: KubernetesNode): Part {
  if (labels.get('eks.amazonaws.com/capacityType') !== 'CAPACITY_BLOCK') return { set: {}, gaps: [] };
  const why = 'the node belongs to an AWS capacity block; when that ends is not said';
  return { set: {}, gaps: [{ attribute: 'endOfLifeMs', why }] };
}

/** EFA interfaces are NICs of their own. Other RDMA resources count shares of NICs, so they count nothing here. */
function efaCount({ capacity, allocatable }: KubernetesNode): number | undefined {
  return countOf(allocatable.get('vpc.amazonaws.com/efa') ?? capacity.get('vpc.amazonaws.com/efa'));
}

function labelsPart(node: KubernetesNode): Part {
  const { labels, leftOut } = cleanLabels(node.labels);
  return {
    set: labels === undefined ? {} : { labels },
    gaps: leftOut === 0 ? [] : [{ attribute: 'labels', why: `${leftOut} more labels are left out` }],
  };
}
