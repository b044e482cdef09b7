import type { Demand, Part } from '../../../model/demand.ts';
import type { Path } from '../../../model/id.ts';
import { compareText } from '../../../model/text.ts';
import type { Fleet, FleetSite } from '../../inventory/fleet.ts';
import { couldCarry, crossingsOf, linksBetween } from '../fabric/wan.ts';
import { countedReplicas, isCounted } from '../survival.ts';

/** Parts that stand at one site together, and the sites at which they fit by themselves, the best first. */
export type Choice = { readonly parts: readonly Part[]; readonly sites: readonly FleetSite[] };

/** A site for each company, in their order. */
export type Assignment = readonly FleetSite[];

/** So many assignments are searched at most. */
const assignmentLimit = 512;

export type Assignments = {
  readonly all: readonly Assignment[];
  /** Sites of some company were left out, the worst first, because there were too many. */
  readonly isCut: boolean;
  /** None of them is joined by links that could carry what flows, though without flows there were some. */
  readonly lacksLinks: boolean;
};

/**
 * Every way to give each company a site so that links could carry what flows between them, and the loss of no site
 * takes too many, in the order of the ids.
 */
export function assignmentsOf(fleet: Fleet, demand: Demand, choices: readonly Choice[]): Assignments {
  const kept = narrowed(choices);
  let partial: Assignment[] = [[]];
  for (const { sites } of kept)
    partial = partial.flatMap((sofar) => sites.toSorted(byId).map((site) => [...sofar, site]));
  const lasting = partial.filter((assignment) => survivesSites(demand, kept, assignment));
  const all = lasting.filter((assignment) => isLinked(fleet, demand, kept, assignment));
  return {
    all,
    isCut: kept.some(({ sites }, at) => sites.length < (choices[at]?.sites.length ?? 0)),
    lacksLinks: all.length === 0 && lasting.length > 0,
  };
}

function byId(a: FleetSite, b: FleetSite): number {
  return compareText(a.id, b.id);
}

/** Leaves out the last site of whoever has most to choose from, until few enough ways are left. */
function narrowed(choices: readonly Choice[]): readonly Choice[] {
  let kept = choices;
  while (kept.reduce((ways, { sites }) => ways * sites.length, 1) > assignmentLimit) {
    const most = Math.max(...kept.map(({ sites }) => sites.length));
    const at = kept.findIndex(({ sites }) => sites.length === most);
    kept = kept.map((choice, index) =>
      index === at ? { ...choice, sites: choice.sites.slice(0, -1) } : choice,
    );
  }
  return kept;
}

/** Over several sites nobody stands by for the loss of one: those elsewhere are left, and have to be enough. */
function survivesSites(demand: Demand, choices: readonly Choice[], assignment: Assignment): boolean {
  const { survive } = demand;
  if (survive?.loss !== 'site') return true;
  const lost = new Map<FleetSite | undefined, number>();
  for (const [at, { parts }] of choices.entries()) {
    const own = parts.filter((part) => isCounted(part, demand));
    const count = own.length === 0 ? 0 : countedReplicas({ ...demand, parts: own });
    lost.set(assignment[at], (lost.get(assignment[at]) ?? 0) + count);
  }
  return countedReplicas(demand) - Math.max(...lost.values()) >= survive.membersLeft;
}

function isLinked(fleet: Fleet, demand: Demand, choices: readonly Choice[], assignment: Assignment): boolean {
  const siteOfPart = new Map<string, Path>();
  for (const [at, { parts }] of choices.entries()) {
    const site = assignment[at];
    if (site !== undefined) for (const { name } of parts) siteOfPart.set(name, site.id);
  }
  return crossingsOf(demand, siteOfPart).every((crossing) =>
    linksBetween(fleet, crossing.sites).some((link) => couldCarry(link, crossing)),
  );
}
