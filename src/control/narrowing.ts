import { chainOf, type MandateRecord } from '../core/authority/authority.ts';
import type { State } from '../core/state.ts';
import { isAgent } from '../model/authority.ts';
import { isWithin, Path, type TenantId } from '../model/id.ts';
import { mayActFor, type Sites } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import type { Moment } from './views/snapshot.ts';

/**
 * The caller as it may look around: an agent that was ever given a mandate sees the tenants and places of those that
 * stand, and nothing once none does. Acts are held against the mandates themselves, and are refused on record.
 */
export async function seeingAs(door: Door, caller: Caller): Promise<Caller> {
  if (!isAgent(caller.principal)) return caller;
  const { state, nowMs } = await door.moment();
  const own = [...state.authority.mandates.values()].filter(
    ({ mandate }) => mandate.agent === caller.principal,
  );
  if (own.length === 0) return caller;
  const standing = own.filter((record) => stands(state, record, nowMs)).map(({ mandate }) => mandate);
  const named = new Set<TenantId>(standing.flatMap(({ tenants }) => tenants));
  const tenants = [...named].filter((tenant) => mayActFor(caller, tenant));
  const places = standing.map(({ sites }) => sites);
  const isEverywhere = places.includes(undefined);
  const sites = isEverywhere ? undefined : [...new Set(places.flatMap((list) => list ?? []))];
  return { ...caller, tenants, ...(sites === undefined ? {} : { sites }) };
}

function stands({ authority }: State, { mandate }: MandateRecord, nowMs: number): boolean {
  return chainOf(authority, mandate.id).every(
    (record) => record.revokedAtMs === undefined && record.mandate.expiresAtMs > nowMs,
  );
}

/** The state at this moment with the places that the caller may see: to name and show, not to decide by. */
export async function momentFor(door: Door, caller: Sites): Promise<Moment> {
  const moment = await door.moment();
  return { ...moment, state: seenBy(moment.state, caller) };
}

/** The state without the places outside the caller's; the numbers of nodes stay, so that calendars are read as ever. */
export function seenBy(state: State, { sites }: Sites): State {
  if (sites === undefined) return state;
  const isIn = (place: string) => {
    const path = Path.safeParse(place);
    return path.success && sites.some((site) => isWithin(path.data, site) || isWithin(site, path.data));
  };
  const kept = <V>(places: ReadonlyMap<Path, V>) => new Map([...places].filter(([place]) => isIn(place)));
  const { fleet } = state;
  const nodes = fleet.nodes.filter(({ id }) => isIn(id));
  return {
    ...state,
    claims: new Map([...state.claims].filter(([subject]) => isIn(subject.slice(subject.indexOf(' ') + 1)))),
    gaps: new Map([...state.gaps].filter(([subject]) => isIn(subject.slice(subject.indexOf(' ') + 1)))),
    fleet: {
      ...fleet,
      sites: fleet.sites
        .filter(({ id }) => isIn(id))
        .map((site) => ({ ...site, nodes: site.nodes.filter(({ id }) => isIn(id)) })),
      racks: kept(fleet.racks),
      halls: kept(fleet.halls),
      loops: kept(fleet.loops),
      feeds: kept(fleet.feeds),
      leafs: kept(fleet.leafs),
      spines: kept(fleet.spines),
      wanLinks: kept(fleet.wanLinks),
      pools: kept(fleet.pools),
      nodes,
      nodeById: new Map(nodes.map((node) => [node.id, node])),
      models: [...new Set(nodes.flatMap(({ shape }) => shape.models.map(({ model }) => model)))].toSorted(),
    },
  };
}
