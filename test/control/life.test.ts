import { describe, expect, test } from 'vitest';

import { ContractId, MaintenanceId } from '../../src/model/id.ts';
import {
  committed,
  key,
  limitedTo,
  type Desk,
  nowMs,
  openDesk,
  operator,
  planned,
  rejection,
  thePlan,
  wish,
} from './desk.ts';

const hourMs = 3_600_000;
const c106 = ContractId.parse('C-106');
const theirs = limitedTo('acme');

async function verified({ control }: Desk) {
  const { ok, checks } = await control.verify();
  return { ok, failed: checks.filter((check) => !check.ok) };
}

describe('a plan that is held', () => {
  test('is held once for one key, until the lease ends, and is in the record', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish());
    const request = { plan: id, leaseS: 7200, idemKey: key('hold-1') };
    const held = await desk.control.hold(operator, request);
    expect(held).toMatchObject({ decision: 'held', replayed: false, lease: { untilMs: nowMs + 2 * hourMs } });
    expect(await desk.control.hold(operator, request)).toMatchObject({ replayed: true, entry: held.entry });
    expect(await rejection(desk.control.hold(operator, { ...request, leaseS: 60 }))).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    const nodes = async () =>
      (
        await desk.control.searchNodes(operator, {
          within: 'r12',
          minFreeGpus: 8,
          limit: 50,
          fromMs: nowMs + 24 * hourMs,
        })
      ).total;
    const during = await nodes();
    desk.clock.atMs = nowMs + 2 * hourMs;
    expect(await nodes()).toBe(during + 1);
    expect(await verified(desk)).toEqual({ ok: true, failed: [] });
  });

  test('is another’s business to nobody, and is not named to them', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish({ nodes: 2 }));
    const mine = await planned(desk, wish({ tenant: 'acme', nodes: 2 }), theirs);
    await desk.control.hold(operator, { plan: id, leaseS: 7200, idemKey: key('hold-1') });
    expect(
      await rejection(desk.control.hold(theirs, { plan: id, leaseS: 60, idemKey: key('hold-2') })),
    ).toMatchObject({
      code: 'NOT_FOUND',
    });
    const refused = await desk.control.commit(theirs, { plan: mine.id, idemKey: key('commit-1') });
    expect(refused.refusal?.summary).toContain('another held plan');
    expect(JSON.stringify(refused)).not.toContain(id);
    const open = await desk.control.commit(operator, { plan: mine.id, idemKey: key('commit-2') });
    expect(open.refusal?.summary).toContain(id);
  });

  test('is free again when it is dropped', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish({ nodes: 2 }));
    await desk.control.hold(operator, { plan: id, leaseS: 7200, idemKey: key('hold-1') });
    expect((await desk.control.plan(operator, wish({ nodes: 2 }))).decision).toBe('rejected');
    const dropped = await desk.control.dropHold(operator, { plan: id, idemKey: key('drop-1') });
    expect(dropped).toMatchObject({ decision: 'dropped', replayed: false });
    expect((await desk.control.plan(operator, wish({ nodes: 2 }))).decision).toBe('planned');
    expect(await desk.control.dropHold(operator, { plan: id, idemKey: key('drop-2') })).toMatchObject({
      decision: 'rejected',
      refusal: { kind: 'not-held' },
    });
    expect(await verified(desk)).toEqual({ ok: true, failed: [] });
  });
});

describe('the list of plans that are held', () => {
  test('names each with its end and its tenant, to whom it concerns, until it ends or is dropped', async () => {
    const desk = await openDesk();
    const mine = await planned(desk, wish({ tenant: 'acme' }), theirs);
    const hold = async (plan: typeof mine.id, leaseS: number) =>
      desk.control.hold(operator, { plan, leaseS, idemKey: key(`hold-${leaseS}`) });
    const plans = async (caller = operator) =>
      (await desk.control.leases(caller)).leases.map(({ plan }) => plan);
    expect(await plans()).toEqual([]);
    await hold(mine.id, 7200);
    const { id } = await planned(desk, wish());
    await hold(id, 3600);
    expect(await plans()).toEqual([id, mine.id]);
    expect(await plans(theirs)).toEqual([mine.id]);
    expect((await desk.control.leases(operator)).leases[0]).toMatchObject({
      gpuCount: 8,
      untilMs: nowMs + hourMs,
      heldBy: operator.principal,
    });
    await desk.control.dropHold(operator, { plan: mine.id, idemKey: key('drop-1') });
    expect(await plans()).toEqual([id]);
    desk.clock.atMs = nowMs + hourMs;
    expect(await plans()).toEqual([]);
  });

  test('a change that is held says which contract it changes', async () => {
    const desk = await openDesk();
    await committed(desk, wish(), 'make-1');
    const plan = thePlan(
      await desk.control.planChange(operator, { contract: c106, change: { extendS: 86_400 } }),
    );
    await desk.control.hold(operator, { plan: plan.id, leaseS: 3600, idemKey: key('hold-1') });
    const { leases } = await desk.control.leases(operator);
    expect(leases).toMatchObject([{ plan: plan.id, changes: 'C-106' }]);
    expect(await desk.control.commit(operator, { plan: plan.id, idemKey: key('commit-1') })).toMatchObject({
      decision: 'changed',
    });
    expect((await desk.control.leases(operator)).leases).toEqual([]);
    expect(await verified(desk)).toEqual({ ok: true, failed: [] });
  });
});

describe('a contract that is changed', () => {
  test('is committed like any plan, once, and every version verifies', async () => {
    const desk = await openDesk();
    await committed(desk, wish({ start: '2026-11-25T09:00:00Z' }), 'make-1');
    const change = { extendS: 86_400, replicas: { train: 2 } };
    const plan = thePlan(await desk.control.planChange(operator, { contract: c106, change }));
    expect(plan.changes).toEqual({
      contract: 'C-106',
      version: 1,
      summary: '1 stays, 1 is added',
      moves: [],
    });
    const commit = { plan: plan.id, idemKey: key('change-1') };
    const changed = await desk.control.commit(operator, commit);
    expect(changed).toMatchObject({
      decision: 'changed',
      contract: { id: 'C-106', version: 2, gpuCount: 16 },
    });
    expect(await desk.control.commit(operator, commit)).toMatchObject({
      replayed: true,
      decision: 'changed',
    });
    const { entries } = await desk.control.contract(operator, c106);
    expect(entries.map(({ what }) => what)).toEqual(['contract-granted', 'contract-changed']);
    expect(await verified(desk)).toEqual({ ok: true, failed: [] });
  });

  test('shows what moves, and a fresh plan to who comes late', async () => {
    const desk = await openDesk();
    await committed(desk, wish({ start: '2026-11-25T09:00:00Z' }), 'make-1');
    const avoid = ['fra1-r12-n03'];
    const plan = thePlan(await desk.control.planChange(operator, { contract: c106, change: { avoid } }));
    expect(plan.changes?.moves).toEqual([
      { part: 'train', replica: 0, from: 'fra1/h1/r12/n03', to: 'fra1/h1/r12/n04' },
    ]);
    desk.clock.atMs = nowMs + hourMs / 2;
    const late = await desk.control.commit(operator, { plan: plan.id, idemKey: key('change-1') });
    expect(late).toMatchObject({ decision: 'rejected', refusal: { kind: 'plan-stale' } });
    expect(late.freshPlan).toMatchObject({ startMs: desk.clock.atMs, endMs: plan.endMs });
    const fresh = { plan: late.freshPlan?.id ?? plan.id, idemKey: key('change-2') };
    expect((await desk.control.commit(operator, fresh)).decision).toBe('changed');
    expect(await verified(desk)).toEqual({ ok: true, failed: [] });
  });

  test.each([
    ['nothing', {}, 'no change was said'],
    ['two ends', { until: '2026-12-24T00:00:00Z', openEnded: true as const }, 'more than one end'],
    ['a part that it has not', { replicas: { eval: 2 } }, 'there is no part `eval`'],
    ['a place that nobody knows', { avoid: ['nowhere'] }, 'no place is called'],
    ['another tenant', { demand: wish({ tenant: 'acme' }) }, 'belongs to `globex`'],
    ['an end beyond all time', { extendS: 315_360_000 * 20 }, 'after 2199'],
  ])('for %s is an error that says so', async (_, change, message) => {
    const desk = await openDesk();
    await committed(desk, wish(), 'make-1');
    const error = await rejection(desk.control.planChange(operator, { contract: c106, change }));
    expect(error.message).toContain(message);
  });

  test('is not there for other tenants', async () => {
    const desk = await openDesk();
    await committed(desk, wish(), 'make-1');
    const asked = desk.control.planChange(theirs, { contract: c106, change: { openEnded: true } });
    expect(await rejection(asked)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a maintenance window', () => {
  const window = {
    place: 'edge-muc',
    from: '2026-11-27T00:00:00Z',
    to: '2026-11-27T06:00:00Z',
    reason: 'firmware',
  };

  test('is scheduled once, listed, cancelled, and verifies', async () => {
    const desk = await openDesk();
    const first = await desk.control.scheduleMaintenance(operator, { ...window, idemKey: key('close-1') });
    expect(first).toMatchObject({
      decision: 'scheduled',
      window: { id: 'MW-1', nodeCount: 2, state: 'planned' },
    });
    expect(
      await desk.control.scheduleMaintenance(operator, { ...window, idemKey: key('close-1') }),
    ).toMatchObject({
      replayed: true,
    });
    desk.clock.atMs = Date.parse('2026-11-27T01:00:00Z');
    const ids = async (all: boolean) =>
      (await desk.control.maintenance({ all })).windows.map(({ id, state }) => `${id} ${state}`);
    expect(await ids(false)).toEqual(['MW-1 running']);
    const cancel = { id: MaintenanceId.parse('MW-1'), idemKey: key('open-1') };
    expect(await desk.control.cancelMaintenance(operator, cancel)).toMatchObject({ decision: 'cancelled' });
    expect([await ids(false), await ids(true)]).toEqual([[], ['MW-1 cancelled']]);
    expect(await verified(desk)).toEqual({ ok: true, failed: [] });
  });

  test('is refused with who is in the way, and is the operator’s', async () => {
    const desk = await openDesk();
    const refused = await desk.control.scheduleMaintenance(operator, {
      ...window,
      place: 'r12',
      idemKey: key('close-1'),
    });
    expect(refused).toMatchObject({ decision: 'rejected', refusal: { kind: 'place-in-use' } });
    expect(refused.refusal?.summary).toContain('C-102');
    const asked = desk.control.scheduleMaintenance(theirs, { ...window, idemKey: key('close-2') });
    expect(await rejection(asked)).toMatchObject({ code: 'FORBIDDEN' });
  });
});
