import { z } from 'zod';

import type { InventorySummary } from '../../model/inventory-view.ts';
import type { NameBook, NameKind } from './book.ts';

/** Fields whose text is a name, whatever tool answers; paths are read by their segments. */
const fields: ReadonlyMap<string, NameKind> = new Map([
  ['tenant', 'tenant'],
  ['tenants', 'tenant'],
  ['team', 'team'],
  ['project', 'project'],
  ['dataset', 'data'],
  ['datasets', 'data'],
  ['hostName', 'host'],
]);

const principal = /\b(?:person|agent):([A-Za-z0-9][A-Za-z0-9._@-]{0,62})/gu;
const path = /^[a-z0-9][a-z0-9._-]{0,62}(?:\/[a-z0-9][a-z0-9._-]{0,62}){0,6}$/u;

const Sites = z.looseObject({
  sites: z.array(
    z.looseObject({ id: z.string(), name: z.string().optional(), aliases: z.array(z.string()).optional() }),
  ),
});
const Tenants = z.looseObject({
  tenants: z.array(z.looseObject({ id: z.string(), name: z.string().optional() })),
});

/** How many segments the path of a rack has here, the rack included. */
export type Depth = number;

/** Takes the names that the summary of a fleet gives into the book, and what everybody may know. */
export function addFleet(book: NameBook, summary: InventorySummary): Depth {
  const { sites, tenants, flavors, racks = [] } = summary;
  book.addCommon(flavors.flatMap(({ model, link }) => [model, link]));
  book.addCommon(sites.flatMap(({ country = '', zone = '', kind = '' }) => [country, zone, kind]));
  book.addCommon(tenants.flatMap(({ zone, regimes }) => [zone, ...regimes]));
  addSites(book, summary);
  addTenants(book, summary);
  const depth = Math.max(2, ...racks.map(({ id }) => id.split('/').length));
  for (const { id } of racks) addPath(book, id, id.split('/').length);
  return depth;
}

/** People by their ids (`person:ada`), their names, and the parts of those by which one calls them. */
export function addPeople(
  book: NameBook,
  people: readonly { readonly id: string; readonly name: string }[],
): void {
  for (const { id, name } of people) {
    const bare = id.replace(/^[a-z]+:/u, '');
    book.add('person', bare);
    book.add('person', name, titled(book.nameHidden(bare) ?? ''));
    for (const part of name.split(/\s+/u)) if (part.length > 2) book.add('person', part);
  }
}

/**
 * Takes every name of a tool result into the book: by its field, by being a path that begins with a known site, by
 * `person:` or `agent:` before it, or as a label. What a name looks like does not matter.
 */
export function addNames(book: NameBook, value: unknown, depth: Depth, key = ''): void {
  if (typeof value === 'string') return addText(book, value, depth, key);
  if (Array.isArray(value)) return value.forEach((item: unknown) => addNames(book, item, depth, key));
  if (typeof value !== 'object' || value === null) return;
  addSites(book, value);
  addTenants(book, value);
  for (const [name, inner] of Object.entries(value)) {
    if (key === 'labels' && !name.includes('/')) book.add('label', name);
    addNames(book, inner, depth, key === 'labels' ? 'label' : name);
  }
}

function addText(book: NameBook, text: string, depth: Depth, key: string): void {
  if (key === 'label') book.add('label', text);
  const kind = fields.get(key);
  if (kind !== undefined) book.add(kind, text);
  for (const [, name = ''] of text.matchAll(principal)) book.add('person', name);
  const isBelowSite = path.test(text) && text.includes('/');
  if (isBelowSite && book.nameHidden(text.slice(0, text.indexOf('/'))) !== undefined)
    addPath(book, text, depth);
}

function addSites(book: NameBook, value: unknown): void {
  for (const { id, name, aliases = [] } of Sites.safeParse(value).data?.sites ?? []) {
    book.add('site', id);
    const pseudonym = book.nameHidden(id) ?? '';
    if (name !== undefined) book.add('site', name, titled(pseudonym));
    for (const alias of aliases) book.add('site', alias);
  }
}

function addTenants(book: NameBook, value: unknown): void {
  for (const { id, name } of Tenants.safeParse(value).data?.tenants ?? []) {
    book.add('tenant', id);
    if (name !== undefined) book.add('tenant', name, titled(book.nameHidden(id) ?? ''));
  }
}

/** The segments of a place: site, halls, rack, node. Devices inside a node are called alike everywhere. */
function addPath(book: NameBook, place: string, rackAt: Depth): void {
  place.split('/').forEach((segment, i) => {
    if (i === 0) book.add('site', segment);
    else if (i < rackAt - 1) book.add('hall', segment);
    else if (i === rackAt - 1) book.add('rack', segment);
    else if (i === rackAt) book.add('node', segment);
  });
}

/** `site-a` is the id, `Site A` the name: a model sees that they belong together. */
function titled(pseudonym: string): string {
  return pseudonym
    .split('-')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join(' ');
}
