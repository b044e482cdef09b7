import type { z } from 'zod';

import type { Progress } from '../control/control.ts';
import { callTool } from '../mcp/call.ts';
import type { Log } from '../mcp/log.ts';
import type { Tool } from '../mcp/tool.ts';
import { asOption } from './as-option.ts';
import { asError } from './failure.ts';
import type { Io } from './io.ts';
import type { Session } from './session.ts';

/**
 * Calls a tool as every client does: the same schemas, the same answers, without a protocol in between. Throws
 * the tool's error as a `BerthError`.
 */
export async function useTool<I extends z.ZodObject, O extends z.ZodObject>(
  io: Io,
  session: Session,
  tool: Tool<I, O>,
  args: Record<string, unknown>,
  progress?: Progress,
): Promise<z.output<O>> {
  const context = {
    control: session.control,
    caller: { ...session.caller, tool: tool.name },
    signal: io.interrupt,
    log: logTo(io),
    // A terminal has no context to overflow: nothing is cut.
    capTokens: Number.POSITIVE_INFINITY,
    format: 'detailed' as const,
    ...(progress === undefined ? {} : { progress }),
  };
  const answer = await callTool([tool], tool.name, withoutAbsent(args), context);
  if (!answer.ok) throw isTyped(args) ? asOption(asError(answer.error)) : asError(answer.error);
  return tool.output.parse(answer.content);
}

/** Whether the arguments are options; a demand and a scenario are files, whose words stay as they are. */
function isTyped(args: Record<string, unknown>): boolean {
  return args['demand'] === undefined && args['edits'] === undefined;
}

/** Bugs of tools, for whoever asked to see them. */
export function logTo(io: Io): Log {
  return (level, event, fields) => {
    if (io.env['BERTH_DEBUG'] !== undefined)
      io.stderr.write(`${JSON.stringify({ level, event, ...fields })}\n`);
  };
}

function withoutAbsent(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
