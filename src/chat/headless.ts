import type { Agent, Turn, TurnEvent } from '../agent/agent.ts';
import { cleanText } from '../model/text.ts';
import { attempt, failedTurn, longestRequest, tooLong } from './attempt.ts';
import { drawTurn } from './cards/turn.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Sink } from './plain.ts';
import { type Paint, renderAnsi } from './render.ts';

export type HeadlessOptions = {
  readonly agent: Agent;
  readonly prompt: string;
  readonly output: 'text' | 'json' | 'stream-json';
  /** The ledger's head after the turn. */
  readonly head: () => Promise<{ readonly seq: number; readonly digest: string }>;
  /** The session in which the turn was recorded. */
  readonly session?: () => string | undefined;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** For `text`; 80 without it. */
  readonly columns?: number;
  readonly paint?: Paint;
  readonly signal?: AbortSignal;
};

/**
 * One prompt, one answer. Resolves to the exit code (`exit-code.ts`). `json` writes one object on one line,
 * `stream-json` one event a line before it. Text that a terminal could act on stands escaped in both.
 */
export async function runHeadless(options: HeadlessOptions): Promise<number> {
  const { output, stdout } = options;
  const turn = await takeTurn(options);
  if (output === 'text') writeText(turn, options);
  else stdout.write(`${jsonLine(await turnObject(turn, options))}\n`);
  return exitCodeOf(turn);
}

async function takeTurn({ agent, prompt, output, stdout, signal }: HeadlessOptions): Promise<Turn> {
  const text = prompt.trim();
  if (text === '') return failedTurn(emptyPrompt);
  if (text.length > longestRequest) return failedTurn(tooLong(text.length));
  const onEvent = (event: TurnEvent) => {
    stdout.write(`${jsonLine({ schema: 'berth/turn-event/1', ...told(event) })}\n`);
  };
  const listen = output === 'stream-json' ? { onEvent } : {};
  return attempt(() => agent.turn(text, { ...listen, ...(signal !== undefined && { signal }) }), signal);
}

/** An event without the answer of a tool: what matters of it stands in the turn. */
function told(event: TurnEvent): Record<string, unknown> {
  return event.kind === 'tool-ended' ? { kind: event.kind, call: event.call } : event;
}

/** `berth/turn/1`. `ledgerHead` is null when the ledger cannot be read: the answer is not lost with it. */
async function turnObject(
  turn: Turn,
  { agent, head, session }: HeadlessOptions,
): Promise<Record<string, unknown>> {
  const { outcome, reply, plan, contract, question, unread, toolCalls, error, usage } = turn;
  const recorded = session?.();
  return {
    schema: 'berth/turn/1',
    outcome,
    reply,
    ...(plan !== undefined && { plan }),
    ...(contract !== undefined && { contract }),
    ...(question !== undefined && { question }),
    ...(unread.length > 0 && { unread }),
    ...(error !== undefined && { error }),
    toolCalls,
    ...(usage !== undefined && { usage }),
    ledgerHead: await readHead(head),
    agent: agent.name,
    ...(recorded !== undefined && { session: recorded }),
  };
}

async function readHead(head: HeadlessOptions['head']): Promise<{ seq: number; digest: string } | null> {
  try {
    const { seq, digest } = await head();
    return { seq, digest };
  } catch {
    return null;
  }
}

/** Answers go to stdout, errors and what to do next to stderr. */
function writeText(
  turn: Turn,
  { stdout, stderr, columns = 80, paint = { color: false } }: HeadlessOptions,
): void {
  const text = renderAnsi(drawTurn(turn, { columns }), paint);
  (turn.outcome === 'error' ? stderr : stdout).write(`${text}\n`);
  if (turn.outcome === 'planned' && turn.plan !== undefined)
    stderr.write(`nothing is committed yet: berth commit ${cleanText(turn.plan.id)} --key KEY\n`);
}

/** What JSON may carry unescaped and a terminal could act on: DEL, C1, bidi, zero-width, tags, selectors. */
const unsafe = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** JSON on one line, the same data byte for byte after parsing, safe to print on a terminal. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(unsafe, escapeUnits);
}

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

const emptyPrompt = {
  code: 'INVALID_INPUT',
  message: 'the prompt is empty',
  fix: 'say what the workload needs: berth -p "16 H100 for 3 days in fra1 for acme"',
  retryable: false,
} as const;
