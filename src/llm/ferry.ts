import type { PastTurn, RecallingAgent, Remade, Toolbox, ToolAnswer, Turn } from '../agent/agent.ts';
import type { PlanView } from '../model/plan-view.ts';

/** A tool that the reader is waiting for. */
type FerriedCall = {
  readonly id: string;
  readonly tool: string;
  readonly args: Record<string, unknown>;
};

/** What a reader does next: calls, whose answers it waits for, or the end of its turn. */
export type FerryStep = { readonly calls: readonly FerriedCall[] } | { readonly turn: Turn };

type Waiting = FerriedCall & { readonly resolve: (answer: ToolAnswer) => void };

/** What a line or a chosen plan asks of the reader. */
export type ReaderTask = { readonly text: string } | { readonly plan: Pick<PlanView, 'id'> };

/**
 * Turns a reader inside out. An agent calls tools and waits; a chat model is asked, says which tools it wants, and is
 * asked again with their answers. The reader runs as it is, and its calls stop here until somebody has made them.
 */
export class Ferry {
  readonly #reader: RecallingAgent;
  #waiting: Waiting[] = [];
  #count = 0;
  #running: Promise<Turn> | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(make: (toolbox: Toolbox) => RecallingAgent) {
    this.#reader = make({ call: (tool, args) => this.#wait(tool, args) });
  }

  begin(task: ReaderTask): void {
    this.#waiting = [];
    this.#running = 'plan' in task ? this.#reader.confirm(task.plan) : this.#reader.turn(task.text);
    // Whoever asks for the next step hears of a failure; until then nobody does.
    this.#running.catch(() => undefined);
  }

  /** What the reader remembers instead; it reads with the answers of then, so nothing has to be ferried. */
  recall(past: readonly PastTurn[]): Promise<readonly Remade[]> {
    return this.#reader.recall(past);
  }

  /** Hands over the answers that are there, by the ids of their calls, and waits for what comes next. */
  async next(answers: ReadonlyMap<string, ToolAnswer>): Promise<FerryStep> {
    const running = this.#running;
    if (running === undefined) throw new TypeError('the reader was asked for nothing');
    const open = this.#waiting;
    this.#waiting = open.filter(({ id }) => !answers.has(id));
    this.#wake = Promise.withResolvers<void>();
    for (const { id, resolve } of open) {
      const answer = answers.get(id);
      if (answer !== undefined) resolve(answer);
    }
    // Calls may have come before anybody asked.
    const isWaited = this.#waiting.length > 0;
    const turn = isWaited ? undefined : await Promise.race([running, this.#wake.promise]);
    return turn === undefined
      ? { calls: this.#waiting.map(({ id, tool, args }) => ({ id, tool, args })) }
      : { turn };
  }

  #wait(tool: string, args: Record<string, unknown>): Promise<ToolAnswer> {
    const { promise, resolve } = Promise.withResolvers<ToolAnswer>();
    this.#waiting.push({ id: `call-${(this.#count += 1)}`, tool, args, resolve });
    this.#wake.resolve();
    return promise;
  }
}
