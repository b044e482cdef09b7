import { BerthError, type ErrorDetail } from '../model/error.ts';
import { cleanText, didYouMean } from '../model/text.ts';
import { AskFirst } from './ask.ts';
import { briefed, formatKey, type ResponseFormat } from './brief.ts';
import { answerCapTokens, fit, hintTokens, usualCapTokens, withHints } from './fit.ts';
import { inputError } from './input-error.ts';
import { cleanObject, isJsonObject, type JsonObject, sizeBytes, toJsonObject } from './json.ts';
import { describeError, type Log } from './log.ts';
import { sizeTokens } from './tokens.ts';
import type { Tool, ToolContext } from './tool.ts';

export type CallContext = ToolContext & {
  readonly log: Log;
  /** The most that an answer may hold; without it what a model can take. A terminal can take any amount. */
  readonly capTokens?: number | undefined;
  /** How much is told where the caller does not say: to a model little, to our own front ends all. */
  readonly format?: ResponseFormat | undefined;
};

/** What a call came to. A refusal is `ok`: it is a correct answer. */
export type CallAnswer =
  | { readonly ok: true; readonly content: JsonObject }
  | { readonly ok: false; readonly error: ErrorDetail };

export const argumentCapBytes = 256 * 1024;
export const argumentDepth = 32;

/**
 * Calls one tool by name, for whichever protocol asked. Rejects with `AskFirst` alone: what goes wrong comes back
 * as an `ErrorDetail`. A foreign error is a bug: the caller gets `INTERNAL` with a reference, the log gets the stack.
 * An answer holds at most about `capTokens`, unless it tells what a writing tool has done.
 */
export async function callTool(
  tools: readonly Tool[],
  name: string,
  args: unknown,
  context: CallContext,
): Promise<CallAnswer> {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) return { ok: false, error: unknownTool(tools, name) };
  try {
    return { ok: true, content: await answer(tool, plainArguments(args), context) };
  } catch (error) {
    if (error instanceof AskFirst) throw error;
    return { ok: false, error: detailOf(error, tool, context) };
  }
}

type Input = Record<string, unknown>;

async function answer(tool: Tool, args: JsonObject, context: CallContext): Promise<JsonObject> {
  const input = tool.input.safeParse(args);
  if (!input.success) throw inputError(tool.input, args, input.error.issues);
  const { capTokens = asksForMore(args) ? answerCapTokens : usualCapTokens } = context;
  const first = await run(tool, input.data, context);
  if (sizeTokens(first) <= capTokens) return first;
  const page = await smallerPage(tool, input.data, first, { ...context, capTokens });
  // What no cut brings down to the usual size may be longer before it is refused.
  const shortened = (cap: number) => fit(page, tool.cuts, tool.narrow, cap);
  const fitting = shortened(capTokens) ?? shortened(Math.max(capTokens, answerCapTokens));
  if (fitting === undefined && tool.annotations.readOnlyHint) throw tooLarge(tool, page);
  return fitting ?? page;
}

/** Whoever names a number of rows, or wants details, gets a longer answer than whoever does not. */
function asksForMore(args: JsonObject): boolean {
  const { limit, detail, devices } = args;
  return args[formatKey] === 'detailed' || [limit, detail, devices].some((one) => one !== undefined);
}

/** What the tool answers, as it will stand on the wire. */
async function run(tool: Tool, input: Input, context: CallContext): Promise<JsonObject> {
  context.signal?.throwIfAborted();
  const { [formatKey]: format = context.format ?? 'concise', ...asked } = input;
  const output = tool.output.safeParse(await tool.run(asked, context));
  if (output.success) {
    const whole = cleanObject(toJsonObject(output.data));
    return format === 'concise' && tool.brief !== undefined ? briefed(whole, tool.brief) : whole;
  }
  throw new Error(`${tool.name} answered outside its output schema`, { cause: output.error });
}

/** Asks again for fewer rows until a page fits, so that `nextCursor` goes on exactly where the page ends. */
async function smallerPage(
  tool: Tool,
  input: Input,
  page: JsonObject,
  context: CallContext & { readonly capTokens: number },
): Promise<JsonObject> {
  const { limit } = input;
  if (typeof limit !== 'number' || limit <= 1) return page;
  const roomTokens = context.capTokens - hintTokens;
  const fewer = Math.max(1, Math.floor((limit * 0.9 * roomTokens) / sizeTokens(page)));
  const next = await run(tool, { ...input, limit: fewer }, context);
  if (sizeTokens(next) > roomTokens) return smallerPage(tool, { ...input, limit: fewer }, next, context);
  return withHints(next, [`cut to ${fewer} rows to fit: go on with \`nextCursor\`, or ${tool.narrow}`]);
}

/** The arguments as JSON would carry them, within the caps. */
function plainArguments(args: unknown): JsonObject {
  if (args === undefined) return {};
  if (!isJsonObject(args)) throw badArguments('are not an object', 'send the arguments as an object');
  if (isDeeperThan(args, argumentDepth))
    throw badArguments(`are nested deeper than ${argumentDepth} levels`, 'send the arguments as listed');
  const size = sizeBytes(args);
  if (size > argumentCapBytes)
    throw badArguments(`are ${size} bytes long`, `send at most ${argumentCapBytes} bytes`);
  return toJsonObject(args);
}

function badArguments(what: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message: `the arguments ${what}`, fix, field: 'arguments' });
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(child, levels - 1));
}

function tooLarge(tool: Tool, page: JsonObject): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `the answer is about ${sizeTokens(page)} tokens long, above the cap of ${answerCapTokens}`,
    fix: tool.narrow,
  });
}

function unknownTool(tools: readonly Tool[], name: string): ErrorDetail {
  const allowed = tools.map((tool) => tool.name);
  const meant = didYouMean(name.slice(0, 80), allowed);
  return {
    code: 'NOT_FOUND',
    message: `there is no tool \`${cleanText(name, 80)}\``,
    fix: meant === undefined ? 'call one of the tools that are listed' : `call \`${meant}\``,
    retryable: false,
    allowed,
    ...(meant !== undefined && { didYouMean: meant, seeTool: meant }),
  };
}

function detailOf(error: unknown, tool: Tool, { signal, log }: CallContext): ErrorDetail {
  if (error instanceof BerthError) return cleanDetail(error.detail);
  if (signal?.aborted === true) return interrupted;
  const reference = crypto.randomUUID().slice(0, 8);
  log('error', 'internal-error', { tool: tool.name, reference, error: describeError(error) });
  return {
    code: 'INTERNAL',
    message: `internal error, reference \`${reference}\``,
    fix: tool.annotations.readOnlyHint
      ? "give the reference to the operator: the server's log has the cause"
      : 'look with contract_search what was done, and give the reference to the operator',
    retryable: false,
  };
}

const interrupted: ErrorDetail = {
  code: 'INTERRUPTED',
  message: 'the call was cancelled',
  fix: 'call again if it is still wanted',
  retryable: true,
};

/** Errors quote what callers and files said. */
function cleanDetail(detail: ErrorDetail): ErrorDetail {
  const { code, message, fix, retryable, field, allowed, didYouMean: meant, seeTool } = detail;
  return {
    code,
    message: cleanText(message, 1000),
    fix: cleanText(fix, 1000),
    retryable,
    ...(field !== undefined && { field: cleanText(field) }),
    ...(allowed !== undefined && { allowed: allowed.slice(0, 100).map((word) => cleanText(word)) }),
    ...(meant !== undefined && { didYouMean: cleanText(meant) }),
    ...(seeTool !== undefined && { seeTool }),
  };
}
