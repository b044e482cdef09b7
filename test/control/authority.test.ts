import { describe, expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import type { Recordable } from '../../src/control/recording.ts';
import { ContractId, MandateId, PrincipalId } from '../../src/model/id.ts';
import { committed, type Desk, key, nowMs, openDesk, operator, planned, rejection, wish } from './desk.ts';
import { agent, asks, otherDigest, person, signerOf } from './people.ts';

vi.setConfig({ testTimeout: 30_000 });

const record = ({ control }: Desk, command: Recordable, caller: Caller = operator) =>
  control.recordAuthority(caller, { command });

/** Eight A100 of r13 for an hour: cheap, unregulated and small, so nobody is asked. */
const small = (start = '2026-11-27T00:00:00Z') =>
  wish({ models: ['A100'], where: ['fra1/h1/r13'], start, hours: 1 });

function decemberDay(i: number): string {
  return `2026-12-${String(i + 10)}T00:00:00Z`;
}

const tried = async (desk: Desk, idemKey: string, caller = agent(), demand = small()) =>
  (await committed(desk, demand, idemKey, caller)).refusal?.refusal ?? 'done';

describe('a mandate', () => {
  test('lets an agent act alone inside it, and counts what it takes', async () => {
    const desk = await openDesk();
    expect(await tried(desk, 'agent-key-1')).toBe('done');
    const { mandates } = await desk.control.authority(operator);
    expect(mandates).toMatchObject([
      { state: 'standing', gpusHeld: 32, contracts: ['C-104', 'C-105', 'C-106'] },
    ]);
    const before = mandates[0]?.gpuSecondsUsed ?? 0;
    await desk.control.release(operator, { contract: ContractId.parse('C-106'), idemKey: key('free-1') });
    const after = (await desk.control.authority(operator)).mandates[0];
    expect(after).toMatchObject({
      gpusHeld: 24,
      contracts: ['C-104', 'C-105'],
      gpuSecondsUsed: before - 8 * 3600,
    });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('of nobody: an agent that is known and has none is refused, and one that is not known too', async () => {
    const desk = await openDesk();
    const id = PrincipalId.parse('agent:new');
    expect(await tried(desk, 'agent-key-1', agent('new'))).toMatchObject({
      kind: 'not-authorised',
      hits: [{ rule: 'auth-agent-known' }],
    });
    await record(desk, {
      kind: 'register-principal',
      principal: { kind: 'agent', id, name: 'new', sponsor: person('sven').principal },
    });
    const head = await desk.control.head();
    expect(await tried(desk, 'agent-key-2', agent('new'))).toMatchObject({
      kind: 'outside-mandate',
      faults: [{ limit: 'mandate', left: 'no mandate was granted to it' }],
    });
    expect(await desk.control.head()).toEqual(head);
  });

  const outside: readonly (readonly [string, Parameters<typeof wish>[0], string])[] = [
    ['another site', { where: ['iad3'] }, 'sites'],
    [
      'too many GPUs at once',
      { nodes: 4, where: ['ams2'], models: ['H200'], start: '2026-12-20T00:00:00Z' },
      'blast-radius',
    ],
    [
      'more GPU-hours than are left',
      { models: ['A100'], where: ['fra1/h1/r13'], hours: 24 * 365 },
      'gpu-seconds',
    ],
  ];
  test.each(outside)('not for %s', async (_, demand, limit) => {
    const desk = await openDesk();
    const refusal = await tried(desk, 'agent-key-1', agent(), wish(demand));
    expect(refusal).toMatchObject({ kind: 'outside-mandate', mandate: 'M-1' });
    expect(JSON.stringify(refusal)).toContain(`"limit":"${limit}"`);
    const [entry] = await desk.ledger.read((await desk.control.head()).seq - 1, 1);
    expect(entry).toMatchObject({
      decision: { kind: 'refused' },
      events: [{ kind: 'mandate-used', mandate: 'M-1' }],
    });
    expect(entry?.idemKey).toBeUndefined();
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('ends by the clock, and when it is taken back', async () => {
    const desk = await openDesk();
    await record(desk, { kind: 'revoke-mandate', mandate: MandateId.parse('M-1'), reason: 'over' });
    expect(await tried(desk, 'agent-key-1')).toMatchObject({
      kind: 'outside-mandate',
      faults: [{ limit: 'mandate' }],
    });
    await grant(desk, { expiresAtMs: nowMs + 60_000 });
    desk.clock.atMs = nowMs + 60_000;
    expect(await tried(desk, 'agent-key-2')).toMatchObject({ faults: [{ limit: 'expiry', mandate: 'M-2' }] });
  });

  test('passed on is counted in both, and dies with the one that it is part of', async () => {
    const desk = await openDesk();
    const id = PrincipalId.parse('agent:helper');
    await record(desk, {
      kind: 'register-principal',
      principal: { kind: 'agent', id, name: 'helper', sponsor: person('sven').principal },
    });
    await grant(desk, { agent: id, from: MandateId.parse('M-1'), gpus: 500, tenants: [small().tenant] });
    const { mandates } = await desk.control.authority(operator);
    expect(mandates[1]?.mandate).toMatchObject({
      from: 'M-1',
      gpus: 48,
      blastGpus: 24,
      sites: ['fra1', 'ams2'],
      commandsPerMinute: 10,
    });
    expect(await tried(desk, 'agent-key-1', agent('helper'))).toBe('done');
    expect((await desk.control.authority(operator)).mandates.map(({ gpusHeld }) => gpusHeld)).toEqual([
      32, 8,
    ]);
    await record(desk, { kind: 'revoke-mandate', mandate: MandateId.parse('M-1'), reason: 'over' });
    expect((await desk.control.authority(operator)).mandates.map(({ state }) => state)).toEqual([
      'revoked',
      'revoked',
    ]);
    expect(await tried(desk, 'agent-key-2', agent('helper'))).toMatchObject({
      faults: [{ limit: 'revoked', mandate: 'M-1' }],
    });
  });

  test('is nothing an agent grants, and nothing that a person grants beyond its own tenants', async () => {
    const desk = await openDesk();
    const wished = { ...limits, agent: agent().principal, sponsor: person('ines').principal };
    expect(await record(desk, { kind: 'grant-mandate', wish: wished }, agent())).toMatchObject({
      refusal: { kind: 'not-authorised' },
    });
    expect(await record(desk, { kind: 'grant-mandate', wish: wished }, person('ines'))).toMatchObject({
      refusal: { kind: 'not-authorised' },
    });
    expect(await record(desk, { kind: 'grant-mandate', wish: wished }, person('sven'))).toMatchObject({
      refusal: { refusal: { kind: 'outside-mandate', faults: [{ limit: 'tenants', asked: 'globex' }] } },
    });
  });
});

describe('the pace of an agent', () => {
  test('is so many commands a minute, counted from the times in the ledger', async () => {
    const desk = await openDesk();
    for (let i = 0; i < 10; i++)
      await tried(desk, `agent-key-${i}`, agent(), small(`2026-12-${String(i + 10)}T00:00:00Z`));
    const { seq } = await desk.control.head();
    expect(await tried(desk, 'agent-key-x', agent(), small('2026-12-30T00:00:00Z'))).toEqual({
      kind: 'rate-limited',
      mandate: 'M-1',
      limit: 'commands-per-minute',
      most: 10,
      retryAtMs: nowMs + 60_000,
    });
    expect((await desk.control.head()).seq).toBe(seq);
    desk.clock.atMs = nowMs + 60_000;
    // Heard again; by now the GPUs of the mandate are taken.
    expect(await tried(desk, 'agent-key-x', agent(), small('2026-12-30T00:00:00Z'))).toMatchObject({
      kind: 'outside-mandate',
      faults: [{ limit: 'gpus' }],
    });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('is no loop: the same wish is heard five times in ten minutes, whatever plan it comes with', async () => {
    const desk = await openDesk();
    for (let i = 0; i < 5; i++) {
      desk.clock.atMs = nowMs + i * 61_000;
      expect(await tried(desk, `agent-key-${i}`, agent(), wish({ where: ['iad3'] }))).toMatchObject({
        kind: 'outside-mandate',
      });
    }
    desk.clock.atMs = nowMs + 5 * 61_000;
    expect(await tried(desk, 'agent-key-x', agent(), wish({ where: ['iad3'] }))).toMatchObject({
      limit: 'same-request',
      retryAtMs: nowMs + 600_000,
    });
    expect(await tried(desk, 'agent-key-y')).toBe('done');
  });

  test('has an end of patience: eight acts wait for a person, not nine', async () => {
    const desk = await openDesk();
    for (let i = 0; i < 8; i++) {
      const result = await asks(
        desk,
        `person-key-${i}`,
        wish({ tenant: 'acme', gpus: 1, start: decemberDay(i) }),
        person('ines'),
      );
      expect(result.decision).toBe('pending_approval');
    }
    expect(
      await tried(
        desk,
        'person-key-x',
        person('ines'),
        wish({ tenant: 'acme', gpus: 1, start: decemberDay(9) }),
      ),
    ).toMatchObject({
      kind: 'rate-limited',
      limit: 'open-approvals',
      most: 8,
    });
  });
});

describe('a stop', () => {
  const targets: readonly (readonly [
    string,
    'principal' | 'model' | 'tool' | 'catalogue' | 'tenant',
    string,
  ])[] = [
    ['an agent', 'principal', 'agent:ops-bot'],
    ['the person who answers for it', 'principal', 'person:sven'],
    ['the person in whose name it acts', 'principal', 'person:theo'],
    ['the model it runs on', 'model', 'qwen3'],
    ['the tool by its name', 'tool', 'contract_commit'],
    ['the tool by its version', 'tool', otherDigest],
    ['the whole list of tools', 'catalogue', otherDigest],
    ['the tenant', 'tenant', 'globex'],
  ];
  test.each(targets)('of %s refuses the next command, until it is resumed', async (_, kind, id) => {
    const desk = await openDesk();
    const caller: Caller = {
      ...agent(),
      onBehalfOf: person('theo').principal,
      model: 'qwen3',
      tool: 'contract_commit',
      toolDigest: otherDigest,
      catalogue: otherDigest,
    };
    expect(await tried(desk, 'agent-key-1', caller)).toBe('done');
    const target = { kind, id };
    expect(await record(desk, { kind: 'stop', target, reason: 'incident 12' }, person('rita'))).toMatchObject(
      { decision: 'recorded' },
    );
    expect(await tried(desk, 'agent-key-2', caller, small('2026-11-28T00:00:00Z'))).toMatchObject({
      kind: 'stopped',
      target,
      reason: 'incident 12',
    });
    await record(desk, { kind: 'resume', target, reason: 'fixed' }, person('rita'));
    expect(await tried(desk, 'agent-key-3', caller, small('2026-11-29T00:00:00Z'))).toBe('done');
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('is not for whoever likes, and nobody who is stopped lifts it', async () => {
    const desk = await openDesk();
    const target = { kind: 'principal' as const, id: 'person:rita' };
    expect(await record(desk, { kind: 'stop', target, reason: 'x' }, person('ines'))).toMatchObject({
      refusal: { kind: 'not-authorised' },
    });
    await record(desk, { kind: 'stop', target, reason: 'x' }, person('sven'));
    expect(await record(desk, { kind: 'resume', target, reason: 'x' }, person('rita'))).toMatchObject({
      refusal: { kind: 'stopped' },
    });
    const other = { kind: 'tenant' as const, id: 'acme' };
    expect(await record(desk, { kind: 'resume', target: other, reason: 'x' })).toMatchObject({
      refusal: { kind: 'unknown-authority' },
    });
  });

  test('of a tenant holds for people too', async () => {
    const desk = await openDesk();
    await record(desk, { kind: 'stop', target: { kind: 'tenant', id: 'globex' }, reason: 'unpaid' });
    expect(await tried(desk, 'person-key-1', operator)).toMatchObject({ kind: 'stopped' });
  });
});

describe('a registry', () => {
  test('of models: an agent says on which it runs, and it is one of them', async () => {
    const desk = await openDesk();
    await record(desk, { kind: 'register-model', model: { name: 'qwen3' } });
    const hits = { kind: 'not-authorised', hits: [{ rule: 'auth-model' }] };
    expect(await tried(desk, 'agent-key-1')).toMatchObject(hits);
    expect(await tried(desk, 'agent-key-2', { ...agent(), model: 'other' })).toMatchObject(hits);
    expect(await tried(desk, 'agent-key-3', { ...agent(), model: 'qwen3' })).toBe('done');
  });

  test('of agents: other software and other models than its own are refused', async () => {
    const desk = await openDesk();
    const { principal: id } = agent();
    const sponsor = person('sven').principal;
    await record(desk, {
      kind: 'register-principal',
      principal: { kind: 'agent', id, name: 'x', sponsor, digest: otherDigest, models: ['m1'] },
    });
    expect(await tried(desk, 'agent-key-1', { ...agent(), model: 'm1' })).toMatchObject({
      hits: [{ rule: 'auth-software' }],
    });
    expect(await tried(desk, 'agent-key-2', { ...agent(), software: otherDigest })).toMatchObject({
      hits: [{ rule: 'auth-model' }],
    });
    expect(await tried(desk, 'agent-key-3', { ...agent(), software: otherDigest, model: 'm1' })).toBe('done');
  });

  test('of tools: once a list is pinned, an agent that was shown another one is refused', async () => {
    const desk = await openDesk();
    await record(desk, { kind: 'register-tools', catalogue: { digest: otherDigest, tools: [] } });
    expect(await tried(desk, 'agent-key-1')).toMatchObject({ hits: [{ rule: 'auth-tools' }] });
    expect(await tried(desk, 'agent-key-2', { ...agent(), catalogue: otherDigest })).toBe('done');
    expect(await tried(desk, 'person-key-1', operator, small('2026-11-28T00:00:00Z'))).toBe('done');
  });
});

describe('a ledger', () => {
  test('is open until its first admin: then nobody acts whom it does not know', async () => {
    const desk = await openDesk();
    expect(await tried(desk, 'person-key-1', operator)).toBe('done');
    await record(desk, {
      kind: 'register-principal',
      principal: { kind: 'person', id: person('root').principal, name: 'Root', roles: ['admin'] },
    });
    expect((await desk.control.authority(operator)).isClosed).toBe(true);
    expect(await tried(desk, 'person-key-2', operator, small('2026-11-28T00:00:00Z'))).toMatchObject({
      hits: [{ rule: 'auth-known' }],
    });
    expect(
      await record(desk, { kind: 'stop', target: { kind: 'tenant', id: 'acme' }, reason: 'x' }),
    ).toMatchObject({ refusal: { kind: 'not-authorised' } });
    const again = { id: wish().tenant, name: 'Globex', zone: 'UTC', rules: {} };
    expect(await rejection(desk.control.registerTenant(operator, again))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await tried(desk, 'person-key-3', person('root'), small('2026-11-28T00:00:00Z'))).toBe('done');
    const demoted = { kind: 'person' as const, id: person('root').principal, name: 'Root', roles: [] };
    expect(
      await record(desk, { kind: 'register-principal', principal: demoted }, person('root')),
    ).toMatchObject({
      refusal: { refusal: { kind: 'not-supported', feature: 'taking the role of the last admin' } },
    });
  });

  test('asks a registered person for its role and its tenants', async () => {
    const desk = await openDesk();
    expect(await tried(desk, 'person-key-1', person('carl'))).toMatchObject({
      hits: [{ rule: 'auth-place' }],
    });
    expect(JSON.stringify(await tried(desk, 'person-key-2', person('ines')))).toContain('"auth-tenant"');
    expect(await tried(desk, 'person-key-3', person('theo'))).toBe('done');
    expect(
      await record(
        desk,
        { kind: 'register-key', principal: person('theo').principal, publicKey: signerOf('theo').publicKey },
        person('theo'),
      ),
    ).toMatchObject({
      refusal: { kind: 'not-authorised' },
    });
  });

  test('says who may do what at every entry', async () => {
    const desk = await openDesk();
    await committed(desk, small(), 'person-key-1');
    const { seq } = await desk.control.head();
    const [entry] = await desk.ledger.read(seq - 1, 1);
    const [first] = await desk.ledger.read(0, 1);
    expect(first?.inputs.authority).toBeUndefined();
    expect(entry?.inputs.authority).toMatch(/^sha256:/);
  });
});

const limits = {
  tools: ['contract_commit'],
  tenants: [small().tenant],
  expiresAtMs: nowMs + 10 ** 9,
};

async function grant(desk: Desk, more: object): Promise<void> {
  const wished = { agent: agent().principal, sponsor: person('sven').principal, ...limits, ...more };
  expect(await record(desk, { kind: 'grant-mandate', wish: wished })).toMatchObject({ decision: 'recorded' });
}

test('a plan may be made by anybody who may see the tenant, and is no act', async () => {
  const desk = await openDesk();
  const head = await desk.control.head();
  await planned(desk, small(), agent('stranger'));
  expect(await desk.control.head()).toEqual(head);
});
