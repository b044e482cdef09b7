import type { Path } from '../../model/id.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { layoutOf, limitsOn } from '../place/layout.ts';
import type { PowerLimit } from '../place/power.ts';
import { smallLimit } from './headroom.ts';

export type Rack = {
  readonly id: Path;
  readonly nodes: readonly FleetNode[];
  /** Limits on a few nodes that all of its nodes draw on. */
  readonly limits: readonly PowerLimit[];
};

export type Racks = {
  readonly all: readonly Rack[];
  /** By the index of a node: the number of its rack; -1 where none is recorded. */
  readonly of: Int32Array;
};

const known = new WeakMap<Fleet, Racks>();

/** A fleet never changes, so its racks are numbered once. */
export function racksOf(fleet: Fleet): Racks {
  const racks = known.get(fleet) ?? numbered(fleet);
  known.set(fleet, racks);
  return racks;
}

function numbered(fleet: Fleet): Racks {
  const layout = layoutOf(fleet);
  const of = new Int32Array(fleet.nodes.length).fill(-1);
  const all = [...layout.racks].map(([id, nodes], number): Rack => {
    for (const { index } of nodes) of[index] = number;
    const [first, ...others] = nodes;
    const limits = first === undefined ? [] : limitsOn(layout, first);
    const isShared = (limit: PowerLimit) => others.every((node) => limitsOn(layout, node).includes(limit));
    return {
      id,
      nodes,
      limits: limits.filter((limit) => limit.nodes.length <= smallLimit && isShared(limit)),
    };
  });
  return { all, of };
}
