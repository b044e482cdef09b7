import type { Actor } from '../../model/actor.ts';
import type { StopTarget } from '../../model/authority.ts';
import type { TenantId } from '../../model/id.ts';
import type { Refusal } from '../../model/refusal.ts';
import { type Authority, stopKey } from './authority.ts';

/** The stop that an act runs into: of whoever acts, in whose name, on which model, with which tool, for which tenant. */
export function stopHit(
  authority: Authority,
  actor: Actor,
  tenant: TenantId | undefined,
): Refusal | undefined {
  if (authority.stops.size === 0) return undefined;
  return hitAmong(authority, [...whoActs(authority, actor), ...means(actor), ...of('tenant', tenant)]);
}

/** The stop of a person or agent alone: what keeps somebody from stopping and resuming. */
export function principalStopped(authority: Authority, actor: Actor): Refusal | undefined {
  return authority.stops.size === 0 ? undefined : hitAmong(authority, whoActs(authority, actor));
}

/** A stopped person stops the agents that act in its name. */
function whoActs({ principals }: Authority, { principal, onBehalfOf }: Actor): readonly StopTarget[] {
  const registered = principals.get(principal);
  const sponsor = registered?.kind === 'agent' ? registered.sponsor : undefined;
  return [...of('principal', principal), ...of('principal', onBehalfOf), ...of('principal', sponsor)];
}

function means({ model, tool, toolDigest, catalogue }: Actor): readonly StopTarget[] {
  return [
    ...of('model', model),
    ...of('tool', tool),
    ...of('tool', toolDigest),
    ...of('catalogue', catalogue),
  ];
}

function of(kind: StopTarget['kind'], id: string | undefined): readonly StopTarget[] {
  return id === undefined ? [] : [{ kind, id }];
}

function hitAmong({ stops }: Authority, targets: readonly StopTarget[]): Refusal | undefined {
  for (const target of targets) {
    const stop = stops.get(stopKey(target));
    if (stop === undefined) continue;
    const { reason, sinceMs } = stop;
    return { kind: 'stopped', target: stop.target, reason, sinceMs };
  }
  return undefined;
}
