import type { Demand } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import type { Rooms } from '../place/bench.ts';
import type { Domain } from '../place/domain.ts';
import type { Candidates } from '../place/fill.ts';
import { powerOf } from '../place/power.ts';
import { heldBesideGpus, usableGpus, type Want } from '../place/want.ts';
import { smallLimit } from './watts.ts';

/** How many replicas of each want nodes could hold at most, were free GPUs all that counts, and what is free. */
export class Bounds {
  readonly #wants: readonly Bound[];

  constructor(rooms: Rooms, nodes: readonly FleetNode[], { demand, wants, candidates }: Asked) {
    const size = (nodes.at(-1)?.index ?? -1) + 1;
    this.#wants = wants.map((want) => ({ want, most: new Int32Array(size), spare: new Int32Array(size) }));
    for (const node of nodes) {
      if (!rooms.letIn(node, demand)) continue;
      for (const { want, most, spare } of this.#wants) {
        const { gpuCount, part } = want;
        const free = gpuCount === 0 ? 0 : sizeOf(both(rooms.freeOn(node), usableGpus(node, want)));
        spare[node.index] = free;
        if (candidates.get(want)?.has(node) !== true) continue;
        const fit = gpuCount === 0 ? part.count : Math.floor(free / gpuCount);
        if (fit > 0 && isPowered(rooms, node, want))
          most[node.index] = Math.min(fit, part.apart === undefined ? part.count : 1);
      }
    }
    for (const { want, spare } of this.#wants)
      if (want.gpuCount === 0) for (const node of nodes) spare[node.index] = node.shape.gpus.length;
  }

  /** At most so many replicas of all wants together, and never more than were asked for. */
  replicasOn(nodes: readonly FleetNode[]): number {
    let replicas = 0;
    for (const { want, most } of this.#wants) {
      const { count } = want.part;
      let fit = 0;
      for (let at = 0; at < nodes.length && fit < count; at++) fit += most[nodes[at]?.index ?? -1] ?? 0;
      replicas += Math.min(fit, count);
    }
    return replicas;
  }

  /**
   * The domains from the one with least to spare on. Nothing where what the gang itself takes may differ from domain
   * to domain, so that what is spare before does not say which has least to spare afterwards.
   */
  tightestFirst(domains: readonly Domain[]): readonly Domain[] | undefined {
    if (!isUniform(this.#wants.map(({ want }) => want))) return undefined;
    const bySpare = Map.groupBy(domains, ({ nodes }) => this.#spareOn(nodes));
    return [...bySpare].toSorted(([a], [b]) => a - b).flatMap(([, group]) => group);
  }

  #spareOn(nodes: readonly FleetNode[]): number {
    let sum = 0;
    for (const { spare } of this.#wants) for (const node of nodes) sum += spare[node.index] ?? 0;
    return sum;
  }
}

type Asked = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
};

type Bound = { readonly want: Want; readonly most: Int32Array; readonly spare: Int32Array };

/** Whether the limits on a few nodes carry one replica here. */
function isPowered(rooms: Rooms, node: FleetNode, want: Want): boolean {
  const powerW = powerOf(node, want.gpuCount, heldBesideGpus(node, want).cpuMilli);
  return rooms
    .limitsOn(node)
    .every((limit) => limit.nodes.length > smallLimit || rooms.carries(limit, powerW));
}

/** Whether all parts with GPUs choose from the same ones, so that each takes as much from what is spare for all. */
function isUniform(wants: readonly Want[]): boolean {
  const [first, ...others] = wants.filter(({ gpuCount }) => gpuCount > 0);
  return others.every(
    ({ model, part }) =>
      model === first?.model && part.each.gpus?.memoryMib === first?.part.each.gpus?.memoryMib,
  );
}
