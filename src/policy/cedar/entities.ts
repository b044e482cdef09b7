import {
  type CedarEntity,
  entityOf,
  type EntityUid,
  isPlainObject,
  PolicyInputError,
  readUid,
  readValue,
  uidKey,
  type Value,
} from './value.ts';

/** An entity as Cedar's JSON writes it. */
export type EntityJson = {
  readonly uid: EntityUid;
  readonly attrs: { readonly [name: string]: unknown };
  readonly parents: readonly EntityUid[];
};

type Entity = {
  readonly self: CedarEntity;
  readonly attrs: ReadonlyMap<string, Value>;
  /** Everything that it is in, however far up, by key. */
  readonly ancestors: ReadonlySet<string>;
};

/** What a question is asked about, by key. */
export type Entities = ReadonlyMap<string, Entity>;

type Draft = {
  readonly self: CedarEntity;
  readonly attrs: ReadonlyMap<string, Value>;
  readonly parents: readonly string[];
};

/** Reads entities. Throws `PolicyInputError` for duplicates, for circles and for what is no entity. */
export function readEntities(json: unknown): Entities {
  if (!Array.isArray(json)) throw new PolicyInputError('entities are a list');
  const drafts = new Map<string, Draft>();
  for (const item of json) {
    const draft = readDraft(item);
    if (drafts.has(draft.self.key)) throw new PolicyInputError(`${draft.self.key} is there twice`);
    drafts.set(draft.self.key, draft);
  }
  return new Map(
    [...drafts].map(([key, { self, attrs }]) => [key, { self, attrs, ancestors: above(key, drafts) }]),
  );
}

function readDraft(json: unknown): Draft {
  if (!isPlainObject(json)) throw new PolicyInputError('an entity has `uid`, `attrs` and `parents`');
  const { uid, attrs, parents, ...others } = json;
  if (!isPlainObject(attrs) || !Array.isArray(parents) || Object.keys(others).length > 0)
    throw new PolicyInputError('an entity has `uid`, `attrs` and `parents`');
  return {
    self: entityOf(readUid(uid)),
    attrs: new Map(Object.entries(attrs).map(([name, value]) => [name, readValue(value)])),
    parents: parents.map((parent) => uidKey(readUid(parent))),
  };
}

function above(key: string, drafts: ReadonlyMap<string, Draft>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(drafts.get(key)?.parents ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === key) throw new PolicyInputError(`${key} is inside itself`);
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(drafts.get(next)?.parents ?? []));
  }
  return found;
}
