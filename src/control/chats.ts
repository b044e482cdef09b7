import { rolesOf } from '../core/authority/people.ts';
import type { ChatSummary } from '../ledger/chat-log.ts';
import type { ErasureResult } from '../model/audit.ts';
import { type ChatAnswer, ChatSaid } from '../model/chat-turn.ts';
import type { ChatTranscript, ChatView, ChatViewList } from '../model/chat-view.ts';
import type { ChatId, ChatRecord } from '../model/chat.ts';
import { BerthError } from '../model/error.ts';
import type { TenantId } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import { unpacked } from './chat-packing.ts';
import { turnsOf } from './chat-turns.ts';
import { type ChatAt, type ChatBegun, type ChatStart, ChatWriter } from './chat-writing.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { eraseChat } from './erasing.ts';
import { seeingAs } from './narrowing.ts';
import type { Moment } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** What was said in chats: written as it happens, read by whoever said it. There is no tool for it. */
export interface Chats {
  /** Writes down that a turn has begun, in a new session or where one is; somewhere else if another chat goes on there. */
  begin(caller: Caller, wish: ChatBegun): Promise<ChatAt>;
  /** Writes down what it came to. */
  end(caller: Caller, at: ChatAt, done: { answer: ChatAnswer; reader: string }): Promise<ChatAt>;
  /** Sessions that the caller may see, the newest first; its own ones unless `all`. */
  list(caller: Caller, query: { readonly all: boolean; readonly limit: number }): Promise<ChatViewList>;
  /** Rejects with NOT_FOUND where there is none that the caller may see. */
  read(caller: Caller, id: ChatId): Promise<ChatTranscript>;
  /** Where a chat can go on: the end of a session of the caller's own. */
  endOf(caller: Caller, id: ChatId): Promise<ChatAt>;
  /** What the caller typed in its last sessions, the oldest first, at most `most`. */
  requests(caller: Caller, most: number): Promise<readonly string[]>;
  /** Erases the words of a session when `confirm` says how many texts there are; says how many without it. */
  erase(
    caller: Caller,
    request: { readonly chat: ChatId; readonly confirm?: number },
  ): Promise<ErasureResult>;
}

export type { ChatAt, ChatStart };

export function createChats(door: Door): Chats {
  const { ledger } = door;
  const writer = new ChatWriter(door);
  const own = (caller: Caller, limit: number) => ledger.chats.list({ of: caller.principal, limit });
  const recordsOf = async (caller: Caller, id: ChatId): Promise<readonly ChatRecord[]> => {
    const records = await ledger.chats.read(id);
    if (maySee(await viewerOf(door, caller), records[0])) return records;
    throw noSuch(id);
  };
  return {
    begin: async (caller, wish) => writer.begin(await seeingAs(door, caller), wish),
    end: (caller, at, done) => writer.end(caller, at, done),
    async list(caller, { all, limit }) {
      const found = all ? await ledger.chats.list({ limit }) : await own(caller, limit);
      const [moment, viewer] = [await door.moment(), await viewerOf(door, caller)];
      const sessions: ChatView[] = [];
      for (const summary of found)
        if (maySee(viewer, summary.first)) sessions.push(await viewOf(door, moment, summary));
      return { sessions };
    },
    async read(caller, id) {
      const records = await recordsOf(caller, id);
      const turns = await turnsOf(ledger, records);
      return { session: await viewOf(door, await door.moment(), summaryOf(records)), turns };
    },
    async endOf(caller, id) {
      const records = await recordsOf(caller, id);
      const { first, last } = summaryOf(records);
      if (first.event.kind !== 'session-began' || first.event.of !== caller.principal) throw notYours(id);
      return { chat: id, seq: last.seq, digest: last.digest, of: first.event.of };
    },
    async requests(caller, most) {
      const viewer = await viewerOf(door, caller);
      const texts: string[] = [];
      for (const { first } of await own(caller, mostSessionsForHistory)) {
        if (texts.length >= most) break;
        const isListed = first.event.kind === 'session-began' && first.event.isUnlisted !== true;
        if (!isListed || !maySee(viewer, first)) continue;
        const records = await ledger.chats.read(first.chat);
        texts.unshift(...(await typedIn(door, records)));
      }
      return texts.slice(-most);
    },
    async erase(caller, { chat, confirm }) {
      const records = await recordsOf(caller, chat);
      return eraseChat(door, caller, { records, ...(confirm === undefined ? {} : { confirm }) });
    },
  };
}

/** So many sessions are looked through for what was typed. */
const mostSessionsForHistory = 200;

/** Who looks: in which scope, and whether as somebody who may see what others said. */
type Viewer = Pick<Caller, 'principal' | 'tenants'> & { readonly isAuditor: boolean };

/** Nobody is an auditor by being alone at a terminal: it takes a registered role. */
async function viewerOf(door: Door, caller: Caller): Promise<Viewer> {
  const { principal, tenants } = await seeingAs(door, caller);
  const { authority } = (await door.moment()).state;
  const known = authority.principals.get(principal);
  const roles = known === undefined ? [] : rolesOf(authority, known);
  const isAuditor = tenants === undefined && roles.some((role) => role === 'auditor' || role === 'admin');
  return { principal, ...(tenants === undefined ? {} : { tenants }), isAuditor };
}

/** A session is seen by who spoke in it, in no narrower a scope than it had, and by auditors. */
function maySee({ principal, tenants, isAuditor }: Viewer, first: ChatRecord | undefined): boolean {
  if (first?.event.kind !== 'session-began') return false;
  return (isAuditor || first.event.of === principal) && isWithin(first.event.tenants, tenants);
}

/** Whether all that a session could see may be seen now. */
function isWithin(then: readonly TenantId[] | undefined, now: readonly TenantId[] | undefined): boolean {
  if (now === undefined) return true;
  return then !== undefined && then.every((tenant) => now.includes(tenant));
}

function summaryOf(records: readonly ChatRecord[]): ChatSummary {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) throw new Error('a session has a first record');
  return { first, last, turnCount: records.filter(({ event }) => event.kind === 'turn-begun').length };
}

async function viewOf(
  door: Door,
  { state }: Moment,
  { first, last, turnCount }: ChatSummary,
): Promise<ChatView> {
  const { event, chat, atMs } = first;
  if (event.kind !== 'session-began') throw new Error(`${chat} does not begin with its beginning`);
  const zone = state.fleet.sites[0]?.facts.zone ?? 'UTC';
  const [words] = await typedIn(door, (await door.ledger.chats.read(chat)).slice(0, 3));
  return {
    id: chat,
    of: event.of,
    ...(event.tenants === undefined ? {} : { tenants: [...event.tenants] }),
    began: isoIn(atMs, zone),
    last: isoIn(last.atMs, zone),
    front: event.front,
    reader: event.reader,
    turns: turnCount,
    ...(words === undefined ? {} : { first: cleanText(words, 120) }),
    ...(event.after === undefined ? {} : { after: event.after.chat }),
  };
}

/** What was typed in a session, as it was typed; without yes and no, which the prompt answers by numbers. */
async function typedIn({ ledger }: Door, records: readonly ChatRecord[]): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const { event } of records) {
    if (event.kind !== 'turn-begun') continue;
    const text = await ledger.readAside(event.said);
    const said = text === undefined ? undefined : ChatSaid.safeParse(unpacked(text)).data;
    if (said !== undefined && said.kind !== 'confirmed') texts.push(said.typed ?? said.text);
  }
  return texts;
}

function noSuch(id: ChatId): BerthError {
  return new BerthError({
    code: 'NOT_FOUND',
    message: `there is no session \`${id}\` that you may see`,
    fix: 'list yours with `berth sessions`',
  });
}

function notYours(id: ChatId): BerthError {
  return new BerthError({
    code: 'FORBIDDEN',
    message: `\`${id}\` is somebody else's session`,
    fix: 'read it with `berth sessions show`, and begin one of your own',
  });
}
