import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { published, publishedNames } from './published.ts';
import { type Base, rehearse } from './rehearsal.ts';
import { thrifty } from './thrifty.ts';

export const policyNames = ['default', ...publishedNames] as const;
export type PolicyName = (typeof policyNames)[number];

export type NamedPolicy = {
  readonly policy: Policy;
  /** The same answers, with nothing remembered between decisions. */
  readonly plain: Policy;
  /** The published policy that it is or, for the default one, is built on. */
  readonly base: Base;
};

/** The policy of that name for a fleet. The default one rehearses first, which takes a moment. */
export function policyNamed(name: PolicyName, fleet: Fleet): NamedPolicy {
  const base = name === 'default' ? rehearse(fleet) : { name, wholePoints: 0 };
  const made = (plain: boolean) => {
    const policy = published(base.name, fleet, plain);
    return name === 'default' ? thrifty(policy, fleet, base.wholePoints) : policy;
  };
  return { policy: made(false), plain: made(true), base };
}
