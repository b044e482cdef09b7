import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

import type { Digest } from './id.ts';

/**
 * Strict RFC 8785 (JCS) text of plain JSON data. Throws on everything JSON cannot carry exactly: functions,
 * `undefined`, sparse arrays, class instances, NaN, infinities, integers above 2^53 and lone surrogates.
 * Fractions are refused too: Berth keeps integers in units, so that no digest rests on float formatting.
 */
export function canonicalJson(value: unknown): string {
  try {
    return write(value);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new TypeError(`${error.message} at \`$${wayTo(value)}\``, { cause: error });
  }
}

/** `sha256:` and the hex SHA-256 of the canonical JSON of `value`. */
export function digestOf(value: unknown): Digest {
  return digestOfBytes(utf8.encode(canonicalJson(value)));
}

const utf8 = new TextEncoder();

/** `sha256:` and the hex SHA-256 of the bytes. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return digestOfHex(bytesToHex(sha256(bytes)));
}

/** The digest that a SHA-256 just came to. Its form is known, so it is not matched again: reading a ledger makes two an entry. */
export function digestOfHex(hex: string): Digest {
  const text = `sha256:${hex}`;
  if (isDigest(text)) return text;
  throw new TypeError(`a SHA-256 has 64 hex digits, not ${hex.length}`);
}

function isDigest(text: string): text is Digest {
  return text.length === 71;
}

/** What canonical JSON cannot hold. Where it is, is looked for afterwards: those who write well need not keep track. */
class Unfit extends Error {}

function write(value: unknown): string {
  if (typeof value === 'string') return writeString(value);
  if (typeof value === 'number') return writeNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return writeArray(value);
  if (isPlain(value)) return writeObject(value);
  throw new Unfit(`canonical JSON cannot hold a ${typeof value}`);
}

/** Everything but the printable characters that stand for themselves. */
const special = /[^ !#-[\]-~]/;

function writeString(value: string): string {
  if (!special.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw new Unfit('canonical JSON cannot hold a lone surrogate');
  return JSON.stringify(value);
}

function writeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Unfit('canonical JSON holds safe integers only,');
  return String(value);
}

function writeArray(value: readonly unknown[]): string {
  let text = '[';
  for (let i = 0; i < value.length; i++) {
    if (i > 0) text += ',';
    text += write(value[i]);
  }
  return `${text}]`;
}

function writeObject(value: Record<string, unknown>): string {
  const keys = inOrder(Object.keys(value));
  let text = '{';
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? '';
    if (i > 0) text += ',';
    text += `${writeString(key)}:`;
    text += write(value[key]);
  }
  return `${text}}`;
}

/** Few keys, many of them in order already, are sorted faster without calls. */
const fewKeys = 24;

/** By UTF-16 code units. What is given may be sorted in place. */
function inOrder(keys: string[]): readonly string[] {
  if (keys.length > fewKeys) return keys.toSorted(byCodeUnits);
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] ?? '';
    let at = i;
    for (; at > 0 && (keys[at - 1] ?? '') > key; at--) keys[at] = keys[at - 1] ?? '';
    keys[at] = key;
  }
  return keys;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** The way down to the first part that cannot be written: `.parts[0].name`. */
function wayTo(value: unknown): string {
  if (Array.isArray(value)) {
    const at = value.findIndex(isUnfit);
    return at < 0 ? '' : `[${at}]${wayTo(value[at])}`;
  }
  if (!isPlain(value)) return '';
  for (const key of inOrder(Object.keys(value)))
    if (isUnfit(key) || isUnfit(value[key])) return `.${key}${wayTo(value[key])}`;
  return '';
}

function isUnfit(value: unknown): boolean {
  try {
    write(value);
    return false;
  } catch {
    return true;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
