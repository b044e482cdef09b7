import { z } from 'zod';

import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** How much of an answer is wanted. Everything of a concise one stands in the detailed one too. */
export const ResponseFormat = z.enum(['concise', 'detailed']);
export type ResponseFormat = z.infer<typeof ResponseFormat>;

/** The key of a tool's input under which it is said. */
export const formatKey = 'responseFormat';

/** What no model needs to go on: digests of the state, and instants a second time. */
export const briefSnapshot = [
  'snapshot.head',
  'snapshot.inventory',
  'snapshot.atMs',
  'snapshot.clock',
] as const;

/** The answer without what paths such as `nodes[].cpuMilli` name. */
export function briefed(answer: JsonObject, paths: readonly string[]): JsonObject {
  const copy = structuredClone(answer);
  for (const path of paths) drop(copy, path.split('.'));
  return copy;
}

function drop(value: Json | undefined, [step = '', ...rest]: readonly string[]): void {
  if (!isJsonObject(value)) return;
  const name = step.replace('[]', '');
  if (!Object.hasOwn(value, name)) return;
  if (rest.length === 0) {
    delete value[name];
    return;
  }
  const child = value[name];
  for (const one of Array.isArray(child) ? child : [child]) drop(one, rest);
}

/** The schema of an answer from which these may be missing. */
export function withOptional<S extends JsonObject>(schema: S, paths: readonly string[]): S {
  const copy = structuredClone(schema);
  for (const path of paths) loosen(copy, path.split('.'));
  return copy;
}

function loosen(node: Json | undefined, [step = '', ...rest]: readonly string[]): void {
  if (!isJsonObject(node)) return;
  const name = step.replace('[]', '');
  const { required, properties } = node;
  if (rest.length === 0 && Array.isArray(required)) node['required'] = required.filter((key) => key !== name);
  const child = isJsonObject(properties) ? properties[name] : undefined;
  if (isJsonObject(child)) loosen(step.endsWith('[]') ? child['items'] : child, rest);
}
