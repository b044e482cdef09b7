import { describe, expect, test } from 'vitest';

import { coreVersion } from '../../src/core/version.ts';
import { ContractId } from '../../src/model/id.ts';
import { kept } from '../ledger/kept.ts';
import { committed, key, limitedTo, openDesk, operator, rejection, wish } from './desk.ts';

const all = { limit: 200 };

/** Who looks, and what comes back, as entry numbers. */
async function seqs(
  desk: Awaited<ReturnType<typeof openDesk>>,
  filter: object,
  caller = operator,
): Promise<number[]> {
  const { entries } = await desk.control.audit(caller, { ...all, ...filter });
  return entries.map(({ seq }) => seq);
}

/** From one entry down to another. */
function down(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, i) => from - i);
}

describe('the audit of the demo world (1 to 7 tenants, fleet and facts, 11 to 22 authority, the rest contracts)', () => {
  test.each([
    ['everything, newest first', {}, down(26, 1)],
    ['of a tenant', { tenant: 'acme' }, [26, 25, 8, 1]],
    ['by an agent', { principal: 'agent:ops-bot' }, [25, 23]],
    ['for whom an agent acted', { principal: 'person:hank' }, [23, 9]],
    ['about a contract', { contract: ContractId.parse('C-104') }, [24]],
    ['from a time on', { fromMs: Date.parse('2026-11-13T09:05:00Z') }, down(26, 10)],
    ['before a time', { toMs: Date.parse('2026-11-13T09:05:00Z') }, down(9, 1)],
    ['of nobody', { principal: 'person:nobody' }, []],
  ])('%s', async (_, filter, expected) => {
    expect(await seqs(await openDesk(), filter)).toEqual(expected);
  });

  test('who acts for some tenants sees their entries and no others', async () => {
    const desk = await openDesk();
    expect(await seqs(desk, {}, limitedTo('acme'))).toEqual([26, 25, 8, 1]);
    expect(await seqs(desk, { tenant: 'globex' }, limitedTo('acme'))).toEqual([]);
    expect(await seqs(desk, { contract: ContractId.parse('C-104') }, limitedTo('acme'))).toEqual([]);
  });

  test('an entry says who, through what, why, and under which rule', async () => {
    const desk = await openDesk();
    const { entries } = await desk.control.audit(operator, { limit: 1, principal: 'agent:ops-bot' });
    expect(entries).toMatchObject([
      {
        seq: 25,
        at: '2026-11-20T16:21:00+01:00',
        actor: { principal: 'agent:ops-bot', onBehalfOf: 'person:mila', client: 'berth-init' },
        command: 'commit-plan',
        why: 'inference of the support model',
        decision: 'approval-requested',
        core: coreVersion,
      },
    ]);
    expect(entries[0]?.policy).toMatch(/^sha256:/);
  });

  test('rules that closed sites are counted', async () => {
    const desk = await openDesk();
    await committed(desk, wish({ tenant: 'acme' }), 'key-acme');
    const { entries } = await desk.control.audit(operator, { limit: 1 });
    expect(entries[0]?.rules.length).toBeGreaterThan(0);
    for (const rule of entries[0]?.rules ?? []) expect(['forbid', 'fact-missing']).toContain(rule.effect);
  });
});

describe('pages', () => {
  test('go on where the last one ended, also when entries came meanwhile', async () => {
    const desk = await openDesk();
    const first = await desk.control.audit(operator, { limit: 4 });
    await committed(desk, wish(), 'key-later');
    const seen = first.entries.map(({ seq }) => seq);
    for (let cursor = first.nextCursor; cursor !== undefined;) {
      const page = await desk.control.audit(operator, { limit: 4, cursor });
      seen.push(...page.entries.map(({ seq }) => seq));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(down(26, 1));
  });

  test('a cursor of another list is refused', async () => {
    const desk = await openDesk();
    expect(await rejection(desk.control.audit(operator, { limit: 4, cursor: 'at-4' }))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'cursor',
    });
  });
});

describe("somebody's words", () => {
  test('stand in the audit, and not in the entry', async () => {
    const desk = await told();
    const { entries } = await desk.control.audit(operator, { limit: 2 });
    expect(entries.map(({ why }) => why)).toEqual(['Bela is ill', 'for the thesis of Bela']);
    expect(JSON.stringify(await desk.ledger.read(26, 2))).not.toContain('Bela');
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('the same words give other digests: nobody can try out what was said', async () => {
    const desk = await openDesk();
    const [one, two] = [
      await kept(desk.ledger, operator.principal, 'x'),
      await kept(desk.ledger, operator.principal, 'x'),
    ];
    expect(one).not.toBe(two);
    expect(await desk.ledger.readAside(one)).toBe('x');
  });

  test('a retry with other words is a conflict, as with any other request', async () => {
    const { control, request } = await told();
    expect(await control.commit(operator, request)).toMatchObject({ replayed: true });
    const detail = await rejection(control.commit(operator, { ...request, purpose: 'for Cleo' }));
    expect(detail.code).toBe('IDEMPOTENCY_CONFLICT');
  });

  test('are erased after a second look; verify passes and counts them', async () => {
    const desk = await told();
    const of = operator.principal;
    expect(await desk.control.erase(operator, { of })).toEqual({ of, count: 2, erased: false });
    expect((await rejection(desk.control.erase(operator, { of, confirm: 3 }))).field).toBe('confirm');
    expect(await desk.control.erase(operator, { of, confirm: 2 })).toMatchObject({ count: 2, erased: true });
    const { entries } = await desk.control.audit(operator, { limit: 3 });
    expect(entries.map(({ command, why, isErased }) => [command, why, isErased])).toEqual([
      ['erase-asides', undefined, undefined],
      ['release-contract', undefined, true],
      ['commit-plan', undefined, true],
    ]);
    const { ok, checks } = await desk.control.verify();
    expect(ok).toBe(true);
    expect(checks.find(({ check }) => check === 'words')?.note).toContain('2 were erased on record');
    expect(await desk.control.commit(operator, desk.request)).toMatchObject({ replayed: true });
  });

  test('that go missing without a record of it are noticed, and so are those that come back', async () => {
    const desk = await told();
    const of = operator.principal;
    await desk.ledger.eraseAsides(of);
    expect((await desk.control.verify()).checks.find(({ check }) => check === 'words')).toMatchObject({
      ok: false,
      firstBadSeq: 27,
    });
  });

  test('are erased by the operator only', async () => {
    const desk = await told();
    const detail = await rejection(
      desk.control.erase(limitedTo('globex'), { of: operator.principal, confirm: 2 }),
    );
    expect(detail.code).toBe('FORBIDDEN');
  });
});

function never(): never {
  throw new Error('there should be a plan');
}

async function told() {
  const desk = await openDesk();
  const { plan } = await desk.control.plan(operator, wish());
  const request = {
    plan: plan?.id ?? never(),
    idemKey: key('key-told'),
    purpose: 'for the thesis of Bela',
  };
  await desk.control.commit(operator, request);
  await desk.control.release(operator, {
    contract: ContractId.parse('C-106'),
    idemKey: key('key-done'),
    reason: 'Bela is ill',
  });
  return { ...desk, request };
}
