import { z } from 'zod';

/** An Ed25519 public key (RFC 8032): `ed25519:` and the base64 of its 32 bytes. */
export const PublicKey = z
  .string()
  .regex(/^ed25519:[A-Za-z0-9+/]{43}=$/, 'a public key is `ed25519:` and 44 characters of base64')
  .brand<'PublicKey'>();
export type PublicKey = z.infer<typeof PublicKey>;

/** An Ed25519 signature: the base64 of its 64 bytes. */
export const Signature = z
  .string()
  .regex(/^[A-Za-z0-9+/]{86}==$/, 'a signature is 88 characters of base64')
  .brand<'Signature'>();
export type Signature = z.infer<typeof Signature>;

/**
 * What the door found of a signature. Cryptography is no business of the pure core: the door verifies when a command
 * comes in, and `ledger verify` verifies again, over the same recorded bytes.
 */
export type SignatureVerdict = 'valid' | 'absent' | 'invalid';
