import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import { differencesOf } from '../kubernetes/differences.ts';
import { kubernetesEngine } from '../kubernetes/engine.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { AnyObject, isOfK0rdent, kindOrder } from '../kubernetes/object.ts';
import type { Answer, Engine, Rehearsed, Step } from '../port.ts';
import { approvalOf, regionOf } from './approval.ts';
import { k0rdentCompiler } from './compile.ts';
import { faultsOf, stateOf } from './state.ts';

/**
 * The management cluster, by the user's own kubectl. What is asked for is only begun from an approved template and in a
 * region that is ready, and it is kept once k0rdent says so of the objects, not when they are there.
 */
export function k0rdentEngine(kubectl: Kubectl): Engine {
  const kinds = kindOrder.filter(isOfK0rdent);
  const engine = kubernetesEngine(kubectl, k0rdentCompiler, { kinds, stateOf });
  return {
    ...engine,
    apply: (step, atMs) => apply(kubectl, engine, step, atMs),
    rehearse: (objects, atMs) => rehearse(kubectl, engine, objects, atMs),
  };
}

/** What only k0rdent itself can bring about is waited for: nothing is written again. */
async function apply(kubectl: Kubectl, engine: Engine, step: Step, atMs: number): Promise<Answer> {
  if (step.act === 'remove') return engine.apply(step, atMs);
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
  const said = (await engine.rehearse?.(objects, atMs)) ?? [];
  const judged = objects.map(async (object): Promise<Rehearsed> => {
    const allowed = await allowance(kubectl, object);
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

async function allowance(kubectl: Kubectl, { body }: EngineObject): Promise<Answer> {
  const { kind, metadata } = AnyObject.parse(body);
  if (kind === 'ClusterDeployment')
    return approvalOf(kubectl, metadata.namespace ?? '', Cluster.parse(body['spec']).template);
  const region = kind === 'Credential' ? Credential.parse(body['spec']).region : undefined;
  return region === undefined ? { kind: 'done' } : regionOf(kubectl, region);
}
