import type { RackFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import type { Violation } from '../given.ts';
import type { Fleet, FleetNode, FleetRack } from '../inventory/fleet.ts';
import { type Audit, broken, holdsIn } from './audit.ts';

/** One feed that a node hangs on: the rack's letter for it, and the feed of the building behind the letter. */
type Feed = { readonly letter: string; readonly building: Path | undefined };

/** The letters a node names, else all of which its rack has said anything. Nothing hangs on what nobody recorded. */
export function hangsOn(racks: Fleet['racks'], { rack: id, facts }: FleetNode): readonly Feed[] {
  const rack = id === undefined ? undefined : racks.get(id)?.facts;
  if (rack === undefined) return [];
  const letters = new Set(facts.feeds ?? feedsIn(rack).map(({ letter }) => letter));
  return [...letters].map((letter) => ({ letter, building: rack.feeds?.[letter] }));
}

function feedsIn({ feeds = {}, feedLimitW = {} }: RackFacts): readonly Feed[] {
  const letters = new Set([...Object.keys(feeds), ...Object.keys(feedLimitW)]);
  return [...letters].map((letter) => ({ letter, building: feeds[letter] }));
}

/**
 * Watts that a rack may hold whose nodes all hang on all its feeds: whichever one fails, or feed of the building
 * behind some of them, each letter that is left carries its equal share.
 */
export function rackLimitW(rack: FleetRack): number | undefined {
  const known = limits.get(rack) ?? { limitW: leastCarriedW(rack) };
  limits.set(rack, known);
  return known.limitW;
}

/** A rack never changes: an inventory that says something else about it makes another one. */
const limits = new WeakMap<FleetRack, { readonly limitW: number | undefined }>();

function leastCarriedW({ facts }: FleetRack): number | undefined {
  const feeds = feedsIn(facts);
  const carried = lossesOf(feeds).flatMap((lost) => {
    const left = feeds.filter(({ letter }) => !lost.has(letter));
    return left.flatMap(({ letter }) => {
      const limitW = facts.feedLimitW?.[letter];
      return limitW === undefined ? [] : [limitW * left.length];
    });
  });
  return carried.length === 0 ? undefined : Math.min(...carried);
}

/**
 * The same for a rack in which some nodes name their own feeds: each letter carries its share of every node that
 * still hangs on it. A node that is left without any feed has fallen and draws nothing.
 */
export function* letterLimits(audit: Audit, { id, facts }: FleetRack): Generator<Violation> {
  const { racks, nodes } = audit.state.fleet;
  const around = nodes
    .filter((node) => node.rack === id)
    .map((node) => ({ node, feeds: hangsOn(racks, node) }));
  const used = new Set(
    audit.seats
      .filter(({ node }) => node.rack === id)
      .flatMap(({ node }) => hangsOn(racks, node).map(({ letter }) => letter)),
  );
  for (const [letter, limitW] of Object.entries(facts.feedLimitW ?? {})) {
    if (!used.has(letter)) continue;
    const worst = lossesOf(around.flatMap(({ feeds }) => feeds))
      .filter((lost) => !lost.has(letter))
      .map((lost) => loadOn(audit, { letter, lost }, around))
      .reduce((most, load) => (load > most ? load : most), 0n);
    if (worst > BigInt(limitW) * fractions)
      yield broken(
        'rack-power',
        `${id}: feed ${letter} carries up to ${(worst + fractions - 1n) / fractions} W, limit ${limitW}`,
      );
  }
}

/** What can be lost at once: nothing, one letter, or all letters of one feed of the building. */
function lossesOf(feeds: readonly Feed[]): readonly ReadonlySet<string>[] {
  const buildings = new Set(feeds.flatMap(({ building }) => building ?? []));
  return [
    new Set<string>(),
    ...[...new Set(feeds.map(({ letter }) => letter))].map((letter) => new Set([letter])),
    ...[...buildings].map(
      (lost) => new Set(feeds.flatMap(({ letter, building }) => (building === lost ? [letter] : []))),
    ),
  ];
}

/** Loads are counted in fractions of a watt that every number of letters divides: lcm(1…26). */
const fractions = 26_771_144_400n;

type Around = readonly { readonly node: FleetNode; readonly feeds: readonly Feed[] }[];

/** The most that a letter carries at one instant of the window with some letters lost. */
function loadOn(
  audit: Audit,
  { letter, lost }: { readonly letter: string; readonly lost: ReadonlySet<string> },
  around: Around,
): bigint {
  const changes = new Map<number, bigint>();
  const draw = (fromMs: number, untilMs: number, load: bigint) => {
    changes.set(fromMs, (changes.get(fromMs) ?? 0n) + load);
    changes.set(untilMs, (changes.get(untilMs) ?? 0n) - load);
  };
  for (const { node, feeds } of around) {
    const left = feeds.filter((feed) => !lost.has(feed.letter));
    if (!left.some((feed) => feed.letter === letter)) continue;
    const share = fractions / BigInt(left.length);
    for (const { member } of audit.seats.filter((seat) => seat.node === node))
      draw(audit.startMs, audit.endMs, BigInt(member.powerW) * share);
    for (const hold of holdsIn(audit.state, node, audit.startMs, audit.endMs))
      draw(Math.max(hold.startMs, audit.startMs), hold.endMs, BigInt(hold.powerW) * share);
  }
  let load = 0n;
  let most = 0n;
  for (const [, change] of [...changes].toSorted(([a], [b]) => a - b)) {
    load += change;
    if (load > most) most = load;
  }
  return most;
}
