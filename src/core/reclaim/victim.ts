import type { Contract } from '../../model/contract.ts';
import type { Member } from '../../model/placement.ts';
import type { Shrink } from '../../model/plan.ts';
import { givenUp } from '../calendar/holding.ts';
import { extrasOf, unshrinkable, withShrunk } from '../life/shrink.ts';
import type { State } from '../state.ts';
import { byNumber } from './holders.ts';
import { lossOf, lossOfSeat } from './loss.ts';

/** What somebody loses so that there is room: a preemptible contract all of it, an elastic one an extra replica. */
export type Victim = { readonly contract: Contract; readonly extra?: Member };

/** What can be taken of a contract from `fromMs` on; nothing of what is reserved. */
export function victimsOf(contract: Contract, fromMs: number): readonly Victim[] {
  if (contract.preemptedAtMs !== undefined) return [];
  if (contract.demand.guarantee === 'preemptible') return [{ contract }];
  if (unshrinkable(contract, fromMs) !== undefined) return [];
  return extrasOf(contract).map((extra) => ({ contract, extra }));
}

/** GPUs times the time left, in millionths of a GPU-second. */
export function victimLoss({ contract, extra }: Victim, fromMs: number): bigint {
  return extra === undefined ? lossOf(contract, fromMs) : lossOfSeat(contract, extra, fromMs);
}

/** Dearest last: less loss, then the youngest, then the higher number; of the extras of a part the last one first. */
export function byLoss(fromMs: number): (a: Victim, b: Victim) => number {
  const known = new Map<Victim, bigint>();
  const of = (victim: Victim) => {
    const loss = known.get(victim) ?? victimLoss(victim, fromMs);
    known.set(victim, loss);
    return loss;
  };
  return (a, b) => {
    const [one, other] = [of(a), of(b)];
    if (one !== other) return one < other ? -1 : 1;
    return (
      b.contract.grantedAtMs - a.contract.grantedAtMs || byNumber(b.contract, a.contract) || lastFirst(a, b)
    );
  };
}

/** Whether one cannot go without the other: extras of a part go from the highest number down. */
export function needs(victim: Victim, other: Victim): boolean {
  const [own, before] = [victim.extra, other.extra];
  if (own === undefined || before === undefined || victim.contract !== other.contract) return false;
  return own.part === before.part && own.replica < before.replica;
}

/** The state without what some victims lose from `atMs` on; nothing where one cannot hold what it is left with. */
export function without(state: State, victims: readonly Victim[], atMs: number): State | undefined {
  const ended = givenUp(state, endedOf(victims), atMs);
  return withShrunk(ended, shrunkOf(victims), atMs);
}

/** Contracts that end, by number. */
export function endedOf(victims: readonly Victim[]): readonly Contract[] {
  return victims.flatMap(({ contract, extra }) => (extra === undefined ? [contract] : [])).toSorted(byNumber);
}

/** Contracts that lose extras, by number, with what they are left with of the parts that lose some. */
export function shrunkOf(
  victims: readonly Victim[],
): readonly { readonly contract: Contract; readonly left: Shrink['left'] }[] {
  const byContract = Map.groupBy(victims, ({ contract }) => contract);
  return [...byContract]
    .flatMap(([contract, own]) => {
      const left = contract.demand.parts.flatMap(({ name: part }) => {
        const lost = own.flatMap(({ extra }) => (extra?.part === part ? [extra.replica] : []));
        return lost.length === 0 ? [] : [{ part, count: Math.min(...lost) }];
      });
      return left.length === 0 ? [] : [{ contract, left }];
    })
    .toSorted((a, b) => byNumber(a.contract, b.contract));
}

function lastFirst({ contract, extra: a }: Victim, { extra: b }: Victim): number {
  const rank = (part: string | undefined) => contract.demand.parts.findIndex(({ name }) => name === part);
  return rank(b?.part) - rank(a?.part) || (b?.replica ?? 0) - (a?.replica ?? 0);
}
