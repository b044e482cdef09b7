import { z } from 'zod';

import { PrincipalId } from '../../model/id.ts';
import { isLoopback } from '../http/address.ts';

/** The way to a claim: `berth_tenants`, or `act.sub` for one inside another. */
const ClaimPath = z
  .string()
  .regex(/^[^.\s]{1,100}(?:\.[^.\s]{1,100}){0,3}$/, 'a claim is one word, or words joined by dots');

const SafeUrl = z.url().refine(isSafeUrl, 'use https, or http on this machine');

const Algorithm = z.enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']);

const Issuer = z.strictObject({
  issuer: SafeUrl.describe('as it stands in `iss`'),
  jwksUri: SafeUrl.describe('where its public keys are'),
  algorithms: z.array(Algorithm).min(1).default(['RS256', 'ES256', 'EdDSA']),
  subject: z
    .strictObject({
      claim: ClaimPath.default('sub'),
      kind: z.enum(['person', 'agent']).default('person'),
      names: z
        .record(z.string().min(1).max(300), PrincipalId)
        .default({})
        .describe('whom a subject stands for, where that is not `kind:subject`'),
    })
    .prefault({}),
  agent: z
    .strictObject({ claim: ClaimPath })
    .optional()
    .describe('the agent that acts for the subject, such as `act.sub` (RFC 8693)'),
  tenants: z
    .strictObject({ claim: ClaimPath, all: z.string().min(1).max(100).optional() })
    .optional()
    .describe('whom the subject may act for; a claim with the word `all` names every tenant'),
});
export type Issuer = z.output<typeof Issuer>;

/** What an operator says about tokens. Read from a file. */
export const AuthConfig = z.strictObject({
  schema: z.literal('berth/mcp-auth/1'),
  resource: SafeUrl.describe('the address of this server as clients know it, ending in /mcp'),
  issuers: z.array(Issuer).min(1).max(8),
  rate: z
    .strictObject({
      perSecond: z.number().min(0.1).max(1_000_000),
      burst: z.int().min(1).max(1_000_000).exactOptional(),
    })
    .exactOptional()
    .describe('how often one caller may ask'),
});
export type AuthConfig = z.output<typeof AuthConfig>;

/** Tokens and keys go over the network only where nobody can read or change them. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
  );
}
