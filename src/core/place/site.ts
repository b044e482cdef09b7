import type { Demand } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import { never } from '../calendar.ts';
import type { FleetNode, FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { Rooms } from './bench.ts';
import type { Candidates } from './fill.ts';
import { fitnessOf } from './fitness.ts';
import { placeGang } from './gang.ts';
import { nodesByRack } from './power.ts';
import { hardestFirst, type Want } from './want.ts';

/** When a placement may start. Both ends are included. */
export type StartRange = { readonly earliestMs: number; readonly latestMs: number };

export type SiteFit = {
  readonly kind: 'fits';
  readonly site: FleetSite;
  readonly startMs: number;
  readonly members: readonly Member[];
  readonly closeness: number;
  readonly spare: number;
};

export type SiteMiss = {
  readonly kind: 'misses';
  readonly site: FleetSite;
  readonly replicasFit: number;
  readonly place: string;
  /** What stopped the next replica at the earliest start. */
  readonly binding: 'gpu-model' | 'inventory' | 'free-over-window' | 'rack-power' | 'topology';
};

/** The earliest start in the range at which the gang fits into the site, and where. */
export function searchSite(
  state: State,
  site: FleetSite,
  asked: { readonly demand: Demand; readonly wants: readonly Want[]; readonly starts: StartRange },
): SiteFit | SiteMiss {
  const wants = hardestFirst(asked.wants);
  const candidates = candidatesOf(site.nodes, wants, asked.demand);
  const able = site.nodes.filter((node) => wants.some((want) => candidates.get(want)?.has(node) === true));
  const gang = { demand: asked.demand, wants, candidates };
  const racks = nodesByRack(state.fleet);
  for (const startMs of startsToTry(state, able, asked.starts)) {
    const rooms = new Rooms(state, { startMs, endMs: endOf(startMs, asked.demand) }, racks);
    const found = placeGang(rooms, able, gang);
    if (found.kind === 'whole') return { ...found, kind: 'fits', site, startMs };
  }
  return missOf(state, site, able, gang, asked.starts.earliestMs);
}

/** The end of a placement that starts then; `never` when it is open-ended. */
export function endOf(startMs: number, demand: Demand): number {
  return demand.window.durationS === undefined ? never : startMs + demand.window.durationS * 1000;
}

function candidatesOf(nodes: readonly FleetNode[], wants: readonly Want[], demand: Demand): Candidates {
  return new Map(
    wants.map((want) => [
      want,
      new Set(nodes.filter((node) => fitnessOf(node, want, demand).kind === 'fits')),
    ]),
  );
}

/**
 * The starts at which room can first appear: the earliest, and every later instant at which something on a
 * rack of these nodes ends. Any fit that starts in between could start earlier, at one of these.
 */
function startsToTry(
  state: State,
  nodes: readonly FleetNode[],
  { earliestMs, latestMs }: StartRange,
): readonly number[] {
  if (latestMs <= earliestMs) return [earliestMs];
  const racks = new Set(nodes.flatMap((node) => node.rack ?? []));
  const concerned = new Set(nodes.map((node) => node.index));
  const ends = new Set([earliestMs]);
  for (const node of state.fleet.nodes) {
    if (!concerned.has(node.index) && !(node.rack !== undefined && racks.has(node.rack))) continue;
    for (const { endMs } of state.calendar[node.index] ?? [])
      if (endMs > earliestMs && endMs <= latestMs) ends.add(endMs);
  }
  return [...ends].toSorted((a, b) => a - b);
}

type Gang = {
  readonly demand: Demand;
  readonly wants: readonly Want[];
  readonly candidates: Candidates;
};

/** Says what stood in the way by taking obstacles away one after the other, on copies. */
function missOf(
  state: State,
  site: FleetSite,
  nodes: readonly FleetNode[],
  gang: Gang,
  startMs: number,
): SiteMiss {
  const span = { startMs, endMs: endOf(startMs, gang.demand) };
  const found = placeGang(new Rooms(state, span), nodes, gang);
  const fit =
    found.kind === 'partial'
      ? { fit: found.fit, place: found.place === '' ? site.id : found.place }
      : { fit: found.members.length, place: site.id };
  const { together: _together, ...anywhere } = gang.demand;
  const powered: State = { ...state, fleet: { ...state.fleet, racks: new Map() } };
  const empty: State = { ...powered, calendar: state.calendar.map(() => []) };
  const whole = (on: State, demand: Demand) =>
    placeGang(new Rooms(on, span), nodes, { ...gang, demand }).kind === 'whole';
  const binding = whole(state, anywhere)
    ? 'topology'
    : whole(powered, gang.demand)
      ? 'rack-power'
      : whole(empty, gang.demand)
        ? 'free-over-window'
        : 'inventory';
  return { kind: 'misses', site, replicasFit: fit.fit, place: fit.place, binding };
}
