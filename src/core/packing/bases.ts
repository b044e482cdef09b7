import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { published, publishedNames, type PublishedName } from './published.ts';
import { thrifty, type Weights } from './thrifty.ts';

/** What a policy is built on: a published one as it is, or made thrifty. */
export type Base = { readonly name: PublishedName; readonly weights?: Weights };

/** The best on most workloads. */
export const usualBase: Base = { name: 'fgd', weights: { wholePoints: 0, strandedPoints: 20 } };

/** The one that watts are weighed against: half of its points are left then, so that its terms are the stronger ones. */
export const powerBase: Base = { name: 'fgd', weights: { wholePoints: 8, strandedPoints: 50 } };

/**
 * What the default policy chooses from: the thrifty ones lead where CPUs, memory, models or whole nodes are scarce,
 * and the published ones as they are where the terms that make thrifty mislead.
 */
export const bases: readonly Base[] = [
  usualBase,
  powerBase,
  { name: 'packing', weights: { wholePoints: 0, strandedPoints: 50 } },
  { name: 'bestfit', weights: { wholePoints: 0, strandedPoints: 50 } },
  { name: 'dotprod', weights: { wholePoints: 0, strandedPoints: 8 } },
  ...publishedNames.map((name) => ({ name })),
];

/** `plain` remembers nothing between decisions, with the same answers. */
export function policyOn({ name, weights }: Base, fleet: Fleet, plain = false): Policy {
  const policy = published(name, fleet, plain);
  return weights === undefined ? policy : thrifty(policy, fleet, weights);
}
