import type { FlavorView, InventorySummary } from '../model/inventory-view.ts';
import { compareText, didYouMean } from '../model/text.ts';
import { fold } from './normalise.ts';
import type { Place } from './spans/span.ts';
import { isOrdinary } from './words.ts';

export type Named =
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'tenant'; readonly tenant: string; readonly exact: boolean };

/** The words of one fleet: every name that a person may use, from the live inventory. */
export type Gazetteer = {
  readonly summary: InventorySummary;
  /** By `keyOf` the name. More than one place: the name is ambiguous. */
  readonly names: ReadonlyMap<string, readonly Named[]>;
  /** Short model words, such as `h100`, and the models they may mean. */
  readonly families: ReadonlyMap<string, readonly string[]>;
  readonly longestNameWords: number;
};

/** Names of nodes are not in the summary; they are looked up when a line mentions one. */
export type NodeName = { readonly id: string; readonly hostName: string };

export function gazetteerOf(summary: InventorySummary, nodes: readonly NodeName[] = []): Gazetteer {
  const names = new Map<string, Named[]>();
  for (const { name, named } of [...placeNames(summary, nodes), ...tenantNames(summary)]) {
    const key = keyOf(name);
    const known = names.get(key) ?? [];
    if (key !== '' && !known.some((other) => sameNamed(other, named))) names.set(key, [...known, named]);
  }
  const longestNameWords = [...names.keys()].reduce((most, key) => Math.max(most, wordCount(key)), 1);
  return { summary, names, families: familiesOf(summary.flavors), longestNameWords };
}

/** Names are compared without case, accents, and the difference between space, `-` and `_`. */
export function keyOf(name: string): string {
  return fold(name.normalize('NFKC'))
    .replaceAll(/[\s_-]+/gu, ' ')
    .trim();
}

/** The flavors of these models (all, without any) inside these sites (all, without any). */
export function flavorsOf(
  summary: InventorySummary,
  models: readonly string[] | undefined,
  sites: readonly string[] | undefined,
): readonly FlavorView[] {
  return summary.flavors.filter(
    (flavor) =>
      (models === undefined || models.includes(flavor.model)) &&
      (sites === undefined || sites.includes(flavor.site)),
  );
}

export function modelNames(summary: InventorySummary): readonly string[] {
  return [...new Set(summary.flavors.map(({ model }) => model))].toSorted(compareText);
}

/** The nearest name of a kind, for a question; never used by itself. */
export function nearName(gazetteer: Gazetteer, asked: string, kind: Named['kind']): string | undefined {
  const names = [...gazetteer.names]
    .filter(([key, named]) => key.length > 3 && named.some((one) => one.kind === kind))
    .map(([key]) => key);
  return asked.length > 3 ? didYouMean(asked, names.toSorted(compareText)) : undefined;
}

/** The word by which people call a model: `h100` of `H100-SXM-80GB`, `rtx 6000` of `RTX-6000-Ada`. */
function familyOf(model: string): string {
  const words = keyOf(model).split(' ');
  const at = words.findIndex((word) => /\d/u.test(word) && !/^\d+g(?:b|ib)?$/u.test(word));
  const word = words[at] ?? words[0] ?? '';
  const series = words[at - 1];
  return /^\d+$/u.test(word) && series !== undefined ? `${series} ${word}` : word;
}

type NameOf = { readonly name: string; readonly named: Named };

function placeNames(summary: InventorySummary, nodes: readonly NodeName[]): readonly NameOf[] {
  const found: NameOf[] = [];
  for (const site of summary.sites)
    for (const name of [site.id, site.name, ...site.aliases])
      if (name !== undefined) found.push(placeName(name, site.id, 'site'));
  const racks = (summary.racks ?? []).map(({ id }) => id);
  const halls = new Set(racks.flatMap((rack) => (rack.split('/').length > 2 ? [upOf(rack)] : [])));
  for (const hall of halls) found.push(...tails(hall, 'hall'));
  for (const rack of racks) found.push(...tails(rack, 'rack'));
  for (const node of nodes) found.push(...tails(node.id, 'node'), placeName(node.hostName, node.id, 'node'));
  return found;
}

/** `fra1/h1/r12` is also `h1/r12`, `fra1-r12`, `fra1 r12`, `r12`, `rack 12` and `rack r12`. */
function tails(path: string, level: 'hall' | 'rack' | 'node'): readonly NameOf[] {
  const parts = path.split('/');
  const last = parts.at(-1) ?? path;
  const names = parts.map((_, from) => parts.slice(from).join('/'));
  names.push(`${parts[0] ?? ''} ${last}`, `${level} ${last}`);
  if (level === 'node') names.push(parts.filter((_, i) => i === 0 || i >= parts.length - 2).join('-'));
  const number = /^[a-z]+0*([0-9]+)$/u.exec(last)?.[1];
  if (number !== undefined) names.push(`${level} ${number}`);
  return names.map((name) => placeName(name, path, level));
}

function placeName(name: string, path: string, level: Place['level']): NameOf {
  return { name, named: { kind: 'place', place: { path, level } } };
}

function tenantNames(summary: InventorySummary): readonly NameOf[] {
  const firstWords = summary.tenants.map(({ id }) => keyOf(id).split(' ')[0] ?? id);
  return summary.tenants.flatMap(({ id, name }, i) => {
    const short = firstWords[i] ?? id;
    const unique =
      short.length > 3 && !isOrdinary(short) && firstWords.filter((word) => word === short).length === 1;
    const exact = { kind: 'tenant', tenant: id, exact: true } as const;
    const guess = { kind: 'tenant', tenant: id, exact: false } as const;
    return [
      { name: id, named: exact },
      { name, named: exact },
      ...(unique && short !== keyOf(id) && short !== keyOf(name) ? [{ name: short, named: guess }] : []),
    ];
  });
}

function familiesOf(flavors: readonly FlavorView[]): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>();
  for (const model of [...new Set(flavors.map((flavor) => flavor.model))].toSorted(compareText)) {
    const family = familyOf(model);
    families.set(family, [...(families.get(family) ?? []), model]);
  }
  return families;
}

function sameNamed(a: Named, b: Named): boolean {
  if (a.kind === 'place') return b.kind === 'place' && a.place.path === b.place.path;
  return b.kind === 'tenant' && a.tenant === b.tenant;
}

function upOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function wordCount(key: string): number {
  return key.split(/[^a-z0-9]+/u).length;
}
