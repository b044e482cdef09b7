import { describe, expect, test } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import type { Recordable } from '../../src/control/recording.ts';
import { Mandate, Principal } from '../../src/model/authority.ts';
import { type ContractId, PrincipalId } from '../../src/model/id.ts';
import { Tenant } from '../../src/model/tenant.ts';
import { obedientEngine } from './fake.ts';
import { type Lab, openLab, subjectOf } from './lab.ts';

const admin: Caller = { principal: PrincipalId.parse('person:ada'), client: 'test', byHand: true };
const binder: Caller = { principal: PrincipalId.parse('agent:binder'), client: 'test' };

type Governed = Lab & { readonly contract: ContractId };

const person = (name: string, roles: readonly string[]): Recordable => ({
  kind: 'register-principal',
  principal: Principal.parse({ kind: 'person', id: `person:${name}`, name, roles }),
});

/** A lab whose ledger has an admin, an operator, somebody who may do everything but that, and an agent. */
async function governedLab(): Promise<Governed> {
  const lab = await openLab();
  const contract = await lab.granted({});
  const agent = { kind: 'agent', id: 'agent:binder', name: 'binder', sponsor: 'person:ada' };
  for (const command of [
    person('ada', ['admin']),
    person('olga', ['operator']),
    person('mila', ['requester', 'approver', 'security', 'auditor']),
    { kind: 'register-principal', principal: Principal.parse(agent) } as const,
  ])
    await lab.control.recordAuthority(admin, { command });
  return { ...lab, contract };
}

async function mandated(lab: Lab, more: object): Promise<void> {
  const { id: _id, ...wish } = Mandate.parse({
    id: 'M-1',
    agent: 'agent:binder',
    sponsor: 'person:ada',
    tools: ['engine_bind'],
    tenants: ['acme'],
    expiresAtMs: lab.clock.nowMs() + 86_400_000,
    ...more,
  });
  await lab.control.recordAuthority(admin, { command: { kind: 'grant-mandate', wish } });
}

async function tried(lab: Governed, caller: Caller) {
  const done = await lab.control.bind(
    caller,
    { subject: subjectOf(lab.contract), options: { users: 'a' } },
    obedientEngine(),
  );
  return done.refusal?.refusal ?? 'done';
}

describe('to hand a contract to an engine', () => {
  test.each([
    ['person:ada', 'done'],
    ['person:olga', 'done'],
    ['person:mila', { kind: 'not-authorised', action: 'bind', hits: [{ rule: 'auth-bind' }] }],
    ['person:nobody', { kind: 'not-authorised', hits: [{ rule: 'auth-known' }] }],
  ])('%s', async (principal, outcome) => {
    const lab = await governedLab();
    const found = await tried(lab, { ...admin, principal: PrincipalId.parse(principal) });
    expect({ found }).toMatchObject({ found: outcome });
  });

  test('an agent needs a mandate that names it', async () => {
    const lab = await governedLab();
    expect(await tried(lab, binder)).toMatchObject({
      kind: 'outside-mandate',
      faults: [{ limit: 'mandate' }],
    });
    await mandated(lab, { tools: ['contract_commit'] });
    expect(await tried(lab, binder)).toMatchObject({
      faults: [{ limit: 'tools', asked: 'engine_bind', left: 'contract_commit' }],
    });
    await mandated(lab, {});
    expect(await tried(lab, binder)).toBe('done');
    expect(await lab.control.verify()).toMatchObject({ ok: true });
  });

  test.each([
    ['for another tenant', { tenants: ['globex'] }, 'tenants'],
    ['somewhere else', { sites: ['ams2'] }, 'sites'],
  ])('an agent whose mandate is %s may not', async (_, more, limit) => {
    const lab = await governedLab();
    const other = Tenant.parse({ id: 'globex', name: 'Globex', zone: 'UTC' });
    await lab.control.registerTenant(admin, other);
    await mandated(lab, more);
    expect(await tried(lab, binder)).toMatchObject({ kind: 'outside-mandate', faults: [{ limit }] });
  });

  test('a mandate for it is none to import', async () => {
    const lab = await governedLab();
    await mandated(lab, {});
    const nothing = { evidence: [], assumptions: [], unknown: [] };
    const told = {
      schema: 'berth/observation/1' as const,
      source: 'inventory' as const,
      observedAtMs: lab.clock.nowMs(),
      facts: [],
      ...nothing,
    };
    await expect(lab.control.importObservation(binder, told, false)).rejects.toThrow(
      /binder|mandate|authori/u,
    );
    const { entries } = await lab.control.audit(admin, { limit: 1 });
    expect(entries).toMatchObject([{ command: 'record-observation', decision: 'refused' }]);
  });
});
