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
  return Signature.parse(sign(null, bytesOf(ballot), key).toString('base64'));
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
  return isSigned(publicKey, ballot, signature) ? 'valid' : 'invalid';
}

function isSigned(publicKey: PublicKey, ballot: Ballot, signature: Signature): boolean {
  const raw = Buffer.from(publicKey.slice('ed25519:'.length), 'base64');
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
  return verify(null, bytesOf(ballot), key, Buffer.from(signature, 'base64'));
}

function bytesOf(ballot: Ballot): Buffer {
  return Buffer.from(canonicalJson({ schema: 'berth/approval/1', ...ballot }), 'utf8');
}
