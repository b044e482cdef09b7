import type { Demand } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import type { Domain } from '../place/domain.ts';
import type { Candidates } from '../place/fill.ts';
import type { NodeSet } from '../place/node-set.ts';
import type { Rooms } from '../place/rooms.ts';
import { heldBesideGpus, usableGpus, type Want } from '../place/want.ts';
import { emptyFits } from './empty-fits.ts';
import { fitOf, type Fit } from './fits.ts';

type Asked = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
};

type Bound = { readonly want: Want; readonly candidates: NodeSet; readonly fit: () => Fit };

/** How many replicas of each want domains could hold at most, were free GPUs all that counts, and what is free. */
export class Bounds {
  readonly #rooms: Rooms;
  readonly #demand: Demand;
  readonly #bounds: readonly Bound[];

  constructor(rooms: Rooms, { demand, wants, candidates }: Asked) {
    this.#rooms = rooms;
    this.#demand = demand;
    this.#bounds = wants.flatMap((want) => {
      const able = candidates.get(want);
      if (able === undefined) return [];
      let fit: Fit | undefined;
      return [{ want, candidates: able, fit: () => (fit ??= fitOf(rooms, demand, want, able)) }];
    });
  }

  /** The domains that could hold all replicas, in their order. */
  hopeful(domains: readonly Domain[]): readonly Domain[] {
    if (
      this.#bounds.some(({ want, candidates }) => emptyFits(domains, want, candidates).most < want.part.count)
    )
      return [];
    const counted = this.#bounds.map(({ want, fit }) => ({ ...fit().on(domains), count: want.part.count }));
    if (counted.some(({ most, count }) => most < count)) return [];
    return domains.filter(
      (domain, at) =>
        counted.every(({ fits, count }) => (fits[at] ?? 0) >= count) && this.#couldShare(domain),
    );
  }

  /** By domain: at most so many replicas of all wants together, and never more than were asked for. */
  replicasOn(domains: readonly Domain[]): readonly number[] {
    const counted = this.#bounds.map(({ want, fit }) => ({ ...fit().on(domains), count: want.part.count }));
    return domains.map((_, at) =>
      counted.reduce((sum, { fits, count }) => sum + Math.min(fits[at] ?? 0, count), 0),
    );
  }

  /**
   * The domains from the one with least to spare on. Nothing where what the gang itself takes may differ from domain
   * to domain, so that what is spare before does not say which has least to spare afterwards.
   */
  tightestFirst(domains: readonly Domain[]): readonly Domain[] | undefined {
    if (!isUniform(this.#bounds.map(({ want }) => want))) return undefined;
    if (domains.length < 2) return domains;
    const spare = Float64Array.from(domains, ({ nodes }) => this.#spareOn(nodes));
    return Array.from(orderOf(spare), (at) => domains[at]).filter((domain) => domain !== undefined);
  }

  /** What stays free of a domain that takes the gang; nothing where that depends on who stands where. */
  spareAfter({ nodes }: Domain): number | undefined {
    const wants = this.#bounds.map(({ want }) => want);
    if (!isUniform(wants)) return undefined;
    const gpuWants = wants.filter(({ gpuCount }) => gpuCount > 0);
    const taken = gpuWants.reduce((sum, { gpuCount, part }) => sum + gpuCount * part.count, 0);
    return this.#spareOn(nodes) - taken * gpuWants.length;
  }

  /** How many replicas of one want some nodes could hold at most. */
  replicasIn(nodes: readonly FleetNode[], want: Want): number {
    return (
      this.#bounds
        .find((bound) => bound.want === want)
        ?.fit()
        .in(nodes) ?? 0
    );
  }

  #spareOn(nodes: readonly FleetNode[]): number {
    let sum = 0;
    for (const node of nodes)
      if (this.isAble(node)) for (const bound of this.#bounds) sum += this.#spareFor(node, bound);
    return sum;
  }

  #spareFor(node: FleetNode, { want, candidates, fit }: Bound): number {
    if (want.gpuCount === 0) return node.shape.gpus.length;
    if (candidates.has(node)) return fit().freeOn(node);
    const free = sizeOf(both(this.#rooms.freeOn(node), usableGpus(node, want)));
    return free > 0 && this.#rooms.letIn(node, this.#demand) ? free : 0;
  }

  /** Whether parts that each fit alone find enough cores beside each other. */
  #couldShare({ nodes }: Domain): boolean {
    if (this.#bounds.length < 2) return true;
    let missing = 0;
    for (const bound of this.#bounds) missing += bound.want.part.count * this.#leastCores(nodes, bound);
    for (const node of nodes) {
      if (missing <= 0) return true;
      if (this.isAble(node)) missing -= Math.max(0, this.#rooms.of(node).cpuMilli);
    }
    return missing <= 0;
  }

  /** Of one replica, wherever it stands. */
  #leastCores(nodes: readonly FleetNode[], { want, candidates }: Bound): number {
    const { cpuMilli } = want.part.each;
    if (cpuMilli !== undefined) return cpuMilli;
    let least = Infinity;
    let last: FleetNode['shape'] | undefined;
    for (const node of nodes) {
      if (node.shape === last || !candidates.has(node)) continue;
      last = node.shape;
      least = Math.min(least, heldBesideGpus(node, want).cpuMilli);
    }
    return least === Infinity ? 0 : least;
  }

  /** Whether a node could serve some want. */
  isAble(node: FleetNode): boolean {
    for (const { candidates } of this.#bounds) if (candidates.has(node)) return true;
    return false;
  }
}

/** Places of the numbers from the least on, the first of equal ones first. */
function orderOf(numbers: Float64Array): Uint32Array {
  return Uint32Array.from(numbers, (_, at) => at).toSorted(
    (a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0) || a - b,
  );
}

/** Whether all parts with GPUs choose from the same ones, so that each takes as much from what is spare for all. */
function isUniform(wants: readonly Want[]): boolean {
  const [first, ...others] = wants.filter(({ gpuCount }) => gpuCount > 0);
  return others.every(
    ({ model, part }) =>
      model === first?.model && part.each.gpus?.memoryMib === first?.part.each.gpus?.memoryMib,
  );
}
