import type { Ledger } from '../ledger/port.ts';
import { digestOfBytes } from '../model/canonical.ts';
import { type ChatAnswer, ChatBody, type ChatSaid, type ChatToolCall } from '../model/chat-turn.ts';
import {
  type ChatCall,
  type ChatEvent,
  type ChatId,
  type ChatPlace,
  type ChatSetting,
} from '../model/chat.ts';
import type { Digest, PrincipalId } from '../model/id.ts';
import { packed } from './chat-packing.ts';
import { usableMs } from './clock.ts';
import type { Caller, Clock } from './control.ts';
import type { Door } from './door.ts';

/** How a session is begun or taken up again. */
export type ChatStart = { readonly setting: ChatSetting; readonly isUnlisted?: boolean };

/** Where a chat stands in its session: after this record. `turn` is the record of the turn that is under way. */
export type ChatAt = ChatPlace & { readonly of: PrincipalId; readonly turn?: number };

export type ChatBegun = {
  /** Where the chat was; absent: in no session yet. */
  readonly at?: ChatAt;
  readonly start: ChatStart;
  /** The first turn after the session was taken up again. */
  readonly isResumed?: boolean;
  readonly said: ChatSaid;
};

/** Writes turns into sessions. */
export class ChatWriter {
  readonly #ledger: Ledger;
  readonly #clock: Clock;

  constructor({ ledger, clock }: Door) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Where another chat has gone on in the same session, this one goes on in a new session that names the place. */
  async begin(caller: Caller, { at, start, isResumed = false, said }: ChatBegun): Promise<ChatAt> {
    const of = at?.of ?? caller.principal;
    const words = this.#ledger.salted(of, packed(said));
    const turn = { kind: 'turn-begun', said: words.digest } as const;
    const write = (events: readonly ChatEvent[], where: { chat?: ChatId; expected?: Digest }) =>
      this.#ledger.chats.append({ ...where, ...this.#stamp(), events, asides: [words] });
    if (at !== undefined) {
      const resumed = isResumed ? [{ kind: 'session-resumed', ...start.setting } as const] : [];
      const written = await write([...resumed, turn], { chat: at.chat, expected: at.digest });
      if (written.kind === 'appended') return placeAfter(written.records, of);
    }
    const written = await write([beginning(caller, start, at), turn], {});
    if (written.kind === 'moved') throw new Error('a new session cannot have moved');
    return placeAfter(written.records, of);
  }

  async end(
    _caller: Caller,
    { chat, of, turn, digest, seq }: ChatAt,
    { answer: given, reader }: { readonly answer: ChatAnswer; readonly reader: string },
  ): Promise<ChatAt> {
    if (turn === undefined) return { chat, of, digest, seq };
    const salt = Buffer.from(this.#ledger.salted(of, '').salt).toString('hex');
    // Parsed, so that digests are of what will be read back.
    const body = ChatBody.parse(JSON.parse(JSON.stringify({ salt, answer: given })));
    const { answer } = body;
    const words = this.#ledger.salted(of, packed(body));
    const event = {
      kind: 'turn-ended',
      turn,
      reader: reader.slice(0, 200),
      outcome: answer.outcome,
      calls: answer.calls.slice(0, mostCalls).map((call) => callDigests(salt, call)),
      entries: entriesIn(answer),
      body: words.digest,
    } as const;
    const written = await this.#ledger.chats.append({
      chat,
      ...this.#stamp(),
      events: [event],
      asides: [words],
    });
    if (written.kind === 'moved') throw new Error(`session ${chat} is gone`);
    return placeAfter(written.records, of);
  }

  #stamp(): { atMs: number; clock: Clock['kind'] } {
    return { atMs: usableMs(this.#clock) ?? 0, clock: this.#clock.kind };
  }
}

const mostCalls = 200;

function beginning(
  caller: Caller,
  { setting, isUnlisted = false }: ChatStart,
  at: ChatAt | undefined,
): ChatEvent {
  return {
    kind: 'session-began',
    of: caller.principal,
    ...(caller.tenants === undefined ? {} : { tenants: [...caller.tenants] }),
    ...setting,
    ...(at === undefined ? {} : { after: { chat: at.chat, seq: at.seq, digest: at.digest } }),
    ...(isUnlisted ? { isUnlisted: true as const } : {}),
  };
}

function placeAfter(
  records: readonly { chat: ChatId; seq: number; digest: Digest; event: ChatEvent }[],
  of: PrincipalId,
): ChatAt {
  const last = records.at(-1);
  if (last === undefined) throw new Error('nothing was written');
  const turn = last.event.kind === 'turn-begun' ? { turn: last.seq } : {};
  return { chat: last.chat, seq: last.seq, digest: last.digest, of, ...turn };
}

/** What a record says of a call. Without the salt, which goes with the words, nobody can try guesses on it. */
export function callDigests(salt: string, { tool, args, answer }: ChatToolCall): ChatCall {
  const digest = (value: unknown) => digestOfBytes(Buffer.from(`${salt}\n${JSON.stringify(value)}`));
  return { tool, ok: answer.ok, args: digest(args), answer: digest(answer) };
}

/** The entries of the ledger that answers named. */
function entriesIn({ calls }: ChatAnswer): number[] {
  const found = new Set<number>();
  for (const { answer } of calls) {
    const content: unknown = answer.ok ? answer.content : undefined;
    const entry = isRecord(content) ? content['entry'] : undefined;
    const seq = isRecord(entry) ? entry['seq'] : undefined;
    if (typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 1) found.add(seq);
  }
  return [...found].toSorted((a, b) => a - b).slice(0, mostCalls);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
