import { canonicalJson } from '../../model/canonical.ts';
import type { Fact } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { Claim, Claims } from './claims.ts';
import { byPrecedence, mayDiffer, isSpecial, isStale, orderFor } from './precedence.ts';

/** What one claim says about one attribute. */
export type Said = {
  readonly value: unknown;
  readonly claim: Claim;
  /** A word about something volatile that is older than its source's words live. */
  readonly isStale: boolean;
};

/** One attribute of one subject: the claim that is used, those that say something else, and all of them in order. */
export type Resolved = Said & {
  readonly name: string;
  readonly conflicts: readonly Said[];
  readonly said: readonly [Said, ...Said[]];
};

/**
 * Every attribute that anybody has stated about a subject, in the order of the names. `newestMs` is the time of the
 * newest observation of all (see `newestOf`): which word is used is judged by it, so it must be the fleet's.
 */
export function resolveAttributes(claims: readonly Claim[], newestMs: number): readonly Resolved[] {
  const names = new Set(claims.flatMap(({ fact }) => Object.keys(fact.set)));
  return [...names].toSorted(compareText).flatMap((name) => resolveOne(name, claims, newestMs));
}

/** The time of the newest observation that some claim comes from; 0 where there is none. */
export function newestOf(claims: Claims): number {
  const known = newest.get(claims);
  if (known !== undefined) return known;
  let newestMs = 0;
  for (const said of claims.values()) {
    for (const { observedAtMs } of said) newestMs = Math.max(newestMs, observedAtMs);
  }
  newest.set(claims, newestMs);
  return newestMs;
}

/** Claims are never changed, only replaced. */
const newest = new WeakMap<Claims, number>();

/**
 * All subjects of one kind with their attributes merged by precedence, in the order of their ids. `setOf`
 * picks the kind: it answers with the fact's attributes, or nothing for facts of other kinds.
 */
export function resolveKind<S extends object>(
  claims: Claims,
  setOf: (fact: Fact) => S | undefined,
): Map<Path, S> {
  const newestMs = newestOf(claims);
  const resolved: [Path, S][] = [];
  for (const said of claims.values()) {
    const first = said[0];
    if (first === undefined || setOf(first.fact) === undefined) continue;
    const [best, ...rest] = byPrecedence(said).flatMap((claim) => setOf(claim.fact) ?? []);
    if (best === undefined) continue;
    const merged = rest.length === 0 ? best : withSpecials(layered(best, rest), said, newestMs);
    resolved.push([first.fact.subject, merged]);
  }
  return new Map(resolved.toSorted(([a], [b]) => compareText(a, b)));
}

function resolveOne(name: string, claims: readonly Claim[], newestMs: number): readonly Resolved[] {
  const [first] = claims;
  if (first === undefined) return [];
  const said = orderFor({ kind: first.fact.kind, attribute: name }, claims, newestMs).flatMap((claim) => {
    const value = valueOf(claim, name);
    return value === undefined ? [] : [{ value, claim, isStale: isStale(claim, name, newestMs) }];
  });
  const [used, ...rest] = said;
  if (used === undefined) return [];
  const text = canonicalJson(used.value);
  const differ = mayDiffer(name) ? [] : rest.filter(({ value }) => canonicalJson(value) !== text);
  return [{ name, ...used, conflicts: differ, said: [used, ...rest] }];
}

function valueOf({ fact }: Claim, name: string): unknown {
  const set: Readonly<Record<string, unknown>> = fact.set;
  return set[name];
}

function layered<S extends object>(best: S, rest: readonly S[]): S {
  return rest.reduce<S>((set, lower) => ({ ...lower, ...set }), best);
}

/** The general order has layered all attributes; those that have rules of their own are set by them. */
function withSpecials<S extends object>(set: S, said: readonly Claim[], newestMs: number): S {
  const kind = said[0]?.fact.kind;
  const special = Object.keys(set).filter((name) => kind !== undefined && isSpecial(kind, name));
  if (kind === undefined || special.length === 0) return set;
  const merged = { ...set };
  for (const attribute of special) {
    const used = orderFor({ kind, attribute }, said, newestMs)
      .map((claim) => valueOf(claim, attribute))
      .find((value) => value !== undefined);
    Reflect.set(merged, attribute, used);
  }
  return merged;
}
