import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';

import { cleanText } from '../model/text.ts';
import { accessBehind, toolsWithin } from './access.ts';
import { instructions, type Link, type Party, type Served, toolCall, toolList } from './exchange.ts';
import type { LegacyOwn, Profile } from './profile.ts';
import { createRunning } from './running.ts';

export type McpServerOptions = Served & {
  readonly caller: Party;
  /** Only for suites of tests: see `conformance/`. */
  readonly profile?: Profile;
};

/** One MCP server for one connection. */
export type BerthServer = {
  connect(transport: Transport): Promise<void>;
  /** Waits until every call that has begun is answered. */
  idle(): Promise<void>;
  /** Closes the connection; calls that still run are told to stop. */
  close(): Promise<void>;
};

/** A server of the handshake era (MCP up to 2025-11-25) over the SDK's protocol, with Berth's own tool registry. */
export function createMcpServer(options: McpServerOptions, running = createRunning()): BerthServer {
  const { version, log } = options;
  const mcp = new McpServer({ name: 'berth', title: 'Berth', version }, { instructions });

  mcp.server.registerCapabilities({ tools: {} });
  Object.assign(mcp.server, {
    onerror: (error: Error) => log('warn', 'protocol-error', { message: cleanText(error.message) }),
  });
  const own: LegacyOwn = {
    list: (_request, { authInfo }) =>
      toolList(toolsWithin(options.tools, accessBehind(authInfo, options.caller))),
    call: ({ params }, extra) => {
      const access = accessBehind(extra.authInfo, options.caller);
      const served = { ...options, tools: toolsWithin(options.tools, access) };
      const call = { name: params.name, args: params.arguments };
      return running.add(toolCall(served, call, linkOf(mcp, access.party, extra)));
    },
  };
  mcp.server.setRequestHandler(ListToolsRequestSchema, own.list);
  mcp.server.setRequestHandler(CallToolRequestSchema, own.call);
  options.profile?.legacy(mcp, own);

  return {
    connect: (transport) => mcp.connect(transport),
    idle: () => running.idle(),
    close: () => mcp.close(),
  };
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function linkOf(mcp: McpServer, party: Party, { _meta, signal, sendNotification }: Extra): Link {
  return {
    party,
    client: mcp.server.getClientVersion()?.name,
    signal,
    progressToken: _meta?.progressToken,
    notify: sendNotification,
  };
}
