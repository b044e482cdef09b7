import type { Actor } from '../model/actor.ts';
import type { Contract } from '../model/contract.ts';
import { BerthError } from '../model/error.ts';
import { isWithin, type Path, type TenantId } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import { cleanText } from '../model/text.ts';
import type { Caller } from './control.ts';

/** Whether the caller may see and act for a tenant. */
export function mayActFor(caller: Pick<Caller, 'tenants'>, tenant: TenantId): boolean {
  return caller.tenants === undefined || caller.tenants.includes(tenant);
}

export type Sites = Pick<Caller, 'sites'>;

/** Whether a place lies in one that the caller may see. */
function maySeePlace({ sites }: Sites, place: Path): boolean {
  return sites === undefined || sites.some((site) => isWithin(place, site));
}

/** Whether the caller may see a contract: whose it is, and where it stands. */
export function maySeeContract(
  caller: Pick<Caller, 'tenants' | 'sites'>,
  { tenant, placement }: Pick<Contract, 'tenant' | 'placement'>,
): boolean {
  if (!mayActFor(caller, tenant)) return false;
  return caller.sites === undefined || seatsOf(placement).every(({ node }) => maySeePlace(caller, node));
}

/** Throws FORBIDDEN unless the caller may act for the tenant. Says nothing about whether the tenant exists. */
export function requireTenant(caller: Caller, tenant: TenantId): void {
  if (mayActFor(caller, tenant)) return;
  throw new BerthError({
    code: 'FORBIDDEN',
    message: `${caller.principal} may not act for tenant \`${tenant}\``,
    fix: `use one of your tenants (${(caller.tenants ?? []).join(', ')}), or ask its owner`,
  });
}

/** Throws FORBIDDEN for callers that are limited to tenants: what concerns everybody is the operator's. */
export function requireOperator(caller: Caller, what: string): void {
  if (caller.tenants === undefined) return;
  throw new BerthError({
    code: 'FORBIDDEN',
    message: `${caller.principal} may not ${what}: that is the operator's`,
    fix: 'run it without `--tenant`, as the operator',
  });
}

/** How the caller stands in a ledger entry. */
export function actorOf(caller: Caller): Actor {
  return {
    principal: caller.principal,
    client: cleanText(caller.client, 120),
    ...(caller.onBehalfOf === undefined ? {} : { onBehalfOf: caller.onBehalfOf }),
    ...(caller.model === undefined ? {} : { model: cleanText(caller.model, 120) }),
    ...(caller.tool === undefined ? {} : { tool: cleanText(caller.tool, 120) }),
    ...(caller.toolDigest === undefined ? {} : { toolDigest: caller.toolDigest }),
    ...(caller.catalogue === undefined ? {} : { catalogue: caller.catalogue }),
    ...(caller.software === undefined ? {} : { software: caller.software }),
    ...(caller.byHand === true ? { byHand: true as const } : {}),
    ...(caller.run === undefined ? {} : { run: caller.run }),
    ...(caller.confirmed === undefined ? {} : { confirmed: caller.confirmed }),
  };
}
