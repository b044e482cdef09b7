import { inJournal, saidOf } from '../../agent/journal.ts';
import type { Lookups } from '../../chat/look.ts';
import type { FrontEnd } from '../../chat/mode.ts';
import type { Resumed, Sessions } from '../../chat/sessions.ts';
import { coreVersion } from '../../core/version.ts';
import { BerthError } from '../../model/error.ts';
import type { Digest } from '../../model/id.ts';
import { ChatRecorder } from '../chat-recorder.ts';
import { isNo } from '../config/settings.ts';
import type { Io } from '../io.ts';
import type { Loading } from '../session.ts';
import { version } from '../version.ts';

/** What a person says about recording and going on. */
export type RecordingOptions = {
  /** Go on with the last session of this person, or with this one. */
  readonly continue?: boolean;
  readonly resume?: string;
  /** `false`: nothing is recorded. */
  readonly record?: boolean;
  /** `false`: what was typed is neither offered nor kept for later. */
  readonly history?: boolean;
};

/** What a look by a slash command came to is recorded too. */
export function inSession(recorder: ChatRecorder, lookups: Lookups): Lookups {
  return {
    ...lookups,
    look: (asked, options) => {
      const said = saidOf('looked', options.typed ?? `/${asked.kind}`, options);
      return inJournal(recorder, { said, reader: () => 'look', options }, (heard) =>
        lookups.look(asked, heard),
      );
    },
  };
}

type Recording = {
  readonly options: RecordingOptions;
  readonly front: FrontEnd;
  readonly reader: string;
  readonly prompt: Digest | undefined;
};

/** What writes the turns of a chat, unless the person or the ledger does not want that. */
export function recorderOf(
  io: Io,
  { control, caller, readOnly }: Loading,
  { options, front, reader, prompt }: Recording,
): ChatRecorder {
  const isOff = options.record === false || isNo(io.env['BERTH_RECORD']);
  const setting = {
    front: fronts[front.kind],
    reader: reader.slice(0, 200).toWellFormed(),
    software: `${coreVersion} berth/${version()}`,
    ...(prompt === undefined ? {} : { prompt }),
  };
  return new ChatRecorder({
    chats: async () => (await control).chats,
    caller,
    start: { setting, isUnlisted: !keepsHistory(io, options) },
    off: isOff ? 'that was asked for' : readOnly,
  });
}

const fronts = { headless: 'prompt', ink: 'screen', plain: 'lines' } as const;

function keepsHistory(io: Io, options: RecordingOptions): boolean {
  return options.history !== false && !isNo(io.env['BERTH_HISTORY']);
}

/** What was typed in earlier sessions; a chat begins without it rather than not at all. */
export async function historyOf(
  io: Io,
  { control, caller }: Loading,
  options: RecordingOptions,
): Promise<readonly string[]> {
  if (!keepsHistory(io, options)) return [];
  const { chats } = await control;
  return chats.requests(caller, mostHistory).catch(() => []);
}

const mostHistory = 500;

/** The session that `--resume` names, or with `--continue` the one in which something was said last. */
export async function resumedBy(
  { control, caller }: Loading,
  sessions: Sessions,
  options: RecordingOptions,
): Promise<Resumed | undefined> {
  if (options.resume !== undefined) return sessions.resume(options.resume);
  if (options.continue !== true) return undefined;
  const { sessions: own } = await (await control).chats.list(caller, { all: false, limit: 50 });
  const [newest] = own.toSorted((a, b) => Date.parse(b.last) - Date.parse(a.last));
  if (newest !== undefined) return sessions.resume(newest.id);
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `${caller.principal} has no session to go on with`,
    fix: 'begin one: `berth`',
  });
}
