import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { Digest } from './id.ts';

/**
 * Strict RFC 8785 (JCS) text of plain JSON data. Throws on everything JSON cannot carry exactly: functions,
 * `undefined`, sparse arrays, class instances, NaN, infinities, integers above 2^53 and lone surrogates.
 * Fractions are refused too: Berth keeps integers in units, so that no digest rests on float formatting.
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

/** `sha256:` and the hex SHA-256 of the canonical JSON of `value`. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(utf8ToBytes(canonicalJson(value)));
}

/** `sha256:` and the hex SHA-256 of the bytes. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return Digest.parse(`sha256:${bytesToHex(sha256(bytes))}`);
}

/** Keys and numbers from the value down to what is being written; only an error reads it. */
type Way = (string | number)[];

function write(value: unknown, way: Way): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value, way);
  if (typeof value === 'number') return writeNumber(value, way);
  if (Array.isArray(value)) return writeArray(value, way);
  if (isPlain(value)) return writeObject(value, way);
  throw new TypeError(`canonical JSON cannot hold a ${typeof value} at \`${pathOf(way)}\``);
}

function writeString(value: string, way: Way): string {
  if (!value.isWellFormed())
    throw new TypeError(`canonical JSON cannot hold a lone surrogate at \`${pathOf(way)}\``);
  return JSON.stringify(value);
}

function writeNumber(value: number, way: Way): string {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`canonical JSON holds safe integers only, at \`${pathOf(way)}\``);
  return Object.is(value, -0) ? '0' : String(value);
}

function writeArray(value: readonly unknown[], way: Way): string {
  let text = '';
  for (let i = 0; i < value.length; i++) {
    way.push(i);
    text += `${i === 0 ? '' : ','}${write(value[i], way)}`;
    way.pop();
  }
  return `[${text}]`;
}

function writeObject(value: Record<string, unknown>, way: Way): string {
  let text = '';
  for (const key of Object.keys(value).toSorted(byCodeUnits)) {
    way.push(key);
    text += `${text === '' ? '' : ','}${writeString(key, way)}:${write(value[key], way)}`;
    way.pop();
  }
  return `{${text}}`;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** `$.parts[0].name` */
function pathOf(way: Way): string {
  return `$${way.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
