import { isJsonObject, type JsonObject } from '../mcp/json.ts';

/** One key of a file: where it stands, what it takes, what it means. */
export type Key = {
  readonly path: string;
  readonly takes: string;
  readonly isNeeded: boolean;
  readonly meaning: string;
};

/** Every key of a JSON Schema, each with its path (`parts[].each.gpus.count`), in the order of the schema. */
export function keysIn(schema: JsonObject, prefix = ''): readonly Key[] {
  const cases = casesOf(schema);
  const required = listOf(schema['required']);
  const own = Object.entries(objectOf(schema['properties'])).flatMap(([name, child]) =>
    isJsonObject(child) ? keyAndBelow(child, joined(prefix, name), required.includes(name)) : [],
  );
  return [...own, ...shared(cases.map((one) => keysIn(one, prefix)))];
}

function keyAndBelow(schema: JsonObject, path: string, isNeeded: boolean): readonly Key[] {
  const { items, additionalProperties: others, help, description } = schema;
  const meaning = [help, description].find((text) => typeof text === 'string') ?? '';
  const own = { path, takes: takenBy(schema), isNeeded, meaning };
  if (isJsonObject(items)) return [own, ...keysIn(items, `${path}[]`)];
  if (isJsonObject(others)) return recordKeys(own, others);
  return [own, ...keysIn(schema, path)];
}

/** Names of one's own choice, with keys or with a plain value behind each. */
function recordKeys(own: Key, values: JsonObject): readonly Key[] {
  const below = keysIn(values, joined(own.path, 'NAME'));
  return below.length > 0 ? [own, ...below] : [{ ...own, takes: `NAME: ${takenBy(values)}` }];
}

function casesOf(schema: JsonObject): readonly JsonObject[] {
  const cases = [schema['oneOf'], schema['anyOf']].find((one) => Array.isArray(one)) ?? [];
  return cases.filter(isJsonObject);
}

/** Cases of a union share keys such as `kind`: each once, and needed only where every case needs it. */
function shared(cases: readonly (readonly Key[])[]): readonly Key[] {
  return [...Map.groupBy(cases.flat(), ({ path }) => path).values()].flatMap((same) => {
    const takes = [...new Set(same.map((key) => key.takes))].join(' or ');
    const isNeeded = same.length === cases.length && same.every((key) => key.isNeeded);
    return same.slice(0, 1).map((key) => ({ ...key, takes, isNeeded }));
  });
}

/** In words: `one of node, rack, feed, site`, `a whole number, 1 to 72`, `a list`. */
function takenBy(schema: JsonObject): string {
  const choices = listOf(schema['enum']);
  if (choices.length > 0) return choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(', ')}`;
  if (typeof schema['const'] === 'string' || typeof schema['const'] === 'boolean')
    return String(schema['const']);
  const { items } = schema;
  if (schema['type'] === 'array') {
    const each = isJsonObject(items) ? listOf(items['enum']) : [];
    return each.length > 0 ? `a list of ${each.join(', ')}` : 'a list';
  }
  const { type } = schema;
  const word = typeof type === 'string' ? typeWords.get(type) : undefined;
  if (word !== undefined) return `${word}${boundsOf(schema)}`;
  const cases = casesOf(schema).map(takenBy);
  return [...new Set(cases)].filter((one) => one !== '').join(' or ');
}

const typeWords = new Map([
  ['string', 'text'],
  ['integer', 'a whole number'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
]);

function boundsOf({ minimum, maximum }: JsonObject): string {
  if (typeof minimum !== 'number' || typeof maximum !== 'number') return '';
  return maximum > tellingMost ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`;
}

/** Larger bounds are met by nobody. */
const tellingMost = 1_000_000;

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {};
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
