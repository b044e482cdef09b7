import { dayOf } from '../model/day.ts';
import type { Digest } from '../model/id.ts';
import type { RuleHit } from '../model/policy.ts';
import { compareText } from '../model/text.ts';
import { builtInPacks } from './built-in.ts';
import type { EntityJson } from './cedar/entities.ts';
import type { Env, Reading } from './cedar/expression.ts';
import { type CedarJson, type EntityUid, PolicyInputError, textOf, uidKey } from './cedar/value.ts';
import { answerOf } from './overridden.ts';
import { inForce, type Packs, type Rule } from './pack-set.ts';
import { readQuestion } from './site-verdict.ts';

/** May this principal take this action on this resource? All of it plain Cedar JSON. */
export type ActionRequest = {
  readonly principal: EntityUid;
  /** The action's name, such as `commit`. */
  readonly action: string;
  readonly resource: EntityUid;
  readonly context: Readonly<Record<string, CedarJson>>;
  readonly entities: readonly EntityJson[];
  /** When it is asked: rules that are not in force then are not asked. */
  readonly atMs: number;
};

export type ActionVerdict = {
  readonly policy: Digest;
  readonly answer: 'allowed' | 'forbidden' | 'fact-missing';
  /** Every rule that bit or could not be answered, in the order of the ids; empty exactly for a yes. */
  readonly hits: readonly RuleHit[];
  /** The highest tier that a rule with `@tier` asks for; 0 where none does. */
  readonly tier: number;
  /** The rules that raised it. */
  readonly raisedBy: readonly string[];
};

/**
 * Asks every rule about an action. Fails closed: a principal or resource that is not among the entities, a type that
 * the schema does not give the action, a value that cannot be read and a rule without an answer are all a no.
 */
export function authorize(request: ActionRequest, packs: Packs = builtInPacks()): ActionVerdict {
  const day = dayOf(request.atMs);
  const rules = inForce(packs.rules, day, day);
  const fault = faultOf(request, packs);
  const env = fault === undefined ? environmentOf(request) : fault;
  if (typeof env === 'string')
    return { policy: packs.digest, answer: 'forbidden', hits: [refusedInput(env)], tier: 0, raisedBy: [] };
  const raised = rules.filter((rule) => rule.tier !== undefined && rule.policy.asks(env) === true);
  const hits = hitsOf(rules, env);
  return {
    policy: packs.digest,
    answer: answerOf(hits),
    hits,
    tier: Math.max(0, ...raised.map(({ tier = 0 }) => tier)),
    raisedBy: raised.map(({ id }) => id),
  };
}

function hitsOf(rules: readonly Rule[], env: Env): readonly RuleHit[] {
  const isPermitted = rules.some(({ policy }) => policy.effect === 'permit' && policy.asks(env) === true);
  const hits = rules.flatMap((rule) => hitBy(rule, env));
  return (isPermitted ? hits : [...hits, notPermitted(env)]).toSorted((a, b) => compareText(a.rule, b.rule));
}

/** A permit that cannot be answered is told too: otherwise a no would hide what is missing. */
function hitBy(rule: Rule, env: Env): RuleHit[] {
  const answer = rule.policy.asks(env);
  const isBite = answer === true && rule.policy.effect === 'forbid' && rule.tier === undefined;
  if (isBite) return rule.level === 'flag' ? [] : [forbidden(rule, env)];
  if (typeof answer === 'boolean') return [];
  const names = answer.missing.map(({ subject, attribute }) => `${subject} ${attribute ?? ''}`.trim());
  const why = names.length === 0 ? answer.note : `${[...new Set(names)].join(', ')} is not known`;
  return [
    {
      rule: rule.id,
      article: rule.article.slice(0, 120),
      effect: 'fact-missing',
      why: why.slice(0, 300),
      fix: (rule.fix === '' ? 'record what is missing' : rule.fix).slice(0, 300),
    },
  ];
}

function forbidden(rule: Rule, env: Env): RuleHit {
  const readings: Reading[] = [];
  rule.policy.asks({ ...env, readings });
  const facts = readings.slice(0, 16).map(({ subject, attribute = '', value }) => ({
    fact: `${subject} ${attribute}`.slice(0, 200),
    value: textOf(value).slice(0, 120),
    source: 'the request',
  }));
  return {
    rule: rule.id,
    article: rule.article.slice(0, 120),
    effect: 'forbid',
    why: rule.why.slice(0, 300),
    fix: rule.fix.slice(0, 300),
    ...(facts.length === 0 ? {} : { facts }),
  };
}

/** What a validator of requests would say: by the schema's own lists, and nothing that is not among the entities. */
function faultOf({ principal, action, resource, entities }: ActionRequest, packs: Packs): string | undefined {
  const known = Object.hasOwn(packs.set.actions, action) ? packs.set.actions[action] : undefined;
  if (known === undefined) return `there is no action \`${action}\``;
  if (!known.principals.includes(principal.type)) return `\`${action}\` is not for a ${principal.type}`;
  if (!known.resources.includes(resource.type)) return `\`${action}\` is not about a ${resource.type}`;
  const absent = [principal, resource].find(
    (uid) => !entities.some((entity) => entity.uid.type === uid.type && entity.uid.id === uid.id),
  );
  return absent === undefined ? undefined : `${uidKey(absent)} is not known`;
}

function environmentOf({ action, ...request }: ActionRequest): Env | string {
  try {
    return readQuestion({ ...request, action: { type: 'Berth::Action', id: action } });
  } catch (error) {
    if (error instanceof PolicyInputError) return error.message;
    throw error;
  }
}

function notPermitted({ principal, action }: Env): RuleHit {
  return {
    rule: 'base-no-permit',
    article: 'Berth: what nothing permits is forbidden',
    effect: 'forbid',
    why: `nothing permits ${principal.uid.id} to ${action.uid.id} this`.slice(0, 300),
    fix: 'ask somebody with the authority to grant it',
  };
}

function refusedInput(why: string): RuleHit {
  return {
    rule: 'base-request-readable',
    article: 'Berth: what cannot be read is not allowed',
    effect: 'forbid',
    why: why.slice(0, 300),
    fix: 'ask for an action that the schema of the rule packs knows, about somebody and something that are known',
  };
}
