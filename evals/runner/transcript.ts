import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

import { digestOf } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import { type Message, messageIn, streamed, Wire } from './wire.ts';

/** What a model was asked, as far as an answer depends on it. Where it was asked does not count, nor how it streams. */
const Question = z.looseObject({
  messages: z.array(z.unknown()),
  tools: z.array(z.unknown()).default([]),
  seed: z.int().optional(),
});

const Head = z.strictObject({
  schema: z.literal('berth/transcript/1'),
  model: z.string(),
  note: z.string().optional(),
});
const Line = z.strictObject({ asked: z.string(), answer: Wire });

/** The code that a question gets which the recording does not know. */
export const staleStatus = 409;

/** Everything that a model said, by what it was asked. */
export type Transcript = { readonly model: string; readonly answers: ReadonlyMap<string, Message> };

/** Reads a recording. Throws INVALID_INPUT for a file that is none. */
export function readTranscript(file: string): Transcript {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const head = Head.safeParse(jsonOf(lines[0] ?? ''));
  if (!head.success)
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${file}\` is no recording of a model`,
      fix: 'record one: `berth eval --agent openai:MODEL@URL --record FILE`',
    });
  const answers = lines.slice(1).map((line) => Line.parse(jsonOf(line)));
  return { model: head.data.model, answers: new Map(answers.map(({ asked, answer }) => [asked, answer])) };
}

/** A place on this machine that speaks for a model. */
export type Speaker = { readonly url: string; close(): Promise<void> };

/** Answers from a recording; what is not in it gets `staleStatus`. */
export function replayed({ answers }: Transcript): Promise<Speaker> {
  return serve(async (body) => {
    const answer = answers.get(keyOf(body));
    return answer === undefined ? { status: staleStatus } : { message: answer };
  });
}

/** Passes questions on to a model and writes its answers to a file, which is begun anew. */
export function recorded(
  file: string,
  { model, baseUrl, apiKey }: { readonly model: string; readonly baseUrl: string; readonly apiKey?: string },
): Promise<Speaker> {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ schema: 'berth/transcript/1', model })}\n`);
  const written = new Set<string>();
  return serve(async (body) => {
    const key = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${baseUrl.replace(/\/$/u, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...key },
      body: JSON.stringify(body),
    });
    if (!response.ok) return { status: response.status };
    const message = messageIn(await response.text());
    const asked = keyOf(body);
    if (!written.has(asked)) appendFileSync(file, `${JSON.stringify({ asked, answer: message })}\n`);
    written.add(asked);
    return { message };
  });
}

function keyOf(body: unknown): string {
  const { messages, tools, seed } = Question.parse(body);
  return digestOf({ messages, tools, ...(seed === undefined ? {} : { seed }) }).slice(0, 39);
}

type Said = { readonly message: Message } | { readonly status: number };

async function serve(answer: (body: unknown) => Promise<Said>): Promise<Speaker> {
  const server = createServer((request, response) => {
    void reply(request, response, answer).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}/v1`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (body: unknown) => Promise<Said>,
): Promise<void> {
  const said = await answer(jsonOf(await text(request)));
  if ('status' in said) {
    response.writeHead(said.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'the recording does not know this question' } }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(streamed(said.message));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
