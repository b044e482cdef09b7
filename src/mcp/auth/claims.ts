import { z } from 'zod';

import { PrincipalId, TenantId } from '../../model/id.ts';
import type { Access } from '../access.ts';
import type { Party } from '../exchange.ts';
import type { Issuer } from './config.ts';
import { scopesOf } from './scopes.ts';

type Claims = Readonly<Record<string, unknown>>;

/**
 * On whose behalf a token speaks, by the claims that the operator named. Nothing where it names nobody. Without a
 * claim about tenants it may act for none of them.
 */
export function accessOf(claims: Claims, { subject, agent, tenants }: Issuer): Access | undefined {
  const said = z.string().min(1).safeParse(claimAt(claims, subject.claim)).data;
  if (said === undefined) return undefined;
  const named = Object.hasOwn(subject.names, said) ? subject.names[said] : `${subject.kind}:${said}`;
  const principal = PrincipalId.safeParse(named).data;
  const acting = agent === undefined ? undefined : claimAt(claims, agent.claim);
  const actor = typeof acting === 'string' ? PrincipalId.safeParse(`agent:${acting}`).data : undefined;
  if (principal === undefined || (acting !== undefined && actor === undefined)) return undefined;
  const party: Party = {
    ...(actor === undefined ? { principal } : { principal: actor, onBehalfOf: principal }),
    ...tenantsOf(claims, tenants),
  };
  return { party, scopes: scopesOf([...wordsOf(claims['scope']), ...wordsOf(claims['scp'])]) };
}

function tenantsOf(claims: Claims, tenants: Issuer['tenants']): Pick<Party, 'tenants'> {
  const words = tenants === undefined ? [] : wordsOf(claimAt(claims, tenants.claim));
  if (tenants?.all !== undefined && words.includes(tenants.all)) return {};
  return { tenants: words.flatMap((word) => TenantId.safeParse(word).data ?? []) };
}

/** One word or several, as a list or with spaces between them. */
function wordsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return z.array(z.string()).safeParse(value).data ?? [];
}

function claimAt(claims: Claims, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    const child: unknown = Reflect.get(value, step);
    return child;
  }, claims);
}
