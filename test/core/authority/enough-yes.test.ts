import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { boundDigest } from '../../../src/core/authority/approvals.ts';
import { govern } from '../../../src/core/authority/govern.ts';
import { decide } from '../../../src/core/decide.ts';
import { contractOf, type State } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command, ParkedCommand } from '../../../src/model/command.ts';
import { ContractId } from '../../../src/model/id.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { enter, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { asked, follow } from './following.ts';

const c101 = ContractId.parse('C-101');
const release = ParkedCommand.parse({ kind: 'release-contract', contract: c101 });
const digest = boundDigest(release);
const untilMs = t0 + 2 * hourMs;
const held = take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 10h'));

/** Ada asks for the release of C-101; so many people have to say yes. */
function waiting(tier: number): World {
  const wish = asked('A-1', { digest, tier, persons: tier === 4 ? 2 : 1, expiresAtMs: untilMs });
  const authority = follow(held.state.authority, wish, { atMs: t0, by: 'person:ada' });
  return { ...held, state: { ...held.state, authority } };
}

/** Somebody's word: mostly as it should be, and each way in which it may not be. */
const word = fc.record({
  who: fc.constantFrom('person:ada', 'person:max', 'person:max', 'person:kim', 'agent:bot'),
  says: fc.constantFrom('approve-plan', 'approve-plan', 'approve-plan', 'approve-plan', 'reject-plan'),
  byHand: mostly(true, false),
  signature: mostly<'valid' | 'absent' | 'invalid'>('valid', 'absent', 'invalid'),
  about: mostly('this', 'another'),
  waitMs: fc.constantFrom(0, 60_000, 60_000, hourMs),
});
type Word = typeof word extends fc.Arbitrary<infer T> ? T : never;

function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    ...others.map((value) => ({ weight: 1, arbitrary: fc.constant(value) })),
  );
}

const policy = digestOf('rules');
const rules = (tier: number) => ({
  policy,
  answer: 'allowed' as const,
  hits: [],
  tier,
  why: ['it is large'],
});

/** The world after somebody has spoken, and what came of it. */
function spoken(before: World, said: Word, { tier, atMs }: { readonly tier: number; readonly atMs: number }) {
  const { state, archive } = before;
  const command = Command.parse({
    kind: said.says,
    approval: 'A-1',
    planDigest: said.about === 'this' ? digest : digestOf('another wish'),
    publicKey: `ed25519:${'a'.repeat(43)}=`,
    signature: `${'b'.repeat(86)}==`,
    signedAtMs: atMs,
    ...(said.says === 'reject-plan' ? { reason: 'not now' } : {}),
  });
  const actor = Actor.parse({ principal: said.who, ...(said.byHand ? { byHand: true } : {}) });
  const by = { actor, verdict: rules(0), parked: rules(tier), signature: said.signature };
  const given = { atMs, archive, verdict: verdictAll(state, 'allowed'), by };
  const { decision, events } = govern(state, given, command, (now: State, { by: _by, ...rest }, wish) =>
    decide(now, rest, wish),
  );
  return { now: enter(before, events, atMs), kind: decision.kind };
}

/** Whether a word is one at all: of a person, by hand, signed, about what waits, in time. */
function isHeard({ who, byHand, signature, about }: Word, atMs: number): boolean {
  const isPerson = who.startsWith('person:');
  return isPerson && byHand && signature === 'valid' && about === 'this' && atMs < untilMs;
}

test('what waits is done once, when as many others as it wants have said yes and nobody has said no', () => {
  const seen = { done: 0, rejected: 0, counted: 0, deaf: 0 };
  fc.assert(
    fc.property(fc.constantFrom(3, 4), fc.array(word, { minLength: 1, maxLength: 8 }), (tier, words) => {
      let now = waiting(tier);
      let atMs = t0;
      let isOpen = true;
      let isDone = false;
      const voices = new Set<string>();
      for (const said of words) {
        atMs += said.waitMs;
        const isYes = said.says === 'approve-plan';
        const counts =
          isOpen && isHeard(said, atMs) && (!isYes || (said.who !== 'person:ada' && !voices.has(said.who)));
        if (counts && isYes) voices.add(said.who);
        const isLast = voices.size >= (tier === 4 ? 2 : 1);
        const next = spoken(now, said, { tier, atMs });
        const wanted = isYes ? (isLast ? 'contract-released' : 'approval-counted') : 'approval-rejected';
        expect(next.kind).toBe(counts ? wanted : 'refused');
        if (counts && (isLast || !isYes)) isOpen = false;
        if (counts && isYes && isLast) isDone = true;
        const isUntouched = contractOf(next.now.state, c101) === contractOf(now.state, c101);
        expect(isUntouched).toBe(!(counts && isYes && isLast));
        ({ now } = next);
        seen.counted += counts ? 1 : 0;
        seen.deaf += counts ? 0 : 1;
      }
      const contract = contractOf(now.state, c101);
      expect([contract?.state, contract?.version]).toEqual(isDone ? ['released', 2] : ['granted', 1]);
      const [approval] = [...now.state.authority.approvals];
      expect(approval?.end?.kind).toBe(isOpen ? undefined : isDone ? 'used' : 'rejected');
      expect(approval?.voices.map(({ principal }) => principal)).toEqual([...voices]);
      seen.done += isDone ? 1 : 0;
      seen.rejected += isOpen || isDone ? 0 : 1;
    }),
    { numRuns: 250, seed: 91 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(30);
});
