import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import { suppliesOf } from '../inventory/feeds.ts';
import type { Fleet, FleetNode, FleetRack, FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';

/** The fleet with some nodes as given; they keep their index. */
export function withNodes(fleet: Fleet, changed: readonly FleetNode[]): Fleet {
  if (changed.length === 0) return fleet;
  const fresh = new Map(changed.map((node) => [node.id, node]));
  return relisted(
    fleet,
    fleet.nodes.map((node) => fresh.get(node.id) ?? node),
  );
}

export function withRacks(fleet: Fleet, changed: readonly FleetRack[]): Fleet {
  if (changed.length === 0) return fleet;
  const racks = inOrder([...fleet.racks, ...changed.map((rack) => [rack.id, rack] as const)]);
  const fresh = new Map(changed.map((rack) => [rack.id, rack]));
  const moved = fleet.nodes.flatMap((node) => {
    const rack = node.rack === undefined ? undefined : fresh.get(node.rack);
    return rack === undefined ? [] : [{ ...node, supplies: suppliesOf(rack, node.facts.feeds, fleet.feeds) }];
  });
  return withNodes({ ...fleet, racks }, moved);
}

export function withSite(fleet: Fleet, site: Path, change: (site: FleetSite) => FleetSite): Fleet {
  return { ...fleet, sites: fleet.sites.map((known) => (known.id === site ? change(known) : known)) };
}

/** The state with more nodes, in the order of ids as everywhere; the calendar moves with its nodes. */
export function withMoreNodes(state: State, more: readonly FleetNode[]): State {
  if (more.length === 0) return state;
  const before = new Map(state.fleet.nodes.map((node) => [node.id, state.calendar[node.index] ?? []]));
  const nodes = [...state.fleet.nodes, ...more]
    .toSorted((a, b) => compareText(a.id, b.id))
    .map((node, index) => (node.index === index ? node : { ...node, index }));
  return {
    ...state,
    fleet: relisted(state.fleet, nodes),
    calendar: nodes.map((node) => before.get(node.id) ?? []),
  };
}

function relisted(fleet: Fleet, nodes: readonly FleetNode[]): Fleet {
  const bySite = Map.groupBy(nodes, (node) => node.site);
  const models = nodes.flatMap((node) => node.shape.models.map(({ model }) => model));
  return {
    ...fleet,
    nodes,
    nodeById: new Map(nodes.map((node) => [node.id, node])),
    sites: fleet.sites.map((site) => ({ ...site, nodes: bySite.get(site.id) ?? [] })),
    models: [...new Set(models)].toSorted(compareText),
  };
}

function inOrder<T>(entries: readonly (readonly [Path, T])[]): ReadonlyMap<Path, T> {
  return new Map([...new Map(entries)].toSorted(([a], [b]) => compareText(a, b)));
}
