import { describe, expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import type { RunId } from '../../src/model/id.ts';
import { RunId as Id } from '../../src/model/id.ts';
import type { Note } from '../../src/model/run.ts';
import { dayMs } from '../../src/model/unit.ts';
import { type Desk, key, limitedTo, nowMs, openDesk, operator, planned, wish } from './desk.ts';
import { forge, verified } from './forge.ts';
import { person } from './people.ts';
import { begun, bot, freshKey, hire, m1, usualLimits } from './runs.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Four H100 for a day cost 283.20 EUR, and need nobody's yes. */
const fourGpus = { gpus: 4 };
const priceMicroEur = 283_200_000;

async function commit({ control }: Desk, caller: Caller, demand = wish(fourGpus)) {
  const { id } = await planned({ control }, demand, caller);
  return control.commit(caller, { plan: id, idemKey: key(`commit-${id}`) });
}

async function ofRun({ control }: Desk, run: RunId) {
  return (await control.run(operator, run)).run;
}

const line = (step: number, more: Partial<Note> = {}): Note => ({ step, saw: [], ...more });

describe('a run', () => {
  test('is begun under a mandate, and its deeds stand in it', async () => {
    const desk = await openDesk();
    const run = await begun(desk, { goal: 'four GPUs', spendMicroEur: priceMicroEur });
    const caller = { ...bot(), run };
    const done = await commit(desk, caller);
    expect(done.decision).toBe('committed');
    const entry = done.entry?.seq ?? 0;
    await desk.control.noteRun(caller, { run, note: line(1, { did: { result: 'done', entry } }) });
    await desk.control.endRun(caller, { run, why: 'done' });
    const { lines, run: view } = await desk.control.run(operator, run);
    expect(lines.map(({ kind }) => kind)).toEqual(['begun', 'deed', 'note', 'ended']);
    expect(lines[1]).toMatchObject({ entry, command: 'commit-plan', contract: 'C-106' });
    expect(view).toMatchObject({
      id: 'R-1',
      goal: 'four GPUs',
      by: 'person:sven',
      spentMicroEur: priceMicroEur,
      end: { why: 'done' },
    });
    expect((await desk.control.verify()).ok).toBe(true);
  });

  test('may spend its budget to the cent, and not a cent more', async () => {
    const desk = await openDesk();
    const exact = await begun(desk, { spendMicroEur: priceMicroEur });
    expect((await commit(desk, { ...bot(), run: exact })).decision).toBe('committed');
    const again = await commit(desk, { ...bot(), run: exact }, wish({ ...fourGpus, hours: 1 }));
    expect(again).toMatchObject({ decision: 'rejected', refusal: { kind: 'outside-mandate' } });
    const less = await begun(desk, { spendMicroEur: priceMicroEur - 10_000 });
    const refused = await commit(desk, { ...bot(), run: less });
    expect(refused.refusal?.summary).toContain('run-spend: asked 283200000, left 283190000 of 283190000');
    expect(await ofRun(desk, less)).toMatchObject({ spentMicroEur: 0, deeds: 1 });
  });

  test('counts of a change what it costs more than before', async () => {
    const desk = await openDesk();
    const first = await commit(desk, bot());
    const contract = first.contract?.id;
    if (contract === undefined) throw new Error('nothing was committed');
    const run = await begun(desk, { spendMicroEur: priceMicroEur });
    const caller = { ...bot(), run };
    const { plan } = await desk.control.planChange(caller, { contract, change: { extendS: 86_400 } });
    if (plan === undefined) throw new Error('no plan');
    const changed = await desk.control.commit(caller, { plan: plan.id, idemKey: freshKey() });
    expect(changed.decision).toBe('changed');
    expect(await ofRun(desk, run)).toMatchObject({ spentMicroEur: priceMicroEur });
  });

  test('spends also what still waits for a person', async () => {
    const desk = await openDesk();
    const run = await begun(desk, { spendMicroEur: 1_200_000_000 });
    const caller = { ...bot(), run };
    const big = wish({ nodes: 2 });
    expect((await commit(desk, caller, big)).decision).toBe('pending_approval');
    expect(await ofRun(desk, run)).toMatchObject({ spentMicroEur: 1_132_800_000 });
    const more = await commit(desk, caller, wish({ ...fourGpus, start: '2026-11-29T00:00:00Z' }));
    expect(more.refusal?.summary).toContain('run-spend');
  });

  test('what has no bound fits into no budget', async () => {
    const desk = await openDesk();
    const { mandate, caller } = await hire(desk, 'free', {
      tenants: [...(limitedTo('globex').tenants ?? [])],
    });
    const run = await begun(desk, { spendMicroEur: priceMicroEur }, { mandate, caller });
    const open = { ...wish(fourGpus), window: { earliestStart: '2026-11-26T00:00:00Z' } };
    const refused = await commit(desk, { ...caller, run }, open);
    expect(refused.refusal?.summary).toContain('run-spend: asked without a bound');
  });

  test('never has more or lasts longer than its mandate', async () => {
    const desk = await openDesk();
    const limits = {
      spendMicroEur: 500,
      expiresAtMs: nowMs + 3_600_000,
      tenants: limitedTo('globex').tenants ?? [],
    };
    const { mandate, caller } = await hire(desk, 'small', { ...limits, tenants: [...limits.tenants] });
    const run = await begun(desk, { spendMicroEur: 900 }, { mandate, caller });
    expect(await ofRun(desk, run)).toMatchObject({
      budgetMicroEur: 500,
      until: '2026-11-25T11:00:00+01:00',
    });
  });

  test('uses its own mandate only, whatever others its agent has', async () => {
    const desk = await openDesk();
    const tenants = [...(limitedTo('globex').tenants ?? [])];
    const { mandate, caller } = await hire(desk, 'two', { tenants, gpus: 2 });
    const wide = {
      agent: caller.principal,
      sponsor: person('sven').principal,
      tenants,
      tools: ['contract_commit'],
    };
    await desk.control.recordAuthority(person('ada'), {
      command: { kind: 'grant-mandate', wish: { ...wide, expiresAtMs: nowMs + dayMs } },
    });
    const run = await begun(desk, {}, { mandate, caller });
    expect((await commit(desk, { ...caller, run })).refusal?.summary).toContain('gpus: asked 4, left 2 of 2');
    expect((await commit(desk, caller)).decision).toBe('committed');
  });

  test('does no more than its steps', async () => {
    const desk = await openDesk();
    const run = await begun(desk, { steps: 1 });
    const caller = { ...bot(), run };
    expect((await commit(desk, caller)).decision).toBe('committed');
    const second = await commit(desk, caller, wish({ ...fourGpus, start: '2026-11-29T00:00:00Z' }));
    expect(second.refusal?.summary).toContain('run-steps: asked commit, left 0 of 1');
    expect(await desk.control.runBarrier(caller, m1)).toBe('steps');
  });

  test('does nothing once it has ended, or its time is over', async () => {
    const desk = await openDesk();
    const over = await begun(desk);
    await desk.control.endRun(bot(), { run: over, why: 'done' });
    expect((await commit(desk, { ...bot(), run: over })).refusal?.summary).toContain(
      'run: asked commit, left R-1 ended',
    );
    const late = await begun(desk);
    desk.clock.atMs = nowMs + dayMs;
    expect(await desk.control.runBarrier({ ...bot(), run: late }, m1)).toBe('time');
    const refused = await commit(
      desk,
      { ...bot(), run: late },
      wish({ ...fourGpus, start: '2026-11-29T00:00:00Z' }),
    );
    expect(refused.refusal?.summary).toContain('run-time');
  });

  test('of another agent, or of nobody, lends nothing', async () => {
    const desk = await openDesk();
    const run = await begun(desk);
    const { caller } = await hire(desk, 'thief', { tenants: [...(limitedTo('globex').tenants ?? [])] });
    for (const borrowed of [run, Id.parse('R-99')])
      expect((await commit(desk, { ...caller, run: borrowed })).refusal?.summary).toContain(
        'has begun no such run',
      );
    expect(await desk.control.noteRun(caller, { run, note: line(1) })).toMatchObject({
      decision: 'rejected',
    });
    expect(await desk.control.endRun(caller, { run, why: 'done' })).toMatchObject({ decision: 'rejected' });
  });
});

describe('a mandate or a stop in the middle of a run', () => {
  test('revoked between plan and commit: the deed is refused, and the run may only end', async () => {
    const desk = await openDesk();
    const run = await begun(desk);
    const caller = { ...bot(), run };
    const { id } = await planned(desk, wish(fourGpus), caller);
    const command = { kind: 'revoke-mandate', mandate: m1, reason: 'over' } as const;
    await desk.control.recordAuthority(person('ada'), { command });
    expect(await desk.control.runBarrier(caller, m1)).toBe('mandate');
    const refused = await desk.control.commit(caller, { plan: id, idemKey: freshKey() });
    expect(refused.refusal?.summary).toContain('revoked');
    expect(await desk.control.noteRun(caller, { run, note: line(1) })).toMatchObject({
      decision: 'recorded',
    });
    expect(await desk.control.endRun(caller, { run, why: 'mandate' })).toMatchObject({
      decision: 'recorded',
    });
    const limits = usualLimits;
    const next = await desk.control.beginRun(bot(), {
      mandate: m1,
      what: 'goal',
      limits,
      idemKey: freshKey(),
    });
    expect(next.refusal?.kind).toBe('outside-mandate');
  });

  test.each([
    ['the agent', { kind: 'principal', id: 'agent:ops-bot' } as const],
    ['the person behind it', { kind: 'principal', id: 'person:sven' } as const],
    ['its model', { kind: 'model', id: 'built-in' } as const],
  ])('%s is stopped between plan and commit', async (_, target) => {
    const desk = await openDesk();
    const run = await begun(desk);
    const caller = { ...bot(), run, model: 'built-in' };
    const { id } = await planned(desk, wish(fourGpus), caller);
    const before = await desk.control.contracts(operator, { limit: 200 });
    await desk.control.recordAuthority(person('ada'), { command: { kind: 'stop', target, reason: 'drill' } });
    expect(await desk.control.runBarrier(caller, m1)).toBe('stopped');
    const refused = await desk.control.commit(caller, { plan: id, idemKey: freshKey() });
    expect(refused.refusal?.kind).toBe('stopped');
    expect((await desk.control.contracts(operator, { limit: 200 })).total).toBe(before.total);
    expect(await desk.control.endRun(caller, { run, why: 'stopped' })).toMatchObject({
      decision: 'recorded',
    });
  });
});

function start(desk: Desk, caller: Caller) {
  return desk.control.beginRun(caller, {
    mandate: m1,
    what: 'goal',
    limits: usualLimits,
    idemKey: freshKey(),
  });
}

describe('who may begin a run', () => {
  test.each([
    ['its sponsor', bot('sven'), 'recorded'],
    ['the local operator of an open ledger', bot('ada'), 'recorded'],
    ['somebody who only asks', bot('ines'), 'rejected'],
    ['an approver', bot('olga'), 'rejected'],
    ['a person without the agent', person('sven'), 'rejected'],
  ])('%s', async (_, caller, decision) => {
    expect((await start(await openDesk(), caller)).decision).toBe(decision);
  });

  test('the agent itself', async () => {
    const { onBehalfOf: _onBehalfOf, ...alone } = bot();
    expect((await start(await openDesk(), alone)).decision).toBe('recorded');
  });

  test('a stranger in a closed ledger does not', async () => {
    const desk = await openDesk();
    const admin = { kind: 'person', id: person('ada').principal, name: 'Ada', roles: ['admin'] } as const;
    const principal = { ...admin, roles: [...admin.roles] };
    await desk.control.recordAuthority(person('ada'), { command: { kind: 'register-principal', principal } });
    expect((await start(desk, bot('nobody'))).decision).toBe('rejected');
    expect((await start(desk, bot('ada'))).decision).toBe('recorded');
  });

  test('as fast as its mandate allows', async () => {
    const desk = await openDesk();
    const said: string[] = [];
    for (let count = 0; count < 11; count++) said.push((await start(desk, bot())).decision);
    expect(said).toEqual([...Array.from({ length: 10 }, () => 'recorded'), 'rejected']);
  });

  test('with the same key it is the same run', async () => {
    const desk = await openDesk();
    const asked = { mandate: m1, what: 'goal', limits: usualLimits, goal: 'x', idemKey: freshKey() } as const;
    const first = await desk.control.beginRun(bot(), asked);
    desk.clock.atMs += 60_000;
    const later = { ...asked, limits: { ...usualLimits, untilMs: usualLimits.untilMs + 60_000 } };
    expect(await desk.control.beginRun(bot(), later)).toMatchObject({ run: first.run, replayed: true });
    await expect(desk.control.beginRun(bot(), { ...asked, goal: 'y' })).rejects.toThrow(
      'was used for another',
    );
  });
});

describe('the journal', () => {
  test('takes no deed that is not one of the run', async () => {
    const desk = await openDesk();
    const run = await begun(desk);
    const caller = { ...bot(), run };
    for (const entry of [8, 9999]) {
      const note = line(1, { did: { result: 'done', entry } });
      const written = await desk.control.noteRun(caller, { run, note });
      expect(written.refusal?.summary).toContain(`entry ${entry} is no deed of it`);
    }
  });

  test('is bounded by the steps of its run', async () => {
    const desk = await openDesk();
    const run = await begun(desk, { steps: 1 });
    const said: string[] = [];
    for (let step = 1; step <= 12; step++)
      said.push((await desk.control.noteRun(bot(), { run, note: line(step) })).decision);
    expect(said.filter((decision) => decision === 'recorded')).toHaveLength(10);
  });

  test('keeps the goal where it can be erased', async () => {
    const desk = await openDesk();
    const run = await begun(desk, { goal: 'what sven wants' });
    expect((await ofRun(desk, run)).goal).toBe('what sven wants');
    const of = person('sven').principal;
    const { count } = await desk.control.erase(operator, { of });
    await desk.control.erase(operator, { of, confirm: count });
    expect((await ofRun(desk, run)).goal).toBe('(erased)');
    expect((await desk.control.verify()).ok).toBe(true);
  });

  test('is not shown to whoever may not see all tenants of its mandate', async () => {
    const desk = await openDesk();
    const run = await begun(desk);
    expect((await desk.control.runs(limitedTo('acme'), { limit: 10 })).total).toBe(0);
    await expect(desk.control.run(limitedTo('acme'), run)).rejects.toThrow('no run');
    expect((await desk.control.runs(operator, { limit: 10 })).total).toBe(1);
  });

  test('that was changed afterwards is found out', async () => {
    const desk = await openDesk();
    const run = await begun(desk);
    await desk.control.noteRun(bot(), { run, note: line(1) });
    await desk.control.endRun(bot(), { run, why: 'done' });
    const forged = await forge(desk.home, (draft) =>
      draft.command.kind === 'end-run' ? { ...draft, command: { ...draft.command, why: 'refused' } } : draft,
    );
    const { ok, checks } = await verified(forged);
    expect(ok).toBe(false);
    expect(checks.find(({ check }) => check === 'replay')?.ok).toBe(false);
  });
});
