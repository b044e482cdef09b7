import { compareText } from '../../model/text.ts';

/** What names an entity: `{ type: 'Berth::Site', id: 'fra1' }`. */
export type EntityUid = { readonly type: string; readonly id: string };

/** A value as Cedar's JSON writes it. Extension values, `null` and fractions are refused where they are read. */
export type CedarJson =
  | boolean
  | number
  | string
  | readonly CedarJson[]
  | { readonly __entity: EntityUid }
  | { readonly [name: string]: CedarJson };

/** A value as rules compute with it. `key` is equal exactly for equal values. */
export type Value = boolean | bigint | string | CedarSet | CedarRecord | CedarEntity;
export type CedarSet = {
  readonly kind: 'set';
  readonly items: ReadonlyMap<string, Value>;
  readonly key: string;
};
export type CedarRecord = {
  readonly kind: 'record';
  readonly fields: ReadonlyMap<string, Value>;
  readonly key: string;
};
export type CedarEntity = { readonly kind: 'entity'; readonly uid: EntityUid; readonly key: string };

/** Input that no rule may be asked about: it is answered with a closed door, never guessed at. */
export class PolicyInputError extends Error {
  override readonly name = 'PolicyInputError';
}

const depthLimit = 16;

/** Reads plain JSON. Throws `PolicyInputError` for what Cedar has no exact value for. */
export function readValue(json: unknown, depth = 0): Value {
  if (depth > depthLimit) throw new PolicyInputError(`a value is nested deeper than ${depthLimit} levels`);
  if (typeof json === 'boolean') return json;
  if (typeof json === 'string') return readString(json);
  if (typeof json === 'number') return readLong(json);
  if (Array.isArray(json)) return setOf(json.map((item) => readValue(item, depth + 1)));
  if (!isPlainObject(json)) throw new PolicyInputError(`a value is ${json === null ? 'null' : typeof json}`);
  if ('__entity' in json) return entityOf(readUid(json['__entity']));
  if ('__extn' in json) throw new PolicyInputError('extension values are not supported');
  return readRecord(json, depth);
}

function readRecord(json: Record<string, unknown>, depth = 0): CedarRecord {
  return recordOf(
    new Map(Object.entries(json).map(([name, item]) => [readString(name), readValue(item, depth + 1)])),
  );
}

/** Reads the record that a request brings along. */
export function readContext(json: unknown): CedarRecord {
  if (!isPlainObject(json)) throw new PolicyInputError('a context is a record');
  return readRecord(json);
}

/** Reads `{ type, id }`, with or without Cedar's `__entity` around it. */
export function readUid(json: unknown): EntityUid {
  const plain = isPlainObject(json) && '__entity' in json ? json['__entity'] : json;
  if (!isPlainObject(plain)) throw new PolicyInputError('an entity is named by `type` and `id`');
  const { type, id } = plain;
  if (typeof type !== 'string' || typeof id !== 'string' || Object.keys(plain).length !== 2)
    throw new PolicyInputError('an entity is named by `type` and `id`');
  if (!/^[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*$/.test(type))
    throw new PolicyInputError('an entity type is names joined by `::`');
  return { type, id: readString(id) };
}

function readString(text: string): string {
  if (!text.isWellFormed()) throw new PolicyInputError('a text has a lone surrogate');
  return text;
}

function readLong(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new PolicyInputError('a number is no integer below 2^53');
  return BigInt(value);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function entityOf(uid: EntityUid): CedarEntity {
  return { kind: 'entity', uid, key: uidKey(uid) };
}

/** Tells entities apart in maps. */
export function uidKey({ type, id }: EntityUid): string {
  return `${type}::${JSON.stringify(id)}`;
}

export function setOf(items: readonly Value[]): CedarSet {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return { kind: 'set', items: byKey, key: `[${[...byKey.keys()].toSorted(compareText).join(',')}]` };
}

export function recordOf(fields: ReadonlyMap<string, Value>): CedarRecord {
  const parts = [...fields].map(([name, value]) => `${JSON.stringify(name)}:${keyOf(value)}`);
  return { kind: 'record', fields, key: `{${parts.toSorted(compareText).join(',')}}` };
}

/** Equal for equal values, different for others, whatever their types. */
export function keyOf(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' ? value.key : String(value);
}

/** A value as people read it: `US`, `DE, NL`, `true`, `12`. */
export function textOf(value: Value): string {
  if (typeof value !== 'object') return String(value);
  if (value.kind === 'entity') return value.uid.id;
  if (value.kind === 'record') return value.key;
  const items = [...value.items.values()].map(textOf).toSorted(compareText);
  if (items.length > 8) return `${items.slice(0, 5).join(', ')} and ${items.length - 5} more`;
  return items.length === 0 ? 'none' : items.join(', ');
}
