import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Act } from '../../../src/core/authority/act.ts';
import {
  boundDigest,
  isParkable,
  maySpeak,
  park,
  type Parking,
  spokenOf,
  waitingFor,
} from '../../../src/core/authority/approvals.ts';
import { type Approval, approvalOf, type Authority } from '../../../src/core/authority/authority.ts';
import { followAuthority } from '../../../src/core/authority/follow.ts';
import { emptyState, type State } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { AuthorityEvent } from '../../../src/model/authority-event.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command, ParkedCommand } from '../../../src/model/command.ts';
import { ApprovalId, PlanId, TenantId } from '../../../src/model/id.ts';
import { PublicKey } from '../../../src/model/key.ts';
import { planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';

const minuteMs = 60_000;
const planId = PlanId.parse('plan-aaaaaaaaaaaaaaaa');
const digest = digestOf('the plan');
const keyOf = (letter: string) => PublicKey.parse(`ed25519:${letter.repeat(43)}=`);
const by = (principal: string, more: object = {}) => Actor.parse({ principal, ...more });
const bot = by('agent:bot', { onBehalfOf: 'person:olga' });

function follow(
  authority: Authority,
  event: object,
  { actor = by('person:ada'), atMs = t0 } = {},
): Authority {
  return followAuthority(authority, AuthorityEvent.parse(event), { seq: 1, atMs, actor });
}

/** A mandate of Sven's for the agent, and another of Eve's that is part of it. */
const mandated = [
  { id: 'M-1', sponsor: 'person:sven' },
  { id: 'M-2', sponsor: 'person:eve', from: 'M-1' },
].reduce(
  (authority, own) =>
    follow(authority, {
      kind: 'mandate-granted',
      mandate: {
        agent: 'agent:bot',
        tools: ['contract_commit'],
        tenants: ['acme'],
        expiresAtMs: t0 + 99 * hourMs,
        ...own,
      },
    }),
  emptyState.authority,
);

type Wait = {
  readonly tier?: number;
  readonly need?: object;
  readonly mandate?: string;
  readonly actor?: Actor;
};

const small = { spendMicroEur: 2_000_000_000 };

/** What waits: a plan of the agent's that hits as many GPUs as its sponsor may say yes to alone. */
function waiting(
  { tier = 3, need = small, mandate = 'M-2', actor = bot }: Wait = {},
  before: Authority = mandated,
): Authority {
  const event = {
    kind: 'approval-requested',
    approval: `A-${before.approvals.size + 1}`,
    command: { kind: 'commit-plan', plan: planId, planDigest: digest },
    digest,
    tenant: 'acme',
    tier,
    persons: tier >= 4 ? 2 : 1,
    why: ['it is large'],
    need: { gpus: 8, blastGpus: 8, ...need },
    expiresAtMs: t0 + 4 * hourMs,
    ...(mandate === '' ? {} : { mandate }),
  };
  return follow(before, event, { actor });
}

function asked(authority: Authority): Approval {
  const approval = approvalOf(authority, ApprovalId.parse('A-1'));
  if (approval === undefined) throw new Error('it was asked for');
  return approval;
}

type Word = {
  readonly actor?: Actor;
  readonly signature?: 'valid' | 'absent' | 'invalid';
  readonly publicKey?: PublicKey;
  readonly signedAtMs?: number;
  readonly atMs?: number;
};

/** Why somebody's word does not count: `counts` where it does. */
function word(authority: Authority, principal: string, said: Word & { readonly no?: true } = {}): string {
  const { no, actor = by(principal, { byHand: true }), publicKey, signature = 'valid' } = said;
  const { atMs = t0 + hourMs, signedAtMs = atMs } = said;
  const state = { ...emptyState, authority };
  const speaker = { actor, publicKey, signature, signedAtMs, atMs };
  const refusal = maySpeak(state, asked(authority), speaker, no !== true);
  const about = refusal === undefined ? {} : { approval: 'A-1', principal: actor.principal };
  expect(refusal ?? {}).toMatchObject(about);
  return refusal?.why ?? 'counts';
}

const voice = (authority: Authority, principal: string) =>
  follow(authority, { kind: 'approval-given', approval: 'A-1', by: principal, signedAtMs: t0 });

describe('a word on what waits counts', () => {
  test('of a person by hand with a valid signature, yes or no', () => {
    expect(word(waiting(), 'person:max')).toBe('counts');
    expect(word(waiting(), 'person:max', { no: true })).toBe('counts');
    for (const no of [{}, { no: true }] as const) {
      expect(word(waiting(), 'agent:max', no)).toBe('no-person');
      expect(word(waiting(), 'person:max', { ...no, actor: by('person:max') })).toBe('not-by-hand');
      expect(word(waiting(), 'person:max', { ...no, signature: 'absent' })).toBe('signature');
      expect(word(waiting(), 'person:max', { ...no, signature: 'invalid' })).toBe('signature');
    }
  });

  test('when it was signed within five minutes of being said, and not before it was asked for', () => {
    const near = 5 * minuteMs;
    const later = t0 + hourMs;
    const signed = (signedAtMs: number, atMs = later) => word(waiting(), 'person:max', { signedAtMs, atMs });
    expect([signed(later + near), signed(later + near + 1)]).toEqual(['counts', 'signature']);
    expect([signed(later - near), signed(later - near - 1)]).toEqual(['counts', 'signature']);
    // Just after it was asked for, a clock that is behind may have signed a little before that.
    const soon = t0 + minuteMs;
    expect([signed(t0 - 4 * minuteMs, soon), signed(t0 - near, t0), signed(t0 - near - 1, t0)]).toEqual([
      'counts',
      'counts',
      'signature',
    ]);
    expect(signed(t0 - near - 1, soon)).toBe('signature');
    expect(signed(t0 - near - 1, t0 - minuteMs)).toBe('signature');
  });

  test('once: the second yes is of somebody else', () => {
    const one = voice(waiting({ tier: 4 }), 'person:max');
    expect(word(one, 'person:max')).toBe('twice');
    expect(word(one, 'person:max', { no: true })).toBe('counts');
    expect(word(one, 'person:kim')).toBe('counts');
  });

  test('of whoever asked as a no, and as a yes up to tier 2 only', () => {
    for (const tier of [2, 3, 4]) {
      const own = waiting({ tier, actor: by('person:max'), mandate: '' });
      expect(word(own, 'person:max')).toBe(tier < 3 ? 'counts' : 'requester');
      expect(word(own, 'person:max', { no: true })).toBe('counts');
      expect(word(waiting({ tier }), 'person:olga')).toBe(tier < 3 ? 'counts' : 'requester');
    }
  });

  test('of a sponsor, of this mandate or of the whole it is part of, up to eight GPUs and 2,000 EUR', () => {
    for (const sponsor of ['person:eve', 'person:sven']) {
      expect(word(waiting(), sponsor)).toBe('counts');
      expect(word(waiting({ tier: 4 }), sponsor)).toBe('sponsor');
      expect(word(waiting({ need: { ...small, blastGpus: 9 } }), sponsor)).toBe('sponsor');
      expect(word(waiting({ need: { spendMicroEur: 2_000_000_001 } }), sponsor)).toBe('sponsor');
      expect(word(waiting({ need: {} }), sponsor)).toBe('sponsor');
      expect(word(waiting({ need: { ...small, blastGpus: 9 } }), sponsor, { no: true })).toBe('counts');
      expect(word(waiting({ tier: 2, need: { ...small, blastGpus: 9 } }), sponsor)).toBe('counts');
    }
    expect(word(waiting({ mandate: 'M-1', need: { ...small, blastGpus: 9 } }), 'person:eve')).toBe('counts');
    expect(word(waiting({ mandate: '', need: { ...small, blastGpus: 9 } }), 'person:sven')).toBe('counts');
  });
});

const record = (authority: Authority, principal: string, recorder: string, letter: string) =>
  follow(authority, { kind: 'key-registered', principal, publicKey: keyOf(letter) }, { actor: by(recorder) });

describe('a key that somebody else had recorded', () => {
  test('does not count beside the wish or the yes of whoever had it recorded', () => {
    const ofOlga = record(waiting({ tier: 4 }), 'person:max', 'person:olga', 'a');
    expect(word(ofOlga, 'person:max', { publicKey: keyOf('a') })).toBe('key-of-another');
    expect(word(ofOlga, 'person:max', { publicKey: keyOf('a'), no: true })).toBe('counts');
    const ofKim = record(waiting({ tier: 4 }), 'person:max', 'person:kim', 'a');
    expect(word(ofKim, 'person:max', { publicKey: keyOf('a') })).toBe('counts');
    expect(word(voice(ofKim, 'person:kim'), 'person:max', { publicKey: keyOf('a') })).toBe('key-of-another');
    // The other way around: Max has said yes by the key that Kim recorded, now Kim speaks by her own.
    expect(word(voice(ofKim, 'person:max'), 'person:kim', { publicKey: keyOf('b') })).toBe('key-of-another');
  });

  test('is in nobody else’s way, and one’s own in nobody’s', () => {
    const own = record(waiting({ tier: 4 }), 'person:max', 'person:max', 'a');
    expect(word(own, 'person:max', { publicKey: keyOf('a') })).toBe('counts');
    expect(word(voice(own, 'person:max'), 'person:kim', { publicKey: keyOf('b') })).toBe('counts');
    const byAda = record(own, 'person:kim', 'person:ada', 'b');
    expect(word(voice(byAda, 'person:max'), 'person:kim', { publicKey: keyOf('b') })).toBe('counts');
    expect(word(voice(byAda, 'person:kim'), 'person:max', { publicKey: keyOf('a') })).toBe('counts');
    expect(word(voice(byAda, 'person:kim'), 'person:ada', { publicKey: keyOf('c') })).toBe('key-of-another');
    expect(word(byAda, 'person:ada', { publicKey: keyOf('c') })).toBe('counts');
  });
});

const spoken = (authority: Authority, more: object = {}, atMs = t0 + 1) => {
  const command = Command.parse({
    kind: 'reject-plan',
    approval: 'A-1',
    plan: planId,
    planDigest: digest,
    signedAtMs: t0,
    reason: 'no',
    ...more,
  });
  if (command.kind !== 'reject-plan') throw new Error('it was one');
  return spokenOf({ ...emptyState, authority }, command, atMs);
};

describe('what is spoken about', () => {
  test('is an approval that is open, by exactly its plan and digest', () => {
    expect(spoken(waiting())).toEqual({ approval: asked(waiting()) });
    expect(spoken(waiting(), { approval: 'A-2' })).toEqual({
      refusal: { kind: 'approval-void', approval: 'A-2', why: 'unknown' },
    });
    const other = { refusal: { kind: 'approval-void', approval: 'A-1', why: 'other-digest' } };
    expect(spoken(waiting(), { planDigest: digestOf('another') })).toEqual(other);
    expect(spoken(waiting(), { plan: 'plan-bbbbbbbbbbbbbbbb' })).toEqual(other);
  });

  test('is void from its expiry on, and once it was used or rejected', () => {
    const endMs = t0 + 4 * hourMs;
    const refusal = { kind: 'approval-void', approval: 'A-1' };
    expect(spoken(waiting(), {}, endMs - 1)).toHaveProperty('approval');
    expect(spoken(waiting(), {}, endMs)).toEqual({ refusal: { ...refusal, why: 'expired', atMs: endMs } });
    const used = follow(waiting(), { kind: 'approval-used', approval: 'A-1' }, { atMs: t0 + 7 });
    expect(spoken(used, {}, endMs)).toEqual({ refusal: { ...refusal, why: 'used', atMs: t0 + 7 } });
    const said = { approval: 'A-1', by: 'person:max', signedAtMs: t0, reason: 'no' };
    const rejected = follow(waiting(), { kind: 'approval-rejected', ...said }, { atMs: t0 + 9 });
    expect(spoken(rejected)).toEqual({ refusal: { ...refusal, why: 'rejected', atMs: t0 + 9 } });
  });
});

const release = (contract: number, more: object = {}) =>
  ParkedCommand.parse({ kind: 'release-contract', contract: `C-${contract}`, ...more });

describe('what is parked', () => {
  const fleet = world('fra1/h1/r1 2×8 H100');
  const taken = take(fleet, demand('1×8 H100 24h'));
  const act: Act = {
    action: 'release',
    tenant: TenantId.parse('acme'),
    places: [],
    need: { gpus: 0, blastGpus: 8 },
    preempts: 0,
    preemptsOthers: 0,
    regimes: [],
    dataClasses: [],
    request: () => digest,
  };
  const given = (state: State, atMs: number) => ({
    atMs,
    archive: fleet.archive,
    verdict: verdictAll(state, 'allowed'),
  });
  const parkIn = (state: State, command: ParkedCommand, atMs = t0, more: Partial<Parking> = {}) =>
    park(state, given(state, atMs), { command, actor: bot, act, tier: 3, why: ['x'], ...more });
  const parked = (state: State, command: ParkedCommand, atMs = t0): State => {
    const { events } = parkIn(state, command, atMs);
    const authority = events.reduce(
      (now, event) => follow(now, AuthorityEvent.parse(event), { actor: bot, atMs }),
      state.authority,
    );
    return { ...state, authority };
  };

  test('is a commit, a change, a release or a maintenance, and nothing else', () => {
    const commit = { kind: 'commit-plan', plan: planId, planDigest: digest };
    expect(isParkable(Command.parse(commit))).toBe(true);
    expect(isParkable(Command.parse(release(101)))).toBe(true);
    const window = { kind: 'start-maintenance', place: 'fra1', fromMs: 1, toMs: 2, reason: 'x' };
    expect(isParkable(Command.parse(window))).toBe(true);
    const change = { kind: 'change-contract', contract: 'C-101', plan: planId, planDigest: digest };
    expect(isParkable(Command.parse(change))).toBe(true);
    const hold = { kind: 'hold-plan', plan: planId, planDigest: digest, leaseS: 60 };
    expect(isParkable(Command.parse(hold))).toBe(false);
    expect(isParkable(Command.parse({ kind: 'drop-hold', plan: planId }))).toBe(false);
  });

  test('waits a day where nothing can be held, and as many people as its tier says are missing', () => {
    for (const [tier, persons] of [
      [2, 1],
      [3, 1],
      [4, 2],
    ] as const)
      expect(parkIn(taken.state, release(101), t0, { tier }).decision).toEqual({
        kind: 'approval-requested',
        approval: 'A-1',
        tier,
        persons,
        expiresAtMs: t0 + 24 * hourMs,
      });
  });

  test('holds its plan for four hours, and no shorter lease is enough', () => {
    const answer = planned(fleet, demand('1×8 H100 24h'));
    fleet.archive.keepPlan(answer.plan);
    const command = ParkedCommand.parse({ kind: 'commit-plan', plan: answer.id, planDigest: answer.digest });
    const { decision, events } = parkIn(fleet.state, command);
    const untilMs = t0 + 4 * hourMs;
    expect(decision).toMatchObject({ expiresAtMs: untilMs, heldUntilMs: untilMs });
    expect(events.map(({ kind }) => kind)).toEqual(['approval-requested', 'plan-held']);
    expect(events.at(1)).toMatchObject({ plan: answer.id, untilMs });
  });

  test('is asked for once: the same wish again is the approval that waits, whatever its words', () => {
    const one = parked(taken.state, release(101, { reason: 'done' }));
    const again = parkIn(one, release(101, { reason: 'really done' }), t0 + hourMs);
    expect(again).toEqual({
      decision: {
        kind: 'approval-requested',
        approval: 'A-1',
        tier: 3,
        persons: 1,
        expiresAtMs: t0 + 24 * hourMs,
      },
      events: [],
    });
    const mine = { command: release(101), atMs: t0 + 24 * hourMs - 1 };
    expect(waitingFor(one, { ...mine, actor: bot })?.id).toBe('A-1');
    expect(waitingFor(one, { ...mine, actor: bot, atMs: t0 + 24 * hourMs })).toBeUndefined();
    expect(waitingFor(one, { ...mine, actor: by('agent:other') })).toBeUndefined();
    expect(waitingFor(one, { ...mine, actor: bot, command: release(102) })).toBeUndefined();
    expect(parkIn(one, release(101), t0 + hourMs, { actor: by('agent:other') }).decision).toMatchObject({
      approval: 'A-2',
    });
  });

  test('is at most eight of one principal, until the oldest expires', () => {
    let state = taken.state;
    for (let at = 0; at < 8; at += 1) state = parked(state, release(101 + at), t0 + at);
    const oldestMs = t0 + 24 * hourMs;
    const more = release(200);
    expect(parkIn(state, more, t0 + hourMs).decision).toEqual({
      kind: 'refused',
      refusal: { kind: 'rate-limited', limit: 'open-approvals', most: 8, retryAtMs: oldestMs },
    });
    expect(parkIn(state, more, oldestMs - 1).decision.kind).toBe('refused');
    expect(parkIn(state, more, oldestMs).decision).toMatchObject({ approval: 'A-9' });
    expect(parkIn(state, release(103), t0 + hourMs).decision).toMatchObject({ approval: 'A-3' });
    expect(parkIn(state, more, t0, { actor: by('agent:other') }).decision).toMatchObject({ approval: 'A-9' });
  });

  test('says why in sixteen lines of three hundred characters at most', () => {
    const why = Array.from({ length: 20 }, (_, at) => `${at}`.padEnd(400, 'x'));
    const [event] = parkIn(taken.state, release(101), t0, { why }).events;
    if (event?.kind !== 'approval-requested') throw new Error('it is asked for');
    expect(event.why).toEqual(why.slice(0, 16).map((line) => line.slice(0, 300)));
    expect(event).toMatchObject({ tenant: 'acme', need: act.need, digest: boundDigest(release(101)) });
  });

  test('is bound to what is wished and to none of its words', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), fc.nat(5), (reason, contract) => {
        const bound = boundDigest(release(101 + contract, { reason }));
        expect(bound).toBe(boundDigest(release(101 + contract)));
        expect(bound).not.toBe(boundDigest(release(107)));
      }),
      { numRuns: 50, seed: 71 },
    );
  });
});
