import type { Calendar, Hold } from '../calendar/calendar.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { Load } from './load.ts';

/** What a state's calendar comes to, good until another state of the fleet is asked about. */
export function runningOf({ fleet, calendar }: Pick<State, 'fleet' | 'calendar'>): Running {
  const running = known.get(fleet) ?? new Running(fleet);
  known.set(fleet, running);
  running.follow(calendar);
  return running;
}

/** A fleet never changes, and one calendar of it is mostly like the one that was asked about before. */
const known = new WeakMap<Fleet, Running>();

/**
 * Sums over many nodes that are kept up instead of summed anew for every audit. Goes from any calendar to any other by
 * comparing the lists of holds, which never change: what is said about a calendar does not depend on what came before.
 */
export class Running {
  readonly #fleet: Fleet;
  #calendar: Calendar = [];
  readonly #lists: (readonly Hold[])[];
  readonly #loads = new Map<readonly FleetNode[], Load>();
  /** By node, the loads that it counts for. */
  readonly #counted: Load[][];
  readonly #closing = new Set<FleetNode>();

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#lists = fleet.nodes.map(() => nothing);
    this.#counted = fleet.nodes.map(() => []);
  }

  /** Watts of some nodes by time. To be asked with the same list, as `standing` gives it: each is kept up for good. */
  load(nodes: readonly FleetNode[]): Load {
    const found = this.#loads.get(nodes);
    if (found !== undefined) return found;
    const load = new Load();
    for (const { index } of nodes) {
      this.#counted[index]?.push(load);
      for (const hold of this.#lists[index] ?? nothing) load.add(hold);
    }
    this.#loads.set(nodes, load);
    return load;
  }

  /** Nodes on which something that is held at any time closes a place to others. */
  get closing(): ReadonlySet<FleetNode> {
    return this.#closing;
  }

  follow(calendar: Calendar): void {
    if (calendar === this.#calendar) return;
    this.#calendar = calendar;
    for (let at = 0; at < this.#lists.length; at++) {
      const holds = calendar[at] ?? nothing;
      if (holds !== this.#lists[at]) this.#replace(at, holds);
    }
  }

  #replace(at: number, holds: readonly Hold[]): void {
    const before = this.#lists[at] ?? nothing;
    this.#lists[at] = holds;
    const [gone, come] = [lacking(before, holds), lacking(holds, before)];
    for (const load of this.#counted[at] ?? []) {
      for (const hold of gone) load.remove(hold);
      for (const hold of come) load.add(hold);
    }
    const node = this.#fleet.nodes[at];
    if (node === undefined) return;
    if (holds.some(({ alone }) => alone !== 'shared')) this.#closing.add(node);
    else this.#closing.delete(node);
  }
}

const nothing: readonly Hold[] = [];

/** What of a list stands between what it has in common with the other at both ends: mostly one hold, or none. */
function lacking(holds: readonly Hold[], others: readonly Hold[]): readonly Hold[] {
  const most = Math.min(holds.length, others.length);
  let front = 0;
  while (front < most && holds[front] === others[front]) front++;
  let back = 0;
  while (back < most - front && holds.at(-1 - back) === others.at(-1 - back)) back++;
  return holds.slice(front, holds.length - back);
}
