import type { Ledger } from '../ledger/port.ts';
import { ChatBody } from '../model/chat-turn.ts';
import type { ChatCall, ChatId, ChatRecord } from '../model/chat.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest, PrincipalId } from '../model/id.ts';
import type { VerifyCheck } from '../model/verify-view.ts';
import { unpacked } from './chat-packing.ts';
import { callDigests } from './chat-writing.ts';
import { wordsNamedBy } from './erasing.ts';
import { Tally } from './tally.ts';

type Erasure = { readonly seq: number; readonly of: PrincipalId; readonly chat?: ChatRecord['chat'] };

/**
 * Whether every session is the chain that was written: it hangs on the ledger where it says, its words are as they were
 * told or were erased on record, and what was erased up to a record still ends with that record.
 */
export class ChatCheck {
  readonly #ledger: Ledger;
  readonly #tally = new Tally('sessions', 'every session is as it was recorded');
  readonly #erasures: Erasure[] = [];
  /** The record that an erasure names, by the entry that names it. */
  readonly #anchors: {
    readonly seq: number;
    readonly chat: ChatId;
    readonly at: number;
    readonly digest: Digest;
  }[] = [];
  readonly #digests = new Map<number, Digest | undefined>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  follow({ seq, events }: Entry): void {
    for (const event of events) {
      if (event.kind !== 'asides-erased') continue;
      const { of, chat } = event;
      this.#erasures.push({ seq, of, ...(chat === undefined ? {} : { chat: chat.chat }) });
      if (chat !== undefined) this.#anchors.push({ seq, chat: chat.chat, at: chat.seq, digest: chat.digest });
    }
  }

  /** Nothing for a ledger in which nobody has chatted. */
  async result(): Promise<VerifyCheck | undefined> {
    let count = 0;
    try {
      for (const { first } of await this.#ledger.chats.list({ limit: Number.MAX_SAFE_INTEGER })) {
        await this.#look(await this.#ledger.chats.read(first.chat));
        count++;
      }
      await this.#lookAtAnchors();
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      this.#tally.fail(error.message);
    }
    const result = this.#tally.result();
    if (result.checked === 0) return undefined;
    return result.ok
      ? { ...result, note: `${count === 1 ? '1 session is' : `${count} sessions are`} as recorded` }
      : result;
  }

  async #look(records: readonly ChatRecord[]): Promise<void> {
    const [first] = records;
    if (first?.event.kind !== 'session-began') return;
    const { of } = first.event;
    for (const record of records) {
      const { chat, seq, ledger, event } = record;
      const name = `record ${seq} of ${chat}`;
      const isAnchored = ledger.seq === 0 || (await this.#digestAt(ledger.seq)) === ledger.digest;
      this.#tally.assert(isAnchored, `${name} names an entry of the ledger that is another one`, ledger.seq);
      for (const digest of wordsNamedBy(event)) {
        const text = await this.#ledger.readAside(digest);
        const erased = this.#erasedAt(of, chat);
        // Words of the very moment may have gone with it or come after it.
        const held = text === undefined ? erased >= ledger.seq && erased > 0 : erased <= ledger.seq;
        this.#tally.assert(
          held,
          `the words of ${name} ${text === undefined ? 'are missing' : `were erased and are there again: run \`berth sessions erase ${chat}\``}`,
          ledger.seq,
        );
        if (text !== undefined && event.kind === 'turn-ended')
          this.#tally.assert(
            isToldIn(text, event.calls),
            `${name} names other tool calls than were made`,
            ledger.seq,
          );
      }
    }
  }

  /** The last erasure that took the words of a session away, 0 where there was none. */
  #erasedAt(of: PrincipalId, chat: ChatId): number {
    const meant = this.#erasures.filter((one) =>
      one.chat === undefined ? one.of === of : one.chat === chat,
    );
    return meant.at(-1)?.seq ?? 0;
  }

  async #lookAtAnchors(): Promise<void> {
    for (const { seq, chat, at, digest } of this.#anchors) {
      const record = (await this.#ledger.chats.read(chat))[at - 1];
      this.#tally.assert(record?.digest === digest, `${chat} is not what entry ${seq} erased`, seq);
    }
  }

  async #digestAt(seq: number): Promise<Digest | undefined> {
    if (!this.#digests.has(seq)) this.#digests.set(seq, (await this.#ledger.read(seq - 1, 1))[0]?.digest);
    return this.#digests.get(seq);
  }
}

/** Whether a body holds the calls that its record gives digests of. */
function isToldIn(text: string, calls: readonly ChatCall[]): boolean {
  const body = ChatBody.safeParse(unpacked(text)).data;
  if (body === undefined) return false;
  const found = body.answer.calls.slice(0, calls.length).map((call) => callDigests(body.salt, call));
  return (
    JSON.stringify(found) ===
    JSON.stringify(calls.map(({ tool, ok, args, answer }) => ({ tool, ok, args, answer })))
  );
}
