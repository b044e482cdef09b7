import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Member, Placement } from '../../model/placement.ts';
import { never } from '../calendar/calendar.ts';
import { givenUp, withHolding } from '../calendar/holding.ts';
import { check } from '../check.ts';
import { bandwidthOf } from '../place/fabric/bandwidth.ts';
import { EdgeRooms } from '../place/fabric/edge-rooms.ts';
import { solve } from '../place/solve.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import type { Rest } from './movable.ts';

/** The state in which the rest of a contract stands with these members and spares, and where it stood is free. */
export function standing(state: State, rest: Rest, seats: readonly Member[]): State {
  const freed = givenUp(state, [rest.contract], rest.placement.startMs);
  return withHolding(freed, { ...rest.contract, placement: placedAs(freed, rest, seats) });
}

/**
 * Whether the rest of a contract could stand with these members and spares instead of its own, as the auditor sees
 * it, at no higher price. `state` holds the contract as it stands now.
 */
export function mayStand(state: State, rest: Rest, seats: readonly Member[]): boolean {
  const { contract, demand, verdict } = rest;
  const freed = givenUp(state, [contract], rest.placement.startMs);
  const placement = placedAs(freed, rest, seats);
  const before = contract.price.microEurPerHour;
  const after = priceOf(state.fleet, placement, undefined).microEurPerHour;
  const isDearer = before !== undefined && (after === undefined || after > before);
  return !isDearer && check(freed, demand, verdict, placement).length === 0;
}

/**
 * The rest of a contract with these seats: spares have the numbers after those that their part asks for, and flows and
 * uplinks go where the members are. Without any where an edge cannot carry them: then the auditor says no. `state` holds
 * nothing for the contract.
 */
export function placedAs(state: State, { demand, placement }: Rest, seats: readonly Member[]): Placement {
  const counts = new Map(demand.parts.map(({ name, count }) => [name, count]));
  const isSpare = ({ part, replica }: Member) => replica >= (counts.get(part) ?? 0);
  const members = seats.filter((seat) => !isSpare(seat));
  const spares = seats.filter(isSpare);
  const { startMs, endMs = never } = placement;
  const bandwidth = bandwidthOf(new EdgeRooms(state, { startMs, endMs }), demand, members) ?? [];
  const { spares: _spares, bandwidth: _bandwidth, ...kept } = placement;
  return {
    ...kept,
    members,
    ...(spares.length === 0 ? {} : { spares }),
    ...(bandwidth.length === 0 ? {} : { bandwidth: [...bandwidth] }),
  };
}

/** One member or spare of a contract on another node, with devices that are free there; nothing where there are none. */
export function seatedOn(state: State, rest: Rest, seat: Member, node: Path): Member | undefined {
  const { startMs } = rest.placement;
  const asked = {
    demand: onlyThis(rest.demand, seat, node),
    starts: { earliestMs: startMs, latestMs: startMs },
    isTrial: true,
  };
  const result = solve(state, rest.verdict, asked);
  const [found] = result.kind === 'solved' ? result.best.members : [];
  return found === undefined ? undefined : { ...found, replica: seat.replica };
}

/** What the whole gang keeps to is the auditor's to see; here one replica looks for its devices. */
function onlyThis(
  {
    together: _together,
    powerCapW: _powerCapW,
    survive: _survive,
    guarantee: _guarantee,
    flows: _flows,
    dataset: _dataset,
    ...demand
  }: Demand,
  seat: Member,
  node: Path,
): Demand {
  const parts = demand.parts.flatMap(({ within: _within, apart: _apart, minCount: _minCount, ...part }) =>
    part.name === seat.part ? [{ ...part, count: 1 }] : [],
  );
  return { ...demand, parts, where: [node] };
}
