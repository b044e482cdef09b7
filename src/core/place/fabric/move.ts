import type { Demand } from '../../../model/demand.ts';
import { type Path, siteOf } from '../../../model/id.ts';
import type { Transfer } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import { AtMs } from '../../../model/unit.ts';
import { type EdgeHold, edgeKey } from '../../calendar/edges.ts';
import type { Fleet, FleetSite } from '../../inventory/fleet.ts';
import type { State } from '../../state.ts';

/** A pool of another site that holds the dataset, and a WAN link from there. */
export type Route = {
  readonly pool: Path;
  readonly wanLink: Path;
  readonly sizeGib: number;
  readonly poolMbps: number | undefined;
  readonly linkMbps: number | undefined;
};

const bitsPerGib = 8n * 1024n ** 3n;

/** Every way to bring the dataset to the site over one recorded link, by link and then by pool. */
export function routesTo({ pools, wanLinks }: Fleet, site: Path, dataset: string): readonly Route[] {
  return [...wanLinks]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([wanLink, { from, to, mbps: linkMbps }]) => {
      if (from === undefined || to === undefined) return [];
      const ends = [siteOf(from), siteOf(to)];
      const other = ends.find((end) => end !== site);
      if (!ends.includes(site) || other === undefined) return [];
      return [...pools]
        .filter(([pool]) => siteOf(pool) === other)
        .toSorted(([a], [b]) => compareText(a, b))
        .flatMap(([pool, { mbps: poolMbps, datasets = [] }]) =>
          datasets
            .filter(({ id }) => id === dataset)
            .map(({ sizeGib }): Route => ({ pool, wanLink, sizeGib, poolMbps, linkMbps })),
        );
    });
}

/** The speed that nobody has recorded, where no way is known in full; nothing when one is. */
export function unknownSpeed(routes: readonly Route[]): string | undefined {
  if (routes.some(({ linkMbps, poolMbps }) => linkMbps !== undefined && poolMbps !== undefined))
    return undefined;
  const link = routes.find(({ linkMbps }) => linkMbps === undefined);
  const pool = routes.find(({ poolMbps }) => poolMbps === undefined);
  if (link !== undefined) return `the speed of WAN link ${link.wanLink}`;
  return pool === undefined ? undefined : `the speed of storage pool ${pool.pool}`;
}

/** Whether the demand's main dataset has to be moved before anything can run at the site. */
export function mustMove(site: FleetSite, { dataset }: Demand): boolean {
  return dataset !== undefined && !site.datasets.has(dataset);
}

/**
 * The transfer that brings the dataset to the site first, beginning at `fromMs` or later: over one link, at a constant
 * rate, as fast as link and pool allow throughout. It begins at once or when something else ends on them. Nothing
 * when there is no way, or none before the end of the calendar.
 */
export function firstTransfer(
  state: State,
  site: FleetSite,
  dataset: NonNullable<Demand['dataset']>,
  fromMs: number,
): Transfer | undefined {
  let first: Transfer | undefined;
  for (const route of routesTo(state.fleet, site.id, dataset)) {
    const holds = holdsOn(state, route);
    const ends = holds
      .map(({ endMs }) => endMs)
      .filter((endMs) => endMs > fromMs && AtMs.safeParse(endMs).success);
    for (const startMs of new Set([fromMs, ...ends.toSorted((a, b) => a - b)])) {
      if (first !== undefined && startMs >= first.endMs) break;
      const found = fastestFrom(route, holds, startMs);
      if (found === undefined || (first !== undefined && found.endMs >= first.endMs)) continue;
      first = { dataset, from: route.pool, to: site.id, wanLink: route.wanLink, startMs, ...found };
    }
  }
  return first;
}

type Held = EdgeHold & { readonly on: 'link' | 'pool' };

function holdsOn({ bandwidth }: State, { wanLink, pool }: Route): readonly Held[] {
  const on = (key: string, where: Held['on']) =>
    (bandwidth.get(key) ?? []).map((entry): Held => ({ ...entry, on: where }));
  return [...on(edgeKey('wan', wanLink), 'link'), ...on(edgeKey('storage', pool), 'pool')];
}

/**
 * The highest rate that is free from `startMs` until everything has arrived at that rate. What is free only falls as
 * the transfer lasts longer, so the lowest level so far is tried each time it falls.
 */
function fastestFrom(
  route: Route,
  holds: readonly Held[],
  startMs: number,
): { readonly mbps: number; readonly endMs: number } | undefined {
  const changes = [...new Set([startMs, ...holds.map((entry) => entry.startMs)])]
    .filter((atMs) => atMs >= startMs)
    .toSorted((a, b) => a - b);
  let mbps = Infinity;
  for (const [index, atMs] of changes.entries()) {
    mbps = Math.min(mbps, freeAt(route, holds, atMs));
    if (mbps <= 0) return undefined;
    const endMs = arrivalMs(route.sizeGib, mbps, startMs);
    if (endMs === undefined) return undefined;
    if (endMs <= (changes[index + 1] ?? Infinity)) return { mbps, endMs };
  }
  return undefined;
}

function freeAt({ linkMbps = 0, poolMbps = 0 }: Route, holds: readonly Held[], atMs: number): number {
  const held = { link: 0, pool: 0 };
  for (const { on, startMs, endMs, mbps } of holds) if (startMs <= atMs && atMs < endMs) held[on] += mbps;
  return Math.min(linkMbps - held.link, poolMbps - held.pool);
}

/** When `sizeGib` have arrived, rounded up to the millisecond; nothing beyond the last instant there is. */
function arrivalMs(sizeGib: number, mbps: number, startMs: number): number | undefined {
  const rate = BigInt(mbps) * 1000n;
  const neededMs = (BigInt(sizeGib) * bitsPerGib + rate - 1n) / rate;
  const endMs = BigInt(startMs) + neededMs;
  const found = AtMs.safeParse(Number(endMs));
  return found.success ? found.data : undefined;
}
