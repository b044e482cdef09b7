import { isAgent, type Principal, type Role } from '../../model/authority.ts';
import type { PrincipalId, TenantId } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { Authority } from './authority.ts';

/**
 * How somebody stands in a ledger. Until its first admin is registered a ledger is open: a person whom it does not know
 * is its local operator. From then on such a person is a stranger. Agents that nobody registered are always strangers.
 */
export type Standing = 'registered' | 'local-operator' | 'stranger';

export function standingOf(authority: Authority, principal: PrincipalId): Standing {
  if (authority.principals.has(principal)) return 'registered';
  return isAgent(principal) || authority.isClosed ? 'stranger' : 'local-operator';
}

/** Everybody who is admin. */
export function adminsOf(authority: Authority): readonly PrincipalId[] {
  const people = [...authority.principals.values()];
  return people.filter((one) => rolesOf(authority, one).includes('admin')).map(({ id }) => id);
}

/** A person's own roles and those of its teams, sorted. Agents have none. */
export function rolesOf({ teams }: Authority, principal: Principal): readonly Role[] {
  if (principal.kind === 'agent') return [];
  const shared = (principal.teams ?? []).flatMap((id) => teams.get(id)?.roles ?? []);
  return [...new Set([...principal.roles, ...shared])].toSorted(compareText);
}

/** The tenants that a person may act for; its own and those of its teams; nothing where none is named: then all of them. */
export function tenantsOf({ teams }: Authority, principal: Principal): readonly TenantId[] | undefined {
  if (principal.kind === 'agent') return [];
  const joined = (principal.teams ?? []).flatMap((id) => teams.get(id) ?? []);
  const lists = [principal.tenants, ...joined.map((team) => team.tenants)];
  const said = lists.filter((list) => list !== undefined);
  if (said.length === 0) return undefined;
  return [...new Set(said.flat())].toSorted(compareText);
}
