import type { Contract } from '../../model/contract.ts';
import { compareText } from '../../model/text.ts';
import type { State } from '../state.ts';
import { close } from './closure.ts';
import type { Judge } from './edit.ts';
import type { Fork, Reach } from './fork.ts';
import { brokenBy, endOf, lifted, liveAt, type Remainder, remainderOf, settled } from './remainder.ts';

/** A contract that the edits break, from when on, and which of its promises. */
export type Hit = { readonly remainder: Remainder; readonly broken: readonly string[] };

export type Hits = {
  /** Contracts that hold something now or will. */
  readonly live: readonly Contract[];
  /** Those that cannot stay, in the order in which they are placed anew. */
  readonly moving: readonly Hit[];
  /** The copy on which they hold nothing any more, closed to newcomers where it is cordoned. */
  readonly state: State;
};

/** The state as it is, the copy with the edits, and how to ask the rules on each. */
export type Comparison = {
  readonly before: State;
  readonly fork: Fork;
  readonly atMs: number;
  readonly judge: Judge;
};

/**
 * Finds the contracts that no longer keep every promise on the fork, by the independent check, and have kept it
 * before. Where several together are too much for what is left, as many stay as fit, guaranteed ones first.
 */
export function hitsOn(compared: Comparison): Hits {
  const { before, fork, atMs } = compared;
  const live = liveAt(before, atMs);
  const suspects = live.flatMap((contract) => hitOf(compared, contract) ?? []);
  let next = suspects.reduce((state, { remainder }) => lifted(state, remainder), fork.state);
  const moving: Hit[] = [];
  for (const hit of suspects) {
    const { remainder } = hit;
    const broken = newlyBroken(compared, next, remainder);
    if (broken.length === 0) next = settled(next, remainder, remainder.placement);
    else moving.push({ ...hit, broken });
  }
  return { live, moving, state: close(next, fork.cordons) };
}

function hitOf(compared: Comparison, contract: Contract): Hit | undefined {
  const { fork, atMs } = compared;
  const reaches = fork.reaches.filter((reach) => isReached(contract, reach));
  if (reaches.length === 0) return undefined;
  const whole = remainderOf(contract, atMs);
  const broken = newlyBroken(compared, lifted(fork.state, whole), whole);
  if (broken.length === 0) return undefined;
  const turns = [...new Set(reaches.map(({ fromMs }) => Math.max(fromMs, atMs)))].toSorted((a, b) => a - b);
  const lastMs = turns.findLast((turn) => holdsUntil(compared, whole, turn));
  return { remainder: remainderOf(contract, lastMs ?? atMs), broken };
}

function isReached(contract: Contract, { fromMs, untilMs, touches }: Reach): boolean {
  const { placement } = contract;
  return placement.startMs < untilMs && fromMs < endOf(placement) && touches(contract);
}

/** Whether the contract could run where it is until the turn. */
function holdsUntil(compared: Comparison, whole: Remainder, turnMs: number): boolean {
  const { placement } = whole;
  if (turnMs <= placement.startMs) return true;
  const first = { ...whole, placement: { ...placement, endMs: Math.min(turnMs, endOf(placement)) } };
  return newlyBroken(compared, lifted(compared.fork.state, whole), first).length === 0;
}

/** Constraints that a placement breaks on a state (which does not hold it), and did not break before the edits. */
function newlyBroken({ before, judge }: Comparison, after: State, remainder: Remainder): readonly string[] {
  const { placement } = remainder;
  const found = brokenBy(after, remainder, placement, judge);
  if (found.length === 0) return [];
  const known = new Set(brokenBy(lifted(before, remainder), remainder, placement, judge).map(sameAs));
  const fresh = found.filter((violation) => !known.has(sameAs(violation)));
  const names = new Set(fresh.map(({ constraint }) => constraint));
  // On a closed node nothing is left of anything: that says it all.
  return names.has('maintenance') ? ['closed'] : [...names].toSorted(compareText);
}

/** The same thing is wrong where only the figure of what others hold is another. */
function sameAs({ constraint, note }: { readonly constraint: string; readonly note: string }): string {
  return `${constraint} ${note.replace(/held by others \d+/, '')}`;
}
