import type { Entities } from './entities.ts';
import {
  type CedarEntity,
  type CedarRecord,
  type CedarSet,
  entityOf,
  isPlainObject,
  keyOf,
  readUid,
  readValue,
  recordOf,
  setOf,
  type Value,
} from './value.ts';

/** A fact that a rule asked for and nobody has recorded; without an attribute the whole entity is unknown. */
export type Missing = { readonly subject: string; readonly attribute: string | undefined };

/** What a rule read: whose attribute, and what it was. */
export type Reading = Missing & { readonly value: Value };

/** Cedar's error: the rule has no value. Facts that are missing are all named, not just the first. */
export type Fault = { readonly kind: 'fault'; readonly missing: readonly Missing[]; readonly note: string };

export type Env = {
  readonly principal: CedarEntity;
  readonly action: CedarEntity;
  readonly resource: CedarEntity;
  readonly context: CedarRecord;
  readonly entities: Entities;
  /** Collects what is read, where somebody wants an explanation. */
  readonly readings?: Reading[];
};

export type Step = (env: Env) => Value | Fault;

/** A policy that this evaluator does not understand whole. Nothing of it is used then. */
export class PolicyLoadError extends Error {
  override readonly name = 'PolicyLoadError';
}

/**
 * Compiles an expression of Cedar's JSON form to a function with Cedar's meaning (Cedar 4.5 language: short circuit
 * from left to right, 64-bit integers that overflow into an error, equality across types). The operators below are
 * all there are: anything else, extension functions and templates among it, throws `PolicyLoadError`.
 */
export function compileExpression(json: unknown): Step {
  const [operator, operand] = theOnlyEntry(json);
  const make = operators.get(operator);
  if (make === undefined) throw new PolicyLoadError(`the operator \`${operator}\` is not supported`);
  return make(operand);
}

export function isFault(value: Value | Fault): value is Fault {
  return typeof value === 'object' && value.kind === 'fault';
}

function fault(note: string, missing: readonly Missing[] = []): Fault {
  return { kind: 'fault', note, missing };
}

const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;

const operators: ReadonlyMap<string, (operand: unknown) => Step> = new Map([
  ['Value', (operand) => constant(readLiteral(operand))],
  ['Var', variable],
  [
    '!',
    (operand) => unary(operand, (value) => (typeof value === 'boolean' ? !value : typeFault('a boolean'))),
  ],
  [
    'neg',
    (operand) =>
      unary(operand, (value) => (typeof value === 'bigint' ? long(-value) : typeFault('a number'))),
  ],
  ['==', (operand) => binary(operand, (a, b) => keyOf(a) === keyOf(b))],
  ['!=', (operand) => binary(operand, (a, b) => keyOf(a) !== keyOf(b))],
  ['<', (operand) => compare(operand, (a, b) => a < b)],
  ['<=', (operand) => compare(operand, (a, b) => a <= b)],
  ['>', (operand) => compare(operand, (a, b) => a > b)],
  ['>=', (operand) => compare(operand, (a, b) => a >= b)],
  ['+', (operand) => calculate(operand, (a, b) => a + b)],
  ['-', (operand) => calculate(operand, (a, b) => a - b)],
  ['*', (operand) => calculate(operand, (a, b) => a * b)],
  ['&&', (operand) => shortCircuit(operand, false)],
  ['||', (operand) => shortCircuit(operand, true)],
  ['in', membership],
  ['is', typeTest],
  ['has', presence],
  ['.', attribute],
  ['like', likeness],
  ['contains', (operand) => onSet(operand, (set, item) => set.items.has(keyOf(item)))],
  [
    'containsAll',
    (operand) => onSets(operand, (all, some) => [...some.items.keys()].every((key) => all.items.has(key))),
  ],
  [
    'containsAny',
    (operand) => onSets(operand, (all, some) => [...some.items.keys()].some((key) => all.items.has(key))),
  ],
  [
    'isEmpty',
    (operand) => unary(operand, (value) => (isSet(value) ? value.items.size === 0 : typeFault('a set'))),
  ],
  ['if-then-else', choice],
  ['Set', setLiteral],
  ['Record', recordLiteral],
]);

/** The operators of the subset, in order. */
export const supportedOperators: readonly string[] = [...operators.keys()];

function theOnlyEntry(json: unknown): readonly [string, unknown] {
  const entries = isPlainObject(json) ? Object.entries(json) : [];
  const [first] = entries;
  if (first === undefined || entries.length !== 1)
    throw new PolicyLoadError('an expression is one operator with its operands');
  return first;
}

function operandsOf(json: unknown, ...names: readonly string[]): readonly unknown[] {
  if (!isPlainObject(json)) throw new PolicyLoadError('operands are a record');
  const unknownName = Object.keys(json).find((name) => !names.includes(name));
  if (unknownName !== undefined) throw new PolicyLoadError(`the operand \`${unknownName}\` is not supported`);
  return names.map((name) => json[name]);
}

function nameIn(json: unknown): string {
  if (typeof json !== 'string') throw new PolicyLoadError('a name is text');
  return json;
}

function readLiteral(json: unknown): Value {
  try {
    return readValue(json);
  } catch (cause) {
    throw new PolicyLoadError(cause instanceof Error ? cause.message : 'a literal is not supported', {
      cause,
    });
  }
}

function constant(value: Value): Step {
  return () => value;
}

function variable(operand: unknown): Step {
  if (operand === 'principal') return (env) => env.principal;
  if (operand === 'action') return (env) => env.action;
  if (operand === 'resource') return (env) => env.resource;
  if (operand === 'context') return (env) => env.context;
  throw new PolicyLoadError('a variable is principal, action, resource or context');
}

/** Stands where an operand is sure to be: `operandsOf` answers one for each name. */
const never: Step = () => fault('an operand is missing');

function unary(operand: unknown, apply: (value: Value) => Value | Fault): Step {
  const [arg] = operandsOf(operand, 'arg');
  const step = compileExpression(arg);
  return (env) => {
    const value = step(env);
    return isFault(value) ? value : apply(value);
  };
}

function binary(operand: unknown, apply: (left: Value, right: Value) => Value | Fault): Step {
  const [left, right] = operandsOf(operand, 'left', 'right');
  return binaryWithEnv(left, right, apply);
}

function both(first: Fault, second: Fault): Fault {
  return { ...first, missing: [...first.missing, ...second.missing] };
}

function compare(operand: unknown, apply: (left: bigint, right: bigint) => boolean): Step {
  return binary(operand, (left, right) =>
    typeof left === 'bigint' && typeof right === 'bigint' ? apply(left, right) : typeFault('two numbers'),
  );
}

function calculate(operand: unknown, apply: (left: bigint, right: bigint) => bigint): Step {
  return binary(operand, (left, right) =>
    typeof left === 'bigint' && typeof right === 'bigint'
      ? long(apply(left, right))
      : typeFault('two numbers'),
  );
}

function long(value: bigint): bigint | Fault {
  return value < minLong || value > maxLong ? fault('a number leaves 64 bits') : value;
}

function typeFault(wanted: string): Fault {
  return fault(`${wanted} was expected`);
}

/** `stop` decides alone: `false` for `&&`, `true` for `||`. A left side without a value stays without one. */
function shortCircuit(operand: unknown, stop: boolean): Step {
  const [left = never, right = never] = operandsOf(operand, 'left', 'right').map(compileExpression);
  return (env) => {
    const first = left(env);
    if (isFault(first)) return alsoMissing(first, right, env);
    if (typeof first !== 'boolean') return typeFault('a boolean');
    if (first === stop) return stop;
    const second = right(env);
    return isFault(second) || typeof second === 'boolean' ? second : typeFault('a boolean');
  };
}

/** What else is missing further on: recorded together, it is asked for together. */
function alsoMissing(first: Fault, next: Step, env: Env): Fault {
  const second = next(env);
  return isFault(second) ? both(first, second) : first;
}

function membership(operand: unknown): Step {
  const [left, right] = operandsOf(operand, 'left', 'right');
  return binaryWithEnv(left, right, (a, b, env) =>
    isEntity(a) ? isInAny(a, b, env) : typeFault('an entity'),
  );
}

/** Both operands are asked even when the left one has no value, so that every missing fact is named. */
function binaryWithEnv(
  left: unknown,
  right: unknown,
  apply: (left: Value, right: Value, env: Env) => Value | Fault,
): Step {
  const [first, second] = [compileExpression(left), compileExpression(right)];
  return (env) => {
    const a = first(env);
    const b = second(env);
    if (isFault(a)) return isFault(b) ? both(a, b) : a;
    return isFault(b) ? b : apply(a, b, env);
  };
}

function isInAny(entity: CedarEntity, place: Value, env: Env): boolean | Fault {
  if (isEntity(place)) return isIn(entity, place, env);
  if (!isSet(place)) return typeFault('an entity or a set of them');
  const places = [...place.items.values()];
  return places.every(isEntity) ? places.some((each) => isIn(entity, each, env)) : typeFault('entities');
}

/** Whether an entity is another one or below it. What is not among the entities is only itself. */
export function isIn(entity: CedarEntity, place: CedarEntity, { entities }: Pick<Env, 'entities'>): boolean {
  return entity.key === place.key || entities.get(entity.key)?.ancestors.has(place.key) === true;
}

function typeTest(operand: unknown): Step {
  const hasPlace = isPlainObject(operand) && 'in' in operand;
  const [left, type, place] = operandsOf(operand, 'left', 'entity_type', ...(hasPlace ? ['in'] : []));
  const wanted = nameIn(type);
  const step = compileExpression(left);
  const isType: Step = (env) => {
    const value = step(env);
    if (isFault(value)) return value;
    return isEntity(value) ? value.uid.type === wanted : typeFault('an entity');
  };
  if (!hasPlace) return isType;
  const inside = membership({ left, right: place });
  return (env) => {
    const first = isType(env);
    return first === true ? inside(env) : first;
  };
}

/** Extended `has` (`e has a.b`) is not among the supported forms: its attribute is one name. */
function presence(operand: unknown): Step {
  const [left, attr] = operandsOf(operand, 'left', 'attr');
  const name = nameIn(attr);
  const step = compileExpression(left);
  return (env) => {
    const value = step(env);
    if (isFault(value)) return value;
    if (isEntity(value)) return env.entities.get(value.key)?.attrs.has(name) === true;
    return isRecord(value) ? value.fields.has(name) : typeFault('an entity or a record');
  };
}

function attribute(operand: unknown): Step {
  const [left, attr] = operandsOf(operand, 'left', 'attr');
  const name = nameIn(attr);
  const step = compileExpression(left);
  return (env) => {
    const value = step(env);
    if (isFault(value)) return value;
    if (isEntity(value)) return attributeOf(value, name, env);
    if (!isRecord(value)) return typeFault('an entity or a record');
    const found = value.fields.get(name);
    return found ?? absent({ subject: value === env.context ? 'context' : 'record', attribute: name });
  };
}

function attributeOf(entity: CedarEntity, name: string, env: Env): Value | Fault {
  const known = env.entities.get(entity.key);
  if (known === undefined) return absent({ subject: entity.key, attribute: undefined });
  const found = known.attrs.get(name);
  if (found === undefined) return absent({ subject: entity.key, attribute: name });
  env.readings?.push({ subject: entity.key, attribute: name, value: found });
  return found;
}

function absent(fact: Missing): Fault {
  return fault('a fact is missing', [fact]);
}

function likeness(operand: unknown): Step {
  const [left, pattern] = operandsOf(operand, 'left', 'pattern');
  const parts = patternIn(pattern);
  return unary({ arg: left }, (value) =>
    typeof value === 'string' ? isLike(value, parts) : typeFault('a text'),
  );
}

/** Text that must stand between wildcards: `a*b` is `['a', 'b']`, `*` is `['', '']`. */
function patternIn(json: unknown): readonly string[] {
  if (!Array.isArray(json)) throw new PolicyLoadError('a pattern is a list');
  const parts = [''];
  for (const item of json) {
    if (item === 'Wildcard') parts.push('');
    else parts.push(`${parts.pop() ?? ''}${literalIn(item)}`);
  }
  return parts;
}

function literalIn(json: unknown): string {
  const [kind, text] = theOnlyEntry(json);
  if (kind !== 'Literal' || typeof text !== 'string')
    throw new PolicyLoadError('a pattern is text and wildcards');
  return text;
}

function isLike(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function onSet(operand: unknown, apply: (set: CedarSet, item: Value) => boolean): Step {
  return binary(operand, (set, item) => (isSet(set) ? apply(set, item) : typeFault('a set')));
}

function onSets(operand: unknown, apply: (all: CedarSet, some: CedarSet) => boolean): Step {
  return binary(operand, (all, some) =>
    isSet(all) && isSet(some) ? apply(all, some) : typeFault('two sets'),
  );
}

function choice(operand: unknown): Step {
  const [condition = never, yes = never, no = never] = operandsOf(operand, 'if', 'then', 'else').map(
    compileExpression,
  );
  return (env) => {
    const value = condition(env);
    if (isFault(value)) return value;
    if (typeof value !== 'boolean') return typeFault('a boolean');
    return value ? yes(env) : no(env);
  };
}

function setLiteral(operand: unknown): Step {
  if (!Array.isArray(operand)) throw new PolicyLoadError('a set is a list');
  const steps = operand.map(compileExpression);
  return (env) => {
    const values: Value[] = [];
    for (const step of steps) {
      const value = step(env);
      if (isFault(value)) return value;
      values.push(value);
    }
    return setOf(values);
  };
}

function recordLiteral(operand: unknown): Step {
  if (!isPlainObject(operand)) throw new PolicyLoadError('a record is names with values');
  const steps = Object.entries(operand).map(([name, json]) => [name, compileExpression(json)] as const);
  return (env) => {
    const fields = new Map<string, Value>();
    for (const [name, step] of steps) {
      const value = step(env);
      if (isFault(value)) return value;
      fields.set(name, value);
    }
    return recordOf(fields);
  };
}

function isEntity(value: Value): value is CedarEntity {
  return typeof value === 'object' && value.kind === 'entity';
}

function isSet(value: Value): value is CedarSet {
  return typeof value === 'object' && value.kind === 'set';
}

function isRecord(value: Value): value is CedarRecord {
  return typeof value === 'object' && value.kind === 'record';
}

/** An entity literal of a scope. */
export function entityIn(json: unknown): CedarEntity {
  try {
    return entityOf(readUid(json));
  } catch (cause) {
    throw new PolicyLoadError('a scope names an entity by `type` and `id`', { cause });
  }
}
