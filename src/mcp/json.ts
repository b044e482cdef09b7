import { cleanText } from '../model/text.ts';

export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/**
 * The object as it will stand on the wire: without `undefined` and functions, and sharing nothing with the
 * original. Throws for what is no object there.
 */
export function toJsonObject(value: object): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  if (!isJsonObject(copy)) throw new TypeError('JSON makes no object of it');
  return copy;
}

/** For values that came out of JSON. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes of the compact JSON text. */
export function sizeBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * Every text, names of keys included, made safe for a terminal and a model. Sources clean what they read; this
 * is the second lock on the same door, for text that came another way.
 */
function cleanJson(value: Json): Json {
  if (typeof value === 'string') return cleanLine(value);
  if (Array.isArray(value)) return value.map(cleanJson);
  return isJsonObject(value) ? cleanObject(value) : value;
}

export function cleanObject(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [cleanLine(key), cleanJson(child)]));
}

function cleanLine(text: string): string {
  return cleanText(text, Number.POSITIVE_INFINITY);
}
