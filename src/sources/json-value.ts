/** An object of a vendor's JSON: any key, any value. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value of parsed JSON or YAML is an object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of keys; nothing where the path leads nowhere. Inherited properties are not values. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

/** Text with something in it, trimmed. */
export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const text = at(value, ...keys);
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

/** A finite number; also one that stands in quotes, as some exports write them. */
export function numberAt(value: unknown, ...keys: readonly string[]): number | undefined {
  const number = at(value, ...keys);
  if (typeof number === 'string' && /^\s*-?\d{1,15}(?:\.\d{1,9})?\s*$/u.test(number)) return Number(number);
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The elements of a list; none for anything else. */
export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const list = at(value, ...keys);
  return Array.isArray(list) ? list : [];
}

/** Whether two values say the same, whatever the order of their keys. Values nested deeper than 64 differ. */
export function isSame(a: unknown, b: unknown, depth = 64): boolean {
  if (a === b) return true;
  if (depth === 0) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((entry, index) => isSame(entry, b[index], depth - 1));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key], depth - 1))
  );
}
