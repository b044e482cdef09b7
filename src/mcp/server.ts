import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
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
  type ServerResult,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import { cleanText } from '../model/text.ts';
import { accessBehind, toolsWithin } from './access.ts';
import { type Ask, answerIn, formOf, type Offer } from './ask.ts';
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
    fallbackRequestHandler: answering([
      handle(ListToolsRequestSchema, own.list),
      handle(CallRequest, own.call),
      ...offers(within),
    ]),
  });
  mcp.server.registerCapabilities({ tools: {}, resources: {}, prompts: {}, completions: {} });
  options.profile?.legacy(mcp, own);

  return {
    connect: (transport) => mcp.connect(transport),
    idle: () => running.idle(),
    close: () => mcp.close(),
  };
}

type Within = (extra: Extra) => { readonly served: Served; readonly link: Link };

/** A call whose arguments may be anything: what is wrong with them is said by `callTool`, to whoever can mend it. */
const CallRequest = z.object({
  method: z.literal('tools/call'),
  params: z.looseObject({ name: z.string(), arguments: z.unknown() }),
});

/** What is offered beside the tools: resources, prompts, completion. */
function offers(within: Within): readonly Handled[] {
  return [
    handle(ListResourcesRequestSchema, (_request, extra) => resourceList(within(extra).served)),
    handle(ListResourceTemplatesRequestSchema, (_request, extra) => templateList(within(extra).served)),
    handle(ReadResourceRequestSchema, ({ params }, extra) => {
      const { served, link } = within(extra);
      return readResource(served, params.uri, link).catch(fault);
    }),
    handle(ListPromptsRequestSchema, (_request, extra) => promptList(within(extra).served)),
    handle(GetPromptRequestSchema, ({ params }, extra) => {
      try {
        return getPrompt(within(extra).served, { name: params.name, given: params.arguments ?? {} });
      } catch (error) {
        return fault(error);
      }
    }),
    handle(CompleteRequestSchema, ({ params }, extra) => {
      const { served, link } = within(extra);
      return complete(served, params, link);
    }),
  ];
}

type Answer = (request: { readonly method: string }, extra: Extra) => Promise<ServerResult>;
type Handled = readonly [method: string, answer: Answer];

/**
 * What answers a method. The SDK would answer a request that does not fit its schema in the schema's own words, over
 * several lines; whoever sent it is told in one line which parameter it is.
 */
function handle<S extends z.ZodObject<{ method: z.ZodLiteral<string> }>>(
  schema: S,
  answer: (request: z.output<S>, extra: Extra) => ServerResult | Promise<ServerResult>,
): Handled {
  const method = schema.shape.method.value;
  return [
    method,
    async (request, extra) => {
      const fitting = schema.safeParse(request);
      if (fitting.success) return answer(fitting.data, extra);
      const where = fitting.error.issues[0]?.path.join('.') ?? 'params';
      const message = `\`${cleanText(where, 80)}\` of ${method} is not what it has to be`;
      throw new McpError(ErrorCode.InvalidParams, message);
    },
  ];
}

function answering(handled: readonly Handled[]): Answer {
  const answers = new Map(handled);
  return async (request, extra) => {
    const answer = answers.get(request.method);
    if (answer === undefined) throw new McpError(ErrorCode.MethodNotFound, 'there is no such method');
    return answer(request, extra);
  };
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
    ...(opensAddresses(mcp) ? { offer: offerOver(mcp, extra) } : {}),
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

function opensAddresses({ server }: McpServer): boolean {
  return server.getClientCapabilities()?.elicitation?.url !== undefined;
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

/** So long the answer to a call waits for somebody to open a page, or not to. */
const openingMs = 2 * 60_000;

function offerOver(mcp: McpServer, { sendRequest, signal }: Extra): Offer {
  return async ({ url, message }) => {
    const elicitationId = crypto.randomUUID();
    const params = { mode: 'url' as const, message, elicitationId, url };
    const request = { method: 'elicitation/create' as const, params };
    const answered = sendRequest(request, ElicitResultSchema, { signal, timeout: openingMs });
    const answer = await answered.then(
      ({ action }) => action,
      () => 'cancel' as const,
    );
    return { answer, isOver: mcp.server.createElicitationCompletionNotifier(elicitationId) };
  };
}
