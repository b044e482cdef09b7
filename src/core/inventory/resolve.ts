import { canonicalJson } from '../../model/canonical.ts';
import type { Fact } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import type { Claim, Claims } from './claims.ts';
import { byPrecedence } from './precedence.ts';

/** One attribute of one subject: the claim that is used, and those that say something else. */
export type Resolved = {
  readonly name: string;
  readonly value: unknown;
  readonly claim: Claim;
  readonly conflicts: readonly { readonly value: unknown; readonly claim: Claim }[];
};

/** Every attribute that anybody has stated about a subject, in the order of the names. */
export function resolveAttributes(claims: readonly Claim[]): readonly Resolved[] {
  const byName = new Map<string, { value: unknown; claim: Claim }[]>();
  for (const claim of byPrecedence(claims)) {
    for (const [name, value] of Object.entries(claim.fact.set)) {
      if (value === undefined) continue;
      const said = byName.get(name);
      if (said === undefined) byName.set(name, [{ value, claim }]);
      else said.push({ value, claim });
    }
  }
  return [...byName]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([name, said]) => {
      const [used, ...rest] = said;
      if (used === undefined) return [];
      const text = canonicalJson(used.value);
      return [{ name, ...used, conflicts: rest.filter(({ value }) => canonicalJson(value) !== text) }];
    });
}

/**
 * All subjects of one kind with their attributes merged by precedence, in the order of their ids. `setOf`
 * picks the kind: it answers with the fact's attributes, or nothing for facts of other kinds.
 */
export function resolveKind<S extends object>(
  claims: Claims,
  setOf: (fact: Fact) => S | undefined,
): Map<Path, S> {
  const resolved: [Path, S][] = [];
  for (const said of claims.values()) {
    const first = said[0];
    if (first === undefined || setOf(first.fact) === undefined) continue;
    const [best, ...rest] = byPrecedence(said).flatMap((claim) => setOf(claim.fact) ?? []);
    if (best !== undefined) resolved.push([first.fact.subject, layered(best, rest)]);
  }
  return new Map(resolved.toSorted(([a], [b]) => compareText(a, b)));
}

function layered<S extends object>(best: S, rest: readonly S[]): S {
  return rest.reduce<S>((set, lower) => ({ ...lower, ...set }), best);
}
