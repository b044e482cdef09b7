import type { RackFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { Fleet, FleetRack, Supply } from './fleet.ts';

/**
 * The feeds that a node hangs on: those it names itself, else all that anybody has recorded for its rack. A letter
 * that is no feed of the building is one of its rack alone. Empty for a node of which neither is known.
 */
export function suppliesOf(
  rack: FleetRack | undefined,
  own: readonly string[] | undefined,
  feeds: Feeds,
): readonly Supply[] {
  if (rack === undefined) return [];
  const letters = own === undefined ? lettersOf(rack.facts) : [...new Set(own)].toSorted(compareText);
  const key = letters.join('');
  const lists = known.get(rack) ?? new Map<string, readonly Supply[]>();
  known.set(rack, lists);
  const supplies = lists.get(key) ?? letters.map((letter) => supplyOf(rack, letter, feeds));
  lists.set(key, supplies);
  return supplies;
}

type Feeds = Fleet['feeds'];

/** Racks are made anew with every fleet and never change, so nodes that hang on the same feeds share one list. */
const known = new WeakMap<FleetRack, Map<string, readonly Supply[]>>();

/**
 * Watts that a rack can be promised when all its nodes hang on all its feeds. A lost feed's load goes to the
 * survivors in equal shares, as supplies that balance each other do, so the weakest one counts for each that is left;
 * feeds without a recorded limit count as survivors only. A single feed has no survivor: it carries what it can.
 */
export function survivingPowerW(id: Path, facts: RackFacts): number | undefined {
  const limits = Object.values(facts.feedLimitW ?? {});
  if (limits.length === 0) return undefined;
  const all = lettersOf(facts).map((letter) => supplyOf({ id, facts }, letter, new Map()));
  return Math.min(...limits) * sharersOf(all);
}

/**
 * Among how many supplies, at least, the load of a node is shared when one of them fails or the feed of the building
 * behind several. 1 for a node that has only one.
 */
export function sharersOf(supplies: readonly Supply[]): number {
  const survivors = supplies
    .map(({ feed }) => supplies.filter((other) => other.feed !== feed).length)
    .filter((count) => count > 0);
  return Math.max(1, Math.min(supplies.length - 1, ...survivors));
}

function lettersOf({ feeds, feedLimitW }: RackFacts): readonly string[] {
  const letters = new Set([...Object.keys(feeds ?? {}), ...Object.keys(feedLimitW ?? {})]);
  return [...letters].toSorted(compareText);
}

function supplyOf({ id, facts }: Pick<FleetRack, 'id' | 'facts'>, letter: string, feeds: Feeds): Supply {
  const building = facts.feeds?.[letter];
  return {
    letter,
    feed: building ?? `${id} feed ${letter}`,
    building,
    limitW: facts.feedLimitW?.[letter],
    buildingLimitW: building === undefined ? undefined : feeds.get(building)?.limitW,
  };
}
