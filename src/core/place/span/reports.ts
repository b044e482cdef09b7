import type { Demand, Part } from '../../../model/demand.ts';
import type { Path } from '../../../model/id.ts';
import type { SiteReport } from '../../../model/plan.ts';
import { compareText } from '../../../model/text.ts';
import { bindingWords } from '../binding-words.ts';
import { type ClosedSite, reportClosed } from '../open-sites.ts';
import type { SiteMiss } from '../site.ts';
import type { Candidate } from '../solve.ts';

/** Parts that stand at one site, and what was found for them alone at each site that is open to them. */
export type Company = {
  readonly parts: readonly Part[];
  readonly closed: readonly ClosedSite[];
  readonly found: readonly (Candidate | SiteMiss)[];
};

type Chosen = { readonly best: Candidate; readonly ways: number; readonly demand: Demand };

/** One line for each site: what stands there, or what could, and what could not and why. */
export function spanReports(companies: readonly Company[], chosen?: Chosen): readonly SiteReport[] {
  const sites = new Map<Path, SiteReport>();
  for (const piece of chosen?.best.pieces ?? []) sites.set(piece.site.id, chosenReport(piece, chosen));
  const others = companies.flatMap((company) => [
    ...company.found.map((found) => foundReport(found, company)),
    ...company.closed.map((closed) => ({ ...reportClosed(closed), parts: company.parts })),
  ]);
  for (const [site, reports] of Map.groupBy(others, (report) => report.site))
    if (!sites.has(site)) sites.set(site, joined(reports));
  return [...sites.values()].toSorted(
    (a, b) => ranks.indexOf(a.outcome) - ranks.indexOf(b.outcome) || compareText(a.site, b.site),
  );
}

const ranks: readonly SiteReport['outcome'][] = [
  'chosen',
  'feasible',
  'over-budget',
  'no-capacity',
  'policy-denied',
  'fact-missing',
];

function chosenReport(piece: Candidate, chosen: Chosen | undefined): SiteReport {
  const { demand, ways = 0 } = chosen ?? {};
  const there = new Set(piece.members.map(({ part }) => part));
  const words = namesOf((demand?.parts ?? []).filter(({ name }) => there.has(name)));
  const objective = demand?.objective ?? 'cheapest';
  const why =
    ways === 1 ? 'the only way to place all parts' : `${objective} of ${ways} ways to place all parts`;
  return {
    site: piece.site.id,
    outcome: 'chosen',
    why: `${words}: ${why}`.slice(0, 300),
    ...figuresOf(piece),
  };
}

type CompanyReport = SiteReport & { readonly parts: readonly Part[] };

function foundReport(found: Candidate | SiteMiss, { parts }: Company): CompanyReport {
  if (found.kind === 'fits')
    return { site: found.site.id, outcome: 'feasible', why: 'fits', parts, ...figuresOf(found) };
  const wanted = parts.reduce((sum, { count }) => sum + count, 0);
  const why = `${found.replicasFit} of ${wanted} replicas fit: ${bindingWords[found.binding]}`;
  return { site: found.site.id, outcome: 'no-capacity', why, parts };
}

function figuresOf({ startMs, price }: Candidate): Partial<SiteReport> {
  const { totalMicroEur, microEurPerHour } = price;
  return {
    startMs,
    ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
    ...(microEurPerHour === undefined ? {} : { microEurPerHour }),
  };
}

/** What a site is to several companies: the best of it decides what is said first. A site that rules close is closed to all. */
function joined(reports: readonly CompanyReport[]): SiteReport {
  const [first, ...others] = reports.toSorted((a, b) => ranks.indexOf(a.outcome) - ranks.indexOf(b.outcome));
  if (first === undefined) throw new Error('a site without a report');
  const { parts: _parts, ...report } = first;
  const isSame = others.every(({ why, outcome }) => why === first.why && outcome === first.outcome);
  const all = isSame
    ? `${namesOf(reports.flatMap((one) => one.parts))}: ${first.why}`
    : [first, ...others].map((one) => `${namesOf(one.parts)}: ${one.why}`).join('; ');
  return { ...report, why: all.slice(0, 300) };
}

function namesOf(parts: readonly Part[]): string {
  return parts.map(({ name }) => `\`${name}\``).join(', ');
}
