import type { Demand } from '../../../model/demand.ts';
import { type Path, siteOf } from '../../../model/id.ts';
import type { HeldBandwidth, Member } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import type { Fleet } from '../../inventory/fleet.ts';
import type { EdgeRooms } from './edge-rooms.ts';

/** All that flows between two sites, which goes over one link. The sites are in the order of their ids. */
export type Crossing = {
  readonly sites: readonly [Path, Path];
  readonly mbps: number;
  /** The shortest that any of its flows asks for. */
  readonly latencyMs?: number;
};

type WanLink = {
  readonly id: Path;
  readonly mbps: number | undefined;
  readonly latencyMs: number | undefined;
};

/** What flows between parts that stand at different sites, by those; nothing for a part without a site. */
export function crossingsOf(
  { flows = [] }: Pick<Demand, 'flows'>,
  siteOfPart: ReadonlyMap<string, Path>,
): readonly Crossing[] {
  const crossings = new Map<string, Crossing>();
  for (const { from, to, mbps, latencyMs } of flows) {
    const [a, b] = [siteOfPart.get(from), siteOfPart.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    const sites = compareText(a, b) < 0 ? ([a, b] as const) : ([b, a] as const);
    const key = sites.join(' ');
    const known = crossings.get(key);
    const bounds = [known?.latencyMs, latencyMs].flatMap((bound) => bound ?? []);
    crossings.set(key, {
      sites,
      mbps: (known?.mbps ?? 0) + mbps,
      ...(bounds.length === 0 ? {} : { latencyMs: Math.min(...bounds) }),
    });
  }
  return [...crossings.values()].filter(({ mbps, latencyMs }) => mbps > 0 || latencyMs !== undefined);
}

/** Links that join two sites directly: the shortest first, those of unknown latency last. */
export function linksBetween({ wanLinks }: Fleet, [a, b]: Crossing['sites']): readonly WanLink[] {
  return [...wanLinks]
    .flatMap(([id, { from, to, mbps, latencyMs }]): WanLink[] => {
      const ends = [from, to].map((place) => (place === undefined ? undefined : siteOf(place)));
      return ends.includes(a) && ends.includes(b) ? [{ id, mbps, latencyMs }] : [];
    })
    .toSorted(
      (one, other) =>
        (one.latencyMs ?? Infinity) - (other.latencyMs ?? Infinity) || compareText(one.id, other.id),
    );
}

/** Whether a link could carry a crossing if nothing else were on it. */
export function couldCarry({ mbps, latencyMs }: WanLink, crossing: Crossing): boolean {
  const isShort =
    crossing.latencyMs === undefined || (latencyMs !== undefined && latencyMs <= crossing.latencyMs);
  return isShort && (crossing.mbps === 0 || (mbps !== undefined && crossing.mbps <= mbps));
}

/** What a gang holds of WAN links: nothing when some crossing finds no link with that much left. */
export function wanOf(
  rooms: EdgeRooms,
  demand: Demand,
  members: readonly Member[],
): readonly HeldBandwidth[] | undefined {
  if ((demand.flows ?? []).length === 0) return [];
  const held: HeldBandwidth[] = [];
  for (const crossing of crossingsOf(demand, sitesOfParts(members))) {
    const link = linksBetween(rooms.fleet, crossing.sites).find(
      (one) =>
        couldCarry(one, crossing) &&
        (crossing.mbps === 0 || crossing.mbps <= (rooms.left('wan', one.id) ?? -1)),
    );
    if (link === undefined) return undefined;
    held.push({ fabric: 'wan', edge: link.id, mbps: crossing.mbps });
  }
  return held;
}

/** The site of each part; all its members are at one. */
export function sitesOfParts(members: readonly Member[]): ReadonlyMap<string, Path> {
  return new Map(members.map(({ part, node }) => [part, siteOf(node)]));
}
