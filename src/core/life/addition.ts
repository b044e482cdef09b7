import { canonicalJson } from '../../model/canonical.ts';
import type { Contract } from '../../model/contract.ts';
import { type HeldBandwidth, type Member, type Placement, seatsOf } from '../../model/placement.ts';
import type { Plan } from '../../model/plan.ts';
import { never } from '../calendar/calendar.ts';
import { edgeKey } from '../calendar/edges.ts';

/** How what a plan holds compares with what the contract that it changes holds, seat by seat, whatever its number. */
export type Step = {
  readonly gained: readonly Member[];
  readonly kept: readonly Member[];
  readonly lost: readonly Member[];
};

/** A seat is kept when everything it holds of its node stays the same. */
export function stepOf({ placement: before }: Pick<Contract, 'placement'>, after: Placement): Step {
  const lost = Map.groupBy(seatsOf(before), held);
  const gained: Member[] = [];
  const kept: Member[] = [];
  for (const seat of seatsOf(after)) {
    const [same, ...others] = lost.get(held(seat)) ?? [];
    if (same !== undefined) lost.set(held(seat), others);
    (same === undefined ? gained : kept).push(seat);
  }
  return { gained, kept, lost: [...lost.values()].flat() };
}

/**
 * What a plan holds beyond the contract that it changes, in up to three stretches of time: all of it before the
 * contract begins and after it ends, and in between what comes to it. With what the contract holds that is what the
 * plan needs, as long as seats are only gained or only lost: what moves would draw power in two places at once.
 */
export function additionTo(contract: Contract, { demand, placement }: Plan): readonly Placement[] {
  const { startMs, endMs = never } = placement;
  const [beginMs, doneMs] = [contract.placement.startMs, contract.placement.endMs ?? never];
  const [fromMs, toMs] = [Math.max(startMs, beginMs), Math.min(endMs, doneMs)];
  if (fromMs >= toMs) return [placement];
  const { gained, kept } = stepOf(contract, placement);
  const closing = demand.isolation === contract.demand.isolation ? [] : kept.map(nothingOf);
  const { spares: _spares, bandwidth, transfers: _transfers, ...rest } = placement;
  const whole = {
    ...rest,
    members: [...seatsOf(placement)],
    ...(bandwidth === undefined ? {} : { bandwidth }),
  };
  const between = {
    members: [...gained, ...closing],
    bandwidth: [...more(contract.placement.bandwidth, bandwidth)],
    transfers: [...newTransfers(contract.placement, placement)],
  };
  return [
    ...during(whole, startMs, Math.min(endMs, beginMs)),
    ...during(between, fromMs, toMs),
    ...during(whole, Math.max(startMs, doneMs), endMs),
  ];
}

type Held = Pick<Placement, 'members' | 'bandwidth' | 'transfers'>;

function during(what: Held, startMs: number, endMs: number): readonly Placement[] {
  const { members, bandwidth = [], transfers = [] } = what;
  if (startMs >= endMs || members.length + bandwidth.length + transfers.length === 0) return [];
  return [{ ...what, startMs, ...(endMs === never ? {} : { endMs }) }];
}

function held({ part: _part, replica: _replica, ...what }: Member): string {
  return canonicalJson(what);
}

/** A seat that holds nothing but its place, which it may close to others. */
function nothingOf({ part, replica, node }: Member): Member {
  return { part, replica, node, gpus: [], nics: [], cpuMilli: 0, memoryMib: 0, powerW: 0 };
}

function more(before: readonly HeldBandwidth[] = [], after: readonly HeldBandwidth[] = []): HeldBandwidth[] {
  const had = new Map(before.map(({ fabric, edge, mbps }) => [edgeKey(fabric, edge), mbps]));
  return after.flatMap(({ fabric, edge, mbps }) => {
    const added = mbps - (had.get(edgeKey(fabric, edge)) ?? 0);
    return added > 0 ? [{ fabric, edge, mbps: added }] : [];
  });
}

function newTransfers({ transfers: before = [] }: Placement, { transfers = [] }: Placement) {
  const moving = new Set(before.map((transfer) => canonicalJson(transfer)));
  return transfers.filter((transfer) => !moving.has(canonicalJson(transfer)));
}
