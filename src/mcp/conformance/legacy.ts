import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  type ElicitRequestFormParams,
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
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

import type { LegacyOwn } from '../profile.ts';
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

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
type Fixture = (args: Readonly<Record<string, unknown>>, extra: Extra) => Promise<CallToolResult>;

/** Serves the fixtures of the handshake era beside our own tools. */
export function serveLegacyFixtures({ server }: McpServer, own: LegacyOwn): void {
  server.registerCapabilities({
    tools: { listChanged: true },
    resources: { subscribe: true },
    prompts: {},
    logging: {},
    completions: {},
  });
  server.setRequestHandler(ListToolsRequestSchema, (request, extra) => {
    const { tools, ...rest } = own.list(request, extra);
    return { ...rest, tools: [...tools, ...plainList, ...fixtureList] };
  });
  server.setRequestHandler(CallToolRequestSchema, (request, extra) => {
    const { name, arguments: args = {} } = request.params;
    const plain = new Map<string, CallToolResult>(Object.entries(plainTools)).get(name);
    return plain ?? fixtures.get(name)?.(args, extra) ?? own.call(request, extra);
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const contents = contentsOf(params.uri);
    if (contents === undefined) throw new McpError(-32_002, 'no such resource', { uri: params.uri });
    return { contents };
  });
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const messages = messagesOf(params.name, params.arguments);
    if (messages === undefined) throw new McpError(ErrorCode.InvalidParams, 'no such prompt');
    return { messages };
  });
  server.setRequestHandler(CompleteRequestSchema, () => completion);
  server.setRequestHandler(SetLevelRequestSchema, () => ({}));
}

const text = { type: 'string' as const };
const fixtureList = [
  listed('test_tool_with_logging'),
  listed('test_tool_with_progress'),
  listed('test_sampling', { prompt: text }),
  listed('test_elicitation', { message: text }),
  listed('test_elicitation_sep1034_defaults'),
  listed('test_elicitation_sep1330_enums'),
  listed('test_reconnection'),
];

const fixtures: ReadonlyMap<string, Fixture> = new Map<string, Fixture>([
  ['test_tool_with_logging', logThrice],
  ['test_tool_with_progress', reportProgress],
  ['test_sampling', (args, extra) => sample(String(args['prompt']), extra)],
  ['test_elicitation', (args, extra) => elicit(String(args['message']), { response: text }, extra)],
  ['test_elicitation_sep1034_defaults', (_args, extra) => elicit('defaults', defaults, extra)],
  ['test_elicitation_sep1330_enums', (_args, extra) => elicit('choices', choices, extra)],
  ['test_reconnection', dropStream],
]);

async function logThrice(_args: unknown, extra: Extra): Promise<CallToolResult> {
  for (const data of ['began', 'works', 'ended'])
    await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
  return answer('logged');
}

async function reportProgress(
  _args: unknown,
  { _meta: meta, sendNotification }: Extra,
): Promise<CallToolResult> {
  const { progressToken = 0 } = meta ?? {};
  for (const progress of steps)
    await sendNotification({
      method: 'notifications/progress',
      params: { progressToken, progress, total: 100 },
    });
  return answer('done');
}

async function sample(prompt: string, extra: Extra): Promise<CallToolResult> {
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }];
  const request = { method: 'sampling/createMessage' as const, params: { messages, maxTokens: 100 } };
  const { content } = await extra.sendRequest(request, CreateMessageResultSchema);
  return answer(JSON.stringify(content));
}

type Properties = ElicitRequestFormParams['requestedSchema']['properties'];

async function elicit(message: string, properties: Properties, extra: Extra): Promise<CallToolResult> {
  const params: ElicitRequestFormParams = { message, requestedSchema: { type: 'object', properties } };
  const { action, content } = await extra.sendRequest(
    { method: 'elicitation/create', params },
    ElicitResultSchema,
  );
  return answer(`${action}: ${JSON.stringify(content)}`);
}

/** The client has to come back for the answer. */
async function dropStream(_args: unknown, { closeSSEStream }: Extra): Promise<CallToolResult> {
  closeSSEStream?.();
  await new Promise((resolve) => setTimeout(resolve, 100));
  return answer('you came back');
}

function answer(words: string): CallToolResult {
  return { content: [{ type: 'text', text: words }] };
}

/** A default of every primitive type (SEP-1034). */
const defaults: Properties = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const options = ['option1', 'option2', 'option3'];
const titled = ['one', 'two', 'three'].map((name) => ({ const: name, title: `Option ${name}` }));

/** Every form of a choice (SEP-1330). */
const choices: Properties = {
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled },
  legacyEnum: { type: 'string', enum: options, enumNames: ['Option 1', 'Option 2', 'Option 3'] },
  untitledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled } },
};
