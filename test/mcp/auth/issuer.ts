import { once } from 'node:events';
import { createServer } from 'node:http';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { z } from 'zod';

/** What a token says unless a test says otherwise. */
export type Said = {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly audience?: string | undefined;
  readonly issuer?: string;
  readonly subject?: string | undefined;
  readonly expiresInS?: number | undefined;
  readonly notBeforeInS?: number;
  readonly scope?: string | undefined;
  readonly kid?: string;
  /** Sign with a key that the issuer has never shown. */
  readonly forged?: boolean;
};

export const resource = 'http://127.0.0.1:3901/mcp';

/** An authorization server of our own: real keys, a real JWKS over a real socket. */
export async function startIssuer() {
  const real = await generateKeyPair('ES256', { extractable: true });
  const other = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(real.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const asked: { readonly url: string | undefined; readonly headers: object }[] = [];
  let isUp = true;
  const server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.headers });
    response.writeHead(isUp ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const url = `http://127.0.0.1:${port}`;

  const token = (said: Said = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const scope = 'scope' in said ? said.scope : 'berth:read berth:plan';
    const jwt = new SignJWT({
      ...(scope === undefined ? {} : { scope }),
      berth_tenants: ['acme'],
      ...said.claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: said.kid ?? 'k1', typ: 'at+jwt' })
      .setIssuer(said.issuer ?? url)
      .setIssuedAt(now);
    const subject = 'subject' in said ? said.subject : 'ada';
    if (subject !== undefined) jwt.setSubject(subject);
    const audience = 'audience' in said ? said.audience : resource;
    if (audience !== undefined) jwt.setAudience(audience);
    const expiresInS = 'expiresInS' in said ? said.expiresInS : 300;
    if (expiresInS !== undefined) jwt.setExpirationTime(now + expiresInS);
    if (said.notBeforeInS !== undefined) jwt.setNotBefore(now + said.notBeforeInS);
    return jwt.sign(said.forged === true ? other.privateKey : real.privateKey);
  };
  return {
    url,
    jwk,
    token,
    asked,
    fail: () => {
      isUp = false;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type TestIssuer = Awaited<ReturnType<typeof startIssuer>>;
