import type { Isolation } from '../../model/demand.ts';
import { type Calendar, type Hold, peakOf } from '../calendar/calendar.ts';
import type { Fleet } from '../inventory/fleet.ts';
import { copyRows, makeRows, putRow, type Rows, sizeOfRows } from './rows.ts';
import type { Stretch } from './stretches.ts';
import { type Span, Window } from './window.ts';

/** So many windows of one calendar are remembered; the one not asked for longest goes first. */
const windowLimit = 24;

/**
 * The holds of a calendar side by side in numbers, node after node, each node's by start: what a search reads
 * thousands of times. It follows the calendars it is asked about: a node is packed again when its list of holds is
 * another one, which a comparison of pointers finds, so forks and older states get the right answer too.
 */
export class Packed {
  readonly nodeCount: number;
  #calendar: Calendar = [];
  #lists: (readonly Hold[] | undefined)[] = [];
  /** Where a node's holds begin in the pool, and how many they are. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  rows: Rows = makeRows(0);
  cpus = new Float64Array(0);
  memories = new Float64Array(0);
  /** Numbers of the contracts that hold; -1 for what else does. */
  holders = new Int32Array(0);
  /** Numbers of the tenants that hold, in the order in which they came up; -1 for nobody. */
  tenants = new Int32Array(0);
  /** What they close to other tenants: the number of a level, see `levelOf`. */
  alone = new Uint8Array(0);
  /** When the last of a node's holds up to here ends: everything before the first that reaches on is over by then. */
  reach = new Float64Array(0);
  readonly #tenantNumbers = new Map<string, number>();
  /** The most watts that are ever held on a node at one time. */
  readonly peaks: Float64Array;
  /** When limits would be passed, as far as it was asked; for the calendar that was followed last. */
  overloads = new Map<string, readonly Stretch[]>();
  #used = 0;
  /** How many holds close something to others, by node. */
  readonly #closing: Int32Array;
  /** How many holds have slices, by node. */
  readonly slicing: Int32Array;
  #closingTotal = 0;
  #siteClosingTotal = 0;
  #slicedTotal = 0;
  #closingKnown: Int32Array | undefined;
  #windows: Window[] = [];
  #revision = 0;

  constructor(nodeCount: number) {
    this.nodeCount = nodeCount;
    this.first = new Int32Array(nodeCount);
    this.count = new Int32Array(nodeCount);
    this.#closing = new Int32Array(nodeCount);
    this.slicing = new Int32Array(nodeCount);
    this.peaks = new Float64Array(nodeCount);
  }

  /** Another one whenever other holds are packed: what was read of it before is no longer true. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether no hold at any time closes anything to other tenants, or to all. */
  get isShared(): boolean {
    return this.#closingTotal === 0;
  }

  /** Whether any hold at any time holds slices of GPUs. */
  get isSliced(): boolean {
    return this.#slicedTotal > 0;
  }

  /** How many holds at any time close a whole site to other tenants. */
  get siteClosing(): number {
    return this.#siteClosingTotal;
  }

  /** By node, how many holds at any time close something to other tenants, or to all. A copy: it stays as it is. */
  closing(): Int32Array {
    return (this.#closingKnown ??= this.#closing.slice());
  }

  /** Moves to a calendar; free when it is the one already packed. */
  follow(calendar: Calendar): void {
    if (calendar === this.#calendar) return;
    let isChanged = false;
    for (let node = 0; node < this.nodeCount; node++) {
      const holds = calendar[node] ?? nothing;
      if (holds === this.#lists[node]) continue;
      this.#pack(node, holds);
      isChanged = true;
    }
    this.#calendar = calendar;
    if (!isChanged) return;
    this.#revision++;
    this.#windows = [];
    this.overloads = new Map();
    this.#closingKnown = undefined;
  }

  /** The number of a tenant; -2 for one that never held anything. */
  tenantNumber(tenant: string): number {
    return this.#tenantNumbers.get(tenant) ?? -2;
  }

  /** What is taken over a span of the calendar that was followed last. */
  window(span: Span): Window {
    const at = this.#windows.findIndex(
      ({ startMs, endMs }) => startMs === span.startMs && endMs === span.endMs,
    );
    const window = this.#windows[at] ?? new Window(this, span);
    if (at >= 0) this.#windows.splice(at, 1);
    this.#windows.unshift(window);
    if (this.#windows.length > windowLimit) this.#windows.pop();
    return window;
  }

  #pack(node: number, holds: readonly Hold[]): void {
    const length = holds.length;
    if (length > (this.count[node] ?? 0)) {
      this.#reserve(length);
      this.first[node] = this.#used;
      this.#used += length;
    }
    this.count[node] = length;
    const first = this.first[node] ?? 0;
    let closing = 0;
    let reachMs = -Infinity;
    for (const [at, entry] of inOrder(holds).entries()) {
      putRow(this.rows, first + at, entry);
      this.cpus[first + at] = entry.cpuMilli;
      this.memories[first + at] = entry.memoryMib;
      this.holders[first + at] = entry.holder.startsWith('C-') ? Number(entry.holder.slice('C-'.length)) : -1;
      this.tenants[first + at] = entry.tenant === undefined ? -1 : this.#numberOf(entry.tenant);
      this.alone[first + at] = levelOf(entry.alone);
      reachMs = Math.max(reachMs, entry.endMs);
      this.reach[first + at] = reachMs;
      if (entry.alone !== 'shared' || entry.tenant === undefined) closing++;
    }
    this.#siteClosingTotal += closingSite(holds) - closingSite(this.#lists[node] ?? nothing);
    this.#slicedTotal -= this.slicing[node] ?? 0;
    this.slicing[node] = slicing(holds);
    this.#slicedTotal += this.slicing[node] ?? 0;
    this.#closingTotal += closing - (this.#closing[node] ?? 0);
    this.#closing[node] = closing;
    this.peaks[node] = peakOf(holds, -Infinity, ({ powerW }) => powerW);
    this.#lists[node] = holds;
  }

  #numberOf(tenant: string): number {
    const number = this.#tenantNumbers.get(tenant) ?? this.#tenantNumbers.size;
    this.#tenantNumbers.set(tenant, number);
    return number;
  }

  /** Makes room at the end of the pool: drops what no node points at any more, then grows by a quarter. */
  #reserve(length: number): void {
    if (this.#used + length <= sizeOfRows(this.rows)) return;
    const live = this.count.reduce((sum, count) => sum + count, 0);
    const size = Math.ceil((live + length) * 1.25) + 64;
    const before = {
      rows: this.rows,
      cpus: this.cpus,
      memories: this.memories,
      holders: this.holders,
      tenants: this.tenants,
      alone: this.alone,
      reach: this.reach,
    };
    this.rows = makeRows(size);
    this.cpus = new Float64Array(size);
    this.memories = new Float64Array(size);
    this.holders = new Int32Array(size);
    this.tenants = new Int32Array(size);
    this.alone = new Uint8Array(size);
    this.reach = new Float64Array(size);
    this.#used = 0;
    for (let node = 0; node < this.nodeCount; node++) {
      const from = this.first[node] ?? 0;
      const to = from + (this.count[node] ?? 0);
      this.first[node] = this.#used;
      copyRows(this.rows, this.#used, before.rows, { from, to });
      this.cpus.set(before.cpus.subarray(from, to), this.#used);
      this.memories.set(before.memories.subarray(from, to), this.#used);
      this.holders.set(before.holders.subarray(from, to), this.#used);
      this.tenants.set(before.tenants.subarray(from, to), this.#used);
      this.alone.set(before.alone.subarray(from, to), this.#used);
      this.reach.set(before.reach.subarray(from, to), this.#used);
      this.#used += to - from;
    }
  }
}

const nothing: readonly Hold[] = [];

/** A fleet never changes, and most questions are about one calendar of it or its next one. */
const known = new WeakMap<Fleet, Packed>();

/** The packed holds of a state, which stand as long as no other state of the fleet is asked about. */
export function packedOf({
  fleet,
  calendar,
}: {
  readonly fleet: Fleet;
  readonly calendar: Calendar;
}): Packed {
  const packed = known.get(fleet) ?? new Packed(fleet.nodes.length);
  known.set(fleet, packed);
  packed.follow(calendar);
  return packed;
}

const levels: readonly Isolation[] = ['shared', 'node', 'rack', 'site'];

/** Levels at which a tenant can be alone, as numbers: each includes those below it. */
export function levelOf(isolation: Isolation = 'shared'): number {
  return levels.indexOf(isolation);
}

function closingSite(holds: readonly Hold[]): number {
  return holds.reduce((sum, { alone }) => sum + Number(alone === 'site'), 0);
}

function slicing(holds: readonly Hold[]): number {
  return holds.reduce((sum, { slices }) => sum + Number(slices !== undefined), 0);
}

function inOrder(holds: readonly Hold[]): readonly Hold[] {
  return holds.toSorted((a, b) => a.startMs - b.startMs);
}
