import { type Contract, isStanding } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import { type Placement, seatsOf } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import { never } from '../calendar/calendar.ts';
import { edgeKey } from '../calendar/edges.ts';
import { givenUp, tenuresOf, withHolding } from '../calendar/holding.ts';
import { check } from '../check.ts';
import type { Violation } from '../given.ts';
import type { State } from '../state.ts';
import type { Judge } from './edit.ts';

/** What is left of a contract from an instant on: the same promise for the rest of its time. */
export type Remainder = {
  readonly contract: Contract;
  readonly demand: Demand;
  readonly placement: Placement;
};

/**
 * Contracts that hold something at `atMs` or will, guaranteed ones first, then by start and id. One that a change is
 * still to take over stands here twice: with what it holds until then, and with what comes after.
 */
export function liveAt(state: State, atMs: number): readonly Contract[] {
  return [...state.contracts]
    .filter((contract) => isStanding(contract, atMs))
    .flatMap((contract) => runsOf(contract, atMs))
    .toSorted(guaranteedFirst);
}

function runsOf(contract: Contract, atMs: number): readonly Contract[] {
  if (contract.earlier === undefined) return [contract];
  return tenuresOf(contract).flatMap(({ holding: { demand, placement }, untilMs }): Contract[] => {
    if (placement === contract.placement) return [contract];
    const endMs = Math.min(untilMs, endOf(placement));
    if (endMs <= atMs || endMs <= placement.startMs) return [];
    return [{ ...contract, demand, placement: { ...placement, endMs } }];
  });
}

function guaranteedFirst(a: Contract, b: Contract): number {
  return rankOf(a) - rankOf(b) || a.placement.startMs - b.placement.startMs || compareText(a.id, b.id);
}

function rankOf({ demand }: Contract): number {
  return ['reserved', 'elastic', 'preemptible'].indexOf(demand.guarantee ?? 'reserved');
}

/**
 * What is left at `atMs`. Durations are whole seconds, so a contract that has begun is cut up to a second
 * earlier. The price is agreed, so its budget has no say any more.
 */
export function remainderOf(contract: Contract, atMs: number): Remainder {
  const { startMs: begunMs } = contract.placement;
  const endMs = endOfContract(contract);
  const restS = endMs === undefined ? undefined : Math.ceil((endMs - Math.max(begunMs, atMs)) / 1000);
  const cutMs = endMs === undefined || restS === undefined ? atMs : endMs - restS * 1000;
  const startMs = Math.max(begunMs, cutMs);
  const { budget: _budget, ...demand } = contract.demand;
  return {
    contract,
    demand: {
      ...demand,
      window: { earliestStartMs: startMs, ...(restS === undefined ? {} : { durationS: restS }) },
    },
    placement: { ...contract.placement, startMs, ...(endMs === undefined ? {} : { endMs }) },
  };
}

/** Its end, or an earlier one at which it is to make way for another contract. */
function endOfContract({ placement: { endMs }, preemptedAtMs }: Contract): number | undefined {
  if (preemptedAtMs === undefined) return endMs;
  return Math.min(endMs ?? never, preemptedAtMs);
}

export function endOf({ endMs }: Placement): number {
  return endMs ?? never;
}

/** The state without what the contract holds from the remainder's start on. */
export function lifted(state: State, { contract, placement }: Remainder): State {
  if (contract.earlier === undefined) return givenUp(state, [contract], placement.startMs);
  return withoutRun(state, contract, placement);
}

/** What a contract holds before or after this run of it stays: its spares and its bandwidth go with its members. */
function withoutRun(state: State, { id, placement }: Contract, run: Placement): State {
  const nodes = new Set(seatsOf(placement).map(({ node }) => state.fleet.nodeById.get(node)?.index));
  const calendar = state.calendar.map((holds, index) =>
    nodes.has(index) ? besideRun(holds, id, run) : holds,
  );
  const bandwidth = new Map(state.bandwidth);
  for (const { fabric, edge } of placement.bandwidth ?? []) {
    const key = edgeKey(fabric, edge);
    const left = besideRun(bandwidth.get(key) ?? [], id, run);
    if (left.length === 0) bandwidth.delete(key);
    else bandwidth.set(key, left);
  }
  return { ...state, calendar, bandwidth };
}

type Entry = { readonly holder: string; readonly startMs: number; readonly endMs: number };

/** What others hold, and what the holder itself holds before or after a run. */
function besideRun<T extends Entry>(entries: readonly T[], id: string, run: Placement): readonly T[] {
  return entries.flatMap((entry) => {
    const isOther = entry.holder !== id || entry.startMs >= endOf(run) || entry.endMs <= run.startMs;
    if (isOther) return [entry];
    return entry.startMs < run.startMs ? [{ ...entry, endMs: run.startMs }] : [];
  });
}

/** The state with a placement held for the contract. */
export function settled(state: State, { contract }: Remainder, placement: Placement): State {
  return withHolding(state, { ...contract, placement });
}

/** The same, with the contract itself standing there from then on: for what is asked of the copy afterwards. */
export function resettled(state: State, remainder: Remainder, placement: Placement): State {
  const contract = { ...remainder.contract, placement };
  const at = [...state.contracts].findIndex(({ id }) => id === contract.id);
  return { ...settled(state, remainder, placement), contracts: state.contracts.with(at, contract) };
}

/** Start and length of a remainder are cut by us, not promised. */
const own = new Set(['start', 'length', 'deadline']);

/** What a placement would break of what was promised, on a state that does not hold it. */
export function brokenBy(
  state: State,
  { demand }: Remainder,
  placement: Placement,
  judge: Judge,
): readonly Violation[] {
  return check(state, demand, judge(state, demand), placement).filter(
    ({ constraint }) => !own.has(constraint),
  );
}
