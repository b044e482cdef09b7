import { type Hold, peakOf } from '../../core/calendar/calendar.ts';
import type { FleetNode, FleetRack, Supply } from '../../core/inventory/fleet.ts';
import type { Feed, RackPicture } from '../../model/picture-view.ts';
import { compareText } from '../../model/text.ts';
import { holdersOf, holdsOn, lacking, placedNode, type Sight, sumCounts, unitsOf } from './placed-node.ts';

/** A rack with what stands in it, from the top down, and what its feeds carry. */
export function rackPicture(sight: Sight, rack: FleetRack): RackPicture {
  const { facts } = rack;
  const inside = sight.state.fleet.nodes.filter((node) => node.rack === rack.id);
  const nodes = inside.map((node) => placedNode(sight, node));
  const freeUnits = unitsLeft(facts.units, inside);
  return {
    kind: 'rack',
    id: rack.id,
    gpus: sumCounts(nodes.map(({ gpus }) => gpus)),
    holders: holdersOf(sight, inside),
    unknown: unknownOf(rack, inside),
    ...(facts.units === undefined ? {} : { units: facts.units }),
    ...(freeUnits === undefined ? {} : { freeUnits }),
    nodes: nodes.toSorted((a, b) => (b.position ?? 0) - (a.position ?? 0) || compareText(a.id, b.id)),
    misplaced: misplaced(facts.units, inside),
    heldW: peakOf(
      inside.flatMap((node) => holdsOn(sight, node)),
      sight.span.fromMs,
      ({ powerW }) => powerW,
    ),
    ...(rack.powerLimitW === undefined ? {} : { limitW: rack.powerLimitW }),
    feeds: feedsOf(sight, rack, inside),
    ...(facts.loop === undefined ? {} : { loop: facts.loop }),
    ...(rack.coolingLimitW === undefined ? {} : { coolingLimitW: rack.coolingLimitW }),
  };
}

function unitsLeft(units: number | undefined, nodes: readonly FleetNode[]): number | undefined {
  if (units === undefined || nodes.some((node) => unitsOf(node) === undefined)) return undefined;
  return Math.max(
    0,
    nodes.reduce((left, node) => left - (unitsOf(node) ?? 0), units),
  );
}

function unknownOf({ facts, powerLimitW }: FleetRack, nodes: readonly FleetNode[]): string[] {
  return [
    ...(facts.units === undefined ? ['how many units the rack has'] : []),
    ...(powerLimitW === undefined ? ['what its feeds can carry'] : []),
    ...lacking(nodes, 'the position', (node) => node.facts.position !== undefined),
    ...lacking(nodes, 'the height in rack units', (node) => unitsOf(node) !== undefined),
    ...lacking(
      nodes,
      'the watts',
      ({ shape, facts: own }) =>
        (own.nameplateW ?? own.allocatedW ?? own.measuredW ?? shape.basePowerW) !== undefined,
    ),
  ];
}

/** Positions that reach out of the rack or into each other. Heights that nobody recorded count as one unit. */
function misplaced(units: number | undefined, nodes: readonly FleetNode[]): RackPicture['misplaced'] {
  const standing = nodes.flatMap((node) => {
    const from = node.facts.position;
    return from === undefined ? [] : [{ id: node.id, from, to: from + (unitsOf(node) ?? 1) - 1 }];
  });
  return standing.flatMap(({ id, from, to }, at) => {
    const over = units !== undefined && to > units ? [`unit ${to} is above the rack's ${units}`] : [];
    const into = standing
      .filter((other, index) => index < at && other.from <= to && from <= other.to)
      .map((other) => `units ${from} to ${to} are also those of ${other.id}`);
    return [...over, ...into].map((why) => ({ node: id, why }));
  });
}

function feedsOf(sight: Sight, rack: FleetRack, nodes: readonly FleetNode[]): Feed[] {
  const letters = new Map<string, Supply>();
  for (const node of nodes) for (const supply of node.supplies) letters.set(supply.letter, supply);
  for (const letter of [rack.facts.feedLimitW, rack.facts.feeds].flatMap((each) => Object.keys(each ?? {})))
    if (!letters.has(letter)) letters.set(letter, unused(rack, letter));
  return [...letters.values()]
    .toSorted((a, b) => compareText(a.letter, b.letter))
    .map((supply) => feedOf(sight, supply, nodes));
}

/** A feed that nothing hangs on. */
function unused({ id, facts }: FleetRack, letter: string): Supply {
  const building = facts.feeds?.[letter];
  const limitW = facts.feedLimitW?.[letter];
  return { letter, feed: building ?? `${id} feed ${letter}`, building, limitW, buildingLimitW: undefined };
}

/** A node draws on its feeds in equal shares, and on those that are left when one is lost. */
function feedOf(sight: Sight, own: Supply, nodes: readonly FleetNode[]): Feed {
  const heldW = shareW(sight, own, nodes, undefined);
  let worst: { watts: number; letters: string } | undefined;
  for (const [lost, letters] of otherFeeds(own, nodes)) {
    const watts = shareW(sight, own, nodes, lost);
    if (watts > (worst?.watts ?? heldW)) worst = { watts, letters };
  }
  return {
    letter: own.letter,
    ...(own.building === undefined ? {} : { feed: own.building }),
    ...(own.limitW === undefined ? {} : { limitW: own.limitW }),
    heldW,
    worstW: worst?.watts ?? heldW,
    ...(worst === undefined ? {} : { worstWithout: worst.letters }),
  };
}

/** What can be lost beside a feed, with the letters that fall together: several may hang on one of the building. */
function otherFeeds(own: Supply, nodes: readonly FleetNode[]): ReadonlyMap<string, string> {
  const others = nodes.flatMap(({ supplies }) => supplies.filter(({ feed }) => feed !== own.feed));
  return new Map(
    [...Map.groupBy(others, ({ feed }) => feed)].map(([feed, list]) => [
      feed,
      [...new Set(list.map(({ letter }) => letter))].toSorted(compareText).join('+'),
    ]),
  );
}

function shareW(sight: Sight, own: Supply, nodes: readonly FleetNode[], lost: string | undefined): number {
  const shares = nodes.flatMap((node): Hold[] => {
    const left = node.supplies.filter(({ feed }) => feed !== lost);
    if (!left.some(({ letter }) => letter === own.letter)) return [];
    return holdsOn(sight, node).map((hold) => ({ ...hold, powerW: hold.powerW / left.length }));
  });
  const watts = peakOf(shares, sight.span.fromMs, ({ powerW }) => powerW);
  // Thirds of a watt do not add up to a watt in binary.
  return Math.ceil(Number(watts.toFixed(3)));
}
