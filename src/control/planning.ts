import { renewed, replan } from '../core/life/replan.ts';
import type { State } from '../core/state.ts';
import type { Explanation } from '../model/contract-view.ts';
import type { Demand, DemandRequest } from '../model/demand.ts';
import { BerthError } from '../model/error.ts';
import { type ContractId, type Digest, type Path, type PlanId, planIdOf, siteOf } from '../model/id.ts';
import type { PlanResult, PlanView } from '../model/plan-view.ts';
import type { Plan, PlanAnswer } from '../model/plan.ts';
import type { RuleHit } from '../model/policy.ts';
import { cleanText } from '../model/text.ts';
import { mayActFor, requireTenant, type Sites } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller, Explainable } from './control.ts';
import { toDemand } from './demand-request.ts';
import { discreetPlan, discreetRefusal } from './discreet.ts';
import type { Door } from './door.ts';
import { seenBy } from './narrowing.ts';
import { placeNamed } from './place-name.ts';
import { verdictFor } from './ruling.ts';
import { planView, zoneOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** Answers a demand. Nothing is appended; the plan is kept under its digest until somebody commits it. */
export async function planFor(
  door: Door,
  caller: Caller,
  request: DemandRequest,
  { assumptions = [], template }: Asked = {},
): Promise<PlanResult> {
  const moment = await door.moment();
  const demand = readDemand(seenBy(moment.state, caller), caller, request);
  const answer = answerFor(moment, { demand, template }, assumptions);
  return keptResult(door, caller, { moment, demand, answer });
}

/** What stands beside a demand: what its asker took for granted, and the template that it was made from. */
type Asked = { readonly assumptions?: readonly string[]; readonly template?: Plan['template'] };

type Answered = { readonly moment: Moment; readonly demand: Demand; readonly answer: PlanAnswer };

/** The answer as the caller is shown it, and its plan kept for whoever commits it. */
export async function keptResult(
  door: Door,
  caller: Caller,
  { moment, demand, answer }: Answered,
): Promise<PlanResult> {
  const shown = shownTo(moment.state, caller, answer);
  const result = planResult(caller, { moment, demand, answer: shown });
  if (answer.kind !== 'planned') return result;
  const { readOnly } = door.ledger;
  if (readOnly !== undefined)
    return { ...result, next: `it cannot be committed, the ledger is read-only: ${readOnly.why}` };
  await door.library.keepPlan(answer.plan);
  return result;
}

/** The plan again at this moment, with what its asker took for granted. Nothing when its time is over. */
export function planAgain(moment: Moment, stale: Plan): PlanAnswer | undefined {
  const demand = renewed(stale, moment.nowMs);
  return demand === undefined ? undefined : answerFor(moment, { ...stale, demand }, stale.assumptions);
}

export async function planOf(door: Door, caller: Caller, id: PlanId): Promise<Plan> {
  const digest = await door.ledger.findPlan(id);
  if (digest === undefined) throw noPlan(id);
  if (planIdOf(digest) !== id) throw swapped(id, digest);
  const found = await door.library.fetchPlan(digest);
  // Somebody else's plan is no plan: its existence is not told.
  if (!mayActFor(caller, found.demand.tenant)) throw noPlan(id);
  return found;
}

export async function explain(door: Door, caller: Caller, subject: Explainable): Promise<Explanation> {
  const moment = await door.moment();
  const made = await subjectOf(door, caller, { subject, moment });
  if (made.plan !== undefined) return seenSites(caller, explainPlan(moment, made.name, made.plan));
  const answer = shownTo(moment.state, caller, answerFor(moment, made, []));
  if (answer.kind === 'planned') return seenSites(caller, explainPlan(moment, made.name, answer.plan));
  const view = refusalView(answer.refusal, answer.report, zoneOf(moment.state, made.demand));
  return seenSites(caller, {
    snapshot: snapshotOf(moment, zoneOf(moment.state, made.demand)),
    subject: made.name,
    verdict: 'does-not-fit',
    summary: view.summary,
    sites: view.sites,
    constraints: answer.report.constraints,
    policyHits: hitsOf(verdictFor(moment.state, made.demand, moment.nowMs).sites),
    assumptions: [],
    refusal: { ...view, sites: seenOf(caller, view.sites) },
  });
}

/** Why a site was not taken is told of sites that the caller may see. */
function seenSites(caller: Sites, explanation: Explanation): Explanation {
  const { sites, policyHits } = explanation;
  return { ...explanation, sites: seenOf(caller, sites), policyHits: seenOf(caller, policyHits) };
}

function seenOf<T extends { readonly site: Path }>({ sites }: Sites, told: readonly T[]): T[] {
  const own = sites === undefined ? undefined : new Set(sites.map(siteOf));
  return told.filter(({ site }) => own === undefined || own.has(site));
}

function planResult(caller: Caller, { moment, demand, answer }: Answered): PlanResult {
  const { state } = moment;
  const zone = zoneOf(state, demand);
  const snapshot = snapshotOf(moment, zone);
  if (answer.kind === 'planned') {
    return {
      snapshot,
      decision: 'planned',
      plan: discreetPlan(
        state,
        caller,
        seenPlan(caller, planView(state, answer.plan, answer.id, answer.digest)),
      ),
      next: `nothing is held yet: commit it with contract_commit {"plan":"${answer.id}"} before ${isoIn(answer.plan.expiresAtMs, zone)}`,
    };
  }
  const refusal = refusalView(answer.refusal, answer.report, zone);
  return {
    snapshot,
    decision: 'rejected',
    refusal: { ...refusal, sites: seenOf(caller, refusal.sites) },
    next: 'change the demand: each relaxation listed was tried and fits as it stands, or after the moves it names',
  };
}

function seenPlan(caller: Sites, plan: PlanView): PlanView {
  const { policy, why } = plan;
  return { ...plan, policy: { ...policy, hits: seenOf(caller, policy.hits) }, why: seenOf(caller, why) };
}

/** The demand that a request means, its places found. Throws FORBIDDEN, NOT_FOUND or INVALID_INPUT. */
export function readDemand(state: State, caller: Caller, request: DemandRequest): Demand {
  requireTenant(caller, request.tenant);
  const demand = toDemand(request);
  const named = (places: readonly Path[] | undefined) => places?.map((place) => placeNamed(state, place));
  const where = named(demand.where) ?? caller.sites?.slice(0, 64);
  const avoid = named(demand.avoid);
  return {
    ...demand,
    ...(demand.purpose === undefined ? {} : { purpose: cleanText(demand.purpose) }),
    ...(where === undefined ? {} : { where }),
    ...(avoid === undefined ? {} : { avoid }),
    parts: demand.parts.map((part) => {
      const own = named(part.where);
      return own === undefined ? part : { ...part, where: own };
    }),
  };
}

function answerFor(
  { state, nowMs }: Moment,
  asked: Pick<Plan, 'demand' | 'changes' | 'template'>,
  assumptions: readonly string[],
): PlanAnswer {
  const said = assumptions.map((line) => cleanText(line, 300)).slice(0, 32);
  const verdict = verdictFor(state, asked.demand, nowMs);
  return replan(state, { atMs: nowMs, verdict, assumptions: said, template: asked.template }, asked);
}

/** Tenants that the caller may not act for are not named to it, nor are their contracts. */
function shownTo(state: State, caller: Caller, answer: PlanAnswer): PlanAnswer {
  if (answer.kind !== 'refused') return answer;
  if (answer.refusal.kind !== 'tenant-unknown')
    return { ...answer, refusal: discreetRefusal(state, caller, answer.refusal) };
  const known = answer.refusal.known.filter((tenant) => mayActFor(caller, tenant));
  return { ...answer, refusal: { ...answer.refusal, known } };
}

/** A handle is the beginning of its digest; another one was put there by hand. */
function swapped(id: PlanId, digest: Digest): BerthError {
  return new BerthError({
    code: 'LEDGER_REFUSED',
    message: `the handle \`${id}\` names another plan, \`${digest}\``,
    fix: 'restore the ledger from a copy that passes `berth ledger verify`',
  });
}

function noPlan(id: PlanId): BerthError {
  return new BerthError({
    code: 'NOT_FOUND',
    message: `no plan \`${id}\` is kept`,
    fix: 'ask for one with `placement_plan`, or `berth plan -f DEMAND.yaml`',
    seeTool: 'placement_plan',
  });
}

type Subject = { readonly name: string; readonly demand: Demand; readonly plan?: Plan };

async function subjectOf(
  door: Door,
  caller: Caller,
  { subject, moment }: { readonly subject: Explainable; readonly moment: Moment },
): Promise<Subject> {
  switch (subject.kind) {
    case 'plan': {
      const found = await planOf(door, caller, subject.plan);
      return { name: `plan ${subject.plan}`, demand: found.demand, plan: found };
    }
    case 'contract':
      return contractSubject(door, caller, { id: subject.contract, moment });
    case 'demand':
      return { name: 'demand', demand: readDemand(seenBy(moment.state, caller), caller, subject.demand) };
    default:
      return subject satisfies never;
  }
}

async function contractSubject(
  door: Door,
  caller: Caller,
  { id, moment }: { readonly id: ContractId; readonly moment: Moment },
): Promise<Subject> {
  const contract = contractFor(moment.state, caller, id);
  return {
    name: `contract ${id}`,
    demand: contract.demand,
    plan: await door.library.fetchPlan(contract.planDigest),
  };
}

function explainPlan(moment: Moment, name: string, found: Plan): Explanation {
  const zone = zoneOf(moment.state, found.demand);
  return {
    snapshot: snapshotOf(moment, zone),
    subject: name,
    verdict: 'fits',
    summary: `${whereAndWhy(found)}; starts ${isoIn(found.placement.startMs, zone)}`,
    sites: found.report.sites,
    ...(found.report.here === undefined ? {} : { here: found.report.here }),
    constraints: found.report.constraints,
    policyHits: hitsOf(found.verdict.sites),
    assumptions: [...found.assumptions, ...found.unchecked],
  };
}

function whereAndWhy({ report }: Plan): string {
  const chosen = report.sites.filter((site) => site.outcome === 'chosen');
  return chosen.length === 0 ? 'the site: fits' : chosen.map(({ site, why }) => `${site}: ${why}`).join('; ');
}

function hitsOf(sites: Plan['verdict']['sites']): (RuleHit & { site: Path })[] {
  return sites.flatMap(({ site, hits }) => hits.map((hit) => ({ ...hit, site })));
}
