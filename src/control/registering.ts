import { BerthError } from '../model/error.ts';
import { IdemKey } from '../model/id.ts';
import type { Tenant } from '../model/tenant.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { forbidden } from './forbidden.ts';
import { lastEntry } from './history.ts';
import { requestHash } from './once.ts';
import { isZone } from './zone.ts';

/** Makes a tenant known, or replaces what was known of it. The same tenant twice is one entry. */
export async function registerTenant(door: Door, caller: Caller, tenant: Tenant): Promise<{ seq: number }> {
  requireOperator(caller, 'register tenants');
  if (!isZone(tenant.zone)) {
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${tenant.zone}\` is not a time zone`,
      fix: 'write an IANA name such as `Europe/Berlin`',
      field: 'zone',
    });
  }
  const hash = requestHash('register-tenant', tenant);
  const last = await lastEntry(
    door.ledger,
    ({ command }) => command.kind === 'register-tenant' && command.tenant.id === tenant.id,
  );
  if (last?.requestHash === hash) return { seq: last.seq };
  // What was known once and replaced since is said anew: its key names the entry that it replaces.
  const key = IdemKey.parse(
    `tenant:${tenant.id}:${hash.slice('sha256:'.length, 'sha256:'.length + 12)}${last === undefined ? '' : `:${last.seq}`}`,
  );
  const passed = await door.pass(
    caller,
    { kind: 'register-tenant', tenant },
    { key, tenant: tenant.id, hash },
  );
  if (passed.kind === 'refused') throw forbidden(passed.decision.refusal);
  return { seq: passed.entry.seq };
}
