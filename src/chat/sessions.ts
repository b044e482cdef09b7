import type { PastTurn, Remade, Turn } from '../agent/agent.ts';
import type { ChatView } from '../model/chat-view.ts';
import type { ErrorDetail } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { detailOf } from './attempt.ts';
import { countOf } from './cards/amount.ts';
import { formatInstant } from './cards/time.ts';
import { type Move, nothingOpen, type Open, openAfter, rejection } from './conversation.ts';
import type { Item } from './ink/picker.ts';

/** A session that a chat goes on with: its turns, and what the person should know about them. */
export type Resumed = { readonly session: ChatView; readonly turns: readonly Remade[] };

/** What a front end can do with sessions. All reject with `BerthError`. */
export type Sessions = {
  /** Those of this person but the one that is open, the newest first. */
  list(): Promise<readonly ChatView[]>;
  /** Goes on with another session: from here on the agent remembers that one, and turns are recorded there. */
  resume(id: string): Promise<Resumed>;
  /** Writes the session so far into a file; resolves to its name. */
  exportTo(file: string): Promise<string>;
};

/** So many turns are shown of a session that is taken up again. */
const turnsShown = 3;

/** A turn as it is shown again: what was said, and the answer. */
export type ShownAgain = { readonly said: string; readonly turn: Turn };

/** The last turns of a session, the very last with its cards, what was open after them, and a line or more about the rest. */
export function takenUp({ session, turns }: Resumed): {
  readonly notes: readonly string[];
  readonly shown: readonly ShownAgain[];
  readonly open: Open;
} {
  const answered = turns.filter(({ past }) => past.said !== undefined && past.answer !== undefined);
  const last = answered.at(-1);
  const shown = answered
    .slice(-turnsShown)
    .map((one) => ({ said: saidIn(one.past), turn: one === last ? one.turn : inWords(one.turn) }));
  const before = turns.length - shown.length;
  const rest =
    before === 0 ? '' : ` ${countOf(before, 'earlier turn')}: \`berth sessions show ${session.id}\`.`;
  return {
    notes: [`${session.id} goes on, from ${formatInstant(session.began)}.${rest}`, ...warnings(turns)],
    shown,
    open: openIn(turns),
  };
}

/** An answer without its cards: those of the last one are what may still be answered. */
function inWords({ outcome, reply, toolCalls, error }: Turn): Turn {
  return { outcome, reply, shown: [], unread: [], toolCalls, ...(error === undefined ? {} : { error }) };
}

/** What a person typed. */
export function saidIn({ said }: Pick<PastTurn, 'said'>): string {
  if (said === undefined) return '(erased)';
  return said.typed ?? (said.kind === 'confirmed' ? `commit ${said.text}` : said.text);
}

/** A row of the list of sessions, for a picker and for lines. */
export function sessionItem({ id, last, turns, first = '(erased)' }: ChatView): Item {
  return {
    id: `/resume ${id}`,
    label: `${id}  ${first}`,
    about: `${formatInstant(last)}, ${countOf(turns, 'turn')}`,
  };
}

/** What was open when the last of these turns had been answered. */
function openIn(turns: readonly Remade[]): Open {
  let open = nothingOpen;
  for (const { past, turn } of turns) {
    if (past.said?.kind === 'looked' || past.answer === undefined) continue;
    if (past.said?.text === rejection) open = nothingOpen;
    open = openAfter(open, turn);
  }
  return open;
}

function warnings(turns: readonly Remade[]): string[] {
  const last = turns.at(-1)?.past;
  const isCut = last?.said !== undefined && last.answer === undefined;
  const erased = turns.filter(({ past }) => past.said === undefined).length;
  const changed = turns.filter(({ difference }) => difference !== undefined).length;
  return [
    ...(erased === 0 ? [] : [`Erased of it: ${countOf(erased, 'turn')}, of which nothing is remembered.`]),
    ...(changed === 0
      ? []
      : [`Read otherwise by this version: ${countOf(changed, 'turn')}; what was answered then counts.`]),
    ...(isCut
      ? [
          `Its last request was not answered: \`${cleanText(saidIn(last), 200)}\`. If it was a yes, look at the contracts.`,
        ]
      : []),
  ];
}

/** What is typed about sessions. */
export type SessionMove = Extract<Move, { kind: 'resume' | 'export' }>;

/** What became of it. */
export type SessionDone =
  | { readonly kind: 'failed'; readonly error: ErrorDetail }
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'listed'; readonly sessions: readonly ChatView[] }
  | { readonly kind: 'resumed'; readonly resumed: Resumed };

export async function useSessions(sessions: Sessions | undefined, move: SessionMove): Promise<SessionDone> {
  if (sessions === undefined) return { kind: 'said', text: 'There are no sessions here.' };
  try {
    if (move.kind === 'export')
      return { kind: 'said', text: `Written to \`${cleanText(await sessions.exportTo(move.file), 400)}\`.` };
    if (move.id !== '') return { kind: 'resumed', resumed: await sessions.resume(move.id) };
    const listed = await sessions.list();
    if (listed.length > 0) return { kind: 'listed', sessions: listed };
    return { kind: 'said', text: 'There is no other chat of yours.' };
  } catch (error) {
    return { kind: 'failed', error: detailOf(error, false) };
  }
}
