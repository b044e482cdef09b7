import { compareText } from '../../model/text.ts';
import {
  compileExpression,
  entityIn,
  type Env,
  type Fault,
  isFault,
  isIn,
  PolicyLoadError,
  type Step,
} from './expression.ts';
import { type CedarEntity, isPlainObject } from './value.ts';

/** One policy, compiled. `asks` is `true`, `false`, or the fault that leaves it without a value. */
export type CompiledPolicy = {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: ReadonlyMap<string, string>;
  /** The actions that its scope names; nothing where it is about every action. */
  readonly actions: readonly string[] | undefined;
  /** Whether its scope and its leading conditions about the principal alone leave it in question. */
  readonly concerns: (env: Env) => boolean;
  readonly asks: (env: Env) => boolean | Fault;
};

/** What Cedar answers: forbid wins, silence is a no. `reasons` and `errors` are in the order of the ids. */
export type Judgement = {
  readonly decision: 'allow' | 'deny';
  readonly reasons: readonly string[];
  readonly errors: readonly { readonly id: string; readonly fault: Fault }[];
};

/** Compiles a policy of Cedar's JSON form. Throws `PolicyLoadError` for whatever it does not understand whole. */
export function compilePolicy(id: string, json: unknown): CompiledPolicy {
  if (!isPlainObject(json)) throw new PolicyLoadError('a policy is a record');
  const { effect, principal, action, resource, conditions, annotations = {}, ...others } = json;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new PolicyLoadError(`a policy with \`${other}\` is not supported`);
  if (effect !== 'permit' && effect !== 'forbid') throw new PolicyLoadError('an effect is permit or forbid');
  if (!Array.isArray(conditions)) throw new PolicyLoadError('conditions are a list');
  const scope = [
    scopeOf(principal, (env) => env.principal),
    scopeOf(action, (env) => env.action),
    scopeOf(resource, (env) => env.resource),
  ];
  const clauses = conditions.map(clauseOf);
  const leading = clauses.slice(
    0,
    clauses.findIndex(({ isOfPrincipal }) => !isOfPrincipal),
  );
  const inScope = (env: Env) => scope.every((holds) => holds(env));
  return {
    id,
    effect,
    annotations: annotationsOf(annotations),
    actions: actionsIn(action),
    concerns: (env) => inScope(env) && leading.every(({ step }) => step(env) !== false),
    asks: (env) => inScope(env) && conjunction(clauses, env),
  };
}

/** Asks every policy, as Cedar does: one that has no value decides nothing and is named among the errors. */
export function judge(policies: readonly CompiledPolicy[], env: Env): Judgement {
  const answers = policies.map((policy) => ({ policy, answer: policy.asks(env) }));
  const bitten = answers.filter(({ answer }) => answer === true).map(({ policy }) => policy);
  const forbids = idsOf(bitten, 'forbid');
  const permits = idsOf(bitten, 'permit');
  const decision = forbids.length === 0 && permits.length > 0 ? 'allow' : 'deny';
  return {
    decision,
    reasons: decision === 'allow' ? permits : forbids,
    errors: answers
      .flatMap(({ policy: { id }, answer }) => (typeof answer === 'boolean' ? [] : [{ id, fault: answer }]))
      .toSorted((a, b) => compareText(a.id, b.id)),
  };
}

function idsOf(policies: readonly CompiledPolicy[], effect: CompiledPolicy['effect']): readonly string[] {
  return policies
    .filter((policy) => policy.effect === effect)
    .map(({ id }) => id)
    .toSorted(compareText);
}

type Clause = { readonly step: Step; readonly isOfPrincipal: boolean };

function conjunction(clauses: readonly Clause[], env: Env): boolean | Fault {
  for (const [at, { step }] of clauses.entries()) {
    const value = step(env);
    if (value === false) return false;
    if (value === true) continue;
    const fault: Fault = isFault(value)
      ? value
      : { kind: 'fault', missing: [], note: 'a boolean was expected' };
    return withMissingOf(fault, clauses.slice(at + 1), env);
  }
  return true;
}

/** Names also what the conditions behind the first fault lack. */
function withMissingOf(first: Fault, rest: readonly Clause[], env: Env): Fault {
  const further = rest.flatMap(({ step }) => {
    const value = step(env);
    return isFault(value) ? value.missing : [];
  });
  return { ...first, missing: [...first.missing, ...further] };
}

function clauseOf(json: unknown): Clause {
  if (!isPlainObject(json)) throw new PolicyLoadError('a condition is a record');
  const { kind, body, ...others } = json;
  if ((kind !== 'when' && kind !== 'unless') || Object.keys(others).length > 0)
    throw new PolicyLoadError('a condition is `when` or `unless`');
  const step = compileExpression(kind === 'when' ? body : { '!': { arg: body } });
  return { step, isOfPrincipal: !mentionsOther(body) };
}

/** Whether an expression depends on more than the principal: then it is asked anew for each resource. */
function mentionsOther(json: unknown): boolean {
  if (Array.isArray(json)) return json.some(mentionsOther);
  if (!isPlainObject(json)) return false;
  return Object.entries(json).some(([name, value]) =>
    name === 'Var' ? value !== 'principal' : mentionsOther(value),
  );
}

function actionsIn(json: unknown): readonly string[] | undefined {
  if (!isPlainObject(json) || json['op'] === 'All') return undefined;
  const { entity, entities } = json;
  return (Array.isArray(entities) ? entities : [entity]).map((each) => entityIn(each).uid.id);
}

function scopeOf(json: unknown, subject: (env: Env) => CedarEntity): (env: Env) => boolean {
  if (!isPlainObject(json)) throw new PolicyLoadError('a scope is a record');
  switch (json['op']) {
    case 'All':
      return () => true;
    case '==': {
      const wanted = entityIn(json['entity']);
      return (env) => subject(env).key === wanted.key;
    }
    case 'in':
      return inScopeOf(json, subject);
    case 'is':
      return typeScopeOf(json, subject);
    default:
      throw new PolicyLoadError('a scope is everything, ==, in or is');
  }
}

function inScopeOf(json: Record<string, unknown>, subject: (env: Env) => CedarEntity): (env: Env) => boolean {
  const { entity, entities } = json;
  if (entities !== undefined && !Array.isArray(entities)) throw new PolicyLoadError('entities are a list');
  const places = (entities ?? [entity]).map(entityIn);
  return (env) => places.some((place) => isIn(subject(env), place, env));
}

function typeScopeOf(
  json: Record<string, unknown>,
  subject: (env: Env) => CedarEntity,
): (env: Env) => boolean {
  const { entity_type: type, in: inside } = json;
  if (typeof type !== 'string') throw new PolicyLoadError('a type is text');
  if (inside === undefined) return (env) => subject(env).uid.type === type;
  if (!isPlainObject(inside)) throw new PolicyLoadError('a scope is a record');
  const isInside = inScopeOf(inside, subject);
  return (env) => subject(env).uid.type === type && isInside(env);
}

function annotationsOf(json: unknown): ReadonlyMap<string, string> {
  if (!isPlainObject(json)) throw new PolicyLoadError('annotations are a record');
  return new Map(
    Object.entries(json).map(([name, value]) => {
      if (typeof value !== 'string') throw new PolicyLoadError('an annotation is text');
      return [name, value];
    }),
  );
}
