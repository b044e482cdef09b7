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

/** What a caller may reach. Approving is in none of them: no tool can. */
export type Scope = 'berth:read' | 'berth:plan' | 'berth:contract' | 'berth:operate' | 'berth:audit';

/** Everything a tool may use. */
export type ToolContext = {
  readonly control: Control;
  readonly caller: Caller;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Says that the server is about to end: whoever waits answers with what is known. */
  readonly stopping?: AbortSignal | undefined;
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
  /**
   * Lists that may be cut when an answer is too large, least needed first: `plan.parts[].members`. A tool whose
   * input has a `limit` is asked again for fewer rows before anything is cut.
   */
  readonly cuts: readonly string[];
  /** What a concise answer leaves out, by path. A tool that has any takes `responseFormat`. */
  readonly brief?: readonly string[];
  /** How to ask for less, as advice to the caller. */
  readonly narrow: string;
  run(input: z.output<I>, context: ToolContext): Promise<z.output<O>>;
};

/** Gives a tool its types. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(tool: Tool<I, O>): Tool<I, O> {
  return tool;
}

/** Annotations of a tool that changes nothing. */
export function reading(title: string): ToolAnnotations {
  return { title, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
}

/** Annotations of a tool that changes what is promised to somebody. Its key makes a repeat harmless. */
export function committing(title: string): ToolAnnotations {
  return { title, readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false };
}
