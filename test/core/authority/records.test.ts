import { describe, expect, test } from 'vitest';

import { followAuthority } from '../../../src/core/authority/follow.ts';
import { recordAuthority } from '../../../src/core/authority/records.ts';
import { emptyState, type State } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { AuthorityEvent } from '../../../src/model/authority-event.ts';
import { MandateWish, Principal, StopTarget, Team } from '../../../src/model/authority.ts';
import type { Outcome } from '../../../src/model/decision.ts';
import { MandateId, PrincipalId, TeamId, TenantId } from '../../../src/model/id.ts';
import { PublicKey } from '../../../src/model/key.ts';
import { Tenant } from '../../../src/model/tenant.ts';

type Recorded = Parameters<typeof recordAuthority>[2];

const endMs = 9000;
const id = (text: string) => PrincipalId.parse(text);
const publicKey = PublicKey.parse(`ed25519:${'a'.repeat(43)}=`);

/** What was decided: `person ada registered`, or the refusal in a word and what it names. */
function answer({ decision }: Outcome): string {
  if (decision.kind === 'authority-recorded') return `${decision.what} ${decision.id} ${decision.state}`;
  if (decision.kind !== 'refused') return decision.kind;
  const { refusal } = decision;
  if (refusal.kind === 'unknown-authority') return `unknown ${refusal.what} ${refusal.id}`;
  if (refusal.kind === 'outside-mandate') return refusal.faults.map(({ limit }) => limit).join(' ');
  return refusal.kind;
}

const ask = (state: State, command: Recorded, atMs = 0) => answer(recordAuthority(state, atMs, command));

/** The state once commands were recorded, one after the other. */
function after(state: State, ...commands: readonly Recorded[]): State {
  return commands.reduce<State>((now, command) => {
    const outcome = recordAuthority(now, 0, command);
    if (outcome.decision.kind === 'refused') throw new Error(JSON.stringify(outcome.decision));
    const stamp = { seq: 1, atMs: 100, actor: Actor.parse({ principal: 'person:ada' }) };
    const authority = outcome.events.reduce(
      (known, event) => followAuthority(known, AuthorityEvent.parse(event), stamp),
      now.authority,
    );
    return { ...now, authority };
  }, state);
}

const person = (name: string, roles: readonly string[], more: object = {}): Recorded => ({
  kind: 'register-principal',
  principal: Principal.parse({ kind: 'person', id: `person:${name}`, name, roles, ...more }),
});

const agent = (name: string, sponsor = 'person:ada'): Recorded => ({
  kind: 'register-principal',
  principal: Principal.parse({ kind: 'agent', id: `agent:${name}`, name, sponsor }),
});

const team = (roles: readonly string[], more: object = {}): Recorded => ({
  kind: 'register-team',
  team: Team.parse({ id: 'red', name: 'red', roles, ...more }),
});

const grant = (more: object = {}): Recorded => ({
  kind: 'grant-mandate',
  wish: MandateWish.parse({
    agent: 'agent:bot',
    sponsor: 'person:ada',
    tools: ['contract_commit'],
    tenants: ['acme'],
    expiresAtMs: endMs,
    ...more,
  }),
});

const tenants = ['acme', 'globex'].map((name) => Tenant.parse({ id: name, name, zone: 'UTC', rules: {} }));
const open: State = {
  ...emptyState,
  tenants: new Map(tenants.map((tenant) => [TenantId.parse(tenant.id), tenant])),
};
const closed = after(open, person('ada', ['admin']), agent('bot'));

describe('who is registered', () => {
  test('has a sponsor who is a person that the ledger knows, and teams that there are', () => {
    expect(ask(open, agent('bot'))).toBe('agent agent:bot registered');
    expect(ask(closed, agent('bot', 'person:eve'))).toBe('unknown principal person:eve');
    expect(ask(closed, agent('two', 'agent:bot'))).toBe('unknown principal agent:bot');
    expect(ask(closed, person('eve', [], { teams: ['red'] }))).toBe('unknown team red');
    expect(ask(after(closed, team([])), person('eve', [], { teams: ['red'] }))).toBe(
      'person person:eve registered',
    );
  });

  test('stays admin where nobody else is', () => {
    const less = person('ada', ['operator']);
    expect(ask(closed, less)).toBe('not-supported');
    expect(ask(closed, person('ada', ['operator', 'admin']))).toBe('person person:ada registered');
    expect(ask(closed, person('eve', ['operator']))).toBe('person person:eve registered');
    expect(ask(after(closed, person('eve', ['admin'])), less)).toBe('person person:ada registered');
    const joined = person('ada', [], { teams: [TeamId.parse('red')] });
    expect(ask(after(closed, team(['admin'])), joined)).toBe('person person:ada registered');
    expect(ask(after(closed, team(['auditor'])), joined)).toBe('not-supported');
  });

  test('has keys of its own, each recorded once and revoked once', () => {
    const record: Recorded = { kind: 'register-key', principal: id('person:ada'), publicKey };
    const revoke: Recorded = { ...record, kind: 'revoke-key', reason: 'lost' };
    expect(ask(closed, { ...record, principal: id('agent:bot') })).toBe('unknown principal agent:bot');
    expect(ask(closed, { ...record, principal: id('person:eve') })).toBe('unknown principal person:eve');
    expect(ask(closed, revoke)).toBe(`unknown key ${publicKey}`);
    const known = after(closed, record);
    expect(ask(known, record)).toBe('not-supported');
    expect(ask(known, { ...revoke, principal: id('person:eve') })).toBe(`unknown key ${publicKey}`);
    expect(ask(known, revoke)).toBe(`key ${publicKey} revoked`);
    const gone = after(known, revoke);
    expect(ask(gone, revoke)).toBe(`unknown key ${publicKey}`);
    expect([...gone.authority.keys.values()]).toMatchObject([{ revokedAtMs: 100, sinceMs: 100 }]);
  });
});

describe('a mandate is granted', () => {
  test('to an agent that is known, by a person who is, for tenants that there are', () => {
    expect(ask(closed, grant())).toBe('mandate M-1 granted');
    expect(ask(after(closed, grant()), grant())).toBe('mandate M-2 granted');
    expect(ask(closed, grant({ agent: 'agent:two' }))).toBe('unknown principal agent:two');
    expect(ask(closed, grant({ agent: 'person:ada' }))).toBe('unknown principal person:ada');
    expect(ask(closed, grant({ sponsor: 'person:eve' }))).toBe('unknown principal person:eve');
    expect(ask(closed, grant({ sponsor: 'agent:bot' }))).toBe('unknown principal agent:bot');
    expect(ask(closed, grant({ tenants: ['acme', 'initech'] }))).toBe('tenant-unknown');
  });

  test('for tenants that its sponsor acts for, until a time that is still to come', () => {
    const narrow = after(closed, person('eve', ['requester'], { tenants: ['acme'] }));
    const byEve = { sponsor: 'person:eve' };
    expect(ask(narrow, grant({ ...byEve, tenants: ['acme'] }))).toBe('mandate M-1 granted');
    expect(ask(narrow, grant({ ...byEve, tenants: ['acme', 'globex'] }))).toBe('tenants');
    expect(ask(narrow, grant({ tenants: ['acme', 'globex'] }))).toBe('mandate M-1 granted');
    expect(ask(closed, grant(), endMs - 1)).toBe('mandate M-1 granted');
    expect(ask(closed, grant(), endMs)).toBe('expiry');
  });

  test('out of another one that stands, seven times in a row at most', () => {
    expect(ask(closed, grant({ from: 'M-1' }))).toBe('mandate');
    let deep = after(closed, grant({ expiresAtMs: 500 }));
    expect(ask(deep, grant({ from: 'M-1' }), 499)).toBe('mandate M-2 granted');
    expect(ask(deep, grant({ from: 'M-1' }), 500)).toBe('expiry');
    expect(ask(deep, grant({ from: 'M-1', tenants: ['globex'] }))).toBe('mandate');
    for (let at = 1; at < 8; at += 1) deep = after(deep, grant({ from: `M-${at}` }));
    expect(deep.authority.mandates.size).toBe(8);
    expect(ask(deep, grant({ from: 'M-7' }))).toBe('mandate M-9 granted');
    expect(ask(deep, grant({ from: 'M-8' }))).toBe('mandate');
    const back: Recorded = { kind: 'revoke-mandate', mandate: MandateId.parse('M-2'), reason: 'over' };
    expect(ask(deep, back)).toBe('mandate M-2 revoked');
    const revoked = after(deep, back);
    expect(ask(revoked, back)).toBe('unknown mandate M-2');
    expect(ask(revoked, { ...back, mandate: MandateId.parse('M-99') })).toBe('unknown mandate M-99');
    expect(ask(revoked, grant({ from: 'M-1' }))).toBe('mandate M-9 granted');
    expect(ask(revoked, grant({ from: 'M-4' }))).toBe('revoked');
  });
});

test('only what is stopped is resumed', () => {
  const target = StopTarget.parse({ kind: 'tenant', id: 'acme' });
  const stop: Recorded = { kind: 'stop', target, reason: 'a leak' };
  const resume: Recorded = { kind: 'resume', target, reason: 'closed' };
  expect(ask(open, resume)).toBe('unknown stop tenant acme');
  expect(ask(open, stop)).toBe('stop tenant acme stopped');
  const stopped = after(open, stop);
  expect(ask(stopped, { ...resume, target: { ...target, id: 'globex' } })).toBe('unknown stop tenant globex');
  expect(ask(stopped, resume)).toBe('stop tenant acme resumed');
  expect(ask(after(stopped, resume), resume)).toBe('unknown stop tenant acme');
});
