import type { State } from '../../core/state.ts';
import type { Contract } from '../../model/contract.ts';
import { heldWords } from '../../model/slice.ts';
import { contractClaims, type Claim } from './claims.ts';
import { whole } from './whole.ts';

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
  const cut = ({ node, devices, slices, startMs, endMs }: Claim) =>
    startMs < horizonMs
      ? [`${node} ${devices.join()} ${slices.map(heldWords).join()} ${startMs} ${Math.min(endMs, horizonMs)}`]
      : [];
  return contractClaims(contract).claims.flatMap(cut).toSorted().join('; ');
}
