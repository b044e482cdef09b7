import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Authority, emptyAuthority } from '../../../src/core/authority/authority.ts';
import { followAuthority } from '../../../src/core/authority/follow.ts';
import { principalStopped, stopHit } from '../../../src/core/authority/stops.ts';
import { Actor } from '../../../src/model/actor.ts';
import type { AuthorityEvent } from '../../../src/model/authority-event.ts';
import { Principal, StopTarget } from '../../../src/model/authority.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { TenantId } from '../../../src/model/id.ts';

const acme = TenantId.parse('acme');
const toolDigest = digestOf('tool');
const catalogue = digestOf('catalogue');
const operator = Actor.parse({ principal: 'person:ada' });

/** An agent of Sven's that acts for Ada, by a model, with a tool of a catalogue. */
const actor = Actor.parse({
  principal: 'agent:bot',
  onBehalfOf: 'person:ada',
  model: 'granite',
  tool: 'contract_commit',
  toolDigest,
  catalogue,
});

function follow(authority: Authority, event: AuthorityEvent, atMs = 1000): Authority {
  return followAuthority(authority, event, { seq: 1, atMs, actor: operator });
}

const known = [
  { kind: 'agent', id: 'agent:bot', name: 'bot', sponsor: 'person:sven' },
  { kind: 'person', id: 'person:sven', name: 'Sven', roles: ['requester'] },
].reduce(
  (authority, principal) =>
    follow(authority, { kind: 'principal-registered', principal: Principal.parse(principal) }),
  emptyAuthority,
);

/** Everything about the act that can be stopped, in the order in which it is looked at. */
const inTheWay = [
  { kind: 'principal', id: 'agent:bot' },
  { kind: 'principal', id: 'person:ada' },
  { kind: 'principal', id: 'person:sven' },
  { kind: 'model', id: 'granite' },
  { kind: 'tool', id: 'contract_commit' },
  { kind: 'tool', id: toolDigest },
  { kind: 'catalogue', id: catalogue },
  { kind: 'tenant', id: 'acme' },
].map((target) => StopTarget.parse(target));

/** The same words under another kind, and others of the same kind. */
const besides = [
  { kind: 'principal', id: 'agent:bot2' },
  { kind: 'principal', id: 'acme' },
  { kind: 'model', id: 'contract_commit' },
  { kind: 'tool', id: 'granite' },
  { kind: 'tool', id: 'plan_hold' },
  { kind: 'catalogue', id: toolDigest },
  { kind: 'tenant', id: 'globex' },
  { kind: 'tenant', id: 'agent:bot' },
].map((target) => StopTarget.parse(target));

const stopped = (targets: readonly StopTarget[]) =>
  targets.reduce(
    (authority, target, at) => follow(authority, { kind: 'stopped', target, reason: `no ${at}` }, 2000 + at),
    known,
  );

describe('a stop', () => {
  test.each(inTheWay)('of the $kind $id is in the way of the act', (target) => {
    const authority = stopped([target]);
    const refusal = { kind: 'stopped', target, reason: 'no 0', sinceMs: 2000 };
    expect(stopHit(authority, actor, acme)).toEqual(refusal);
    expect(principalStopped(authority, actor)).toEqual(target.kind === 'principal' ? refusal : undefined);
  });

  test.each(besides)('of the $kind $id is not', (target) => {
    expect(stopHit(stopped([target]), actor, acme)).toBeUndefined();
    expect(principalStopped(stopped([target]), actor)).toBeUndefined();
  });

  test('of several the first in the order of the act is named, whenever each was made', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...inTheWay, ...besides]), (targets) => {
        const hit = stopHit(stopped(targets), actor, acme);
        const want = inTheWay.find((target) => targets.includes(target));
        expect(hit?.kind === 'stopped' ? hit.target : undefined).toEqual(want);
      }),
      { numRuns: 200, seed: 41 },
    );
  });

  test('is over once it is resumed, and only that one', () => {
    const [bot, ada] = inTheWay;
    if (bot === undefined || ada === undefined) throw new Error('there are two');
    const resumed = follow(stopped([bot, ada]), { kind: 'resumed', target: bot, reason: 'looked at' });
    expect(stopHit(resumed, actor, acme)).toMatchObject({ target: ada });
    expect(stopHit(follow(resumed, { kind: 'resumed', target: ada, reason: 'too' }), actor, acme)).toBe(
      undefined,
    );
  });

  test('of a person does not stop the agents of others, nor what is about nobody', () => {
    const authority = stopped([
      StopTarget.parse({ kind: 'principal', id: 'person:eve' }),
      StopTarget.parse({ kind: 'tenant', id: 'acme' }),
    ]);
    expect(stopHit(authority, actor, undefined)).toBeUndefined();
    expect(stopHit(authority, Actor.parse({ principal: 'person:sven' }), undefined)).toBeUndefined();
    expect(principalStopped(authority, Actor.parse({ principal: 'person:eve' }))).toMatchObject({
      target: { id: 'person:eve' },
    });
  });

  test('of its sponsor stops an agent, of one whom it is not registered for does not', () => {
    const authority = stopped([StopTarget.parse({ kind: 'principal', id: 'person:sven' })]);
    expect(principalStopped(authority, Actor.parse({ principal: 'agent:bot' }))).toBeDefined();
    expect(principalStopped(authority, Actor.parse({ principal: 'agent:unknown' }))).toBeUndefined();
  });
});
