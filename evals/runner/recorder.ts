import type { Toolbox, ToolAnswer } from '../../src/agent/agent.ts';

/** One call of an agent, as it reached the server, and whether it was answered. */
export type MadeCall = {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly ok: boolean;
  /** `planned`, `rejected`, `committed` … where the answer says so, or the code of the error. */
  readonly answer?: string;
};

/** A toolbox that keeps what was done with it. */
export function recording(toolbox: Toolbox): {
  readonly toolbox: Toolbox;
  readonly calls: readonly MadeCall[];
} {
  const calls: MadeCall[] = [];
  return {
    calls,
    toolbox: {
      async call(tool, args, signal) {
        const answer = await toolbox.call(tool, args, signal);
        const word = wordOf(answer);
        calls.push({ tool, args, ok: answer.ok, ...(word === undefined ? {} : { answer: word }) });
        return answer;
      },
    },
  };
}

function wordOf(answer: ToolAnswer): string | undefined {
  if (!answer.ok) return answer.error.code;
  const { content } = answer;
  const decision: unknown =
    typeof content === 'object' && content !== null && 'decision' in content ? content.decision : undefined;
  return typeof decision === 'string' ? decision : undefined;
}
