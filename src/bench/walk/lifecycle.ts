import type { State } from '../../core/state.ts';
import type { Contract } from '../../model/contract.ts';
import { contractClaims, type Claim } from './claims.ts';

/** What a step was allowed to do to contracts that stood before it. */
export type Allowed = {
  readonly contract?: string;
  readonly preempts: readonly string[];
  readonly atMs: number;
};

/** A start may lie this far back when it is committed; what lies further back never changes. */
export const graceMs = 300_000;

/** What is wrong with what became of the contracts in one step. */
export function* lifecycle(before: State, after: State, allowed: Allowed): Generator<string> {
  for (let at = 0; at < after.contracts.size; at++) {
    const [old, now] = [before.contracts.at(at), after.contracts.at(at)];
    if (now === undefined || old === now) continue;
    if (old === undefined || old.placement !== now.placement) yield* whole(after, now);
    if (old !== undefined) yield* moved(old, now, allowed);
  }
  if (after.contracts.size < before.contracts.size) yield 'a contract is gone';
}

function* moved(old: Contract, now: Contract, { contract, preempts, atMs }: Allowed): Generator<string> {
  const { id } = old;
  const preempted = preempts.includes(id);
  if (id !== contract && !preempted) yield `${id} changed though nobody asked for it`;
  if (now.version !== old.version + 1) yield `${id} went from version ${old.version} to ${now.version}`;
  if (preempted && (old.demand.guarantee ?? 'reserved') !== 'preemptible')
    yield `${id} is reserved, yet preempted`;
  if (old.releasedAtMs !== undefined) yield `${id} changed after its release`;
  if ((old.preemptedAtMs ?? Infinity) <= atMs) yield `${id} changed after it was preempted`;
  if ((now.earlier?.at(-1)?.untilMs ?? 0) > now.placement.startMs) yield `${id} holds two placements at once`;
  const horizonMs = atMs - graceMs;
  if (pastOf(old, horizonMs) !== pastOf(now, horizonMs)) yield `${id}: its past changed`;
}

function pastOf(contract: Contract, horizonMs: number): string {
  const cut = ({ node, devices, startMs, endMs }: Claim) =>
    startMs < horizonMs ? [`${node} ${devices.join()} ${startMs} ${Math.min(endMs, horizonMs)}`] : [];
  return contractClaims(contract).claims.flatMap(cut).toSorted().join('; ');
}

/** A placement that is new: the gang is whole, on nodes that take work, where it asked to be. */
function* whole({ fleet }: State, { id, demand, placement }: Contract): Generator<string> {
  for (const { name, count, each, apart } of demand.parts) {
    const members = placement.members.filter(({ part }) => part === name);
    const replicas = new Set(members.map(({ replica }) => replica));
    if (members.length !== count || replicas.size !== count)
      yield `${id}: ${members.length} of ${count} \`${name}\``;
    if (members.some(({ gpus }) => gpus.length !== (each.gpus?.count ?? 0)))
      yield `${id}: another number of GPUs`;
    if (apart === 'node' && new Set(members.map(({ node }) => node)).size < count) yield `${id}: not apart`;
  }
  for (const { node: name, gpus } of placement.members) {
    const node = fleet.nodes.find((known) => known.id === name);
    if (node === undefined || node.health === 'down' || !node.schedulable)
      yield `${id}: ${name} takes no work`;
    if (gpus.some((gpu) => node?.shape.gpus[gpu] === undefined)) yield `${id}: ${name} has no such GPU`;
    if ((demand.avoid ?? []).some((place) => isIn(name, place))) yield `${id}: ${name} is to be avoided`;
    if (demand.where !== undefined && !demand.where.some((place) => isIn(name, place)))
      yield `${id}: ${name} is not where it asked to be`;
  }
  const { durationS } = demand.window;
  const lengthMs = placement.endMs === undefined ? undefined : placement.endMs - placement.startMs;
  if (lengthMs !== (durationS === undefined ? undefined : durationS * 1000)) yield `${id}: another length`;
}

function isIn(node: string, place: string): boolean {
  return `${node}/`.startsWith(`${place}/`);
}
