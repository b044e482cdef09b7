import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { fromBase64 } from './base64.ts';
import type { NoteSigner, NoteVerifier } from './note.ts';
import { parseHead } from './tree-head.ts';

/**
 * How a key signs: `0x01`, Ed25519 over the text (C2SP signed-note), or `0x06`, ML-DSA-44 over the tree head (C2SP
 * tlog-cosignature). `prefix` stands before the raw public key in its DER form (RFC 8410, RFC 9881).
 */
type Algorithm = {
  readonly type: number;
  readonly keyType: string;
  readonly prefix: Buffer;
  readonly keyBytes: number;
  message(text: string, name: string): Buffer | undefined;
  readonly head: Buffer;
};

const ed25519: Algorithm = {
  type: 0x01,
  keyType: 'ed25519',
  prefix: Buffer.from('302a300506032b6570032100', 'hex'),
  keyBytes: 32,
  message: (text) => Buffer.from(text),
  head: Buffer.alloc(0),
};

const mlDsa44: Algorithm = {
  type: 0x06,
  keyType: 'ml-dsa-44',
  prefix: Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
  keyBytes: 1312,
  message: cosigned,
  // The log says nothing about when: the entries carry their times.
  head: Buffer.alloc(8),
};

const algorithms = [ed25519, mlDsa44];

/** A key that can sign, and how others know it: `<name>+<id>+<type and key>`, a C2SP verifier key. */
export type SigningKey = NoteSigner & { readonly vkey: string };

/** Signs as `name` with an Ed25519 or ML-DSA-44 private key. Throws TypeError for any other kind. */
export function signingKey(name: string, key: KeyObject): SigningKey {
  const algorithm = algorithms.find(({ keyType }) => keyType === key.asymmetricKeyType);
  if (algorithm === undefined) throw new TypeError('a log signs with Ed25519 or ML-DSA-44');
  const raw = rawPublicKey(key);
  const id = keyId(name, algorithm, raw);
  const body = Buffer.concat([Buffer.of(algorithm.type), raw]).toString('base64');
  return {
    name,
    id,
    vkey: `${name}+${id.toString('hex')}+${body}`,
    sign(text) {
      const message = algorithm.message(text, name);
      if (message === undefined) throw new TypeError('only a tree head can be signed with ML-DSA-44');
      return Buffer.concat([algorithm.head, sign(null, message, key)]);
    },
  };
}

/** The raw bytes of a public key, or of that of a private one. */
export function rawPublicKey(key: KeyObject): Buffer {
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const algorithm = algorithms.find(({ keyType }) => keyType === key.asymmetricKeyType) ?? ed25519;
  return der.subarray(algorithm.prefix.length);
}

/** Reads a verifier key as `berth ledger key` prints it. Throws INVALID_INPUT. */
export function parseVkey(vkey: string): NoteVerifier {
  const [, name = '', hex = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(vkey) ?? [];
  const body = fromBase64(encoded);
  const algorithm = algorithms.find(({ type }) => type === body?.[0]);
  const raw = body?.subarray(1);
  if (algorithm === undefined || raw?.length !== algorithm.keyBytes) throw noKey(vkey);
  const id = keyId(name, algorithm, raw);
  if (id.toString('hex') !== hex) throw noKey(vkey);
  const key = publicKey(Buffer.concat([algorithm.prefix, raw]), vkey);
  return {
    name,
    id,
    verifies(text, signature) {
      const message = algorithm.message(text, name);
      if (message === undefined || !signature.subarray(0, algorithm.head.length).equals(algorithm.head))
        return false;
      return verify(null, message, key, signature.subarray(algorithm.head.length));
    },
  };
}

function publicKey(der: Buffer, vkey: string): KeyObject {
  try {
    return createPublicKey({ key: der, type: 'spki', format: 'der' });
  } catch (cause) {
    throw noKey(vkey, cause);
  }
}

function keyId(name: string, { type }: Algorithm, raw: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), raw]), 'buffer').subarray(
    0,
    4,
  );
}

/** The `cosigned_message` of C2SP tlog-cosignature for the whole tree, without a statement about time. */
function cosigned(text: string, name: string): Buffer | undefined {
  const head = parseHead(text);
  if (head === undefined) return undefined;
  const { origin, size, root } = head;
  return Buffer.concat([
    Buffer.from('subtree/v1\n\0'),
    withLength(name),
    uint64(0),
    withLength(origin),
    uint64(0),
    uint64(size),
    root,
  ]);
}

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function noKey(vkey: string, cause?: unknown): BerthError {
  return new BerthError(
    {
      code: 'INVALID_INPUT',
      message: `\`${cleanText(vkey, 80)}\` is not the public key of a log`,
      fix: 'pass what `berth ledger key` prints: a name, `+`, eight hex digits, `+`, base64',
      field: 'key',
    },
    { cause },
  );
}
