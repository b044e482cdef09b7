import type { Demand } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import type { Rooms } from '../place/bench.ts';
import type { Domain } from '../place/domain.ts';
import type { Candidates } from '../place/fill.ts';
import { heldBesideGpus, usableGpus, type Want } from '../place/want.ts';
import { fitOf, type Fit } from './fits.ts';

type Asked = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
};

type Bound = { readonly want: Want; readonly fit: Fit };

/** How many replicas of each want domains could hold at most, were free GPUs all that counts, and what is free. */
export class Bounds {
  readonly #rooms: Rooms;
  readonly #asked: Asked;
  readonly #bounds: readonly Bound[];

  constructor(rooms: Rooms, asked: Asked) {
    this.#rooms = rooms;
    this.#asked = asked;
    this.#bounds = asked.wants.flatMap((want) => {
      const candidates = asked.candidates.get(want);
      return candidates === undefined ? [] : [{ want, fit: fitOf(rooms, asked.demand, want, candidates) }];
    });
  }

  /** The domains that could hold all replicas, in their order. */
  hopeful(domains: readonly Domain[]): readonly Domain[] {
    const counted = this.#bounds.map(({ want, fit }) => ({ ...fit.on(domains), count: want.part.count }));
    if (counted.some(({ most, count }) => most < count)) return [];
    return domains.filter(
      (domain, at) =>
        counted.every(({ fits, count }) => (fits[at] ?? 0) >= count) && this.#couldShare(domain),
    );
  }

  /** By domain: at most so many replicas of all wants together, and never more than were asked for. */
  replicasOn(domains: readonly Domain[]): readonly number[] {
    const counted = this.#bounds.map(({ want, fit }) => ({ ...fit.on(domains), count: want.part.count }));
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
    const bySpare = Map.groupBy(domains, ({ nodes }) => this.#spareOn(nodes));
    return [...bySpare].toSorted(([a], [b]) => a - b).flatMap(([, group]) => group);
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
    return this.#bounds.find((bound) => bound.want === want)?.fit.in(nodes) ?? 0;
  }

  #spareOn(nodes: readonly FleetNode[]): number {
    let sum = 0;
    for (const node of nodes) {
      if (!this.#bounds.some(({ want }) => this.#asked.candidates.get(want)?.has(node) === true)) continue;
      for (const { want } of this.#bounds) sum += this.#spareFor(node, want);
    }
    return sum;
  }

  #spareFor(node: FleetNode, want: Want): number {
    if (want.gpuCount === 0) return node.shape.gpus.length;
    const free = sizeOf(both(this.#rooms.freeOn(node), usableGpus(node, want)));
    return free > 0 && this.#rooms.letIn(node, this.#asked.demand) ? free : 0;
  }

  /** Whether parts that each fit alone find enough cores beside each other. */
  #couldShare({ nodes }: Domain): boolean {
    if (this.#bounds.length < 2) return true;
    let missing = 0;
    for (const { want } of this.#bounds) missing += want.part.count * this.#leastCores(nodes, want);
    for (const node of nodes) {
      if (missing <= 0) return true;
      if (this.#isAble(node)) missing -= Math.max(0, this.#rooms.of(node).cpuMilli);
    }
    return missing <= 0;
  }

  /** Of one replica, wherever it stands. */
  #leastCores(nodes: readonly FleetNode[], want: Want): number {
    const { cpuMilli } = want.part.each;
    if (cpuMilli !== undefined) return cpuMilli;
    const candidates = this.#asked.candidates.get(want);
    let least = Infinity;
    const shapes = new Set<FleetNode['shape']>();
    for (const node of nodes) {
      if (shapes.has(node.shape) || candidates?.has(node) !== true) continue;
      shapes.add(node.shape);
      least = Math.min(least, heldBesideGpus(node, want).cpuMilli);
    }
    return least === Infinity ? 0 : least;
  }

  #isAble(node: FleetNode): boolean {
    return this.#bounds.some(({ want }) => this.#asked.candidates.get(want)?.has(node) === true);
  }
}

/** Whether all parts with GPUs choose from the same ones, so that each takes as much from what is spare for all. */
function isUniform(wants: readonly Want[]): boolean {
  const [first, ...others] = wants.filter(({ gpuCount }) => gpuCount > 0);
  return others.every(
    ({ model, part }) =>
      model === first?.model && part.each.gpus?.memoryMib === first?.part.each.gpus?.memoryMib,
  );
}
