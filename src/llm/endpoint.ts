import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';

/** Where a model answers in the manner of OpenAI's chat completions. */
export type Endpoint = {
  readonly model: string;
  readonly baseUrl: string;
  /** Absent for servers that ask for none. */
  readonly apiKey?: string;
  /** Asks for the same answer to the same question, where the server knows how. */
  readonly seed?: number;
};

type Environment = Readonly<Record<string, string | undefined>>;

const openAi = 'https://api.openai.com/v1';

/** As BERTH_MODEL: the built-in reader, run in the loop of the language models. */
export const readerInLoop = 'built-in-loop';

/**
 * The endpoint that the environment names: BERTH_MODEL, with OPENAI_BASE_URL and OPENAI_API_KEY. Nothing without
 * BERTH_MODEL, whatever else is set: a key that lies around for another program sends nothing anywhere.
 * Throws INVALID_INPUT.
 */
export function endpointOf(env: Environment): Endpoint | undefined {
  const model = env['BERTH_MODEL']?.trim() ?? '';
  if (model === '' || model === 'built-in' || model === readerInLoop) return undefined;
  const url = env['OPENAI_BASE_URL']?.trim() ?? '';
  if (url === '' && keyOf(env) === undefined) throw noAddress(model);
  return { model: modelName(model), baseUrl: addressOf(url === '' ? openAi : url), ...keyed(env) };
}

/** `MODEL@URL`; the key comes from OPENAI_API_KEY. Throws INVALID_INPUT. */
export function namedEndpoint(name: string, env: Environment): Endpoint {
  const at = name.search(/@https?:\/\//u);
  if (at < 1)
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${cleanText(name)}\` names no model and address`,
      fix: 'write `openai:MODEL@URL`, such as `openai:qwen3@http://127.0.0.1:11434/v1`',
    });
  return { model: modelName(name.slice(0, at)), baseUrl: addressOf(name.slice(at + 1)), ...keyed(env) };
}

/** `qwen3 at 127.0.0.1:11434`: for the status line. Never the key, nor what stands in the address besides the host. */
export function endpointWords({ model, baseUrl }: Endpoint): string {
  return `${model} at ${new URL(baseUrl).host}`;
}

function keyed(env: Environment): { apiKey?: string } {
  const apiKey = keyOf(env);
  return apiKey === undefined ? {} : { apiKey };
}

function keyOf(env: Environment): string | undefined {
  const key = env['OPENAI_API_KEY']?.trim() ?? '';
  return key === '' ? undefined : key;
}

/** It becomes part of ledger entries, where a word has at most 120 characters. */
function modelName(name: string): string {
  if (name.length <= 120 && cleanText(name, 120) === name) return name;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(name, 60)}\` is not the name of a model`,
    fix: 'use at most 120 printable characters',
    field: 'BERTH_MODEL',
  });
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url !== undefined && isWeb && url.username === '' && url.password === '') return url.href;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: 'the address of the model endpoint is not an http or https URL without a password in it',
    fix: 'set OPENAI_BASE_URL such as `http://127.0.0.1:11434/v1`; the key belongs into OPENAI_API_KEY',
    field: 'OPENAI_BASE_URL',
  });
}

function noAddress(model: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `BERTH_MODEL is \`${cleanText(model, 60)}\`, and nothing says where it answers`,
    fix: 'set OPENAI_BASE_URL (and OPENAI_API_KEY where the server asks for one), or unset BERTH_MODEL; `berth config get model --json` says who set it',
    field: 'OPENAI_BASE_URL',
  });
}
