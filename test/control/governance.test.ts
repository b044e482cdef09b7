import { createHash, createPrivateKey, sign } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { createControl } from '../../src/control/create.ts';
import { demoSeal } from '../../src/control/demo-key.ts';
import type { EngineSource } from '../../src/control/second-opinion.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import { factBody, GovernanceFact } from '../../src/model/governance-fact.ts';
import { OverrideId, PrincipalId } from '../../src/model/id.ts';
import { overrideBody, OverrideWish } from '../../src/model/override.ts';
import { PolicyQuestion } from '../../src/model/policy-view.ts';
import { builtInPacks } from '../../src/policy/built-in.ts';
import { key, lastEntry, limitedTo, nowMs, openDesk, operator, planned, rejection, wish } from './desk.ts';
import { entriesAt, forge } from './forge.ts';

const bank = { tenant: 'initech-bank', models: ['H200-SXM-141GB'], where: ['ams2'], nodes: 1, hours: 24 };
const outsourcing = 'agreement:initech-bank@polderstroom-datacenters-b-v';
const rita = PrincipalId.parse('person:rita');

function fact(subject: string, attribute: string, value: unknown, changes: object = {}): GovernanceFact {
  return GovernanceFact.parse({
    subject,
    attribute,
    value,
    assertedBy: 'an auditor',
    evidence: `sha256:${'b'.repeat(64)}`,
    assertedAtMs: nowMs - 1000,
    expiresAtMs: nowMs + 400 * 86_400_000,
    ...changes,
  });
}

function signed(unsigned: GovernanceFact, by = rita): GovernanceFact {
  return { ...unsigned, signed: demoSeal(by, factBody(unsigned)) };
}

describe('recorded facts', () => {
  test('open and close sites from their entry on, and a retracted one counts as missing', async () => {
    const desk = await openDesk();
    expect((await desk.control.plan(operator, wish(bank))).decision).toBe('planned');
    const { decision, entry } = await desk.control.recordFacts(operator, {
      facts: [fact(outsourcing, 'agreedRegions', ['FR'])],
      idemKey: key('fact-1'),
    });
    expect([decision, entry?.seq]).toEqual(['recorded', lastEntry + 1]);
    expect((await desk.control.plan(operator, wish(bank))).refusal).toMatchObject({
      kind: 'policy-denied',
      refusal: { hits: [{ rule: 'dora-30-agreed-regions' }] },
    });
    await desk.control.retractFact(operator, {
      subject: fact(outsourcing, 'agreedRegions', ['FR']).subject,
      attribute: 'agreedRegions',
      reason: 'typing error',
      idemKey: key('fact-2'),
    });
    expect((await desk.control.plan(operator, wish(bank))).refusal?.kind).toBe('fact-missing');
    expect(await desk.control.verify()).toMatchObject({ ok: true, entries: lastEntry + 2 });
  });

  test('a plan that was made before a fact changed is stale, and both are made again by verify', async () => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish(bank));
    await desk.control.recordFacts(operator, {
      facts: [fact(outsourcing, 'dpaSigned', false)],
      idemKey: key('fact-1'),
    });
    const change = await desk.control.commit(operator, { plan: id, idemKey: key('commit-1') });
    expect(change.refusal).toMatchObject({ kind: 'plan-stale' });
    expect(change.refusal?.summary).toContain('ams2: forbidden');
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  const criticalFunction = fact('tenant:initech-bank', 'criticalFunction', false);
  const cases: readonly (readonly [string, GovernanceFact, string])[] = [
    ['a conclusion of law without a signature', criticalFunction, 'is signed by the person'],
    [
      'one that somebody signed whose key nobody has registered',
      signed(criticalFunction, PrincipalId.parse('person:bea')),
      'signature is not of',
    ],
    [
      'one whose value was changed after signing',
      { ...signed(criticalFunction), value: true },
      'signature is not of',
    ],
    [
      'one that names another signer',
      {
        ...criticalFunction,
        signed: { ...demoSeal(rita, factBody(criticalFunction)), by: PrincipalId.parse('person:olga') },
      },
      'signature is not of',
    ],
    ['a fact that is none', fact('tenant:initech-bank', 'isNice', true), 'there is no fact'],
    ['a fact about the wrong kind of thing', fact('site:ams2', 'dpaSigned', true), 'is a fact about'],
    ['a fact of the wrong form', fact(outsourcing, 'agreedRegions', ['Netherlands']), 'a list of countries'],
    ['a day that is none', fact(outsourcing, 'exitPlanTestedOn', 'yesterday'), 'a day such as'],
    ['a fact that has expired', fact(outsourcing, 'dpaSigned', true, { expiresAtMs: nowMs }), 'expired'],
    [
      'a fact of the future',
      fact(outsourcing, 'dpaSigned', true, { assertedAtMs: nowMs + 1 }),
      'in the future',
    ],
  ];
  test.each(cases)('%s is not recorded', async (_, wrong, words) => {
    const { control } = await openDesk();
    const result = await control.recordFacts(operator, {
      facts: [fact(outsourcing, 'dpaSigned', true), wrong],
      idemKey: key('fact-1'),
    });
    expect(result).toMatchObject({ decision: 'rejected', refusal: { kind: 'governance-refused' } });
    expect(result.refusal?.summary).toContain(words);
    expect((await control.head()).seq).toBe(lastEntry);
  });

  test('a signed conclusion of law is recorded and counts', async () => {
    const { control } = await openDesk();
    const result = await control.recordFacts(operator, {
      facts: [signed(criticalFunction)],
      idemKey: key('fact-1'),
    });
    expect(result.decision).toBe('recorded');
    const { facts } = await control.facts(operator, { about: 'tenant:initech' });
    expect(facts.find(({ attribute }) => attribute === 'criticalFunction')).toMatchObject({
      value: false,
      signedBy: 'person:rita',
    });
  });

  test('tenants record and see what is theirs; sites, providers and models are the operator’s', async () => {
    const { control } = await openDesk();
    const acme = limitedTo('acme');
    const record = (subject: string, attribute: string) =>
      control.recordFacts(acme, {
        facts: [fact(subject, attribute, true)],
        idemKey: key(`fact-${attribute}`),
      });
    expect((await record('agreement:acme@mainkern-rechenzentren-gmbh', 'dpaSigned')).decision).toBe(
      'recorded',
    );
    for (const [subject, attribute] of [
      [outsourcing, 'dpaSigned'],
      ['site:fra1', 'encryptedAtRest'],
      ['provider:mainkern-rechenzentren-gmbh', 'dpfCertified'],
    ] as const)
      expect(await rejection(record(subject, attribute))).toMatchObject({ code: 'FORBIDDEN' });
    const { facts } = await control.facts(acme, {});
    expect(facts.filter(({ subject }) => subject.includes('initech'))).toEqual([]);
    expect(facts.length).toBeGreaterThan(10);
  });
});

describe('overrides', () => {
  const ada = operator.principal;
  const asked = (changes: object = {}) =>
    OverrideWish.parse({
      rule: 'dora-29-operator-seat',
      tenant: 'initech-bank',
      site: 'iad3',
      reason: 'a test of the exit, agreed by the board',
      expiresAtMs: nowMs + 30 * 86_400_000,
      requestedBy: ada,
      ...changes,
    });
  const override = async (changes: object = {}, by = rita) => {
    const desk = await openDesk();
    const wanted = asked(changes);
    const second = demoSeal(by, overrideBody(wanted));
    const result = await desk.control.overrideRule(operator, {
      wish: wanted,
      second,
      idemKey: key('override-1'),
    });
    return { desk, result };
  };
  const question = PolicyQuestion.parse({ tenant: 'initech-bank', sites: ['iad3'] });

  test('set one rule aside by two persons’ word, until they are lifted', async () => {
    const { desk, result } = await override();
    expect(result).toMatchObject({ decision: 'recorded', id: 'O-1' });
    const rules = async () => (await desk.control.checkPolicy(operator, question)).sites[0];
    expect((await rules())?.hits.map(({ rule }) => rule)).not.toContain('dora-29-operator-seat');
    expect((await rules())?.flags?.map(({ why }) => why).join()).toContain(
      'set aside by O-1 of person:ada and person:rita',
    );
    const lifted = await desk.control.liftOverride(operator, {
      id: OverrideId.parse('O-1'),
      reason: 'over',
      idemKey: key('lift-1'),
    });
    expect(lifted.decision).toBe('recorded');
    expect((await rules())?.hits.map(({ rule }) => rule)).toContain('dora-29-operator-seat');
    expect(await desk.control.verify()).toMatchObject({ ok: true, entries: lastEntry + 2 });
  });

  test.each([
    ['the same person twice', {}, ada, 'the second person is another one'],
    ['an agent as the second', {}, PrincipalId.parse('agent:ops-bot'), 'only persons'],
    ['a rule that is none', { rule: 'no-such-rule' }, rita, 'there is no rule'],
    ['a rule that binds whoever asks', { rule: 'export-3a090' }, rita, 'binds whoever asks'],
    ['longer than 90 days', { expiresAtMs: nowMs + 91 * 86_400_000 }, rita, '90 days at most'],
    ['one that is over', { expiresAtMs: nowMs }, rita, 'ended already'],
  ])('not: %s', async (_, changes, by, words) => {
    const { result, desk } = await override(changes, by);
    expect(result.refusal?.summary).toContain(words);
    expect((await desk.control.head()).seq).toBe(lastEntry);
  });

  test('not what the second person has not signed, and not in somebody else’s name', async () => {
    const { control } = await openDesk();
    const second = demoSeal(rita, overrideBody(asked({ rule: 'gdpr-44-eea' })));
    const changed = await control.overrideRule(operator, {
      wish: asked(),
      second,
      idemKey: key('override-1'),
    });
    expect(changed.refusal?.summary).toContain('has not signed exactly this');
    const wanted = asked({ requestedBy: 'person:bea' });
    const own = { wish: wanted, second: demoSeal(rita, overrideBody(wanted)), idemKey: key('override-2') };
    expect(await rejection(control.overrideRule(operator, own))).toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('the second engine', () => {
  const dead: readonly (readonly [string, EngineSource])[] = [
    ['cannot be loaded', () => Promise.reject(new Error('no such file'))],
    [
      'throws',
      () => Promise.resolve({ ask: () => ({ kind: 'failed' as const, why: 'memory access out of bounds' }) }),
    ],
    [
      'says no without a reason',
      () =>
        Promise.resolve({
          ask: () => ({ kind: 'answered' as const, decision: 'deny' as const, reasons: [], errors: [] }),
        }),
    ],
    [
      'knows a rule that forbids it',
      () =>
        Promise.resolve({
          ask: () => ({
            kind: 'answered' as const,
            decision: 'deny' as const,
            reasons: ['gdpr-44-eea'],
            errors: [],
          }),
        }),
    ],
    [
      'has a rule without an answer',
      () =>
        Promise.resolve({
          ask: () => ({
            kind: 'answered' as const,
            decision: 'allow' as const,
            reasons: ['base-run'],
            errors: ['dora-30-clauses'],
          }),
        }),
    ],
  ];
  test.each(dead)('%s: nothing is granted, and reading goes on', async (_, engine) => {
    const desk = await openDesk();
    const { id } = await planned(desk, wish(bank));
    const control = createControl({
      ledger: desk.ledger,
      clock: { kind: 'set', nowMs: () => nowMs },
      engine,
    });
    const change = await control.commit(operator, { plan: id, idemKey: key('commit-1') });
    expect(change).toMatchObject({ decision: 'rejected', refusal: { kind: 'policy-engine' } });
    expect((await control.head()).seq).toBe(lastEntry);
    expect((await control.contracts(operator, { limit: 5 })).total).toBe(5);
    expect((await desk.control.commit(operator, { plan: id, idemKey: key('commit-1') })).decision).toBe(
      'committed',
    );
  });
});

describe('replay', () => {
  test('decides by the packs that an entry names, kept in the ledger: other packs are no excuse', async () => {
    const desk = await openDesk();
    const { digest } = builtInPacks();
    expect(await desk.ledger.getBlob(digest)).toBeDefined();
    const [entry] = await desk.ledger.read(lastEntry - 1, 1);
    expect(entry?.inputs.policy).toBe(digest);
    expect(entry?.inputs.facts).toMatch(/^sha256:/);
  });

  test('a fact that was changed after the fact is found', async () => {
    const desk = await openDesk();
    const entries = await entriesAt(desk.home);
    const facts = entries.find(({ command }) => command.kind === 'record-facts');
    const home = await forge(desk.home, (draft, { seq }) => {
      const [event] = draft.events;
      if (seq !== facts?.seq || event?.kind !== 'facts-recorded') return draft;
      return { ...draft, events: [{ ...event, facts: event.facts.slice(1) }] };
    });
    const forged = await openDesk(home);
    const result = await forged.control.verify();
    expect(result.ok).toBe(false);
    expect(result.checks.find(({ check }) => check === 'replay')).toMatchObject({
      ok: false,
      firstBadSeq: facts?.seq,
    });
  });
});

test('the demo keys are those that anybody can make', () => {
  const seed = createHash('sha256')
    .update('berth PUBLIC DEMO KEY of person:rita: anybody can sign with it')
    .digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const body = { schema: 'x' };
  const signature = sign(
    null,
    Buffer.from(canonicalJson({ ...body, by: rita })),
    createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
  );
  expect(demoSeal(rita, body).signature).toBe(signature.toString('base64'));
});
