import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

/** What a fake model answers with. Arguments given as text go over the wire as they are, valid or not. */
export type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly calls: readonly FakeCall[]; readonly text?: string }
  | { readonly kind: 'refusal'; readonly text: string }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: 'die'; readonly after: string }
  /** Sent as it is, also where JSON was asked for. */
  | { readonly kind: 'raw'; readonly text: string }
  | { readonly kind: 'garbage' };

type FakeCall = { readonly name: string; readonly args: Record<string, unknown> | string };

const Body = z.looseObject({
  model: z.string(),
  stream: z.boolean().default(false),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
  response_format: z.looseObject({ type: z.string() }).optional(),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string(), parameters: z.unknown() }) }))
    .default([]),
});
type Asked = z.infer<typeof Body> & { readonly authorization: string | undefined };

export type FakeEndpoint = {
  readonly url: string;
  /** What was asked, in order. */
  readonly asked: readonly Asked[];
  /** The questions that find out what it can do; they are answered by themselves. */
  readonly tests: readonly Asked[];
  close(): Promise<void>;
};

/** What a fake server can do; everything, if nothing is said. */
export type Skills = {
  /** `ignored`: names of tools are accepted, and it answers in words all the same. */
  readonly tools?: 'called' | 'ignored' | 'refused';
  /** Forms of answers that it knows; a request for another one is refused. */
  readonly forms?: readonly ('json_schema' | 'json_object')[];
  /** Whether it answers in JSON where it should. */
  readonly json?: boolean;
  /** Whether it says how many tokens it took. */
  readonly counts?: boolean;
};

type Script = readonly Step[] | ((asked: Asked, count: number) => Step);

/** An OpenAI-compatible server on this machine. Streams in small pieces; when the script is over it says so. */
export async function fakeEndpoint(script: Script, skills: Skills = {}): Promise<FakeEndpoint> {
  const asked: Asked[] = [];
  const tests: Asked[] = [];
  const next = (body: Asked): Step => {
    if (isTest(body)) {
      tests.push(body);
      return body.tools.length > 0 && skills.tools === 'ignored' ? five : add;
    }
    asked.push(body);
    const count = asked.length - 1;
    return typeof script === 'function'
      ? script(body, count)
      : (script[count] ?? { kind: 'text', text: 'The script is over.' });
  };
  const server = createServer((request, response) => void serve(request, response, { skills, next }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${portOf(server)}/v1`, asked, tests, close: () => closed(server) };
}

const add: Step = { kind: 'call', calls: [{ name: 'add', args: { a: 2, b: 3 } }] };
const five: Step = { kind: 'raw', text: 'That is 5.' };

function isTest({ tools, messages }: Asked): boolean {
  const said = JSON.stringify(messages.at(-1));
  return tools[0]?.function.name === 'add' || said.includes('Answer with this JSON object');
}

type Serving = { readonly skills: Skills; readonly next: (asked: Asked) => Step };

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { skills, next }: Serving,
): Promise<void> {
  if (request.url === '/v1/models') return json(response, 200, models);
  const body = Body.parse(JSON.parse(await text(request)));
  const refused = refusal(body, skills);
  if (refused !== undefined) return json(response, 400, { error: { message: refused } });
  const step = inForm(next({ ...body, authorization: request.headers.authorization }), body, skills);
  if (step.kind === 'status') return json(response, step.status, { error: { message: 'no' } }, step.headers);
  if (step.kind === 'garbage') return void response.writeHead(200).end('<html>not here</html>');
  const counted = skills.counts === false ? {} : { usage };
  if (!body.stream) return json(response, 200, { ...whole(step), ...counted });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const delta of deltas(step)) {
    event(response, { choices: [{ index: 0, delta, finish_reason: null }] });
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (step.kind === 'die') return void response.destroy();
  event(response, { choices: [{ index: 0, delta: {}, finish_reason: finish(step) }] });
  if (skills.counts !== false) event(response, { choices: [], usage });
  response.end('data: [DONE]\n\n');
}

function refusal({ tools, response_format }: z.infer<typeof Body>, skills: Skills): string | undefined {
  if (tools.length > 0 && skills.tools === 'refused') return 'fake does not support tools';
  const { forms = ['json_schema', 'json_object'] } = skills;
  return response_format === undefined || forms.some((form) => form === response_format.type)
    ? undefined
    : `response_format ${response_format.type} is not supported`;
}

/** What a model that cannot call tools says instead, where it can follow at all. */
function inForm(step: Step, { tools }: z.infer<typeof Body>, { json: isAble = true }: Skills): Step {
  if (tools.length > 0 || !isAble) return step;
  if (step.kind === 'text') return { kind: 'raw', text: JSON.stringify({ reply: step.text }) };
  if (step.kind !== 'call' || step.calls.some(({ args }) => typeof args === 'string')) return step;
  const calls = step.calls.map(({ name, args }) => ({ tool: name, arguments: args }));
  return { kind: 'raw', text: JSON.stringify({ calls, ...(step.text && { reply: step.text }) }) };
}

const models = { object: 'list', data: [{ id: 'fake', object: 'model', created: 0, owned_by: 'test' }] };
const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
const envelope = { id: 'x', object: 'chat.completion.chunk', created: 0, model: 'fake' };

function event(response: ServerResponse, part: Record<string, unknown>): void {
  response.write(`data: ${JSON.stringify({ ...envelope, ...part })}\n\n`);
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function finish({ kind }: Step): string {
  return kind === 'call' ? 'tool_calls' : 'stop';
}

/** Text by four letters, arguments by seven: no boundary of a word or a token is kept. */
function deltas(step: Step): Record<string, unknown>[] {
  switch (step.kind) {
    case 'raw':
    case 'text':
      return pieces(step.text, 4).map((content) => ({ role: 'assistant', content }));
    case 'die':
      return pieces(step.after, 4).map((content) => ({ role: 'assistant', content }));
    case 'refusal':
      return [{ role: 'assistant', content: null, refusal: step.text }];
    case 'call':
      return [
        ...pieces(step.text ?? '', 4).map((content) => ({ role: 'assistant', content })),
        ...step.calls.flatMap(({ name, args }, index) => [
          {
            role: 'assistant',
            tool_calls: [{ index, id: `call-${index}`, type: 'function', function: { name, arguments: '' } }],
          },
          ...pieces(argumentText(args), 7).map((piece) => ({
            tool_calls: [{ index, function: { arguments: piece } }],
          })),
        ]),
      ];
    case 'status':
    case 'garbage':
      return [];
    default:
      return step satisfies never;
  }
}

function whole(step: Step): Record<string, unknown> {
  const calls = step.kind === 'call' ? step.calls : [];
  const tool_calls = calls.map(({ name, args }, index) => ({
    id: `call-${index}`,
    type: 'function',
    function: { name, arguments: argumentText(args) },
  }));
  const content = step.kind === 'text' || step.kind === 'raw' ? step.text : null;
  const message = { role: 'assistant', content, ...(calls.length > 0 && { tool_calls }) };
  return {
    ...envelope,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: finish(step) }],
  };
}

function argumentText(args: FakeCall['args']): string {
  return typeof args === 'string' ? args : JSON.stringify(args);
}

function pieces(said: string, length: number): string[] {
  return Array.from({ length: Math.ceil(said.length / length) }, (_, i) =>
    said.slice(i * length, (i + 1) * length),
  );
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
