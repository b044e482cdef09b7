import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { createEndpoint, type Endpoint, type EndpointOptions } from '../../../src/mcp/http/endpoint.ts';
import { loopbackGate } from '../../../src/mcp/http/gate.ts';
import { PrincipalId } from '../../../src/model/id.ts';
import { tools } from '../../../tools/index.ts';
import { fakeControl } from '../fake-control.ts';

export const url = 'http://127.0.0.1:3901/mcp';

/** An endpoint over a door that answers at once, without a socket. */
export function endpointWith(instead: Partial<EndpointOptions> = {}): Endpoint {
  return createEndpoint({
    tools,
    control: fakeControl().control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    log: () => undefined,
    gate: loopbackGate(),
    ...instead,
  });
}

/** `fetch` that ends at the endpoint, with the Host header that a socket would bring along. */
export function fetchFrom(endpoint: Endpoint, more: Readonly<Record<string, string>> = {}) {
  return (to: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(to, init);
    request.headers.set('host', new URL(request.url).host);
    for (const [name, value] of Object.entries(more)) request.headers.set(name, value);
    return endpoint.fetch(request, '127.0.0.1');
  };
}

export type Fetch = ReturnType<typeof fetchFrom>;

/** A client of the handshake era. */
export async function legacyClient(fetch: Fetch, name = 'legacy'): Promise<Client> {
  const client = new Client({ name, version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch });
  await client.connect(transport);
  return client;
}

/** A client of the stateless era, and of no other. */
export async function modernClient(fetch: Fetch, name = 'modern'): Promise<ModernClient> {
  const client = new ModernClient(
    { name, version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new ModernTransport(new URL(url), { fetch }));
  return client;
}
