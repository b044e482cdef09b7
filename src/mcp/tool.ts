import type { z } from 'zod';

import type { Caller, Control, Progress } from '../control/control.ts';

/** All five annotations, stated: none is left to a client's default. */
export type ToolAnnotations = {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
};

export type Scope = 'berth:read' | 'berth:plan' | 'berth:contract' | 'berth:audit';

/** Everything a tool may use. */
export type ToolContext = {
  readonly control: Control;
  readonly caller: Caller;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
};

/**
 * One tool, known to no SDK. Input is a strict root object, output a root object; `run` gets what the input
 * schema parsed. `run` is written as a method so that tools of different types fit into one list.
 */
export type Tool<I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> = {
  readonly name: string;
  readonly description: string;
  readonly input: I;
  readonly output: O;
  readonly annotations: ToolAnnotations;
  readonly scope: Scope;
  run(input: z.output<I>, context: ToolContext): Promise<z.output<O>>;
};

/** Gives a tool its types. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(tool: Tool<I, O>): Tool<I, O> {
  return tool;
}
