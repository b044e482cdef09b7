import type { ErasureResult } from '../model/audit.ts';
import { digestOf } from '../model/canonical.ts';
import type { ChatEvent, ChatRecord } from '../model/chat.ts';
import { BerthError } from '../model/error.ts';
import { type Digest, IdemKey, type PrincipalId } from '../model/id.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { requestHash } from './once.ts';

/**
 * Says how many texts of somebody are kept, and erases them when the caller repeats that number: a second look, because
 * nothing brings them back. The entry that says so comes first; should the process end between the two, erasing again
 * goes on.
 */
export async function eraseWords(
  door: Door,
  caller: Caller,
  { of, confirm }: { readonly of: PrincipalId; readonly confirm?: number },
): Promise<ErasureResult> {
  requireOperator(caller, "erase somebody's words");
  const count = await door.ledger.countAsides(of);
  if (confirm === undefined || count === 0) return { of, count, erased: false };
  if (confirm !== count) throw anotherNumber(of, count);
  const erasure = { of, count };
  const { seq } = await door.ledger.head();
  const passed = await door.pass(
    caller,
    { kind: 'erase-asides', ...erasure },
    {
      key: IdemKey.parse(`erase-${digestOf(of).slice('sha256:'.length, 'sha256:'.length + 16)}-after-${seq}`),
      tenant: undefined,
      hash: requestHash('erase-asides', erasure),
    },
  );
  if (passed.kind === 'refused') throw new Error('an erasure cannot be refused');
  await door.ledger.eraseAsides(of);
  const { entry } = passed;
  return { of, count, erased: true, entry: { seq: entry.seq, digest: entry.digest } };
}

/** The same for the words of one session, by whoever spoke in it or by the operator. */
export async function eraseChat(
  door: Door,
  caller: Caller,
  { records, confirm }: { readonly records: readonly ChatRecord[]; readonly confirm?: number },
): Promise<ErasureResult> {
  const [first, last] = [records[0], records.at(-1)];
  if (first?.event.kind !== 'session-began' || last === undefined) throw new Error('there is no session');
  const { of } = first.event;
  if (of !== caller.principal) requireOperator(caller, "erase somebody's words");
  const { chat } = first;
  const count = (await keptIn(door, records)).length;
  if (confirm === undefined || count === 0) return { of, chat, count, erased: false };
  if (confirm !== count) throw anotherNumber(chat, count);
  const erasure = { of, count, chat: { chat, seq: last.seq, digest: last.digest } };
  const { seq } = await door.ledger.head();
  const passed = await door.pass(
    caller,
    { kind: 'erase-asides', ...erasure },
    {
      key: IdemKey.parse(`erase-${chat}-after-${seq}`),
      tenant: undefined,
      hash: requestHash('erase-asides', erasure),
    },
  );
  if (passed.kind === 'refused') throw new Error('an erasure cannot be refused');
  // Also what was said between the look and the entry.
  await door.ledger.chats.erase(await keptIn(door, await door.ledger.chats.read(chat)));
  const { entry } = passed;
  return { of, chat, count, erased: true, entry: { seq: entry.seq, digest: entry.digest } };
}

/** The digests of the words of a session that are still there. */
async function keptIn({ ledger }: Door, records: readonly ChatRecord[]): Promise<readonly Digest[]> {
  const kept: Digest[] = [];
  for (const digest of records.flatMap(({ event }) => wordsNamedBy(event)))
    if ((await ledger.readAside(digest)) !== undefined) kept.push(digest);
  return kept;
}

/** The words that an event names. */
export function wordsNamedBy(event: ChatEvent): readonly Digest[] {
  if (event.kind === 'turn-begun') return [event.said];
  return event.kind === 'turn-ended' ? [event.body] : [];
}

function anotherNumber(of: string, count: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `${count} texts of ${of} are kept, another number was confirmed`,
    fix: `look again, then confirm with \`--confirm ${count}\``,
    field: 'confirm',
  });
}
