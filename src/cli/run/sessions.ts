import { createInterpreter } from '../../agent/interpreter.ts';
import { countOf } from '../../chat/cards/amount.ts';
import { paragraph } from '../../chat/cards/line.ts';
import { formatInstant } from '../../chat/cards/time.ts';
import { exitCodeOfError } from '../../chat/exit-code.ts';
import { jsonLine } from '../../chat/headless.ts';
import { paintOf, renderAnsi } from '../../chat/render.ts';
import { sessionMarkdown } from '../../chat/session-markdown.ts';
import { saidIn } from '../../chat/sessions.ts';
import type { ErasureResult } from '../../model/audit.ts';
import type { ChatTurn } from '../../model/chat-turn.ts';
import type { ChatView } from '../../model/chat-view.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import { columnsOf, type Io } from '../io.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { sessionId, writeNew } from './chat-sessions.ts';

const client = 'berth-cli';

export async function listSessions(
  io: Io,
  { all = false, limit = 20, ...options }: Common & { all?: boolean; limit?: number },
): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const list = await control.chats.list(caller, { all, limit });
    if (options.json === true) io.stdout.write(`${jsonLine(list)}\n`);
    else if (list.sessions.length === 0) tell(io, ['no chat of yours is recorded']);
    else
      tell(
        io,
        list.sessions.map((session) => rowOf(session, all)),
      );
    return 0;
  });
}

export async function showSession(io: Io, text: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const transcript = await control.chats.read(caller, sessionId(text));
    const { session, turns } = transcript;
    if (options.json === true) io.stdout.write(`${jsonLine(transcript)}\n`);
    else tell(io, [rowOf(session, true), ...turns.flatMap(turnLines)]);
    return 0;
  });
}

export async function exportSession(
  io: Io,
  text: string,
  { out, ...options }: Common & { out?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const id = sessionId(text);
    const markdown = sessionMarkdown(await control.chats.read(caller, id));
    if (out === undefined && options.json === true)
      io.stdout.write(`${jsonLine({ session: id, markdown })}\n`);
    else if (out === undefined) io.stdout.write(markdown);
    else {
      const file = writeNew(out, markdown);
      const said = `wrote ${id} to \`${cleanText(file, 400)}\``;
      io.stdout.write(`${options.json === true ? jsonLine({ session: id, file }) : said}\n`);
    }
    return 0;
  });
}

export async function replaySession(io: Io, text: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const id = sessionId(text);
    const { turns } = await control.chats.read(caller, id);
    const reader = createInterpreter({ toolbox: noTools });
    const remade = await reader.recall(turns);
    const results = remade.map(({ past, difference }, i) => ({
      turn: i + 1,
      result: resultOf(past, difference),
      ...(difference === undefined ? {} : { difference }),
      tools: past.answer?.calls.map(({ tool }) => tool) ?? [],
    }));
    const counts = countsOf(results.map(({ result }) => result));
    if (options.json === true) io.stdout.write(`${jsonLine({ session: id, ...counts, turns: results })}\n`);
    else {
      const differences = results.flatMap(({ turn, difference }) =>
        difference === undefined ? [] : [`turn ${turn}: ${difference}`],
      );
      const calls = remade.reduce((sum, { past }) => sum + (past.answer?.calls.length ?? 0), 0);
      tell(io, [`${id}: ${sentenceOf(counts, calls)}`, ...differences]);
    }
    return counts.different === 0 ? 0 : exitCodeOfError('LEDGER_REFUSED');
  });
}

export async function eraseSession(
  io: Io,
  text: string,
  { confirm, ...options }: Common & { readonly confirm?: number },
): Promise<number> {
  return withSession(io, { ...options, client }, async ({ control, caller }) => {
    const chat = sessionId(text);
    const result = await control.chats.erase(caller, { chat, ...(confirm === undefined ? {} : { confirm }) });
    io.stdout.write(`${options.json === true ? jsonLine(result) : erasureWords(result, chat)}\n`);
    return 0;
  });
}

function erasureWords({ count, erased, entry }: ErasureResult, chat: string): string {
  const what = `${countOf(count, 'text')} of ${chat}`;
  if (erased) return `erased ${what} (ledger entry ${entry?.seq ?? 0})`;
  if (count === 0) return `no text of ${chat} is kept`;
  return `${what} would be erased, for good: confirm with \`--confirm ${count}\`\n  backups keep them until they are replaced`;
}

type Result = 'same' | 'different' | 'model' | 'looked' | 'not-answered' | 'erased';

function resultOf(
  past: Pick<ChatTurn, 'said' | 'answer' | 'reader' | 'outcome'>,
  difference?: string,
): Result {
  if (past.said === undefined) return 'erased';
  if (past.answer === undefined)
    return 'outcome' in past && past.outcome !== undefined ? 'erased' : 'not-answered';
  if (past.said.kind === 'looked') return 'looked';
  if (past.reader !== 'built-in') return 'model';
  return difference === undefined ? 'same' : 'different';
}

function countsOf(results: readonly Result[]): Record<'same' | 'different' | 'notMadeAgain', number> {
  const same = results.filter((result) => result === 'same').length;
  const different = results.filter((result) => result === 'different').length;
  return { same, different, notMadeAgain: results.length - same - different };
}

function sentenceOf({ same, different, notMadeAgain }: ReturnType<typeof countsOf>, calls: number): string {
  const rest =
    notMadeAgain === 0 ? '' : `; ${notMadeAgain} cannot be made again (a model, a look, or erased)`;
  const bad = different === 0 ? '' : `, ${different} otherwise`;
  return `${countOf(same, 'turn')} came out the same again${bad}, of ${countOf(calls, 'tool call')}${rest}`;
}

/** A replay reaches no tool: whoever asks for one has a bug. */
const noTools = {
  call: () =>
    Promise.reject(
      new BerthError({ code: 'INTERNAL', message: 'a replay called a tool', fix: 'report this as a bug' }),
    ),
};

function rowOf(
  { id, of, last, turns, front, reader, first = '(erased)' }: ChatView,
  isNamed: boolean,
): string {
  const who = isNamed ? `, ${of}` : '';
  return `${id}  ${formatInstant(last)}, ${countOf(turns, 'turn')}, ${front}, ${reader}${who}: ${first}`;
}

function turnLines({ said, answer, outcome, entries, tools }: ChatTurn, index: number): string[] {
  const asked = saidIn(said === undefined ? {} : { said });
  const calls = answer?.calls.map(({ tool, answer: { ok } }) => (ok ? tool : `${tool} (failed)`)) ?? tools;
  const reply =
    answer === undefined ? (outcome === undefined ? '(not answered)' : '(erased)') : wordsOf(answer);
  return [
    '',
    `${index + 1} > ${asked}`,
    ...reply.split('\n'),
    ...(calls.length === 0 ? [] : [`  called: ${calls.join(', ')}`]),
    ...(entries.length === 0 ? [] : [`  ledger: ${entries.map((seq) => `entry ${seq}`).join(', ')}`]),
  ];
}

function wordsOf({ reply, error, question }: NonNullable<ChatTurn['answer']>): string {
  if (reply !== '') return reply;
  return error === undefined ? (question?.text ?? '(cards only)') : `Error: ${error.message}`;
}

function tell(io: Io, texts: readonly string[]): void {
  const lines = texts.flatMap((text) => (text === '' ? [[]] : paragraph(text, { columns: columnsOf(io) })));
  io.stdout.write(`${renderAnsi(lines, paintOf(io.env, io.stdout.isTTY === true))}\n`);
}
