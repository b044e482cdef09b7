import { siteOf } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import type { Fleet, FleetNode, FleetSite } from '../inventory/fleet.ts';
import { unknownPower } from './power.ts';

/** What a placement emits, exactly, or what nobody has recorded so that it cannot be told. */
export type Carbon =
  | { readonly kind: 'known'; readonly microGramPerHour: bigint }
  | { readonly kind: 'unknown'; readonly attribute: string };

/**
 * Grams of CO2 an hour are watts held × PUE × grams a kWh / 1000, summed over the sites. With the PUE in thousandths
 * the product is in micrograms: no fraction is lost.
 */
export function carbonOf(fleet: Fleet, members: readonly Member[]): Carbon {
  let microGramPerHour = 0n;
  for (const [id, own] of Map.groupBy(members, ({ node }) => siteOf(node))) {
    const site = fleet.sites.find((one) => one.id === id);
    const carbon = site === undefined ? lacking('site') : carbonAt(fleet, site, own);
    if (carbon.kind === 'unknown') return carbon;
    microGramPerHour += carbon.microGramPerHour;
  }
  return { kind: 'known', microGramPerHour };
}

function lacking(attribute: string): Carbon {
  return { kind: 'unknown', attribute };
}

function carbonAt(fleet: Fleet, site: FleetSite, members: readonly Member[]): Carbon {
  const { pueMilli, carbonGramPerKwh } = site.facts;
  if (carbonGramPerKwh === undefined) return lacking('carbonGramPerKwh');
  if (pueMilli === undefined) return lacking('pueMilli');
  let powerW = 0n;
  for (const member of members) {
    const node = fleet.nodeById.get(member.node);
    const attribute =
      node === undefined ? 'node' : unknownPower(node, member.gpus.length + (member.slices?.length ?? 0));
    if (attribute !== undefined) return lacking(attribute);
    powerW += BigInt(member.powerW);
  }
  return { kind: 'known', microGramPerHour: powerW * BigInt(pueMilli) * BigInt(carbonGramPerKwh) };
}

/** Least first; what is not known comes after everything that is. */
export function byCarbon(a: Carbon, b: Carbon): number {
  if (a.kind === 'unknown' || b.kind === 'unknown')
    return Number(a.kind === 'unknown') - Number(b.kind === 'unknown');
  if (a.microGramPerHour === b.microGramPerHour) return 0;
  return a.microGramPerHour < b.microGramPerHour ? -1 : 1;
}

/** `1234 g CO2 an hour`, rounded up. */
export function carbonWords(carbon: Carbon): string {
  if (carbon.kind === 'unknown') return `its carbon is not known, \`${carbon.attribute}\` is not recorded`;
  return `${(carbon.microGramPerHour + 999_999n) / 1_000_000n} g CO2 an hour`;
}

/** What its slowest GPU has, in Mbit/s: 0 where it is known that there is no link or RDMA NIC. */
export type Speed = { readonly linkMbps: number | undefined; readonly nicMbps: number | undefined };

export function speedOf(fleet: Fleet, members: readonly Member[]): Speed {
  const speeds = members.flatMap((member) => {
    const node = fleet.nodeById.get(member.node);
    return node === undefined || member.gpus.length === 0 ? [] : [speedOn(node, member.gpus)];
  });
  return {
    linkMbps: slowest(speeds.map(({ linkMbps }) => linkMbps)),
    nicMbps: slowest(speeds.map(({ nicMbps }) => nicMbps)),
  };
}

/** Of some GPUs of a node, by default all. */
function speedOn({ shape }: FleetNode, gpus: readonly number[] = shape.gpus.map((_, at) => at)): Speed {
  const nics = gpus.map((gpu) => {
    const rail = shape.railOf[gpu];
    return rail === undefined ? undefined : shape.nics[rail]?.mbps;
  });
  return {
    linkMbps: shape.link === 'none' ? 0 : shape.linkMbps,
    nicMbps: shape.rdma === 'no' ? 0 : slowest(nics),
  };
}

/** Fastest first: by link, then by NIC. What is not known comes last. */
export function bySpeed(a: Speed, b: Speed): number {
  return (b.linkMbps ?? -1) - (a.linkMbps ?? -1) || (b.nicMbps ?? -1) - (a.nicMbps ?? -1);
}

export function speedWords({ linkMbps, nicMbps }: Speed): string {
  return `accelerator link ${mbpsWords(linkMbps)}, RDMA NIC ${mbpsWords(nicMbps)}`;
}

function mbpsWords(mbps: number | undefined): string {
  return mbps === undefined ? 'not recorded' : `${mbps} Mbit/s`;
}

/**
 * Floors under the speed of GPU nodes, the highest first, so that the first one that a gang fits above is the
 * best it can have. The last one is none.
 */
export function floorsOf(nodes: readonly FleetNode[]): readonly Speed[] {
  const speeds = nodes.filter(({ shape }) => shape.gpus.length > 0).map((node) => speedOn(node));
  const links = distinct(speeds.map(({ linkMbps }) => linkMbps));
  const nics = distinct(speeds.map(({ nicMbps }) => nicMbps));
  return links.flatMap((linkMbps) => nics.map((nicMbps): Speed => ({ linkMbps, nicMbps })));
}

export function isAbove(node: FleetNode, floor: Speed): boolean {
  const speed = speedOn(node);
  return (speed.linkMbps ?? -1) >= (floor.linkMbps ?? -1) && (speed.nicMbps ?? -1) >= (floor.nicMbps ?? -1);
}

function distinct(speeds: readonly (number | undefined)[]): readonly (number | undefined)[] {
  return [...new Set([...speeds, undefined])].toSorted((a, b) => (b ?? -1) - (a ?? -1));
}

function slowest(speeds: readonly (number | undefined)[]): number | undefined {
  const known = speeds.flatMap((mbps) => mbps ?? []);
  return known.length < speeds.length || known.length === 0 ? undefined : Math.min(...known);
}
