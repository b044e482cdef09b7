import type { Path } from '../../model/id.ts';
import { standsIn } from '../../model/standing.ts';
import { compareText } from '../../model/text.ts';
import type { Fleet, FleetNode, FleetRack } from '../inventory/fleet.ts';
import { maskOf } from '../mask.ts';
import type { Closure, Span } from './closure.ts';
import type { Losable } from './edit.ts';

/** One thing that is lost, when, and for which cause. */
export type Loss = Span & { readonly what: Losable; readonly cause: string };

/** A letter of a rack's power that is gone for a while. */
type LostFeed = Span & { readonly rack: FleetRack; readonly letter: string };

/** What falls with single things: nodes and devices, by node, then by begin. Feeds fall together, see `darkened`. */
export function closuresOf(fleet: Fleet, losses: readonly Loss[]): readonly Closure[] {
  const direct = losses.flatMap((loss) => directly(fleet, loss));
  return [...direct, ...darkened(fleet, losses)].toSorted(
    (a, b) => compareText(a.node, b.node) || a.fromMs - b.fromMs || a.untilMs - b.untilMs,
  );
}

function directly(fleet: Fleet, { what, cause, fromMs, untilMs }: Loss): readonly Closure[] {
  const span = { cause, fromMs, untilMs };
  switch (what.kind) {
    case 'place':
      return whole(
        fleet.nodes.filter((node) => standsIn(node, what.path)),
        span,
      );
    case 'loop':
      return whole(
        fleet.nodes.filter((node) => rackOf(fleet, node)?.facts.loop === what.path),
        span,
      );
    case 'gpu':
      return [{ node: what.node, gpus: maskOf([what.index]), ...span }];
    case 'nic':
      return [{ node: what.node, nics: [what.index], ...span }];
    case 'leaf':
    case 'spine':
      return fleet.nodes.flatMap((node) => {
        const nics = railsOn(fleet, node, what);
        return nics.length === 0 ? [] : [{ node: node.id, nics, ...span }];
      });
    case 'feed':
    case 'rack-feed':
    case 'wan-link':
    case 'storage-pool':
      return [];
    default:
      return what satisfies never;
  }
}

function whole(nodes: readonly FleetNode[], span: Span & { readonly cause: string }): readonly Closure[] {
  return nodes.map(({ id }) => ({ node: id, ...span }));
}

function rackOf({ racks }: Fleet, { rack }: FleetNode): FleetRack | undefined {
  return rack === undefined ? undefined : racks.get(rack);
}

/**
 * The RDMA NICs of a node that hang on a leaf, or on any leaf under a spine. Losing a spine is taken as losing RDMA
 * under it altogether, also inside one leaf: no fact says which leafs still reach each other.
 */
export function railsOn(fleet: Fleet, node: FleetNode, lost: Losable): readonly number[] {
  const hangs = hangingOn(fleet, lost);
  return node.shape.nics.flatMap((nic, index) =>
    nic.rdma === true && hangs(nic.leaf ?? node.leaf) ? [index] : [],
  );
}

/** Nodes that have RDMA of which only the count is recorded, on a leaf that is lost: no rail can be closed there. */
export function uncountedOn(fleet: Fleet, lost: Losable): readonly FleetNode[] {
  const hangs = hangingOn(fleet, lost);
  return fleet.nodes.filter(
    (node) => node.shape.rdma === 'yes' && hangs(node.leaf) && node.shape.railOf.includes(undefined),
  );
}

function hangingOn({ leafs }: Fleet, lost: Losable): (leaf: Path | undefined) => boolean {
  if (lost.kind !== 'leaf' && lost.kind !== 'spine') return () => false;
  if (lost.kind === 'leaf') return (leaf) => leaf === lost.path;
  return (leaf) => leaf !== undefined && leafs.get(leaf)?.spine === lost.path;
}

/** Nodes all of whose feeds are lost, while they are. */
function darkened(fleet: Fleet, losses: readonly Loss[]): readonly Closure[] {
  const lost = lostFeeds(fleet, losses);
  const racks = new Set(lost.map(({ rack }) => rack.id));
  return fleet.nodes.flatMap((node) => {
    if (node.rack === undefined || !racks.has(node.rack)) return [];
    const rack = fleet.racks.get(node.rack);
    const letters = node.facts.feeds ?? (rack === undefined ? [] : lettersOf(rack));
    return allAtOnce(lost, node.rack, letters).map((span) => ({ node: node.id, cause: 'outage', ...span }));
  });
}

/**
 * What each rack that loses feeds can still carry at the worst time; never more than before. Its first letter that is
 * left stands for all that are left. A rack in which nodes name their own feeds stays as it is: its limits hold with any
 * one feed lost, and nodes all of whose feeds are lost are closed.
 */
export function shrunkenRacks(fleet: Fleet, losses: readonly Loss[]): readonly FleetRack[] {
  const lost = lostFeeds(fleet, losses);
  return [...new Map(lost.map(({ rack }) => [rack.id, rack])).values()].flatMap((rack) => {
    const isMixed = fleet.nodes.some((node) => node.rack === rack.id && node.facts.feeds !== undefined);
    if (rack.powerLimitW === undefined || isMixed) return [];
    const own = lost.filter((feed) => feed.rack.id === rack.id);
    const left = own.map(({ fromMs }) => leftAt(rack, own, fromMs));
    const powerLimitW = Math.min(rack.powerLimitW, ...left);
    return powerLimitW < rack.powerLimitW ? [onOneFeed(rack, own, powerLimitW)] : [];
  });
}

function onOneFeed(rack: FleetRack, lost: readonly LostFeed[], powerLimitW: number): FleetRack {
  const gone = new Set(lost.map(({ letter }) => letter));
  const [letter = 'A'] = lettersOf(rack).filter((known) => !gone.has(known));
  const building = feedBehind(rack, letter);
  const { feeds: _feeds, ...facts } = rack.facts;
  const behind = building === undefined ? {} : { feeds: { [letter]: building } };
  return { ...rack, powerLimitW, facts: { ...facts, feedLimitW: { [letter]: powerLimitW }, ...behind } };
}

/**
 * Watts of the feeds that still stand at an instant, which share the load equally. With none there is no limit to keep,
 * for all nodes are out.
 */
function leftAt(rack: FleetRack, lost: readonly LostFeed[], atMs: number): number {
  const gone = new Set(
    lost.filter((feed) => feed.fromMs <= atMs && atMs < feed.untilMs).map(({ letter }) => letter),
  );
  const left = Object.entries(rack.facts.feedLimitW ?? {}).filter(([letter]) => !gone.has(letter));
  return left.length === 0 ? Infinity : left.length * Math.min(...left.map(([, limitW]) => limitW));
}

function lostFeeds({ racks }: Fleet, losses: readonly Loss[]): readonly LostFeed[] {
  return losses.flatMap(({ what, fromMs, untilMs }) => {
    if (what.kind !== 'feed' && what.kind !== 'rack-feed') return [];
    return [...racks.values()].flatMap((rack) =>
      lettersOf(rack)
        .filter((letter) =>
          what.kind === 'feed'
            ? feedBehind(rack, letter) === what.path
            : rack.id === what.rack && letter === what.letter,
        )
        .map((letter) => ({ rack, letter, fromMs, untilMs })),
    );
  });
}

function feedBehind(rack: FleetRack, letter: string): Path | undefined {
  return new Map(Object.entries(rack.facts.feeds ?? {})).get(letter);
}

/** The letters of a rack's feeds, in order. */
export function lettersOf({ facts }: FleetRack): readonly string[] {
  return [...new Set([...Object.keys(facts.feedLimitW ?? {}), ...Object.keys(facts.feeds ?? {})])].toSorted(
    compareText,
  );
}

/** The spans in which every one of the letters is lost: between two changes nothing changes. */
function allAtOnce(lost: readonly LostFeed[], rack: Path, letters: readonly string[]): readonly Span[] {
  const own = lost.filter((feed) => feed.rack.id === rack);
  const turns = [...new Set(own.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]))].toSorted(
    (a, b) => a - b,
  );
  if (letters.length === 0) return [];
  const spans: Span[] = [];
  for (const [at, fromMs] of turns.entries()) {
    const untilMs = turns[at + 1];
    const dark = letters.every((letter) =>
      own.some((feed) => feed.letter === letter && feed.fromMs <= fromMs && fromMs < feed.untilMs),
    );
    if (dark && untilMs !== undefined) spans.push({ fromMs, untilMs });
  }
  return joined(spans);
}

function joined(spans: readonly Span[]): readonly Span[] {
  return spans.reduce<Span[]>((all, span) => {
    const last = all.at(-1);
    if (last?.untilMs !== span.fromMs) return [...all, span];
    return [...all.slice(0, -1), { fromMs: last.fromMs, untilMs: span.untilMs }];
  }, []);
}
