import { describe, expect, test } from 'vitest';

import { compileText } from '../../src/cedar/compile.ts';
import { type ActionRequest, authorize } from '../../src/policy/authorize.ts';
import { builtInPacks } from '../../src/policy/built-in.ts';
import { loadPacks, type Packs } from '../../src/policy/pack-set.ts';

const atMs = Date.parse('2026-11-25T09:00:00Z');
const ada = { type: 'Berth::Human', id: 'person:ada' };
const bot = { type: 'Berth::Agent', id: 'agent:ops-bot' };
const plan = { type: 'Berth::Plan', id: 'plan-1' };

const text = `
@id("act-human") permit (principal is Berth::Human, action in [Berth::Action::"commit", Berth::Action::"approve"], resource)
when { principal.active };
@id("act-own-tenant") @rule("T1") @article("Berth: isolation of tenants") @needs("") @why("it belongs to another tenant")
@fix("act for a tenant of yours") @validFrom("2026-01-01") @reviewed("2026-11-22")
forbid (principal, action == Berth::Action::"commit", resource is Berth::Plan)
when { !principal.tenants.contains(resource.tenant) };
@id("tier-large") @rule("T2") @article("Berth: tiers") @needs("") @why("it is large") @fix("ask for an approval")
@tier("3") @validFrom("2026-01-01") @reviewed("2026-11-22")
forbid (principal, action == Berth::Action::"commit", resource) when { context.gpus > 64 };
`;

async function testPacks(): Promise<Packs> {
  const { set } = builtInPacks();
  const rules = (await compileText(text)).map(({ id, text: own, policy }) => ({ id, text: own, policy }));
  const about = { reviewed: 'test', sources: 'test', status: 'test' };
  return loadPacks({ ...set, packs: [{ name: 'test/1', ...about, rules }] });
}

const packs = await testPacks();

function request(changes: Partial<ActionRequest> = {}): ActionRequest {
  return {
    principal: ada,
    action: 'commit',
    resource: plan,
    context: { gpus: 8 },
    entities: [
      { uid: ada, attrs: { active: true, tenants: ['acme'] }, parents: [] },
      { uid: bot, attrs: { active: true, tenants: ['acme'] }, parents: [] },
      { uid: plan, attrs: { tenant: 'acme' }, parents: [] },
    ],
    atMs,
    ...changes,
  };
}

describe('authorize', () => {
  test('allows what is permitted and nothing forbids', () => {
    expect(authorize(request(), packs)).toEqual({
      policy: packs.digest,
      answer: 'allowed',
      hits: [],
      tier: 0,
      raisedBy: [],
    });
  });

  test('a rule with a tier raises it and forbids nothing', () => {
    expect(authorize(request({ context: { gpus: 65 } }), packs)).toMatchObject({
      answer: 'allowed',
      tier: 3,
      raisedBy: ['tier-large'],
    });
  });

  const other = [
    { uid: ada, attrs: { active: true, tenants: ['acme'] }, parents: [] },
    { uid: plan, attrs: { tenant: 'globex' }, parents: [] },
  ];
  const noes: readonly (readonly [string, Partial<ActionRequest>, string, string])[] = [
    ['another tenant’s plan', { entities: other }, 'forbidden', 'act-own-tenant'],
    ['an agent that nothing permits', { principal: bot }, 'forbidden', 'base-no-permit'],
    [
      'an agent that wants to approve',
      { principal: bot, action: 'approve' },
      'forbidden',
      'base-request-readable',
    ],
    ['an action that is none', { action: 'destroy' }, 'forbidden', 'base-request-readable'],
    [
      'an action named like a property of every object',
      { action: 'constructor' },
      'forbidden',
      'base-request-readable',
    ],
    ['a resource of another type', { resource: ada }, 'forbidden', 'base-request-readable'],
    ['a principal that is not there', { entities: other.slice(1) }, 'forbidden', 'base-request-readable'],
    ['a resource that is not there', { entities: other.slice(0, 1) }, 'forbidden', 'base-request-readable'],
    [
      'an entity that is there twice',
      { entities: [...other, ...other] },
      'forbidden',
      'base-request-readable',
    ],
    ['a number the tier rule cannot read', { context: { gpus: 1.5 } }, 'forbidden', 'base-request-readable'],
    ['a context without what the tier rule needs', { context: {} }, 'fact-missing', 'tier-large'],
  ];
  test.each(noes)('no: %s', (_, changes, answer, rule) => {
    const verdict = authorize(request(changes), packs);
    expect([verdict.answer, verdict.hits.map((hit) => hit.rule)]).toEqual([
      answer,
      expect.arrayContaining([rule]),
    ]);
    for (const hit of verdict.hits) expect([hit.article, hit.why, hit.fix]).not.toContain('');
  });

  test('a permit that cannot be answered names what is missing', () => {
    const verdict = authorize(
      request({
        entities: [
          { uid: ada, attrs: {}, parents: [] },
          { uid: plan, attrs: {}, parents: [] },
        ],
      }),
      packs,
    );
    expect(verdict.hits.map(({ rule, why }) => [rule, why])).toEqual([
      ['act-human', 'Berth::Human::"person:ada" active is not known'],
      ['act-own-tenant', 'Berth::Human::"person:ada" tenants, Berth::Plan::"plan-1" tenant is not known'],
      ['base-no-permit', 'nothing permits person:ada to commit this'],
    ]);
  });

  test('the packs of this version permit no action yet', () => {
    expect(authorize(request()).answer).not.toBe('allowed');
  });
});
