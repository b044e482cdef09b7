import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { actingOn } from '../../src/control/authorising.ts';
import { actorOf } from '../../src/control/caller.ts';
import { demoKeyOf } from '../../src/control/demo-key.ts';
import { demandOf } from '../../src/control/door.ts';
import { Fold } from '../../src/control/fold.ts';
import { Library } from '../../src/control/library.ts';
import { verdictFor } from '../../src/control/ruling.ts';
import { signBallot } from '../../src/control/signatures.ts';
import { decide } from '../../src/core/decide.ts';
import type { Command } from '../../src/model/command.ts';
import { ApprovalId, PlanId, PrincipalId } from '../../src/model/id.ts';
import { PublicKey, Signature } from '../../src/model/key.ts';
import { identify, Plan } from '../../src/model/plan.ts';
import { nowMs, openDesk } from './desk.ts';
import { agent, asks, person, signerOf } from './people.ts';

/** One number, text or flag of plain data, changed; the plan that comes out is another one, and well-formed. */
function changedAt(plan: Plan, pick: number): Plan | undefined {
  const copy: unknown = structuredClone(plan);
  const places = leavesOf(copy);
  const [owner, name, value] = places[pick % places.length] ?? [];
  if (owner === undefined || name === undefined) return undefined;
  Reflect.set(owner, name, otherThan(value));
  const parsed = Plan.safeParse(copy);
  return parsed.success ? parsed.data : undefined;
}

type Leaf = readonly [owner: object, name: string, value: unknown];

function leavesOf(value: unknown): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]: [string, unknown]): readonly Leaf[] =>
    typeof child === 'object' ? leavesOf(child) : [[value, name, child]],
  );
}

function otherThan(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return `${String(value)}x`;
}

const pick = fc.nat({ max: 100_000 });

/** What goes wrong between the yes and the act; each of them alone makes it no yes. */
const mutation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('plan' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      byMs: fc.integer({ min: 14_400_000, max: 10 ** 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('other-person' as const),
      name: fc.constantFrom('ines', 'theo', 'sven', 'carl', 'nobody', 'rita'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('signature' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('key' as const), pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('signed-at' as const),
      byMs: fc.integer({ min: 1, max: 10 ** 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('approval' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('decision' as const) }) },
);
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

test(
  'of 1,500 words that are off in one thing none does anything, and the right one does',
  { timeout: 120_000 },
  async () => {
    const desk = await openDesk();
    const asked = await asks(desk, 'agent-key-1');
    const library = new Library(desk.ledger);
    const { state } = await new Fold(desk.ledger).current();
    const plan = await library.fetchPlan(asked.approval?.digest ?? fail());
    const id = asked.approval?.id ?? fail();

    const answer = (command: Command, by: string, atMs = nowMs) => {
      const actor = actorOf(person(by));
      const acting = actingOn(state, { actor, command, atMs, archive: library });
      const verdict = verdictFor(state, demandOf(command, library, state), nowMs);
      return decide(state, { atMs, verdict, archive: library, by: acting }, command).decision.kind;
    };
    const word = (
      about: Plan,
      by = 'olga',
      signedAtMs = nowMs,
    ): Extract<Command, { kind: 'approve-plan' }> => {
      const { id: planId, digest } = identify(about);
      const signer = signerOf(by);
      const { publicKey } = signer;
      const { principal } = person(by);
      const signature = signer.sign({
        approval: id,
        planDigest: digest,
        decision: 'approve',
        atMs: signedAtMs,
        principal,
      });
      return {
        kind: 'approve-plan',
        approval: id,
        plan: planId,
        planDigest: digest,
        publicKey,
        signature,
        signedAtMs,
      };
    };
    const spoilt = async (mutated: Mutation): Promise<string | undefined> => {
      switch (mutated.kind) {
        case 'plan': {
          const other = changedAt(plan, mutated.pick);
          if (other === undefined || identify(other).digest === identify(plan).digest) return undefined;
          await library.keepPlan(other);
          return answer(word(other), 'olga');
        }
        case 'late':
          return answer(word(plan, 'olga', nowMs + mutated.byMs), 'olga', nowMs + mutated.byMs);
        case 'other-person':
          return answer(word(plan), mutated.name);
        case 'signature':
          return answer(
            { ...word(plan), signature: Signature.parse(turned(word(plan).signature ?? '', mutated.pick)) },
            'olga',
          );
        case 'key':
          return answer(
            {
              ...word(plan),
              publicKey: PublicKey.parse(
                `ed25519:${turned((word(plan).publicKey ?? '').slice(8), mutated.pick)}`,
              ),
            },
            'olga',
          );
        case 'signed-at':
          return answer({ ...word(plan), signedAtMs: nowMs - mutated.byMs }, 'olga');
        case 'approval':
          return answer(
            { ...word(plan), approval: ApprovalId.parse(`A-${(mutated.pick % 50) + 4}`) },
            'olga',
          );
        case 'decision': {
          const ballot = {
            approval: id,
            planDigest: identify(plan).digest,
            decision: 'reject' as const,
            atMs: nowMs,
            principal: person('olga').principal,
          };
          return answer(
            { ...word(plan), signature: signBallot(demoKeyOf(PrincipalId.parse('person:olga')), ballot) },
            'olga',
          );
        }
        default:
          return mutated satisfies never;
      }
    };

    const counts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(mutation, async (mutated) => {
        const kind = await spoilt(mutated);
        fc.pre(kind !== undefined);
        expect({ mutated, kind }).toEqual({ mutated, kind: 'refused' });
        counts.set(mutated.kind, (counts.get(mutated.kind) ?? 0) + 1);
      }),
      { numRuns: 1500, seed: 14 },
    );
    expect([...counts.keys()].toSorted()).toHaveLength(8);
    expect(counts.get('plan')).toBeGreaterThan(300);
    expect(answer(word(plan), 'olga')).toBe('contract-granted');
    expect(asked.approval?.plan).toBe(PlanId.parse(identify(plan).id));
    expect(agent().principal).toBe('agent:ops-bot');
  },
);

/** Base64 with one letter turned into another, its end left alone. */
function turned(text: string, at: number): string {
  const index = at % (text.length - 4);
  return `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`;
}

function fail(): never {
  throw new Error('there was to be one');
}
