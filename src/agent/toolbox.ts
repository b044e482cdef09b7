import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { ProgressCallback } from '@modelcontextprotocol/sdk/shared/protocol.js';
import { z } from 'zod';

import type { ErrorDetail } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import type { Toolbox, ToolAnswer, ToolProgress } from './agent.ts';

/** What of an SDK client is used; in process or over a network makes no difference. */
export type McpClient = Pick<Client, 'callTool'>;

/**
 * The tools of an MCP server. A tool result is `ok` with its structured content; an `isError` result and
 * every failure of the transport become an `ErrorDetail`, never an exception.
 */
export function mcpToolbox(client: McpClient): Toolbox {
  return {
    async call(tool, args, { signal, onProgress } = {}) {
      const options = {
        ...(signal !== undefined && { signal }),
        ...(onProgress !== undefined && { onprogress: heard(onProgress) }),
      };
      try {
        return answerOf(await client.callTool({ name: tool, arguments: args }, undefined, options), tool);
      } catch (error) {
        return { ok: false, error: signal?.aborted === true ? interrupted : transportError(tool, error) };
      }
    },
  };
}

/** What the protocol says about progress, in our words. */
function heard(tell: (progress: ToolProgress) => void): ProgressCallback {
  return ({ progress, total, message }) =>
    tell({
      done: progress,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message: cleanText(message) }),
    });
}

const TextResult = z.object({
  isError: z.boolean().optional(),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).default([]),
});

const ErrorResult = z.object({
  error: z.object({
    code: z.enum([
      'INVALID_INPUT',
      'NOT_FOUND',
      'FORBIDDEN',
      'APPROVAL_DENIED',
      'IDEMPOTENCY_CONFLICT',
      'LEDGER_REFUSED',
      'LEDGER_BUSY',
      'INTERRUPTED',
      'INTERNAL',
    ]),
    message: z.string(),
    fix: z.string(),
    retryable: z.boolean(),
    field: z.string().exactOptional(),
    allowed: z.array(z.string()).exactOptional(),
    didYouMean: z.string().exactOptional(),
    seeTool: z.string().exactOptional(),
  }),
});

function answerOf(result: unknown, tool: string): ToolAnswer {
  const parsed = TextResult.safeParse(result);
  if (!parsed.success) return { ok: false, error: broken(tool, 'the result is not a tool result') };
  const { isError, structuredContent, content } = parsed.data;
  const text = content.find(({ type }) => type === 'text')?.text;
  if (isError === true) return { ok: false, error: errorOf(tool, structuredContent ?? jsonOf(text), text) };
  const answer = structuredContent ?? jsonOf(text);
  if (answer === undefined) return { ok: false, error: broken(tool, 'the result has no content') };
  return { ok: true, content: answer };
}

function errorOf(tool: string, content: unknown, text: string | undefined): ErrorDetail {
  const parsed = ErrorResult.safeParse(content);
  if (parsed.success) return parsed.data.error;
  const said = ErrorResult.safeParse(jsonOf(text));
  return said.success ? said.data.error : broken(tool, cleanText(text ?? 'no reason given'));
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const interrupted: ErrorDetail = {
  code: 'INTERRUPTED',
  message: 'stopped before it was done',
  fix: 'ask again; a change that was under way has either happened once or not at all',
  retryable: true,
};

function broken(tool: string, why: string): ErrorDetail {
  return {
    code: 'INTERNAL',
    message: `the tool \`${tool}\` failed: ${why}`,
    fix: 'try again; if it stays, look at the log of the server',
    retryable: false,
  };
}

function transportError(tool: string, error: unknown): ErrorDetail {
  const why = cleanText(error instanceof Error ? error.message : String(error));
  return {
    code: 'INTERNAL',
    message: `the tool \`${tool}\` could not be reached: ${why}`,
    fix: 'check that the server runs, then try again; a retry never does a thing twice',
    retryable: true,
  };
}
