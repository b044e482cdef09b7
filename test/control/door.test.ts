import { expect, test } from 'vitest';

import { ContractId, PlanId, PrincipalId } from '../../src/model/id.ts';
import { Tenant } from '../../src/model/tenant.ts';
import {
  committed,
  key,
  lastEntry,
  nodesOf,
  nowMs,
  openDesk,
  operator,
  planned,
  rejection,
  retold,
  thePlan,
  wish,
} from './desk.ts';

const hourMs = 3_600_000;

test('a plan appends nothing, a commit appends exactly one entry, and so does a release', async () => {
  const desk = await openDesk();
  const before = await desk.control.head();
  const plan = await planned(desk, wish());
  expect(await desk.control.head()).toEqual(before);

  const change = await desk.control.commit(operator, { plan: plan.id, idemKey: key('key-one') });
  expect(change).toMatchObject({ decision: 'committed', replayed: false, contract: { id: 'C-106' } });
  const [entry, ...more] = await desk.ledger.read(before.seq, 10);
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    ...change.entry,
    tenant: 'globex',
    command: { kind: 'commit-plan', plan: plan.id, planDigest: plan.digest },
    events: [{ kind: 'contract-granted', contract: 'C-106' }],
  });

  const contract = ContractId.parse('C-106');
  const release = await desk.control.release(operator, { contract, idemKey: key('key-two') });
  expect(release).toMatchObject({ decision: 'released', contract: { state: 'released', version: 2 } });
  expect((await desk.control.head()).seq).toBe(before.seq + 2);
});

test('a demand that cannot be met appends nothing and keeps nothing', async () => {
  const desk = await openDesk();
  const before = await desk.control.head();
  const result = await desk.control.plan(operator, wish({ nodes: 3 }));
  expect(result).toMatchObject({ decision: 'rejected', refusal: { kind: 'no-capacity' } });
  expect(await desk.control.head()).toEqual(before);
});

test('the same key and request gets the stored answer, also after the contract has ended', async () => {
  const desk = await openDesk();
  const { id } = await planned(desk, wish());
  const request = { plan: id, idemKey: key('key-one'), purpose: 'retry me' };
  const first = await desk.control.commit(operator, request);
  const head = await desk.control.head();
  const again = await desk.control.commit(operator, request);
  expect(again).toMatchObject({ decision: 'committed', replayed: true, entry: first.entry });
  expect(again.contract).toEqual(first.contract);
  expect(await desk.control.head()).toEqual(head);

  const contract = ContractId.parse('C-106');
  const release = { contract, idemKey: key('key-two'), reason: 'done' };
  await desk.control.release(operator, release);
  expect(await desk.control.release(operator, release)).toMatchObject({
    decision: 'released',
    replayed: true,
  });
  desk.clock.atMs += 2 * hourMs; // The plan has expired by now; the answer stands all the same.
  expect(await desk.control.commit(operator, request)).toMatchObject({
    replayed: true,
    contract: { state: 'released' },
  });
});

test('the same key and another request is a conflict, whichever request comes second', async () => {
  const desk = await openDesk();
  const one = await planned(desk, wish());
  const other = await planned(desk, wish({ where: ['iad3'] }));
  const idemKey = key('key-one');
  await desk.control.commit(operator, { plan: one.id, idemKey });
  const head = await desk.control.head();
  const contract = ContractId.parse('C-106');
  const requests = [
    desk.control.commit(operator, { plan: other.id, idemKey }),
    desk.control.commit(operator, { plan: one.id, idemKey, purpose: 'another' }),
    desk.control.release(operator, { contract, idemKey }),
  ];
  for (const request of requests)
    expect(await rejection(request)).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      field: 'idempotencyKey',
      retryable: false,
    });
  expect(await desk.control.head()).toEqual(head);
});

test('somebody else may use the same key', async () => {
  const desk = await openDesk();
  await committed(desk, wish(), 'key-one');
  const bob = { ...operator, principal: PrincipalId.parse('person:bob') };
  const change = await committed(desk, wish({ where: ['iad3'] }), 'key-one', bob);
  expect(change).toMatchObject({ decision: 'committed', replayed: false, contract: { id: 'C-107' } });
});

test('a plan that a commit takes the devices of is stale, says why, and comes with a fresh one that fits', async () => {
  const desk = await openDesk();
  const first = await planned(desk, wish());
  const second = await planned(desk, wish({ tenant: 'acme' }));
  expect(nodesOf(second)).toEqual(nodesOf(first));
  await desk.control.commit(operator, { plan: first.id, idemKey: key('key-one') });
  const head = await desk.control.head();

  const stale = await desk.control.commit(operator, { plan: second.id, idemKey: key('key-two') });
  expect(stale).toMatchObject({ decision: 'rejected', replayed: false, refusal: { kind: 'plan-stale' } });
  expect(stale.refusal?.summary).toContain(`${nodesOf(first)[0] ?? ''}/gpu0 is held by C-106`);
  expect(await desk.control.head()).toEqual(head);

  const fresh = stale.freshPlan;
  expect(nodesOf(fresh)).toHaveLength(1);
  expect(nodesOf(fresh)).not.toEqual(nodesOf(first));
  const id = PlanId.parse(fresh?.id);
  expect(await desk.control.commit(operator, { plan: id, idemKey: key('key-two') })).toMatchObject({
    decision: 'committed',
    contract: { id: 'C-107', planDigest: fresh?.digest },
  });
});

test('a stale plan comes without a fresh one where nothing fits any more', async () => {
  const desk = await openDesk();
  const first = await planned(desk, wish({ nodes: 2 }));
  const second = await planned(desk, wish({ tenant: 'acme', nodes: 2 }));
  await desk.control.commit(operator, { plan: first.id, idemKey: key('key-one') });
  const stale = await desk.control.commit(operator, { plan: second.id, idemKey: key('key-two') });
  expect(stale).toMatchObject({ decision: 'rejected', refusal: { kind: 'plan-stale' } });
  expect(stale.freshPlan).toBeUndefined();
});

test('a commit that takes nothing of a plan leaves it committable', async () => {
  const desk = await openDesk();
  const mine = await planned(desk, wish());
  await committed(desk, wish({ where: ['iad3'], nodes: 4 }), 'key-one');
  await committed(desk, wish({ start: '2026-12-03T00:00:00Z' }), 'key-two');
  expect(await desk.control.commit(operator, { plan: mine.id, idemKey: key('key-three') })).toMatchObject({
    decision: 'committed',
    contract: { id: 'C-108', plan: mine.id, planDigest: mine.digest },
  });
});

test('a plan is committed once, under whichever key', async () => {
  const desk = await openDesk();
  const { id } = await planned(desk, wish());
  await desk.control.commit(operator, { plan: id, idemKey: key('key-one') });
  const again = await desk.control.commit(operator, { plan: id, idemKey: key('key-two') });
  expect(again).toMatchObject({ decision: 'rejected', refusal: { kind: 'plan-stale' } });
  expect(again.refusal?.summary).toContain('already committed as C-106');
});

test.each([
  [-1, 'committed', undefined],
  [0, 'rejected', 'plan-expired'],
])('a plan can be committed until it expires: %d ms from then it is %s', async (byMs, decision, kind) => {
  const desk = await openDesk();
  const plan = await planned(desk, wish());
  expect(plan.expiresAtMs).toBe(nowMs + hourMs);
  desk.clock.atMs = plan.expiresAtMs + byMs;
  const change = await desk.control.commit(operator, { plan: plan.id, idemKey: key('key-one') });
  expect({ decision: change.decision, kind: change.refusal?.kind }).toEqual({ decision, kind });
  expect(change.freshPlan === undefined).toBe(kind === undefined);
});

test('a contract is released once, at the version that was meant, and its capacity is free again', async () => {
  const desk = await openDesk();
  const contract = ContractId.parse('C-102');
  const freeInR12 = async () =>
    (await desk.control.searchNodes(operator, { within: 'r12', minFreeGpus: 8, limit: 50 })).total;
  expect(await freeInR12()).toBe(2);
  const head = await desk.control.head();

  const wrong = await desk.control.release(operator, {
    contract,
    idemKey: key('key-one'),
    expectedVersion: 7,
  });
  expect(wrong).toMatchObject({ decision: 'rejected', refusal: { kind: 'version-conflict' } });
  expect(wrong.refusal?.summary).toBe('contract C-102 is at version 1, not 7');
  expect(await desk.control.head()).toEqual(head);

  const right = { contract, idemKey: key('key-two'), expectedVersion: 1 };
  expect(await desk.control.release(operator, right)).toMatchObject({
    decision: 'released',
    contract: { releasedAt: '2026-11-25T10:00:00+01:00' },
  });
  expect(await freeInR12()).toBe(4);
  expect(await desk.control.release(operator, { contract, idemKey: key('key-three') })).toMatchObject({
    decision: 'rejected',
    refusal: {
      kind: 'contract-ended',
      summary: 'contract C-102 is released since 2026-11-25T10:00:00+01:00',
    },
  });
});

test('a contract whose end has passed cannot be released', async () => {
  const desk = await openDesk();
  desk.clock.atMs = Date.parse('2027-02-01T00:00:00Z');
  const change = await desk.control.release(operator, {
    contract: ContractId.parse('C-101'),
    idemKey: key('key-one'),
  });
  expect(change).toMatchObject({ decision: 'rejected', refusal: { kind: 'contract-ended' } });
  expect(change.refusal?.summary).toBe('contract C-101 is expired since 2026-12-04T00:00:00+01:00');
});

test('ids that nobody knows are said to be unknown', async () => {
  const { control } = await openDesk();
  const contract = ContractId.parse('C-999');
  const plan = PlanId.parse('plan-0000000000000000');
  const idemKey = key('key-one');
  for (const call of [
    control.contract(operator, contract),
    control.release(operator, { contract, idemKey }),
    control.explain(operator, { kind: 'contract', contract }),
    control.commit(operator, { plan, idemKey }),
    control.explain(operator, { kind: 'plan', plan }),
    control.contracts(operator, { within: 'fra1/h9', limit: 5 }),
    control.simulate(operator, { edits: [{ lose: ['nowhere'] }] }),
  ])
    expect(await rejection(call)).toMatchObject({ code: 'NOT_FOUND' });
});

test("the tenant's rules are asked again at the commit", async () => {
  const desk = await openDesk();
  const plan = await planned(desk, wish({ where: ['iad3'] }));
  const rules = { countries: ['DE'] };
  await desk.control.registerTenant(
    operator,
    Tenant.parse({ id: 'globex', name: 'Globex', zone: 'America/New_York', rules }),
  );
  const change = await desk.control.commit(operator, { plan: plan.id, idemKey: key('key-one') });
  expect(change).toMatchObject({ decision: 'rejected', refusal: { kind: 'plan-stale' } });
  expect(change.refusal?.summary).toContain('policy: iad3: forbidden');
  expect(change.freshPlan).toBeUndefined();
});

test('a price that has changed since makes the plan stale, and the fresh one has the new price', async () => {
  const desk = await openDesk();
  const plan = await planned(desk, wish());
  expect(plan.price.totalMicroEur).toBe(8 * 24 * 2_950_000);
  const gpuPrices = { 'H100-SXM-80GB': 3_000_000, 'A100-PCIE-40GB': 1_600_000 };
  await desk.control.importObservation(operator, retold({ fra1: { gpuPrices } }), false);
  const change = await desk.control.commit(operator, { plan: plan.id, idemKey: key('key-one') });
  expect(change).toMatchObject({ decision: 'rejected', refusal: { kind: 'plan-stale' } });
  expect(change.refusal?.summary).toContain('the price has changed');
  expect(change.freshPlan?.price.totalMicroEur).toBe(8 * 24 * 3_000_000);
});

test('a node that was cordoned since makes the plan stale, by name', async () => {
  const desk = await openDesk();
  const plan = await planned(desk, wish());
  const [node = ''] = nodesOf(plan);
  await desk.control.importObservation(operator, retold({ [node]: { schedulable: false } }), false);
  const change = await desk.control.commit(operator, { plan: plan.id, idemKey: key('key-one') });
  expect(change.refusal?.kind).toBe('plan-stale');
  expect(change.refusal?.summary).toContain(`\`train\` 0 on ${node}: the node is cordoned`);
  expect(nodesOf(change.freshPlan)).not.toContain(node);
});

test('facts that nobody has told are named, not guessed', async () => {
  const desk = await openDesk();
  const latency = { ...wish(), latencyMsByRegion: { 'ap-south': 40 } };
  for (const [demand, attribute] of [
    [latency, 'ap-south'],
    [wish({ rules: { regimes: ['hipaa'] } }), 'baaSigned'],
  ] as const) {
    const { refusal } = await desk.control.plan(operator, demand);
    expect(refusal?.kind).toBe('fact-missing');
    expect(refusal?.summary).toContain(attribute);
  }
});

function globexIn(...countries: readonly string[]): Tenant {
  return Tenant.parse({ id: 'globex', name: 'Globex', zone: 'UTC', rules: { countries } });
}

test('what was known once and replaced since can be said again', async () => {
  const desk = await openDesk();
  const seqs = [];
  for (const countries of [['DE'], ['DE', 'US'], ['DE'], ['DE']])
    seqs.push((await desk.control.registerTenant(operator, globexIn(...countries))).seq);
  expect(seqs).toEqual([1, 2, 3, 3].map((more) => lastEntry + more));
  expect(await desk.control.plan(operator, wish({ where: ['iad3'] }))).toMatchObject({
    refusal: { kind: 'policy-denied' },
  });

  const node = 'fra1/h1/r12/n03';
  const told = [
    retold({ [node]: { schedulable: false } }),
    retold({}),
    retold({ [node]: { schedulable: false } }),
  ];
  const entries = [];
  for (const observation of [...told, ...told.slice(2)])
    entries.push((await desk.control.importObservation(operator, observation, false)).entry?.seq);
  expect(entries).toEqual([4, 5, 6, 6].map((more) => lastEntry + more));
  const { nodes } = await desk.control.searchNodes(operator, { within: node, limit: 1 });
  expect(nodes).toMatchObject([{ schedulable: false }]);
  expect(await desk.control.verify()).toMatchObject({ ok: true, entries: lastEntry + 6 });
});

test('an import that is only tried changes nothing and says the same numbers', async () => {
  const desk = await openDesk();
  const told = retold({ 'fra1/h1/r12/n03': { schedulable: false } });
  const head = await desk.control.head();
  const dry = await desk.control.importObservation(operator, told, true);
  expect(await desk.control.head()).toEqual(head);
  const { dryRun, entry, snapshot, ...report } = await desk.control.importObservation(operator, told, false);
  expect({ dryRun, seq: entry?.seq, at: snapshot.seq }).toEqual({
    dryRun: false,
    seq: lastEntry + 1,
    at: lastEntry + 1,
  });
  expect(dry).toMatchObject({ ...report, dryRun: true, changed: 1 });
  expect(dry.entry).toBeUndefined();
});

test('money is exact to the micro-euro, and finer than that is refused', async () => {
  const { control } = await openDesk();
  const within = (totalEur: number) => control.plan(operator, { ...wish(), budget: { totalEur } });
  expect(thePlan(await within(566.4)).price.totalMicroEur).toBe(566_400_000);
  expect((await within(566.399999)).refusal).toMatchObject({
    kind: 'over-budget',
    refusal: { limitMicroEur: 566_399_999, lowestMicroEur: 566_400_000 },
  });
  for (const eur of [566.3999999, 1e-10, 0.0000001])
    expect(await rejection(within(eur))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'demand.budget.totalEur',
    });
});
