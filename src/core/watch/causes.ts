import { digestOf } from '../../model/canonical.ts';
import { type Contract, isStanding } from '../../model/contract.ts';
import { type Digest, isWithin, type Path } from '../../model/id.ts';
import { seatsOf } from '../../model/placement.ts';
import type { Cause } from '../../model/run.ts';
import { compareText } from '../../model/text.ts';
import type { Binding } from '../binding/binding.ts';
import type { Log, Occurrence } from '../occurrence/log.ts';
import { seatsAt } from '../occurrence/touched.ts';
import type { State } from '../state.ts';

/** What a watch looks for at a moment. */
export type Watching = {
  readonly atMs: number;
  /** Contracts that end so soon are extended; without it nobody looks at ends. */
  readonly endingWithinMs?: number | undefined;
};

/**
 * What needs a hand: of each contract that stands a breach, faults of what it holds now, hand-overs that failed, its
 * end. By kind, then by contract. A fault is known by the events that told of it, so the next one is another cause.
 */
export function causesOf(state: State, log: Log, watching: Watching): readonly Cause[] {
  const open = goingOn(log, watching.atMs);
  const standing = [...state.contracts].filter((contract) => isStanding(contract, watching.atMs));
  return [
    ...standing.flatMap((contract) => breachOf(state, contract)),
    ...standing.flatMap((contract) => faultOf(state, contract, open)),
    ...standing.flatMap((contract) => handOverOf(state, contract)),
    ...standing.flatMap((contract) => endingOf(contract, watching)),
  ];
}

const faults: ReadonlySet<Occurrence['kind']> = new Set(['fault', 'thermal', 'drain', 'gone']);

function goingOn({ all, open }: Log, atMs: number): readonly Occurrence[] {
  const going = [...open.values()].flatMap((at) => all.at(at) ?? []);
  return going
    .filter(
      ({ kind, untilMs = Infinity, atMs: fromMs }) => faults.has(kind) && fromMs <= atMs && untilMs > atMs,
    )
    .toSorted((a, b) => a.seq - b.seq || compareText(a.id, b.id));
}

function breachOf(state: State, contract: Contract): Cause[] {
  const breach = state.observed.get(contract.id)?.breach;
  if (breach === undefined) return [];
  const places = nodesOf(contract).filter((node) => breach.places.some((place) => isWithin(place, node)));
  // It has left what broke it: the next measurement says whether that helped.
  if (breach.places.length > 0 && places.length === 0) return [];
  return [cause('breach', contract, { places, told: [breach.sinceMs] })];
}

/** All that is wrong with what it holds at once: one plan leaves all of it. */
function faultOf(state: State, contract: Contract, open: readonly Occurrence[]): Cause[] {
  const hits = open
    .map((one) => ({ id: one.id, nodes: seatsAt(state, contract, one) }))
    .filter(({ nodes }) => nodes.length > 0);
  if (hits.length === 0) return [];
  const places = [...new Set(hits.flatMap(({ nodes }) => nodes))].toSorted(compareText);
  const events = hits.map(({ id }) => id);
  return [cause('fault', contract, { places, told: events, events })];
}

/** An engine refused it, or was tried so often that a person would have to look. */
function handOverOf(state: State, contract: Contract): Cause[] {
  const failed = [...state.bindings.values()].filter((binding) => isFailed(contract, binding));
  const told = failed.map(({ engine, beganAtMs }) => `${engine} ${beganAtMs}`).toSorted(compareText);
  if (failed.length === 0) return [];
  const places = nodesOf(contract).filter((node) =>
    failed.some(
      (binding) => binding.places.length === 0 || binding.places.some((place) => isWithin(node, place)),
    ),
  );
  return [cause('hand-over', contract, { places, told })];
}

function isFailed({ id, version }: Contract, binding: Binding): boolean {
  const { last, nextAtMs } = binding;
  if (binding.subject !== id || binding.version !== version || last === undefined) return false;
  return last.result === 'refused' || (last.result !== 'kept' && nextAtMs === undefined);
}

function endingOf(contract: Contract, { atMs, endingWithinMs }: Watching): Cause[] {
  const { endMs } = contract.placement;
  if (endMs === undefined || endingWithinMs === undefined || endMs - atMs > endingWithinMs) return [];
  return [cause('ending', contract, { places: [], told: [endMs] })];
}

function cause(
  kind: Cause['kind'],
  { id }: Contract,
  about: {
    readonly places: readonly Path[];
    readonly told: readonly (string | number)[];
    readonly events?: Cause['events'];
  },
): Cause {
  const key: Digest = digestOf([kind, id, ...about.told]);
  const events = (about.events ?? []).slice(0, 16);
  return { key, kind, contract: id, places: about.places.slice(0, 16), events };
}

function nodesOf({ placement }: Contract): readonly Path[] {
  return [...new Set(seatsOf(placement).map(({ node }) => node))].toSorted(compareText);
}
