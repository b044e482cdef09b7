import type { Path } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import { type Calendar, type Hold, heldIn, never } from '../calendar/calendar.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { firstBits, type Mask, maskOf } from '../mask.ts';
import type { State } from '../state.ts';

/** From `fromMs` up to, not including, `untilMs`; `never` for what does not end. */
export type Span = { readonly fromMs: number; readonly untilMs: number };

/** Something of a node that nobody can use for a while: all of it, or single devices. */
export type Closure = Span & {
  readonly node: Path;
  /** Shown where the hold stands in the way: `outage`, `maintenance`. */
  readonly cause: string;
  readonly gpus?: Mask;
  readonly nics?: readonly number[];
};

/** Enters closures as holds, so that the search, the check and the earliest start all see them in time. */
export function close(state: State, closures: readonly Closure[]): State {
  if (closures.length === 0) return state;
  const calendar: (readonly Hold[])[] = [...state.calendar];
  for (const closure of closures) {
    const node = state.fleet.nodeById.get(closure.node);
    if (node === undefined || closure.untilMs <= closure.fromMs) continue;
    calendar[node.index] = [...(calendar[node.index] ?? []), holdOf(node, closure)];
  }
  return { ...state, calendar };
}

/** Whether a member could not work at some time in the span, for its node or a device of it is closed. */
export function isClosedTo(state: State, member: Member, span: Span): boolean {
  const node = state.fleet.nodeById.get(member.node);
  if (node === undefined) return true;
  return heldIn(state.calendar[node.index] ?? [], span.fromMs, span.untilMs).some(
    (hold) =>
      hold.tenant === undefined &&
      (isWhole(hold) ||
        (hold.gpus & maskOf(member.gpus)) !== 0 ||
        hold.nics.some((nic) => member.nics.includes(nic))),
  );
}

/** The nodes that are closed as a whole at an instant. */
export function closedNodes(fleet: Fleet, calendar: Calendar, atMs: number): ReadonlySet<Path> {
  const closed = fleet.nodes.filter((node) =>
    heldIn(calendar[node.index] ?? [], atMs, atMs + 1).some(
      (hold) => hold.tenant === undefined && isWhole(hold),
    ),
  );
  return new Set(closed.map(({ id }) => id));
}

/** Held for nobody: all that the node has, or the devices that were named. */
function holdOf({ shape }: FleetNode, { cause, fromMs, untilMs, gpus, nics }: Closure): Hold {
  const span = { startMs: fromMs, endMs: Math.min(untilMs, never) };
  const nothing = { cpuMilli: 0, memoryMib: 0, storageGib: 0, powerW: 0 };
  const common = { holder: cause, ...span, ...nothing, aligned: false, alone: 'shared' } as const;
  if (gpus !== undefined || nics !== undefined)
    return { ...common, gpus: gpus ?? 0, nics: nics ?? [], devicesOnly: true };
  return {
    ...common,
    gpus: firstBits(shape.gpus.length),
    nics: shape.nics.map((_, index) => index),
    cpuMilli: shape.cpuMilli ?? 0,
    memoryMib: shape.memoryMib ?? 0,
    storageGib: shape.storageGib ?? 0,
  };
}

function isWhole({ devicesOnly }: Hold): boolean {
  return devicesOnly !== true;
}
