import type { ChatAnswer, ChatSaid, ChatToolCall } from '../model/chat-turn.ts';
import type { Agent, ToolAnswer, Turn, TurnEvent, TurnOptions } from './agent.ts';

/** Where turns are written down as they happen. Never rejects: a chat goes on where nothing can be recorded. */
export type Journal = {
  /** Before anything is done. What it resolves to takes what the turn came to, and who read it. */
  begin(said: ChatSaid): Promise<(answer: ChatAnswer, reader: string) => Promise<void>>;
};

/** The same agent, with every turn in a journal: begun before a tool is called, ended before it is shown. */
export function journaled(agent: Agent, journal: Journal): Agent {
  return {
    get name() {
      return agent.name;
    },
    turn: (text, options = {}) =>
      inJournal(
        journal,
        { said: saidOf('said', text, options), reader: () => agent.name, options },
        (heard) => agent.turn(text, heard),
      ),
    confirm: (plan, options = {}) =>
      inJournal(
        journal,
        { said: saidOf('confirmed', plan.id, options), reader: () => agent.name, options },
        (heard) => agent.confirm(plan, heard),
      ),
  };
}

type Recording = {
  readonly said: ChatSaid;
  /** Asked once the turn is over: a model may have failed meanwhile. */
  readonly reader: () => string;
  readonly options: TurnOptions;
};

/** Runs a turn between two records of a journal. */
export async function inJournal(
  journal: Journal,
  { said, reader, options }: Recording,
  run: (options: TurnOptions) => Promise<Turn>,
): Promise<Turn> {
  const calls = new CallsHeard();
  const onEvent = (event: TurnEvent) => {
    calls.hear(event);
    options.onEvent?.(event);
  };
  const end = await journal.begin(said);
  try {
    const turn = await run({ ...options, onEvent });
    await end(answerOf(turn, calls.made()), reader());
    return turn;
  } catch (error) {
    await end(broken(error, calls.made()), reader());
    throw error;
  }
}

export function saidOf(kind: ChatSaid['kind'], text: string, { typed }: TurnOptions): ChatSaid {
  return { kind, text, ...(typed === undefined || typed === text ? {} : { typed }) };
}

/** The calls of a turn in the order in which they were begun. */
class CallsHeard {
  readonly #calls: { tool: string; args: Record<string, unknown>; answer?: ToolAnswer }[] = [];

  hear(event: TurnEvent): void {
    if (event.kind === 'tool-started') this.#calls.push({ tool: event.tool, args: event.args });
    if (event.kind !== 'tool-ended') return;
    const begun = this.#calls.find(({ args, answer }) => args === event.call.args && answer === undefined);
    if (begun === undefined) return;
    begun.answer = event.answer;
  }

  made(): ChatToolCall[] {
    return this.#calls.flatMap(({ answer, ...call }) =>
      answer === undefined ? [] : [{ ...call, answer: told(answer) }],
    );
  }
}

function told(answer: ToolAnswer): ChatToolCall['answer'] {
  if (answer.ok) return { ok: true, content: answer.content };
  const { allowed, ...error } = answer.error;
  return { ok: false, error: { ...error, ...(allowed === undefined ? {} : { allowed: [...allowed] }) } };
}

function answerOf(turn: Turn, calls: ChatToolCall[]): ChatAnswer {
  const { outcome, reply, unread, question, plan, contract, error, usage } = turn;
  return {
    outcome,
    reply,
    unread: [...unread],
    ...(question === undefined
      ? {}
      : {
          question: {
            text: question.text,
            missing: question.missing.map(({ slot, suggestions }) => ({
              slot,
              suggestions: [...suggestions],
            })),
          },
        }),
    ...(plan === undefined ? {} : { plan: plan.id }),
    ...(contract === undefined ? {} : { contract: contract.id }),
    ...(error === undefined ? {} : { error: errorOf(error) }),
    ...(usage === undefined ? {} : { usage }),
    calls,
  };
}

function errorOf(error: NonNullable<Turn['error']>): NonNullable<ChatAnswer['error']> {
  const { allowed, ...rest } = error;
  return { ...rest, ...(allowed === undefined ? {} : { allowed: [...allowed] }) };
}

/** What an agent threw: there was no answer. */
function broken(error: unknown, calls: ChatToolCall[]): ChatAnswer {
  const message = error instanceof Error ? error.message : String(error);
  const detail = { code: 'INTERNAL' as const, message, fix: 'ask again', retryable: false };
  return { outcome: 'error', reply: '', unread: [], error: detail, calls };
}
