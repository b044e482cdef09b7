import { z } from 'zod';

import { cleanText } from '../../model/text.ts';
import { invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { type ListedObject, listedObjects, scalar, Texts } from './listed.ts';

/** A Kubernetes `Node`, as far as Berth reads it, and where it stood. */
export type KubernetesNode = {
  readonly name: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  /** Absent where the file leaves out `spec`, as excerpts do. */
  readonly spec?: {
    readonly unschedulable: boolean;
    readonly taints: readonly Taint[];
    readonly providerId: string;
  };
  readonly capacity: Texts;
  readonly allocatable: Texts;
  readonly conditions: readonly Condition[];
  readonly kubelet?: string;
  readonly evidence: Evidence;
  readonly line?: number;
};

/** A simulated node of NVIDIA AICR, kept for `kubernetes-simulated.ts`. */
export type NodeProfile = {
  readonly name: string;
  readonly value: unknown;
  readonly evidence: Evidence;
  readonly line?: number;
};

export type KubernetesObjects = {
  readonly nodes: readonly KubernetesNode[];
  readonly profiles: readonly NodeProfile[];
  /** Objects of other kinds that stood between them, by kind. */
  readonly others: ReadonlyMap<string, number>;
};

export type Taint = z.infer<typeof Taint>;
type Condition = z.infer<typeof Condition>;

const expected = 'output of `kubectl get nodes -o json` or `-o yaml`';

/** Every node in a file: a `List`, a `NodeList`, single objects, one or several documents. */
export function readObjects(evidence: Evidence): KubernetesObjects {
  const text = readText(evidence);
  const found = sorted(evidence, listedObjects(evidence, text, { source: 'kubernetes', expected }));
  if (found.nodes.length === 0 && found.profiles.length === 0)
    throw withoutNodes(evidence, text, found.others);
  return found;
}

function sorted(evidence: Evidence, objects: readonly ListedObject[]) {
  const nodes: KubernetesNode[] = [];
  const profiles: NodeProfile[] = [];
  const others = new Map<string, number>();
  for (const found of objects) {
    if (found.kind === 'Node') nodes.push(nodeOf(evidence, found));
    else if (found.kind === 'KWOKNodeProfile') profiles.push(profileOf(evidence, found));
    else others.set(found.kind, (others.get(found.kind) ?? 0) + 1);
  }
  return { nodes, profiles, others };
}

function withoutNodes(evidence: Evidence, text: string, others: ReadonlyMap<string, number>) {
  const kinds = [...others].filter(([kind]) => kind !== '');
  if (kinds.length === 0 && others.size > 0) return wrongFormat(evidence, text, 'kubernetes', expected);
  if (others.has('ResourceSlice')) return wrongFormat(evidence, text, 'kubernetes', expected);
  const what = kinds
    .slice(0, 5)
    .map(([kind, count]) => `${count} of kind \`${cleanText(kind, 60)}\``)
    .join(', ');
  return invalidFile(evidence, `has no nodes${what === '' ? '' : `, but ${what}`}`, `expected: ${expected}`);
}

const text = scalar.transform(String).nullish().catch(undefined);
const Metadata = z.object({ name: z.string().min(1).max(1000), labels: Texts, annotations: Texts });
const Taint = z.object({ key: text, value: text, effect: text });
const Condition = z.object({ type: text, status: text, reason: text });

/** The well-formed elements of a list; a broken one says nothing. */
function listOf<T>(schema: z.ZodType<T>) {
  return z
    .unknown()
    .optional()
    .transform((value): T[] => {
      if (!Array.isArray(value)) return [];
      return value.flatMap((entry) => {
        const parsed = schema.safeParse(entry);
        return parsed.success ? [parsed.data] : [];
      });
    });
}

const Node = z.object({
  metadata: Metadata,
  spec: z
    .object({ unschedulable: text, taints: listOf(Taint), providerID: text })
    .nullish()
    .catch(undefined),
  status: z
    .object({
      capacity: Texts,
      allocatable: Texts,
      conditions: listOf(Condition),
      nodeInfo: z.object({ kubeletVersion: text }).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

function nodeOf(evidence: Evidence, { value, line }: ListedObject): KubernetesNode {
  const parsed = Node.safeParse(value);
  if (!parsed.success) throw nameless(evidence, line);
  const { metadata, spec, status } = parsed.data;
  const kubelet = status?.nodeInfo?.kubeletVersion;
  return {
    ...metadata,
    ...(spec ? { spec: specOf(spec) } : {}),
    capacity: status?.capacity ?? new Map(),
    allocatable: status?.allocatable ?? new Map(),
    conditions: status?.conditions ?? [],
    ...(kubelet ? { kubelet } : {}),
    evidence,
    ...(line === undefined ? {} : { line }),
  };
}

function specOf(spec: NonNullable<z.infer<typeof Node>['spec']>) {
  return {
    unschedulable: spec.unschedulable === 'true',
    taints: spec.taints,
    providerId: spec.providerID ?? '',
  };
}

function profileOf(evidence: Evidence, { value, line }: ListedObject): NodeProfile {
  const parsed = z.object({ metadata: Metadata }).safeParse(value);
  if (!parsed.success) throw nameless(evidence, line);
  return { name: parsed.data.metadata.name, value, evidence, ...(line === undefined ? {} : { line }) };
}

function nameless(evidence: Evidence, line: number | undefined) {
  const where = line === undefined ? {} : { line };
  return invalidFile(evidence, 'a node without `metadata.name`', `expected: ${expected}`, where);
}
