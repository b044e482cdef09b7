import type { Recordable } from '../../control/recording.ts';
import type { RecordResult } from '../../model/deed-view.ts';
import { refusalCode } from '../answer-code.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

/** Records one thing about who may do what, and says where it stands. */
export async function record(io: Io, options: Common, command: Recordable): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, (session) =>
    recordIn(io, session, options, command),
  );
}

/** The same in a session that is open. */
export async function recordIn(
  io: Io,
  { control, caller }: Session,
  options: Common,
  command: Recordable,
): Promise<number> {
  const result = await control.recordAuthority(caller, { command });
  return showRecord(io, options.json, result);
}

function showRecord(io: Io, json: boolean | undefined, result: RecordResult): number {
  const { refusal, what, id, state, entry, replayed } = result;
  if (refusal !== undefined) {
    print(io, json, { kind: 'refusal', refusal }, result);
    return refusalCode(refusal);
  }
  const again = replayed ? ' (recorded before, nothing was done again)' : '';
  const lines = [
    `${what ?? ''} ${id ?? ''} ${state ?? ''}${again}`.trim(),
    `ledger entry ${entry?.seq ?? 0}`,
  ];
  print(io, json, { kind: 'text', lines }, result);
  return 0;
}
