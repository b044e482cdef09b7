import type { LevelInNode } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { Bench } from './bench.ts';
import { type Candidates, fillGang, spareIn } from './fill.ts';
import { groupsInside } from './locality.ts';
import { inGroup } from './spots.ts';
import type { Want } from './want.ts';

/**
 * All parts of a gang under one NUMA node or PCIe root of one node: the one that takes most replicas, among those that
 * take all the one that spoils least, then that with least to spare.
 */
export function fillInside(
  bench: Bench,
  nodes: readonly FleetNode[],
  wants: readonly Want[],
  { candidates, level }: { readonly candidates: Candidates; readonly level: LevelInNode },
): Member[] {
  let best: Filled | undefined;
  for (const node of nodes) {
    for (const group of groupsInside(node, level)) {
      const filled = filledIn(
        bench.fork(),
        node,
        wants.map((want) => [want, inGroup(want, group)] as const),
        candidates,
      );
      if (best === undefined || isBetter(filled, best)) best = filled;
    }
  }
  if (best === undefined) return [];
  bench.adopt(best.bench);
  return best.members;
}

type Filled = {
  readonly bench: Bench;
  readonly members: Member[];
  readonly wear: number;
  readonly spare: number;
};

function filledIn(
  bench: Bench,
  node: FleetNode,
  pairs: readonly (readonly [Want, Want])[],
  candidates: Candidates,
): Filled {
  const wants = pairs.map(([, inside]) => inside);
  const own = new Map(
    pairs.flatMap(([want, inside]) => {
      const known = candidates.get(want);
      return known === undefined ? [] : [[inside, known] as const];
    }),
  );
  const members = fillGang(bench, [node], wants, own);
  const spare = wants.reduce((sum, want) => sum + spareIn(bench, [node], want), 0);
  return { bench, members, wear: bench.wear, spare };
}

function isBetter(a: Filled, b: Filled): boolean {
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  return a.wear === b.wear ? a.spare < b.spare : a.wear < b.wear;
}
