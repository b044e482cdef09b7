import { BerthError } from '../../model/error.ts';
import { isObject, listAt, numberAt } from '../../sources/json-value.ts';
import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import { fetchJson, type HttpOptions, type SecretPlace } from './http.ts';

/** A NetBox that the user named, and where its token is. */
export type NetboxService = { readonly url: string; readonly secret?: SecretPlace };

/** What is read, in this order; all but the first may be missing in older versions. */
const endpoints = [
  'dcim/sites',
  'dcim/regions',
  'dcim/locations',
  'dcim/racks',
  'dcim/rack-reservations',
  'dcim/power-panels',
  'dcim/power-feeds',
  'dcim/manufacturers',
  'dcim/device-types',
  'dcim/device-roles',
  'dcim/devices',
  'dcim/modules',
  'dcim/power-ports',
  'dcim/power-outlets',
  'dcim/interfaces',
  'dcim/cables',
  'tenancy/tenants',
];

const pageSize = 500;
const maxPages = 2000;

/**
 * What a NetBox says of its sites, one file for each table. Only ever GET; pages are counted, links in answers are not
 * followed. Throws as `fetchJson` does, and when a table changes while it is read.
 */
export async function askNetbox(io: Io, { url, secret }: NetboxService): Promise<readonly Evidence[]> {
  const base = baseOf(url);
  const scheme = await schemeOf(io, base, secret);
  const files: Evidence[] = [];
  for (const endpoint of endpoints) {
    const results = await tableOf(io, `${base}/api/${endpoint}/`, scheme, files.length === 0);
    if (results === undefined) continue;
    const text = `{"results": [\n${results.map((entry) => JSON.stringify(entry)).join(',\n')}\n]}\n`;
    files.push({ file: `${base}/api/${endpoint}/`, bytes: new TextEncoder().encode(text) });
  }
  return files;
}

/** The address without `/api`, query and slash. */
function baseOf(url: string): string {
  return url
    .split(/[?#]/u, 1)
    .join()
    .replace(/\/+$/u, '')
    .replace(/\/api$/u, '');
}

/** Tokens of the second version are presented as `Bearer`, those of the first as `Token`: only NetBox knows which it is. */
async function schemeOf(io: Io, base: string, secret: SecretPlace | undefined): Promise<HttpOptions> {
  if (secret === undefined) return {};
  try {
    await fetchJson(io, `${base}/api/dcim/sites/?limit=1`, { secret, scheme: 'Token' });
    return { secret, scheme: 'Token' };
  } catch (error) {
    if (!(error instanceof BerthError) || error.detail.code !== 'FORBIDDEN') throw error;
    return { secret, scheme: 'Bearer' };
  }
}

async function tableOf(
  io: Io,
  address: string,
  options: HttpOptions,
  isNeeded: boolean,
): Promise<readonly unknown[] | undefined> {
  const results: unknown[] = [];
  let total: number | undefined;
  for (let page = 0; page < maxPages; page++) {
    const query = `?limit=${pageSize}&offset=${results.length}&ordering=id&exclude=config_context`;
    const answer =
      page === 0 && !isNeeded
        ? await orMissing(io, address + query, options)
        : await fetchJson(io, address + query, options);
    if (answer === undefined) return undefined;
    const entries = listAt(answer, 'results');
    const count = numberAt(answer, 'count');
    if (!isObject(answer) || count === undefined) throw unlike(address, 'does not answer as NetBox does');
    results.push(...entries);
    total ??= count;
    if (count === total && results.length === count) return results;
    if (count !== total || entries.length === 0 || results.length > count)
      throw unlike(address, 'changed while it was read');
  }
  throw unlike(address, `has more than ${maxPages * pageSize} objects`);
}

async function orMissing(io: Io, address: string, options: HttpOptions): Promise<unknown> {
  try {
    return await fetchJson(io, address, options);
  } catch (error) {
    if (error instanceof BerthError && error.detail.code === 'NOT_FOUND' && !error.detail.retryable)
      return undefined;
    throw error;
  }
}

function unlike(address: string, what: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${address}\` ${what}`,
    fix: 'check the address, and try again; or save the pages and import the files',
    retryable: true,
  });
}
