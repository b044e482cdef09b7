import type { Demand } from '../../model/demand.ts';
import type { HeldBandwidth, Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { Bench, type Rooms } from './bench.ts';
import { closestFirst, domainsInside, levelsUpTo, type PlacedLevel } from './domain.ts';
import { bandwidthOf } from './fabric/bandwidth.ts';
import { uplinkMbpsOf } from './fabric/uplink.ts';
import { type Candidates, fillGang, spareIn } from './fill.ts';
import { isSliced, type Want } from './want.ts';

/** A gang put down whole, and how close together and how tightly. Smaller is better for both numbers. */
export type GangFit = {
  readonly kind: 'whole';
  readonly members: readonly Member[];
  readonly level: PlacedLevel;
  readonly closeness: number;
  /** What its slices spoil of GPUs that were whole, or less cut up. */
  readonly wear: number;
  readonly spare: number;
  /** Leafs that the parts with an uplink budget stand on, added up. */
  readonly leafs: number;
  readonly bandwidth: readonly HeldBandwidth[];
};

/** The most replicas that could be put down, where no domain held all. */
export type GangMiss = { readonly kind: 'partial'; readonly fit: number; readonly place: string };

/**
 * Places a gang inside one domain of the lowest level that holds all of it; among those domains the one with
 * least to spare, then the first by id. With uplink budgets the fewest leafs come before all that. Members come in
 * the order of part and replica.
 */
export function placeGang(
  rooms: Rooms,
  nodes: readonly FleetNode[],
  asked: {
    readonly demand: Demand;
    readonly wants: readonly Want[];
    readonly candidates: Candidates;
  },
): GangFit | GangMiss {
  const replicas = asked.wants.reduce((sum, want) => sum + want.part.count, 0);
  let nearest: GangMiss = { kind: 'partial', fit: 0, place: nodes[0]?.site ?? '' };
  const fewestLeafs = asked.wants.filter(({ part }) => uplinkMbpsOf(asked.demand, part.name) > 0).length;
  let best: GangFit | undefined;
  const levels = levelsUpTo(asked.demand.together, nodes);
  for (const level of levels) {
    for (const domain of domainsInside(asked.demand.together ?? 'site', level, nodes)) {
      for (const bench of benchesFor(rooms, asked.demand)) {
        if (!couldHold(bench, domain.nodes, asked.wants)) continue;
        if (level !== levels.at(-1) && hasTooFewSlices(bench, domain.nodes, asked.wants)) continue;
        const members = fillGang(bench, domain.nodes, asked.wants, asked.candidates);
        const bandwidth =
          members.length < replicas ? undefined : bandwidthOf(rooms.edges, asked.demand, members);
        const fit = bandwidth === undefined ? Math.min(members.length, replicas - 1) : replicas;
        if (fit > nearest.fit) nearest = { kind: 'partial', fit, place: domain.id };
        if (bandwidth === undefined) continue;
        const spare = asked.wants.reduce((sum, want) => sum + spareIn(bench, domain.nodes, want), 0);
        const found: GangFit = {
          kind: 'whole',
          members: inOrder(members, asked.demand),
          level,
          closeness: closestFirst.indexOf(level),
          wear: bench.wear,
          spare,
          leafs: bench.fabric.leafs,
          bandwidth,
        };
        if (best === undefined || isBetter(found, best)) best = found;
        break;
      }
    }
    if (best !== undefined && best.leafs <= fewestLeafs) return best;
  }
  return best ?? nearest;
}

function isBetter(a: GangFit, b: GangFit): boolean {
  return (a.leafs - b.leafs || a.closeness - b.closeness || a.wear - b.wear || a.spare - b.spare) < 0;
}

/** With flows the gang is tried once as it comes, and once with room for every flow to leave its node. */
function benchesFor(rooms: Rooms, demand: Demand): readonly Bench[] {
  const bench = new Bench(rooms, demand);
  return (demand.flows ?? []).length === 0 ? [bench] : [bench, new Bench(rooms, demand, 'wary')];
}

/** A quick no: fewer free GPUs of the right models than the gang has in all. The site level is always tried. */
function couldHold(bench: Bench, nodes: readonly FleetNode[], wants: readonly Want[]): boolean {
  if (nodes.length > 64) return true;
  return wants.every((want) => want.gpuCount === 0 || spareIn(bench, nodes, want) >= want.gpuCount);
}

/** A node holds many slices, so that trying each would take long: it is passed over when it cannot hold them all. */
function hasTooFewSlices(bench: Bench, nodes: readonly FleetNode[], wants: readonly Want[]): boolean {
  return wants.some(
    (want) => isSliced(want) && spareIn(bench, nodes, want) < want.gpuCount * want.part.count,
  );
}

function inOrder(members: readonly Member[], demand: Demand): readonly Member[] {
  const order = new Map(demand.parts.map((part, index) => [part.name, index]));
  return members.toSorted(
    (a, b) => (order.get(a.part) ?? 0) - (order.get(b.part) ?? 0) || a.replica - b.replica,
  );
}
