import type { PastTurn, RecallingAgent, Remade, Toolbox, Turn, TurnOptions, Usage } from '../agent/agent.ts';
import type { Answer } from '../agent/answers/answer.ts';
import { releaseQuestion } from '../agent/answers/contract.ts';
import { outcomeOf } from '../agent/answers/request.ts';
import { run } from '../agent/interpreter.ts';
import { toldTurn } from '../agent/recall.ts';
import { isRefusal } from '../agent/talk-words.ts';
import { type ToolCalls, toolCalls } from '../agent/tool-calls.ts';
import { InventorySummary } from '../model/inventory-view.ts';
import { type PlanView } from '../model/plan-view.ts';
import { bearings } from './bearings.ts';
import { type Endpoint, endpointWords } from './endpoint.ts';
import { Evidence } from './evidence.ts';
import { ModelFailure } from './failure.ts';
import { Gate } from './gate.ts';
import { History } from './history.ts';
import type { CallStyle } from './json-step.ts';
import type { LoopResult } from './loop.ts';
import { act, dropped, type Pending, yesOrNo } from './pending.ts';
import { noUsage, type Price, priced, together } from './price.ts';
import type { Prompt } from './prompt.ts';
import { proposals } from './proposals.ts';
import { createVeil, meaningfulWords, noVeil, type People, type Veil } from './pseudonyms/veil.ts';
import { checkedReply, cleanReply, joined } from './reply.ts';
import { type Sleep, sleep as realSleep } from './retry.ts';
import { ShownText } from './shown-text.ts';
import { Style } from './style.ts';
import type { OfferedTool } from './tools.ts';
import { announcement, failed } from './unanswered.ts';

export type ModelAgentOptions = {
  readonly endpoint: Endpoint;
  readonly prompt: Prompt;
  readonly toolbox: Toolbox;
  readonly tools: readonly OfferedTool[];
  /** Answers when the model cannot. Without it such a turn is an error (MODEL_FAILED). */
  readonly builtin?: RecallingAgent;
  /** How the model is asked; found out by a test, where its first answer leaves that open, without this. */
  readonly style?: CallStyle;
  /** Without it nothing is said about what the model costs. */
  readonly price?: Price | undefined;
  /** Whether names become pseudonyms before anything is sent to the endpoint. */
  readonly pseudonyms?: boolean;
  /** People whose names are to be replaced before a tool has named them. */
  readonly people?: People;
  readonly sleep?: Sleep;
  /** A stopwatch for how long tools took, in milliseconds. */
  readonly now?: () => number;
};

/**
 * An agent whose words come from a language model and whose deeds do not. The model reads through tools and puts
 * questions; a yes is read here, by the same few words as the built-in reader's, and never by the model.
 */
export function createModelAgent(options: ModelAgentOptions): RecallingAgent {
  return new ModelAgent(options);
}

class ModelAgent implements RecallingAgent {
  readonly #options: ModelAgentOptions;
  #evidence = new Evidence();
  readonly #plans = new Map<string, PlanView>();
  #history = new History();
  #pending: Pending | undefined;
  /** Once the endpoint has failed, the built-in reader stays. */
  #isDown = false;
  #builtinAnswered = false;
  readonly #style: Style;
  /** What the model may call. */
  readonly #offered: readonly OfferedTool[];
  readonly #veil: Veil;
  #used: Usage = noUsage;

  constructor(options: ModelAgentOptions) {
    this.#options = options;
    this.#style = new Style(options.endpoint, options.style);
    const { prompt, tools, pseudonyms = false } = options;
    this.#offered = [...tools.filter(({ isReading }) => isReading), ...proposals];
    this.#veil = pseudonyms
      ? createVeil(meaningfulWords(prompt.text, this.#offered), options.people)
      : noVeil;
  }

  get name(): string {
    const { builtin, endpoint } = this.#options;
    if (this.#isDown && builtin !== undefined) return builtin.name;
    const words = `${endpointWords(endpoint)}${this.#options.pseudonyms === true ? ' by pseudonyms' : ''}`;
    return this.#style.known === undefined || this.#style.known === 'tools' ? words : `${words} in JSON`;
  }

  get used(): Usage {
    return priced(this.#used, this.#options.price);
  }

  async turn(text: string, options: TurnOptions = {}): Promise<Turn> {
    const { builtin } = this.#options;
    const word = yesOrNo(text, this.#pending);
    if (word !== undefined && this.#pending !== undefined)
      return this.#decide(text, this.#pending, word, options);
    if (
      builtin !== undefined &&
      (this.#isDown || (this.#builtinAnswered && yesOrNo(text, undefined) !== undefined))
    )
      return builtin.turn(text, options);
    this.#builtinAnswered = false;
    return this.#askModel(text, options);
  }

  async confirm(plan: Pick<PlanView, 'id'>, options: TurnOptions = {}): Promise<Turn> {
    return this.#decide('yes', { kind: 'plan', plan }, 'yes', options);
  }

  /** A model is told of earlier turns in the form in which it would have kept them. A release is asked about again. */
  async recall(past: readonly PastTurn[]): Promise<readonly Remade[]> {
    const { builtin } = this.#options;
    this.#evidence = new Evidence();
    this.#history = new History();
    this.#plans.clear();
    this.#pending = undefined;
    this.#builtinAnswered = builtin !== undefined && past.at(-1)?.reader === builtin.name;
    for (const { said, answer } of past) {
      if (said === undefined || answer === undefined || said.kind === 'looked') continue;
      const turn = toldTurn(answer);
      const person = said.kind === 'confirmed' ? 'yes' : said.text;
      this.#history.add({ person, reply: turn.reply, calls: turn.toolCalls });
      this.#evidence.addText(person);
      for (const call of answer.calls) if (call.answer.ok) this.#evidence.addResult(call.answer.content);
      const isOpen = turn.outcome === 'planned' || turn.outcome === 'stale';
      if (isOpen && turn.plan !== undefined) this.#offer(turn.plan);
      else if (turn.outcome !== 'answered' || isRefusal(said.text.toLowerCase())) this.#pending = undefined;
    }
    const remade = past.map((one) => ({ past: one, turn: toldTurn(one.answer) }));
    return (await builtin?.recall(past)) ?? remade;
  }

  /** Does what the person said yes to, or drops it. */
  async #decide(text: string, pending: Pending, word: 'yes' | 'no', options: TurnOptions): Promise<Turn> {
    this.#pending = undefined;
    const turn = word === 'no' ? dropped : await run(this.#calls(options), (calls) => act(calls, pending));
    if (turn.outcome === 'stale' && turn.plan !== undefined) this.#offer(turn.plan);
    for (const card of turn.shown) this.#evidence.addResult(card);
    this.#history.add({ person: text, reply: turn.reply, calls: turn.toolCalls });
    return turn;
  }

  async #askModel(text: string, options: TurnOptions): Promise<Turn> {
    const calls = this.#calls(options);
    const turn = this.#charged(await this.#attempt(text, calls, options));
    this.#history.add({ person: text, reply: turn.reply, calls: turn.toolCalls });
    return turn;
  }

  /** The turn with what it used, the test of the model included, and what that costs. */
  #charged(turn: Turn): Turn {
    const usage = together(turn.usage ?? noUsage, this.#style.takeTested());
    this.#used = together(this.#used, usage);
    return usage.modelCalls === 0 ? turn : { ...turn, usage: priced(usage, this.#options.price) };
  }

  async #attempt(text: string, calls: ToolCalls, options: TurnOptions): Promise<Turn> {
    let reply: string | undefined;
    try {
      const turn = await run(calls, async () => {
        const answer = await this.#runModel(text, calls, options);
        ({ reply } = answer);
        return answer;
      });
      // `run` makes one line of a reply; that of a model has several, each of them cleaned.
      return reply === undefined ? turn : { ...turn, reply };
    } catch (error) {
      if (!(error instanceof ModelFailure)) throw error;
      return this.#withoutModel(text, error, { calls, options });
    }
  }

  async #runModel(text: string, calls: ToolCalls, options: TurnOptions): Promise<Answer> {
    const veil = this.#veil;
    const gate = new Gate({
      tools: this.#options.tools,
      reach: (tool, args) => calls.reach(tool, args),
      evidence: this.#evidence,
      plans: this.#plans,
      hide: (content) => veil.hideValue(content),
    });
    const { endpoint, prompt, sleep = realSleep } = this.#options;
    const summary = await calls.ask('inventory_summary', {}, InventorySummary);
    await veil.meet(this.#options.toolbox);
    this.#evidence.addText(text);
    this.#evidence.addResult(summary);
    const words = new ShownText(veil, this.#evidence, options);
    // LangChain takes a while to load, and the prompt must not wait for it.
    const { runLoop } = await import('./loop.ts');
    const speak = (style: CallStyle) =>
      runLoop({
        endpoint,
        style,
        system: prompt.text,
        before: this.#history.exchanges().map(({ person, reply }) => ({
          person: veil.hideText(person),
          reply: veil.hideText(reply),
        })),
        said: `${veil.hideText(cleanReply(text))}\n\n${bearings(summary, (known) => veil.hideValue(known))}`,
        tools: veil.tools(this.#offered),
        carryOut: async ({ tool, args }) => {
          words.end();
          return veil.hideRest(await gate.carryOut({ tool, args: veil.revealArgs(args) }));
        },
        isOver: () => gate.isOver(),
        onText: (piece) => words.push(piece),
        sleep,
        ...(options.signal !== undefined && { signal: options.signal }),
      });
    const done = await this.#style.speak(speak, options.signal);
    words.end();
    if (gate.stopped !== undefined) throw new ModelFailure('conduct', gate.stopped, done.usage);
    const told = { ...done, text: veil.revealText(done.text) };
    const answer = this.#answer(gate, told);
    return { ...answer, reply: [answer.reply, ...veil.notes(told.text)].join('\n\n') };
  }

  #answer(gate: Gate, { text, usage }: LoopResult): Answer {
    const { release, question, plan, refusal } = gate;
    if (text.trim() === '' && gate.shown.length === 0 && release === undefined && question === undefined)
      throw new ModelFailure('conduct', 'it gave no answer', usage);
    const said = checkedReply(text, this.#evidence);
    const rest = { shown: gate.cards(), unread: [], usage };
    if (release !== undefined) {
      const { id, version } = release.contract;
      this.#pending = { kind: 'release', contract: id, version };
      const asks = releaseQuestion(release.contract);
      const confirm = { text: asks, missing: [{ slot: 'confirm', suggestions: ['yes', 'no'] }] };
      return { ...rest, outcome: 'needs_input', reply: joined(said, asks), question: confirm };
    }
    if (plan !== undefined && question === undefined) {
      this.#offer(plan);
      const how = `Nothing is held yet: say "yes" to commit ${plan.id}.`;
      return { ...rest, outcome: 'planned', reply: joined(said, how), plan };
    }
    if (question !== undefined) {
      this.#pending = undefined;
      const asked = { ...question, text: this.#evidence.marked(question.text) };
      return { ...rest, outcome: 'needs_input', reply: said === '' ? asked.text : said, question: asked };
    }
    if (refusal !== undefined) {
      this.#pending = undefined;
      return { ...rest, outcome: outcomeOf(refusal), reply: said === '' ? refusal.summary : said };
    }
    if (this.#pending?.kind === 'release') this.#pending = undefined;
    const isDenied = rest.shown.some((card) => card.kind === 'policy' && card.check.denial !== undefined);
    return { ...rest, outcome: isDenied ? 'denied' : 'answered', reply: said };
  }

  /** The built-in reader answers, and says so; without one the failure is the answer. */
  async #withoutModel(
    text: string,
    failure: ModelFailure,
    { calls, options }: { calls: ToolCalls; options: TurnOptions },
  ): Promise<Turn> {
    const { builtin } = this.#options;
    this.#pending = undefined;
    const used = failure.usage === undefined ? {} : { usage: failure.usage };
    if (builtin === undefined) return { ...failed(failure), ...used, toolCalls: calls.made };
    this.#isDown ||= failure.kind !== 'conduct';
    this.#builtinAnswered = true;
    const turn = await builtin.turn(text, options);
    const reply = joined(announcement(failure), turn.reply);
    return { ...turn, ...used, reply, toolCalls: [...calls.made, ...turn.toolCalls] };
  }

  #offer(plan: PlanView): void {
    this.#plans.set(plan.id, plan);
    this.#pending = { kind: 'plan', plan };
  }

  #calls(options: TurnOptions): ToolCalls {
    return toolCalls(this.#options.toolbox, options, this.#options.now ?? (() => performance.now()));
  }
}
