import { type Demand, guaranteedCount } from '../../model/demand.ts';
import { Path } from '../../model/id.ts';
import type { PolicyVerdict, RuleHit } from '../../model/policy.ts';
import type { MissingFact, Refusal } from '../../model/refusal.ts';
import { compareText } from '../../model/text.ts';
import { perDay } from '../place/budget.ts';
import type { Tally } from '../place/count.ts';
import { missingFabric } from '../place/fabric/missing.ts';
import { limitNames } from '../place/power.ts';
import type { SiteMiss, StartRange } from '../place/site.ts';
import type { Unsolved } from '../place/solve.ts';
import { reclaimOffers } from '../reclaim/offer.ts';
import type { State } from '../state.ts';
import { Answers } from './answers.ts';
import { conflictOf } from './conflict.ts';
import { furtherRelaxations } from './further.ts';
import { relaxations } from './relax.ts';

/** A demand that no site serves, what the search came to, and what each constraint leaves of the fleet. */
export type Failed = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly isPlain: boolean;
  readonly result: Unsolved;
  readonly counts: Tally;
  readonly atMs: number;
};

/**
 * The refusal of a demand that was searched for in vain: over its budget, closed to it by rules, for want of a fact, or
 * for want of capacity, with what would make room.
 */
export function refusalOf(state: State, verdict: PolicyVerdict, failed: Failed): Refusal {
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
