import type { ChatAnswer, ChatToolCall } from '../model/chat-turn.ts';
import { ContractView } from '../model/contract-view.ts';
import { PlanView } from '../model/plan-view.ts';
import { cleanText } from '../model/text.ts';
import type { PastTurn, Remade, Toolbox, ToolAnswer, Turn } from './agent.ts';
import { forgetRequest, type Memory } from './memory.ts';

/** What reads a turn, with the tools that it is given. */
type Reader = {
  turn(tools: Toolbox, text: string): Promise<Turn>;
  confirm(tools: Toolbox, plan: Pick<PlanView, 'id'>): Promise<Turn>;
};

/** Whether a turn was read by this reader, so that reading it again says something. */
export function isReadBy({ reader, said, answer }: PastTurn, name: string): boolean {
  return reader === name && answer !== undefined && said !== undefined && said.kind !== 'looked';
}

/** Reads a recorded turn again: the reader gets the answers that the tools gave then. */
export async function makeAgain(past: PastTurn, reader: Reader, name = 'built-in'): Promise<Remade> {
  const { said, answer } = past;
  if (!isReadBy(past, name) || said === undefined || answer === undefined)
    return { past, turn: toldTurn(answer) };
  const tools = new ToolsOfThen(answer);
  try {
    const turn =
      said.kind === 'confirmed'
        ? await reader.confirm(tools, { id: planIdIn(said.text, answer) })
        : await reader.turn(tools, said.text);
    const difference = tools.difference ?? differenceOf(turn, answer);
    return difference === undefined ? { past, turn } : { past, turn: toldTurn(answer), difference };
  } catch (error) {
    const turn = toldTurn(answer);
    if (answer.outcome === 'error') return { past, turn };
    const why = error instanceof Error ? error.message : String(error);
    return { past, turn, difference: `it failed: ${cleanText(why)}` };
  }
}

/** What a turn left behind, for a reader that did not read it itself: the plan or the contract that it came to. */
export function adopt(memory: Memory, { said, answer }: PastTurn): void {
  if (answer === undefined || said?.kind === 'looked') return;
  const plan = planOf(answer);
  const contract = contractOf(answer);
  if (plan !== undefined) {
    forgetRequest(memory);
    memory.plan = plan;
    memory.unread = answer.unread;
  }
  if (contract === undefined) return;
  forgetRequest(memory);
  memory.contract = contract;
  if (answer.outcome === 'committed') memory.committed = contract.id;
}

/** An answer as it was recorded, without its cards. */
export function toldTurn(answer: ChatAnswer | undefined): Turn {
  if (answer === undefined) return { outcome: 'error', reply: '', shown: [], unread: [], toolCalls: [] };
  const { outcome, reply, unread, question, error, usage, calls } = answer;
  const plan = planOf(answer);
  const contract = contractOf(answer);
  return {
    outcome,
    reply,
    shown: plan === undefined ? [] : [{ kind: 'plan', plan }],
    unread,
    toolCalls: calls.map(({ tool, args, answer: { ok } }) => ({ tool, args, ok, tookMs: 0 })),
    ...(plan === undefined ? {} : { plan }),
    ...(contract === undefined ? {} : { contract }),
    ...(question === undefined ? {} : { question }),
    ...(error === undefined ? {} : { error }),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** The plan that a turn offered, out of the answers of its tools. */
function planOf({ plan: id, calls }: ChatAnswer): PlanView | undefined {
  return found(calls, ['plan', 'freshPlan'], PlanView, id);
}

function contractOf({ contract: id, calls }: ChatAnswer): ContractView | undefined {
  return found(calls, ['contract'], ContractView, id);
}

/** The newest view with this id that tools have answered. */
function found<T extends { readonly id: string }>(
  calls: readonly ChatToolCall[],
  fields: readonly string[],
  schema: { safeParse(value: unknown): { readonly data?: T | undefined } },
  id: string | undefined,
): T | undefined {
  if (id === undefined) return undefined;
  const views = calls.flatMap(({ answer }) => {
    const content: unknown = answer.ok ? answer.content : undefined;
    return fields.map((field) => (isRecord(content) ? schema.safeParse(content[field]).data : undefined));
  });
  return views.findLast((view) => view?.id === id);
}

/** Tools that answer as they did: the calls must come as they came then. */
class ToolsOfThen implements Toolbox {
  readonly #answer: ChatAnswer;
  #made = 0;
  #difference: string | undefined;

  constructor(answer: ChatAnswer) {
    this.#answer = answer;
  }

  /** The first call that was another one than then. */
  get difference(): string | undefined {
    const { calls } = this.#answer;
    const left = calls[this.#made];
    if (this.#difference !== undefined || left === undefined) return this.#difference;
    return `call ${this.#made + 1} to \`${left.tool}\` is not made`;
  }

  async call(tool: string, args: Record<string, unknown>): Promise<ToolAnswer> {
    const then = this.#answer.calls[this.#made];
    const number = this.#made + 1;
    if (then === undefined) return this.#none(`call ${number} to \`${tool}\` is new`);
    if (then.tool !== tool)
      return this.#other(`call ${number} is to \`${tool}\`, and was to \`${then.tool}\``);
    if (JSON.stringify(then.args) !== JSON.stringify(args))
      return this.#other(`call ${number} to \`${tool}\` has other arguments`);
    this.#made++;
    return answerOf(then);
  }

  /** Where a turn was stopped it made no further call, and ended with this error. */
  #none(difference: string): ToolAnswer {
    const { error } = this.#answer;
    return error === undefined ? this.#other(difference) : { ok: false, error };
  }

  #other(difference: string): ToolAnswer {
    this.#difference ??= difference;
    const message = `the turn is read otherwise now: ${difference}`;
    return { ok: false, error: { code: 'INTERNAL', message, fix: 'ask again', retryable: false } };
  }
}

function answerOf({ answer }: ChatToolCall): ToolAnswer {
  return answer.ok ? { ok: true, content: answer.content } : answer;
}

function differenceOf(turn: Turn, answer: ChatAnswer): string | undefined {
  if (turn.outcome !== answer.outcome)
    return `it comes to \`${turn.outcome}\`, and came to \`${answer.outcome}\``;
  if (turn.reply === answer.reply) return undefined;
  return `it says \`${cleanText(turn.reply, 120)}\`, and said \`${cleanText(answer.reply, 120)}\``;
}

/** The id of the plan that was said yes to, as the tool was asked with it. */
function planIdIn(text: string, { calls }: ChatAnswer): PlanView['id'] {
  return PlanIdOf.parse(calls.find(({ tool }) => tool === 'contract_commit')?.args['plan'] ?? text);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const PlanIdOf = PlanView.shape.id;
