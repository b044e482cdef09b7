import { describe, expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import { EntryDraft } from '../../src/model/entry.ts';
import { ContractId, PrincipalId } from '../../src/model/id.ts';
import { PolicyQuestion } from '../../src/model/policy-view.ts';
import {
  committed,
  key,
  planned,
  type Desk,
  lastEntry,
  limitedTo,
  nowMs,
  openDesk,
  operator,
  rejection,
  wish,
} from './desk.ts';
import { forge } from './forge.ts';
import { agent } from './people.ts';

vi.setConfig({ testTimeout: 30_000 });

const bank = { tenant: 'initech-bank', classes: ['training'], sites: ['iad3'], setAside: ['dora'] };

const asked = ({ control }: Desk, question: object = bank, caller: Caller = operator) =>
  control.checkPolicy(caller, PolicyQuestion.parse(question));

async function entryAt({ ledger }: Desk, seq: number) {
  const [entry] = await ledger.read(seq - 1, 1);
  return entry;
}

async function headSeq({ control }: Desk): Promise<number> {
  return (await control.head()).seq;
}

describe('a wish that a rule were set aside', () => {
  test('is denied in an entry: who, through what, which rules stand, by which rules and facts', async () => {
    const desk = await openDesk();
    const caller: Caller = { ...agent(), model: 'some-model', tool: 'policy_check', onBehalfOf: mila };
    const { denial, policy, facts } = await asked(desk, bank, caller);
    const { sites } = await asked(desk, { tenant: bank.tenant, classes: bank.classes, sites: bank.sites });
    expect(denial).toMatchObject({ asked: ['dora'], entry: { seq: lastEntry + 1 } });
    expect(denial?.note).toContain('berth policy override RULE');
    const entry = await entryAt(desk, lastEntry + 1);
    expect(entry).toMatchObject({
      tenant: 'initech-bank',
      actor: { principal: 'agent:ops-bot', onBehalfOf: 'person:mila', model: 'some-model' },
      inputs: { policy, facts },
      command: { kind: 'waive-rules', rules: ['dora'], sites: ['iad3'] },
      events: [{ kind: 'waiver-denied' }],
    });
    const decision = entry?.decision;
    if (decision?.kind !== 'refused' || decision.refusal.kind !== 'rules-stand') throw new Error('no denial');
    const { rules, open } = decision.refusal;
    expect(rules.map(({ rule }) => rule)).toEqual(sites[0]?.hits.map(({ rule }) => rule));
    expect(
      rules.every(({ article, fix, sites: [site] }) => article !== '' && fix !== '' && site === 'iad3'),
    ).toBe(true);
    expect(rules).toContainEqual(
      expect.objectContaining({ rule: 'dora-28-exit-plan', article: 'DORA Art. 28(8)' }),
    );
    expect(open).toEqual([]);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('names the sites that are lawful, and `berth audit` the articles', async () => {
    const desk = await openDesk();
    const { sites: _sites, ...anywhere } = bank;
    await asked(desk, anywhere);
    const { entries } = await desk.control.audit(operator, { limit: 1 });
    expect(entries).toMatchObject([{ seq: lastEntry + 1, command: 'waive-rules', decision: 'refused' }]);
    expect(entries[0]?.refusal).toMatch(
      /^asking sets no rule aside, and dora was asked: .*DORA Art\. 28\(8\)/,
    );
    expect(entries[0]?.rules).toContainEqual({
      rule: 'gdpr-44-eea',
      article: 'GDPR Art. 44, 45',
      effect: 'forbid',
      sites: 1,
    });
  });

  test('is recorded too when no tenant is named, and then no site is open or closed', async () => {
    const desk = await openDesk();
    const check = await asked(desk, { setAside: ['approvals'] });
    expect(check).toMatchObject({ subject: 'nobody in particular', sites: [], denial: { entry: {} } });
    expect((await entryAt(desk, lastEntry + 1))?.tenant).toBeUndefined();
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('about a contract says what it holds, and not what for', async () => {
    const desk = await openDesk();
    await committed(desk, { ...wish(), purpose: 'for Mila Beck' }, 'with-purpose');
    await asked(desk, { contract: ContractId.parse('C-106'), setAside: ['gdpr'] });
    const entry = await entryAt(desk, lastEntry + 2);
    expect(entry).toMatchObject({ tenant: 'globex', command: { kind: 'waive-rules' } });
    expect(JSON.stringify(entry)).not.toContain('Mila Beck');
  });

  test('changes nothing but the record: plans that were made before still hold', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish());
    await asked(desk);
    const done = await desk.control.commit(operator, { plan: id, idemKey: key('before-it') });
    expect(done.decision).toBe('committed');
  });

  test.each([
    ['an agent without a mandate', agent('new')],
    ['somebody the ledger does not know', { ...operator, principal: PrincipalId.parse('person:nobody') }],
    ['an agent that was stopped', agent()],
  ])('is recorded of %s', async (who, caller) => {
    const desk = await openDesk();
    if (who.includes('stopped'))
      await desk.control.recordAuthority(
        { ...operator, principal: PrincipalId.parse('person:olga'), byHand: true },
        { command: { kind: 'stop', target: { kind: 'principal', id: 'agent:ops-bot' }, reason: 'odd' } },
      );
    const before = await headSeq(desk);
    const { denial } = await asked(desk, bank, caller);
    expect(denial?.entry?.seq).toBe(before + 1);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('for a tenant that is not one’s own is no answer and no entry', async () => {
    const desk = await openDesk();
    expect(await rejection(asked(desk, bank, limitedTo('acme')))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await headSeq(desk)).toBe(lastEntry);
  });
});

describe('the record of denials cannot be flooded', () => {
  test('the same wish is one entry in ten minutes, in whatever order it is asked', async () => {
    const desk = await openDesk();
    const first = await asked(desk, { ...bank, setAside: ['dora', 'gdpr'] });
    desk.clock.atMs = nowMs + 599_999;
    expect((await asked(desk, { ...bank, setAside: ['gdpr', 'dora'] })).denial?.entry).toEqual(
      first.denial?.entry,
    );
    desk.clock.atMs = nowMs + 600_000;
    expect((await asked(desk, { ...bank, setAside: ['gdpr', 'dora'] })).denial?.entry?.seq).toBe(
      lastEntry + 2,
    );
  });

  test('one principal gets ten in ten minutes; the answer stays no', async () => {
    const desk = await openDesk();
    for (let i = 0; i < 30; i++) await asked(desk, { ...bank, setAside: [`rule-${i}`] });
    expect(await headSeq(desk)).toBe(lastEntry + 10);
    const { denial } = await asked(desk, { ...bank, setAside: ['rule-99'] });
    expect(denial?.entry).toBeUndefined();
    expect(denial?.note).toMatch(/^denied, and not recorded again/);
    const other = await asked(desk, bank, { ...operator, principal: mila });
    expect(other.denial?.entry?.seq).toBe(lastEntry + 11);
  });

  test('all together get a hundred, under however many names', async () => {
    const desk = await openDesk();
    for (let i = 0; i < 120; i++)
      await asked(desk, bank, { ...operator, principal: PrincipalId.parse(`person:p${i}`) });
    expect(await headSeq(desk)).toBe(lastEntry + 100);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });
});

test('a ledger that takes no entry denies all the same, and says why it is not recorded', async () => {
  const desk = await openDesk();
  desk.clock.atMs = Number.NaN;
  const { denial } = await asked(desk);
  expect(denial?.entry).toBeUndefined();
  expect(denial?.note).toMatch(/^denied, but not recorded: /);
});

const mila = PrincipalId.parse('person:mila');

describe('a denial that was tampered with does not verify', () => {
  const tampered: readonly (readonly [string, (draft: EntryDraft) => object])[] = [
    ['with fewer rules', ({ decision }) => ({ decision: withRules(decision, []) })],
    ['without its event', () => ({ events: [] })],
    ['about other rules', ({ command }) => ({ command: { ...command, rules: ['c5'] } })],
  ];
  test.each(tampered)('%s', async (_, change) => {
    const desk = await openDesk();
    await asked(desk);
    await desk.ledger.close();
    const home = await forge(desk.home, (draft, { seq }) =>
      seq === lastEntry + 1 ? EntryDraft.parse({ ...draft, ...change(draft) }) : draft,
    );
    const { control } = await openDesk(home);
    const { ok, checks } = await control.verify();
    expect(ok).toBe(false);
    expect(checks.find(({ check }) => check === 'replay')).toMatchObject({
      ok: false,
      firstBadSeq: lastEntry + 1,
    });
  });

  test.each([
    ['with older reasons still stands', [], true],
    [
      'with an event that gives something does not',
      [{ kind: 'hold-dropped', plan: 'plan-0123456789abcdef' }],
      false,
    ],
  ])('one of an older core %s', async (_, more, ok) => {
    const desk = await openDesk();
    await asked(desk);
    await desk.ledger.close();
    const home = await forge(desk.home, (draft, { seq }) =>
      seq === lastEntry + 1
        ? EntryDraft.parse({
            ...draft,
            decision: withRules(draft.decision, []),
            events: [...draft.events, ...more],
            inputs: { ...draft.inputs, core: 'core/3' },
          })
        : draft,
    );
    const { control } = await openDesk(home);
    expect((await control.verify()).ok).toBe(ok);
  });
});

function withRules(decision: EntryDraft['decision'], rules: readonly object[]): object {
  if (decision.kind !== 'refused' || decision.refusal.kind !== 'rules-stand') throw new Error('no denial');
  return { ...decision, refusal: { ...decision.refusal, rules } };
}
