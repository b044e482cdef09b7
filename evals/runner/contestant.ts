import type { Toolbox, Turn, Usage } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { planIn, withPlan } from './deed.ts';
import type { GoldCall, Task } from './task.ts';

/** What an agent said to one line of a person. */
export type Reply = {
  readonly text: string;
  /** What is drawn for the person beside the words: part of what is said. */
  readonly drawn?: string;
  /** The slots it asked for; empty where it asked nothing. */
  readonly asked: readonly string[];
  readonly outcome: string;
  /** Whether a plan was put before the person. */
  readonly offers?: boolean;
  readonly usage?: Usage;
};

/** An agent in the middle of one talk. */
export type Player = { turn(text: string): Promise<Reply> };

/** Where an agent sits: all it may touch is the toolbox. The task is there for those that know the answer. */
type Seat = { readonly toolbox: Toolbox; readonly task: Task; readonly seed: number };

/**
 * An agent under test: one that sits at a toolbox, or somebody else's that drives our MCP server: a program that we
 * start, or a service at a URL.
 */
export type Contestant =
  | {
      readonly kind: 'inside';
      readonly name: string;
      join(seat: Seat): Player;
      /** Lets go of what it opened for all its runs. */
      close?(): Promise<void>;
    }
  | { readonly kind: 'program'; readonly name: string; readonly command: string }
  | { readonly kind: 'service'; readonly name: string; readonly url: string };

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
export function replyOf({ reply, question, outcome, shown, error, plan, usage }: Turn): Reply {
  // Whether to go on is no clarification: nothing is missing.
  const asked = (question?.missing ?? []).map(({ slot }) => slot).filter((slot) => slot !== 'confirm');
  const said = [reply, question?.text, error?.message].filter((part) => part !== undefined && part !== '');
  return {
    text: said.join('\n'),
    ...(shown.length === 0 ? {} : { drawn: JSON.stringify(shown) }),
    asked,
    outcome,
    offers: plan !== undefined && (outcome === 'planned' || outcome === 'stale'),
    ...(usage === undefined ? {} : { usage }),
  };
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
        const drawn = [...first.shown];
        for (let round = 0; round < acceptsMost; round++) {
          const yes = acceptance(last);
          if (yes === undefined) break;
          last = await agent.turn(yes);
          said.push(last.reply);
          drawn.push(...last.shown);
        }
        return { text: said.join('\n'), drawn: JSON.stringify(drawn), asked: [], outcome: last.outcome };
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
  join: ({ toolbox, task }) => new GoldPlayer(toolbox, task),
};

class GoldPlayer implements Player {
  readonly #toolbox: Toolbox;
  readonly #task: Task;
  #turns = 0;
  #keys = 0;
  #plan: string | undefined;

  constructor(toolbox: Toolbox, task: Task) {
    this.#toolbox = toolbox;
    this.#task = task;
  }

  async turn(text: string): Promise<Reply> {
    const { calls, asks = [], says } = this.#due(text);
    const said: string[] = [];
    for (const call of calls) {
      this.#keys += 1;
      const answer = await this.#toolbox.call(call.tool, withPlan(keyed(call, this.#keys), this.#plan));
      if (namesPlan.has(call.tool)) this.#plan = planIn(answer) ?? this.#plan;
      said.push(JSON.stringify(answer));
    }
    return {
      text: says ?? '',
      drawn: said.join('\n'),
      asked: asks,
      outcome: asks.length > 0 ? 'needs_input' : 'answered',
      offers: calls.some(({ tool }) => plans.has(tool)) && said.at(-1)?.includes('"planned"') === true,
    };
  }

  /** The turns come in their order; after them the person answers by a table. */
  #due(text: string): Task['turns'][number]['gold'] {
    const turn = this.#task.turns[this.#turns] ?? this.#task.answers.find(({ say }) => say === text);
    this.#turns += 1;
    return turn?.gold ?? { calls: [] };
  }
}

/** Whose answers bring a plan; one that is out of date comes with a fresh one. */
const namesPlan: ReadonlySet<string> = new Set(['placement_plan', 'contract_change', 'contract_commit']);

const plans: ReadonlySet<string> = new Set(['placement_plan', 'contract_change']);

const writing: ReadonlySet<string> = new Set(['contract_commit', 'contract_release', 'maintenance_start']);

/** A writing call needs a key; gold calls leave it out. */
function keyed({ tool, arguments: args }: GoldCall, count: number): Record<string, unknown> {
  return writing.has(tool) ? { idempotencyKey: `gold-${count}-key`, ...args } : args;
}

/** The agents that Berth brings, by name. */
export const contestants: ReadonlyMap<string, Contestant> = new Map(
  [builtin, gold, noop, yesMan].map((one) => [one.name, one]),
);
