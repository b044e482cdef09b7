import { companiesOf, type Demand, guaranteedCount } from '../../../model/demand.ts';
import type { PolicyVerdict } from '../../../model/policy.ts';
import { compareText } from '../../../model/text.ts';
import type { State } from '../../state.ts';
import { withinBudget } from '../budget.ts';
import type { Order } from '../each-site.ts';
import { withoutFlows } from '../fabric/demand.ts';
import { splitSites } from '../open-sites.ts';
import type { SiteMiss } from '../site.ts';
import type { Candidate, Question, Solved, Unsolved } from '../solve.ts';
import { assignmentsOf, type Assignments } from './assignments.ts';
import { demandOf } from './company.ts';
import { Joint } from './joint.ts';
import { type Company, spanReports } from './reports.ts';

/**
 * Serves a demand whose parts may stand at several sites: every company is looked for at every site that is open to it,
 * and of all ways to give each company a site, the best is taken that starts everywhere at once and has room on the
 * links for what flows between sites.
 */
export function solveSpanning(
  state: State,
  verdict: PolicyVerdict,
  { asked, order }: { readonly asked: Question; readonly order: Order },
): Solved | Unsolved {
  const { demand } = asked;
  const joint = new Joint(state, asked, order);
  const companies = companiesOf(demand).map((parts): Company => {
    const { open, closed } = splitSites(state, demandOf(demand, parts), verdict);
    return { parts, closed, found: open.map((site) => joint.alone(site, parts)) };
  });
  const shut = companies.find(({ found }) => found.length === 0);
  if (shut !== undefined) return unsolved(companies, { open: [], closed: shut.closed });
  const misfits = companies.filter(({ found }) => found.every(({ kind }) => kind === 'misses'));
  const open = companies.flatMap(({ found }) => found.map(({ site }) => site));
  const misses = misfits.flatMap(({ found, parts }) =>
    found.flatMap((miss) => (miss.kind === 'misses' ? [{ ...miss, parts }] : [])),
  );
  if (misfits.length > 0) return unsolved(companies, { open, misses });
  const choices = companies.map(({ parts, found }) => ({ parts, sites: fitting(found, order) }));
  const assignments = assignmentsOf(state.fleet, demand, choices);
  const whole = assignments.all
    .flatMap((assignment) => joint.together(choices, assignment) ?? [])
    .toSorted((a, b) => order(a, b) || compareText(sitesOf(a), sitesOf(b)));
  const affordable = whole.filter(({ price }) => withinBudget(price, demand));
  const [best] = affordable;
  if (best !== undefined) {
    const reports = spanReports(companies, { best, ways: affordable.length, demand });
    return { kind: 'solved', best, sites: reports };
  }
  if (whole.length > 0) return unsolved(companies, { open, beyondBudget: whole });
  return unsolved(companies, {
    open,
    misses: jointMisses(state, verdict, { asked, order, assignments, companies }),
  });
}

/** The sites at which a company fits, the best first. */
function fitting(found: Company['found'], order: Order): readonly Candidate['site'][] {
  return found
    .flatMap((one) => (one.kind === 'fits' ? [one] : []))
    .toSorted(order)
    .map(({ site }) => site);
}

function sitesOf({ pieces = [], site }: Candidate): string {
  return pieces.length === 0 ? site.id : pieces.map((piece) => piece.site.id).join(' ');
}

function unsolved(
  companies: readonly Company[],
  { open, ...why }: Pick<Unsolved, 'open'> & Partial<Pick<Unsolved, 'closed' | 'misses' | 'beyondBudget'>>,
): Unsolved {
  const closed = why.closed ?? [];
  return {
    kind: 'unsolved',
    sites: spanReports(companies),
    open: [...new Set(open)],
    closed,
    misses: why.misses ?? [],
    beyondBudget: why.beyondBudget ?? [],
  };
}

type Failed = {
  readonly asked: Question;
  readonly order: Order;
  readonly assignments: Assignments;
  readonly companies: readonly Company[];
};

/** Every company fits somewhere, but not all of them together: says what they need together that is not to be had. */
function jointMisses(state: State, verdict: PolicyVerdict, failed: Failed): readonly SiteMiss[] {
  const { asked, order, companies } = failed;
  const [largest] = companies.toSorted((a, b) => replicasOf(b.parts) - replicasOf(a.parts));
  const first = largest?.found.find(({ kind }) => kind === 'fits');
  if (largest === undefined || first === undefined) return [];
  const replicasFit = replicasOf(largest.parts);
  const miss = { kind: 'misses', site: first.site, place: first.site.id, replicasFit } as const;
  if (asked.isTrial === true) return [{ ...miss, binding: 'free-over-window' }];
  const fits = (demand: Demand | undefined) =>
    demand !== undefined &&
    solveSpanning(state, verdict, { asked: { ...asked, demand, isTrial: true }, order }).kind === 'solved';
  const { survive, powerCapW, ...rest } = asked.demand;
  if (failed.assignments.lacksLinks) return [{ ...miss, binding: 'wan' }];
  if (fits(withoutFlows(asked.demand))) return [{ ...miss, binding: 'flows' }];
  if (survive !== undefined && fits({ ...asked.demand, survive: undefined }))
    return [{ ...miss, binding: 'survive' }];
  if (powerCapW !== undefined && fits({ ...rest, survive })) return [{ ...miss, binding: 'power-cap' }];
  return [{ ...miss, binding: 'free-over-window' }];
}

function replicasOf(parts: Company['parts']): number {
  return parts.reduce((sum, part) => sum + guaranteedCount(part), 0);
}
