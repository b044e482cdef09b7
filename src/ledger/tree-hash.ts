import { hash } from 'node:crypto';

/** What the tree over no entries has as its root: the SHA-256 of nothing. */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer');

/** The leaf of an entry: SHA-256(0x00 || entry), RFC 6962, section 2.1. The entry is its UTF-8 text. */
export function leafHash(entry: string): Buffer {
  return hash('sha256', `\0${entry}`, 'buffer');
}

/** The node over two subtrees: SHA-256(0x01 || left || right), RFC 6962, section 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 2 * hashBytes);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + hashBytes);
  return hash('sha256', bytes, 'buffer');
}

/** A SHA-256 has so many bytes. */
export const hashBytes = 32;
