import type { Isolation } from '../../model/demand.ts';
import { type Calendar, type Hold, peakOf } from '../calendar/calendar.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { type Columns, copyColumns, makeColumns, sizeOfColumns } from './columns.ts';
import { putRow, type Rows } from './rows.ts';
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
  #columns: Columns = makeColumns(0);
  readonly #tenantNumbers = new Map<string, number>();
  /** The most watts that are ever held on a node at one time. */
  readonly peaks: Float64Array;
  /** By node, the revision at which its holds were packed. */
  readonly #packedAt: Int32Array;
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
    this.#packedAt = new Int32Array(nodeCount);
    this.peaks = new Float64Array(nodeCount);
  }

  get rows(): Rows {
    return this.#columns.rows;
  }

  get cpus(): Float64Array {
    return this.#columns.cpus;
  }

  get memories(): Float64Array {
    return this.#columns.memories;
  }

  get holders(): Int32Array {
    return this.#columns.holders;
  }

  get tenants(): Int32Array {
    return this.#columns.tenants;
  }

  get alone(): Uint8Array {
    return this.#columns.alone;
  }

  get reach(): Float64Array {
    return this.#columns.reach;
  }

  /** Another one whenever other holds are packed: what was read of it before is no longer true. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether all that is held on some nodes was held on them at an earlier revision too, and nothing else. */
  isAsAt(revision: number, nodes: readonly FleetNode[]): boolean {
    if (revision === this.#revision) return true;
    for (const { index } of nodes) if ((this.#packedAt[index] ?? 0) > revision) return false;
    return true;
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
    const changed: number[] = [];
    let grown = 0;
    for (let node = 0; node < this.nodeCount; node++) {
      const holds = calendar[node] ?? nothing;
      if (holds === this.#lists[node]) continue;
      changed.push(node);
      if (holds.length > (this.count[node] ?? 0)) grown += holds.length;
    }
    this.#reserve(grown);
    for (const node of changed) this.#pack(node, calendar[node] ?? nothing);
    this.#calendar = calendar;
    if (changed.length === 0) return;
    this.#revision++;
    for (const node of changed) this.#packedAt[node] = this.#revision;
    this.#windows = [];
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
      this.first[node] = this.#used;
      this.#used += length;
    }
    this.count[node] = length;
    const first = this.first[node] ?? 0;
    const { rows, cpus, memories, holders, tenants, alone, reach } = this.#columns;
    let closing = 0;
    let reachMs = -Infinity;
    for (const [at, entry] of inOrder(holds).entries()) {
      putRow(rows, first + at, entry);
      cpus[first + at] = entry.cpuMilli;
      memories[first + at] = entry.memoryMib;
      holders[first + at] = entry.holder.startsWith('C-') ? Number(entry.holder.slice('C-'.length)) : -1;
      tenants[first + at] = entry.tenant === undefined ? -1 : this.#numberOf(entry.tenant);
      alone[first + at] = levelOf(entry.alone);
      reachMs = Math.max(reachMs, entry.endMs);
      reach[first + at] = reachMs;
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
    if (this.#used + length <= sizeOfColumns(this.#columns)) return;
    const live = this.count.reduce((sum, count) => sum + count, 0);
    const before = this.#columns;
    this.#columns = makeColumns(Math.ceil((live + length) * 1.25) + 64);
    this.#used = 0;
    let run = { from: 0, to: 0 };
    for (let node = 0; node < this.nodeCount; node++) {
      const from = this.first[node] ?? 0;
      if (from !== run.to) {
        this.#take(before, run);
        run = { from, to: from };
      }
      this.first[node] = this.#used + from - run.from;
      run.to += this.count[node] ?? 0;
    }
    this.#take(before, run);
  }

  /** Takes over what lies side by side in other columns. */
  #take(before: Columns, run: { readonly from: number; readonly to: number }): void {
    copyColumns(this.#columns, this.#used, before, run);
    this.#used += run.to - run.from;
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
