import type { Demand, Part } from '../../model/demand.ts';
import type { Member, Placement } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import { type Hold, never } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { State } from '../state.ts';

/** One placement under audit: what was asked, what is about to be promised, and what stands there already. */
export type Audit = {
  readonly state: State;
  readonly demand: Demand;
  readonly verdict: PolicyVerdict;
  readonly placement: Placement;
  /** The window that is held: [startMs, endMs), also when the contract has no end. */
  readonly startMs: number;
  readonly endMs: number;
  readonly seats: readonly Seat[];
};

/** A member or spare on a node that exists, with its part where the demand has such a one. */
export type Seat = {
  readonly member: Member;
  readonly isSpare: boolean;
  readonly part: Part | undefined;
  readonly node: FleetNode;
  /** What other contracts hold on the node at some time in the window. */
  readonly holds: readonly Hold[];
};

/** One question to a placement. It answers with everything that is wrong, not with the first thing. */
export type AuditRule = (audit: Audit) => Iterable<Violation>;

export function auditOf(state: State, demand: Demand, verdict: PolicyVerdict, placement: Placement): Audit {
  const startMs = placement.startMs;
  const endMs = placement.endMs ?? never;
  const parts = new Map(demand.parts.map((part) => [part.name, part]));
  const seatOf = (member: Member, isSpare: boolean): Seat[] => {
    const node = state.fleet.nodeById.get(member.node);
    if (node === undefined) return [];
    const holds = holdsIn(state, node, startMs, endMs);
    return [{ member, isSpare, part: parts.get(member.part), node, holds }];
  };
  const seats = [
    ...placement.members.flatMap((member) => seatOf(member, false)),
    ...(placement.spares ?? []).flatMap((member) => seatOf(member, true)),
  ];
  return { state, demand, verdict, placement, startMs, endMs, seats: seats.toSorted(bySeat) };
}

/** What is held on a node at some time in [startMs, endMs). */
export function holdsIn(state: State, node: FleetNode, startMs: number, endMs: number): readonly Hold[] {
  return (state.calendar[node.index] ?? []).filter((hold) => hold.startMs < endMs && startMs < hold.endMs);
}

export function broken(constraint: string, note: string): Violation {
  return { constraint, note };
}

/** A member in words: `train` 3 on fra1/h1/r11/n02. */
export function named({ part, replica, node }: Member): string {
  return `\`${part}\` ${replica} on ${node}`;
}

/** The end of a hold in words. */
export function until(endMs: number): string {
  return endMs === never ? 'without end' : `until ${endMs}`;
}

/** A shift counts modulo 32: a number beyond the mask must not stand for another device. */
export function hasBit(mask: number, index: number): boolean {
  return index < 32 && ((mask >>> index) & 1) === 1;
}

function bySeat(a: Seat, b: Seat): number {
  return (
    compareText(a.member.part, b.member.part) ||
    a.member.replica - b.member.replica ||
    compareText(a.node.id, b.node.id) ||
    compareText(a.member.gpus.join(), b.member.gpus.join())
  );
}
