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
