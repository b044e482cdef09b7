import type { Contract } from '../../model/contract.ts';
import type { Path } from '../../model/id.ts';
import { type Placement, seatsOf } from '../../model/placement.ts';
import { lapse } from '../life/lapse.ts';
import { type Mask, sizeOf } from '../mask.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import type { Closure } from './closure.ts';
import type { Edit, Judge } from './edit.ts';
import { forkOf } from './fork.ts';
import { type Growth, grow } from './growth.ts';
import { type Hit, hitsOn } from './hits.ts';
import { type Move, moveOf } from './move.ts';
import { type Repricing, repricedBy } from './prices.ts';
import { settled } from './remainder.ts';

/** What becomes of one contract that the edits break. */
export type Affected = {
  readonly contract: Contract;
  /** When it can no longer run as it does. */
  readonly fromMs: number;
  /** The promises that broke, by the names of the check. */
  readonly broken: readonly string[];
  readonly move: Move;
  /** At list prices, before and after; nothing where one is not recorded. */
  readonly wasMicroEurPerHour?: number;
  readonly isMicroEurPerHour?: number;
};

/** The answer to a scenario. */
export type Simulated = {
  /** What each edit did, in their order. */
  readonly did: readonly string[];
  readonly lostNodes: number;
  readonly lostGpus: number;
  /** Contracts that hold something and go on as they are. */
  readonly unaffected: number;
  readonly affected: readonly Affected[];
  readonly growth: readonly Growth[];
  readonly prices: readonly Repricing[];
  /** Of all list prices that were asked for, contracts that were looked at. */
  readonly priced: number;
  /** What stands in the way most often. */
  readonly bottleneck?: { readonly binding: string; readonly count: number };
  /** The copy after the edits, the moves and the growth. */
  readonly state: State;
};

/** For so many contracts is it found out where they would be cheapest. */
const pricedLimit = 200;

/**
 * Makes all edits true on a copy of the state, places anew what they break, guaranteed contracts first, and then
 * tries what is to come besides. The state given stays as it is. `judge` asks the rules.
 */
export function simulate(before: State, edits: readonly Edit[], atMs: number, judge: Judge): Simulated {
  const state = lapse(before, atMs);
  const fork = forkOf(state, edits);
  const hits = hitsOn({ before: state, fork, atMs, judge });
  let next = hits.state;
  const affected: Affected[] = [];
  for (const hit of hits.moving) {
    const move = moveOf(next, hit.remainder, judge, { bends: true });
    if (move.kind !== 'stuck') next = settled(next, hit.remainder, move.placement);
    affected.push({ ...affectedBy(hit, move), ...prices(state, next, hit, move) });
  }
  const growth: Growth[] = [];
  for (const edit of edits) {
    if (edit.kind !== 'grow') continue;
    const grown = grow(next, edit, atMs, judge);
    next = grown.state;
    growth.push(grown);
  }
  const priced = edits.some(({ kind }) => kind === 'price') ? hits.live.slice(0, pricedLimit) : [];
  return {
    did: fork.did,
    ...lost(state, fork.closures),
    unaffected: untouched(hits.live, affected),
    affected,
    growth,
    prices: repricedBy({ before: state, after: fork.state }, priced, atMs, judge),
    priced: priced.length,
    ...bottleneckOf(affected, growth),
    state: next,
  };
}

function untouched(live: readonly Contract[], affected: readonly Affected[]): number {
  const hit = new Set(affected.map(({ contract }) => contract.id));
  return new Set(live.flatMap(({ id }) => (hit.has(id) ? [] : [id]))).size;
}

function affectedBy({ remainder, broken }: Hit, move: Move): Affected {
  return { contract: remainder.contract, fromMs: remainder.placement.startMs, broken, move };
}

function prices(
  before: State,
  after: State,
  { remainder }: Hit,
  move: Move,
): Pick<Affected, 'wasMicroEurPerHour' | 'isMicroEurPerHour'> {
  const was = listed(before, remainder.placement);
  const is = move.kind === 'stuck' ? undefined : listed(after, move.placement);
  return {
    ...(was === undefined ? {} : { wasMicroEurPerHour: was }),
    ...(is === undefined ? {} : { isMicroEurPerHour: is }),
  };
}

function listed({ fleet }: State, placement: Placement): number | undefined {
  if (seatsOf(placement).some(({ node }) => !fleet.nodeById.has(node))) return undefined;
  return priceOf(fleet, placement, undefined).microEurPerHour;
}

/** Nodes that are out at some time, each counted once, and their GPUs; single GPUs of other nodes besides. */
function lost({ fleet }: State, closures: readonly Closure[]): Pick<Simulated, 'lostNodes' | 'lostGpus'> {
  const whole = new Set(
    closures.flatMap(({ node, gpus, nics }) => (gpus === undefined && nics === undefined ? [node] : [])),
  );
  const masks = new Map<Path, Mask>();
  for (const { node, gpus = 0 } of closures)
    if (!whole.has(node)) masks.set(node, ((masks.get(node) ?? 0) | gpus) >>> 0);
  const gpusOf = (id: Path) => fleet.nodeById.get(id)?.shape.gpus.length ?? 0;
  const single = [...masks.values()].reduce((sum, mask) => sum + sizeOf(mask), 0);
  return { lostNodes: whole.size, lostGpus: [...whole].reduce((sum, id) => sum + gpusOf(id), single) };
}

/** The binding constraint of most contracts and demands that found no room; of several the first by name. */
function bottleneckOf(
  affected: readonly Affected[],
  growth: readonly Growth[],
): Pick<Simulated, 'bottleneck'> {
  const bindings = [
    ...affected.flatMap(({ move }) => (move.kind === 'stuck' ? [move.binding] : [])),
    ...growth.flatMap(({ first }) => first?.binding ?? []),
  ];
  const counts = [...Map.groupBy(bindings, (binding) => binding)].map(([binding, all]) => ({
    binding,
    count: all.length,
  }));
  const [most] = counts.toSorted((a, b) => b.count - a.count || (a.binding < b.binding ? -1 : 1));
  return most === undefined ? {} : { bottleneck: most };
}
