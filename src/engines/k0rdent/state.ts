import { z } from 'zod';

import type { EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import { domain } from '../kubernetes/names.ts';
import { AnyObject, type JsonObject } from '../kubernetes/object.ts';

const text = z.string().default('').catch('');
const Condition = z.looseObject({ type: z.string(), status: z.string(), reason: text, message: text });
type Condition = z.infer<typeof Condition>;
const Conditions = z.array(Condition).default([]).catch([]);
const Service = z.looseObject({ name: text, state: text, failureMessage: text });
const Matching = z.looseObject({
  namespace: text,
  name: text,
  deployed: z.boolean().catch(false),
  message: text,
});

/** What k0rdent says of its objects: all kinds in one, what a kind has not is empty. Source: api/v1beta1 of kcm. */
const Told = z.looseObject({
  conditions: Conditions,
  observedGeneration: z.int().optional(),
  ready: z.boolean().optional(),
  region: z.string().optional(),
  services: z.array(Service).default([]).catch([]),
  matchingClusters: z.array(Matching).default([]).catch([]),
});

/** What is kept of an object's state: cut and cleaned, as it lies in the ledger with what was read back. */
const State = z.strictObject({
  isTold: z.boolean().describe('whether k0rdent has said anything of it'),
  isDeleted: z.boolean().describe('whether it is about to go'),
  isOld: z.boolean().describe('whether what is said is of an earlier version of it'),
  isReady: z.boolean().optional(),
  region: z.string().optional(),
  conditions: z.array(z.strictObject({ type: z.string(), status: z.string(), why: z.string() })),
  services: z.array(z.strictObject({ name: z.string(), state: z.string(), why: z.string() })),
  clusters: z.array(z.strictObject({ name: z.string(), isDeployed: z.boolean(), why: z.string() })),
});
type State = z.infer<typeof State>;

const Meta = z.looseObject({ generation: z.int().optional(), deletionTimestamp: z.string().optional() });
const listCap = 32;

/** The field `state` of an object that was read back. */
export function stateOf(object: AnyObject): JsonObject {
  const told = Told.safeParse(object['status'] ?? {});
  const { generation, deletionTimestamp } = Meta.parse(object.metadata);
  const { conditions, observedGeneration, ready, region, services, matchingClusters } =
    told.data ?? Told.parse({});
  const isTold = conditions.length > 0 || matchingClusters.length > 0 || ready !== undefined;
  const state: State = {
    isTold,
    isDeleted: deletionTimestamp !== undefined,
    isOld: isTold && (observedGeneration ?? generation ?? 0) < (generation ?? 0),
    ...(ready === undefined ? {} : { isReady: ready }),
    ...(region === undefined ? {} : { region: cleanText(region, 80) }),
    conditions: conditions.slice(0, listCap).map(conditionOf),
    services: services.slice(0, listCap).map(({ name, state: at, failureMessage }) => ({
      name: cleanText(name, 80),
      state: cleanText(at, 40),
      why: cleanText(failureMessage, 200),
    })),
    clusters: matchingClusters.slice(0, listCap).map(({ namespace, name, deployed, message }) => ({
      name: cleanText(`${namespace}/${name}`, 120),
      isDeployed: deployed,
      why: cleanText(message, 200),
    })),
  };
  return { state: z.json().parse(state) };
}

function conditionOf({ type, status, reason, message }: Condition): State['conditions'][number] {
  const why = [reason, message].filter((word) => word !== '').join(', ');
  return { type: cleanText(type, 80), status: cleanText(status, 20), why: cleanText(why, 200) };
}

/** Where k0rdent ends up with a region that nobody wrote down: an annotation, because the object itself has no field for it. */
export const regionAnnotation = `${domain}/region`;

/**
 * What keeps an object from doing what it is there for, a line each. An object that is as wanted is not yet a cluster: it
 * has to be looked at, valid, deployed and in the region that was asked for.
 */
export function shortfallsOf(wanted: EngineObject, found: EngineObject): readonly string[] {
  const state = State.safeParse(found.body['state']).data;
  const silent = silenceOf(state);
  if (state === undefined || silent !== undefined) return [silent ?? ''];
  switch (AnyObject.parse(found.body).kind) {
    case 'Credential':
      return state.isReady === true ? [] : ['it is not ready', ...failing(state)];
    case 'Region': {
      const faults = failing(state);
      return faults.length === 0 ? unready(state) : faults;
    }
    case 'ClusterDeployment':
      return ofCluster(wanted, state);
    case 'MultiClusterService':
      return ofServices(state);
    default:
      return [];
  }
}

/** Why nothing is known of it. */
function silenceOf(state: State | undefined): string | undefined {
  if (state === undefined) return 'its state was not read';
  if (state.isDeleted) return 'it is about to be deleted';
  if (!state.isTold) return 'k0rdent has said nothing of it yet';
  return state.isOld ? 'k0rdent has not looked at it since it was changed' : undefined;
}

const Deployment = z.looseObject({ dryRun: z.boolean().default(false) });

function ofCluster(wanted: EngineObject, state: State): readonly string[] {
  const faults = clusterFaults(wanted, state);
  if (!Deployment.parse(wanted.body['spec']).dryRun) return faults.length === 0 ? unready(state) : faults;
  const verdict =
    faults.length === 0
      ? 'a dry run in which k0rdent found no fault: hand it over with `dry-run=false` to deploy it'
      : 'a dry run: nothing is deployed';
  return [...faults, verdict];
}

/** What k0rdent finds wrong with a cluster that it has looked at, deployed or not. */
export function faultsOf(wanted: EngineObject, found: EngineObject): readonly string[] {
  const state = State.safeParse(found.body['state']).data;
  const silent = silenceOf(state);
  return state === undefined || silent !== undefined ? [silent ?? ''] : clusterFaults(wanted, state);
}

function clusterFaults(wanted: EngineObject, state: State): readonly string[] {
  const region = AnyObject.parse(wanted.body).metadata.annotations?.[regionAnnotation];
  const paused = state.conditions.find(({ type, status }) => type === 'Paused' && status === 'True');
  const isElsewhere = state.region !== region && state.region !== undefined;
  return [
    ...(paused === undefined ? [] : [`it is paused: ${paused.why}`]),
    ...(isElsewhere ? [`it is in region ${state.region}, wanted ${placeText(region)}`] : []),
    ...failing(state),
  ];
}

function placeText(region: string | undefined): string {
  return region === undefined ? 'the management cluster' : `region ${region}`;
}

/** `Ready` sums up the others, so it is said where none of them tells more. */
function failing({ conditions }: State): readonly string[] {
  const wrong = conditions.filter(({ type, status }) => status === 'False' && type !== 'Paused');
  const named = wrong.filter(({ type }) => type !== 'Ready' && type !== 'Deleting');
  return (named.length > 0 ? named : wrong.filter(({ type }) => type === 'Ready')).map(
    ({ type, why }) => `${type} is False: ${why}`,
  );
}

function unready({ conditions }: State): readonly string[] {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return ['k0rdent does not say yet whether it is ready'];
  return ready.status === 'True' ? [] : [`Ready is ${ready.status}: ${ready.why}`];
}

function ofServices(state: State): readonly string[] {
  const waiting = state.clusters.filter(({ isDeployed }) => !isDeployed);
  const failed = state.services.filter(({ state: at }) => at !== 'Deployed' && at !== '');
  return [
    ...failing(state),
    ...(state.clusters.length === 0 ? ['no cluster carries the id of the contract'] : []),
    ...waiting.map(({ name, why }) => `not deployed in ${name}${why === '' ? '' : `: ${why}`}`),
    ...failed.map(({ name, state: at, why }) => `${name} is ${at}${why === '' ? '' : `: ${why}`}`),
  ];
}
