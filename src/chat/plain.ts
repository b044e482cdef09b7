import type { Agent, Turn } from '../agent/agent.ts';
import { attempt, failedTurn, longestRequest, tooLong } from './attempt.ts';
import { type Line, paragraph, span, wrap } from './cards/line.ts';
import { drawTurn } from './cards/turn.ts';
import {
  choiceLine,
  type Move,
  notCommitted,
  nothingOpen,
  type Open,
  openAfter,
  readMove,
  rejected,
  rejection,
} from './conversation.ts';
import { readLines } from './read-lines.ts';
import { renderAnsi } from './render.ts';
import { helpLines } from './slash.ts';
import { readStatus, type StatusReader } from './status.ts';

/** Somewhere text goes: a stream, or a test's string. */
export type Sink = { write(text: string): unknown; readonly isTTY?: boolean };

export type PlainOptions = {
  readonly agent: Agent;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: Sink;
  readonly errors: Sink;
  readonly status: StatusReader;
  readonly columns: number;
  /** Absent: no colours. */
  readonly color?: boolean;
  /** Fires on Ctrl-C. */
  readonly interrupt?: AbortSignal;
};

/**
 * The chat in plain lines: nothing is repainted, everything can be reached by typing numbers and words. Resolves
 * to the exit code: 0 at the end of input, 130 when interrupted.
 */
export async function runPlain(options: PlainOptions): Promise<number> {
  const { input, errors, interrupt } = options;
  const interactive = input.isTTY === true && options.output.isTTY === true;
  const ask = () => (interactive ? options.output.write('> ') : undefined);
  for (const phrase of await readStatus(options.status)) print(errors, paragraph(phrase, options), options);
  if (interactive)
    print(errors, paragraph('Say what the workload needs. /help lists commands.', options), options);
  let open = nothingOpen;
  ask();
  for await (const read of readLines(input, longestRequest, interrupt)) {
    const move = read.kind === 'line' ? readMove(read.text, open) : undefined;
    if (move?.kind === 'leave') break;
    if (read.kind === 'too-long') answer(failedTurn(tooLong(read.length)), open, options);
    else if (move !== undefined) open = await make(move, open, options);
    if (interrupt?.aborted !== true) ask();
  }
  return leave(open, interactive, options);
}

function leave(open: Open, interactive: boolean, options: PlainOptions): number {
  if (interactive) options.output.write('\n');
  const left = notCommitted(open);
  if (left !== undefined) print(options.output, paragraph(left, options), options);
  return options.interrupt?.aborted === true ? 130 : 0;
}

async function make(
  move: Exclude<Move, { kind: 'leave' }>,
  open: Open,
  options: PlainOptions,
): Promise<Open> {
  const { agent, output, interrupt } = options;
  const turnOptions = interrupt === undefined ? {} : { signal: interrupt };
  switch (move.kind) {
    case 'ask':
      return answer(await attempt(() => agent.turn(move.text, turnOptions), interrupt), open, options);
    case 'commit':
      return answer(await attempt(() => agent.confirm(move.plan, turnOptions), interrupt), open, options);
    case 'reject':
      print(output, paragraph(rejected(move.plan), options), options);
      return make({ kind: 'ask', text: rejection }, nothingOpen, options);
    case 'say':
      print(output, paragraph(move.text, options), options);
      return open;
    case 'help':
      print(
        output,
        helpLines.flatMap((line) => paragraph(line, options)),
        options,
      );
      return open;
    default:
      return move satisfies never;
  }
}

/** Prints an answer and, while a plan is open, what may be chosen. */
function answer(turn: Turn, before: Open, options: PlainOptions): Open {
  const open = openAfter(before, turn);
  const choice = choiceLine(open);
  const lines = [
    ...drawTurn(turn, options),
    ...(choice.length === 0 ? [] : [[], ...wrap(choice, options.columns, 2)]),
  ];
  print(options.output, [...lines, [span('')]], options);
  return open;
}

function print(sink: Sink, lines: readonly Line[], { color = false }: PlainOptions): void {
  sink.write(`${renderAnsi(lines, { color })}\n`);
}
