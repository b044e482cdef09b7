import { type Demand, guaranteedCount } from '../model/demand.ts';
import { Path } from '../model/id.ts';
import { type Placement, seatsOf } from '../model/placement.ts';
import {
  identify,
  type Inputs,
  type Plan,
  type PlanAnswer,
  type Report,
  type SiteReport,
} from '../model/plan.ts';
import type { PolicyVerdict, RuleHit } from '../model/policy.ts';
import type { MissingFact, Refusal } from '../model/refusal.ts';
import { standsIn } from '../model/standing.ts';
import { compareText } from '../model/text.ts';
import { Answers } from './explain/answers.ts';
import { conflictOf } from './explain/conflict.ts';
import { furtherRelaxations } from './explain/further.ts';
import { relaxations } from './explain/relax.ts';
import type { Given } from './given.ts';
import { lapse } from './life/lapse.ts';
import { perDay } from './place/budget.ts';
import { type Tally, tally } from './place/count.ts';
import { knownEnds, unknownEnds } from './place/fabric/flows.ts';
import { missingFabric } from './place/fabric/missing.ts';
import { hereWords } from './place/here.ts';
import { carbonOf } from './place/merit.ts';
import { limitNames } from './place/power.ts';
import type { SiteMiss, StartRange } from './place/site.ts';
import { type Candidate, solve, type Unsolved } from './place/solve.ts';
import { offerMs, startRange } from './place/start-range.ts';
import { unsupported } from './place/supported.ts';
import { countedReplicas } from './place/survival.ts';
import { modelsFor } from './place/want.ts';
import { reclaimOffers } from './reclaim/offer.ts';
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

type Failed = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly isPlain: boolean;
  readonly result: Unsolved;
  readonly counts: Tally;
  readonly atMs: number;
};

function refusalOf(state: State, verdict: PolicyVerdict, failed: Failed): Refusal {
  const { result, counts } = failed;
  if (result.beyondBudget.length > 0) return budgetRefusal(state, verdict, failed);
  if (result.open.length === 0) return closedRefusal(state, verdict, failed);
  const factsOnly =
    result.misses.every((miss) => miss.binding === 'inventory' || miss.binding === 'gpu-model') &&
    counts.missing.length > 0;
  if (factsOnly) return { kind: 'fact-missing', facts: [...counts.missing], constraints: [...counts.counts] };
  const bindsFabric =
    result.misses.some(({ binding }) => binding === 'uplink' || binding === 'flows' || binding === 'wan') &&
    result.misses.every(({ binding }) => fabricOrLess.has(binding));
  const fabricFacts = bindsFabric ? missingFabric(state, failed.demand, result.open) : [];
  if (fabricFacts.length > 0)
    return { kind: 'fact-missing', facts: [...fabricFacts], constraints: [...counts.counts] };
  return capacityRefusal(state, verdict, failed);
}

/** What nobody can lift by waiting. Unknown uplinks bind like those that are too small. */
const fabricOrLess: ReadonlySet<SiteMiss['binding']> = new Set([
  'uplink',
  'flows',
  'wan',
  'inventory',
  'gpu-model',
]);

function capacityRefusal(
  state: State,
  verdict: PolicyVerdict,
  { demand, starts, isPlain, result, counts, atMs }: Failed,
): Refusal {
  const [nearest] = result.misses.toSorted(nearestFirst);
  const asked = { demand, starts, isPlain, answers: new Answers() };
  const looser = relaxations(state, verdict, {
    ...asked,
    ...(nearest === undefined ? {} : { replicasFit: nearest.replicasFit }),
  });
  // Before copies are looked at on which others have moved: the index then has to follow those.
  const conflict = conflictOf(state, verdict, asked);
  const further = furtherRelaxations(state, verdict, asked, { offers: looser, conflict });
  return {
    kind: 'no-capacity',
    constraints: [...counts.counts],
    ...(nearest === undefined
      ? {}
      : {
          nearest: {
            place: Path.parse(nearest.place),
            startMs: starts.earliestMs,
            replicasWanted: (nearest.parts ?? demand.parts).reduce(
              (sum, part) => sum + guaranteedCount(part),
              0,
            ),
            ...(nearest.parts === undefined ? {} : { parts: nearest.parts.map(({ name }) => name) }),
            replicasFit: nearest.replicasFit,
            binding: nearest.binding,
          },
        }),
    relaxations: [...looser, ...further, ...reclaimOffers(state, verdict, { ...asked, atMs })],
    conflict: [...conflict],
  };
}

/** Obstacles from the one that time may lift to the one that only other hardware would. */
const obstacles: readonly SiteMiss['binding'][] = [
  'free-over-window',
  'isolation',
  'power-cap',
  'survive',
  ...limitNames,
  'dataset',
  'flows',
  'wan',
  'uplink',
  'topology',
  'inventory',
  'gpu-model',
];

function nearestFirst(a: SiteMiss, b: SiteMiss): number {
  return (
    b.replicasFit - a.replicasFit ||
    obstacles.indexOf(a.binding) - obstacles.indexOf(b.binding) ||
    compareText(a.site.id, b.site.id)
  );
}

/** No site was open: a fact that is missing could open one, so it is named before what the rules forbid. */
function closedRefusal(state: State, verdict: PolicyVerdict, failed: Failed): Refusal {
  const { result, counts } = failed;
  const missing = result.closed.filter(({ outcome }) => outcome === 'fact-missing');
  const denied = result.closed.filter(({ outcome }) => outcome === 'policy-denied');
  const constraints = [...counts.counts];
  if (missing.length > 0) return { kind: 'fact-missing', facts: missingFacts(missing), constraints };
  if (denied.length > 0) {
    return {
      kind: 'policy-denied',
      hits: distinctHits(denied.flatMap(({ hits }) => hits)),
      sites: denied.map(({ site }) => site.id),
      constraints,
    };
  }
  const asked = { ...failed, answers: new Answers() };
  const offers = relaxations(state, verdict, asked);
  const conflict = conflictOf(state, verdict, asked);
  const further = furtherRelaxations(state, verdict, asked, { offers, conflict });
  return {
    kind: 'no-capacity',
    constraints,
    relaxations: [...offers, ...further],
    conflict: [...conflict],
  };
}

type Closed = Unsolved['closed'][number];

/** Each missing fact once, with how many sites lack it; no list of them is longer. */
const missingFactLimit = 64;

function missingFacts(closed: readonly Closed[]): MissingFact[] {
  const byFact = Map.groupBy(closed.flatMap(missingAt), ({ attribute }) => attribute);
  return [...byFact.values()]
    .flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const { attribute, site, fix } = first;
      return [{ attribute, subjectCount: 1 + others.length, example: site.id, fix }];
    })
    .slice(0, missingFactLimit);
}

/** What one site lacks: the facts that its rules name, or the reason why it is closed. */
function missingAt({ site, why, hits }: Closed): { attribute: string; site: Closed['site']; fix: string }[] {
  const missing = hits.filter(({ effect }) => effect === 'fact-missing');
  const named = missing.flatMap(({ facts = [], fix }) =>
    facts.flatMap(({ fact, value }) =>
      value === undefined ? [{ attribute: fact.slice(0, 120), site, fix }] : [],
    ),
  );
  const [hit] = missing;
  if (named.length > 0) return [...new Map(named.map((each) => [each.attribute, each])).values()];
  const fix = hit?.fix ?? 'import a source that states it';
  return [{ attribute: (hit?.why ?? why).slice(0, 120), site, fix }];
}

function distinctHits(hits: readonly RuleHit[]): RuleHit[] {
  return [...new Map(hits.map((hit) => [`${hit.rule} ${hit.why}`, hit])).values()];
}

function budgetRefusal(
  state: State,
  verdict: PolicyVerdict,
  { demand, starts, isPlain, result, counts }: Failed,
): Refusal {
  const [lowest] = result.beyondBudget.toSorted(
    (a, b) => (a.price.microEurPerHour ?? Infinity) - (b.price.microEurPerHour ?? Infinity) || 0,
  );
  const hourly = lowest?.price.microEurPerHour;
  if (lowest === undefined || hourly === undefined) {
    const fact = {
      attribute: 'gpuPrices',
      subjectCount: result.beyondBudget.length,
      fix: 'record a price book for the sites, or leave the budget out',
    };
    return { kind: 'fact-missing', facts: [fact], constraints: [...counts.counts] };
  }
  const total = demand.budget?.totalMicroEur;
  const asked = { demand, starts, isPlain };
  const looser = relaxations(state, verdict, asked);
  const offers = [...looser, ...furtherRelaxations(state, verdict, asked, { offers: looser })];
  if (total !== undefined && (lowest.price.totalMicroEur ?? Infinity) > total) {
    return {
      kind: 'over-budget',
      limitMicroEur: total,
      basis: 'total',
      lowestMicroEur: lowest.price.totalMicroEur ?? hourly,
      relaxations: offers,
    };
  }
  return {
    kind: 'over-budget',
    limitMicroEur: demand.budget?.microEurPerDay ?? 0,
    basis: 'day',
    lowestMicroEur: perDay(hourly),
    relaxations: offers,
  };
}
