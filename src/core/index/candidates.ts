import type { Demand } from '../../model/demand.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { type Fitness, fitnessOf, inPlace } from '../place/fitness.ts';
import type { Want } from '../place/want.ts';
import { kindsOf } from './kinds.ts';

const misplaced: Fitness = { kind: 'fails', constraint: 'where' };

/**
 * The fitness of any node for one want, asked once for each kind of node: nodes of a kind differ only in where they
 * stand, which is asked first and one by one.
 */
export function fitnessByKind(fleet: Fleet, want: Want, demand: Demand): (node: FleetNode) => Fitness {
  const { examples, of } = kindsOf(fleet);
  const { where: _where, avoid: _avoid, ...anywhere } = demand;
  const isPlaced = demand.where === undefined && (demand.avoid ?? []).length === 0;
  const known: (Fitness | undefined)[] = [];
  return (node) => {
    if (!isPlaced && !inPlace(node, demand)) return misplaced;
    const kind = of[node.index] ?? -1;
    const example = examples[kind] ?? node;
    return (known[kind] ??= fitnessOf(example, want, anywhere));
  };
}

/** So many sets of nodes are remembered for one site. */
const setLimit = 256;

/** By fleet and by the nodes of a site: the sets that were asked for, by the kinds in them. */
const known = new WeakMap<Fleet, WeakMap<readonly FleetNode[], Map<string, ReadonlySet<FleetNode>>>>();

/**
 * The nodes of a site that could serve a want, in their order. Demands that want the same kinds anywhere get the same set,
 * so that what is found out about it serves all of them.
 */
export function fittingNodes(
  fleet: Fleet,
  nodes: readonly FleetNode[],
  want: Want,
  demand: Demand,
): ReadonlySet<FleetNode> {
  const fitnessOn = fitnessByKind(fleet, want, demand);
  const isFit = (node: FleetNode) => fitnessOn(node).kind === 'fits';
  if (demand.where !== undefined || (demand.avoid ?? []).length > 0) return new Set(nodes.filter(isFit));
  const kinds = kindsIn(fleet, nodes);
  const key = kinds.flatMap((node, at) => (isFit(node) ? [at] : [])).join(' ');
  const sets = setsOf(fleet, nodes);
  const found = sets.get(key) ?? new Set(nodes.filter(isFit));
  if (sets.size >= setLimit) sets.clear();
  sets.set(key, found);
  return found;
}

function setsOf(fleet: Fleet, nodes: readonly FleetNode[]): Map<string, ReadonlySet<FleetNode>> {
  const byNodes =
    known.get(fleet) ?? new WeakMap<readonly FleetNode[], Map<string, ReadonlySet<FleetNode>>>();
  known.set(fleet, byNodes);
  const sets = byNodes.get(nodes) ?? new Map<string, ReadonlySet<FleetNode>>();
  byNodes.set(nodes, sets);
  return sets;
}

const examples = new WeakMap<Fleet, WeakMap<readonly FleetNode[], readonly FleetNode[]>>();

/** One node of every kind among some nodes. */
function kindsIn(fleet: Fleet, nodes: readonly FleetNode[]): readonly FleetNode[] {
  const byNodes = examples.get(fleet) ?? new WeakMap<readonly FleetNode[], readonly FleetNode[]>();
  examples.set(fleet, byNodes);
  const { of } = kindsOf(fleet);
  const found = byNodes.get(nodes) ?? [...new Map(nodes.map((node) => [of[node.index], node])).values()];
  byNodes.set(nodes, found);
  return found;
}

const lists = new WeakMap<ReadonlySet<FleetNode>, readonly FleetNode[]>();

/** The nodes of a set as a list, the same one each time. */
export function listed(nodes: ReadonlySet<FleetNode>): readonly FleetNode[] {
  const list = lists.get(nodes) ?? [...nodes];
  lists.set(nodes, list);
  return list;
}
