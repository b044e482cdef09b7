import { type Hold, heldIn, peakOf } from '../../core/calendar/calendar.ts';
import type { FleetNode } from '../../core/inventory/fleet.ts';
import { indexesOf } from '../../core/mask.ts';
import type { State } from '../../core/state.ts';
import type { GpuCounts } from '../../model/inventory-view.ts';
import type { GpuUse, Holder, PlacedNode, Seat, Watts } from '../../model/picture-view.ts';
import { compareText } from '../../model/text.ts';
import { mayActFor } from '../caller.ts';
import type { Caller } from '../control.ts';
import { countsOf, type Span } from '../views/inventory-view.ts';

/** What pictures are made from: a state, a window of it, and who looks. */
export type Sight = { readonly state: State; readonly span: Span; readonly caller: Caller };

/** A node with what its GPUs are doing in the window. */
export function placedNode(sight: Sight, node: FleetNode): PlacedNode {
  const holds = holdsOn(sight, node);
  const { facts, shape } = node;
  const units = unitsOf(node);
  return {
    id: node.id,
    hostName: node.hostName,
    ...(facts.machine === undefined ? {} : { machine: facts.machine }),
    gpuModels: shape.models.map(({ model }) => model),
    gpus: countsOf(sight.state, node, sight.span),
    seats: shape.gpus.map((_, index) => seatOf(sight.caller, node, holds, index)),
    heldBy: namesOf(sight.caller, holds),
    power: wattsOf(sight, node),
    feeds: node.supplies.map(({ letter }) => letter),
    ...(units === undefined ? {} : { units }),
    ...(facts.position === undefined ? {} : { position: facts.position }),
    health: node.health,
    ...(facts.healthReason === undefined ? {} : { healthReason: facts.healthReason }),
    schedulable: node.schedulable,
  };
}

/** What is held on a node at some time in the window. */
export function holdsOn({ state, span }: Sight, node: FleetNode): readonly Hold[] {
  return heldIn(state.calendar[node.index] ?? [], span.fromMs, span.toMs);
}

/** Rack units, by what is recorded of the node itself, else of its kind. */
export function unitsOf({ facts, units }: FleetNode): number | undefined {
  return facts.units ?? units;
}

/** Watts that are promised and those that are known, each by what it is. */
function wattsOf(sight: Sight, node: FleetNode): Watts {
  const heldW = peakOf(holdsOn(sight, node), sight.span.fromMs, (hold) => hold.powerW);
  const { nameplateW, allocatedW, measuredW } = node.facts;
  const known = [partsWatts(node), nameplateW, allocatedW, measuredW].flatMap((watts) => watts ?? []);
  return {
    heldW,
    ...(known.length === 0 ? {} : { mostW: Math.max(...known) }),
    ...(nameplateW === undefined ? {} : { nameplateW }),
    ...(allocatedW === undefined ? {} : { allocatedW }),
    ...(measuredW === undefined ? {} : { measuredW }),
  };
}

/** What is known of its parts together: of the GPUs alone where nobody has said what the rest draws. */
function partsWatts({ shape }: FleetNode): number | undefined {
  const { basePowerW, gpuPowerW, gpus } = shape;
  const gpusW = gpuPowerW === undefined || gpus.length === 0 ? undefined : gpus.length * gpuPowerW;
  if (basePowerW === undefined) return gpusW;
  return gpus.length > 0 && gpusW === undefined ? undefined : basePowerW + (gpusW ?? 0);
}

function seatOf(caller: Caller, node: FleetNode, holds: readonly Hold[], index: number): Seat {
  const whole = holds.filter(({ gpus }) => ((gpus >>> index) & 1) === 1);
  const parts = holds.filter(({ slices = [] }) => slices.some(({ gpu }) => gpu === index));
  return { index, use: useOf(node, { whole, parts, index }), heldBy: namesOf(caller, [...whole, ...parts]) };
}

type On = { readonly whole: readonly Hold[]; readonly parts: readonly Hold[]; readonly index: number };

function useOf(node: FleetNode, { whole, parts, index }: On): GpuUse {
  if (node.health === 'down' || ((node.downMask >>> index) & 1) === 1) return 'down';
  if (whole.some(({ tenant }) => tenant !== undefined)) return 'held';
  if (whole.length > 0) return 'closed';
  if (parts.length > 0) return 'part';
  if (!node.schedulable) return 'cordoned';
  return node.shape.whole === 'yes' ? 'free' : 'unpromised';
}

/** Who holds, of those the caller may be told. What closes a place to everybody is told to everybody. */
export function namesOf(caller: Caller, holds: readonly Hold[]): string[] {
  const told = holds.filter(({ tenant }) => tenant === undefined || mayActFor(caller, tenant));
  return [...new Set(told.map(({ holder }) => holder))].toSorted(compareText);
}

/** Everybody who holds something on the nodes, with the GPUs that are theirs. */
export function holdersOf(sight: Sight, nodes: readonly FleetNode[]): Holder[] {
  const found = new Map<string, Holder>();
  for (const node of nodes) {
    const holds = holdsOn(sight, node);
    for (const id of namesOf(sight.caller, holds)) {
      const own = holds.filter(({ holder }) => holder === id);
      const tenant = own.find((hold) => hold.tenant !== undefined)?.tenant;
      const gpuCount = (found.get(id)?.gpuCount ?? 0) + gpusOf(own);
      found.set(id, { id, ...(tenant === undefined ? {} : { tenant }), gpuCount });
    }
  }
  return [...found.values()].toSorted((a, b) => compareText(a.id, b.id));
}

function gpusOf(holds: readonly Hold[]): number {
  return new Set(
    holds.flatMap(({ gpus, slices = [] }) => [...indexesOf(gpus), ...slices.map(({ gpu }) => gpu)]),
  ).size;
}

export function sumCounts(counts: readonly GpuCounts[]): GpuCounts {
  const sum = { total: 0, free: 0, reserved: 0, unavailable: 0 };
  for (const each of counts) {
    sum.total += each.total;
    sum.free += each.free;
    sum.reserved += each.reserved;
    sum.unavailable += each.unavailable;
  }
  return sum;
}

/** `3 of 4 nodes: rack units`, for what nobody has recorded of some of them; nothing when all have it. */
export function lacking(
  nodes: readonly FleetNode[],
  what: string,
  isKnown: (node: FleetNode) => boolean,
): string[] {
  const without = nodes.filter((node) => !isKnown(node)).length;
  if (without === 0) return [];
  return [`${what} of ${without === nodes.length ? '' : `${without} of `}${nodeWords(nodes.length)}`];
}

function nodeWords(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
