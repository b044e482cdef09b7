import { z } from 'zod';

import type { Question, Shown, ToolAnswer } from '../agent/agent.ts';
import { ContractDetail } from '../model/contract-view.ts';
import { ContractId, PlanId } from '../model/id.ts';
import { type PlanView, type RefusalView } from '../model/plan-view.ts';
import { cleanText } from '../model/text.ts';
import { cardOf } from './cards.ts';
import type { Evidence } from './evidence.ts';
import { fenced } from './fence.ts';
import { AskPerson, ProposeCommit, ProposeRelease } from './proposals.ts';
import type { OfferedTool } from './tools.ts';
import type { Wish } from './wish.ts';

/** How a tool is reached: announced and timed. */
type Reach = (tool: string, args: Record<string, unknown>) => Promise<ToolAnswer>;

export type GateOptions = {
  readonly tools: readonly OfferedTool[];
  readonly reach: Reach;
  readonly evidence: Evidence;
  /** The plans of this conversation: the only ones that may be proposed. */
  readonly plans: Map<string, PlanView>;
  /** What a result becomes before the model reads it. */
  readonly hide: (content: unknown) => unknown;
};

/** Calls of one turn, whatever they are. */
export const mostToolCalls = 24;
const mostRepeats = 3;
const mostCards = 2;

/**
 * The only way of a model to do anything in a turn. It reads; what would change something becomes a question to the
 * person, and at most one. Writing tools are not reached from here at all.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #seen = new Map<string, number>();
  readonly shown: Shown[] = [];
  plan: PlanView | undefined;
  refusal: RefusalView | undefined;
  release: ContractDetail | undefined;
  question: Question | undefined;
  /** Why the model was stopped. */
  stopped: string | undefined;
  #calls = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: GateOptions) {
    this.#options = options;
  }

  isOver(): boolean {
    return this.question !== undefined || this.release !== undefined || this.stopped !== undefined;
  }

  /** What the person is shown: what a yes is about, or what was found last. */
  cards(): readonly Shown[] {
    if (this.release !== undefined) return [{ kind: 'contract', detail: this.release }];
    if (this.plan !== undefined) return [{ kind: 'plan', plan: this.plan }];
    if (this.refusal !== undefined) return [{ kind: 'refusal', refusal: this.refusal }];
    const found = this.shown.filter(({ kind }) => kind !== 'summary');
    return (found.length > 0 ? found : this.shown).slice(-mostCards);
  }

  /** One after the other, however many a model sends at once: the second question must find the first. */
  carryOut(wish: Wish): Promise<string> {
    const done = this.#last.then(() => this.#carryOut(wish));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #carryOut(wish: Wish): Promise<string> {
    const { tool, args } = wish;
    if (this.isOver()) return 'Not done: the person has to answer first.';
    const again = this.#again(wish);
    if (again !== undefined) return again;
    switch (tool) {
      case 'ask_person':
        return this.#ask(args);
      case 'propose_commit':
        return this.#proposeCommit(args);
      case 'propose_release':
        return this.#proposeRelease(args);
      default:
        return this.#read(tool, args);
    }
  }

  /** Stops a model that calls too much, or the same again and again. */
  #again({ tool, args }: Wish): string | undefined {
    const key = JSON.stringify([tool, args]);
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    this.#calls += 1;
    if (this.#calls > mostToolCalls) this.stopped = `it made more than ${mostToolCalls} calls`;
    else if (count >= mostRepeats)
      this.stopped = `it called \`${cleanText(tool, 60)}\` ${count} times with the same arguments`;
    if (this.stopped !== undefined) return 'Stopped.';
    return count > 1
      ? 'You have made this very call: its answer stands above. Use it, or answer.'
      : undefined;
  }

  async #read(tool: string, args: Record<string, unknown>): Promise<string> {
    const { tools, reach, evidence, hide } = this.#options;
    const known = tools.find(({ name }) => name === tool);
    if (known === undefined) return `There is no tool \`${cleanText(tool, 60)}\`. Nothing was called.`;
    if (!known.isReading) return `\`${known.name}\` is not for you: only the person can do that.`;
    const answer = await reach(known.name, args);
    if (!answer.ok) return fenced(tool, hide({ error: answer.error }));
    evidence.addResult(answer.content);
    this.#keep(tool, answer.content);
    return fenced(tool, hide(answer.content));
  }

  #keep(tool: string, content: unknown): void {
    const card = cardOf(tool, content);
    if (card === undefined) return;
    if (card.kind === 'plan') {
      this.#options.plans.set(card.plan.id, card.plan);
      this.plan = card.plan;
      this.refusal = undefined;
    } else if (card.kind === 'refusal') this.refusal = card.refusal;
    this.shown.push(card);
  }

  #ask(args: Record<string, unknown>): string {
    const asked = AskPerson.safeParse(args);
    if (!asked.success) return wrong('ask_person', asked.error);
    const { question, missing } = asked.data;
    this.question = {
      text: cleanText(question, 600),
      missing: missing.map(({ slot, suggestions }) => ({
        slot: cleanText(slot, 40),
        suggestions: suggestions.map((text) => cleanText(text, 80)),
      })),
    };
    return 'The person was asked.';
  }

  #proposeCommit(args: Record<string, unknown>): string {
    const asked = ProposeCommit.safeParse(args);
    if (!asked.success) return wrong('propose_commit', asked.error);
    const id = PlanId.safeParse(asked.data.plan);
    const plan = id.success ? this.#options.plans.get(id.data) : undefined;
    if (plan === undefined)
      return `No plan \`${cleanText(asked.data.plan, 40)}\` was made in this conversation. Nothing was proposed.`;
    this.plan = plan;
    this.refusal = undefined;
    return `The person is asked whether to commit ${plan.id}.`;
  }

  async #proposeRelease(args: Record<string, unknown>): Promise<string> {
    const asked = ProposeRelease.safeParse(args);
    if (!asked.success) return wrong('propose_release', asked.error);
    const id = ContractId.safeParse(asked.data.contract);
    if (!id.success) return `\`${cleanText(asked.data.contract, 40)}\` is not the id of a contract.`;
    const answer = await this.#options.reach('contract_get', { contract: id.data });
    if (!answer.ok) return fenced('contract_get', this.#options.hide({ error: answer.error }));
    const detail = ContractDetail.safeParse(answer.content);
    if (!detail.success) return 'The contract could not be read. Nothing was proposed.';
    this.#options.evidence.addResult(answer.content);
    this.release = detail.data;
    return `The person is asked whether to release ${id.data}.`;
  }
}

function wrong(tool: string, error: z.ZodError): string {
  return `The arguments of \`${tool}\` are wrong: ${cleanText(z.prettifyError(error), 300)}. Nothing was done.`;
}
