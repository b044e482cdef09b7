import type { Command } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import { faultOfFact, formOf, instantOf, type GovernanceFact } from '../../model/governance-fact.ts';
import { OverrideId } from '../../model/id.ts';
import type { SignatureVerdict } from '../../model/key.ts';
import type { Refusal } from '../../model/refusal.ts';
import { dayMs } from '../../model/unit.ts';
import type { CommandGiven, Sealed } from '../given.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** No override is longer: whoever needs it longer says so again. */
const longestOverrideMs = 90 * dayMs;

/** Records facts, all of them or none. A conclusion of law needs the signature of a person. */
export function recordFacts(
  _state: State,
  { atMs, sealed }: CommandGiven,
  { facts }: Of<'record-facts'>,
): Outcome {
  for (const [at, fact] of facts.entries()) {
    const why = whyNot(fact, atMs, sealed?.signatures[at] ?? 'absent');
    if (why !== undefined) return refused(why[0], `${fact.subject} ${fact.attribute}: ${why[1]}`);
  }
  return {
    decision: { kind: 'facts-recorded', factCount: facts.length },
    events: [{ kind: 'facts-recorded', facts }],
  };
}

export function retractFact({ governance }: State, { subject, attribute }: Of<'retract-fact'>): Outcome {
  if (governance.facts.get(subject)?.has(attribute) !== true)
    return refused('unknown', `\`${subject} ${attribute}\` is not recorded`);
  return {
    decision: { kind: 'fact-retracted', subject, attribute },
    events: [{ kind: 'fact-retracted', subject, attribute }],
  };
}

/** Two persons, a reason and an end: then a rule that allows it does not bind one tenant. Never for an agent. */
export function overrideRule(
  { governance }: State,
  { atMs, sealed }: CommandGiven,
  { wish, second }: Of<'override-rule'>,
): Outcome {
  const why = whyNoOverride({ wish, second }, atMs, sealed);
  if (why !== undefined) return refused(...why);
  const id = OverrideId.parse(`O-${governance.overrides.size + 1}`);
  return {
    decision: { kind: 'rule-overridden', id, untilMs: wish.expiresAtMs },
    events: [{ kind: 'rule-overridden', id, wish, second }],
  };
}

export function liftOverride(
  { governance }: State,
  { atMs }: CommandGiven,
  { id }: Of<'lift-override'>,
): Outcome {
  const override = governance.overrides.get(id);
  if (override === undefined) return refused('unknown', `there is no override ${id}`);
  if (override.liftedAtMs !== undefined || override.expiresAtMs <= atMs)
    return refused('expired', `${id} has ended already`);
  return {
    decision: { kind: 'override-lifted', id, atMs },
    events: [{ kind: 'override-lifted', id, atMs }],
  };
}

type Why = Extract<Refusal, { kind: 'governance-refused' }>['why'];

function whyNot(
  fact: GovernanceFact,
  atMs: number,
  signature: SignatureVerdict,
): readonly [Why, string] | undefined {
  const fault = faultOfFact(fact);
  if (fault !== undefined) return ['ill-formed', fault];
  if (fact.expiresAtMs <= atMs) return ['expired', 'it has expired already'];
  if (formOf(fact.attribute)?.type === 'instant' && (instantOf(fact.value) ?? 0) > atMs)
    return ['ill-formed', 'it lies in the future'];
  if (fact.assertedAtMs > atMs) return ['ill-formed', 'it is asserted in the future'];
  if (signature === 'invalid')
    return ['signature', 'its signature is not of the key and person that it names'];
  if (formOf(fact.attribute)?.legal !== true) return undefined;
  if (fact.signed === undefined || signature === 'absent')
    return ['signature', 'a conclusion of law is signed by the person who draws it'];
  return fact.signed.by.startsWith('person:')
    ? undefined
    : ['no-person', 'only persons draw conclusions of law'];
}

function whyNoOverride(
  { wish, second }: Pick<Of<'override-rule'>, 'wish' | 'second'>,
  atMs: number,
  sealed: Sealed | undefined,
): [Why, string] | undefined {
  const known = sealed?.override ?? 'unknown-rule';
  if (known === 'unknown-rule') return ['unknown', `there is no rule \`${wish.rule}\` in force`];
  if (known === 'never') return ['not-overridable', `the rule \`${wish.rule}\` binds whoever asks`];
  const isPerson = [wish.requestedBy, second.by].every((principal) => principal.startsWith('person:'));
  if (!isPerson) return ['no-person', 'only persons override rules, and only persons second them'];
  if (wish.requestedBy === second.by) return ['same-person', 'the second person is another one'];
  if (sealed?.signatures[0] !== 'valid') return ['signature', `${second.by} has not signed exactly this`];
  if (wish.expiresAtMs <= atMs) return ['expired', 'it would have ended already'];
  return wish.expiresAtMs > atMs + longestOverrideMs
    ? ['ill-formed', 'an override lasts 90 days at most']
    : undefined;
}

function refused(why: Why, note: string): Outcome {
  return refuse({ kind: 'governance-refused', why, note: note.slice(0, 300) });
}
