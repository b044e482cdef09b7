import type { Calendar } from '../calendar/calendar.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { layoutOf } from '../place/layout.ts';
import type { PowerLimit } from '../place/power.ts';
import { Headroom, smallLimit } from './headroom.ts';
import { type Packed, packedOf } from './packed.ts';
import { Profile } from './profile.ts';
import type { Span } from './window.ts';

/** The peaks of watts under the limits of one fleet, for whatever calendar is asked about. */
export class Watts {
  readonly #fleet: Fleet;
  readonly #profiles = new Map<string, Profile>();
  readonly #profileOf = new Map<PowerLimit, Profile>();
  readonly #headroom: Headroom;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#headroom = new Headroom(layoutOf(fleet));
  }

  /** What limits have left at any time at all. It stands as long as no other calendar of the fleet is asked about. */
  headroom(calendar: Calendar): Headroom {
    this.#headroom.follow(packedOf({ fleet: this.#fleet, calendar }));
    return this.#headroom;
  }

  /** The most that is held under the limit at one time of the span. */
  peakW(calendar: Calendar, limit: PowerLimit, span: Span): number {
    if (limit.nodes.length > smallLimit) return this.#profile(limit).peakW(calendar, span);
    return peakOn(packedOf({ fleet: this.#fleet, calendar }), limit.nodes, span);
  }

  /** More than is ever held under the limit: the highest that each node is held at, whenever that is. */
  mostW(calendar: Calendar, limit: PowerLimit): number {
    return limit.limitW - (this.headroom(calendar).leftW[limit.index] ?? 0);
  }

  /** Limits on the same nodes share one. */
  #profile(limit: PowerLimit): Profile {
    const before = this.#profileOf.get(limit);
    if (before !== undefined) return before;
    const nodes = limit.nodes.map(({ index }) => index);
    const key = nodes.join(' ');
    const profile = this.#profiles.get(key) ?? new Profile(nodes);
    this.#profiles.set(key, profile);
    this.#profileOf.set(limit, profile);
    return profile;
  }
}

const known = new WeakMap<Fleet, Watts>();

export function wattsOf(fleet: Fleet): Watts {
  const watts = known.get(fleet) ?? new Watts(fleet);
  known.set(fleet, watts);
  return watts;
}

/**
 * The peak over a span is reached at its start or when something begins in it: the level is counted at each of these.
 */
function peakOn(packed: Packed, nodes: readonly FleetNode[], { startMs, endMs }: Span): number {
  const held = heldOn(packed, nodes, { startMs, endMs });
  let peak = 0;
  for (const at of held) {
    const atMs = Math.max(startMs, packed.starts[at] ?? 0);
    let level = 0;
    for (const other of held) {
      if ((packed.starts[other] ?? 0) <= atMs && (packed.ends[other] ?? 0) > atMs)
        level += packed.watts[other] ?? 0;
    }
    peak = Math.max(peak, level);
  }
  return peak;
}

/** Where in the pool the holds stand that overlap a span. */
function heldOn(packed: Packed, nodes: readonly FleetNode[], { startMs, endMs }: Span): readonly number[] {
  const { first, count, starts, ends } = packed;
  const held: number[] = [];
  for (const { index } of nodes) {
    const from = first[index] ?? 0;
    const to = from + (count[index] ?? 0);
    for (let at = from; at < to && (starts[at] ?? 0) < endMs; at++)
      if ((ends[at] ?? 0) > startMs) held.push(at);
  }
  return held;
}
