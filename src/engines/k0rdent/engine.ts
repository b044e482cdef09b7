import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import { differencesOf } from '../kubernetes/differences.ts';
import { kubernetesEngine } from '../kubernetes/engine.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { baseName } from '../kubernetes/names.ts';
import { AnyObject, isOfK0rdent, kindOrder } from '../kubernetes/object.ts';
import type { Answer, Engine, Reading, Rehearsed, Step } from '../port.ts';
import { isAccess } from './access.ts';
import { approvalOf, regionOf } from './approval.ts';
import { k0rdentCompiler } from './compile.ts';
import { readRules, removeRule, writeRule } from './rule.ts';
import { faultsOf, stateOf } from './state.ts';

/**
 * The management cluster, by the user's own kubectl. What is asked for is only begun from an approved template and in a
 * region that is ready, and it is kept once k0rdent says so of the objects, not when they are there.
 */
export function k0rdentEngine(kubectl: Kubectl): Engine {
  const kinds = kindOrder.filter((kind) => isOfK0rdent(kind) && kind !== 'AccessManagement');
  const engine = kubernetesEngine(kubectl, k0rdentCompiler, { kinds, stateOf });
  return {
    ...engine,
    read: (subject) => read(kubectl, engine, subject),
    apply: (step, atMs) => apply(kubectl, engine, step, atMs),
    rehearse: (objects, atMs) => rehearse(kubectl, engine, objects, atMs),
  };
}

/** Objects of the contract's own, and its rule in the one that all share. */
async function read(
  kubectl: Kubectl,
  engine: Engine,
  subject: Parameters<Engine['read']>[0],
): Promise<Reading> {
  const own = await engine.read(subject);
  if (own.kind !== 'read') return own;
  const rules = await readRules(kubectl, baseName(subject.id));
  return rules.kind === 'read' ? { kind: 'read', objects: [...own.objects, ...rules.objects] } : rules;
}

/** What only k0rdent itself can bring about is waited for: nothing is written again. */
async function apply(kubectl: Kubectl, engine: Engine, step: Step, atMs: number): Promise<Answer> {
  if (step.act === 'remove')
    return isAccess(step.found) ? removeRule(kubectl, step.found) : engine.apply(step, atMs);
  if (isAccess(step.wanted)) return writeRule(kubectl, step.wanted);
  if (step.act === 'change' && differencesOf(step.wanted, step.found, atMs).length === 0)
    return { kind: 'done' };
  const rushed = rush(step);
  if (rushed !== undefined) return { kind: 'refused', why: rushed };
  const allowed = await allowance(kubectl, step.wanted);
  return allowed.kind === 'done' ? engine.apply(step, atMs) : allowed;
}

async function rehearse(
  kubectl: Kubectl,
  engine: Engine,
  objects: readonly EngineObject[],
  atMs: number,
): Promise<readonly Rehearsed[]> {
  const said =
    (await engine.rehearse?.(
      objects.filter((object) => !isAccess(object)),
      atMs,
    )) ?? [];
  const begun = new Set(objects.map(({ body }) => AnyObject.parse(body)).flatMap(regionName));
  const judged = objects.map(async (object): Promise<Rehearsed> => {
    if (isAccess(object)) return { key: object.key, answer: await writeRule(kubectl, object, true) };
    const allowed = await allowance(kubectl, object, begun);
    const answer = said.find(({ key }) => key === object.key)?.answer ?? allowed;
    return { key: object.key, answer: allowed.kind === 'done' ? answer : allowed };
  });
  return Promise.all(judged);
}

/** A cluster is deployed after a dry run in which k0rdent found no fault, and not without one. */
function rush(step: Exclude<Step, { act: 'remove' }>): string | undefined {
  const { kind } = AnyObject.parse(step.wanted.body);
  if (kind !== 'ClusterDeployment' || Cluster.parse(step.wanted.body['spec']).dryRun) return undefined;
  if (step.act === 'create') return 'it was not tried: hand it over with `dry-run=true` first';
  if (!Cluster.parse(step.found.body['spec']).dryRun) return undefined;
  const [fault] = faultsOf(step.wanted, step.found);
  return fault === undefined ? undefined : cleanText(`its dry run is not over: ${fault}`, 300);
}

const Cluster = z.looseObject({ template: z.string(), dryRun: z.boolean().default(false) });
const Credential = z.looseObject({ region: z.string().optional() });

function regionName({ kind, metadata }: AnyObject): readonly string[] {
  return kind === 'Region' ? [metadata.name] : [];
}

/** `begun` are Regions that would come with it, and need not be there yet. */
async function allowance(
  kubectl: Kubectl,
  { body }: EngineObject,
  begun: ReadonlySet<string> = new Set(),
): Promise<Answer> {
  const { kind, metadata } = AnyObject.parse(body);
  if (kind === 'ClusterDeployment')
    return approvalOf(kubectl, metadata.namespace ?? '', Cluster.parse(body['spec']).template);
  const region = kind === 'Credential' ? Credential.parse(body['spec']).region : undefined;
  return region === undefined || begun.has(region) ? { kind: 'done' } : regionOf(kubectl, region);
}
