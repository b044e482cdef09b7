import { z } from 'zod';

import { isJsonObject, type Json, type JsonObject, toJsonObject } from './json.ts';

/**
 * A JSON Schema whose root is an object, as `tools/list` carries it. It names no `$schema`: without one MCP means
 * draft 2020-12 (SEP-1613), and 11 times that address would cost 150 tokens.
 */
export type ObjectSchema = JsonObject & { type: 'object' };

/**
 * The schema of a tool's input, as a model reads it. It says what to write and is allowed to accept more than
 * the zod schema, which alone judges a call: bounds that nobody meets by accident and long patterns cost more
 * tokens than they save, and the error for each of them says what was expected. A schema with `seeTool` in its
 * metadata stands in full in that tool and is only named here; one with `told` is written out in its own words,
 * which is shorter. A long list of choices stands at the first key that takes one of them, and a unit only in the key's
 * name. That unknown keys are errors is said once, at the root.
 */
export function inputJsonSchema(schema: z.ZodObject): ObjectSchema {
  const slim = slimInput(jsonSchema(schema, 'input'), new Set());
  return { ...slim, type: 'object', additionalProperties: false };
}

/**
 * The schema of a tool's output. It promises names and types down to what a program would read by name;
 * formats, bounds and the inside of deeper objects stay with the zod schema that every answer is parsed with.
 * Unknown keys are left open, so that a client that kept an older list accepts an answer with one field more.
 */
export function outputJsonSchema(schema: z.ZodObject): ObjectSchema {
  return { ...slimOutput(jsonSchema(schema, 'output'), 0), type: 'object' };
}

/** Bounds up to here are ones a caller may well meet: 72 GPUs, 200 rows. */
const tellingBound = 1000;
/** Up to here a pattern reads faster than a sentence: `^[A-Z]{2}$`. */
const tellingPattern = 12;
/** Longer sentences are not said twice in one schema. */
const shortWords = 40;
const outputDepth = 5;

function slimInput(node: JsonObject, said: Set<string>): JsonObject {
  if (typeof node['seeTool'] === 'string' || node['told'] === true)
    return pick(node, ['type', 'description']);
  const { description, enum: choices, ...rest } = pick(node, [...structureOf(node), 'format']);
  const { pattern, ...bounds } = telling(node);
  const kept: JsonObject = { ...rest, ...bounds };
  if (typeof pattern === 'string' && !said.has(pattern)) kept['pattern'] = pattern;
  if (typeof pattern === 'string') said.add(pattern);
  if (choices !== undefined && isNew(JSON.stringify(choices), said)) kept['enum'] = choices;
  if (typeof description === 'string' && description !== node['unit'] && isNew(description, said))
    kept['description'] = description;
  return mapChildren(kept, (child) => slimInput(child, said));
}

/** Whether words have not been said yet. Short ones are said again: where they stand they read faster. */
function isNew(words: string, said: Set<string>): boolean {
  if (said.has(words)) return false;
  if (words.length > shortWords) said.add(words);
  return true;
}

const structure = [
  'type',
  'properties',
  'required',
  'items',
  'enum',
  'const',
  'anyOf',
  'oneOf',
  'description',
];

/** What tells shape and names apart; the schema of a record's values among it. */
function structureOf(node: JsonObject): readonly string[] {
  return isJsonObject(node['additionalProperties']) ? [...structure, 'additionalProperties'] : structure;
}

function telling({ minimum, maximum, pattern, default: preset }: JsonObject): JsonObject {
  return {
    ...(preset !== undefined && preset !== false && { default: preset }),
    ...(typeof minimum === 'number' && minimum > 1 && { minimum }),
    ...(typeof maximum === 'number' && maximum <= tellingBound && { maximum }),
    ...(typeof pattern === 'string' && pattern.length <= tellingPattern && { pattern }),
  };
}

function slimOutput(node: JsonObject, depth: number): JsonObject {
  const kinds = kindsOf(node['oneOf']);
  if (kinds !== undefined)
    return { type: 'object', properties: { kind: { type: 'string', enum: kinds } }, required: ['kind'] };
  if (node['properties'] !== undefined && depth >= outputDepth) return pick(node, ['type', 'description']);
  return mapChildren(pick(node, structureOf(node)), (child) => slimOutput(child, depth + 1));
}

/** The names of the cases of a union of objects told apart by `kind`. */
function kindsOf(cases: Json | undefined): string[] | undefined {
  return Cases.safeParse(cases).data?.map((one) => one.properties.kind.const);
}

const Cases = z.array(z.object({ properties: z.object({ kind: z.object({ const: z.string() }) }) }));

function mapChildren(node: JsonObject, change: (child: JsonObject) => JsonObject): JsonObject {
  const changed = (value: Json): Json => (isJsonObject(value) ? change(value) : value);
  const entries = Object.entries(node).map(([key, value]): [string, Json] => {
    if (key === 'properties' && isJsonObject(value))
      return [key, Object.fromEntries(Object.entries(value).map(([name, child]) => [name, changed(child)]))];
    if ((key === 'anyOf' || key === 'oneOf') && Array.isArray(value)) return [key, value.map(changed)];
    return [key, key === 'items' || key === 'additionalProperties' ? changed(value) : value];
  });
  return Object.fromEntries(entries);
}

function pick(node: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(node).filter(([key]) => keys.includes(key)));
}

/** Through text, which leaves behind the functions that zod hangs on its result. */
function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): JsonObject {
  return toJsonObject(z.toJSONSchema(schema, { target: 'draft-2020-12', io }));
}
