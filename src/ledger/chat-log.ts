import { canonicalJson } from '../model/canonical.ts';
import { type ChatEvent, ChatId, chatFormat, ChatRecord } from '../model/chat.ts';
import type { Head } from '../model/entry.ts';
import type { Digest, PrincipalId } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import type { AsideRow } from './aside.ts';
import { sha256Of } from './chain.ts';

/** What is to be written into a session, with the words that its events name by digest. */
export type ChatDraft = {
  /** Absent: a new session, whose number the log gives. */
  readonly chat?: ChatId;
  /** Written only after this record; absent: after the last one, whatever it is. */
  readonly expected?: Digest;
  readonly atMs: number;
  readonly clock: 'system' | 'set';
  readonly events: readonly ChatEvent[];
  readonly asides: readonly AsideRow[];
};

/** `moved`: another process has written into the session since. */
export type ChatAppended =
  | { readonly kind: 'appended'; readonly records: readonly ChatRecord[] }
  | { readonly kind: 'moved' };

/** One line of a list of sessions. */
export type ChatSummary = {
  readonly first: ChatRecord;
  readonly last: ChatRecord;
  readonly turnCount: number;
};

/**
 * The sessions of chats, beside the entries: a chain of records each. Nothing is decided by them, so no head moves when
 * somebody asks something. They are written where the ledger can be written. Methods reject as those of `Ledger` do.
 */
export interface ChatLog {
  /** The records and their words together, or nothing of them. */
  append(draft: ChatDraft): Promise<ChatAppended>;
  /** All of one session in order, each checked; none where there is no such session. */
  read(chat: ChatId): Promise<readonly ChatRecord[]>;
  /** At most `limit` sessions, the newest first: those of one principal, or all. */
  list(query: { readonly of?: PrincipalId; readonly limit: number }): Promise<readonly ChatSummary[]>;
  /** Takes the words under these digests away for good, also from the write-ahead log. */
  erase(digests: readonly Digest[]): Promise<void>;
}

/** A record as it is stored: canonical JSON without `digest`, and beside it that digest. */
export type ChatRow = { readonly json: string; readonly digest: string };

/** Where a session ends: nothing yet, or its last record. */
export type ChatEnd = { readonly chat: ChatId; readonly last: ChatRecord | undefined };

/** Gives drafts their places. The first record of a session hangs on the head of the ledger. Time never goes back. */
export function sealChat(end: ChatEnd, head: Head, draft: ChatDraft): readonly ChatRecord[] {
  const records: ChatRecord[] = [];
  const ledger = { seq: head.seq, digest: head.digest };
  let { last } = end;
  for (const event of draft.events) {
    const body = {
      v: chatFormat,
      chat: end.chat,
      seq: (last?.seq ?? 0) + 1,
      prev: last?.digest ?? head.digest,
      atMs: Math.max(last?.atMs ?? 0, draft.atMs),
      clock: draft.clock,
      ledger,
      event,
    };
    last = ChatRecord.parse({ ...body, digest: sha256Of(canonicalJson(body)) });
    records.push(last);
  }
  return records;
}

export function chatRowOf({ digest, ...body }: ChatRecord): ChatRow {
  return { json: canonicalJson(body), digest };
}

/** A stored record, or why it is none. */
export function openChatRow({
  json,
  digest,
}: {
  readonly json?: unknown;
  readonly digest?: unknown;
}): ChatRecord | { readonly why: string } {
  if (typeof json !== 'string') return { why: 'is not text' };
  if (sha256Of(json) !== digest) return { why: 'does not match its digest' };
  const record = ChatRecord.safeParse({ ...objectOf(json), digest });
  if (record.success) return record.data;
  return { why: `is none that this Berth can read: ${cleanText(record.error.issues[0]?.message ?? '')}` };
}

/** What is wrong with the records of a session as a chain, in words that complete "record 3 of S-7 …". */
export function chatFault(records: readonly ChatRecord[], chat: ChatId): string | undefined {
  let prev: ChatRecord | undefined;
  for (const [at, record] of records.entries()) {
    const name = `record ${at + 1} of ${chat}`;
    if (record.chat !== chat || record.seq !== at + 1) return `${name} is missing`;
    if (record.prev !== (prev?.digest ?? record.ledger.digest))
      return `${name} does not continue the one before it`;
    if (record.atMs < (prev?.atMs ?? 0)) return `${name} is older than the one before it`;
    if ((record.event.kind === 'session-began') !== (at === 0)) return `${name} begins the session again`;
    prev = record;
  }
  return undefined;
}

export function chatIdOf(number: number): ChatId {
  return ChatId.parse(`S-${number}`);
}

function objectOf(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
