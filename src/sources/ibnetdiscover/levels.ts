import { cleanText, compareText } from '../../model/text.ts';
import type { Collected } from '../collected.ts';
import type { FabricSwitch } from '../fabric.ts';
import { hostOf, type IbFabric, type IbLink } from './text.ts';

/**
 * Switches with their level: those with machines are leafs, each other one stands one above the nearest it is cabled
 * to. Uplinks are all cables to the level above, where the file has the whole block of the switch.
 */
export function switchesOf(
  fabric: IbFabric,
  nameOf: (guid: string) => string,
  collected: Collected,
): readonly FabricSwitch[] {
  const cables = cablesOf(fabric);
  const levels = levelsOf(fabric, cables);
  const switches: FabricSwitch[] = [];
  const all = [...new Set([...fabric.switches.keys(), ...cables.keys()])].toSorted(compareText);
  for (const guid of all) {
    const own = cables.get(guid) ?? [];
    const device = fabric.switches.get(guid);
    const at = device?.at ?? own[0]?.link.at;
    const level = levels.get(guid);
    if (at === undefined) continue;
    if (level === undefined) {
      const why = `the switch \`${cleanText(nameOf(guid), 60)}\` leads to no machine`;
      collected.gap({ attribute: 'leaf', why, at });
      continue;
    }
    const levelOf = (peer: string) => levels.get(peer) ?? level;
    const beside = own.filter(({ peer }) => levelOf(peer) === level);
    if (beside.length > 0) noteBeside({ guid, peers: beside, at }, nameOf, collected);
    const up = own.filter(({ peer }) => levelOf(peer) > level);
    switches.push({
      name: nameOf(guid),
      nodes: [],
      below: own.filter(({ peer }) => levelOf(peer) < level).map(({ peer }) => nameOf(peer)),
      ...(device?.isWhole === true ? uplinksOf(up) : {}),
      at,
    });
    if (device?.isWhole === false) {
      const why = `the block of \`${cleanText(nameOf(guid), 60)}\` is cut: not all of its links are known`;
      collected.gap({ attribute: 'uplinkMbps', why, at });
    }
  }
  return switches;
}

type Cable = { readonly peer: string; readonly link: IbLink };

/** Cables between switches, by either end. */
function cablesOf({ links }: IbFabric): ReadonlyMap<string, readonly Cable[]> {
  const cables = new Map<string, Cable[]>();
  for (const link of links.values()) {
    const [a, b] = link.ends;
    if (a.kind !== 'switch' || b.kind !== 'switch') continue;
    for (const [own, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const known = cables.get(own.guid) ?? [];
      cables.set(own.guid, known);
      known.push({ peer: peer.guid, link });
    }
  }
  return cables;
}

function levelsOf(
  fabric: IbFabric,
  cables: ReadonlyMap<string, readonly Cable[]>,
): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  for (const { ends } of fabric.links.values()) {
    const named = ends.some(({ kind, guid }) => kind === 'adapter' && hostOf(fabric.names.get(guid) ?? ''));
    if (named) for (const { kind, guid } of ends) if (kind === 'switch') levels.set(guid, 0);
  }
  // A Map goes on to what is added while it is walked: nearest first.
  for (const [guid, level] of levels)
    for (const { peer } of cables.get(guid) ?? []) if (!levels.has(peer)) levels.set(peer, level + 1);
  return levels;
}

function uplinksOf(up: readonly Cable[]): { readonly uplinkMbps?: number } {
  const known = up.flatMap(({ link }) => link.mbps ?? []);
  if (up.length === 0 || known.length < up.length) return {};
  return { uplinkMbps: known.reduce((sum, mbps) => sum + mbps, 0) };
}

function noteBeside(
  {
    guid,
    peers,
    at,
  }: { readonly guid: string; readonly peers: readonly Cable[]; readonly at: FabricSwitch['at'] },
  nameOf: (guid: string) => string,
  collected: Collected,
): void {
  const others = [...new Set(peers.map(({ peer }) => nameOf(peer)))].toSorted(compareText);
  const first = cleanText(others[0] ?? '', 60);
  const why = `\`${cleanText(nameOf(guid), 60)}\` is cabled to \`${first}\` of its own level: which stands above is not said`;
  collected.gap({ attribute: 'spine', why, at });
}
