import type { z } from 'zod';

import type { ErrorDetail } from '../model/error.ts';
import type { Toolbox, ToolAnswer, ToolCall, TurnOptions } from './agent.ts';

/** The calls of one turn: parsed, announced and kept for the record. */
export type ToolCalls = {
  readonly made: readonly ToolCall[];
  /** What a tool answered, as it is. Throws `ToolFailure` when the turn was stopped. */
  reach(tool: string, args: Record<string, unknown>): Promise<ToolAnswer>;
  /** The parsed answer of a tool. Throws `ToolFailure` when the tool could not do it. */
  ask<S extends z.ZodType>(tool: string, args: Record<string, unknown>, schema: S): Promise<z.output<S>>;
};

/** A tool said that it could not do something; the turn ends with its error. */
export class ToolFailure extends Error {
  readonly detail: ErrorDetail;

  constructor(detail: ErrorDetail, options?: ErrorOptions) {
    super(detail.message, options);
    this.name = 'ToolFailure';
    this.detail = detail;
  }
}

export function toolCalls(toolbox: Toolbox, options: TurnOptions, nowMs: () => number): ToolCalls {
  const made: ToolCall[] = [];
  const reach = async (tool: string, args: Record<string, unknown>): Promise<ToolAnswer> => {
    if (options.signal?.aborted === true) throw new ToolFailure(interrupted);
    options.onEvent?.({ kind: 'tool-started', tool, args });
    const startMs = nowMs();
    const answer = await toolbox.call(tool, args, {
      ...(options.signal !== undefined && { signal: options.signal }),
      onProgress: (progress) => options.onEvent?.({ kind: 'tool-progress', tool, progress }),
    });
    const call: ToolCall = { tool, args, ok: answer.ok, tookMs: Math.max(0, nowMs() - startMs) };
    made.push(call);
    options.onEvent?.({ kind: 'tool-ended', call, answer });
    return answer;
  };
  return {
    made,
    reach,
    async ask(tool, args, schema) {
      const answer = await reach(tool, args);
      if (!answer.ok) throw new ToolFailure(answer.error);
      const parsed = schema.safeParse(answer.content);
      if (parsed.success) return parsed.data;
      throw new ToolFailure(unreadable(tool), { cause: parsed.error });
    },
  };
}

const interrupted: ErrorDetail = {
  code: 'INTERRUPTED',
  message: 'stopped before it was done',
  fix: 'ask again',
  retryable: true,
};

function unreadable(tool: string): ErrorDetail {
  return {
    code: 'INTERNAL',
    message: `the answer of \`${tool}\` does not have the expected form`,
    fix: 'check that client and server are the same version',
    retryable: false,
  };
}
