import type { Path } from '../../model/id.ts';
import type { FleetNode, FleetRack } from '../inventory/fleet.ts';
import { resolveKind } from '../inventory/resolve.ts';
import type { State } from '../state.ts';

/** Rack units of a node, by the facts of its shape; nothing where nobody has recorded them. */
export function unitsOf(state: State, node: FleetNode): number | undefined {
  const name = node.facts.shape;
  return name === undefined ? undefined : unitsByShape(state).get(name);
}

/** Rack units that are free; nothing where the rack's or some node's are not recorded. */
export function freeUnits(state: State, rack: FleetRack): number | undefined {
  let free = rack.facts.units;
  const byShape = unitsByShape(state);
  for (const node of nodesIn(state, rack.id)) {
    const units = node.facts.shape === undefined ? undefined : byShape.get(node.facts.shape);
    if (free === undefined || units === undefined) return undefined;
    free -= units;
  }
  return free === undefined ? undefined : Math.max(0, free);
}

export function nodesIn({ fleet }: State, rack: Path): readonly FleetNode[] {
  return fleet.nodes.filter((node) => node.rack === rack);
}

function unitsByShape({ claims }: State): ReadonlyMap<string, number | undefined> {
  const shapes = resolveKind(claims, (fact) => (fact.kind === 'shape' ? fact.set : undefined));
  return new Map([...shapes].map(([name, { units }]): [string, number | undefined] => [name, units]));
}
