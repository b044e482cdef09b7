import { z } from 'zod';

import { compareText } from '../model/text.ts';
import type { EntityJson } from '../policy/cedar/entities.ts';
import type { EntityUid } from '../policy/cedar/value.ts';
import { type Cedar, newInstance } from './instance.ts';

/** A question in Cedar's JSON. */
export type EngineQuestion = {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: Readonly<Record<string, unknown>>;
  readonly entities: readonly EntityJson[];
};

/** Sorted ids of the policies that decided and of those that had no value, or why there is no answer. */
export type EngineAnswer =
  | {
      readonly kind: 'answered';
      readonly decision: 'allow' | 'deny';
      readonly reasons: readonly string[];
      readonly errors: readonly string[];
    }
  | { readonly kind: 'failed'; readonly why: string };

/** Answers questions by one set of policies. */
export type Engine = { ask(question: EngineQuestion): EngineAnswer };

/**
 * The engine over policies by id, each in text or in Cedar's JSON; our own packs only, for all of them share one
 * instance. What it cannot parse makes every answer a failure. A call that throws has spoilt the instance: every
 * later answer of it is a failure too, and the next `engineOf` starts another one.
 */
export async function engineOf(policies: Readonly<Record<string, unknown>>): Promise<Engine> {
  shared ??= newInstance().then((cedar) => ({ cedar, sets: 0 }));
  const held = await shared;
  held.sets += 1;
  const name = `set-${held.sets}`;
  const prepared = attempt(held, () => prepare(held.cedar, name, policies));
  return {
    ask: (question) =>
      prepared.kind === 'failed'
        ? prepared
        : attempt(held, () => readAnswer(held.cedar.statefulIsAuthorized(callOf(name, question)))),
  };
}

type Held = { readonly cedar: Cedar; sets: number; spoilt?: EngineAnswer };

let shared: Promise<Held> | undefined;

/**
 * Fails closed where Cedar does not: it skips a policy that has no value, and allows what is not there. Allowed is
 * only what is allowed without such a policy, of a principal and about a resource that are among the entities.
 */
export function isAllowed(answer: EngineAnswer, { principal, resource, entities }: EngineQuestion): boolean {
  const isThere = ({ type, id }: EntityUid) => entities.some(({ uid }) => uid.type === type && uid.id === id);
  return (
    answer.kind === 'answered' &&
    answer.decision === 'allow' &&
    answer.errors.length === 0 &&
    isThere(principal) &&
    isThere(resource)
  );
}

const Failure = z.object({
  type: z.literal('failure'),
  errors: z.array(z.object({ message: z.string() })),
});
const Parsed = z.discriminatedUnion('type', [z.object({ type: z.literal('success') }), Failure]);
const Answer = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('success'),
    response: z.object({
      decision: z.enum(['allow', 'deny']),
      diagnostics: z.object({
        reason: z.array(z.string()),
        errors: z.array(z.object({ policyId: z.string() })),
      }),
    }),
  }),
  Failure,
]);

function prepare(cedar: Cedar, name: string, policies: Readonly<Record<string, unknown>>): EngineAnswer {
  const parsed = Parsed.parse(cedar.preparsePolicySet(name, { staticPolicies: policies }));
  if (parsed.type === 'failure') return failedOf(parsed);
  return { kind: 'answered', decision: 'deny', reasons: [], errors: [] };
}

function callOf(name: string, { principal, action, resource, context, entities }: EngineQuestion): unknown {
  const asked = { principal, action, resource, context, entities };
  return { ...asked, preparsedPolicySetId: name, validateRequest: false };
}

function readAnswer(json: unknown): EngineAnswer {
  const answer = Answer.parse(json);
  if (answer.type === 'failure') return failedOf(answer);
  const { decision, diagnostics } = answer.response;
  return {
    kind: 'answered',
    decision,
    reasons: diagnostics.reason.toSorted(compareText),
    errors: diagnostics.errors.map(({ policyId }) => policyId).toSorted(compareText),
  };
}

function failedOf({ errors }: z.infer<typeof Failure>): EngineAnswer {
  return { kind: 'failed', why: errors.map(({ message }) => message).join('; ') };
}

function attempt(held: Held, call: () => EngineAnswer): EngineAnswer {
  if (held.spoilt !== undefined) return held.spoilt;
  try {
    return call();
  } catch (error) {
    // Input that JavaScript cannot hand over throws as well, and cannot be told apart for certain: both are a no.
    const spoilt: EngineAnswer = {
      kind: 'failed',
      why: error instanceof Error ? error.message : 'the engine threw',
    };
    if (error instanceof Error && (error.name === 'RuntimeError' || error instanceof RangeError)) {
      held.spoilt = spoilt;
      shared = undefined;
    }
    return spoilt;
  }
}
