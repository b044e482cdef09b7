import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { published, publishedNames, type PublishedName } from './published.ts';
import { staged } from './staged.ts';
import { thrifty, type Weights } from './thrifty.ts';

/** What a policy is built on: a published one as it is, or made thrifty; and another one when the fleet fills up. */
export type Base = { readonly name: PublishedName; readonly weights?: Weights; readonly late?: Base };

/** The best on most workloads. */
export const usualBase: Base = { name: 'fgd', weights: { wholePoints: 0, strandedPoints: 20 } };

/** The one that watts are weighed against: half of its points are left then, so that its terms are the stronger ones. */
export const powerBase: Base = { name: 'fgd', weights: { wholePoints: 8, strandedPoints: 50 } };

const thriftyPacking: Base = { name: 'packing', weights: { wholePoints: 0, strandedPoints: 50 } };
const thriftyBestFit: Base = { name: 'bestfit', weights: { wholePoints: 0, strandedPoints: 50 } };
const thriftyDotProduct: Base = { name: 'dotprod', weights: { wholePoints: 0, strandedPoints: 8 } };

/** The thrifty ones lead where CPUs, memory, models or whole nodes are scarce, the others where their terms mislead. */
const lasting: readonly Base[] = [
  usualBase,
  powerBase,
  thriftyPacking,
  thriftyBestFit,
  thriftyDotProduct,
  ...publishedNames.map((name) => ({ name })),
];

const early = [usualBase, powerBase, thriftyBestFit, thriftyDotProduct];
const late: readonly Base[] = [
  usualBase,
  thriftyPacking,
  thriftyBestFit,
  thriftyDotProduct,
  { name: 'packing' },
  { name: 'fgd' },
];

/** What the default policy chooses from: one from the first request to the last, or two. */
export const bases: readonly Base[] = [
  ...lasting,
  ...early.flatMap((base) =>
    late.filter((other) => other !== base).map((other) => ({ ...base, late: other })),
  ),
];

/** `plain` remembers nothing between decisions, with the same answers. */
export function policyOn({ name, weights, late: other }: Base, fleet: Fleet, plain = false): Policy {
  const policy = published(name, fleet, plain);
  const first = weights === undefined ? policy : thrifty(policy, fleet, weights);
  return other === undefined ? first : staged(first, policyOn(other, fleet, plain), fleet.nodes);
}
