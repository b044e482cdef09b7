import type { Demand } from '../../model/demand.ts';
import type { Fleet, FleetNode, FleetSite } from '../inventory/fleet.ts';
import { type Fitness, fitnessOf, placedBy } from '../place/fitness.ts';
import { isAbove, type Speed } from '../place/merit.ts';
import { NodeSet } from '../place/node-set.ts';
import { isCounted } from '../place/survival.ts';
import type { Want } from '../place/want.ts';
import { byKind } from './kinds.ts';

/** So many sets of a site are remembered; the one not asked for longest goes first. */
const setLimit = 96;

const known = new WeakMap<FleetSite, Map<string, NodeSet>>();

/** The nodes of a site that could serve a want, whatever the calendar says: remembered from search to search. */
export function candidatesAt(
  fleet: Fleet,
  site: FleetSite,
  want: Want,
  { demand, floor }: { readonly demand: Demand; readonly floor?: Speed },
): NodeSet {
  const sets = known.get(site) ?? new Map<string, NodeSet>();
  known.set(site, sets);
  const key = keyOf(want, demand, floor);
  const found =
    sets.get(key) ??
    sameAs(sets, setOf(fleet, site, want, { demand, ...(floor === undefined ? {} : { floor }) }));
  sets.delete(key);
  sets.set(key, found);
  const [oldest] = sets.keys();
  if (sets.size > setLimit && oldest !== undefined) sets.delete(oldest);
  return found;
}

/** The set that is remembered where it has the same nodes: what is found out about it then serves both. */
function sameAs(sets: ReadonlyMap<string, NodeSet>, fresh: NodeSet): NodeSet {
  return sets.values().find((other) => other.equals(fresh)) ?? fresh;
}

const misplaced: Fitness = { kind: 'fails', constraint: 'where' };

/**
 * The fitness of any node for one want, asked once for each kind of node: nodes of a kind differ only in where they
 * stand, which is asked first and one by one.
 */
function fitnessByKind(fleet: Fleet, want: Want, demand: Demand): (node: FleetNode) => Fitness {
  const { where: _where, avoid: _avoid, ...anywhere } = demand;
  const isPlaced = placedBy(demand, want.part);
  const fitnessOn = byKind(fleet, (example) => fitnessOf(example, placeless(want), anywhere));
  return (node) => (isPlaced(node) ? fitnessOn(node) : misplaced);
}

/**
 * Everything that the fitness of a node is decided by, and nothing that changes from search to search. Which models
 * were asked for no longer matters once one is settled.
 */
function keyOf(want: Want, demand: Demand, floor: Speed | undefined): string {
  const { part, gpuCount, model, rails } = want;
  const { gpus, ...beside } = part.each;
  const { models: _models, ...devices } = gpus ?? {};
  const { where, avoid, together, isolation, powerCapW, survive } = demand;
  return JSON.stringify([
    [beside, devices, part.within, part.apart, gpuCount, model, rails === undefined ? [] : [...rails]],
    [where, avoid, part.where, together === 'spine' || together === 'island' ? together : ''],
    [isolation === 'rack', powerCapW !== undefined, survive?.loss, isCounted(part, demand)],
    floor === undefined ? [] : [floor.linkMbps ?? -1, floor.nicMbps ?? -1],
  ]);
}

/** The want wherever it may stand. */
function placeless(want: Want): Want {
  if (want.part.where === undefined) return want;
  const { where: _where, ...part } = want.part;
  return { ...want, part };
}

function setOf(
  fleet: Fleet,
  site: FleetSite,
  want: Want,
  { demand, floor }: { readonly demand: Demand; readonly floor?: Speed },
): NodeSet {
  const { where, avoid, ...anywhere } = demand;
  if (where !== undefined || avoid !== undefined || want.part.where !== undefined) {
    const how = { demand: anywhere, ...(floor === undefined ? {} : { floor }) };
    const all = candidatesAt(fleet, site, placeless(want), how).nodes;
    return new NodeSet(all.filter(placedBy(demand, want.part)));
  }
  const fitnessOn = fitnessByKind(fleet, want, demand);
  const isFast = (node: FleetNode) => floor === undefined || want.gpuCount === 0 || isAbove(node, floor);
  return new NodeSet(site.nodes.filter((node) => fitnessOn(node).kind === 'fits' && isFast(node)));
}
