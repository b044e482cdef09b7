import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  createRequestStateCodec,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

import { cleanText } from '../model/text.ts';
import { accessBehind, toolsWithin } from './access.ts';
import { type Ask, answerIn, AskFirst, formOf, type Offer, OfferFirst } from './ask.ts';
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
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      cacheHints,
      requestState: profile?.state ?? askedState,
    },
  );
  Object.assign(server, {
    onerror: (error: Error) => log('warn', 'protocol-error', { message: cleanText(error.message) }),
  });
  const own: ModernOwn = {
    list: () => toolList(served.tools),
    call: ({ params }, context) => {
      const call = { name: params.name, args: params.arguments };
      const link = linkOf(access.party, context);
      return running.add(toolCall(served, call, link).catch((error: unknown) => askBack(error, context)));
    },
  };
  server.setRequestHandler('tools/list', own.list);
  server.setRequestHandler('tools/call', own.call);
  offer(server, served, (context) => linkOf(access.party, context));
  profile?.modern(server, own);
  return server;
}

/** What is offered beside the tools: resources, prompts, completion. */
function offer(server: Server, served: Served, linked: (context: ServerContext) => Link): void {
  server.setRequestHandler('resources/list', () => resourceList(served));
  server.setRequestHandler('resources/templates/list', () => templateList(served));
  server.setRequestHandler('resources/read', ({ params }, context) =>
    readResource(served, params.uri, linked(context)).catch(fault),
  );
  server.setRequestHandler('prompts/list', () => promptList(served));
  server.setRequestHandler('prompts/get', ({ params }) => {
    try {
      return getPrompt(served, { name: params.name, given: params.arguments ?? {} });
    } catch (error) {
      return fault(error);
    }
  });
  server.setRequestHandler('completion/complete', ({ params }, context) =>
    complete(served, params, linked(context)),
  );
}

function fault(error: unknown): never {
  if (!(error instanceof OfferFault)) throw error;
  if (error.uri === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
  throw new ResourceNotFoundError(error.uri, error.message);
}

/** What is listed changes with the version and the token only; what is read, with the fleet. */
const listHint = { ttlMs: 300_000, cacheScope: 'private' } as const;
const cacheHints = {
  'tools/list': listHint,
  'prompts/list': listHint,
  'resources/list': listHint,
  'resources/templates/list': listHint,
};

/** What was asked, signed: the client brings it back with the answer, and only whoever was asked may. */
const asked = createRequestStateCodec<string>({
  key: crypto.getRandomValues(new Uint8Array(32)),
  ttlSeconds: 600,
  bind: ({ http, mcpReq }) => `${http?.authInfo?.clientId ?? ''} ${mcpReq.method}`,
});
const askedState = {
  verify: (state: string, context: ServerContext) => asked.verify(state, context),
};

async function askBack(error: unknown, context: ServerContext): Promise<InputRequiredResult> {
  if (error instanceof OfferFirst) {
    const { approval, url, message } = error.offer;
    return inputRequired({
      inputRequests: { page: inputRequired.elicitUrl({ message, url }) },
      requestState: await asked.mint(approval, context),
    });
  }
  if (!(error instanceof AskFirst)) throw error;
  return inputRequired({
    inputRequests: { confirm: inputRequired.elicit(formOf(error.question)) },
    requestState: await asked.mint(error.question.digest, context),
  });
}

/** The answer that came along with the call, where it is to this question. */
function askOver({ inputResponses, requestState }: ServerContext['mcpReq']): Ask {
  return (question) => {
    const view = inputResponse(inputResponses, 'confirm');
    if (view.kind !== 'elicit' || requestState<string>() !== question.digest) throw new AskFirst(question);
    return Promise.resolve(answerIn(view));
  };
}

/** The call comes again with the same key, and is answered then. What the client answers to the offer is not read. */
const offerOnce: Offer = (page) => Promise.reject(new OfferFirst(page));

/** A client that shows forms. An empty declaration means them too. */
const Forms = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({
    elicitation: z.looseObject({ form: z.object({}) }).or(z.strictObject({})),
  }),
});
/** A client that opens addresses. */
const Addresses = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ elicitation: z.object({ url: z.object({}) }) }),
});
const ClientInfo = z.object({ [CLIENT_INFO_META_KEY]: z.object({ name: z.string() }) });

function linkOf(party: Party, { mcpReq, http }: ServerContext): Link {
  const { _meta: meta } = mcpReq;
  return {
    party,
    ...(Forms.safeParse(mcpReq.envelope).success ? { ask: askOver(mcpReq) } : {}),
    ...(Addresses.safeParse(mcpReq.envelope).success ? { offer: offerOnce } : {}),
    client: ClientInfo.safeParse(mcpReq.envelope).data?.[CLIENT_INFO_META_KEY].name,
    signal: mcpReq.signal,
    progressToken: meta?.progressToken,
    notify: mcpReq.notify,
    trace: {
      traceparent: meta?.['traceparent'] ?? http?.req?.headers.get('traceparent'),
      requestId: mcpReq.id,
      protocolVersion: '2026-07-28',
    },
  };
}
