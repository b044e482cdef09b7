import { BerthError } from '../../model/error.ts';
import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import { fetchJson, type SecretPlace } from './http.ts';

/** A service that the user named, and where the name and the password for it are (`name:password`). */
export type RedfishService = { readonly url: string; readonly secret?: SecretPlace };

const maxResources = 20_000;
const maxBytes = 64 * 1024 * 1024;
const atOnce = 4;

/**
 * What a Redfish service says of its machines: a walk along its links, on that host only, to the kinds of resources that Berth
 * reads. Only ever GET. One file, an object with a resource under each path. Throws as `fetchJson` does, and where
 * there is more than 20,000 resources or 64 MiB; a link that leads nowhere is left out.
 */
export async function askRedfish(io: Io, { url, secret }: RedfishService): Promise<readonly Evidence[]> {
  const options = { scheme: 'Basic', ...(secret === undefined ? {} : { secret }) } as const;
  const ask = (path: string) => fetchJson(io, addressOf(url, path), options);
  const found = new Map<string, string>([['/redfish/v1', JSON.stringify(await ask('/redfish/v1/'))]]);
  const seen = new Set<string>();
  let bytes = 0;
  for (let pending = fresh(starts, seen); pending.length > 0;) {
    const links: string[] = [];
    for (let first = 0; first < pending.length; first += atOnce) {
      const paths = pending.slice(first, first + atOnce);
      const answers = await Promise.all(paths.map(async (path) => orNothing(ask(path))));
      for (const [index, value] of answers.entries()) {
        if (value === undefined) continue;
        const text = JSON.stringify(value);
        found.set(paths[index] ?? '', text);
        bytes += text.length;
        links.push(...linksIn(value));
      }
      if (found.size > maxResources || bytes > maxBytes) throw tooLarge(url);
    }
    pending = fresh(links, seen);
  }
  return [{ file: addressOf(url, '/redfish/v1'), bytes: dumpOf(found) }];
}

const starts = ['/redfish/v1/Systems', '/redfish/v1/Chassis'];

/** Below systems and chassis, the resources that say something about machines, devices, power and leaks. */
const wanted = [
  /^\/redfish\/v1\/(?:Systems|Chassis)(?:\/[^/]+)?$/iu,
  /^\/redfish\/v1\/Systems\/[^/]+\/(?:Processors|EthernetInterfaces|PCIDevices)(?:\/[^/]+)?$/iu,
  /^\/redfish\/v1\/Systems\/[^/]+\/Processors\/[^/]+\/(?:EnvironmentMetrics|Ports(?:\/[^/]+)?)$/iu,
  /^\/redfish\/v1\/Systems\/[^/]+\/Memory\/[^/]*GPU[^/]*$/iu,
  /^\/redfish\/v1\/Chassis\/[^/]+\/(?:Power|EnvironmentMetrics|ThermalSubsystem(?:\/LeakDetection(?:\/LeakDetectors(?:\/[^/]+)?)?)?)$/iu,
  /^\/redfish\/v1\/Chassis\/[^/]+\/PowerSubsystem(?:\/PowerSupplies(?:\/[^/]+)?)?$/iu,
  /^\/redfish\/v1\/Chassis\/[^/]+\/(?:Devices|NetworkAdapters)(?:\/[^/]+)?$/iu,
  /^\/redfish\/v1\/Chassis\/[^/]+\/NetworkAdapters\/[^/]+\/(?:Ports|NetworkPorts|NetworkDeviceFunctions)(?:\/[^/]+)?$/iu,
  /^\/redfish\/v1\/Chassis\/[^/]+\/Sensors\/[^/]*power[^/]*$/iu,
];

/** Absolute addresses, and paths that climb, are not followed. */
function linksIn(value: unknown): readonly string[] {
  const links: string[] = [];
  const open: unknown[] = [value];
  for (const next of open) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, inner] of Object.entries(next)) {
      if (typeof inner === 'string' && (key === '@odata.id' || key === 'DataSourceUri')) links.push(inner);
      else open.push(inner);
    }
  }
  return links;
}

function fresh(links: readonly string[], seen: Set<string>): string[] {
  const paths: string[] = [];
  for (const link of links) {
    const path = link.split(/[?#]/u, 1).join().replace(/\/+$/u, '');
    const isSafe = /^[!-~]+$/u.test(path) && !/\.\.|\/\/|\\/u.test(path);
    if (!isSafe || seen.has(path.toLowerCase()) || !wanted.some((pattern) => pattern.test(path))) continue;
    seen.add(path.toLowerCase());
    paths.push(path);
  }
  return paths;
}

/** Services link to resources that they do not have. Any other failure would leave out what counts. */
async function orNothing(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    const isMissing =
      error instanceof BerthError && error.detail.code === 'NOT_FOUND' && !error.detail.retryable;
    if (isMissing) return undefined;
    throw error;
  }
}

function addressOf(url: string, path: string): string {
  return URL.canParse(path, url) ? new URL(path, url).href : url;
}

/** A line for each resource, so that facts can say where they were read. */
function dumpOf(found: ReadonlyMap<string, string>): Uint8Array {
  const lines = [...found].map(([path, text]) => `${JSON.stringify(path)}: ${text}`);
  return new TextEncoder().encode(`{\n${lines.join(',\n')}\n}\n`);
}

function tooLarge(url: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${addressOf(url, '/')}\` has more than ${maxResources} resources or 64 MiB`,
    fix: 'save the resources of single machines and import the files',
  });
}
