import { describe, expect, test, vi } from 'vitest';

import { canonicalJson } from '../../src/model/canonical.ts';
import { ContractId } from '../../src/model/id.ts';
import { committed, key, limitedTo, nowMs, openDesk, operator, planned, wish } from './desk.ts';
import { agent, approve, asks, otherDigest, person, reject, signerOf } from './people.ts';

vi.setConfig({ testTimeout: 30_000 });

const c106 = ContractId.parse('C-106');

describe('what a person must approve', () => {
  test('waits, is held, and is done once by the yes that was missing', async () => {
    const desk = await openDesk();
    const asked = await asks(desk, 'agent-key-1');
    expect(asked).toMatchObject({
      decision: 'pending_approval',
      replayed: false,
      approval: {
        id: 'A-3',
        state: 'open',
        action: 'commit',
        tier: 3,
        persons: 1,
        tenant: 'globex',
        mandate: 'M-1',
        requestedBy: { principal: 'agent:ops-bot', client: 'mcp:test' },
        command: 'berth approve A-3',
        expires: '2026-11-25T14:00:00+01:00',
        heldUntil: '2026-11-25T14:00:00+01:00',
      },
    });
    expect(asked.contract).toBeUndefined();
    expect(asked.approval?.summary).toMatch(
      /^agent:ops-bot wants to commit 16 GPUs at fra1 for globex, from .* EUR$/,
    );
    expect((await desk.control.leases(operator)).leases).toMatchObject([{ plan: asked.approval?.plan }]);
    const said = await approve(desk, 'A-3');
    expect(said).toMatchObject({ decision: 'done', contract: { id: 'C-106', tenant: 'globex' } });
    expect(said.contract?.grantedBy).toMatchObject({ principal: 'agent:ops-bot' });
    expect((await desk.control.leases(operator)).leases).toEqual([]);
    expect((await desk.control.contracts(operator, { limit: 9 })).total).toBe(6);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('is answered with its contract when whoever asked comes again with the same key', async () => {
    const desk = await openDesk();
    const demand = wish({ nodes: 2 });
    const { id } = await planned(desk, demand, agent());
    const request = { plan: id, idemKey: key('agent-key-1') };
    expect((await desk.control.commit(agent(), request)).decision).toBe('pending_approval');
    expect(await desk.control.commit(agent(), request)).toMatchObject({
      decision: 'pending_approval',
      replayed: true,
    });
    await approve(desk, 'A-3');
    const before = await desk.control.head();
    expect(await desk.control.commit(agent(), request)).toMatchObject({
      decision: 'committed',
      replayed: true,
      contract: { id: 'C-106' },
    });
    expect(await approve(desk, 'A-3')).toMatchObject({
      decision: 'done',
      replayed: true,
      contract: { id: 'C-106' },
    });
    expect(await desk.control.head()).toEqual(before);
  });

  test('asked for again under another key, is the same approval', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish({ nodes: 2 }), agent());
    await desk.control.commit(agent(), { plan: id, idemKey: key('agent-key-1') });
    const again = await desk.control.commit(agent(), { plan: id, idemKey: key('agent-key-2') });
    expect(again).toMatchObject({ decision: 'pending_approval', approval: { id: 'A-3' } });
    expect((await desk.control.approvals(operator, { all: false })).total).toBe(1);
  });

  test('is not done after a no, and what was held is free', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish({ nodes: 2 }), agent());
    const request = { plan: id, idemKey: key('agent-key-1') };
    await desk.control.commit(agent(), request);
    expect(await reject(desk, 'A-3')).toMatchObject({
      decision: 'turned-down',
      approval: { state: 'rejected' },
    });
    expect((await desk.control.leases(operator)).leases).toEqual([]);
    const after = await desk.control.commit(agent(), request);
    expect(after).toMatchObject({
      decision: 'rejected',
      refusal: { refusal: { kind: 'approval-void', why: 'rejected' } },
      approval: { ended: { by: 'person:olga', reason: 'not now' } },
    });
    expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ refusal: { refusal: { why: 'rejected' } } });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('expires by the clock, with its hold', async () => {
    const desk = await openDesk();
    await asks(desk, 'agent-key-1');
    desk.clock.atMs = nowMs + 4 * 3_600_000;
    expect(await approve(desk, 'A-3')).toMatchObject({
      decision: 'rejected',
      refusal: { refusal: { kind: 'approval-void', why: 'expired', atMs: desk.clock.atMs } },
    });
    expect((await desk.control.approvals(operator, { all: false })).total).toBe(0);
    expect((await desk.control.leases(operator)).leases).toEqual([]);
  });

  test('keeps others from its nodes meanwhile', async () => {
    const desk = await openDesk();
    const asked = await asks(desk, 'agent-key-1');
    const held = (await desk.control.leases(operator)).leases.map((lease) => lease.plan);
    expect(held).toEqual([asked.approval?.plan]);
    expect((await desk.control.plan(operator, wish())).refusal).toMatchObject({ kind: 'no-capacity' });
    await reject(desk, 'A-3');
    expect((await desk.control.plan(operator, wish())).plan).toBeDefined();
  });

  test('a release of a person by hand is its own yes, and an agent’s release waits', async () => {
    const desk = await openDesk();
    const by = await desk.control.release(agent(), {
      contract: ContractId.parse('C-104'),
      idemKey: key('release-1'),
    });
    expect(by).toMatchObject({
      decision: 'pending_approval',
      approval: { action: 'release', contract: 'C-104' },
    });
    expect(await approve(desk, 'A-3')).toMatchObject({
      decision: 'done',
      contract: { id: 'C-104', state: 'released' },
    });
    const hand = { contract: ContractId.parse('C-102'), idemKey: key('release-2') };
    expect(await desk.control.release(person('theo'), hand)).toMatchObject({ decision: 'released' });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('a person who acts through an assistant confirms with the own key', async () => {
    const desk = await openDesk();
    const assistant = { principal: person('theo').principal, client: 'mcp:ide' };
    const asked = await desk.control.release(assistant, {
      contract: ContractId.parse('C-102'),
      idemKey: key('release-1'),
    });
    expect(asked).toMatchObject({ decision: 'pending_approval', approval: { tier: 2 } });
    expect(asked.approval?.mayDecide).toContain('person:theo');
    expect(asked.approval?.mayDecide).toContain('person:olga');
  });

  test('a change waits too, and counts from its approval on', async () => {
    const desk = await openDesk();
    const change = { contract: ContractId.parse('C-104'), change: { extendS: 86_400 } };
    const { plan } = await desk.control.planChange(agent(), change);
    if (plan === undefined) throw new Error('no plan');
    const asked = await desk.control.commit(agent(), { plan: plan.id, idemKey: key('change-1') });
    expect(asked).toMatchObject({
      decision: 'pending_approval',
      approval: { action: 'change', contract: 'C-104' },
    });
    expect(await approve(desk, 'A-3')).toMatchObject({
      decision: 'done',
      contract: { id: 'C-104', version: 2 },
    });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('closing a place waits for another person', async () => {
    const desk = await openDesk();
    const window = {
      place: 'fra1-r12-n04',
      from: '2026-12-20T00:00:00Z',
      to: '2026-12-20T06:00:00Z',
      reason: 'firmware',
    };
    const asked = await desk.control.scheduleMaintenance(person('sven'), {
      ...window,
      idemKey: key('close-1'),
    });
    expect(asked).toMatchObject({ decision: 'pending_approval', approval: { action: 'maintain', tier: 3 } });
    expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ decision: 'done' });
    expect((await desk.control.maintenance({ all: false })).windows).toMatchObject([
      { id: 'MW-1', state: 'planned' },
    ]);
  });
});

describe('who may say yes', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['an agent', 'agent', 'not-authorised', 'is not for a Berth::Agent'],
    ['somebody without the role', 'ines', 'not-authorised', 'approver or admin'],
    ['an approver of other tenants', 'olga', 'not-authorised', 'does not act for'],
    ['somebody whose key nobody registered', 'sven', 'not-authorised', 'approver or admin'],
  ];
  test.each(cases)('not %s', async (_, who, kind, words) => {
    const desk = await openDesk();
    const models = ['H200-SXM-141GB'];
    const asked = await asks(desk, 'agent-key-1', wish({ tenant: 'initech-bank', models, where: ['ams2'] }));
    expect(asked).toMatchObject({ decision: 'pending_approval' });
    const caller = who === 'agent' ? agent() : person(who);
    const signer = signerOf(who);
    const said = await desk.control.decideApproval(caller, {
      approval: asked.approval?.id ?? fail(),
      yes: true,
      signer,
    });
    expect(said).toMatchObject({ decision: 'rejected', refusal: { kind } });
    expect(said.refusal?.summary).toContain(words);
  });

  test('not through a tool, not with somebody else’s key, not with a key that was taken back', async () => {
    const desk = await openDesk();
    const { approval } = await asks(desk, 'agent-key-1');
    const word = { approval: approval?.id ?? fail(), yes: true };
    const { byHand: _byHand, ...assisted } = person('olga');
    expect(
      await desk.control.decideApproval(
        { ...assisted, client: 'mcp:ide' },
        { ...word, signer: signerOf('olga') },
      ),
    ).toMatchObject({
      refusal: { refusal: { kind: 'may-not-decide', why: 'not-by-hand' } },
    });
    for (const name of ['rita', 'nobody'])
      expect(
        await desk.control.decideApproval(person('olga'), { ...word, signer: signerOf(name) }),
      ).toMatchObject({
        refusal: { refusal: { kind: 'may-not-decide', why: 'signature' } },
      });
    const { publicKey } = signerOf('olga');
    const { principal } = person('olga');
    await desk.control.recordAuthority(operator, {
      command: { kind: 'revoke-key', principal, publicKey, reason: 'lost' },
    });
    expect(await approve(desk, 'A-3')).toMatchObject({ refusal: { refusal: { why: 'signature' } } });
    expect((await desk.control.contracts(operator, { limit: 9 })).total).toBe(5);
  });

  test('not who asked, nor in whose name, nor the sponsor of the agent above the limit', async () => {
    const desk = await openDesk();
    await give(desk, 'theo', ['requester', 'approver']);
    await give(desk, 'sven', ['approver', 'operator']);
    const inName = { ...agent(), onBehalfOf: person('theo').principal };
    const { approval } = await asks(desk, 'agent-key-1', wish({ nodes: 2 }), inName);
    expect(approval?.mayDecide.filter((name) => name.startsWith('person:'))).toEqual([
      'person:olga',
      'person:rita',
    ]);
    expect(await approve(desk, 'A-3', 'theo')).toMatchObject({ refusal: { refusal: { why: 'requester' } } });
    expect(await approve(desk, 'A-3', 'sven')).toMatchObject({ refusal: { refusal: { why: 'sponsor' } } });
    expect(await approve(desk, 'A-3', 'olga')).toMatchObject({ decision: 'done' });
  });

  test('the sponsor alone for something small', async () => {
    const desk = await openDesk();
    await give(desk, 'sven', ['approver', 'operator']);
    await asks(desk, 'agent-key-1', wish({ tenant: 'acme', gpus: 4, hours: 2 }));
    expect(await approve(desk, 'A-3', 'sven')).toMatchObject({ decision: 'done', contract: { gpuCount: 4 } });
  });

  test('two different persons for something large, and not the same one twice', async () => {
    const desk = await openDesk();
    await give(desk, 'sven', ['operator']);
    const places = {
      place: 'iad3',
      from: '2026-12-20T00:00:00Z',
      to: '2026-12-20T06:00:00Z',
      reason: 'power',
    };
    const asked = await desk.control.scheduleMaintenance(person('sven'), {
      ...places,
      idemKey: key('close-1'),
    });
    expect(asked).toMatchObject({
      decision: 'pending_approval',
      approval: { tier: 4, persons: 2, need: { blastGpus: 64 } },
    });
    await give(desk, 'carl', ['approver']);
    expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ decision: 'counted' });
    expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ decision: 'counted', replayed: true });
    expect((await desk.control.maintenance({ all: false })).windows).toEqual([]);
    expect(await approve(desk, 'A-3', 'carl')).toMatchObject({ decision: 'done' });
    expect((await desk.control.maintenance({ all: false })).windows).toHaveLength(1);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('one person with the keys of two counts once, whoever of them speaks first', async () => {
    const desk = await openDesk();
    await give(desk, 'sven', ['operator']);
    await give(desk, 'ada', ['admin', 'approver']);
    await give(desk, 'carl', ['approver']);
    const closing = {
      place: 'iad3',
      from: '2026-12-20T00:00:00Z',
      to: '2026-12-20T06:00:00Z',
      reason: 'power',
      idemKey: key('close-1'),
    };
    await desk.control.scheduleMaintenance(person('sven'), closing);
    const deaf = { refusal: { refusal: { kind: 'may-not-decide', why: 'key-of-another' } } };
    expect(await approve(desk, 'A-3', 'ada')).toMatchObject({ decision: 'counted' });
    expect(await approve(desk, 'A-3', 'carl')).toMatchObject(deaf);
    const second = {
      ...closing,
      from: '2026-12-22T00:00:00Z',
      to: '2026-12-22T06:00:00Z',
      idemKey: key('close-2'),
    };
    await desk.control.scheduleMaintenance(person('sven'), second);
    expect(await approve(desk, 'A-4', 'carl')).toMatchObject({ decision: 'counted' });
    expect(await approve(desk, 'A-4', 'ada')).toMatchObject(deaf);
    const own = { ...closing, place: 'ams2', idemKey: key('close-3') };
    await desk.control.scheduleMaintenance(person('ada'), own);
    expect(await approve(desk, 'A-5', 'carl')).toMatchObject(deaf);
    expect(await approve(desk, 'A-5', 'rita')).toMatchObject({ decision: 'done' });
  });
});

describe('a yes is to the world as it was, and asked again of the world as it is', () => {
  test('a stop of the agent in between holds', async () => {
    const desk = await openDesk();
    await asks(desk, 'agent-key-1');
    const target = { kind: 'principal' as const, id: 'agent:ops-bot' };
    await desk.control.recordAuthority(person('rita'), { command: { kind: 'stop', target, reason: 'odd' } });
    expect(await approve(desk, 'A-3')).toMatchObject({ refusal: { refusal: { kind: 'stopped', target } } });
  });

  test('a mandate that was taken back in between is gone', async () => {
    const desk = await openDesk();
    const { approval } = await asks(desk, 'agent-key-1');
    const mandate = approval?.mandate ?? fail();
    await desk.control.recordAuthority(operator, {
      command: { kind: 'revoke-mandate', mandate, reason: 'over' },
    });
    expect(await approve(desk, 'A-3')).toMatchObject({
      refusal: { refusal: { kind: 'outside-mandate', faults: [{ limit: 'revoked' }] } },
    });
  });

  test('a plan that was not held and is taken in between is stale, with a fresh one', async () => {
    const desk = await openDesk();
    const { approval } = await asks(desk, 'agent-key-1');
    await desk.control.dropHold(operator, { plan: approval?.plan ?? fail(), idemKey: key('drop-1') });
    await committed(desk, wish({ nodes: 1 }), 'other-1');
    const said = await approve(desk, 'A-3');
    expect(said).toMatchObject({ decision: 'rejected', refusal: { kind: 'plan-stale' } });
    expect((await desk.control.contract(operator, c106)).contract.gpuCount).toBe(8);
  });

  test('what is signed stands in the ledger', async () => {
    const desk = await openDesk();
    await asks(desk, 'agent-key-1');
    await approve(desk, 'A-3');
    const { seq } = await desk.control.head();
    const [entry] = await desk.ledger.read(seq - 1, 1);
    expect(entry?.command).toMatchObject({ kind: 'approve-plan', approval: 'A-3' });
    expect(canonicalJson(entry?.command)).toContain(signerOf('olga').publicKey);
  });
});

async function give(
  desk: Awaited<ReturnType<typeof openDesk>>,
  name: string,
  roles: ('admin' | 'approver' | 'operator' | 'requester')[],
) {
  const { principal: id } = person(name);
  const command = {
    kind: 'register-principal' as const,
    principal: { kind: 'person' as const, id, name, roles },
  };
  const ada = person('ada');
  await desk.control.recordAuthority(ada, { command });
  const { publicKey } = signerOf(name);
  await desk.control.recordAuthority(ada, {
    command: { kind: 'register-key', principal: id, publicKey },
  });
}

function fail(): never {
  throw new Error('there was to be one');
}

test('a change that waits names the operation that it goes on as, as a commit does', async () => {
  const desk = await openDesk();
  const { plan } = await desk.control.planChange(agent(), {
    contract: ContractId.parse('C-104'),
    change: { extendS: 30 * 86_400 },
  });
  const asked = await desk.control.commit(agent(), { plan: plan?.id ?? fail(), idemKey: key('change-1') });
  expect(asked).toMatchObject({
    decision: 'pending_approval',
    operation: 'A-3',
    approval: { id: 'A-3', action: 'change', contract: 'C-104' },
  });
});

describe('one approval whole', () => {
  test('has the plan that a yes would commit, the rules behind it and who they are', async () => {
    const desk = await openDesk();
    const { approval } = await asks(desk, 'agent-key-1');
    const id = approval?.id ?? fail();
    const detail = await desk.control.approval(person('olga'), id);
    expect(detail).toMatchObject({
      approval: { id, digest: approval?.digest },
      isClosed: false,
      plan: { id: approval?.plan, digest: approval?.digest, gpuCount: 16, policy: { answer: 'allowed' } },
    });
    expect(detail.asking).toContainEqual({
      rule: 'tier-3-agent-size',
      article: 'Berth: how much say people have',
      why: 'an agent moves 16 GPUs or more',
    });
    expect(detail.verdict?.map(({ site }) => site)).toContain('fra1');
    expect(detail.contract).toBeUndefined();
  });

  test('has the contract that it is about, as it stands', async () => {
    const desk = await openDesk();
    const { approval } = await desk.control.release(agent(), {
      contract: ContractId.parse('C-104'),
      idemKey: key('release-1'),
    });
    const detail = await desk.control.approval(person('olga'), approval?.id ?? fail());
    expect(detail).toMatchObject({ contract: { id: 'C-104' } });
    expect(detail.plan).toBeUndefined();
  });

  test('is not there for who may not act for its tenant', async () => {
    const desk = await openDesk();
    const { approval } = await asks(desk, 'agent-key-1');
    const id = approval?.id ?? fail();
    const seen = desk.control.approval(limitedTo('acme'), id);
    await expect(seen).rejects.toMatchObject({ detail: { code: 'NOT_FOUND' } });
    await expect(desk.control.approval(limitedTo('globex'), id)).resolves.toMatchObject({ approval: { id } });
  });

  test('is decided only as it was shown', async () => {
    const desk = await openDesk();
    const { approval } = await asks(desk, 'agent-key-1');
    const word = { approval: approval?.id ?? fail(), yes: true, signer: signerOf('olga') };
    const { seq } = await desk.control.head();
    await expect(
      desk.control.decideApproval(person('olga'), { ...word, digest: otherDigest }),
    ).rejects.toMatchObject({ detail: { code: 'APPROVAL_DENIED' } });
    expect((await desk.control.head()).seq).toBe(seq);
    const digest = approval?.digest ?? fail();
    expect(await desk.control.decideApproval(person('olga'), { ...word, digest })).toMatchObject({
      decision: 'done',
    });
  });
});
