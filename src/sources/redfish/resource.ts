import type { Origin } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { fileName, invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import { linesOfJson } from '../json-lines.ts';
import { at, isObject, isSame, type JsonObject, listAt, textAt } from '../json-value.ts';
import type { Evidence } from '../source.ts';
import { readDocuments } from '../structured.ts';

/** One Redfish resource, and where it stood. */
export type Resource = {
  /** As the service spells it, without a slash at the end. */
  readonly path: string;
  /** The last word of `@odata.type` without its version: `Processor`. */
  readonly type: string;
  readonly value: JsonObject;
  readonly evidence: Evidence;
  readonly line: number | undefined;
};

/** All that is known of one Redfish service. Paths are looked up without regard to case: services mix it. */
export class ResourceTree {
  readonly #byPath: ReadonlyMap<string, Resource>;
  readonly #byType: ReadonlyMap<string, readonly Resource[]>;
  /** In the order of the paths, numbers by value: `GPU_2` before `GPU_10`. */
  readonly all: readonly Resource[];

  constructor(resources: readonly Resource[]) {
    this.#byPath = new Map(resources.map((resource) => [keyOf(resource.path), resource]));
    this.all = [...this.#byPath.values()].toSorted((a, b) => byNumber(a.path, b.path));
    this.#byType = Map.groupBy(this.all, ({ type }) => type);
  }

  at(path: string | undefined): Resource | undefined {
    return path === undefined ? undefined : this.#byPath.get(keyOf(path));
  }

  /** The resource that a property links to: `"Power": {"@odata.id": …}`. */
  linked(resource: Resource, ...keys: readonly string[]): Resource | undefined {
    return this.at(textAt(resource.value, ...keys, '@odata.id'));
  }

  /** The resources that a list of links names, as far as they are here. */
  links(resource: Resource, ...keys: readonly string[]): readonly Resource[] {
    return listAt(resource.value, ...keys).flatMap((link) => this.at(textAt(link, '@odata.id')) ?? []);
  }

  ofType(type: string): readonly Resource[] {
    return this.#byType.get(type) ?? [];
  }

  /** Resources of a type whose path begins with that of another. */
  inside(parent: Resource, type: string): readonly Resource[] {
    const prefix = `${keyOf(parent.path)}/`;
    return this.ofType(type).filter(({ path }) => keyOf(path).startsWith(prefix));
  }
}

const expected =
  'saved Redfish resources as JSON: single ones, or one object with a resource under each path';

/**
 * The resources of all files, one tree for each service. A file that holds a `ComputerSystem` is a service of its own, unless
 * its paths are not taken elsewhere; files without one (`power.json`) belong to the only service there is.
 */
export function readTrees(evidence: readonly Evidence[]): readonly ResourceTree[] {
  const files = evidence.map((file) => ({ file, resources: readResources(file) }));
  const whole = files.filter(({ resources }) => resources.some(({ type }) => type === 'ComputerSystem'));
  const [first, ...others] = whole;
  if (first === undefined || others.length === 0)
    return [treeOf(files.flatMap(({ resources }) => resources))];
  const stray = files.find((found) => !whole.includes(found));
  if (stray !== undefined)
    throw invalidFile(
      stray.file,
      'does not say to which of the systems in the other files it belongs',
      'import one machine at a time',
    );
  return whole.map(({ resources }) => treeOf(resources));
}

export function originOf({ evidence, line }: Resource): Origin {
  return { file: fileName(evidence), ...(line === undefined ? {} : { line }) };
}

/** The last segment of a path: how people call a resource. */
export function shortName({ path }: Resource): string {
  return cleanText(path.slice(path.lastIndexOf('/') + 1), 80);
}

/** Numbers inside names count by their value. */
function byNumber(a: string, b: string): number {
  return compareText(padded(a), padded(b)) || compareText(a, b);
}

function padded(text: string): string {
  return text.replaceAll(/\d{1,12}/gu, (digits) => digits.padStart(12, '0'));
}

function keyOf(path: string): string {
  return path.split('#', 1).join().replace(/\/+$/u, '').toLowerCase();
}

/** The same path twice must say the same: two machines do not become one. */
function treeOf(resources: readonly Resource[]): ResourceTree {
  const byPath = new Map<string, Resource>();
  for (const resource of resources) {
    const known = byPath.get(keyOf(resource.path));
    if (known === undefined) byPath.set(keyOf(resource.path), resource);
    else if (!isSame(known.value, resource.value))
      throw invalidFile(
        resource.evidence,
        `\`${cleanText(resource.path, 160)}\` differs from the one in \`${fileName(known.evidence)}\``,
        'import one machine, as it was at one time, at a time',
        resource.line === undefined ? {} : { line: resource.line },
      );
  }
  return new ResourceTree([...byPath.values()]);
}

function readResources(evidence: Evidence): readonly Resource[] {
  const text = readText(evidence);
  if (!/^\s*[[{]/u.test(text)) throw wrongFormat(evidence, text, 'redfish', expected);
  const [document] = readDocuments(evidence, text);
  const lines = linesOfJson(text, 1);
  const found = resourcesIn(document?.value).map(({ path, value, key }) =>
    resourceOf({ path, value, evidence, line: key === undefined ? 1 : lines.get(key) }),
  );
  const all = found.flatMap((resource) => [resource, ...membersOf(resource)]);
  if (all.length === 0) throw wrongFormat(evidence, text, 'redfish', expected);
  return all;
}

type Found = { readonly path: string; readonly value: JsonObject; readonly key?: string };

function resourcesIn(root: unknown): readonly Found[] {
  if (Array.isArray(root)) return root.flatMap((value, index) => placed(value, String(index)));
  if (!isObject(root)) return [];
  const path = textAt(root, '@odata.id');
  if (path?.startsWith('/redfish') === true) return [{ path, value: root }];
  return Object.entries(root).flatMap(([key, value]) =>
    key.startsWith('/redfish') && isObject(value) ? [{ path: key, value, key }] : [],
  );
}

function placed(value: unknown, key: string): readonly Found[] {
  const path = textAt(value, '@odata.id');
  return isObject(value) && path?.startsWith('/redfish') === true ? [{ path, value, key }] : [];
}

function resourceOf(found: Omit<Resource, 'type'>): Resource {
  const type = textAt(found.value, '@odata.type')?.split('.').at(-1)?.replace(/^#/u, '') ?? '';
  return { ...found, path: found.path.replace(/\/+$/u, ''), type };
}

/** Collections that were read with `$expand` hold their members whole. */
function membersOf(collection: Resource): readonly Resource[] {
  return listAt(collection.value, 'Members').flatMap((value) => {
    const path = textAt(value, '@odata.id');
    if (!isObject(value) || path === undefined || at(value, '@odata.type') === undefined) return [];
    return [resourceOf({ path, value, evidence: collection.evidence, line: collection.line })];
  });
}
