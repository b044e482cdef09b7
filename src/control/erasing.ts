import type { ErasureResult } from '../model/audit.ts';
import { digestOf } from '../model/canonical.ts';
import { BerthError } from '../model/error.ts';
import { IdemKey, type PrincipalId } from '../model/id.ts';
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

function anotherNumber(of: PrincipalId, count: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `${count} texts of ${of} are kept, another number was confirmed`,
    fix: `look again, then confirm with \`--confirm ${count}\``,
    field: 'confirm',
  });
}
