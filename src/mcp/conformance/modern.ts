import {
  acceptedContent,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type Server,
  type ServerContext,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

import type { ModernOwn } from '../profile.ts';
import {
  completion,
  contentsOf,
  listed,
  messagesOf,
  plainList,
  plainTools,
  prompts,
  resources,
  resourceTemplates,
  steps,
} from './content.ts';

type Answer = CallToolResult | InputRequiredResult;
type Fixture = (context: ServerContext) => Answer | Promise<Answer>;

const codec = createRequestStateCodec<string>({
  key: crypto.getRandomValues(new Uint8Array(32)),
  bind: ({ mcpReq }) => mcpReq.method,
});

/** Checks the state that comes back from a client, before any fixture sees it. */
export const fixtureState = {
  verify: (state: string, context: ServerContext) => codec.verify(state, context),
};

/** Serves the fixtures of the stateless era beside our own tools. */
export function serveModernFixtures(server: Server, own: ModernOwn, bus: ServerEventBus): void {
  server.registerCapabilities({
    tools: { listChanged: true },
    resources: {},
    prompts: { listChanged: true },
    completions: {},
    logging: {},
  });
  const fixtures = fixturesWith(bus);
  server.setRequestHandler('tools/list', () => {
    const { tools, ...rest } = own.list();
    return { ...rest, tools: [...tools, ...plainList, ...[...fixtures.keys()].map((name) => listed(name))] };
  });
  server.setRequestHandler('tools/call', (request, context) => {
    const { name } = request.params;
    const plain = new Map<string, CallToolResult>(Object.entries(plainTools)).get(name);
    return plain ?? fixtures.get(name)?.(context) ?? own.call(request, context);
  });
  server.setRequestHandler('resources/list', () => ({ resources }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates }));
  server.setRequestHandler('resources/read', ({ params }) => {
    const contents = contentsOf(params.uri);
    if (contents === undefined) throw new ResourceNotFoundError(params.uri);
    return { contents };
  });
  server.setRequestHandler('prompts/list', () => ({
    prompts: [...prompts, { name: 'test_input_required_result_prompt', description: 'asks back' }],
  }));
  server.setRequestHandler('prompts/get', ({ params }, { mcpReq }) => {
    if (params.name === 'test_input_required_result_prompt') return promptThatAsks(mcpReq.inputResponses);
    const messages = messagesOf(params.name, params.arguments);
    if (messages === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'no such prompt');
    return { messages };
  });
  server.setRequestHandler('completion/complete', () => completion);
}

function fixturesWith(bus: ServerEventBus): ReadonlyMap<string, Fixture> {
  const change = (kind: 'tools_list_changed' | 'prompts_list_changed') => () => {
    bus.publish({ kind });
    return said('changed');
  };
  return new Map<string, Fixture>([
    ['test_tool_with_progress', reportProgress],
    ['test_logging_tool', logOnce],
    ['test_streaming_elicitation', askAfterProgress],
    ['test_missing_capability', needSampling],
    ['test_trigger_tool_change', change('tools_list_changed')],
    ['test_trigger_prompt_change', change('prompts_list_changed')],
    ['test_input_required_result_elicitation', askName],
    [
      'test_input_required_result_sampling',
      askOnce('capital_question', sampling('What is the capital of France?')),
    ],
    ['test_input_required_result_list_roots', askOnce('client_roots', inputRequired.listRoots())],
    ['test_input_required_result_request_state', askWithState],
    ['test_input_required_result_tampered_state', askWithState],
    ['test_input_required_result_multiple_inputs', askThrice],
    ['test_input_required_result_multi_round', askInRounds],
    ['test_input_required_result_capabilities', askWhatIsDeclared],
  ]);
}

const Name = z.object({ name: z.string() });
const Ok = z.object({ ok: z.boolean() });

function said(words: string): CallToolResult {
  return { content: [{ type: 'text', text: words }] };
}

function sampling(words: string): InputRequest {
  const content = { type: 'text' as const, text: words };
  return inputRequired.createMessage({ messages: [{ role: 'user', content }], maxTokens: 100 });
}

function nameForm(): InputRequest {
  return inputRequired.elicit({ message: 'What is your name?', requestedSchema: Name });
}

async function reportProgress({ mcpReq }: ServerContext): Promise<Answer> {
  const { _meta: meta } = mcpReq;
  const { progressToken = 0 } = meta ?? {};
  for (const progress of steps)
    await mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress, total: 100 },
    });
  return said('done');
}

async function logOnce({ mcpReq }: ServerContext): Promise<Answer> {
  await mcpReq.log('info', 'worked');
  return said('logged');
}

async function askAfterProgress(context: ServerContext): Promise<Answer> {
  await reportProgress(context);
  return askName(context);
}

function needSampling({ mcpReq }: ServerContext): Answer {
  if (declared(mcpReq.envelope).sampling === undefined)
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
  return said('there');
}

const Declared = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ sampling: z.unknown(), elicitation: z.unknown() }).partial(),
});

function declared(envelope: unknown): { sampling?: unknown; elicitation?: unknown } {
  return Declared.safeParse(envelope).data?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
}

function askName({ mcpReq }: ServerContext): Answer {
  const found = acceptedContent(mcpReq.inputResponses, 'user_name', Name);
  return found === undefined
    ? inputRequired({ inputRequests: { user_name: nameForm() } })
    : said(`Hello, ${found.name}!`);
}

function askOnce(key: string, request: InputRequest): Fixture {
  return ({ mcpReq }) =>
    inputResponse(mcpReq.inputResponses, key).kind === 'missing'
      ? inputRequired({ inputRequests: { [key]: request } })
      : said('answered');
}

async function askWithState(context: ServerContext): Promise<Answer> {
  const { mcpReq } = context;
  const confirmed = acceptedContent(mcpReq.inputResponses, 'confirm', Ok);
  if (confirmed !== undefined && mcpReq.requestState<string>() === 'asked') return said('state-ok');
  return inputRequired({
    inputRequests: { confirm: inputRequired.elicit({ message: 'Please confirm', requestedSchema: Ok }) },
    requestState: await codec.mint('asked', context),
  });
}

async function askThrice(context: ServerContext): Promise<Answer> {
  const inputRequests = {
    user_name: nameForm(),
    greeting: sampling('Generate a greeting'),
    client_roots: inputRequired.listRoots(),
  };
  const { inputResponses } = context.mcpReq;
  const missing = Object.keys(inputRequests).filter(
    (key) => inputResponse(inputResponses, key).kind === 'missing',
  );
  if (missing.length === 0) return said('all answered');
  return inputRequired({ inputRequests, requestState: await codec.mint('asked', context) });
}

async function askInRounds(context: ServerContext): Promise<Answer> {
  const { mcpReq } = context;
  const round = mcpReq.requestState<string>();
  const ask = async (key: string, message: string, requestedSchema: typeof Name | typeof Color) =>
    inputRequired({
      inputRequests: { [key]: inputRequired.elicit({ message, requestedSchema }) },
      requestState: await codec.mint(key, context),
    });
  if (round === 'step2' && acceptedContent(mcpReq.inputResponses, 'step2', Color) !== undefined)
    return said('both rounds answered');
  if (round === 'step1' && acceptedContent(mcpReq.inputResponses, 'step1', Name) !== undefined)
    return ask('step2', 'Step 2: What is your favorite color?', Color);
  return ask('step1', 'Step 1: What is your name?', Name);
}

const Color = z.object({ color: z.string() });

function askWhatIsDeclared({ mcpReq }: ServerContext): Answer {
  const { sampling: samples, elicitation } = declared(mcpReq.envelope);
  const inputRequests = {
    ...(samples === undefined ? {} : { greeting: sampling('Generate a greeting') }),
    ...(elicitation === undefined ? {} : { user_name: nameForm() }),
  };
  return Object.keys(inputRequests).length === 0
    ? said('nothing can be asked')
    : inputRequired({ inputRequests });
}

const Context = z.object({ context: z.string() });

function promptThatAsks(responses: Record<string, unknown> | undefined) {
  const found = acceptedContent(responses, 'user_context', Context);
  if (found === undefined) {
    const message = 'What context should the prompt use?';
    return inputRequired({
      inputRequests: { user_context: inputRequired.elicit({ message, requestedSchema: Context }) },
    });
  }
  const content = { type: 'text' as const, text: `In the context of ${found.context}` };
  return { messages: [{ role: 'user' as const, content }] };
}
