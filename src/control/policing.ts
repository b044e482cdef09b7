import type { State } from '../core/state.ts';
import { dayOf, dayText } from '../model/day.ts';
import type { Demand } from '../model/demand.ts';
import { BerthError } from '../model/error.ts';
import { type Path, siteOf } from '../model/id.ts';
import type {
  EngineComparison,
  PackList,
  PolicyCheck,
  PolicyQuestion,
  RuleView,
} from '../model/policy-view.ts';
import { cleanText, didYouMean } from '../model/text.ts';
import { builtInPacks } from '../policy/built-in.ts';
import { daysOf } from '../policy/facts.ts';
import { inForce, type LoadedPack, type Rule } from '../policy/pack-set.ts';
import { evaluate } from '../policy/site-verdict.ts';
import { mayActFor, requireTenant, type Sites } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { seenBy } from './narrowing.ts';
import { placeNamed } from './place-name.ts';
import { questionFor } from './ruling.ts';
import { cedarOpinion } from './second-opinion.ts';
import { zoneOf } from './views/plan-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { denyWaiver } from './waiving.ts';
import { instantMs, isoIn } from './zone.ts';

/** Said once in every answer of the rules. */
export const policyNote = 'a technical check of recorded facts, not legal advice';

/**
 * Asks the rules about a tenant's data, or about what a contract holds, at every site or at those named. Where rules were
 * to be set aside, that is denied, and the denial is recorded.
 */
export async function checkPolicy(door: Door, caller: Caller, asked: PolicyQuestion): Promise<PolicyCheck> {
  const moment = await door.moment();
  const { setAside: rules } = asked;
  // Where somebody may not look it may still not ask for an exception, and that is recorded.
  const named = rules === undefined ? seenBy(moment.state, caller) : moment.state;
  const sites = (asked.sites ?? []).map((place) => siteOf(placeNamed(named, place)));
  if (rules !== undefined && asked.contract === undefined && asked.tenant === undefined)
    return { ...aboutNobody(moment), denial: await denyWaiver(door, caller, { rules, sites }) };
  const { demand, subject } = subjectOf(moment, caller, asked);
  const check = seen(caller, checkOf(moment, { demand, subject, sites }));
  if (rules === undefined) return check;
  return { ...check, denial: await denyWaiver(door, caller, { rules, demand, sites }) };
}

/** The sites that the caller may see, or parts of them. */
function seen({ sites }: Sites, check: PolicyCheck): PolicyCheck {
  if (sites === undefined) return check;
  const own = new Set(sites.map(siteOf));
  return { ...check, sites: check.sites.filter(({ site }) => own.has(site)) };
}

type Subject = { readonly demand: Demand; readonly subject: string };

function checkOf(
  moment: Moment,
  { demand, subject, sites }: Subject & { readonly sites: readonly Path[] },
): PolicyCheck {
  const { state, nowMs } = moment;
  const question = questionFor(state, demand, nowMs);
  const verdict = evaluate(question);
  const zone = zoneOf(state, demand);
  return {
    snapshot: snapshotOf(moment, zone),
    subject,
    from: isoIn(Math.max(nowMs, demand.window.earliestStartMs), zone),
    until: isoIn(question.span.untilMs, zone),
    policy: verdict.policy,
    ...(state.governance.digest === undefined ? {} : { facts: state.governance.digest }),
    packs: verdict.packs,
    sites: verdict.sites.filter(({ site }) => isAsked(site, sites)),
    note: policyNote,
  };
}

/** Rules are about somebody's data: where nobody is named, no site is open or closed. */
function aboutNobody(moment: Moment): PolicyCheck {
  const at = isoIn(moment.nowMs, 'UTC');
  const { digest: policy } = builtInPacks();
  return {
    snapshot: snapshotOf(moment),
    subject: 'nobody in particular',
    from: at,
    until: at,
    policy,
    packs: [],
    sites: [],
    note: policyNote,
  };
}

/** Asks both engines about every tenant that the caller may act for, at every site. */
export async function compareEngines(door: Door, caller: Caller): Promise<EngineComparison> {
  const { state, nowMs } = await door.moment();
  const tenants = [...state.tenants.keys()].filter((tenant) => mayActFor(caller, tenant));
  const sites = state.fleet.sites.map(({ id }) => id);
  const disagreements: string[] = [];
  for (const tenant of tenants) {
    const question = questionFor(state, demandFor({}, tenant, nowMs), nowMs);
    const faults = await cedarOpinion.faultsOf(question, sites);
    disagreements.push(...faults.map(({ site, why }) => `${tenant} at ${site}: ${why}`));
  }
  const questions = tenants.length * sites.length;
  return { questions, tenants: tenants.length, sites: sites.length, disagreements };
}

/** The rule packs of this version, and which rules are in force now. */
export function listPacks(atMs: number): PackList {
  const { digest, set, packs } = builtInPacks();
  const views = packs.map((pack) => ({
    name: pack.name,
    reviewed: pack.reviewed,
    sources: pack.sources,
    status: pack.status,
    rules: pack.rules.map((rule) => ruleView(pack, rule, atMs)),
  }));
  return { policy: digest, engine: set.engine, packs: views, note: policyNote };
}

/** One rule with its Cedar text. Throws NOT_FOUND. */
export function explainRule(id: string, atMs: number): RuleView {
  const all = listPacks(atMs).packs.flatMap((pack) => pack.rules);
  const found = all.find((rule) => rule.id === id);
  if (found !== undefined) return found;
  const meant = didYouMean(
    id.slice(0, 80),
    all.map((rule) => rule.id),
  );
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `there is no rule \`${cleanText(id, 80)}\``,
    fix: meant === undefined ? 'see `berth policy list`' : `did you mean \`${meant}\`?`,
  });
}

function isAsked(site: Path, asked: readonly Path[]): boolean {
  return asked.length === 0 || asked.includes(site);
}

function subjectOf({ state, nowMs }: Moment, caller: Caller, asked: PolicyQuestion): Subject {
  if (asked.contract !== undefined) {
    const { id, demand } = contractFor(state, caller, asked.contract);
    return { demand, subject: `contract ${id} of ${demand.tenant}` };
  }
  const { tenant, project } = asked;
  if (tenant === undefined) throw noSubject();
  requireTenant(caller, tenant);
  if (!state.tenants.has(tenant)) throw unknownTenant(state, tenant);
  const name = project === undefined ? tenant : `${tenant}/${project}`;
  return { demand: demandFor(asked, tenant, nowMs), subject: `data of ${name}` };
}

/** Rules read no hardware: one core stands for whatever will be asked for. */
function demandFor(asked: PolicyQuestion, tenant: Demand['tenant'], nowMs: number): Demand {
  const { project, classes, regimes, isolation } = asked;
  const fromMs = asked.from === undefined ? nowMs : instantMs(asked.from, 'from');
  const untilMs = asked.until === undefined ? undefined : instantMs(asked.until, 'until');
  const durationS = untilMs === undefined ? undefined : Math.ceil((untilMs - fromMs) / 1000);
  if (durationS !== undefined && durationS <= 0) throw endsFirst();
  return {
    tenant,
    ...(project === undefined ? {} : { project }),
    parts: [{ name: 'work', count: 1, each: { cpuMilli: 1000 } }],
    ...(isolation === undefined ? {} : { isolation }),
    rules: { ...(classes === undefined ? {} : { classes }), ...(regimes === undefined ? {} : { regimes }) },
    window: { earliestStartMs: fromMs, ...(durationS === undefined ? {} : { durationS }) },
  };
}

function ruleView({ name }: LoadedPack, rule: Rule, atMs: number): RuleView {
  const { today } = daysOf({ atMs, untilMs: atMs });
  const { id, article, why, fix, override, reviewed, text, fromDay, untilDay } = rule;
  return {
    id,
    pack: name,
    rule: rule.rule,
    article,
    needs: [...rule.needs],
    why,
    fix,
    effect: effectOf(rule),
    override,
    ...(Number.isFinite(fromDay) ? { validFrom: dayText(fromDay) } : {}),
    ...(untilDay === undefined ? {} : { validUntil: dayText(untilDay) }),
    reviewed,
    inForce: inForce([rule], today, dayOf(atMs)).length > 0,
    text,
  };
}

function effectOf({ policy, level, tier }: Rule): RuleView['effect'] {
  if (policy.effect === 'permit') return 'permits';
  if (tier !== undefined) return 'raises the tier';
  return level === 'flag' ? 'points out' : 'forbids';
}

function noSubject(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'neither a tenant nor a contract is named',
    fix: 'give `tenant`, or `contract`',
    field: 'tenant',
  });
}

function endsFirst(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'the time asked for ends before it begins',
    fix: 'give an `until` after `from`',
    field: 'until',
  });
}

function unknownTenant({ tenants }: State, tenant: string): BerthError {
  return new BerthError({
    code: 'NOT_FOUND',
    message: `tenant \`${tenant}\` is not registered`,
    fix: `use one of ${[...tenants.keys()].join(', ') || 'none: register it with `berth tenants add`'}`,
    field: 'tenant',
  });
}
