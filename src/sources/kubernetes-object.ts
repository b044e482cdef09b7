import { z } from 'zod';

import { cleanText } from '../model/text.ts';
import { invalidFile, readText } from './evidence.ts';
import { recognise, wrongFormat } from './format.ts';
import type { Evidence } from './source.ts';
import { readDocuments, type StructuredDocument } from './structured.ts';

/** Labels, annotations and resources: text by text, whatever scalars the file had. */
export type Texts = ReadonlyMap<string, string>;

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
  const objects = documentsOf(evidence, text).flatMap((document) => objectsOf(document));
  const found = sorted(evidence, objects);
  if (found.nodes.length === 0 && found.profiles.length === 0)
    throw withoutNodes(evidence, text, found.others);
  return found;
}

/** What cannot be read at all may be something else that Berth knows by sight. */
function documentsOf(evidence: Evidence, text: string): readonly StructuredDocument[] {
  try {
    return readDocuments(evidence, text);
  } catch (error) {
    const seen = recognise(text);
    if (seen === undefined || seen.source === 'kubernetes') throw error;
    throw wrongFormat(evidence, text, 'kubernetes', expected);
  }
}

type Found = { readonly value: unknown; readonly kind: string; readonly line: number | undefined };

const Kind = z.object({ kind: z.string().max(200) });
const Listing = z.object({
  kind: z.string().endsWith('List').max(200),
  items: z.array(z.unknown()).nullish(),
});

function objectsOf(document: StructuredDocument): Found[] {
  const list = Listing.safeParse(document.value);
  if (list.success) {
    const elementKind = list.data.kind.replace(/List$/u, '');
    return (list.data.items ?? []).map((value, index) => ({
      value,
      // The elements of a typed list may leave out their kind.
      kind: kindOf(value) ?? elementKind,
      line: document.lineOf(['items', index]),
    }));
  }
  if (Array.isArray(document.value))
    return document.value.map((value: unknown, index) => ({
      value,
      kind: kindOf(value) ?? '',
      line: document.lineOf([index]),
    }));
  return [{ value: document.value, kind: kindOf(document.value) ?? '', line: document.lineOf([]) }];
}

function kindOf(value: unknown): string | undefined {
  const parsed = Kind.safeParse(value);
  return parsed.success ? parsed.data.kind : undefined;
}

function sorted(evidence: Evidence, objects: readonly Found[]) {
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

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Values that are no scalars are dropped: nothing Berth reads has them. */
const Texts = z
  .unknown()
  .optional()
  .transform((value): Texts => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
    return new Map(
      Object.entries(value).flatMap(([key, entry]): [string, string][] => {
        const text = scalar.safeParse(entry);
        return text.success ? [[key, String(text.data)]] : [];
      }),
    );
  });

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

function nodeOf(evidence: Evidence, { value, line }: Found): KubernetesNode {
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

function profileOf(evidence: Evidence, { value, line }: Found): NodeProfile {
  const parsed = z.object({ metadata: Metadata }).safeParse(value);
  if (!parsed.success) throw nameless(evidence, line);
  return { name: parsed.data.metadata.name, value, evidence, ...(line === undefined ? {} : { line }) };
}

function nameless(evidence: Evidence, line: number | undefined) {
  const where = line === undefined ? {} : { line };
  return invalidFile(evidence, 'a node without `metadata.name`', `expected: ${expected}`, where);
}
