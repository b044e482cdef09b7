import type { Toolbox, Turn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { withPlan } from './scene.ts';
import type { GoldCall, Task } from './task.ts';

/** What an agent said to one line of a person. */
export type Reply = {
  readonly text: string;
  /** The slots it asked for; empty where it asked nothing. */
  readonly asked: readonly string[];
  readonly outcome: string;
};

/** An agent in the middle of one talk. */
export type Player = { turn(text: string): Promise<Reply> };

/** Where an agent sits: all it may touch is the toolbox. The task is there for those that know the answer. */
type Seat = { readonly toolbox: Toolbox; readonly task: Task };

/** An agent under test: one that sits at a toolbox, or a program of somebody else that drives our MCP server. */
export type Contestant =
  | { readonly kind: 'inside'; readonly name: string; join(seat: Seat): Player }
  | { readonly kind: 'outside'; readonly name: string; readonly command: string };

type Inside = Extract<Contestant, { kind: 'inside' }>;

/** The interpreter that Berth comes with: no model, no network. */
const builtin: Inside = {
  kind: 'inside',
  name: 'builtin',
  join({ toolbox }) {
    const agent = createInterpreter({ toolbox });
    return {
      turn: async (text) => replyOf(await agent.turn(text)),
    };
  },
};

/** A turn of one of our agents as it is scored. */
export function replyOf({ reply, question, outcome, shown, error }: Turn): Reply {
  // Whether to go on is no clarification: nothing is missing.
  const asked = (question?.missing ?? []).map(({ slot }) => slot).filter((slot) => slot !== 'confirm');
  // What is drawn for a person is part of what is said.
  const drawn = JSON.stringify(shown);
  return { text: [reply, question?.text, error?.message, drawn].join('\n'), asked, outcome };
}

/** Does nothing, politely. What it passes needs no agent. */
const noop: Inside = {
  kind: 'inside',
  name: 'noop',
  join: () => ({
    turn: () => Promise.resolve({ text: 'I have taken note.', asked: [], outcome: 'answered' }),
  }),
};

/** The built-in reader with a person who accepts whatever it offers: every plan, every suggestion. */
const yesMan: Inside = {
  kind: 'inside',
  name: 'yes-man',
  join({ toolbox }) {
    const agent = createInterpreter({ toolbox });
    return {
      async turn(text) {
        const first = await agent.turn(text);
        let last = first;
        const said = [first.reply];
        for (let round = 0; round < acceptsMost; round++) {
          const yes = acceptance(last);
          if (yes === undefined) break;
          last = await agent.turn(yes);
          said.push(last.reply);
        }
        return { text: said.join('\n'), asked: [], outcome: last.outcome };
      },
    };
  },
};

const acceptsMost = 4;

type Turned = Awaited<ReturnType<ReturnType<typeof createInterpreter>['turn']>>;

function acceptance({ outcome, plan, question }: Turned): string | undefined {
  if (plan !== undefined && (outcome === 'planned' || outcome === 'stale')) return 'commit';
  const [missing] = question?.missing ?? [];
  return missing === undefined ? undefined : (missing.suggestions[0] ?? 'yes');
}

/** Makes the gold calls of the task: shows that it can be done, and what the world looks like then. */
export const gold: Inside = {
  kind: 'inside',
  name: 'gold',
  join({ toolbox, task }) {
    let at = 0;
    let plan: string | undefined;
    let keys = 0;
    return {
      async turn() {
        const { calls = [], asks = [], says } = task.turns[at]?.gold ?? {};
        at += 1;
        const said: string[] = says === undefined ? [] : [says];
        for (const call of calls) {
          keys += 1;
          const answer = await toolbox.call(call.tool, withPlan(keyed(call, keys), plan));
          const text = JSON.stringify(answer);
          plan = /plan-[0-9a-f]{16}/.exec(text)?.[0] ?? plan;
          said.push(text);
        }
        return { text: said.join('\n'), asked: asks, outcome: asks.length > 0 ? 'needs_input' : 'answered' };
      },
    };
  },
};

const writing: ReadonlySet<string> = new Set(['contract_commit', 'contract_release', 'contract_change']);

/** A writing call needs a key; gold calls leave it out. */
function keyed({ tool, arguments: args }: GoldCall, count: number): Record<string, unknown> {
  return writing.has(tool) ? { idempotencyKey: `gold-${count}-key`, ...args } : args;
}

/** The agents that Berth brings, by name. */
export const contestants: ReadonlyMap<string, Contestant> = new Map(
  [builtin, gold, noop, yesMan].map((one) => [one.name, one]),
);
