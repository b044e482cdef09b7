import type { Demand } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { Bench, type Rooms } from './bench.ts';
import { closestFirst, domainsInside, levelsUpTo, type PlacedLevel } from './domain.ts';
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
};

/** The most replicas that could be put down, where no domain held all. */
export type GangMiss = { readonly kind: 'partial'; readonly fit: number; readonly place: string };

/**
 * Places a gang inside one domain of the lowest level that holds all of it; among those domains the one with
 * least to spare, then the first by id. Members come in the order of part and replica.
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
  const levels = levelsUpTo(asked.demand.together);
  for (const level of levels) {
    let best: GangFit | undefined;
    for (const domain of domainsInside(asked.demand.together ?? 'site', level, nodes)) {
      const bench = new Bench(rooms, asked.demand);
      if (!couldHold(bench, domain.nodes, asked.wants)) continue;
      if (level !== levels.at(-1) && hasTooFewSlices(bench, domain.nodes, asked.wants)) continue;
      const members = fillGang(bench, domain.nodes, asked.wants, asked.candidates);
      if (members.length > nearest.fit) nearest = { kind: 'partial', fit: members.length, place: domain.id };
      if (members.length < replicas) continue;
      const spare = asked.wants.reduce((sum, want) => sum + spareIn(bench, domain.nodes, want), 0);
      const { wear } = bench;
      if (best === undefined || wear < best.wear || (wear === best.wear && spare < best.spare)) {
        best = {
          kind: 'whole',
          members: inOrder(members, asked.demand),
          level,
          closeness: closestFirst.indexOf(level),
          wear,
          spare,
        };
      }
    }
    if (best !== undefined) return best;
  }
  return nearest;
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
