import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';

import type { Access } from '../access.ts';
import { accessOf } from './claims.ts';
import type { AuthConfig, Issuer } from './config.ts';

/** What a token comes to. `unreachable`: the keys of its issuer could not be read, so nothing is known of it. */
type Verdict =
  | { readonly kind: 'access'; readonly access: Access }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unreachable' };

export type Verifier = (token: string) => Promise<Verdict>;

/** Clocks of two machines may differ by so much. */
const skewS = 30;
/** A longer token is not looked at. */
const tokenCap = 16_384;

/**
 * Verifies access tokens on every request: signature by a key of its issuer, made for this server and no other, begun
 * and not expired. Only the issuers named in the configuration are ever asked, and never with a token.
 */
export function createVerifier({ resource, issuers }: AuthConfig): Verifier {
  const known = new Map(issuers.map((issuer) => [issuer.issuer, { issuer, keys: keysOf(issuer) }]));
  return async (token) => {
    const from = known.get(token.length > tokenCap ? '' : issuerIn(token));
    if (from === undefined)
      return { kind: 'refused', why: 'the token is not of an issuer that is known here' };
    try {
      const { payload } = await jwtVerify(token, from.keys, {
        issuer: from.issuer.issuer,
        audience: resource,
        algorithms: [...from.issuer.algorithms],
        clockTolerance: skewS,
        requiredClaims: ['exp'],
      });
      const access = accessOf(payload, from.issuer);
      return access === undefined
        ? { kind: 'refused', why: 'the token names nobody that this server knows how to name' }
        : { kind: 'access', access };
    } catch (error) {
      return verdictOn(error);
    }
  };
}

function keysOf({ jwksUri }: Issuer): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: 5_000, cooldownDuration: 30_000 });
}

/** Who says to have issued the token; believed only once the signature holds. */
function issuerIn(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch {
    return '';
  }
}

function verdictOn(error: unknown): Verdict {
  if (error instanceof errors.JWTExpired) return { kind: 'refused', why: 'the token has expired' };
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return { kind: 'refused', why: 'the token is for another server' };
  const isAboutKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  if (isAboutKeys || !(error instanceof errors.JOSEError) || error.code === 'ERR_JOSE_GENERIC')
    return { kind: 'unreachable' };
  return { kind: 'refused', why: 'the token does not hold' };
}
