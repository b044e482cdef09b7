import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';

import { cleanText } from '../model/text.ts';
import { accessBehind, toolsWithin } from './access.ts';
import { type Ask, answerIn, formOf } from './ask.ts';
import { instructions, type Link, type Party, type Served, toolCall, toolList } from './exchange.ts';
import {
  complete,
  getPrompt,
  OfferFault,
  promptList,
  readResource,
  resourceList,
  templateList,
} from './offers.ts';
import type { LegacyOwn, Profile } from './profile.ts';
import { createRunning } from './running.ts';
import type { Traced } from './trace.ts';

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
  const within = (extra: Extra) => {
    const access = accessBehind(extra.authInfo, options.caller);
    const served: Served = { ...options, tools: toolsWithin(options.tools, access) };
    return { served, link: linkOf(mcp, access.party, extra) };
  };
  const own: LegacyOwn = {
    list: (_request, extra) => toolList(within(extra).served.tools),
    call: ({ params }, extra) => {
      const { served, link } = within(extra);
      return running.add(toolCall(served, { name: params.name, args: params.arguments }, link));
    },
  };
  Object.assign(mcp.server, {
    onerror: (error: Error) => log('warn', 'protocol-error', { message: cleanText(error.message) }),
  });
  mcp.server.registerCapabilities({ tools: {} });
  mcp.server.setRequestHandler(ListToolsRequestSchema, own.list);
  mcp.server.setRequestHandler(CallToolRequestSchema, own.call);
  offer(mcp, within);
  options.profile?.legacy(mcp, own);

  return {
    connect: (transport) => mcp.connect(transport),
    idle: () => running.idle(),
    close: () => mcp.close(),
  };
}

type Within = (extra: Extra) => { readonly served: Served; readonly link: Link };

/** What is offered beside the tools: resources, prompts, completion. */
function offer({ server }: McpServer, within: Within): void {
  server.registerCapabilities({ resources: {}, prompts: {}, completions: {} });
  server.setRequestHandler(ListResourcesRequestSchema, (_request, extra) =>
    resourceList(within(extra).served),
  );
  server.setRequestHandler(ListResourceTemplatesRequestSchema, (_request, extra) =>
    templateList(within(extra).served),
  );
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }, extra) => {
    const { served, link } = within(extra);
    return readResource(served, params.uri, link).catch(fault);
  });
  server.setRequestHandler(ListPromptsRequestSchema, (_request, extra) => promptList(within(extra).served));
  server.setRequestHandler(GetPromptRequestSchema, async ({ params }, extra) => {
    try {
      return getPrompt(within(extra).served, { name: params.name, given: params.arguments ?? {} });
    } catch (error) {
      return fault(error);
    }
  });
  server.setRequestHandler(CompleteRequestSchema, ({ params }, extra) => {
    const { served, link } = within(extra);
    return complete(served, params, link);
  });
}

/** As the revisions of this era say it: -32002 where there is no such resource. */
function fault(error: unknown): never {
  if (!(error instanceof OfferFault)) throw error;
  if (error.uri === undefined) throw new McpError(ErrorCode.InvalidParams, error.message);
  throw new McpError(-32_002, error.message, { uri: error.uri });
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function linkOf(mcp: McpServer, party: Party, extra: Extra): Link {
  const { _meta, signal, sendNotification } = extra;
  return {
    party,
    client: mcp.server.getClientVersion()?.name,
    signal,
    progressToken: _meta?.progressToken,
    notify: sendNotification,
    trace: traceOf(extra),
    ...(showsForms(mcp) ? { ask: askOver(extra) } : {}),
  };
}

function traceOf({ _meta: meta, requestId, sessionId, requestInfo }: Extra): Traced {
  const header = requestInfo?.headers['traceparent'];
  return { traceparent: meta?.['traceparent'] ?? header, requestId, sessionId };
}

/** An empty declaration is older than the difference, and means forms. */
function showsForms({ server }: McpServer): boolean {
  const { elicitation } = server.getClientCapabilities() ?? {};
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/** So long a person may think. */
const patienceMs = 10 * 60_000;

function askOver({ sendRequest, signal }: Extra): Ask {
  return async (question) => {
    const request = { method: 'elicitation/create' as const, params: formOf(question) };
    const options = { signal, timeout: patienceMs };
    return sendRequest(request, ElicitResultSchema, options).then(answerIn, () => 'cancel' as const);
  };
}
