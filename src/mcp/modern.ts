import { CLIENT_INFO_META_KEY, Server, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';

import { cleanText } from '../model/text.ts';
import { accessBehind, toolsWithin } from './access.ts';
import { instructions, type Link, type Party, toolCall, toolList } from './exchange.ts';
import type { ModernOwn } from './profile.ts';
import type { Running } from './running.ts';
import type { McpServerOptions } from './server.ts';

/**
 * A server of the stateless era (MCP from 2026-07-28 on) with the same registry as the other one. One of these
 * serves one request over HTTP, or one connection over stdio.
 */
export function createModernServer(
  options: McpServerOptions,
  { running, pass }: { readonly running: Running; readonly pass?: object | undefined },
): Server {
  const { version, log, profile } = options;
  const access = accessBehind(pass, options.caller);
  const served = { ...options, tools: toolsWithin(options.tools, access) };
  const server = new Server(
    { name: 'berth', title: 'Berth', version },
    {
      instructions,
      capabilities: { tools: {} },
      cacheHints,
      ...(profile === undefined ? {} : { requestState: profile.state }),
    },
  );
  Object.assign(server, {
    onerror: (error: Error) => log('warn', 'protocol-error', { message: cleanText(error.message) }),
  });
  const own: ModernOwn = {
    list: () => toolList(served.tools),
    call: ({ params }, context) => {
      const call = { name: params.name, args: params.arguments };
      return running.add(toolCall(served, call, linkOf(access.party, context)));
    },
  };
  server.setRequestHandler('tools/list', own.list);
  server.setRequestHandler('tools/call', own.call);
  profile?.modern(server, own);
  return server;
}

/** What is listed changes with the version and the token only. */
const cacheHints = { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } } as const;

const ClientInfo = z.object({ [CLIENT_INFO_META_KEY]: z.object({ name: z.string() }) });

function linkOf(party: Party, { mcpReq }: ServerContext): Link {
  const { _meta: meta } = mcpReq;
  return {
    party,
    client: ClientInfo.safeParse(mcpReq.envelope).data?.[CLIENT_INFO_META_KEY].name,
    signal: mcpReq.signal,
    progressToken: meta?.progressToken,
    notify: mcpReq.notify,
  };
}
