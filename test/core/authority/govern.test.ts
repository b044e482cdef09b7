import { describe, expect, test } from 'vitest';

import { govern } from '../../../src/core/authority/govern.ts';
import { decide } from '../../../src/core/decide.ts';
import type { ActVerdict } from '../../../src/core/given.ts';
import type { State } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command } from '../../../src/model/command.ts';
import type { Outcome } from '../../../src/model/decision.ts';
import { Event } from '../../../src/model/event.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { enter, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';

const by = (principal: string, more: object = {}) => Actor.parse({ principal, ...more });
const bot = by('agent:bot');
const ada = by('person:ada');
const publicKey = `ed25519:${'a'.repeat(43)}=`;
const signature = `${'b'.repeat(86)}==`;
const release = Command.parse({ kind: 'release-contract', contract: 'C-101' });

/** What a ledger tells of the agent's mandate, and that C-101 stands under it. */
const events = [
  {
    kind: 'mandate-granted',
    mandate: {
      id: 'M-1',
      agent: 'agent:bot',
      sponsor: 'person:sven',
      tools: ['contract_release', 'contract_commit'],
      tenants: ['acme'],
      expiresAtMs: t0 + 9 * hourMs,
    },
  },
  { kind: 'mandate-reserved', mandate: 'M-1', contract: 'C-101', gpus: 8, gpuSeconds: 80 * 3600 },
].map((event) => Event.parse(event));
const taken = take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 10h'));
const mandated = enter(taken, events, t0);

type Asked = {
  readonly tier?: number;
  readonly answer?: ActVerdict['answer'];
  readonly parkedTier?: number;
  readonly parkedAnswer?: ActVerdict['answer'];
  readonly atMs?: number;
  readonly command?: Command;
};

function rules(tier: number, answer: ActVerdict['answer'] = 'allowed'): ActVerdict {
  return { policy: digestOf('rules'), answer, hits: [], tier, why: ['it is large'] };
}

function ask({ state, archive }: World, actor: Actor, asked: Asked = {}): Outcome {
  const { tier = 0, answer, parkedTier, parkedAnswer, atMs = t0 + hourMs, command = release } = asked;
  const parked = parkedTier === undefined ? {} : { parked: rules(parkedTier, parkedAnswer) };
  const acting = { actor, verdict: rules(tier, answer), signature: 'valid' as const, ...parked };
  const given = { atMs, archive, verdict: verdictAll(state, 'allowed'), by: acting };
  return govern(state, given, command, (now: State, { by: _by, ...rest }, wish) => decide(now, rest, wish));
}

const kindOf = ({ decision }: Outcome) =>
  decision.kind === 'refused' ? decision.refusal.kind : decision.kind;
const kinds = (outcome: Outcome) => outcome.events.map(({ kind }) => kind);

/** The world with what an outcome says, said by somebody. */
function after(before: World, outcome: Outcome, actor: Actor, atMs = t0 + hourMs): World {
  const now = enter(before, outcome.events, atMs);
  const { approvals } = now.state.authority;
  const last = approvals.at(approvals.size - 1);
  if (last === undefined || outcome.decision.kind !== 'approval-requested') return now;
  // The test's ledger is kept by one person: what was asked for is asked for by whoever did.
  const asked = { ...last, requestedBy: actor };
  const authority = { ...now.state.authority, approvals: approvals.with(approvals.size - 1, asked) };
  return { ...now, state: { ...now.state, authority } };
}

describe('who acts', () => {
  test.each([
    [0, {}, 'contract-released'],
    [1, {}, 'contract-released'],
    [2, {}, 'approval-requested'],
    [2, { byHand: true }, 'contract-released'],
    [2, { confirmed: 'form' }, 'contract-released'],
    [3, { byHand: true }, 'approval-requested'],
    [3, { confirmed: 'form' }, 'approval-requested'],
    [4, { byHand: true }, 'approval-requested'],
  ] as const)('at tier %i, %o: %s', (tier, more, kind) => {
    expect(kindOf(ask(taken, by('person:ada', more), { tier }))).toBe(kind);
  });

  test('as an agent answers no form for a person', () => {
    expect(kindOf(ask(mandated, by('agent:bot', { confirmed: 'form' }), { tier: 2 }))).toBe(
      'approval-requested',
    );
    expect(kindOf(ask(mandated, bot, { tier: 1 }))).toBe('contract-released');
  });

  test('is refused by a rule, or by a stop before any rule', () => {
    for (const answer of ['forbidden', 'fact-missing'] as const) {
      expect(kindOf(ask(taken, ada, { answer }))).toBe('not-authorised');
      const agents = ask(mandated, bot, { answer });
      expect([kindOf(agents), kinds(agents)]).toEqual(['not-authorised', ['mandate-used']]);
    }
    const stop = { kind: 'stopped', target: { kind: 'tenant', id: 'acme' }, reason: 'a leak' };
    const stopped = enter(mandated, [Event.parse(stop)], t0);
    expect(kindOf(ask(stopped, ada, { answer: 'forbidden' }))).toBe('stopped');
    expect(kindOf(ask(stopped, bot))).toBe('stopped');
  });

  test('as an agent without a mandate leaves no entry, one that goes beyond its own does', () => {
    const stranger = ask(mandated, by('agent:other'));
    expect([kindOf(stranger), kinds(stranger)]).toEqual(['outside-mandate', []]);
    const late = ask(mandated, bot, { atMs: t0 + 9 * hourMs });
    expect([kindOf(late), kinds(late)]).toEqual(['outside-mandate', ['mandate-used']]);
  });

  test('as an agent gives back to its mandate what its contract has not used', () => {
    const done = ask(mandated, bot);
    expect(kinds(done)).toEqual(['mandate-used', 'contract-released', 'mandate-freed']);
    expect(done.events.at(-1)).toMatchObject({ contract: 'C-101', gpuSeconds: 8 * 3600 });
    expect(kinds(ask(taken, ada))).toEqual(['contract-released']);
    expect(kinds(ask(mandated, ada))).toEqual(['contract-released', 'mandate-freed']);
  });

  test('as an agent in a loop is refused without an entry', () => {
    let now = mandated;
    for (let at = 0; at < 5; at += 1)
      now = enter(now, ask(now, bot, { answer: 'forbidden' }).events, t0 + hourMs);
    const next = ask(now, bot);
    expect([kindOf(next), kinds(next)]).toEqual(['rate-limited', []]);
    expect(kindOf(ask(now, bot, { atMs: t0 + hourMs + 600_000 }))).toBe('contract-released');
  });
});

const waiting = (tier: number) => after(mandated, ask(mandated, bot, { tier }), bot);

function voice(kind: 'approve-plan' | 'reject-plan', { state }: World): Command {
  const approval = state.authority.approvals.at(0);
  if (approval === undefined) throw new Error('it was asked for');
  const about = { approval: approval.id, planDigest: approval.digest, publicKey, signature };
  const reason = kind === 'reject-plan' ? { reason: 'not now' } : {};
  return Command.parse({ kind, ...about, signedAtMs: t0 + hourMs, ...reason });
}

/** Somebody says yes, or no, by hand and with a good signature. */
function say(
  now: World,
  name: string,
  more: Asked = {},
  kind: 'approve-plan' | 'reject-plan' = 'approve-plan',
): Outcome {
  return ask(now, by(name, { byHand: true }), { parkedTier: 3, command: voice(kind, now), ...more });
}

describe('what waits for a person', () => {
  test('is done by the first yes, in the name of whoever asked', () => {
    const done = say(waiting(3), 'person:max');
    expect(kindOf(done)).toBe('contract-released');
    expect(kinds(done)).toEqual(['approval-given', 'contract-released', 'mandate-freed', 'approval-used']);
    expect(kindOf(say(enter(waiting(3), done.events, t0 + hourMs), 'person:kim'))).toBe('approval-void');
  });

  test('wants two at tier 4, also where the rules say so only by now', () => {
    for (const [asked, now] of [
      [4, 4],
      [4, 3],
      [3, 4],
    ] as const) {
      const one = say(waiting(asked), 'person:max', { parkedTier: now });
      expect([one.decision, kinds(one)]).toEqual([
        { kind: 'approval-counted', approval: 'A-1', missing: 1 },
        ['approval-given'],
      ]);
      const counted = enter(waiting(asked), one.events, t0 + hourMs);
      expect(kindOf(say(counted, 'person:max', { parkedTier: now }))).toBe('may-not-decide');
      expect(kindOf(say(counted, 'person:kim', { parkedTier: now }))).toBe('contract-released');
    }
  });

  test('is asked everything again: rules, stops and what the mandate has left', () => {
    expect(kindOf(say(waiting(3), 'person:max', { parkedAnswer: 'forbidden' }))).toBe('not-authorised');
    const stop = { kind: 'stopped', target: { kind: 'principal', id: 'agent:bot' }, reason: 'x' };
    expect(kindOf(say(enter(waiting(3), [Event.parse(stop)], t0), 'person:max'))).toBe('stopped');
    const back = { kind: 'mandate-revoked', mandate: 'M-1', reason: 'x' };
    expect(kindOf(say(enter(waiting(3), [Event.parse(back)], t0), 'person:max'))).toBe('outside-mandate');
    const gone = enter(waiting(3), ask(mandated, ada).events, t0 + hourMs);
    expect(kindOf(say(gone, 'person:max'))).toBe('contract-ended');
  });

  test('is given up by one no, also of whoever it was asked for', () => {
    const no = say(waiting(4), 'person:max', {}, 'reject-plan');
    expect([no.decision, kinds(no)]).toEqual([
      { kind: 'approval-rejected', approval: 'A-1' },
      ['approval-rejected'],
    ]);
    expect(kindOf(say(enter(waiting(4), no.events, t0 + hourMs), 'person:kim'))).toBe('approval-void');
    expect(kindOf(say(waiting(3), 'agent:max', {}, 'reject-plan'))).toBe('outside-mandate');
  });
});
