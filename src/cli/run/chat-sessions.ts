import { writeFileSync } from 'node:fs';

import type { RecallingAgent } from '../../agent/agent.ts';
import { sessionMarkdown } from '../../chat/session-markdown.ts';
import type { Resumed, Sessions } from '../../chat/sessions.ts';
import { ChatId } from '../../model/chat.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { ChatRecorder } from '../chat-recorder.ts';
import type { Loading } from '../session.ts';

type Parts = {
  readonly session: Loading;
  readonly agent: RecallingAgent;
  readonly recorder: ChatRecorder;
};

/** What a chat can do with the sessions of whoever types. */
export function sessionsOf({ session: { control, caller }, agent, recorder }: Parts): Sessions {
  const chats = async () => (await control).chats;
  return {
    async list() {
      const { sessions } = await (await chats()).list(caller, { all: false, limit: 100 });
      return sessions.filter(({ id }) => id !== recorder.session);
    },
    async resume(text): Promise<Resumed> {
      const id = sessionId(text);
      const { session, turns } = await (await chats()).read(caller, id);
      const at = await (await chats()).endOf(caller, id);
      const remade = await agent.recall(turns);
      recorder.goOnAt(at);
      return { session, turns: remade };
    },
    async exportTo(file) {
      const id = recorder.session;
      if (id === undefined)
        throw new BerthError({
          code: 'NOT_FOUND',
          message: 'nothing of this chat is recorded',
          fix: recorder.off === undefined ? 'ask something first' : `it is not recorded: ${recorder.off}`,
        });
      const transcript = await (await chats()).read(caller, sessionId(id));
      return writeNew(file === '' ? `berth-${id}.md` : file, sessionMarkdown(transcript));
    },
  };
}

/** `S-7`, or `7`. Throws INVALID_INPUT. */
export function sessionId(text: string): ChatId {
  const id = ChatId.safeParse(/^\d+$/.test(text) ? `S-${text}` : text.toUpperCase());
  if (id.success) return id.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(text, 80)}\` is no session`,
    fix: 'write `S-7`; `berth sessions` lists yours',
  });
}

/** Writes a file that only this user can read; none is overwritten. Resolves to its name. */
export function writeNew(file: string, text: string): string {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
    return file;
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const shown = `\`${cleanText(file, 400)}\``;
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: isThere ? `there is a file ${shown} already` : `cannot write ${shown}`,
        fix: isThere ? 'name a file that is not there yet' : 'name a file in a folder that you may write to',
      },
      { cause },
    );
  }
}
