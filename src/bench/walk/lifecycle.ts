import type { State } from '../../core/state.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { Contract } from '../../model/contract.ts';
import { guaranteedCount } from '../../model/demand.ts';
import type { Placement } from '../../model/placement.ts';
import { heldWords } from '../../model/slice.ts';
import { contractClaims } from './claims.ts';
import { whole } from './whole.ts';

/** What a step was allowed to do to contracts that stood before it. */
export type Allowed = {
  readonly contract?: string;
  readonly preempts: readonly string[];
  readonly shrinks: readonly string[];
  readonly atMs: number;
};

/** A start may lie this far back when it is committed; what lies further back never changes. */
export const graceMs = 300_000;

/** What is wrong with what became of the contracts in one step. */
export function* lifecycle(before: State, after: State, allowed: Allowed): Generator<string> {
  for (let at = 0; at < after.contracts.size; at++) {
    const [old, now] = [before.contracts.at(at), after.contracts.at(at)];
    if (now === undefined || old === now) continue;
    // Where what is left stands was promised before, and its nodes may have failed since.
    const isNew = old?.placement !== now.placement && !allowed.shrinks.includes(now.id);
    if (isNew) yield* whole(after, now);
    if (old !== undefined) yield* moved(old, now, { ...allowed, wasHeld: before.leases.has(now.plan) });
  }
  if (after.contracts.size < before.contracts.size) yield 'a contract is gone';
}

function* moved(
  old: Contract,
  now: Contract,
  { contract, preempts, shrinks, atMs, wasHeld }: Allowed & { readonly wasHeld: boolean },
): Generator<string> {
  const { id } = old;
  const preempted = preempts.includes(id);
  const shrunk = shrinks.includes(id);
  if (id !== contract && !preempted && !shrunk) yield `${id} changed though nobody asked for it`;
  if (now.version !== old.version + 1) yield `${id} went from version ${old.version} to ${now.version}`;
  if (preempted && (old.demand.guarantee ?? 'reserved') !== 'preemptible')
    yield `${id} is reserved, yet preempted`;
  if (shrunk) yield* onlyExtrasLess(old, now);
  if (old.releasedAtMs !== undefined) yield `${id} changed after its release`;
  if ((old.preemptedAtMs ?? Infinity) <= atMs) yield `${id} changed after it was preempted`;
  if ((now.earlier?.at(-1)?.untilMs ?? 0) > now.placement.startMs) yield `${id} holds two placements at once`;
  const horizonMs = atMs - graceMs;
  const [was, is] = [pastOf(old, horizonMs), pastOf(now, horizonMs)];
  const isSame = was.length === is.length || (wasHeld && was.length < is.length);
  if (!isSame || !isPartOf(was, is)) yield `${id}: its past changed`;
}

/** A contract that was shrunk keeps every replica that it was guaranteed, its other terms, its end and its spares. */
function* onlyExtrasLess({ id, demand, placement }: Contract, now: Contract): Generator<string> {
  const left = new Set(now.placement.members.map((seat) => canonicalJson(seat)));
  const lost = placement.members.filter((seat) => !left.has(canonicalJson(seat)));
  if (lost.length === 0 || left.size !== placement.members.length - lost.length)
    yield `${id} was shrunk to something else`;
  for (const { part: name, replica } of lost) {
    const part = demand.parts.find((own) => own.name === name);
    if (demand.guarantee !== 'elastic' || part === undefined || replica < guaranteedCount(part))
      yield `${id} lost \`${name}\` ${replica}, which is no extra`;
  }
  if (around(now.placement) !== around(placement)) yield `${id} lost more than extras`;
}

function around({ endMs, spares }: Placement): string {
  return canonicalJson([endMs ?? null, spares ?? null]);
}

/** What a contract had before `horizonMs`, in order; what goes on after a change is one. */
function pastOf(contract: Contract, horizonMs: number): readonly string[] {
  const runs: { what: string; startMs: number; endMs: number }[] = [];
  const past = contractClaims(contract).claims.filter(({ startMs }) => startMs < horizonMs);
  for (const { node, devices, slices, startMs, endMs } of past.toSorted((a, b) => a.startMs - b.startMs)) {
    const what = `${node} ${devices.join()} ${slices.map(heldWords).join()}`;
    const run = runs.find((other) => other.what === what && other.endMs === startMs);
    if (run === undefined) runs.push({ what, startMs, endMs: Math.min(endMs, horizonMs) });
    else run.endMs = Math.min(endMs, horizonMs);
  }
  return runs.map(({ what, startMs, endMs }) => `${what} ${startMs} ${endMs}`).toSorted();
}

/** Whether every one of some things is among others, each as often. Both are in order. */
function isPartOf(some: readonly string[], others: readonly string[]): boolean {
  let at = 0;
  for (const other of others) if (other === some[at]) at++;
  return at === some.length;
}
