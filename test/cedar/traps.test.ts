import { describe, expect, test } from 'vitest';

import { compileText, faultsOf, PolicyTextError } from '../../src/cedar/compile.ts';
import { type EngineQuestion, engineOf, isAllowed } from '../../src/cedar/engine.ts';
import { newInstance } from '../../src/cedar/instance.ts';

const site = { type: 'Berth::Site', id: 'fra1' };
const workload = { type: 'Berth::Workload', id: 'acme' };
const permit = 'permit(principal, action, resource);';
const needsCountry = 'forbid(principal, action, resource) when { resource.country == "US" };';

function question(changes: Partial<EngineQuestion> = {}): EngineQuestion {
  return {
    principal: workload,
    action: { type: 'Berth::Action', id: 'runAt' },
    resource: site,
    context: {},
    entities: [
      { uid: workload, attrs: {}, parents: [] },
      { uid: site, attrs: { country: 'DE' }, parents: [] },
    ],
    ...changes,
  };
}

async function allowed(policies: Record<string, string>, asked: EngineQuestion): Promise<boolean> {
  return isAllowed((await engineOf(policies)).ask(asked), asked);
}

const nested = `permit(principal, action, resource) when { ${'('.repeat(200)}true${')'.repeat(200)} };`;

describe('each trap of cedar-wasm is shut', () => {
  test('a yes is possible at all', async () => {
    expect(await allowed({ permit, needsCountry }, question())).toBe(true);
  });

  test('1: a missing entity: the engine allows, the wrapper does not', async () => {
    const asked = question({ entities: [{ uid: workload, attrs: {}, parents: [] }] });
    const answer = (await engineOf({ permit, needsCountry })).ask(asked);
    expect(answer).toEqual({
      kind: 'answered',
      decision: 'allow',
      reasons: ['permit'],
      errors: ['needsCountry'],
    });
    expect(isAllowed(answer, asked)).toBe(false);
    expect(await allowed({ permit }, asked)).toBe(false);
    expect(await allowed({ permit }, question({ entities: [{ uid: site, attrs: {}, parents: [] }] }))).toBe(
      false,
    );
  });

  test('2: a missing attribute: the rule is skipped, so the answer is no', async () => {
    const asked = question({
      entities: [workload, site].map((uid) => ({ uid, attrs: {}, parents: [] })),
    });
    const answer = (await engineOf({ permit, needsCountry })).ask(asked);
    expect(answer).toMatchObject({ decision: 'allow', errors: ['needsCountry'] });
    expect(isAllowed(answer, asked)).toBe(false);
  });

  test('3: a validation that finds faults calls itself a success: the faults are read', async () => {
    const schema =
      'namespace Berth { entity Workload; entity Site = { "country": String }; action "runAt" appliesTo { principal: [Workload], resource: [Site] }; }';
    const typo =
      'forbid(principal is Berth::Workload, action, resource is Berth::Site) when { resource.contry == "US" };';
    expect(await faultsOf({ typo }, schema)).toEqual([expect.stringContaining('contry')]);
    expect(await faultsOf({ fine: typo.replace('contry', 'country') }, schema)).toEqual([]);
  });

  test('4: ids are those of the annotations, and a policy without one is refused', async () => {
    const text = `@id("gdpr-44")\n${needsCountry}\n@id("base")\n${permit}`;
    expect((await compileText(text)).map(({ id }) => id).toSorted()).toEqual(['base', 'gdpr-44']);
    await expect(compileText(permit)).rejects.toThrow('every policy has an `@id`');
    await expect(compileText(`@id("a")${permit}@id("a")${permit}`)).rejects.toThrow('there twice');
  });

  test('5: reasons come in random order and are handed on sorted', async () => {
    const forbids = Object.fromEntries(
      ['d', 'b', 'e', 'a', 'c', 'f'].map((id) => [id, 'forbid(principal, action, resource);']),
    );
    const engine = await engineOf({ permit, ...forbids });
    for (let call = 0; call < 50; call++)
      expect(engine.ask(question())).toMatchObject({ reasons: ['a', 'b', 'c', 'd', 'e', 'f'] });
  });

  test('6: `has` in negated position is no type guard: the validator says so before a pack is used', async () => {
    const schema =
      'namespace Berth { entity Workload = { "seat"?: String }; entity Site; action "runAt" appliesTo { principal: [Workload], resource: [Site] }; }';
    const scope = 'forbid(principal is Berth::Workload, action, resource is Berth::Site)';
    expect(
      await faultsOf({ a: `${scope} when { !(principal has seat) || principal.seat == "US" };` }, schema),
    ).not.toEqual([]);
    expect(
      await faultsOf({ a: `${scope} unless { principal has seat && principal.seat == "DE" };` }, schema),
    ).toEqual([]);
  });

  test('7: nested text is refused unread; what slips through spoils only its own instance', async () => {
    const engine = await engineOf({ permit });
    await expect(compileText(nested)).rejects.toThrow(PolicyTextError);
    const victim = await newInstance();
    expect(() => victim.policyToJson(nested)).toThrow(/memory|stack|unreachable/i);
    expect(() => victim.policyToJson(permit)).toThrow(/memory|stack|unreachable|recursive/i);
    expect(isAllowed(engine.ask(question()), question())).toBe(true);
    await expect(compileText('a'.repeat(300_000))).rejects.toThrow('longer than');
  });

  test('7: an instance that was spoilt answers no ever after, and the next engine is a new one', async () => {
    const engine = await engineOf({ permit });
    const poisoned = await engineOf({ nested });
    expect(isAllowed(poisoned.ask(question()), question())).toBe(false);
    expect(isAllowed(engine.ask(question()), question())).toBe(false);
    expect(await allowed({ permit }, question())).toBe(true);
  });

  const thrown: readonly (readonly [string, unknown])[] = [
    ['a BigInt', 12n],
    ['a fraction', 1.5],
    ['null', null],
    ['2^64', 2 ** 64],
    ['nothing', undefined],
    ['a function', () => true],
  ];
  test.each(thrown)('8: %s among the attributes is a no, thrown or not', async (_, value) => {
    const asked = question({
      entities: [
        { uid: workload, attrs: { value }, parents: [] },
        { uid: site, attrs: { country: 'DE' }, parents: [] },
      ],
    });
    const needsValue = 'forbid(principal, action, resource) when { principal.value == 3 };';
    expect(await allowed({ permit, needsCountry, needsValue }, asked)).toBe(false);
  });

  test('8: a lone surrogate in an id and a context without an end are a no', async () => {
    const odd = { type: 'Berth::Site', id: '\ud800' };
    expect(await allowed({ permit }, question({ resource: odd }))).toBe(false);
    let deep: unknown = 1;
    for (let level = 0; level < 5000; level++) deep = { deep };
    expect(await allowed({ permit }, question({ context: { deep } }))).toBe(false);
  });

  test('9: a denial by default has no reasons', async () => {
    const answer = (await engineOf({ needsCountry })).ask(question());
    expect(answer).toEqual({ kind: 'answered', decision: 'deny', reasons: [], errors: [] });
  });

  test('10: ten thousand questions leave the memory where it was, within 64 MiB', async () => {
    const engine = await engineOf({ permit, needsCountry });
    const ask = (times: number) => {
      for (let call = 0; call < times; call++) engine.ask(question());
      return process.memoryUsage().rss;
    };
    const before = ask(500);
    expect(ask(10_000) - before).toBeLessThan(64 * 2 ** 20);
  }, 60_000);

  test('text that is no policy, a template and an empty set are refused or answer no', async () => {
    await expect(compileText('forbid(')).rejects.toThrow(PolicyTextError);
    await expect(compileText('@id("t") permit(principal == ?principal, action, resource);')).rejects.toThrow(
      'templates',
    );
    expect(await allowed({ broken: 'permit(' }, question())).toBe(false);
    expect(await allowed({}, question())).toBe(false);
  });
});
