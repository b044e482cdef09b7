import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

import type { Authority } from '../core/authority/authority.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import type { ApprovalId, Digest, PrincipalId } from '../model/id.ts';
import { PublicKey, Signature, type SignatureVerdict } from '../model/key.ts';

/** A person's word on an approval: what is signed is its canonical JSON. */
export type Ballot = {
  readonly approval: ApprovalId;
  readonly planDigest: Digest;
  readonly decision: 'approve' | 'reject';
  readonly atMs: number;
  readonly principal: PrincipalId;
};

/** PKCS #8 and SubjectPublicKeyInfo of Ed25519 before the 32 bytes of the key (RFC 8410, sections 4 and 7). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** The key pair of 32 bytes that somebody keeps secret. */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
}

/** The public key of a private one. Throws where it is no Ed25519 key. */
export function publicKeyOf(key: KeyObject): PublicKey {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  const der = createPublicKey(key.export({ format: 'pem', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });
  return PublicKey.parse(`ed25519:${der.subarray(publicPrefix.length).toString('base64')}`);
}

export function signBallot(key: KeyObject, ballot: Ballot): Signature {
  return signDocument(key, ballotBody(ballot));
}

/**
 * What is to be said of the signature of a command: valid only where a key signed it that stands in the ledger as the
 * principal's and was not revoked. Reads nothing but its arguments, so that `ledger verify` finds the same again.
 */
export function signatureOf({ keys }: Authority, principal: PrincipalId, command: Command): SignatureVerdict {
  if (command.kind !== 'approve-plan' && command.kind !== 'reject-plan') return 'absent';
  const { publicKey, signature, approval, planDigest, signedAtMs } = command;
  if (publicKey === undefined || signature === undefined) return 'absent';
  const known = keys.get(publicKey);
  if (known === undefined || known.principal !== principal || known.revokedAtMs !== undefined)
    return 'invalid';
  const decision = command.kind === 'approve-plan' ? 'approve' : 'reject';
  const ballot: Ballot = { approval, planDigest, decision, atMs: signedAtMs, principal };
  return isSigned(publicKey, ballotBody(ballot), signature) ? 'valid' : 'invalid';
}

/** Signs the canonical JSON of a document: Ed25519 (RFC 8032) over its UTF-8 bytes. */
export function signDocument(key: KeyObject, document: object): Signature {
  return Signature.parse(sign(null, bytesOf(document), key).toString('base64'));
}

/** Whether a key has signed the canonical JSON of a document. */
export function isSigned(publicKey: string, document: object, signature: string): boolean {
  const raw = Buffer.from(publicKey.slice('ed25519:'.length), 'base64');
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
  return verify(null, bytesOf(document), key, Buffer.from(signature, 'base64'));
}

function ballotBody(ballot: Ballot): object {
  return { schema: 'berth/approval/1', ...ballot };
}

function bytesOf(document: object): Buffer {
  return Buffer.from(canonicalJson(document), 'utf8');
}
