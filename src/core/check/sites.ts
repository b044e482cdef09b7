import type { Demand, Part } from '../../model/demand.ts';
import { compareText } from '../../model/text.ts';
import type { Violation } from '../given.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { type Audit, broken } from './audit.ts';

/** Every site that is used may run the workload, is what its parts ask for, near enough to users, and has the data its rules name. */
export function* sitesAllowed({ state, demand, verdict, seats }: Audit): Generator<Violation> {
  const used = new Set(seats.map(({ node }) => node.site));
  for (const id of used) {
    const answers = verdict.sites.filter(({ site }) => site === id).map(({ answer }) => answer);
    if (answers.length === 0) yield broken('policy', `${id}: the rules were not asked`);
    for (const answer of answers) if (answer !== 'allowed') yield broken('policy', `${id}: ${answer}`);
  }
  for (const site of state.fleet.sites.filter(({ id }) => used.has(id))) {
    yield* latency(site, demand);
    const here = new Set(seats.flatMap(({ node, part }) => (node.site === site.id ? (part ?? []) : [])));
    for (const part of here) yield* ofPart(site, part);
    for (const dataset of datasetsOf(state, demand).filter((wanted) => !site.datasets.has(wanted)))
      yield broken('dataset', `${site.id}: no storage pool holds \`${dataset}\``);
  }
}

/** Who asks is known: without the tenant its rules are unknown too. */
export function* tenantKnown({ state, demand }: Audit): Generator<Violation> {
  if (!state.tenants.has(demand.tenant)) yield broken('tenant', `\`${demand.tenant}\` is not registered`);
}

function* ofPart(site: FleetSite, part: Part): Generator<Violation> {
  yield* latency(site, part);
  const { kind = 'unknown' } = site.facts;
  if (part.siteKind !== undefined && part.siteKind !== kind)
    yield broken('site-kind', `${site.id} is ${kind}, \`${part.name}\` asked for ${part.siteKind}`);
}

function* latency(
  { id, facts }: FleetSite,
  { latencyMsByRegion = {} }: Pick<Demand, 'latencyMsByRegion'>,
): Generator<Violation> {
  const known = new Map(Object.entries(facts.latencyMsByRegion ?? {}));
  for (const [region, wanted] of Object.entries(latencyMsByRegion)) {
    const found = known.get(region);
    if (found === undefined || found > wanted)
      yield broken('latency', `${id}: \`${region}\` in ${found ?? 'unknown'} ms, asked for ${wanted}`);
  }
}

function datasetsOf(state: State, { tenant, rules }: Demand): readonly string[] {
  const ruled = [rules, state.tenants.get(tenant)?.rules].flatMap((own) => own?.datasets ?? []);
  return [...new Set<string>(ruled)].toSorted(compareText);
}
