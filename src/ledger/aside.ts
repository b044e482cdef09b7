import { randomBytes } from 'node:crypto';

import type { Digest, PrincipalId } from '../model/id.ts';
import { sha256Of } from './chain.ts';

/** A text that can be erased, with the salt that its digest was made with. */
export type AsideRow = {
  readonly digest: Digest;
  readonly of: PrincipalId;
  readonly salt: Uint8Array;
  readonly text: string;
};

/** So many random bytes stand before each text in its digest. */
const saltBytes = 16;

/** A text as it is kept. The same text twice gives two digests, which nobody can tell from those of other texts. */
export function asideRow(of: PrincipalId, text: string, salt = newSalt()): AsideRow {
  return { digest: asideDigest(salt, text), of, salt, text };
}

/** What makes a digest say nothing about its text: bytes that nobody can guess. */
export function newSalt(): Uint8Array {
  return randomBytes(saltBytes);
}

/** SHA-256 of the salt and the UTF-8 text. */
export function asideDigest(salt: Uint8Array, text: string): Digest {
  return sha256Of(Buffer.concat([salt, Buffer.from(text)]));
}
