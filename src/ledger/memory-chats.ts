import type { ChatRecord } from '../model/chat.ts';
import type { Head } from '../model/entry.ts';
import type { Digest } from '../model/id.ts';
import type { AsideRow } from './aside.ts';
import {
  chatIdOf,
  type ChatAppended,
  type ChatDraft,
  type ChatLog,
  type ChatSummary,
  sealChat,
} from './chat-log.ts';

/** The sessions of a ledger in memory. Words lie where the ledger keeps its own. */
export class MemoryChats implements ChatLog {
  readonly #chats: ChatRecord[][] = [];
  readonly #asides: Map<Digest, AsideRow>;
  readonly #head: () => Head;

  constructor(asides: Map<Digest, AsideRow>, head: () => Head) {
    this.#asides = asides;
    this.#head = head;
  }

  async append(draft: ChatDraft): Promise<ChatAppended> {
    const chat = draft.chat ?? chatIdOf(this.#chats.length + 1);
    const records = this.#recordsOf(chat);
    const last = records?.at(-1);
    if (draft.chat !== undefined && last === undefined) return { kind: 'moved' };
    if (draft.expected !== undefined && draft.expected !== last?.digest) return { kind: 'moved' };
    const sealed = sealChat({ chat, last }, this.#head(), draft);
    for (const row of draft.asides) this.#asides.set(row.digest, row);
    if (records === undefined) this.#chats.push([...sealed]);
    else records.push(...sealed);
    return { kind: 'appended', records: sealed };
  }

  async read(chat: ChatRecord['chat']): Promise<readonly ChatRecord[]> {
    return [...(this.#recordsOf(chat) ?? [])];
  }

  async list({ of, limit }: Parameters<ChatLog['list']>[0]): Promise<readonly ChatSummary[]> {
    return this.#chats
      .toReversed()
      .flatMap((records) => {
        const [first, last] = [records[0], records.at(-1)];
        if (first?.event.kind !== 'session-began' || last === undefined) return [];
        if (of !== undefined && first.event.of !== of) return [];
        const turnCount = records.filter(({ event }) => event.kind === 'turn-begun').length;
        return [{ first, last, turnCount }];
      })
      .slice(0, limit);
  }

  async erase(digests: readonly Digest[]): Promise<void> {
    for (const digest of digests) this.#asides.delete(digest);
  }

  #recordsOf(chat: ChatRecord['chat']): ChatRecord[] | undefined {
    return this.#chats.find(([first]) => first?.chat === chat);
  }
}
