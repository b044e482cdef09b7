import { userInfo } from 'node:os';

import type { Caller } from '../control/control.ts';
import { BerthError } from '../model/error.ts';
import { PrincipalId, TenantId } from '../model/id.ts';
import type { Io } from './io.ts';

export type Identity = { readonly as?: string; readonly tenant?: readonly string[] };

/** Who acts: `--as`, else the user of this machine; for all tenants, or for those named with `--tenant`. */
export function callerOf(io: Io, { as, tenant }: Identity, client: string): Caller {
  const tenants = tenant?.map((id) => parsed(TenantId.safeParse(id), `\`${id}\` is not a tenant id`));
  const principal = as === undefined ? machineUser(io) : principalOf(as);
  // Behind `berth mcp` sits a program, whoever it says it is.
  const byHand = principal.startsWith('person:') && client !== 'mcp';
  return {
    principal,
    client,
    ...(byHand ? { byHand } : {}),
    ...(tenants === undefined || tenants.length === 0 ? {} : { tenants }),
  };
}

/** `ada` and `person:ada` are the same person. Throws INVALID_INPUT. */
export function principalOf(name: string): PrincipalId {
  const whole = name.includes(':') ? name : `person:${name}`;
  return parsed(PrincipalId.safeParse(whole), `\`${name}\` is not a principal`);
}

function machineUser({ env }: Io): PrincipalId {
  const name = env['USER'] ?? env['LOGNAME'] ?? accountName();
  const known = PrincipalId.safeParse(`person:${name}`);
  return known.success ? known.data : PrincipalId.parse('person:operator');
}

/** Containers may run under a number that no account has. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
}

function parsed<T>(result: { success: true; data: T } | { success: false }, message: string): T {
  if (result.success) return result.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message,
    fix: 'write `--as ada` or `--as agent:ops-bot`, and `--tenant acme`',
  });
}
