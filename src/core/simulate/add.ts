import { Path, parentOf } from '../../model/id.ts';
import { suppliesOf } from '../inventory/feeds.ts';
import type { FleetNode, FleetRack, NodeShape } from '../inventory/fleet.ts';
import { freeUnits } from '../inventory/units.ts';
import type { State } from '../state.ts';
import { close } from './closure.ts';
import type { NewNodes } from './edit.ts';
import { withMoreNodes, withRacks } from './fleet-copy.ts';

type Added = { readonly state: State; readonly did: string };

/** Room for new nodes: how many stand there, and what was found or could not be checked, in words. */
type Space = { readonly racks: readonly Shelf[]; readonly notes: readonly string[] };
type Shelf = { readonly rack?: FleetRack; readonly count: number };

/**
 * Adds nodes to a copy. More than the rack units hold are left out, and said. Power and cooling only count what
 * the nodes could draw at most; what they may be promised is kept by the search as for every other node.
 */
export function addNodes(state: State, wish: NewNodes): Added {
  const space = wish.rack === undefined ? inNewRacks(state, wish) : inRack(state, wish, wish.rack);
  const racks = space.racks.flatMap(({ rack }) => rack ?? []);
  const furnished: State = { ...state, fleet: withRacks(state.fleet, racks) };
  const made = space.racks.flatMap((shelf) => nodesOn(furnished, shelf, wish));
  const closures = made.map(({ id }) => ({
    node: id,
    cause: 'not there yet',
    fromMs: 0,
    untilMs: wish.fromMs,
  }));
  const notes = [`${made.length} of ${wish.count} nodes added`, ...space.notes];
  return { state: close(withMoreNodes(furnished, made), closures), did: notes.join('; ') };
}

/** The most that a node draws, as far as it is recorded. */
function drawW({ basePowerW, gpuPowerW, gpus }: NodeShape): number | undefined {
  if (basePowerW === undefined || (gpus.length > 0 && gpuPowerW === undefined)) return undefined;
  return basePowerW + gpus.length * (gpuPowerW ?? 0);
}

function inRack(state: State, wish: NewNodes, id: Path): Space {
  const rack = state.fleet.racks.get(id);
  if (rack === undefined) return { racks: [], notes: [`${id} is no rack that is recorded`] };
  const free = freeUnits(state.fleet, rack.id);
  const byUnits = timesIn(free, wish.units);
  const count = Math.min(wish.count, byUnits ?? wish.count);
  const rest = wish.count - count;
  const perRack = emptyCapacity(rack, wish);
  const more = perRack === undefined || perRack === 0 ? undefined : Math.ceil(rest / perRack);
  return {
    racks: [{ rack, count }],
    notes: [
      byUnits === undefined ? 'rack units unchecked: not recorded' : `${free} rack units were free in ${id}`,
      ...(rest === 0
        ? []
        : [`the other ${rest} need ${more === undefined ? 'more racks' : racksOf(more)} like it`]),
      ...budgetNotes(state, rack, { ...wish, count }),
    ],
  };
}

function budgetNotes(state: State, rack: FleetRack, wish: NewNodes): readonly string[] {
  const draws = state.fleet.nodes.filter((node) => node.rack === rack.id).map(({ shape }) => drawW(shape));
  const used = draws.every((draw) => draw !== undefined)
    ? draws.reduce((sum, draw) => sum + draw, 0)
    : undefined;
  const limits = [
    ['power', rack.powerLimitW],
    ['cooling', rack.coolingLimitW],
  ] as const;
  return limits.map(([name, limitW]) => {
    const left = limitW === undefined || used === undefined ? undefined : Math.max(0, limitW - used);
    const fit = timesIn(left, drawW(wish.shape));
    if (fit === undefined) return `rack ${name} unchecked: not recorded`;
    return fit >= wish.count
      ? `rack ${name} holds them at full draw`
      : `rack ${name} has ${left} W left at full draw: enough for ${fit} of them`;
  });
}

/** Racks like the one that the copied node stands in, each filled as far as units, power and cooling go. */
function inNewRacks(state: State, wish: NewNodes): Space {
  const known = wish.like?.rack === undefined ? undefined : state.fleet.racks.get(wish.like.rack);
  const perRack = known === undefined ? undefined : emptyCapacity(known, wish);
  if (known === undefined || perRack === undefined)
    return {
      racks: [{ count: wish.count }],
      notes: ['they stand in no rack: rack units, power and cooling unchecked'],
    };
  if (perRack === 0) return { racks: [], notes: [`not one fits into a rack like ${known.id}`] };
  const need = Math.ceil(wish.count / perRack);
  const racks = Array.from({ length: need }, (_, at): Shelf => ({
    rack: rackLike(state, known, wish, at),
    count: Math.min(perRack, wish.count - at * perRack),
  }));
  return {
    racks,
    notes: [`needs ${racksOf(need)} like ${known.id}, ${perRack} nodes each`, ...siteUnits(state, wish)],
  };
}

function racksOf(count: number): string {
  return count === 1 ? '1 rack' : `${count} racks`;
}

function siteUnits({ fleet }: State, { site, units, count }: NewNodes): readonly string[] {
  const free = fleet.sites.find(({ id }) => id === site)?.facts.freeRackUnits;
  if (free === undefined || units === undefined) return ['rack units of the site unchecked: not recorded'];
  return [`${count * units} rack units are needed, the site has ${free} free`];
}

/** How many such nodes an empty rack holds; nothing where neither units, power nor cooling are recorded. */
function emptyCapacity({ facts, powerLimitW, coolingLimitW }: FleetRack, wish: NewNodes): number | undefined {
  const draw = drawW(wish.shape);
  const known = [
    timesIn(facts.units, wish.units),
    timesIn(powerLimitW, draw),
    timesIn(coolingLimitW, draw),
  ].flatMap((count) => count ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}

function timesIn(whole: number | undefined, each: number | undefined): number | undefined {
  return whole === undefined || each === undefined || each === 0 ? undefined : Math.floor(whole / each);
}

/** In the same hall and on the same loop where it is the same site. */
function rackLike({ fleet }: State, like: FleetRack, { site }: NewNodes, at: number): FleetRack {
  const { loop: _loop, feeds: _feeds, ...elsewhere } = like.facts;
  const inside = like.site === site ? (parentOf(like.id) ?? site) : site;
  const taken = [...fleet.racks.keys()].filter((id) => id.startsWith(`${inside}/new-rack`)).length;
  const id = Path.parse(`${inside}/new-rack${taken + at + 1}`);
  return { ...like, id, site, facts: like.site === site ? like.facts : elsewhere };
}

function nodesOn(state: State, { rack, count }: Shelf, wish: NewNodes): readonly FleetNode[] {
  const inside = rack?.id ?? wish.site;
  const taken = state.fleet.nodes.filter(({ id }) => id.startsWith(`${inside}/new`)).length;
  return Array.from({ length: count }, (_, at) => {
    const id = Path.parse(`${inside}/new${String(taken + at + 1).padStart(2, '0')}`);
    return newNode(state, id, rack, wish);
  });
}

function newNode({ fleet }: State, id: Path, rack: FleetRack | undefined, wish: NewNodes): FleetNode {
  const { like } = wish;
  const beside = rack !== undefined && like?.rack === rack.id;
  return {
    index: -1,
    id,
    hostName: id.replaceAll('/', '-'),
    site: wish.site,
    hall: hallOf(id, (place) => fleet.halls.has(place)),
    rack: rack?.id,
    leaf: beside ? like?.leaf : undefined,
    spine: beside ? like?.spine : undefined,
    island: undefined,
    shape: wish.shape,
    health: 'healthy',
    schedulable: true,
    downMask: 0,
    downNics: new Set(),
    supplies: suppliesOf(rack, like?.facts.feeds, fleet.feeds),
    units: wish.units,
    facts: like?.facts.feeds === undefined ? {} : { feeds: like.facts.feeds },
  };
}

function hallOf(id: Path, isHall: (place: Path) => boolean): Path | undefined {
  for (let place = parentOf(id); place !== undefined; place = parentOf(place))
    if (isHall(place)) return place;
  return undefined;
}
