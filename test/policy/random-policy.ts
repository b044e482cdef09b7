import type { EntityJson } from '../../src/policy/cedar/entities.ts';
import type { CedarJson, EntityUid } from '../../src/policy/cedar/value.ts';

/** Numbers from a seed (mulberry32): the same ones on every machine. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to `below` - 1. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.roll(items.length)] ?? items[0];
  }

  times<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.roll(most + 1) }, make);
  }
}

const types = ['N::A', 'N::B'] as const;
const ids = ['x', 'y', 'ü "q"'] as const;
const names = ['n', 'flag', 'text', 'set', 'rec', 'ref', 'gone'] as const;
const texts = ['', 'a', 'ab', 'a*b', 'DE', 'ü'] as const;
const numbers = [0, 1, -1, 7, 9_007_199_254_740_991, -9_007_199_254_740_991] as const;

export function randomUid(dice: Dice): EntityUid {
  return { type: dice.pick(types), id: dice.pick(ids) };
}

function literal(dice: Dice): CedarJson {
  const kind = dice.roll(4);
  if (kind === 0) return dice.roll(2) === 0;
  if (kind === 1) return dice.pick(numbers);
  return kind === 2 ? dice.pick(texts) : { __entity: randomUid(dice) };
}

/** A value of an attribute, of the type that its name suggests or of another one. */
function valueFor(dice: Dice, name: (typeof names)[number]): CedarJson {
  if (dice.roll(8) === 0) return literal(dice);
  if (name === 'n') return dice.pick(numbers);
  if (name === 'flag') return dice.roll(2) === 0;
  if (name === 'text') return dice.pick(texts);
  if (name === 'set') return dice.times(3, () => literal(dice));
  if (name === 'rec') return attributes(dice, 2);
  return name === 'ref' ? { __entity: randomUid(dice) } : literal(dice);
}

export function attributes(dice: Dice, most = 6): Record<string, CedarJson> {
  const drawn = dice.times(most, () => dice.pick(names));
  return Object.fromEntries(drawn.map((name) => [name, valueFor(dice, name)]));
}

/** Entities without circles: a parent comes later in the list of all ids. */
export function randomEntities(dice: Dice): readonly EntityJson[] {
  const all = types.flatMap((type) => ids.map((id) => ({ type, id })));
  return all.flatMap((uid, at) => {
    if (dice.roll(5) === 0) return [];
    const parents = all.slice(at + 1).filter(() => dice.roll(4) === 0);
    return [{ uid, attrs: attributes(dice), parents }];
  });
}

/** An expression of Cedar's JSON form with every supported operator, often of the wrong type. */
function expression(dice: Dice, depth: number): object {
  if (depth === 0) return leaf(dice);
  const sub = () => expression(dice, depth - 1);
  const two = () => ({ left: sub(), right: sub() });
  switch (dice.roll(17)) {
    case 0:
      return leaf(dice);
    case 1:
      return { [dice.pick(['!', 'neg', 'isEmpty'])]: { arg: sub() } };
    case 2:
    case 3:
      return { [dice.pick(['==', '!='])]: two() };
    case 4:
      return { [dice.pick(['<', '<=', '>', '>='])]: two() };
    case 5:
      return { [dice.pick(['+', '-', '*'])]: two() };
    case 6:
    case 7:
    case 8:
      return { [dice.pick(['&&', '||'])]: two() };
    case 9:
      return {
        in: { left: entityExpression(dice), right: dice.roll(2) === 0 ? entityExpression(dice) : sub() },
      };
    case 10:
      return {
        is: {
          left: entityExpression(dice),
          entity_type: dice.pick(types),
          ...(dice.roll(2) === 0 ? {} : { in: entityExpression(dice) }),
        },
      };
    case 11:
      return { has: { left: holder(dice, depth), attr: dice.pick(names) } };
    case 12:
      return { '.': { left: holder(dice, depth), attr: dice.pick(names) } };
    case 13:
      return {
        like: { left: dice.roll(3) === 0 ? sub() : { Value: dice.pick(texts) }, pattern: pattern(dice) },
      };
    case 14:
      return {
        [dice.pick(['contains', 'containsAll', 'containsAny'])]: {
          left: setExpression(dice, depth),
          right: dice.roll(2) === 0 ? sub() : setExpression(dice, depth),
        },
      };
    case 15:
      return { 'if-then-else': Object.fromEntries(['if', 'then', 'else'].map((name) => [name, sub()])) };
    default:
      return dice.roll(2) === 0 ? setExpression(dice, depth) : { Record: { n: sub(), flag: sub() } };
  }
}

function leaf(dice: Dice): object {
  const kind = dice.roll(3);
  if (kind === 0) return { Value: literal(dice) };
  return kind === 1 ? entityExpression(dice) : { '.': { left: variable(dice), attr: dice.pick(names) } };
}

function variable(dice: Dice): object {
  return { Var: dice.pick(['principal', 'action', 'resource', 'context']) };
}

function entityExpression(dice: Dice): object {
  return dice.roll(3) === 0 ? { Value: { __entity: randomUid(dice) } } : variable(dice);
}

function holder(dice: Dice, depth: number): object {
  return dice.roll(3) === 0 ? expression(dice, depth - 1) : variable(dice);
}

function setExpression(dice: Dice, depth: number): object {
  if (dice.roll(3) === 0) return { '.': { left: variable(dice), attr: 'set' } };
  return { Set: dice.times(3, () => expression(dice, depth - 1)) };
}

function pattern(dice: Dice): unknown[] {
  return dice.times(4, () =>
    dice.roll(2) === 0 ? 'Wildcard' : { Literal: dice.pick(['a', 'b', '*', 'ü', 'ab']) },
  );
}

function scope(dice: Dice): object {
  const entity = randomUid(dice);
  switch (dice.roll(6)) {
    case 0:
      return { op: '==', entity };
    case 1:
      return { op: 'in', entity };
    case 2:
      return { op: 'is', entity_type: dice.pick(types) };
    case 3:
      return { op: 'is', entity_type: dice.pick(types), in: { entity } };
    default:
      return { op: 'All' };
  }
}

const action = (id: string) => ({ type: 'N::Action', id });

function actionScope(dice: Dice): object {
  switch (dice.roll(4)) {
    case 0:
      return { op: '==', entity: action('go') };
    case 1:
      return { op: 'in', entities: [action('go'), action('stop')] };
    case 2:
      return { op: 'in', entity: action('all') };
    default:
      return { op: 'All' };
  }
}

/** Named policies, up to six, with up to three conditions each. */
export function randomPolicies(dice: Dice): Readonly<Record<string, object>> {
  const many = Array.from({ length: 1 + dice.roll(6) }, (_, at) => [`p${at}`, randomPolicy(dice)] as const);
  return Object.fromEntries(many);
}

function randomPolicy(dice: Dice): object {
  return {
    effect: dice.pick(['permit', 'forbid']),
    principal: scope(dice),
    action: actionScope(dice),
    resource: scope(dice),
    conditions: dice.times(3, () => ({
      kind: dice.pick(['when', 'unless']),
      body: expression(dice, 1 + dice.roll(4)),
    })),
  };
}

export function randomAction(dice: Dice): EntityUid {
  return action(dice.pick(['go', 'stop', 'wait']));
}
