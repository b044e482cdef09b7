import { z } from 'zod';

import { EngineName, type EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import type { Answer, Compiler, Engine, Printed, Reading, Rehearsed, Step } from '../port.ts';
import { compileContract, kubernetesOptions } from './compile.ts';
import { differencesOf, type Taint, taintsOf, wantedAt } from './differences.ts';
import type { Kubectl, Said } from './kubectl.ts';
import { contractLabel, domain, heldLabel, isOf, tenantLabel } from './names.ts';
import { AnyObject, isOfK0rdent, type JsonObject, keyOf, Kind, kindOrder, resourceOf } from './object.ts';
import { yamlOf } from './yaml.ts';

/** Owner of every field that Berth sets. */
const fieldManager = 'berth';

export const kubernetesCompiler: Compiler = {
  name: EngineName.parse('kubernetes'),
  compiler: 'kubernetes/1',
  title: 'Kubernetes with Kueue or KAI, and claims of Dynamic Resource Allocation',
  options: kubernetesOptions,
  compile: compileContract,
  differences: differencesOf,
  print: printed,
};

/** Kinds of which an engine holds objects, and what of their state it keeps when it reads them back. */
export type Holding = {
  readonly kinds: readonly Kind[];
  readonly stateOf?: (object: AnyObject) => JsonObject;
};

/** A contract may stand in a cluster and in the k0rdent that made it: what the other one holds is not read as left over. */
const ownHolding: Holding = { kinds: kindOrder.filter((kind) => !isOfK0rdent(kind)) };

/** A cluster, by the user's own kubectl. Everything is applied by the server, so that others keep what is theirs. */
export function kubernetesEngine(
  kubectl: Kubectl,
  compiler: Compiler = kubernetesCompiler,
  holding: Holding = ownHolding,
): Engine {
  return {
    ...compiler,
    probe: async () => {
      const said = await kubectl(['version', '-o', 'json']);
      const text = said.kind === 'done' ? versionText(said.stdout) : said.why;
      return { answers: said.kind === 'done', text, options: {} };
    },
    read: async ({ id }) => read(kubectl, id, holding),
    apply: async (step, atMs) => carryOut(kubectl, step, atMs),
    rehearse: (objects, atMs) => rehearse(kubectl, objects, atMs),
  };
}

/** What the API server would say to these objects, without keeping any of them: one answer each. */
export async function rehearse(
  kubectl: Kubectl,
  objects: readonly EngineObject[],
  atMs: number,
): Promise<readonly Rehearsed[]> {
  const answers: Rehearsed[] = [];
  for (const object of objects) {
    const { key, body } = wantedAt(object, atMs);
    const { kind } = AnyObject.parse(body);
    if (kind === 'Node') continue;
    answers.push({ key, answer: answerOf(await applied(kubectl, body, ['--dry-run=server'])) });
  }
  return answers;
}

function isNode({ body }: EngineObject): boolean {
  return AnyObject.parse(body).kind === 'Node';
}

function printed(objects: readonly EngineObject[]): readonly Printed[] {
  const own = objects.filter((object) => !isNode(object));
  const marks = objects.filter(isNode).map(({ body }) => markCommands(body));
  return [
    { file: 'objects.yaml', text: yamlOf(own) },
    ...(marks.length === 0 ? [] : [{ file: 'nodes.sh', text: marks.join('') }]),
  ];
}

/** Nodes belong to the cluster: a file that declares them would create those that are not there. */
function markCommands(body: EngineObject['body']): string {
  const { metadata } = AnyObject.parse(body);
  const labels = Object.entries(metadata.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const taints = taintsOf(body).map(
    (taint) => `kubectl taint node ${metadata.name} ${taintText(taint)} --overwrite\n`,
  );
  return `kubectl label node ${metadata.name} ${labels.join(' ')} --overwrite\n${taints.join('')}`;
}

/** Says in a node that was read which contract it was read for: several may hold it. */
const heldFor = 'heldFor';

const Listed = z.looseObject({ items: z.array(AnyObject) });

/** Everything that carries the contract's id, of the kinds that this cluster knows. */
async function read(kubectl: Kubectl, id: string, { kinds, stateOf }: Holding): Promise<Reading> {
  const known = await kubectl(['api-resources', '--verbs=list', '-o', 'name']);
  if (known.kind !== 'done') return unread(known);
  const names = new Set(known.stdout.split(/\s+/u));
  const resources = kinds.filter((kind) => kind !== 'Node' && names.has(resourceOf(kind))).map(resourceOf);
  if (resources.length === 0) return { kind: 'unreadable', why: 'this cluster knows none of its kinds' };
  const own = await kubectl(['get', resources.join(','), '-A', '-l', `${contractLabel}=${id}`, '-o', 'json']);
  if (own.kind !== 'done') return unread(own);
  const objects = foundIn(own.stdout, stateOf);
  if (objects === undefined) return noList;
  if (!kinds.includes('Node')) return { kind: 'read', objects };
  const nodes = await kubectl(['get', 'nodes', '-l', heldLabel(id), '-o', 'json']);
  if (nodes.kind !== 'done') return unread(nodes);
  const marks = foundIn(nodes.stdout)?.map(({ key, body }) => ({ key, body: { ...body, [heldFor]: id } }));
  return marks === undefined ? noList : { kind: 'read', objects: [...objects, ...marks] };
}

const noList: Reading = { kind: 'unreadable', why: '`kubectl` answered what is no list of objects' };

function unread(said: Exclude<Said, { kind: 'done' }>): Reading {
  return { kind: said.kind === 'refused' ? 'unreadable' : 'unreachable', why: said.why };
}

function foundIn(stdout: string, stateOf?: Holding['stateOf']): readonly EngineObject[] | undefined {
  const listed = Listed.safeParse(jsonOf(stdout));
  return listed.data?.items.flatMap((item) => foundObject(item, stateOf));
}

/** Without what the server keeps for itself: status, versions, owners of fields. */
function foundObject(item: AnyObject, stateOf: Holding['stateOf']): readonly EngineObject[] {
  const kind = Kind.safeParse(item.kind);
  if (!kind.success) return [];
  const { name, namespace, labels = {}, annotations = {} } = item.metadata;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels, annotations };
  const spec = z.json().safeParse(item['spec']);
  const body = {
    apiVersion: item.apiVersion,
    kind: item.kind,
    metadata,
    ...(spec.success ? { spec: spec.data } : {}),
    ...stateOf?.(item),
  };
  return [{ key: keyOf(kind.data, { name, namespace }), body }];
}

async function carryOut(kubectl: Kubectl, step: Step, atMs: number): Promise<Answer> {
  if (step.act === 'remove') return remove(kubectl, step.found);
  const { body } = wantedAt(step.wanted, atMs);
  if (AnyObject.parse(body).kind === 'Node') return mark(kubectl, body);
  return answerOf(await applied(kubectl, body, []));
}

function applied(kubectl: Kubectl, body: EngineObject['body'], more: readonly string[]): Promise<Said> {
  const args = ['apply', '--server-side', `--field-manager=${fieldManager}`, ...more, '-f', '-'];
  return kubectl(args, JSON.stringify(body));
}

/** A patch, which a node that is not there refuses; an apply would create it. */
async function mark(kubectl: Kubectl, body: EngineObject['body']): Promise<Answer> {
  const { name, labels, annotations } = AnyObject.parse(body).metadata;
  const said = await patched(kubectl, name, { metadata: { labels, annotations } });
  const taints = taintsOf(body);
  if (said.kind !== 'done' || taints.length === 0) return answerOf(said);
  const words = taints.map(taintText);
  return answerOf(
    await kubectl(['taint', 'node', name, ...words, '--overwrite', `--field-manager=${fieldManager}`]),
  );
}

async function remove(kubectl: Kubectl, found: EngineObject): Promise<Answer> {
  const { kind, metadata } = AnyObject.parse(found.body);
  if (kind === 'Node') return unmark(kubectl, found);
  const place = metadata.namespace === undefined ? [] : ['-n', metadata.namespace];
  const resource = resourceOf(Kind.parse(kind));
  return answerOf(
    await kubectl(['delete', resource, metadata.name, ...place, '--ignore-not-found', '--wait=false']),
  );
}

/** Takes back what speaks of this contract; the taint too, unless another contract still holds the node. */
async function unmark(kubectl: Kubectl, { body }: EngineObject): Promise<Answer> {
  const { name, labels = {}, annotations = {} } = AnyObject.parse(body).metadata;
  const id = z.string().parse(body[heldFor]);
  const patch = { metadata: { labels: erased(id, labels), annotations: erased(id, annotations) } };
  const said = await patched(kubectl, name, patch);
  const taint = taintsOf(body).find(({ key }) => key === tenantLabel);
  const others = Object.keys(labels).filter((key) => key.endsWith(`.${domain}/held`) && !isOf(id, key));
  if (said.kind !== 'done' || taint === undefined || others.length > 0) return answerOf(said);
  return answerOf(await kubectl(['taint', 'node', name, `${taintText(taint)}-`]));
}

/** A merge patch that removes what speaks of a contract. */
function erased(id: string, record: Readonly<Record<string, string>>): Record<string, null> {
  const keys = Object.keys(record).filter((key) => isOf(id, key));
  return Object.fromEntries(keys.map((key) => [key, null]));
}

function patched(kubectl: Kubectl, node: string, patch: object): Promise<Said> {
  return kubectl([
    'patch',
    'node',
    node,
    '--type=merge',
    `--field-manager=${fieldManager}`,
    '-p',
    JSON.stringify(patch),
  ]);
}

function taintText({ key, value = '', effect }: Taint): string {
  return `${key}=${value}:${effect}`;
}

function answerOf(said: Said): Answer {
  return said.kind === 'done' ? { kind: 'done' } : said;
}

function versionText(stdout: string): string {
  const Version = z.looseObject({ serverVersion: z.looseObject({ gitVersion: z.string() }) });
  const version = Version.safeParse(jsonOf(stdout)).data?.serverVersion.gitVersion;
  return version === undefined ? 'no version' : cleanText(`Kubernetes ${version}`, 80);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
