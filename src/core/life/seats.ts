import { type Member, type Placement, seatsOf } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { Candidate } from '../place/solve.ts';
import type { State } from '../state.ts';
import { type Asked, sound } from './stay.ts';

/**
 * The contract with some of its replicas or spares where they were told to go, and all else where it is. Nothing is
 * searched: the auditor says whether it may stand so. Nothing where it may not. `state` holds nothing for the contract.
 */
export function relocated(
  state: State,
  verdict: PolicyVerdict,
  { contract, demand, moves }: Asked & { readonly moves: readonly Member[] },
): Candidate | undefined {
  const targets = new Map(moves.map((move) => [nameOf(move), move]));
  const known = new Set(seatsOf(contract.placement).map(nameOf));
  if (!moves.every((move) => known.has(nameOf(move)))) return undefined;
  const now = (seat: Member) => targets.get(nameOf(seat)) ?? seat;
  const { members, spares } = contract.placement;
  const placement: Placement = {
    ...contract.placement,
    ...(spares === undefined ? {} : { spares: spares.map(now) }),
  };
  return sound(state, verdict, { contract: { ...contract, placement }, demand }, members.map(now));
}

function nameOf({ part, replica }: Member): string {
  return `${part} ${replica}`;
}
