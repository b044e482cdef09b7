import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';

import { createMcpServer, type McpServerOptions } from './server.ts';

export type InProcessOptions = McpServerOptions & {
  /** What the client calls itself: it becomes `mcp:<name>` in the ledger. */
  readonly client: string;
};

/**
 * A client and its server in one process, without a socket. Closing the client closes both. It is one of our own, and
 * draws what answers tell: they tell all, unless `format` says otherwise.
 */
export async function connectInProcess(options: InProcessOptions): Promise<Client> {
  const client = new Client({ name: options.client, version: options.version });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await createMcpServer({ format: 'detailed', ...options }).connect(far);
  await client.connect(near);
  return client;
}
