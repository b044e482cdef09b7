import { describe, expect, test } from 'vitest';

import { type Authority, emptyAuthority, stopKey } from '../../../src/core/authority/authority.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { PublicKey } from '../../../src/model/key.ts';
import { asked, follow, freed, mandateGranted, rejected, reserved, told, used, voiced } from './following.ts';

const publicKey = PublicKey.parse(`ed25519:${'a'.repeat(43)}=`);

const person = (name: string, more: object = {}) => ({
  kind: 'principal-registered',
  principal: { kind: 'person', id: `person:${name}`, name, roles: [], ...more },
});
const team = (id: string, roles: readonly string[] = []) => ({
  kind: 'team-registered',
  team: { id, name: id, roles },
});
const keyOf = (owner: string) => ({ kind: 'key-registered', principal: owner, publicKey });
const stopped = (kind: string, id: string) => ({ kind: 'stopped', target: { kind, id }, reason: 'a leak' });
const resumed = (kind: string, id: string) => ({ kind: 'resumed', target: { kind, id }, reason: 'mended' });
const model = (name: string, more: object = {}) => ({ kind: 'model-registered', model: { name, ...more } });
const catalogue = (of: string) => ({
  kind: 'tools-registered',
  catalogue: { digest: digestOf(of), tools: [{ name: 'plan_hold', digest: digestOf(`${of} hold`) }] },
});

/** What an authority says beside its digest, field by field. */
function changedFields(before: Authority, after: Authority): string[] {
  const now = new Map<string, unknown>(Object.entries(after));
  return Object.entries(before)
    .filter(([field, value]) => field !== 'digest' && now.get(field) !== value)
    .map(([field]) => field)
    .toSorted();
}

/** Something of everything. */
const busy = told(
  { event: team('ops') },
  { event: person('ada') },
  { event: keyOf('person:ada') },
  { event: mandateGranted('M-1') },
  { event: reserved('M-1', 'C-101') },
  { event: asked('A-1') },
  { event: asked('A-2') },
  { event: stopped('tenant', 'acme') },
  { event: model('small') },
  { event: catalogue('one') },
);

describe('an event changes what it is about, and nothing else', () => {
  test.each([
    ['a team', team('ml'), ['teams']],
    ['a person', person('max'), ['principals']],
    ['a key', keyOf('person:max'), ['keys']],
    [
      'a key that is revoked',
      { kind: 'key-revoked', principal: 'person:ada', publicKey, reason: 'lost' },
      ['keys'],
    ],
    ['a mandate', mandateGranted('M-2'), ['mandates']],
    ['a mandate that is revoked', { kind: 'mandate-revoked', mandate: 'M-1', reason: 'over' }, ['mandates']],
    [
      'a use of a mandate',
      { kind: 'mandate-used', mandate: 'M-1', request: digestOf('a wish') },
      ['mandates'],
    ],
    ['what a contract takes', reserved('M-1', 'C-102'), ['mandates']],
    ['what a contract gives back', freed('M-1', 'C-101', 5, 6), ['mandates']],
    ['a wish that waits', asked('A-3'), ['approvals', 'waiting']],
    ['a yes', voiced('A-1', 'person:max'), ['approvals']],
    ['a yes that is used up', used('A-1'), ['approvals', 'waiting']],
    ['a no', rejected('A-1'), ['approvals', 'waiting']],
    ['a stop', stopped('model', 'small'), ['stops']],
    ['the end of a stop', resumed('tenant', 'acme'), ['stops']],
    ['a model', model('large'), ['models']],
    ['the tools of a version', catalogue('two'), ['catalogues']],
  ] as const)('%s', (_, event, fields) => {
    const before = { ...busy };
    const after = follow(busy, event, { atMs: 10 });
    expect(changedFields(busy, after)).toEqual(fields);
    expect(after.digest).not.toBe(busy.digest);
    // What was there before is as it was: an authority is never written into.
    expect(busy).toEqual(before);
  });

  test('the digest is chained over every event, so the same events in another order are another ledger', () => {
    const [one, two] = [{ event: model('small') }, { event: stopped('tenant', 'acme') }];
    expect(told().digest).toBeUndefined();
    expect(told(one, two)).toEqual(told(one, two));
    expect(told(one, two).digest).not.toBe(told(two, one).digest);
    expect(told(one, one).digest).not.toBe(told(one).digest);
    const first = { kind: 'model-registered', model: { name: 'small' } };
    expect(told(one).digest).toBe(digestOf([null, first]));
    expect(told(one, one).digest).toBe(digestOf([digestOf([null, first]), first]));
  });
});

describe('a ledger is open', () => {
  const admin = ['admin'];
  test.each([
    ['while it knows nobody', [], false],
    ['while nobody is admin', [person('ada', { roles: ['operator', 'approver'] })], false],
    ['until there is an admin', [person('ada', { roles: admin })], true],
    ['while a team of admins has no members', [team('root', admin)], false],
    ['until a team of admins has a member', [team('root', admin), person('ada', { teams: ['root'] })], true],
    [
      'until the team of somebody is made admin',
      [person('ada', { teams: ['root'] }), team('root'), team('root', admin)],
      true,
    ],
    [
      'and never again after its only admin has stepped back',
      [person('ada', { roles: admin }), person('ada')],
      true,
    ],
    [
      'and never again after the team of admins is dissolved',
      [team('root', admin), person('ada', { teams: ['root'] }), team('root')],
      true,
    ],
  ] as const)('%s', (_, events, isClosed) => {
    expect(told(...events.map((event) => ({ event }))).isClosed).toBe(isClosed);
  });

  test('whatever agents are registered in it', () => {
    const principal = { kind: 'agent', id: 'agent:bot', name: 'bot', sponsor: 'person:sven' };
    expect(told({ event: { kind: 'principal-registered', principal } }).isClosed).toBe(false);
  });
});

describe('what is registered again', () => {
  test('replaces what stood under its id, and leaves the others', () => {
    const after = told(
      { event: person('ada') },
      { event: person('max') },
      { event: person('ada', { roles: ['approver'] }) },
      { event: model('small') },
      { event: model('small', { digest: digestOf('weights') }) },
    );
    expect(
      [...after.principals.values()].map(({ id, ...rest }) => [id, 'roles' in rest && rest.roles]),
    ).toEqual([
      ['person:ada', ['approver']],
      ['person:max', []],
    ]);
    expect([...after.models.values()]).toEqual([{ name: 'small', digest: digestOf('weights') }]);
  });
});

describe('a key', () => {
  const recorded = told({ event: keyOf('person:max'), atMs: 5, by: 'person:ada' });
  test('says whose it is, who had it recorded and since when', () => {
    expect(recorded.keys.get(publicKey)).toEqual({ principal: 'person:max', by: 'person:ada', sinceMs: 5 });
  });

  test('that is revoked still says who signed before, and since when it counts no more', () => {
    const revoke = { kind: 'key-revoked', principal: 'person:max', publicKey, reason: 'lost' };
    expect(follow(recorded, revoke, { atMs: 9, by: 'person:eve' }).keys.get(publicKey)).toEqual({
      principal: 'person:max',
      by: 'person:ada',
      sinceMs: 5,
      revokedAtMs: 9,
    });
    expect(() => follow(emptyAuthority, revoke)).toThrow('was never registered');
  });
});

describe('a stop', () => {
  const target = { kind: 'tenant', id: 'acme' } as const;
  test('says what, why, since when and by whom, until exactly that is resumed', () => {
    const now = told({ event: stopped('tenant', 'acme'), atMs: 3, by: 'person:eve' });
    expect(now.stops.get(stopKey(target))).toEqual({
      target,
      reason: 'a leak',
      sinceMs: 3,
      by: 'person:eve',
    });
    expect(follow(now, resumed('tenant', 'globex')).stops).toEqual(now.stops);
    expect(follow(now, resumed('principal', 'acme')).stops).toEqual(now.stops);
    expect(follow(now, resumed('tenant', 'acme')).stops.size).toBe(0);
  });

  test('of something that is stopped already begins anew', () => {
    const twice = told(
      { event: stopped('tenant', 'acme'), atMs: 3 },
      { event: stopped('tenant', 'acme'), atMs: 8, by: 'person:eve' },
    );
    expect([...twice.stops.values()].map(({ sinceMs, by }) => [sinceMs, by])).toEqual([[8, 'person:eve']]);
  });
});
