import type { Origin } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { fileName, invalidFile } from '../evidence.ts';
import { linesOfJson } from '../json-lines.ts';
import { at, isObject, isSame, type JsonObject, numberAt, textAt } from '../json-value.ts';
import type { Evidence } from '../source.ts';

/** One object of NetBox, and where it stood. */
export type NetboxObject = {
  /** The kind in one word: `powerfeed` for `/api/dcim/power-feeds/`, `power_feed_list` and `power_feeds`. */
  readonly table: string;
  readonly id: string;
  readonly value: JsonObject;
  readonly evidence: Evidence;
  readonly line: number | undefined;
};

/** A page that says that there is more than it holds. */
export type ShortPage = {
  readonly table: string;
  readonly held: number;
  readonly count: number;
  readonly origin: Origin;
};

export type NetboxFile = { readonly objects: readonly NetboxObject[]; readonly counts: readonly ShortPage[] };

/** All objects of an export, by table and id. */
export class NetboxTables {
  readonly #byTable: ReadonlyMap<string, ReadonlyMap<string, NetboxObject>>;
  readonly #sorted: ReadonlyMap<string, readonly NetboxObject[]>;

  constructor(objects: readonly NetboxObject[]) {
    const byTable = new Map<string, Map<string, NetboxObject>>();
    for (const object of objects) {
      const table = byTable.get(object.table) ?? new Map<string, NetboxObject>();
      byTable.set(object.table, table);
      const known = table.get(object.id);
      if (known === undefined) table.set(object.id, object);
      else if (!isSame(known.value, object.value)) throw twice(known, object);
    }
    this.#byTable = byTable;
    this.#sorted = new Map(
      [...byTable].map(([name, table]) => [name, [...table.values()].toSorted(byId)] as const),
    );
  }

  /** In the order of their ids. */
  all(table: string): readonly NetboxObject[] {
    return this.#sorted.get(table) ?? [];
  }

  /** In the order of their ids, by the device they are part of. */
  byDevice(table: string): ReadonlyMap<string, readonly NetboxObject[]> {
    return Map.groupBy(this.all(table), ({ value }) => idAt(value, 'device') ?? '');
  }

  has(table: string): boolean {
    return this.#byTable.has(table);
  }

  get names(): readonly string[] {
    return [...this.#byTable.keys()].toSorted(compareText);
  }

  at(table: string, id: string | undefined): NetboxObject | undefined {
    return id === undefined ? undefined : this.#byTable.get(table)?.get(id);
  }

  /** The object that a property refers to, whole where its table is here, else as far as the reference tells. */
  referred(value: unknown, key: string, table = key.replaceAll('_', '')): JsonObject | undefined {
    const found = this.at(table, idAt(value, key));
    if (found !== undefined) return found.value;
    const nested = at(value, key);
    return isObject(nested) ? nested : undefined;
  }
}

/** The id of a reference: a nested object, or the id alone. Numbers and text are the same id. */
export function idAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const reference = at(value, ...keys);
  const id = isObject(reference) ? reference['id'] : reference;
  if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id);
  return typeof id === 'string' && id !== '' && id.length <= 100 ? id : undefined;
}

export function originOf({ evidence, line }: NetboxObject): Origin {
  return { file: fileName(evidence), ...(line === undefined ? {} : { line }) };
}

/**
 * The objects of one JSON file: an object of tables, pages of the REST API (single or under their tables), the `data` of a
 * GraphQL answer, or a plain list of REST objects. Nothing that is no export has objects.
 */
export function objectsIn(evidence: Evidence, text: string, value: unknown): NetboxFile {
  const lines = linesOfJson(text, 3);
  const listed = listsIn(value, '').flatMap((list) =>
    list.entries.map((entry, index) => ({
      entry,
      table: list.table,
      line: lines.get(`${list.path}${index}`),
    })),
  );
  const objects = listed.flatMap(({ entry, table, line }) => {
    const id = idAt({ entry }, 'entry');
    const own = table ?? tableOf(textAt(entry, 'url'));
    return isObject(entry) && id !== undefined && own !== undefined && tables.has(own)
      ? [{ table: own, id, value: entry, evidence, line }]
      : [];
  });
  return { objects, counts: shortPages(evidence, value, objects) };
}

type Listed = {
  readonly table: string | undefined;
  readonly path: string;
  readonly entries: readonly unknown[];
};

function listsIn(value: unknown, prefix: string): readonly Listed[] {
  if (Array.isArray(value)) return [{ table: undefined, path: prefix, entries: value }];
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]): readonly Listed[] => {
    const path = `${prefix}${key}/`;
    if (key === 'results') return listsIn(inner, path);
    if (key === 'data' && prefix === '') return listsIn(inner, path);
    const table = tableOf(key);
    if (table === undefined || !tables.has(table)) return [];
    return listsIn(isObject(inner) ? { results: inner['results'] } : inner, path).map((list) => ({
      ...list,
      table,
    }));
  });
}

/** What Berth reads of NetBox. */
const tables = new Set([
  'region',
  'site',
  'location',
  'rack',
  'rackreservation',
  'powerpanel',
  'powerfeed',
  'tenant',
  'manufacturer',
  'devicetype',
  'devicerole',
  'device',
  'module',
  'powerport',
  'poweroutlet',
  'interface',
  'cable',
]);

/** `/api/dcim/power-feeds/12/`, `dcim/power-feeds`, `power_feed_list`, `dcim.powerfeed`: `powerfeed`. */
export function tableOf(name: string | undefined): string | undefined {
  const word = name
    ?.replace(/[?#].*$/u, '')
    .split(/[/.]/u)
    .findLast((part) => /[a-z]/iu.test(part));
  const letters = word
    ?.toLowerCase()
    .replace(/[_-]list$/u, '')
    .replaceAll(/[^a-z]/gu, '')
    .replace(/s$/u, '');
  return letters === undefined || /(?:device|module)type$/u.test(letters)
    ? letters
    : letters.replace(/type$/u, '');
}

function shortPages(
  evidence: Evidence,
  value: unknown,
  objects: readonly NetboxObject[],
): readonly ShortPage[] {
  const pages = isObject(value) ? [value, ...Object.values(value)] : [];
  const byValue = new Map<unknown, NetboxObject>(objects.map((object) => [object.value, object]));
  return pages.flatMap((page) => {
    const count = numberAt(page, 'count');
    const entries = at(page, 'results');
    if (count === undefined || !Array.isArray(entries)) return [];
    const first = byValue.get(entries[0]);
    if (first === undefined) return [];
    return [{ table: first.table, held: entries.length, count, origin: { file: fileName(evidence) } }];
  });
}

function byId(a: NetboxObject, b: NetboxObject): number {
  return a.id.length - b.id.length || compareText(a.id, b.id);
}

function twice(known: NetboxObject, other: NetboxObject) {
  return invalidFile(
    other.evidence,
    `${other.table} ${cleanText(other.id, 40)} differs from the one in \`${fileName(known.evidence)}\``,
    'import one export, made at one time',
    other.line === undefined ? {} : { line: other.line },
  );
}
