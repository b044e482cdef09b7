import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

import { canonicalJson } from '../model/canonical.ts';
import type { Signed } from '../model/governance-fact.ts';
import type { PrincipalId } from '../model/id.ts';
import { PublicKey, Signature } from '../model/key.ts';

/** PKCS #8 and SubjectPublicKeyInfo of Ed25519 before the 32 bytes of the key (RFC 8410, sections 4 and 7). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefixBytes = 12;

/**
 * Signs as a person of a demo world. Everybody can make that key from the name alone, so what it signs proves
 * nothing: it is there to show how conclusions of law are recorded.
 */
export function demoSeal(by: PrincipalId, body: object): Signed {
  const text = `berth PUBLIC DEMO KEY of ${by}: anybody can sign with it`;
  const seed = createHash('sha256').update(text).digest();
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key.export({ format: 'pem', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });
  const bytes = Buffer.from(canonicalJson({ ...body, by }), 'utf8');
  return {
    by,
    key: PublicKey.parse(`ed25519:${spki.subarray(spkiPrefixBytes).toString('base64')}`),
    signature: Signature.parse(sign(null, bytes, key).toString('base64')),
  };
}
