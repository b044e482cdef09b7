import type { AuthorityEvent } from '../../model/authority-event.ts';
import { isAgent, type MandateWish, type Principal } from '../../model/authority.ts';
import type { AuthorityCommand } from '../../model/command.ts';
import type { Decision, Outcome } from '../../model/decision.ts';
import { MandateId } from '../../model/id.ts';
import type { MandateFault, Refusal } from '../../model/refusal.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';
import { type Authority, chainOf, stopKey } from './authority.ts';
import { intersect } from './mandates.ts';
import { adminsOf, rolesOf, standingOf, tenantsOf } from './people.ts';

/** Longer chains of mandates are of no use, and each act walks all of it. */
const deepestChain = 8;

type Recorded = Exclude<AuthorityCommand, { kind: 'approve-plan' | 'reject-plan' }>;
type Of<Kind extends Recorded['kind']> = Extract<Recorded, { kind: Kind }>;

/** Records who may do what, and what is stopped. Whether the caller may record it was asked before. */
export function recordAuthority(state: State, atMs: number, command: Recorded): Outcome {
  const { authority } = state;
  switch (command.kind) {
    case 'register-team':
      return recorded('team', command.team.id, { kind: 'team-registered', team: command.team });
    case 'register-principal':
      return registerPrincipal(authority, command.principal);
    case 'register-key':
      return registerKey(authority, command);
    case 'revoke-key':
      return revokeKey(authority, command);
    case 'grant-mandate':
      return grantMandate(state, atMs, command.wish);
    case 'revoke-mandate':
      return revokeMandate(authority, command);
    case 'stop':
      return stopOrResume('stopped', { ...command, kind: 'stopped' });
    case 'resume':
      if (authority.stops.has(stopKey(command.target)))
        return stopOrResume('resumed', { ...command, kind: 'resumed' });
      return unknown('stop', stopKey(command.target));
    case 'register-model':
      return recorded('model', command.model.name, { kind: 'model-registered', model: command.model });
    case 'register-tools':
      return recorded('tools', command.catalogue.digest, {
        kind: 'tools-registered',
        catalogue: command.catalogue,
      });
    default:
      return command satisfies never;
  }
}

type Recording = Extract<Decision, { kind: 'authority-recorded' }>;

function recorded(
  what: Recording['what'],
  id: string,
  event: AuthorityEvent,
  state: Recording['state'] = 'registered',
): Outcome {
  return { decision: { kind: 'authority-recorded', what, id, state }, events: [event] };
}

type Unknown = Extract<Refusal, { kind: 'unknown-authority' }>;

function unknown(what: Unknown['what'], id: string): Outcome {
  return refuse({ kind: 'unknown-authority', what, id });
}

function registerPrincipal(authority: Authority, principal: Principal): Outcome {
  const what = principal.kind;
  const event: AuthorityEvent = { kind: 'principal-registered', principal };
  if (principal.kind === 'agent') {
    const { sponsor } = principal;
    return isPersonHere(authority, sponsor)
      ? recorded(what, principal.id, event)
      : unknown('principal', sponsor);
  }
  const team = (principal.teams ?? []).find((id) => !authority.teams.has(id));
  if (team !== undefined) return unknown('team', team);
  const admins = adminsOf(authority);
  const isLast = admins.length === 1 && admins[0] === principal.id;
  if (isLast && !rolesOf(authority, principal).includes('admin'))
    return refuse({ kind: 'not-supported', feature: 'taking the role of the last admin' });
  return recorded(what, principal.id, event);
}

/** A person who can answer for something: registered, or the local operator of an open ledger. */
function isPersonHere(authority: Authority, id: Principal['id']): boolean {
  return !isAgent(id) && standingOf(authority, id) !== 'stranger';
}

function registerKey(authority: Authority, { principal, publicKey }: Of<'register-key'>): Outcome {
  if (!isPersonHere(authority, principal)) return unknown('principal', principal);
  const known = authority.keys.get(publicKey);
  if (known !== undefined)
    return refuse({ kind: 'not-supported', feature: `registering a key again: it is ${known.principal}'s` });
  return recorded('key', publicKey, { kind: 'key-registered', principal, publicKey });
}

function revokeKey(authority: Authority, { principal, publicKey, reason }: Of<'revoke-key'>): Outcome {
  const known = authority.keys.get(publicKey);
  if (known === undefined || known.principal !== principal || known.revokedAtMs !== undefined)
    return unknown('key', publicKey);
  return recorded('key', publicKey, { kind: 'key-revoked', principal, publicKey, reason }, 'revoked');
}

function revokeMandate(authority: Authority, { mandate, reason }: Of<'revoke-mandate'>): Outcome {
  const record = authority.mandates.get(mandate);
  if (record === undefined || record.revokedAtMs !== undefined) return unknown('mandate', mandate);
  return recorded('mandate', mandate, { kind: 'mandate-revoked', mandate, reason }, 'revoked');
}

/** Grants what is wished, or of another mandate the part that lies inside it. Nobody passes on more than there is. */
function grantMandate({ authority, tenants }: State, atMs: number, wish: MandateWish): Outcome {
  const { agent, sponsor, from } = wish;
  if (authority.principals.get(agent)?.kind !== 'agent') return unknown('principal', agent);
  if (!isPersonHere(authority, sponsor)) return unknown('principal', sponsor);
  const stranger = wish.tenants.find((tenant) => !tenants.has(tenant));
  if (stranger !== undefined)
    return refuse({ kind: 'tenant-unknown', tenant: stranger, known: [...tenants.keys()].toSorted() });
  const faults = [...wishFaults(authority, atMs, wish)];
  if (faults.length > 0)
    return refuse({ kind: 'outside-mandate', principal: agent, ...fromOf(wish), faults });
  const parent = from === undefined ? undefined : authority.mandates.get(from)?.mandate;
  const part = parent === undefined ? wish : intersect(parent, wish);
  if (part === undefined) {
    const left = `${from ?? ''} has nothing in common with it`;
    return refuse({
      kind: 'outside-mandate',
      principal: agent,
      ...fromOf(wish),
      faults: [{ limit: 'mandate', asked: agent, left }],
    });
  }
  const id = MandateId.parse(`M-${authority.mandates.size + 1}`);
  return recorded('mandate', id, { kind: 'mandate-granted', mandate: { id, ...part } }, 'granted');
}

function fromOf({ from }: MandateWish): { mandate?: MandateId } {
  return from === undefined ? {} : { mandate: from };
}

function* wishFaults(authority: Authority, atMs: number, wish: MandateWish): Generator<MandateFault> {
  if (wish.expiresAtMs <= atMs)
    yield { limit: 'expiry', asked: `${wish.expiresAtMs}`, left: 'it has passed' };
  const sponsor = authority.principals.get(wish.sponsor);
  const own = sponsor === undefined ? undefined : tenantsOf(authority, sponsor);
  const beyond = wish.tenants.filter((tenant) => own?.includes(tenant) === false);
  if (beyond.length > 0)
    yield {
      limit: 'tenants',
      asked: beyond.join(', ').slice(0, 120),
      left: `${wish.sponsor} acts for others`,
    };
  if (wish.from === undefined) return;
  const chain = chainOf(authority, wish.from);
  if (chain.length === 0)
    yield { limit: 'mandate', asked: wish.from, left: 'there is none with that number' };
  if (chain.length >= deepestChain)
    yield {
      limit: 'mandate',
      asked: wish.from,
      left: `mandates are passed on ${deepestChain - 1} times at most`,
    };
  for (const { mandate, revokedAtMs } of chain) {
    if (revokedAtMs !== undefined)
      yield { limit: 'revoked', mandate: mandate.id, asked: wish.from, left: `revoked at ${revokedAtMs}` };
    if (mandate.expiresAtMs <= atMs)
      yield {
        limit: 'expiry',
        mandate: mandate.id,
        asked: wish.from,
        left: `expired at ${mandate.expiresAtMs}`,
      };
  }
}

type Switch = Extract<AuthorityEvent, { kind: 'stopped' | 'resumed' }>;

function stopOrResume(state: 'stopped' | 'resumed', { kind, target, reason }: Switch): Outcome {
  return recorded('stop', stopKey(target), { kind, target, reason }, state);
}
