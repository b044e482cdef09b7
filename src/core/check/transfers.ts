import { siteOf } from '../../model/id.ts';
import type { Transfer } from '../../model/placement.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken } from './audit.ts';
import { edgeLimit, mostHeld } from './edges.ts';

const bitsPerGib = 8n * 1_073_741_824n;

/**
 * A main dataset that the site of the members lacks is moved there once, whole, before the start: from a pool that
 * holds it, over a link that joins the two sites, at a rate that link and pool have left throughout, also beside what
 * is moved to another of its sites. Nothing else is moved.
 */
export function* dataThere(audit: Audit): Generator<Violation> {
  const { state, demand, placement, seats } = audit;
  const { transfers = [] } = placement;
  const lacking = new Set(
    seats.flatMap(({ node }) => {
      const site = state.fleet.sites.find(({ id }) => id === node.site);
      return demand.dataset === undefined || site?.datasets.has(demand.dataset) === true ? [] : [node.site];
    }),
  );
  for (const site of lacking) {
    const coming = transfers.filter(({ dataset, to }) => dataset === demand.dataset && to === site);
    if (coming.length === 0) yield broken('dataset', `${site}: no storage pool holds \`${demand.dataset}\``);
    if (coming.length > 1) yield broken('transfer', `\`${demand.dataset}\` is moved to ${site} twice`);
    if (flowsThere(audit, site))
      yield broken('flows', `${site}: no storage pool holds the dataset that flows`);
  }
  for (const transfer of transfers) {
    const beside = transfers.filter((other) => other !== transfer);
    if (transfer.dataset !== demand.dataset || !lacking.has(transfer.to))
      yield broken('transfer', `\`${transfer.dataset}\` need not be moved to ${transfer.to}`);
    yield* possible(audit, transfer, beside);
  }
}

/** Whether the dataset flows from or to a part that stands at a site; without members of it, wherever the others are. */
function flowsThere({ demand, seats }: Audit, site: string): boolean {
  return (demand.flows ?? []).some(({ from, to }) => {
    if (from !== 'dataset' && to !== 'dataset') return false;
    const own = seats.filter(({ member }) => member.part === (from === 'dataset' ? to : from));
    return own.length === 0 || own.some(({ node }) => node.site === site);
  });
}

function* possible(
  { state, placement }: Audit,
  transfer: Transfer,
  beside: readonly Transfer[],
): Generator<Violation> {
  const { dataset, from, to, wanLink, mbps, startMs, endMs } = transfer;
  const link = state.fleet.wanLinks.get(wanLink);
  const ends = [link?.from, link?.to].map((place) => (place === undefined ? undefined : siteOf(place)));
  if (!ends.includes(siteOf(from)) || !ends.includes(to) || siteOf(from) === to)
    yield broken('transfer', `${wanLink} does not join ${from} and ${to}`);
  const size = state.fleet.pools.get(from)?.datasets?.find(({ id }) => id === dataset)?.sizeGib;
  if (size === undefined) yield broken('transfer', `${from} does not hold \`${dataset}\``);
  const carried = BigInt(mbps) * 1000n * BigInt(Math.max(0, endMs - startMs));
  if (carried < BigInt(size ?? 0) * bitsPerGib)
    yield broken('transfer', `${mbps} Mbit/s for ${endMs - startMs} ms do not carry ${size} GiB`);
  if (endMs > placement.startMs)
    yield broken('transfer', `\`${dataset}\` arrives ${endMs - placement.startMs} ms after the start`);
  for (const edge of [`wan ${wanLink}`, `storage ${from}`]) {
    const limit = edgeLimit(state.fleet, edge);
    const own = beside
      .filter((other) => other.startMs < endMs && startMs < other.endMs)
      .filter((other) => edge === `wan ${other.wanLink}` || edge === `storage ${other.from}`)
      .reduce((sum, other) => sum + other.mbps, 0);
    const held = mostHeld(state, edge, startMs, endMs) + own;
    if (limit === undefined || held + mbps > limit)
      yield broken(
        'transfer',
        `${edge}: Mbit/s held by others ${held}, asked for ${mbps}, limit ${limit ?? 'unknown'}`,
      );
  }
}
