import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Authority, emptyAuthority } from '../../../src/core/authority/authority.ts';
import { followAuthority } from '../../../src/core/authority/follow.ts';
import { adminsOf, rolesOf, standingOf, tenantsOf } from '../../../src/core/authority/people.ts';
import { Actor } from '../../../src/model/actor.ts';
import { Principal, Role, Team } from '../../../src/model/authority.ts';
import { PrincipalId } from '../../../src/model/id.ts';

const stamp = { seq: 1, atMs: 1000, actor: Actor.parse({ principal: 'person:ada' }) };
const tenants = ['acme', 'globex', 'initech'];
const roles = fc.subarray([...Role.options], { maxLength: 3 });
const some = fc.option(fc.subarray(tenants, { minLength: 1 }), { nil: undefined });

const drawn = fc.record({
  teams: fc.tuple(fc.record({ roles, tenants: some }), fc.record({ roles, tenants: some })),
  own: fc.record({ roles, tenants: some }),
  joined: fc.subarray(['red', 'blue', 'gone']),
});

function said(list: readonly string[] | undefined): object {
  return list === undefined ? {} : { tenants: list };
}

function withTeams(teams: readonly { roles: Role[]; tenants: string[] | undefined }[]): Authority {
  return ['red', 'blue'].reduce((authority, id, at) => {
    const made = teams[at];
    const team = Team.parse({ id, name: id, roles: made?.roles ?? [], ...said(made?.tenants) });
    return followAuthority(authority, { kind: 'team-registered', team }, stamp);
  }, emptyAuthority);
}

function register(authority: Authority, principal: object): Authority {
  return followAuthority(
    authority,
    { kind: 'principal-registered', principal: Principal.parse(principal) },
    stamp,
  );
}

describe('a person', () => {
  test('has its own roles and tenants and those of its teams, each once and sorted', () => {
    fc.assert(
      fc.property(drawn, ({ teams, own, joined }) => {
        const authority = withTeams(teams);
        const person = Principal.parse({
          kind: 'person',
          id: 'person:eve',
          name: 'Eve',
          roles: own.roles,
          ...said(own.tenants),
          teams: joined,
        });
        const mine = teams.filter((_, at) => joined.includes(['red', 'blue'][at] ?? ''));
        const all = [own, ...mine];
        expect(rolesOf(authority, person)).toEqual(
          Role.options.filter((role) => all.some((one) => one.roles.includes(role))).toSorted(),
        );
        const named = all.some((one) => one.tenants !== undefined);
        const want = tenants.filter((tenant) => all.some((one) => one.tenants?.includes(tenant) === true));
        expect(tenantsOf(authority, person)).toEqual(named ? want.toSorted() : undefined);
      }),
      { numRuns: 500, seed: 51 },
    );
  });

  test('who is in no team has only what was said of itself', () => {
    const authority = withTeams([
      { roles: ['admin'], tenants: ['acme'] },
      { roles: ['auditor'], tenants: undefined },
    ]);
    const person = Principal.parse({ kind: 'person', id: 'person:eve', name: 'Eve', roles: ['requester'] });
    expect(rolesOf(authority, person)).toEqual(['requester']);
    expect(tenantsOf(authority, person)).toBeUndefined();
  });
});

describe('a ledger', () => {
  const agent = PrincipalId.parse('agent:bot');
  const eve = PrincipalId.parse('person:eve');
  test('is open to every person until it has an admin, by a role or by a team; to no agent ever', () => {
    const person = { kind: 'person', id: 'person:ada', name: 'Ada', roles: ['operator'] };
    const open = register(emptyAuthority, person);
    expect(standingOf(open, eve)).toBe('local-operator');
    expect(standingOf(open, agent)).toBe('stranger');
    expect(standingOf(open, stamp.actor.principal)).toBe('registered');
    const byRole = register(open, { ...person, roles: ['operator', 'admin'] });
    expect(standingOf(byRole, eve)).toBe('stranger');
    const joined = register(open, { ...person, teams: ['red'] });
    expect(standingOf(joined, eve)).toBe('local-operator');
    const team = Team.parse({ id: 'red', name: 'red', roles: ['admin'] });
    const byTeam = followAuthority(joined, { kind: 'team-registered', team }, stamp);
    expect(adminsOf(byTeam)).toEqual(['person:ada']);
    expect(standingOf(byTeam, eve)).toBe('stranger');
  });

  test('stays closed when its admin is one no longer', () => {
    const closed = register(emptyAuthority, {
      kind: 'person',
      id: 'person:ada',
      name: 'A',
      roles: ['admin'],
    });
    const without = register(closed, { kind: 'person', id: 'person:ada', name: 'A', roles: [] });
    expect(adminsOf(without)).toEqual([]);
    expect(standingOf(without, eve)).toBe('stranger');
  });

  test('knows an agent that was registered, which has no roles and acts for no tenant of its own', () => {
    const bot = Principal.parse({ kind: 'agent', id: 'agent:bot', name: 'bot', sponsor: 'person:ada' });
    const known = register(emptyAuthority, bot);
    expect(standingOf(known, agent)).toBe('registered');
    expect(rolesOf(known, bot)).toEqual([]);
    expect(tenantsOf(known, bot)).toEqual([]);
    expect(adminsOf(known)).toEqual([]);
  });
});
