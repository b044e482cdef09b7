import type { Ledger } from '../ledger/port.ts';
import { digestOf } from '../model/canonical.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest, IdemKey, TenantId } from '../model/id.ts';
import type { Caller } from './control.ts';

/** A request that must be done at most once. */
export type OnceRequest = {
  readonly key: IdemKey;
  readonly tenant: TenantId | undefined;
  readonly hash: Digest;
};

/** What tells one request from another under the same key. */
export function requestHash(tool: string, request: unknown): Digest {
  return digestOf({ tool, request });
}

/**
 * The entry that already answers this request, if its key was used before. Throws IDEMPOTENCY_CONFLICT when
 * the key was used for something else.
 */
export async function answeredBefore(
  ledger: Ledger,
  caller: Caller,
  request: OnceRequest,
): Promise<Entry | undefined> {
  const entry = await ledger.findByIdemKey({
    tenant: request.tenant,
    principal: caller.principal,
    key: request.key,
  });
  if (entry === undefined || entry.requestHash === request.hash) return entry;
  throw new BerthError({
    code: 'IDEMPOTENCY_CONFLICT',
    message: `the idempotency key \`${request.key}\` was used for another request (ledger entry ${entry.seq})`,
    fix: 'choose a new key for a new request; repeat the old request unchanged to get its answer again',
    field: 'idempotencyKey',
  });
}
