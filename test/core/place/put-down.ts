import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { fitnessOf } from '../../../src/core/place/fitness.ts';
import { type GangFit, type GangMiss, placeGang } from '../../../src/core/place/gang.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { endOf } from '../../../src/core/place/site.ts';
import type { Gang } from '../../../src/core/place/spares.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Member } from '../../../src/model/placement.ts';
import { t0 } from '../fleet.ts';
import { firstWay, there } from './known.ts';

/** A gang as a search of the fleet's first site has it, and the nodes that could serve it. */
export function gangOf(
  state: State,
  asked: Demand,
  isPlain: boolean,
): { readonly gang: Gang; readonly nodes: readonly FleetNode[] } {
  const site = there(state.fleet.sites[0], 'a site');
  const wants = firstWay({ state }, asked);
  const candidates = new Map(
    wants.map((want) => {
      const fits = (node: FleetNode) => fitnessOf(node, want, asked).kind === 'fits';
      return [want, new NodeSet(site.nodes.filter(fits))] as const;
    }),
  );
  const nodes = site.nodes.filter((node) => wants.some((want) => candidates.get(want)?.has(node) === true));
  return { gang: { demand: asked, wants, candidates, site, isPlain, isExhaustive: isPlain }, nodes };
}

/** What is free from `t0` on for as long as a demand lasts. */
export function roomsFor(state: State, asked: Demand, isPlain: boolean): Rooms {
  return new Rooms(state, { startMs: t0, endMs: endOf(t0, asked) }, { isPlain });
}

/** Everything is tried in turn, nodes are ranked before they are tried, or the index says what to leave out. */
export const searches = ['scan', 'ranked', 'index'] as const;

/** Puts a gang down at the first site at `t0`, or says where most of it fits. */
export function putDown(
  state: State,
  asked: Demand,
  search: (typeof searches)[number] = 'index',
): GangFit | GangMiss {
  const isPlain = search !== 'index';
  const { gang, nodes } = gangOf(state, asked, isPlain);
  const how = { isExhaustive: search === 'scan', isNearestAsked: true };
  return placeGang(roomsFor(state, asked, isPlain), nodes, { ...gang, ...how });
}

/** `r1/n01×2 r2/n01×1`: how many members stand on each node. */
export function crowds(members: readonly Pick<Member, 'node'>[]): string {
  const byNode = Map.groupBy(members, ({ node }) => node.split('/').slice(-2).join('/'));
  return [...byNode]
    .map(([node, own]) => `${node}×${own.length}`)
    .toSorted()
    .join(' ');
}
