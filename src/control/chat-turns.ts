import type { Ledger } from '../ledger/port.ts';
import { type ChatAnswer, ChatBody, ChatSaid, type ChatTurn } from '../model/chat-turn.ts';
import type { ChatRecord, ChatSetting } from '../model/chat.ts';
import { BerthError } from '../model/error.ts';
import type { Digest } from '../model/id.ts';
import { unpacked } from './chat-packing.ts';

/** How many sessions may hang on one another: each conflict of two chats adds one. */
const mostParents = 100;

/** The turns of a session in order, those of the sessions that it goes on from before its own. */
export async function turnsOf(ledger: Ledger, records: readonly ChatRecord[]): Promise<readonly ChatTurn[]> {
  const lineage: (readonly ChatRecord[])[] = [records];
  for (let depth = 0; depth < mostParents; depth++) {
    const first = lineage[0]?.[0]?.event;
    if (first?.kind !== 'session-began' || first.after === undefined) break;
    const { chat, seq, digest } = first.after;
    const before = (await ledger.chats.read(chat)).slice(0, seq);
    if (before.at(-1)?.digest !== digest) throw goneFrom(chat);
    lineage.unshift(before);
  }
  const turns: ChatTurn[] = [];
  for (const part of lineage) turns.push(...(await turnsIn(ledger, part)));
  return turns;
}

async function turnsIn(ledger: Ledger, records: readonly ChatRecord[]): Promise<readonly ChatTurn[]> {
  const turns: ChatTurn[] = [];
  const ends = new Map(
    records.flatMap(({ event }) => (event.kind === 'turn-ended' ? [[event.turn, event]] : [])),
  );
  let setting: Pick<ChatSetting, 'reader' | 'software'> = { reader: '', software: '' };
  for (const { chat, seq, atMs, event } of records) {
    if (event.kind === 'session-began' || event.kind === 'session-resumed') setting = event;
    if (event.kind !== 'turn-begun') continue;
    const said = parsed(ChatSaid, await ledger.readAside(event.said));
    const done = ends.get(seq);
    const answer = done === undefined ? undefined : await answerAt(ledger, done.body);
    turns.push({
      chat,
      seq,
      atMs,
      ...(said === undefined ? {} : { said }),
      reader: done?.reader ?? setting.reader,
      software: setting.software,
      ...(done === undefined ? {} : { outcome: done.outcome }),
      ...(answer === undefined ? {} : { answer }),
      tools: done?.calls.map(({ tool }) => tool) ?? [],
      entries: done?.entries ?? [],
      isErased: said === undefined || (done !== undefined && answer === undefined),
    });
  }
  return turns;
}

async function answerAt(ledger: Ledger, digest: Digest): Promise<ChatAnswer | undefined> {
  return parsed(ChatBody, await ledger.readAside(digest))?.answer;
}

/** Undefined for words that are gone, or that a newer Berth wrote in a form that this one does not know. */
function parsed<T>(
  schema: { safeParse(value: unknown): { readonly data?: T | undefined } },
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  return schema.safeParse(unpacked(text)).data;
}

function goneFrom(chat: string): BerthError {
  return new BerthError({
    code: 'LEDGER_REFUSED',
    message: `the session goes on from \`${chat}\`, where what it was is no more`,
    fix: 'keep the file as evidence and restore the ledger from a copy',
  });
}
