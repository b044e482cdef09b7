import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

import { Digest } from './id.ts';

/**
 * Strict RFC 8785 (JCS) text of plain JSON data. Throws on everything JSON cannot carry exactly: functions,
 * `undefined`, sparse arrays, class instances, NaN, infinities, integers above 2^53 and lone surrogates.
 * Fractions are refused too: Berth keeps integers in units, so that no digest rests on float formatting.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

/** `sha256:` and the hex SHA-256 of the canonical JSON of `value`. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(utf8ToBytes(canonicalJson(value)));
}

/** `sha256:` and the hex SHA-256 of the bytes. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return Digest.parse(`sha256:${bytesToHex(sha256(bytes))}`);
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return writeString(value, path);
  if (typeof value === 'number') return writeNumber(value, path);
  if (Array.isArray(value)) return writeArray(value, path);
  if (isPlain(value)) return writeObject(value, path);
  throw new TypeError(`canonical JSON cannot hold a ${typeof value} at \`${path}\``);
}

function writeString(value: string, path: string): string {
  if (!value.isWellFormed())
    throw new TypeError(`canonical JSON cannot hold a lone surrogate at \`${path}\``);
  return JSON.stringify(value);
}

function writeNumber(value: number, path: string): string {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`canonical JSON holds safe integers only, at \`${path}\``);
  return Object.is(value, -0) ? '0' : String(value);
}

function writeArray(value: readonly unknown[], path: string): string {
  const parts: string[] = [];
  for (let i = 0; i < value.length; i++) parts.push(write(value[i], `${path}[${i}]`));
  return `[${parts.join(',')}]`;
}

function writeObject(value: Record<string, unknown>, path: string): string {
  const keys = Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${writeString(key, path)}:${write(value[key], `${path}.${key}`)}`).join(',')}}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
