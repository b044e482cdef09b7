import { buildFleet } from '../../../src/core/inventory/build.ts';
import { addObservation, type Claims } from '../../../src/core/inventory/claims.ts';
import { type Fitness, fitnessOf } from '../../../src/core/place/fitness.ts';
import { combinations } from '../../../src/core/place/want.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Observation } from '../../../src/model/fact.ts';

/** The fleet that these observations make, merged as the core merges them. */
export function fleetOf(...observations: readonly Observation[]) {
  return buildFleet(observations.reduce<Claims>(addObservation, new Map()));
}

/** Whether the only part of a demand could ever be placed on a node of these observations, and why not. */
export function fitnessOn(node: string, asked: Demand, ...observations: readonly Observation[]): Fitness {
  const fleet = fleetOf(...observations);
  const found = fleet.nodes.find(({ id }) => id === node);
  const [want] = combinations(asked, fleet.models).flat();
  if (found === undefined) throw new Error(`no node \`${node}\``);
  if (want === undefined) return { kind: 'fails', constraint: 'gpu-model' };
  return fitnessOf(found, want, asked);
}
