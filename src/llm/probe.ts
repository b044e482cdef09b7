import OpenAI from 'openai';

import { cleanText } from '../model/text.ts';
import type { Endpoint } from './endpoint.ts';

/** One thing that an endpoint can do, or why not. */
export type ProbeCheck = {
  readonly check: 'reached' | 'model' | 'tools' | 'streaming' | 'tokens';
  readonly ok: boolean;
  readonly note: string;
};

const timeoutMs = 30_000;

/** Asks an endpoint for its models and for one small streamed tool call. Never rejects. */
export async function probe(
  { model, baseUrl, apiKey }: Endpoint,
  signal?: AbortSignal,
): Promise<readonly ProbeCheck[]> {
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey ?? 'none',
    maxRetries: 0,
    timeout: timeoutMs,
  });
  const options = signal === undefined ? {} : { signal };
  return [...(await listed(client, model, options)), ...(await spoken(client, model, options))];
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

async function spoken(client: OpenAI, model: string, options: Options): Promise<ProbeCheck[]> {
  try {
    const stream = await client.chat.completions.create({ ...question, model }, options);
    let chunks = 0;
    let called = '';
    let tokens = 0;
    for await (const { choices, usage } of stream) {
      chunks += 1;
      called += choices[0]?.delta.tool_calls?.[0]?.function?.name ?? '';
      tokens = usage?.total_tokens ?? tokens;
    }
    return [
      {
        check: 'tools',
        ok: called === 'add',
        note: called === 'add' ? 'calls tools' : 'called no tool when told to',
      },
      { check: 'streaming', ok: chunks > 1, note: `answered in ${chunks} pieces` },
      { check: 'tokens', ok: tokens > 0, note: tokens > 0 ? `counted ${tokens}` : 'does not say how many' },
    ];
  } catch (error) {
    return [{ check: 'tools', ok: false, note: why(error) }];
  }
}

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
