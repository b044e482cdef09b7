import { createInterface } from 'node:readline';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { z } from 'zod';

/**
 * An agent as somebody else would write it: a program that knows nothing of Berth but its MCP server. It releases the
 * contract that a line names once the next line says yes, and does nothing else.
 */
const [command = '', ...args] = z
  .array(z.string())
  .parse(JSON.parse(process.env['BERTH_MCP_COMMAND'] ?? '[]'));
const env = { PATH: process.env['PATH'] ?? '', BERTH_HOME: process.env['BERTH_HOME'] ?? '' };
const client = new Client({ name: 'line-agent', version: '1' });
await client.connect(new StdioClientTransport({ command, args, env }));

let wanted: string | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const { say } = z.object({ say: z.string() }).parse(JSON.parse(line));
  process.stdout.write(`${JSON.stringify({ text: await answer(say) })}\n`);
}
await client.close();

async function answer(say: string): Promise<string> {
  const named = /C-\d+/.exec(say)?.[0];
  if (named !== undefined) {
    wanted = named;
    return `Release ${named}?`;
  }
  if (wanted === undefined || say !== 'yes') return 'Nothing was released.';
  const release = { contract: wanted, idempotencyKey: `line-agent-${wanted}` };
  return JSON.stringify(await client.callTool({ name: 'contract_release', arguments: release }));
}
