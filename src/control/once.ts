import type { Ledger } from '../ledger/port.ts';
import { digestOf } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest, IdemKey, TenantId } from '../model/id.ts';
import type { Caller } from './control.ts';
import { toldIn } from './words.ts';

/** A request that must be done at most once. */
export type OnceRequest = {
  readonly key: IdemKey;
  readonly tenant: TenantId | undefined;
  readonly hash: Digest;
  /** The same, as a Berth made it that hashed the words too. */
  readonly olderHash?: Digest;
  /** Somebody's own words, which go beside the entry and not into it. */
  readonly told?: { readonly field: 'purpose' | 'reason'; readonly text: string } | undefined;
};

/** What tells one request from another under the same key. */
export function requestHash(tool: string, request: unknown): Digest {
  return digestOf({ tool, request });
}

/** A request with somebody's words: they are not hashed, because a hash without salt confirms a guess. */
export function worded(
  tool: string,
  request: object,
  field: 'purpose' | 'reason',
  text: string | undefined,
): Pick<OnceRequest, 'hash' | 'olderHash' | 'told'> {
  const hash = requestHash(tool, request);
  if (text === undefined) return { hash };
  return { hash, olderHash: requestHash(tool, { ...request, [field]: text }), told: { field, text } };
}

/** The same for a command that must have a reason: it stands in it until the door puts it aside. */
export function reasoned(tool: string, command: Command): Pick<OnceRequest, 'hash' | 'olderHash' | 'told'> {
  if (!('reason' in command) || typeof command.reason !== 'string')
    return { hash: requestHash(tool, command) };
  const { reason, ...rest } = command;
  return worded(tool, rest, 'reason', reason);
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
  if (entry === undefined || (await isSame(ledger, entry, request))) return entry;
  throw new BerthError({
    code: 'IDEMPOTENCY_CONFLICT',
    message: `the idempotency key \`${request.key}\` was used for another request (ledger entry ${entry.seq})`,
    fix: 'choose a new key for a new request; repeat the old request unchanged to get its answer again',
    field: 'idempotencyKey',
  });
}

/** Whether the entry answers just this request. Words that were erased are not asked for again. */
async function isSame(
  ledger: Ledger,
  entry: Entry,
  { hash, olderHash, told }: OnceRequest,
): Promise<boolean> {
  if (entry.requestHash === olderHash) return true;
  if (entry.requestHash !== hash) return false;
  const said = toldIn(entry.command);
  if (typeof said !== 'object') return said === told?.text;
  const text = await ledger.readAside(said.aside);
  return text === undefined || text === told?.text;
}
