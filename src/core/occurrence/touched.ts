import type { Contract } from '../../model/contract.ts';
import { type ContractId, isWithin, parentOf, type Path } from '../../model/id.ts';
import { type Member, seatsOf } from '../../model/placement.ts';
import { standsIn } from '../../model/standing.ts';
import { tenuresOf } from '../calendar/holding.ts';
import type { State } from '../state.ts';
import type { Occurrence } from './log.ts';

/** Contracts that an occurrence is about, or that held something where it was while it went on; by number. */
export function touchedBy(state: State, one: Occurrence): readonly ContractId[] {
  if (one.contract !== undefined) return [one.contract];
  return [...state.contracts].filter((contract) => touches(state, contract, one)).map(({ id }) => id);
}

/** Whether a contract is one of them. */
export function touches(state: State, contract: Contract, one: Occurrence): boolean {
  const { place } = one;
  if (one.contract !== undefined || place === undefined) return one.contract === contract.id;
  return tenuresOf(contract).some(({ holding: { placement }, untilMs }) => {
    const endMs = Math.min(untilMs, placement.endMs ?? Infinity);
    const isMeanwhile = placement.startMs < (one.untilMs ?? Infinity) && one.atMs < endMs;
    return isMeanwhile && seatsOf(placement).some((member) => sitsIn(state, member, place));
  });
}

/** The nodes of what a contract holds now, or will, that are where an occurrence is. */
export function seatsAt(state: State, { placement }: Contract, { place }: Occurrence): readonly Path[] {
  if (place === undefined) return [];
  return seatsOf(placement)
    .filter((member) => sitsIn(state, member, place))
    .map(({ node }) => node);
}

/** Whether a member holds the device, or anything of the machine or place. */
function sitsIn({ fleet }: State, { node, gpus, slices = [], nics }: Member, place: Path): boolean {
  const [, kind, number] = /\/(gpu|nic)(\d+)$/u.exec(place) ?? [];
  if (kind !== undefined && parentOf(place) === node) {
    const held = kind === 'nic' ? nics : [...gpus, ...slices.map(({ gpu }) => gpu)];
    return held.includes(Number(number));
  }
  const known = fleet.nodeById.get(node);
  return known === undefined ? isWithin(node, place) : standsIn(known, place);
}
