import type { Calendar } from '../calendar/calendar.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { layoutOf } from '../place/layout.ts';
import type { PowerLimit } from '../place/power.ts';
import { Headroom, smallLimit } from './headroom.ts';
import { type Packed, packedOf } from './packed.ts';
import { Profile } from './profile.ts';
import { endOfHolds, firstReaching } from './reaching.ts';
import { endAt, startAt, wattsAt } from './rows.ts';
import type { Span } from './window.ts';

/** So many short spans are read hold by hold before a limit on many nodes gets a profile. */
const fewSpans = 6;

/** A span that one in so many of all holds overlaps takes as long to read as a profile does to make. */
const longShare = 3;

/** The peaks of watts under the limits of one fleet, for whatever calendar is asked about. */
export class Watts {
  readonly #fleet: Fleet;
  readonly #profiles = new Map<string, Profile>();
  readonly #profileOf = new Map<PowerLimit, Profile>();
  /** How many spans were read of limits that have no profile yet. */
  readonly #spans = new Map<PowerLimit, number>();
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
    const before = this.#profileOf.get(limit);
    if (before !== undefined) return before.peakW(calendar, span);
    const packed = packedOf({ fleet: this.#fleet, calendar });
    const held = heldOn(packed, limit.nodes, span);
    if (limit.nodes.length > smallLimit && this.#isWorthAProfile(packed, limit, held.length))
      return this.#profile(limit).peakW(calendar, span);
    return peakOf(packed, held, span);
  }

  /** Whether more than so many watts are held under the limit at some time of the span. */
  passes(calendar: Calendar, limit: PowerLimit, span: Span & { readonly powerW: number }): boolean {
    const { startMs, powerW } = span;
    if (this.mostW(calendar, limit) <= powerW) return false;
    const packed = packedOf({ fleet: this.#fleet, calendar });
    return levelOn(packed, limit.nodes, startMs) > powerW || this.peakW(calendar, limit, span) > powerW;
  }

  /** More than is ever held under the limit: the highest that each node is held at, whenever that is. */
  mostW(calendar: Calendar, limit: PowerLimit): number {
    return limit.limitW - (this.headroom(calendar).leftW[limit.index] ?? 0);
  }

  #isWorthAProfile({ count }: Packed, limit: PowerLimit, heldCount: number): boolean {
    const spans = (this.#spans.get(limit) ?? 0) + 1;
    this.#spans.set(limit, spans);
    const allCount = limit.nodes.reduce((sum, { index }) => sum + (count[index] ?? 0), 0);
    return spans > fewSpans || longShare * heldCount > allCount;
  }

  /** Limits on the same nodes share one. */
  #profile(limit: PowerLimit): Profile {
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

/** What is held on some nodes at one instant. */
function levelOn(packed: Packed, nodes: readonly FleetNode[], atMs: number): number {
  let level = 0;
  for (const at of heldOn(packed, nodes, { startMs: atMs, endMs: atMs + 1 }))
    level += wattsAt(packed.rows, at);
  return level;
}

/** Where there are no more holds than this, each is compared with each. */
const fewHolds = 24;

/** The peak over a span is reached at its start or when something begins in it. */
function peakOf(packed: Packed, held: readonly number[], span: Span): number {
  return held.length > fewHolds ? peakInOrder(packed, held, span) : peakByPairs(packed, held, span);
}

function peakByPairs(packed: Packed, held: readonly number[], { startMs }: Span): number {
  let peak = 0;
  for (const at of held) {
    const atMs = Math.max(startMs, startAt(packed.rows, at));
    let level = 0;
    for (const other of held) {
      if (startAt(packed.rows, other) <= atMs && endAt(packed.rows, other) > atMs)
        level += wattsAt(packed.rows, other);
    }
    peak = Math.max(peak, level);
  }
  return peak;
}

/** By going through what begins and what ends side by side, each in order: at one instant what ends is off first. */
function peakInOrder({ rows }: Packed, held: readonly number[], { startMs }: Span): number {
  const begun = held.filter((at) => startAt(rows, at) > startMs);
  let level = 0;
  for (const at of held) if (startAt(rows, at) <= startMs) level += wattsAt(rows, at);
  let peak = level;
  const later = Uint32Array.from(begun).toSorted((a, b) => startAt(rows, a) - startAt(rows, b));
  const over = Uint32Array.from(held).toSorted((a, b) => endAt(rows, a) - endAt(rows, b));
  let ended = 0;
  for (const at of later) {
    for (; ended < over.length && endAt(rows, over[ended] ?? 0) <= startAt(rows, at); ended++)
      level -= wattsAt(rows, over[ended] ?? 0);
    level += wattsAt(rows, at);
    peak = Math.max(peak, level);
  }
  return peak;
}

/** Where in the pool the holds stand that overlap a span. */
function heldOn(packed: Packed, nodes: readonly FleetNode[], { startMs, endMs }: Span): readonly number[] {
  const { rows } = packed;
  const held: number[] = [];
  for (const { index } of nodes) {
    const to = endOfHolds(packed, index);
    for (let at = firstReaching(packed, index, startMs); at < to && startAt(rows, at) < endMs; at++)
      if (endAt(rows, at) > startMs) held.push(at);
  }
  return held;
}
