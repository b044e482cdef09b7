import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import { givenUp, withHolding } from '../calendar/holding.ts';
import { check } from '../check.ts';
import { solve } from '../place/solve.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import type { Rest } from './movable.ts';

/** The state in which the rest of a contract stands with these members, and what stood there before is free. */
export function standing(state: State, rest: Rest, members: readonly Member[]): State {
  const { contract, placement } = rest;
  const moved: Contract = { ...contract, placement: { ...placement, members: [...members] } };
  const freed = givenUp(state, [contract], placement.startMs);
  return withHolding(freed, moved);
}

/**
 * Whether the rest of a contract could stand with these members instead of its own, as the auditor sees it, at no
 * higher price. `state` holds the contract as it stands now.
 */
export function mayStand(state: State, rest: Rest, members: readonly Member[]): boolean {
  const { contract, demand, placement, verdict } = rest;
  const freed = givenUp(state, [contract], placement.startMs);
  const before = contract.price.microEurPerHour;
  const after = priceOf(state.fleet, { ...placement, members }, undefined).microEurPerHour;
  const isDearer = before !== undefined && (after === undefined || after > before);
  return !isDearer && check(freed, demand, verdict, { ...placement, members: [...members] }).length === 0;
}

/** One member of a contract on another node, with devices that are free there; nothing where there are none. */
export function seatedOn(state: State, rest: Rest, member: Member, node: Path): Member | undefined {
  const { startMs } = rest.placement;
  const asked = {
    demand: onlyThis(rest.demand, member, node),
    starts: { earliestMs: startMs, latestMs: startMs },
    isTrial: true,
  };
  const result = solve(state, rest.verdict, asked);
  const [found] = result.kind === 'solved' ? result.best.members : [];
  return found === undefined ? undefined : { ...found, replica: member.replica };
}

/** What the whole gang keeps to is the auditor's to see; here one replica looks for its devices. */
function onlyThis(
  { together: _together, powerCapW: _powerCapW, survive: _survive, guarantee: _guarantee, ...demand }: Demand,
  member: Member,
  node: Path,
): Demand {
  const parts = demand.parts.flatMap(({ within: _within, apart: _apart, minCount: _minCount, ...part }) =>
    part.name === member.part ? [{ ...part, count: 1 }] : [],
  );
  return { ...demand, parts, where: [node] };
}
