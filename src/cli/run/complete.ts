import { existsSync } from 'node:fs';

import { homeOf, ledgerPath } from '../home.ts';
import type { IdKind } from '../id-kind.ts';
import type { Io } from '../io.ts';
import { type Session, withSession } from '../session.ts';

/** So many ids are offered, the newest. */
const limit = 200;

/**
 * Prints the ids of one kind that this person may see, one a line. Says nothing at all where there is no ledger or it
 * cannot be read: whoever presses Tab wants neither an error in the line nor a demo world.
 */
export async function complete(io: Io, kind: IdKind): Promise<number> {
  if (!existsSync(ledgerPath(homeOf(io)))) return 0;
  const quiet: Io = { ...io, stderr: { write: () => true } };
  const ids = await withSession(quiet, { client: 'berth-cli' }, (session) => idsOf(kind, session)).catch(
    () => [],
  );
  for (const id of ids.filter(isPlain)) io.stdout.write(`${id}\n`);
  return 0;
}

/** A shell expands what it is offered. */
function isPlain(id: string): boolean {
  return /^[A-Z]+-\d+$/.test(id);
}

async function idsOf(kind: IdKind, { control, caller }: Session): Promise<readonly string[]> {
  switch (kind) {
    case 'session':
      return (await control.chats.list(caller, { all: false, limit })).sessions.map(({ id }) => id);
    case 'contract':
      return (await control.contracts(caller, { limit })).contracts.map(({ id }) => id);
    default:
      return kind satisfies never;
  }
}
