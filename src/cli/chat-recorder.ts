import type { Journal } from '../agent/journal.ts';
import type { ChatAt, Chats, ChatStart } from '../control/chats.ts';
import type { Caller } from '../control/control.ts';
import type { ChatAnswer, ChatSaid } from '../model/chat-turn.ts';
import { BerthError } from '../model/error.ts';

export type RecorderOptions = {
  readonly chats: () => Promise<Chats>;
  readonly caller: Caller;
  readonly start: ChatStart;
  /** Why nothing is to be recorded, if so. */
  readonly off?: string | undefined;
};

/**
 * Writes the turns of one chat into a session, which begins with the first of them. Where that fails nothing more is
 * recorded, the chat goes on, and the status says so.
 */
export class ChatRecorder implements Journal {
  readonly #options: RecorderOptions;
  #at: ChatAt | undefined;
  #isResumed = false;
  #off: string | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#off = options.off;
  }

  /** The session that is written into; nothing before the first turn. */
  get session(): string | undefined {
    return this.#at?.chat;
  }

  /** Why nothing is recorded. */
  get off(): string | undefined {
    return this.#off;
  }

  /** From here on turns go into this session. */
  goOnAt(at: ChatAt): void {
    this.#at = at;
    this.#isResumed = true;
  }

  async begin(said: ChatSaid): Promise<(answer: ChatAnswer, reader: string) => Promise<void>> {
    const { chats, caller, start } = this.#options;
    const begun = await this.#trying(async () =>
      (await chats()).begin(caller, {
        start,
        said,
        isResumed: this.#isResumed,
        ...(this.#at === undefined ? {} : { at: this.#at }),
      }),
    );
    if (begun === undefined) return () => Promise.resolve();
    this.#at = begun;
    this.#isResumed = false;
    return async (answer, reader) => {
      this.#at =
        (await this.#trying(async () => (await chats()).end(caller, begun, { answer, reader }))) ?? begun;
    };
  }

  async #trying(write: () => Promise<ChatAt>): Promise<ChatAt | undefined> {
    if (this.#off !== undefined) return undefined;
    try {
      return await write();
    } catch (error) {
      this.#off = error instanceof BerthError ? error.detail.message : String(error);
      return undefined;
    }
  }
}
