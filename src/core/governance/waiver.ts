import { digestOf } from '../../model/canonical.ts';
import type { Command } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import type { Digest, Path } from '../../model/id.ts';
import type { PolicyVerdict, SiteVerdict, StandingRule } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';
import type { CommandGiven } from '../given.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';
import { isFlood, sameDenial } from './denials.ts';

type Waiver = Extract<Command, { kind: 'waive-rules' }>;

/**
 * No, whoever asks: a rule is set aside by two persons' signed word (`override-rule`) and in no other way. The no names
 * the rules that stand, and is an entry, unless the same one is already or there were many lately.
 */
export function denyWaiver(state: State, { atMs, verdict, by }: CommandGiven, command: Waiver): Outcome {
  if (verdict === undefined) throw new Error('a wish to set rules aside needs the verdict of the rules');
  const sites = askedSites(command, verdict);
  const denied = refuse({
    kind: 'rules-stand',
    asked: command.rules,
    rules: standingRules(sites),
    open: sites
      .filter(({ answer }) => answer === 'allowed')
      .map(({ site }) => site)
      .slice(0, most),
  });
  const wish = wishOf(command);
  const principal = by?.actor.principal;
  const isTold =
    principal === undefined ||
    sameDenial(state.denials, { by: principal, wish }, atMs) !== undefined ||
    isFlood(state.denials, principal, atMs);
  return isTold ? denied : { ...denied, events: [{ kind: 'waiver-denied', wish }] };
}

/** The same for the same rules, data and sites, whenever it is asked. */
export function wishOf({ rules, demand, sites }: Waiver): Digest {
  const { window: _window, ...data } = demand ?? {};
  return digestOf([rules.toSorted(compareText), data, sites.toSorted(compareText)]);
}

const most = 64;

/** Without data of somebody no site is asked about. */
function askedSites({ demand, sites }: Waiver, verdict: PolicyVerdict): readonly SiteVerdict[] {
  if (demand === undefined) return [];
  return sites.length === 0 ? verdict.sites : verdict.sites.filter(({ site }) => sites.includes(site));
}

/** Every rule that closes one of the sites, once, with the sites, in the order of the rules' ids. */
function standingRules(sites: readonly SiteVerdict[]): StandingRule[] {
  const known = new Map<string, StandingRule>();
  for (const { site, hits } of sites)
    for (const { rule, article, effect, why, fix } of hits) {
      const key = `${rule} ${effect}`;
      const before: readonly Path[] = known.get(key)?.sites ?? [];
      known.set(key, { rule, article, effect, why, fix, sites: [...before, site].slice(0, most) });
    }
  return [...known.values()]
    .toSorted((a, b) => compareText(a.rule, b.rule) || compareText(a.effect, b.effect))
    .slice(0, 32);
}
