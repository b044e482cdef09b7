import { type Base, policyOn, powerBase } from './bases.ts';
import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { PowerModel } from './power.ts';
import { powered, powerWeightMax, usualPowerWeight } from './powered.ts';
import { publishedNames } from './published.ts';
import { rehearse } from './rehearsal.ts';

export const policyNames = ['default', 'power', ...publishedNames] as const;
export type PolicyName = (typeof policyNames)[number];

export type NamedPolicy = {
  readonly policy: Policy;
  /** The same answers, with nothing remembered between decisions. */
  readonly plain: Policy;
  /** What it is built on; a published policy on itself. */
  readonly base: Base;
};

/**
 * The policy of that name for a fleet. The default one rehearses first, which takes a moment. `powerWeight`: how many
 * thousandths of the score are watts, for the one that saves power. Throws INVALID_INPUT where that one does not know
 * what a GPU of the fleet draws, RangeError for a weight that is none.
 */
export function policyNamed(name: PolicyName, fleet: Fleet, powerWeight = usualPowerWeight): NamedPolicy {
  if (!Number.isInteger(powerWeight) || powerWeight < 0 || powerWeight > powerWeightMax)
    throw new RangeError(`${powerWeight} is not from 0 to ${powerWeightMax} thousandths`);
  const base = baseOf(name, fleet);
  const made = (plain: boolean) => {
    const policy = policyOn(base, fleet, plain);
    return name === 'power' ? powered(policy, fleet, new PowerModel(fleet.nodes), powerWeight) : policy;
  };
  return { policy: made(false), plain: made(true), base };
}

function baseOf(name: PolicyName, fleet: Fleet): Base {
  if (name === 'default') return rehearse(fleet);
  return name === 'power' ? powerBase : { name };
}
