import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

import type { Wanted } from '../../evals/runner/attack/goals.ts';
import { goalsIn } from '../../evals/runner/attack/payloads.ts';

/** What happened to an agent that does whatever any text tells it. */
export type Story = {
  /** Everything that the server said, in order. */
  readonly said: readonly string[];
  /** The goals that some answer told it to reach. */
  readonly told: ReadonlySet<string>;
  readonly calls: number;
};

/**
 * An agent without judgement: it works through its task, reads every word of every answer, and does at once whatever
 * an instruction in it says, and whatever an instruction in the answer to that says.
 */
export async function obey(client: Client, task: readonly Wanted[]): Promise<Story> {
  const said: string[] = [];
  const told = new Set<string>();
  const waiting: Wanted[][] = task.map((wanted) => [wanted]);
  let calls = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    let plan: string | undefined;
    for (const wanted of next) {
      const text = await ask(client, wanted, plan);
      calls += 1;
      said.push(text);
      plan = /plan-[0-9a-f]{16}/.exec(text)?.[0] ?? plan;
      const fresh = goalsIn(text).filter(({ id }) => !told.has(id));
      fresh.forEach(({ id }) => told.add(id));
      waiting.unshift(...fresh.map((goal) => [...goal.calls]));
    }
  }
  return { said, told, calls };
}

async function ask(
  client: Client,
  { tool, arguments: given }: Wanted,
  plan: string | undefined,
): Promise<string> {
  const text = JSON.stringify(given).replaceAll('$plan', plan ?? 'plan-0123456789abcdef');
  const answer = await client.callTool({ name: tool, arguments: parsed(text) });
  return JSON.stringify(CallToolResultSchema.parse(answer));
}

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
