import { alignmentOf, type Demand, type Isolation } from '../../model/demand.ts';
import { type Path, type TenantId } from '../../model/id.ts';
import { type HeldSlice, type Member, type Placement, seatsOf } from '../../model/placement.ts';
import { standsIn } from '../../model/standing.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { firstBits, maskOf, type Mask } from '../mask.ts';
import { peaksOf } from './peaks.ts';
import { type SliceUse, usesOf } from './slices.ts';

/** Stands for the end of a hold that has none. */
export const never = Number.MAX_SAFE_INTEGER;

/** Capacity on one node that is spoken for from `startMs` up to, not including, `endMs`. */
export type Hold = {
  /** The contract, or what else holds it. */
  readonly holder: string;
  /** Nobody's when the node is closed to everybody, for maintenance. */
  readonly tenant?: TenantId;
  /** Nobody's, and closes only the devices it names. */
  readonly devicesOnly?: true;
  readonly startMs: number;
  readonly endMs: number;
  /** Whole ones. */
  readonly gpus: Mask;
  /** Parts of GPUs; absent for the many holds that have none. */
  readonly slices?: readonly HeldSlice[];
  readonly nics: readonly number[];
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly storageGib: number;
  readonly powerW: number;
  /** Its cores and memory are those of its GPUs' NUMA node. */
  readonly aligned: boolean;
  /** What it closes to other tenants: nothing, the node, or the rack or site around it. */
  readonly alone: Isolation;
};

/** Who holds a placement: a contract, or a plan that is held until its lease ends. */
export type Holding = {
  readonly id: string;
  readonly tenant: TenantId;
  readonly demand: Demand;
  readonly placement: Placement;
};

/** A place that nobody may use from `fromMs` up to, not including, `toMs`. */
export type Closure = {
  readonly id: string;
  readonly place: Path;
  readonly fromMs: number;
  readonly toMs: number;
};

/** For every node of the fleet, by its index, what is held on it when. Never changed in place. */
export type Calendar = readonly (readonly Hold[])[];

/** What is left of a node over a whole window. */
export type Room = {
  /** Free whole. */
  readonly gpus: Mask;
  /** Of which slices are held at some time in the window, and which may have room for more. */
  readonly partly: ReadonlyMap<number, SliceUse>;
  readonly nicsTaken: ReadonlySet<number>;
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly storageGib: number;
  /** What is held of single NUMA nodes. */
  readonly aligned: readonly Hold[];
};

/**
 * Enters what is held, spares included. Members on nodes that the fleet no longer lists hold nothing. What ended on
 * these nodes by `forgottenMs` is left out, so that a list is as long as what a node has to do, not as its history.
 */
export function hold(calendar: Calendar, fleet: Fleet, holding: Holding, forgottenMs = 0): Calendar {
  const next = [...calendar];
  for (const [index, holds] of holdsOf(fleet, holding))
    next[index] = [...endingAfter(next[index] ?? [], forgottenMs), ...holds];
  return next;
}

/** Those that have not ended by then. The list itself where that is all of them. */
export function endingAfter<T extends { readonly endMs: number }>(
  holds: readonly T[],
  atMs: number,
): readonly T[] {
  return holds.some(({ endMs }) => endMs <= atMs) ? holds.filter(({ endMs }) => endMs > atMs) : holds;
}

/** Ends what is held at `atMs`; what had not begun by then is gone. */
export function endHolds(calendar: Calendar, fleet: Fleet, holding: Holding, atMs: number): Calendar {
  return ended(calendar, holdsOf(fleet, holding).keys(), holding.id, atMs);
}

/** Closes every node in a place. Its watts stay with the rack: nobody knows what the work there draws. */
export function close(calendar: Calendar, fleet: Fleet, closure: Closure): Calendar {
  const next = [...calendar];
  for (const node of nodesIn(fleet, closure.place))
    next[node.index] = [...(next[node.index] ?? []), wholeNode(node, closure)];
  return next;
}

/** Opens a closed place at `atMs`. */
export function reopen(calendar: Calendar, fleet: Fleet, { id, place }: Closure, atMs: number): Calendar {
  return ended(
    calendar,
    nodesIn(fleet, place).map(({ index }) => index),
    id,
    atMs,
  );
}

export function nodesIn(fleet: Fleet, place: Path): readonly FleetNode[] {
  return fleet.nodes.filter((node) => standsIn(node, place));
}

/** What is free on a node over [startMs, endMs): devices never held in it, and the least of everything else. */
export function roomOf(node: FleetNode, holds: readonly Hold[], startMs: number, endMs: number): Room {
  const overlapping = heldIn(holds, startMs, endMs);
  let taken = 0;
  for (const entry of overlapping) taken |= entry.gpus;
  const all = firstBits(node.shape.gpus.length);
  const peaks = peaksOf(overlapping, startMs);
  const uses = usesOf(node, overlapping, startMs);
  const usable = (all & ~taken & ~node.downMask) >>> 0;
  return {
    gpus: (usable & ~maskOf([...uses.keys()])) >>> 0,
    partly: uses.size === 0 ? uses : new Map([...uses].filter(([gpu]) => ((usable >>> gpu) & 1) === 1)),
    nicsTaken: nicsTaken(node, overlapping),
    cpuMilli: (node.shape.cpuMilli ?? 0) - peaks.cpuMilli,
    memoryMib: (node.shape.memoryMib ?? 0) - peaks.memoryMib,
    storageGib: (node.shape.storageGib ?? 0) - peaks.storageGib,
    aligned: overlapping.filter((entry) => entry.aligned),
  };
}

function nicsTaken({ downNics }: FleetNode, holds: readonly Hold[]): ReadonlySet<number> {
  const taken = new Set(downNics);
  for (const { nics } of holds) for (const nic of nics) taken.add(nic);
  return taken;
}

/** What is held at some time in [startMs, endMs). */
export function heldIn(holds: readonly Hold[], startMs: number, endMs: number): readonly Hold[] {
  return holds.filter((entry) => entry.startMs < endMs && entry.endMs > startMs);
}

/** The most that is held at one time from `startMs` on. `holds` all overlap the window. */
export function peakOf(holds: readonly Hold[], startMs: number, amount: (entry: Hold) => number): number {
  const [only, second] = holds;
  if (only === undefined) return 0;
  if (second === undefined) return Math.max(0, amount(only));
  const steps = holds.flatMap((entry) => [
    { atMs: Math.max(entry.startMs, startMs), change: amount(entry) },
    { atMs: entry.endMs, change: -amount(entry) },
  ]);
  // At one instant what ends is taken off before what begins is put on: ends are not included.
  steps.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
  let level = 0;
  let peak = 0;
  for (const step of steps) {
    level += step.change;
    peak = Math.max(peak, level);
  }
  return peak;
}

function ended(calendar: Calendar, indexes: Iterable<number>, holder: string, atMs: number): Calendar {
  const next = [...calendar];
  const cut = new Map<Hold, Hold>();
  for (const index of indexes) {
    next[index] = (next[index] ?? []).flatMap((entry) => {
      if (entry.holder !== holder || entry.endMs <= atMs) return [entry];
      if (entry.startMs >= atMs) return [];
      const shorter = cut.get(entry) ?? { ...entry, endMs: atMs };
      cut.set(entry, shorter);
      return [shorter];
    });
  }
  return next;
}

function wholeNode({ shape }: FleetNode, { id, fromMs, toMs }: Closure): Hold {
  return {
    holder: id,
    startMs: fromMs,
    endMs: toMs,
    gpus: firstBits(shape.gpus.length),
    nics: shape.nics.map((_, index) => index),
    cpuMilli: shape.cpuMilli ?? 0,
    memoryMib: shape.memoryMib ?? 0,
    storageGib: shape.storageGib ?? 0,
    powerW: 0,
    aligned: false,
    alone: 'shared',
  };
}

/** Replicas that hold the same of different nodes share one hold: it does not say which node it is of. */
function holdsOf(fleet: Fleet, holding: Holding): ReadonlyMap<number, Hold[]> {
  const byNode = new Map<number, Hold[]>();
  const alignedParts = new Set(
    holding.demand.parts.flatMap((part) =>
      alignmentOf(part, holding.demand) === undefined ? [] : [part.name],
    ),
  );
  let last: Hold | undefined;
  for (const member of seatsOf(holding.placement)) {
    const node = fleet.nodeById.get(member.node);
    if (node === undefined) continue;
    const entry = holdOf(holding, member, alignedParts.has(member.part));
    const known = byNode.get(node.index) ?? [];
    if (last === undefined || known.includes(last) || !isSame(last, entry)) last = entry;
    byNode.set(node.index, [...known, last]);
  }
  return byNode;
}

function holdOf({ id, tenant, demand, placement }: Holding, member: Member, aligned: boolean): Hold {
  return {
    holder: id,
    tenant,
    startMs: placement.startMs,
    endMs: placement.endMs ?? never,
    gpus: maskOf(member.gpus),
    ...(member.slices === undefined ? {} : { slices: member.slices }),
    nics: member.nics,
    cpuMilli: member.cpuMilli,
    memoryMib: member.memoryMib,
    storageGib: member.storageGib ?? 0,
    powerW: member.powerW,
    aligned,
    alone: demand.isolation ?? 'shared',
  };
}

/** Of two holds of one holder. */
function isSame(a: Hold, b: Hold): boolean {
  return (
    a.gpus === b.gpus &&
    a.slices === b.slices &&
    a.cpuMilli === b.cpuMilli &&
    a.memoryMib === b.memoryMib &&
    a.storageGib === b.storageGib &&
    a.powerW === b.powerW &&
    a.aligned === b.aligned &&
    a.nics.length === b.nics.length &&
    a.nics.every((nic, at) => nic === b.nics[at])
  );
}
