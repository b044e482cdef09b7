import { z } from 'zod';

/** One answer of a model in the manner of OpenAI's chat completions, whole: however it was cut when it was streamed. */
export const Wire = z.strictObject({
  text: z.string().default(''),
  refusal: z.string().optional(),
  calls: z
    .array(z.strictObject({ name: z.string(), args: z.string().describe('as sent, JSON or not') }))
    .default([]),
  finish: z.string().default('stop'),
  usage: z.strictObject({ input: z.int(), output: z.int() }).optional(),
});
export type Message = z.infer<typeof Wire>;

const Delta = z.looseObject({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        index: z.int().default(0),
        function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
      }),
    )
    .nullish(),
});

const Chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: Delta.optional(),
        message: Delta.optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.looseObject({ prompt_tokens: z.int(), completion_tokens: z.int() }).nullish(),
});

/** Reads an answer, streamed as events or sent at once. Throws where it is neither. */
export function messageIn(body: string): Message {
  const parts = body.trimStart().startsWith('{')
    ? [body]
    : body
        .split('\n')
        .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
        .map((line) => line.slice('data:'.length));
  const sum = new Sum();
  for (const part of parts) sum.add(Chunk.parse(JSON.parse(part)));
  return sum.message();
}

class Sum {
  readonly #calls: { name: string; args: string }[] = [];
  #text = '';
  #refusal = '';
  #finish = 'stop';
  #usage: Message['usage'];

  add({ choices, usage }: z.infer<typeof Chunk>): void {
    if (usage !== undefined && usage !== null)
      this.#usage = { input: usage.prompt_tokens, output: usage.completion_tokens };
    const [choice] = choices;
    if (choice === undefined) return;
    const { delta, message, finish_reason: finish } = choice;
    this.#finish = finish ?? this.#finish;
    const said = delta ?? message;
    this.#text += said?.content ?? '';
    this.#refusal += said?.refusal ?? '';
    for (const [at, call] of (said?.tool_calls ?? []).entries())
      this.#addCall(message === undefined ? call.index : at, call.function);
  }

  message(): Message {
    return {
      text: this.#text,
      ...(this.#refusal === '' ? {} : { refusal: this.#refusal }),
      calls: this.#calls.filter((call) => call !== undefined),
      finish: this.#finish,
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    };
  }

  #addCall(
    index: number,
    said:
      | { readonly name?: string | null | undefined; readonly arguments?: string | null | undefined }
      | undefined,
  ): void {
    const call = (this.#calls[index] ??= { name: '', args: '' });
    call.name += said?.name ?? '';
    call.args += said?.arguments ?? '';
  }
}

/** The answer as server-sent events, in as few pieces as the protocol allows. */
export function streamed({ text, refusal, calls, finish, usage }: Message): string {
  const said = refusal === undefined ? { content: text } : { content: null, refusal };
  const toolCalls = calls.map(({ name, args }, index) => ({
    index,
    id: `call-${index}`,
    type: 'function',
    function: { name, arguments: args },
  }));
  const delta = { role: 'assistant', ...said, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) };
  const counted =
    usage === undefined
      ? []
      : [
          {
            choices: [],
            usage: {
              prompt_tokens: usage.input,
              completion_tokens: usage.output,
              total_tokens: usage.input + usage.output,
            },
          },
        ];
  return [
    { choices: [{ index: 0, delta, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
    ...counted,
  ]
    .map((chunk) => `data: ${JSON.stringify({ ...envelope, ...chunk })}\n\n`)
    .concat('data: [DONE]\n\n')
    .join('');
}

const envelope = { id: 'replayed', object: 'chat.completion.chunk', created: 0, model: 'replayed' };
