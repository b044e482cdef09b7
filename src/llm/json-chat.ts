import { AIMessage, type BaseMessage, SystemMessage } from '@langchain/core/messages';
import OpenAI from 'openai';
import { z } from 'zod';

import type { Usage } from '../agent/agent.ts';
import { answerTimeoutMs } from './chat-model.ts';
import type { Endpoint } from './endpoint.ts';
import {
  type JsonForm,
  jsonForms,
  type JsonStep,
  readStep,
  refusesForm,
  responseFormat,
} from './json-step.ts';
import { readJsonPrompt } from './prompt.ts';
import { statusOf } from './retry.ts';
import type { OfferedTool } from './tools.ts';

/** A wrong answer is told of so many times; then the model is given up. */
const mostCorrections = 2;

/** What one request came to; `refusal` is empty where the model did not decline. */
type JsonAnswer = { readonly text: string; readonly refusal: string; readonly usage: Usage };

/** One request to the endpoint, counted and tried again by whoever runs the turn. */
type AskOnce = (ask: () => Promise<JsonAnswer>) => Promise<JsonAnswer>;

/**
 * A model that cannot call tools, made to: it is told of them in words, and answers by JSON of which calls are made.
 * Where the server refuses a form of asking, the next weaker one is used from then on.
 */
export class JsonChat {
  readonly #endpoint: Endpoint;
  readonly #client: OpenAI;
  readonly #names: readonly string[];
  readonly #told: string;
  readonly #signal: AbortSignal | undefined;
  #form: JsonForm;

  constructor(endpoint: Endpoint, tools: readonly OfferedTool[], form: JsonForm, signal?: AbortSignal) {
    this.#signal = signal;
    const { baseUrl: baseURL, apiKey = 'none' } = endpoint;
    this.#endpoint = endpoint;
    this.#client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: answerTimeoutMs });
    this.#names = tools.map(({ name }) => name);
    this.#told = [readJsonPrompt(), ...tools.map(toolWords)].join('\n');
    this.#form = form;
  }

  /** The next step, or undefined when it did not come in the form that was asked for. */
  async step(messages: readonly BaseMessage[], once: AskOnce): Promise<JsonStep | undefined> {
    let said = plainMessages(messages, this.#told);
    for (let corrected = 0; corrected <= mostCorrections; corrected++) {
      const answer = await once(() => this.#ask(said));
      const step = readStep(answer.text);
      if (!('problem' in step)) return step;
      const wrong = `${step.problem} Nothing was called and nothing was shown. Answer with one JSON object: {"calls": […]} or {"reply": "…"}.`;
      said = [...said, { role: 'assistant', content: answer.text }, { role: 'user', content: wrong }];
    }
    return undefined;
  }

  /** The library would parse what comes, and throw away an answer that is no JSON. */
  async #ask(messages: readonly Plain[]): Promise<JsonAnswer> {
    const { model, seed } = this.#endpoint;
    for (;;) {
      const format = responseFormat(this.#form, this.#names);
      const asked = {
        model,
        messages: [...messages],
        ...(seed !== undefined && { seed }),
        ...(format !== undefined && { response_format: format }),
      };
      try {
        const options = this.#signal === undefined ? {} : { signal: this.#signal };
        return answerIn(await this.#client.chat.completions.create(asked, options));
      } catch (error) {
        const weaker = jsonForms[jsonForms.indexOf(this.#form) + 1];
        if (weaker === undefined || !refusesForm(statusOf(error))) throw error;
        this.#form = weaker;
      }
    }
  }
}

const Completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

/** Servers differ: what is needed is read, and the rest is let be. */
function answerIn(completion: unknown): JsonAnswer {
  const parsed = Completion.safeParse(completion);
  const [choice] = parsed.data?.choices ?? [];
  if (choice === undefined) throw new Error('empty response: that is no answer of a model');
  const { content, refusal } = choice.message;
  const filtered = choice.finish_reason === 'content_filter' ? 'the answer was filtered' : '';
  const counted = parsed.data?.usage;
  return {
    text: content ?? '',
    refusal: refusal ?? filtered,
    usage: {
      modelCalls: 1,
      inputTokens: counted?.prompt_tokens ?? 0,
      outputTokens: counted?.completion_tokens ?? 0,
      ...(!counted && { uncountedCalls: 1 }),
    },
  };
}

function toolWords({ name, description, inputSchema }: OfferedTool): string {
  return `- ${name}: ${description} Arguments: ${JSON.stringify(inputSchema)}`;
}

/** A message as any server knows it. */
type Plain = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string };

/** The talk without roles and fields that such a server does not know; what follows on each other is one message. */
function plainMessages(messages: readonly BaseMessage[], told: string): readonly Plain[] {
  return messages.reduce<readonly Plain[]>((plain, message) => {
    const next = plainMessage(message, told);
    const last = plain.at(-1);
    if (last?.role !== next.role) return [...plain, next];
    return [...plain.slice(0, -1), { role: next.role, content: `${last.content}\n\n${next.content}` }];
  }, []);
}

function plainMessage(message: BaseMessage, told: string): Plain {
  if (SystemMessage.isInstance(message)) return { role: 'system', content: `${message.text}\n${told}` };
  if (!AIMessage.isInstance(message)) return { role: 'user', content: message.text };
  const calls = (message.tool_calls ?? []).map(({ name, args }) => ({ tool: name, arguments: args }));
  const reply = message.text === '' ? {} : { reply: message.text };
  return { role: 'assistant', content: JSON.stringify({ ...(calls.length > 0 && { calls }), ...reply }) };
}
