import { z } from 'zod';

import type { Access } from '../access.ts';
import { json, refusal } from '../http/reply.ts';
import type { Scope, Tool } from '../tool.ts';
import type { AuthConfig } from './config.ts';
import { allScopes } from './scopes.ts';
import { createVerifier } from './tokens.ts';

/** The OAuth side of a server that is reached by others: who may come in, and what they are told if not. */
export type AuthDoor = {
  /** The access of a request, or the challenge that it is answered with. */
  admit(request: Request): Promise<Access | Response>;
  /** A challenge where a request wants what its token does not reach. */
  beyond(access: Access, wanted: readonly Scope[]): Response | undefined;
  /** Where clients find out who issues tokens (RFC 9728), by path. */
  readonly documents: ReadonlyMap<string, () => Response>;
};

export function createAuthDoor(config: AuthConfig): AuthDoor {
  const { resource } = config;
  const verify = createVerifier(config);
  const { origin, pathname } = new URL(resource);
  const wellKnown = '/.well-known/oauth-protected-resource';
  const metadata = `${origin}${wellKnown}${pathname === '/' ? '' : pathname}`;
  const challenge = (status: 401 | 403, said: Readonly<Record<string, string>>, message: string) =>
    refusal(status, message, {
      headers: { 'www-authenticate': bearer({ ...said, resource_metadata: metadata }) },
    });
  const document = () =>
    json(200, {
      resource,
      resource_name: 'Berth',
      authorization_servers: config.issuers.map(({ issuer }) => issuer),
      scopes_supported: [...allScopes],
      bearer_methods_supported: ['header'],
    });
  return {
    admit: async (request) => {
      const token = tokenOf(request);
      const first = { scope: 'berth:read' };
      if (token === undefined) return challenge(401, first, 'a token is needed');
      const verdict = await verify(token);
      if (verdict.kind === 'access') return verdict.access;
      if (verdict.kind === 'unreachable')
        return refusal(503, 'the issuer of the token cannot be reached', {
          headers: { 'retry-after': '10' },
        });
      const said = { ...first, error: 'invalid_token', error_description: verdict.why };
      return challenge(401, said, verdict.why);
    },
    beyond: ({ scopes }, wanted) => {
      const missing = wanted.filter((scope) => scopes?.has(scope) === false);
      if (missing.length === 0) return undefined;
      const scope = [...new Set([...(scopes ?? []), ...missing])].toSorted().join(' ');
      const message = `the token lacks ${missing.join(' ')}`;
      return challenge(403, { scope, error: 'insufficient_scope', error_description: message }, message);
    },
    documents: new Map([
      [wellKnown, document],
      [`${wellKnown}${pathname}`, document],
    ]),
  };
}

/** The scopes of the tools that a request calls; none of those that do not exist. */
export function scopesWanted(body: unknown, tools: readonly Tool[]): Scope[] {
  const calls = (Array.isArray(body) ? body : [body]).flatMap((one) => Call.safeParse(one).data ?? []);
  return calls.flatMap(({ params }) => tools.find(({ name }) => name === params.name)?.scope ?? []);
}

const Call = z.object({ method: z.literal('tools/call'), params: z.object({ name: z.string() }) });

/** From the one place where a token may stand: never from the address. */
function tokenOf({ headers }: Request): string | undefined {
  return /^bearer +(?<token>[A-Za-z0-9._~+/-]+=*)$/i.exec(headers.get('authorization') ?? '')?.groups?.[
    'token'
  ];
}

function bearer(said: Readonly<Record<string, string>>): string {
  return `Bearer ${Object.entries(said)
    .map(([key, value]) => `${key}="${value.replace(/["\\]/g, '')}"`)
    .join(', ')}`;
}
