import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { createAgent, createMiddleware } from 'langchain';
import { z } from 'zod';

import type { Usage } from '../agent/agent.ts';
import { chatModel } from './chat-model.ts';
import type { Endpoint } from './endpoint.ts';
import { ModelFailure } from './failure.ts';
import { JsonChat } from './json-chat.ts';
import type { CallStyle, JsonStep } from './json-step.ts';
import { noUsage, together } from './price.ts';
import { backedOff, type Sleep } from './retry.ts';
import type { OfferedTool } from './tools.ts';
import { traceNothing } from './trace-nothing.ts';
import type { Wish } from './wish.ts';

/** One exchange of before: what the person said, and what was answered. */
export type Exchange = { readonly person: string; readonly reply: string };

export type LoopOptions = {
  readonly endpoint: Endpoint;
  readonly style: CallStyle;
  readonly system: string;
  readonly before: readonly Exchange[];
  readonly said: string;
  readonly tools: readonly OfferedTool[];
  /** Does, proposes or refuses what the model wishes; the text is what the model reads. */
  readonly carryOut: (wish: Wish) => Promise<string>;
  /** Whether the model is to be asked no more. */
  readonly isOver: () => boolean;
  readonly onText: (piece: string) => void;
  readonly sleep: Sleep;
  readonly signal?: AbortSignal;
};

export type LoopResult = {
  /** What the model said last; empty where it said nothing. */
  readonly text: string;
  readonly usage: Usage;
  /** Tools that it asked for, also where nothing came of it. */
  readonly callCount: number;
};

/** More rounds than any task of ours needs. */
export const mostModelCalls = 16;

/**
 * One turn of a model, in LangChain's agent loop. Every tool call ends in `carryOut`, which is the only code that
 * runs for it; the library parses, streams and counts. Throws `ModelFailure` when the model cannot go on.
 */
export async function runLoop(options: LoopOptions): Promise<LoopResult> {
  traceNothing();
  const talk = new Talk(options);
  const { endpoint, system, before, said, signal } = options;
  const agent = createAgent({
    model: chatModel(endpoint),
    tools: options.tools.map(declared),
    middleware: [talk.middleware()],
  });
  const messages: BaseMessage[] = [
    new SystemMessage(system),
    ...before.flatMap(({ person, reply }) => [new HumanMessage(person), new AIMessage(reply)]),
    new HumanMessage(said),
  ];
  try {
    const stream = await agent.stream(
      { messages },
      { streamMode: 'messages', recursionLimit: 4 * mostModelCalls + 10, ...withSignal(signal) },
    );
    for await (const [chunk] of stream)
      if (AIMessageChunk.isInstance(chunk) && chunk.text !== '') options.onText(chunk.text);
  } catch (error) {
    throw talk.reasonFor(error);
  }
  return talk.result();
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** For the model to read; what runs is `carryOut`. */
function declared({ name, description, inputSchema }: OfferedTool) {
  return tool(() => Promise.reject(new Error(`${name} was reached without its gate`)), {
    name,
    description,
    schema: inputSchema,
  });
}

/** The turn under way: counts, retries, and the way of every tool call to `carryOut`. */
class Talk {
  readonly #options: LoopOptions;
  readonly #broken = new Set<string>();
  #failure: ModelFailure | undefined;
  #text = '';
  #usage: Usage = noUsage;
  #callCount = 0;
  readonly #json: JsonChat | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
    const { endpoint, tools, style, signal } = options;
    this.#json = style === 'tools' ? undefined : new JsonChat(endpoint, tools, style, signal);
  }

  /** Throws what stopped the model: the library would wrap it in errors of its own. */
  result(): LoopResult {
    if (this.#failure !== undefined) throw this.#failure;
    return { text: this.#text, usage: this.#usage, callCount: this.#callCount };
  }

  /** What to throw for an error of the library's loop. */
  reasonFor(error: unknown): unknown {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#options.signal?.aborted === true) return error;
    const why = error instanceof Error ? error.message : String(error);
    return new ModelFailure('endpoint', why, this.#usage, { cause: error });
  }

  middleware() {
    return createMiddleware({
      name: 'berth',
      beforeModel: {
        canJumpTo: ['end'],
        hook: () => (this.#options.isOver() ? { jumpTo: 'end' } : undefined),
      },
      wrapModelCall: (request, handler) => this.#asked(request.messages, async () => handler(request)),
      wrapToolCall: async ({ toolCall: { id = '', name, args } }) => {
        const content = this.#broken.has(id)
          ? `The arguments of this call of \`${name}\` were no JSON object. Nothing was called. Send it again.`
          : await this.#options.carryOut({ tool: name, args });
        return new ToolMessage({ content, name, tool_call_id: id });
      },
    });
  }

  async #asked(messages: readonly BaseMessage[], ask: () => Promise<AIMessage>): Promise<AIMessage> {
    try {
      return this.#json === undefined
        ? this.#own(await this.#once(ask, heardIn))
        : this.#said(await this.#json.step(messages, (askJson) => this.#once(askJson, (heard) => heard)));
    } catch (error) {
      if (error instanceof ModelFailure) this.#failure = error.after(this.#usage);
      throw error;
    }
  }

  /** One request: limited, tried again, and counted. */
  async #once<A>(ask: () => Promise<A>, heard: (answer: A) => Heard): Promise<A> {
    if (this.#usage.modelCalls >= mostModelCalls)
      throw new ModelFailure('conduct', `it was not done after ${mostModelCalls} rounds`);
    const answer = await backedOff(ask, this.#options);
    const { usage, refusal } = heard(answer);
    this.#usage = together(this.#usage, usage);
    if (refusal !== '') throw new ModelFailure('conduct', `it declined: ${refusal}`);
    return answer;
  }

  /**
   * The answer with tool calls as they were sent. The library takes half an object for a whole one, drops calls that it
   * cannot parse, and takes a call whose id was used before for one that is answered.
   */
  #own(answer: AIMessage): AIMessage {
    return this.#message(
      answer.text,
      rawCalls(answer).map(({ name, args }) => ({ name, args: objectIn(args) })),
    );
  }

  #said(step: JsonStep | undefined): AIMessage {
    if (step === undefined) throw new ModelFailure('conduct', 'it did not answer in the JSON asked for');
    const { reply, calls } = step;
    if (reply !== '') this.#options.onText(reply);
    return this.#message(
      reply,
      calls.map(({ tool: name, arguments: args }) => ({ name, args })),
    );
  }

  /** Calls without arguments were broken: nothing will be called, and the model is told. */
  #message(
    content: string,
    calls: readonly { readonly name: string; readonly args: Record<string, unknown> | undefined }[],
  ): AIMessage {
    this.#text = content;
    const tool_calls = calls.map(({ name, args }) => {
      const id = `call-${(this.#callCount += 1)}`;
      if (args === undefined) this.#broken.add(id);
      return { id, name, args: args ?? {}, type: 'tool_call' as const };
    });
    return new AIMessage({ content, tool_calls });
  }
}

/** What is counted of an answer, and why the model declined to give one. */
type Heard = { readonly usage: Usage; readonly refusal: string };

function heardIn(answer: AIMessage): Heard {
  return { usage: usageOf(answer), refusal: refusalIn(answer) };
}

function usageOf({ usage_metadata: told }: AIMessage): Usage {
  const { data } = TokenCounts.safeParse(told);
  if (data === undefined) return { ...noUsage, modelCalls: 1, uncountedCalls: 1 };
  return { modelCalls: 1, inputTokens: data.input_tokens, outputTokens: data.output_tokens };
}

const TokenCounts = z.object({ input_tokens: z.number(), output_tokens: z.number() });

function rawCalls(answer: AIMessage): readonly { readonly name: string; readonly args: string }[] {
  if (AIMessageChunk.isInstance(answer))
    return (answer.tool_call_chunks ?? []).map(({ name = '', args = '' }) => ({ name, args }));
  const whole = (answer.tool_calls ?? []).map(({ name, args }) => ({ name, args: JSON.stringify(args) }));
  const broken = (answer.invalid_tool_calls ?? []).map(({ name = '', args = '' }) => ({ name, args }));
  return [...whole, ...broken];
}

/** No arguments at all mean an empty object: some servers send nothing for a tool without parameters. */
function objectIn(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function refusalIn({ additional_kwargs: extra, response_metadata: told }: AIMessage): string {
  const refusal: unknown = extra['refusal'];
  if (typeof refusal === 'string' && refusal !== '') return refusal;
  const finish: unknown = told['finish_reason'];
  return finish === 'content_filter' ? 'the answer was filtered' : '';
}
