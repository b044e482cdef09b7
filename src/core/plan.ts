import type { Demand } from '../model/demand.ts';
import type { Path } from '../model/id.ts';
import { type Placement, seatsOf } from '../model/placement.ts';
import {
  identify,
  type Inputs,
  type Plan,
  type PlanAnswer,
  type Report,
  type SiteReport,
} from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import type { Refusal } from '../model/refusal.ts';
import { standsIn } from '../model/standing.ts';
import { refusalOf } from './explain/refusal.ts';
import type { Given } from './given.ts';
import { lapse } from './life/lapse.ts';
import { tally } from './place/count.ts';
import { knownEnds, unknownEnds } from './place/fabric/flows.ts';
import { hereWords } from './place/here.ts';
import { carbonOf } from './place/merit.ts';
import type { StartRange } from './place/site.ts';
import { type Candidate, solve } from './place/solve.ts';
import { offerMs, startRange } from './place/start-range.ts';
import { unsupported } from './place/supported.ts';
import { countedReplicas } from './place/survival.ts';
import { modelsFor } from './place/want.ts';
import { preemptReports } from './reclaim/preempt-words.ts';
import { endedOf, shrunkOf } from './reclaim/victim.ts';
import { preemptionFor } from './reclaim/victims.ts';
import type { State } from './state.ts';
import { termsOf } from './terms/terms.ts';
import { coreVersion } from './version.ts';

/** The answer to a demand on this state: a plan, or a refusal with its numbers. Changes nothing. */
export function plan(before: State, given: Given, demand: Demand): PlanAnswer {
  const state = lapse(before, given.atMs);
  const inputs = inputsOf(state, given.verdict);
  const refused = (refusal: Refusal, report: Report = { constraints: [], sites: [] }): PlanAnswer => ({
    kind: 'refused',
    refusal,
    report,
    inputs,
  });
  const ask = readable(state, demand);
  if (ask !== undefined) return refused(ask);
  const range = startRange(demand, given.atMs);
  if (range.kind === 'refused') return refused(range.refusal);
  const isPlain = given.isPlain === true;
  const asked = { demand, starts: range.starts, isPlain };
  const result = solve(state, given.verdict, asked);
  const counts = tally(state, openSites(state, result.sites), {
    demand,
    startMs: range.starts.earliestMs,
    starts: range.starts,
    isPlain,
  });
  const report: Report = { constraints: [...counts.counts], sites: [...result.sites] };
  if (result.kind === 'unsolved') {
    const ended = demand.mayPreempt === true ? preemptingPlan(state, given, asked, report) : undefined;
    if (ended !== undefined) return { kind: 'planned', ...identify(ended), plan: ended };
    return refused(refusalOf(state, given.verdict, { ...asked, result, counts, atMs: given.atMs }), report);
  }
  const { best } = result;
  const here = hereWords(state, best, { demand, isPlain });
  const made = makePlan(state, given, {
    demand,
    best,
    report: { ...report, here: [...here] },
    inputs,
  });
  return { kind: 'planned', ...identify(made), plan: made };
}

/** A plan for which others lose least; nothing where what may be taken makes no room. */
function preemptingPlan(
  state: State,
  given: Given,
  asked: { readonly demand: Demand; readonly starts: StartRange },
  { constraints }: Report,
): Plan | undefined {
  const found = preemptionFor(state, given.verdict, asked);
  if (found === undefined) return undefined;
  const { best, sites } = found.solved;
  const here = hereWords(found.without, best, { demand: asked.demand, isPlain: given.isPlain === true });
  const report = {
    constraints,
    sites: [...sites],
    here: [...here],
    preempts: [...preemptReports(found, best.startMs)],
  };
  const made = makePlan(state, given, {
    demand: asked.demand,
    best,
    report,
    inputs: inputsOf(state, given.verdict),
  });
  const ended = endedOf(found.victims).map(({ id }) => id);
  const shrinks = shrunkOf(found.victims).map(({ contract: { id }, left }) => ({ contract: id, left }));
  return {
    ...made,
    ...(ended.length === 0 ? {} : { preempts: ended }),
    ...(shrinks.length === 0 ? {} : { shrinks }),
  };
}

/** The digests that a plan made now would rest on. */
export function inputsOf(state: State, verdict: PolicyVerdict): Inputs {
  return {
    inventory: state.inventoryDigest,
    calendar: state.calendarDigest,
    policy: verdict.policy,
    core: coreVersion,
    ...(state.governance.digest === undefined ? {} : { facts: state.governance.digest }),
    seq: state.seq,
  };
}

/** What makes a demand unanswerable before anything is searched. */
function readable(state: State, demand: Demand): Refusal | undefined {
  if (!state.tenants.has(demand.tenant)) {
    return { kind: 'tenant-unknown', tenant: demand.tenant, known: [...state.tenants.keys()].toSorted() };
  }
  const feature = unsupported(demand);
  if (feature !== undefined) return { kind: 'not-supported', feature };
  const contradiction = contradictionIn(demand);
  if (contradiction !== undefined) return contradiction;
  const places = [demand, ...demand.parts]
    .flatMap(({ where = [] }) => where)
    .concat(demand.avoid ?? [])
    .filter((place) => !isKnownPlace(state, place));
  if (places.length > 0) return { kind: 'place-unknown', asked: places };
  const ends = unknownEnds(demand);
  if (ends.length > 0) return { kind: 'flow-unknown', asked: [...ends], known: [...knownEnds(demand)] };
  for (const part of demand.parts) {
    const asked = part.each.gpus?.models;
    if (asked === undefined || modelsFor(part, state.fleet.models).length > 0) continue;
    return { kind: 'model-unknown', asked, known: [...state.fleet.models] };
  }
  return undefined;
}

/** What no fleet could serve, however large. */
function contradictionIn(demand: Demand): Refusal | undefined {
  const asked = demand.survive?.membersLeft ?? 0;
  const most = countedReplicas(demand);
  if (asked <= most) return undefined;
  const why = `${asked} replicas cannot be left of the ${most} that count: those with GPUs, or all where none has any; of elastic parts those that are guaranteed`;
  return { kind: 'demand-impossible', field: 'survive.membersLeft', why };
}

function isKnownPlace(state: State, place: Path): boolean {
  return (
    state.fleet.sites.some(({ id }) => id === place) ||
    state.fleet.nodes.some((node) => standsIn(node, place))
  );
}

function openSites(state: State, sites: readonly SiteReport[]): ReadonlySet<string> {
  const closed = new Set(
    sites.flatMap(({ site, outcome }) =>
      outcome === 'policy-denied' || outcome === 'fact-missing' ? [site] : [],
    ),
  );
  return new Set(state.fleet.sites.flatMap(({ id }) => (closed.has(id) ? [] : [id])));
}

/** The plan that a found placement makes. */
export function makePlan(
  state: State,
  given: Given,
  {
    demand,
    best,
    report,
    inputs,
  }: { readonly demand: Demand; readonly best: Candidate; readonly report: Report; readonly inputs: Inputs },
): Plan {
  const { durationS } = demand.window;
  const placement: Placement = {
    startMs: best.startMs,
    ...(durationS === undefined ? {} : { endMs: best.startMs + durationS * 1000 }),
    members: [...best.members],
    ...(best.spares.length === 0 ? {} : { spares: [...best.spares] }),
    ...(best.bandwidth.length === 0 ? {} : { bandwidth: [...best.bandwidth] }),
    ...(best.transfers === undefined ? {} : { transfers: [...best.transfers] }),
  };
  return {
    schema: 'berth/plan/1',
    demand,
    ...(given.template === undefined ? {} : { template: given.template }),
    placement,
    price: best.price,
    terms: [...termsOf(state.fleet, demand, placement, best.price)],
    verdict: given.verdict,
    report,
    assumptions: [...(given.assumptions ?? [])],
    unchecked: [...uncheckedOf(state, demand, placement, best)],
    inputs,
    plannedAtMs: given.atMs,
    expiresAtMs: given.atMs + offerMs,
  };
}

/** What the core itself took for granted, said in the plan. */
function uncheckedOf(state: State, demand: Demand, placement: Placement, best: Candidate): readonly string[] {
  const nodes = seatsOf(placement).flatMap((member) => state.fleet.nodeById.get(member.node) ?? []);
  const unlimited = new Set(
    nodes.filter(
      (node) => node.rack === undefined || state.fleet.racks.get(node.rack)?.powerLimitW === undefined,
    ),
  );
  const unwell = new Set(nodes.filter((node) => node.health === 'unknown'));
  const shared = demand.parts.some(
    ({ each }) => each.gpus !== undefined && (each.cpuMilli === undefined || each.memoryMib === undefined),
  );
  const unsized = new Set(
    nodes.filter(({ shape }) => shape.cpuMilli === undefined || shape.memoryMib === undefined),
  );
  return [
    ...(shared ? ["cores and memory that were not asked for are the GPUs' share of their node"] : []),
    ...(shared && unsized.size > 0
      ? [`cores or memory are not recorded for ${unsized.size} of the nodes, and none are held there`]
      : []),
    ...(unlimited.size > 0
      ? [`rack power is not recorded for ${unlimited.size} of the nodes and was not checked there`]
      : []),
    ...(unwell.size > 0
      ? [`health is not recorded for ${unwell.size} of the nodes and was taken as good`]
      : []),
    ...(demand.objective === 'greenest' && carbonOf(state.fleet, best.members).kind === 'unknown'
      ? ['the carbon of the site is not recorded, so nobody knows whether another is greener']
      : []),
    ...(best.price.microEurPerHour === undefined ? ['no price is recorded, so the contract has none'] : []),
  ];
}
