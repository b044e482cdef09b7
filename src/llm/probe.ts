import OpenAI from 'openai';

import type { Usage } from '../agent/agent.ts';
import { cleanText } from '../model/text.ts';
import type { Endpoint } from './endpoint.ts';
import {
  type CallStyle,
  type JsonForm,
  jsonForms,
  readStep,
  refusesForm,
  responseFormat,
} from './json-step.ts';
import { noUsage, together } from './price.ts';
import { statusOf } from './retry.ts';

/** One thing that an endpoint can do, or why not. */
export type ProbeCheck = {
  readonly check: 'reached' | 'model' | 'tools' | 'structured' | 'streaming' | 'tokens';
  readonly ok: boolean;
  readonly note: string;
};

const timeoutMs = 30_000;

/**
 * Asks an endpoint for its models and for one small streamed tool call; where none comes, for the same as JSON. Never
 * rejects.
 */
export async function probe(endpoint: Endpoint, signal?: AbortSignal): Promise<readonly ProbeCheck[]> {
  const { client, options } = clientOf(endpoint, signal);
  const found = await listed(client, endpoint.model, options);
  const { checks, failed } = await spoken(client, endpoint.model, options);
  const isSettled = isUsable(checks) || (failed !== undefined && !refusesForm(failed.status));
  const structured = isSettled ? [] : [structuredCheck(await jsonForm(client, endpoint.model, options))];
  return [...found, ...checks, ...structured];
}

/** Whether a model can be used at all: it calls tools, or says in JSON which ones it would call. */
export function isUsable(checks: readonly ProbeCheck[]): boolean {
  return checks.some(({ check, ok }) => ok && (check === 'tools' || check === 'structured'));
}

/** How a model is to be asked, or `none`; undefined where the endpoint failed and nothing was found out. Never rejects. */
export async function callStyleOf(
  endpoint: Endpoint,
  signal?: AbortSignal,
): Promise<{ readonly style: CallStyle | 'none' | undefined; readonly usage: Usage }> {
  const { client, options } = clientOf(endpoint, signal);
  const { checks, usage, failed } = await spoken(client, endpoint.model, options);
  if (checks.some(({ check, ok }) => check === 'tools' && ok)) return { style: 'tools', usage };
  if (failed !== undefined && !refusesForm(failed.status)) return { style: undefined, usage };
  const found = await jsonForm(client, endpoint.model, options);
  const style = found.form ?? (found.unreached ? undefined : 'none');
  return { style, usage: together(usage, found.usage) };
}

function clientOf({ baseUrl, apiKey }: Endpoint, signal: AbortSignal | undefined) {
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey ?? 'none',
    maxRetries: 0,
    timeout: timeoutMs,
  });
  return { client, options: signal === undefined ? {} : { signal } };
}

type Options = { readonly signal?: AbortSignal };

/** Some servers list no models and answer all the same, so that alone is no failure. */
async function listed(client: OpenAI, model: string, options: Options): Promise<ProbeCheck[]> {
  try {
    const { data } = await client.models.list(options);
    const names = data.map(({ id }) => cleanText(id, 60));
    const isThere = names.includes(model);
    const note = isThere
      ? 'is listed'
      : `is not listed; ${names.slice(0, 8).join(', ') || 'none'} ${names.length === 1 ? 'is' : 'are'}`;
    return [
      { check: 'reached', ok: true, note: 'lists its models' },
      { check: 'model', ok: isThere, note },
    ];
  } catch (error) {
    return [{ check: 'reached', ok: false, note: `no list of models: ${why(error)}` }];
  }
}

type Spoken = {
  readonly checks: readonly ProbeCheck[];
  readonly usage: Usage;
  /** Why nothing was answered; the status where there was one. */
  readonly failed?: { readonly status: number | undefined };
};

async function spoken(client: OpenAI, model: string, options: Options): Promise<Spoken> {
  try {
    const stream = await client.chat.completions.create({ ...question, model }, options);
    let chunks = 0;
    let called = '';
    let counted: Counted;
    for await (const { choices, usage } of stream) {
      chunks += 1;
      called += choices[0]?.delta.tool_calls?.[0]?.function?.name ?? '';
      counted = usage ?? counted;
    }
    const isCalling = called === 'add';
    const tokens = counted?.total_tokens ?? 0;
    const checks: ProbeCheck[] = [
      { check: 'tools', ok: isCalling, note: isCalling ? 'calls tools' : 'called no tool when told to' },
      { check: 'streaming', ok: chunks > 1, note: `answered in ${chunks} pieces` },
      { check: 'tokens', ok: tokens > 0, note: tokens > 0 ? `counted ${tokens}` : 'does not say how many' },
    ];
    return { checks, usage: usageOf(counted) };
  } catch (error) {
    const checks = [{ check: 'tools', ok: false, note: why(error) } as const];
    return { checks, usage: noUsage, failed: { status: statusOf(error) } };
  }
}

type Counted =
  | { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
  | null
  | undefined;

function usageOf(counted: Counted): Usage {
  if (counted === undefined || counted === null) return { ...noUsage, modelCalls: 1, uncountedCalls: 1 };
  return {
    modelCalls: 1,
    inputTokens: counted.prompt_tokens,
    outputTokens: counted.completion_tokens,
  };
}

type FoundForm = {
  readonly form?: JsonForm;
  /** The endpoint failed in a way that says nothing about forms. */
  readonly unreached: boolean;
  readonly note: string;
  readonly usage: Usage;
};

/** The firmest form in which the model says a call that it was told to make. */
async function jsonForm(client: OpenAI, model: string, options: Options): Promise<FoundForm> {
  let usage = noUsage;
  let note = '';
  for (const form of jsonForms) {
    const format = responseFormat(form, ['add']);
    const asked = { model, messages: jsonQuestion, ...(format !== undefined && { response_format: format }) };
    try {
      const { choices, usage: counted } = await client.chat.completions.create(asked, options);
      usage = together(usage, usageOf(counted));
      const step = readStep(choices[0]?.message.content ?? '');
      if ('calls' in step && step.calls.length === 1 && step.calls[0]?.tool === 'add')
        return { form, unreached: false, note: `says calls as JSON (${formWords[form]})`, usage };
      note = 'answered no JSON when told to';
    } catch (error) {
      if (!refusesForm(statusOf(error))) return { unreached: true, note: why(error), usage };
      note = why(error);
    }
  }
  return { unreached: false, note, usage };
}

const formWords = { schema: 'by a schema', object: 'as an object', text: 'in plain text' } as const;

function structuredCheck({ form, note }: FoundForm): ProbeCheck {
  return { check: 'structured', ok: form !== undefined, note };
}

const jsonQuestion = [
  {
    role: 'user' as const,
    content:
      'Answer with this JSON object and nothing else: {"calls": [{"tool": "add", "arguments": {"a": 2, "b": 3}}]}',
  },
];

const question = {
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'Call the tool `add` with a = 2 and b = 3. Say nothing.' }],
  tools: [
    {
      type: 'function',
      function: {
        name: 'add',
        description: 'Adds two numbers.',
        parameters: {
          type: 'object',
          properties: { a: { type: 'number' }, b: { type: 'number' } },
          required: ['a', 'b'],
        },
      },
    },
  ],
} satisfies Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'model'>;

function why(error: unknown): string {
  return cleanText(error instanceof Error ? error.message : String(error), 200);
}
