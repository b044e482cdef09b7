import type { Agent, ToolAnswer, ToolCall, Turn, TurnEvent, TurnOptions } from '../agent/agent.ts';
import { attempt, failedTurn, longestRequest, planTurn, tooLong } from './attempt.ts';
import { callLines } from './cards/call.ts';
import { type Line, paragraph, type Room, span, wrap } from './cards/line.ts';
import { type Before, drawFolded, drawTurn } from './cards/turn.ts';
import {
  choiceLine,
  keepOpen,
  type Move,
  notCommitted,
  nothingOpen,
  type Open,
  openAfter,
  readMove,
  rejected,
  rejection,
  type ScreenMove,
} from './conversation.ts';
import { contextOf, type Lookups } from './look.ts';
import { readLines } from './read-lines.ts';
import { type Paint, renderAnsi } from './render.ts';
import {
  type Resumed,
  sessionItem,
  type SessionMove,
  type Sessions,
  takenUp,
  useSessions,
} from './sessions.ts';
import { helpLines } from './slash.ts';
import { readStatus, type StatusReader, statusPhrases } from './status.ts';
import type { Theme } from './theme.ts';

/** Somewhere text goes: a stream, or a test's string. */
export type Sink = { write(text: string): unknown; readonly isTTY?: boolean };

export type PlainOptions = {
  readonly agent: Agent;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: Sink;
  readonly errors: Sink;
  readonly status: StatusReader;
  readonly lookups: Lookups;
  readonly sessions?: Sessions;
  /** The session that this chat goes on with. */
  readonly resumed?: Resumed;
  readonly columns: number;
  /** Pictures are told in sentences: somebody has the lines read out. */
  readonly spoken?: boolean;
  /** Absent: no colours. */
  readonly color?: boolean;
  readonly theme?: Theme;
  /** Fires on Ctrl-C. */
  readonly interrupt?: AbortSignal;
};

/**
 * The chat in plain lines: nothing is repainted, everything can be reached by typing numbers and words. Resolves
 * to the exit code: 0 at the end of input, 130 when interrupted.
 */
export async function runPlain(options: PlainOptions): Promise<number> {
  return new PlainChat(options).run();
}

class PlainChat {
  readonly #options: PlainOptions;
  readonly #room: Room;
  readonly #isInteractive: boolean;
  #paint: Paint;
  #open: Open = nothingOpen;
  #answered: { readonly turn: Turn; readonly before: Before } | undefined;
  #calls: { readonly call: ToolCall; readonly answer: ToolAnswer }[] = [];

  constructor(options: PlainOptions) {
    const { input, output, columns, spoken = false, color = false, theme = 'dark' } = options;
    this.#options = options;
    this.#room = { columns, spoken };
    this.#isInteractive = input.isTTY === true && output.isTTY === true;
    this.#paint = { color, theme };
  }

  async run(): Promise<number> {
    const { input, errors, interrupt, status } = this.#options;
    for (const phrase of statusPhrases(await readStatus(status))) this.#tell([phrase], errors);
    if (this.#isInteractive) this.#tell(['Say what the workload needs. /help lists commands.'], errors);
    if (this.#options.resumed !== undefined) this.#takeUp(this.#options.resumed);
    this.#ask();
    for await (const read of readLines(input, longestRequest, interrupt)) {
      const move = read.kind === 'line' ? readMove(read.text, this.#open) : undefined;
      if (move?.kind === 'leave') break;
      if (read.kind === 'too-long') await this.#answer(failedTurn(tooLong(read.length)));
      else if (move !== undefined) await this.#make(move, read.text);
      if (interrupt?.aborted !== true) this.#ask();
    }
    return this.#leave();
  }

  #leave(): number {
    const { output, interrupt } = this.#options;
    if (this.#isInteractive) output.write('\n');
    const left = notCommitted(this.#open);
    if (left !== undefined) this.#tell([left]);
    return interrupt?.aborted === true ? 130 : 0;
  }

  async #make(move: Move, text: string): Promise<void> {
    const { agent, lookups } = this.#options;
    const typed = text.trim();
    if (move.kind === 'ask') return this.#run((options) => agent.turn(move.text, { ...options, typed }));
    if (move.kind === 'commit')
      return this.#run((options) => agent.confirm(move.plan, { ...options, typed }));
    if (move.kind === 'look')
      return this.#run((options) => lookups.look(move.asked, { ...options, typed }), keepOpen);
    if (move.kind === 'resume' || move.kind === 'export') return this.#withSessions(move);
    if (move.kind !== 'reject') return this.#show(move);
    this.#open = nothingOpen;
    this.#tell([rejected(move.plan)]);
    return this.#make({ kind: 'ask', text: rejection }, typed);
  }

  async #withSessions(move: SessionMove): Promise<void> {
    const done = await useSessions(this.#options.sessions, move);
    if (done.kind === 'failed') return this.#answer(failedTurn(done.error), keepOpen);
    if (done.kind === 'said') return this.#tell([done.text]);
    if (done.kind === 'resumed') return this.#takeUp(done.resumed);
    this.#tell(done.sessions.map(sessionItem).map(({ id, label, about }) => `${label} (${about}): ${id}`));
  }

  /** The last turns once more, set apart from what is typed now, and what was open after them. */
  #takeUp(resumed: Resumed): void {
    const { notes, shown, open } = takenUp(resumed);
    this.#tell(notes);
    for (const { said, turn } of shown) {
      this.#print([
        [span('')],
        ...wrap([span('  > ', 'accent'), span(said, 'strong')], this.#options.columns, 2),
      ]);
      this.#print(drawFolded(turn, this.#room));
    }
    this.#open = open;
    this.#answered = undefined;
    const choice = choiceLine(open);
    if (choice.length > 0) this.#print([[], ...wrap(choice, this.#options.columns, 2)]);
    this.#print([[span('')]]);
  }

  async #show(move: ScreenMove): Promise<void> {
    switch (move.kind) {
      case 'leave':
        return;
      case 'status':
        return this.#tell(statusPhrases(await readStatus(this.#options.status)));
      case 'say':
        return this.#tell([move.text]);
      case 'help':
        return this.#tell(helpLines);
      case 'show':
        return this.#print(drawTurn(planTurn(move.plan), this.#room));
      case 'whole':
        return this.#whole();
      case 'call':
        return this.#call();
      case 'theme':
        this.#paint = { ...this.#paint, theme: move.theme };
        return this.#tell([`Theme ${move.theme}, from here on.`]);
      default:
        return move satisfies never;
    }
  }

  async #run(ask: (options: TurnOptions) => Promise<Turn>, next = openAfter): Promise<void> {
    const { interrupt } = this.#options;
    this.#calls = [];
    const onEvent = (event: TurnEvent) => {
      if (event.kind === 'tool-ended') this.#calls.push({ call: event.call, answer: event.answer });
    };
    const turn = await attempt(
      () => ask({ onEvent, ...(interrupt !== undefined && { signal: interrupt }) }),
      interrupt,
    );
    await this.#answer(turn, next);
  }

  /** Prints an answer and, while a plan is open, what may be chosen. Folded only where somebody can ask for the rest. */
  async #answer(turn: Turn, next = openAfter): Promise<void> {
    const before = await contextOf(turn, this.#open, this.#options.lookups);
    this.#answered = { turn, before };
    this.#open = next(this.#open, turn);
    const choice = choiceLine(this.#open);
    this.#print([
      ...(this.#isInteractive ? drawFolded : drawTurn)(turn, this.#room, before),
      ...(choice.length === 0 ? [] : [[], ...wrap(choice, this.#options.columns, 2)]),
      [span('')],
    ]);
  }

  #whole(): void {
    if (this.#answered === undefined) return this.#tell(['Nothing was answered yet.']);
    const { turn, before } = this.#answered;
    this.#print(drawTurn(turn, this.#room, before));
  }

  #call(): void {
    const last = this.#calls.pop();
    if (last === undefined) return this.#tell(['No tool call is left to show.']);
    this.#print(callLines(last.call, last.answer, this.#room));
  }

  #ask(): void {
    if (this.#isInteractive) this.#options.output.write('> ');
  }

  #tell(texts: readonly string[], sink = this.#options.output): void {
    this.#print(
      texts.flatMap((text) => paragraph(text, this.#room)),
      sink,
    );
  }

  #print(lines: readonly Line[], sink = this.#options.output): void {
    sink.write(`${renderAnsi(lines, this.#paint)}\n`);
  }
}
