import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

import type { Turn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { mcpToolbox } from '../../src/agent/toolbox.ts';
import { connectInProcess } from '../../src/mcp/in-process.ts';
import { tools } from '../../tools/index.ts';
import type { Stage } from './scene.ts';
import { Task } from './task.ts';

const words = z.array(z.string().min(1)).default([]);

/** What somebody says to the reader, and how it has to take it. Narrower than a task: calls and slots count too. */
export const Request = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  world: z.string().default('four-sites'),
  say: z.array(z.string()).min(1),
  outcome: z.array(z.string()).min(1).describe('of the last line: any of these'),
  tool: z.string().optional().describe('was called'),
  args: z.record(z.string(), z.unknown()).optional().describe('are in its last call, with others or alone'),
  unlessArgs: z.record(z.string(), z.unknown()).optional().describe('are in no call'),
  notTools: words,
  asks: words.describe('slots that the last line asks for, at least'),
  reply: words.describe('all of them in the last answer'),
  notReply: words,
  firstRun: z.literal('missed').optional().describe('written before the reader was tuned, and missed then'),
  misread: z.string().optional().describe('why it still fails; it may not pass by chance'),
});
export type Request = z.infer<typeof Request>;

/** All requests of a folder. */
export function readRequests(folder: string): readonly Request[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .flatMap((name) => z.array(Request).parse(parse(readFileSync(join(folder, name), 'utf8'))));
}

/** Says a request to the built-in reader in a world of its own, and in words what came out otherwise. */
export async function faultsOf(stage: Stage, request: Request): Promise<readonly string[]> {
  const scene = await stage.open(taskOf(request));
  const client = await connectInProcess({
    tools,
    control: scene.control,
    caller: scene.caller,
    version: '0.0.0',
    log: () => undefined,
    client: 'requests',
  });
  try {
    const agent = createInterpreter({ toolbox: mcpToolbox(client) });
    const turns: Turn[] = [];
    for (const line of request.say) turns.push(await agent.turn(line));
    return compare(request, turns);
  } finally {
    await client.close();
    await scene.control.close();
  }
}

function taskOf({ id, world, say }: Request): Task {
  return Task.parse({
    id,
    area: 'clarify',
    difficulty: 'easy',
    world,
    actor: { as: 'person:ada' },
    turns: say.map((line) => ({ say: line })),
    end: {},
  });
}

const changing = ['contract_commit', 'contract_release', 'maintenance_start'];

function compare(request: Request, turns: readonly Turn[]): readonly string[] {
  const last = turns.at(-1);
  if (last === undefined) return ['nothing was said'];
  const calls = turns.flatMap(({ toolCalls }) => toolCalls);
  const made = calls.filter(({ tool }) => tool === request.tool).at(-1);
  const asked = (last.question?.missing ?? []).map(({ slot }) => slot);
  const said = [last.reply, JSON.stringify(last.shown)].join('\n').toLowerCase();
  const never = [
    ...request.notTools,
    ...(request.outcome.includes('committed') || request.say.length > 1 ? [] : changing),
  ];
  return [
    ...(request.outcome.includes(last.outcome) ? [] : [`came to ${last.outcome}: ${last.reply}`]),
    ...(request.tool !== undefined && made === undefined
      ? [`called ${calls.map(({ tool }) => tool).join(', ')}, not ${request.tool}`]
      : []),
    ...(request.args !== undefined && made !== undefined && !holds(made.args, request.args)
      ? [`asked for ${JSON.stringify(made.args)}`]
      : []),
    ...calls
      .filter(({ args }) => request.unlessArgs !== undefined && holds(args, request.unlessArgs))
      .map(({ args }) => `asked for ${JSON.stringify(args)}`),
    ...calls.filter(({ tool }) => never.includes(tool)).map(({ tool }) => `called ${tool}`),
    ...request.asks.filter((slot) => !asked.includes(slot)).map((slot) => `did not ask for ${slot}`),
    ...request.reply
      .filter((word) => !said.includes(word.toLowerCase()))
      .map((word) => `did not say ${word}`),
    ...request.notReply.filter((word) => said.includes(word.toLowerCase())).map((word) => `said ${word}`),
  ];
}

/** Whether everything of `part` is in `whole`. */
function holds(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return (
      Array.isArray(whole) && whole.length === part.length && part.every((one, i) => holds(whole[i], one))
    );
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null) return false;
  const entries = new Map<string, unknown>(Object.entries(whole));
  return Object.entries(part).every(([key, value]) => holds(entries.get(key), value));
}
