import type { Governance } from '../core/governance/governance.ts';
import { subjectKey } from '../core/inventory/claims.ts';
import type { FleetSite } from '../core/inventory/fleet.ts';
import { newestOf, resolveAttributes } from '../core/inventory/resolve.ts';
import type { Judge } from '../core/simulate/edit.ts';
import type { State } from '../core/state.ts';
import { canonicalJson } from '../model/canonical.ts';
import { dayOf, dayText } from '../model/day.ts';
import type { Demand } from '../model/demand.ts';
import { TenantId } from '../model/id.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { builtInPacks } from '../policy/built-in.ts';
import type { RuledSite, RuledWorkload } from '../policy/describe.ts';
import { daysOf, type Span } from '../policy/facts.ts';
import { narrow } from '../policy/narrow.ts';
import type { Packs } from '../policy/pack-set.ts';
import { evaluate, type SiteQuestion } from '../policy/site-verdict.ts';
import { isTraining, trainingWith } from './training.ts';

/** Asks the rules about a demand as they stand at `atMs`, on whichever state they are shown. */
export function judgeAt(atMs: number, packs: Packs = builtInPacks()): Judge {
  return (state, demand) => verdictFor(state, demand, atMs, packs);
}

/**
 * The rules' answer for a demand on the sites of a state: the tenant's rules and its own, narrowed together. The same
 * question about the same fleet and the same recorded facts is answered from memory.
 */
export function verdictFor(
  state: State,
  demand: Demand | undefined,
  atMs: number,
  packs: Packs = builtInPacks(),
): PolicyVerdict {
  const question = questionFor(state, demand, atMs, packs);
  const known = memoryOf(state);
  const key = keyOf(state.governance, question);
  const before = known.get(key);
  if (before !== undefined) return before;
  const verdict = evaluate(question);
  if (known.size >= mostKept) known.clear();
  known.set(key, verdict);
  return verdict;
}

/** What the rules are asked for a demand at a time. */
export function questionFor(
  state: State,
  demand: Demand | undefined,
  atMs: number,
  packs: Packs = builtInPacks(),
): SiteQuestion {
  const { facts: book, overrides } = state.governance;
  const span = spanOf(demand, atMs);
  return {
    packs,
    workload: workloadOf(state, demand, span),
    sites: ruledSites(state),
    book,
    overrides: [...overrides.values()],
    span,
  };
}

/** From the decision to the last instant at which what is asked for may still run; open-ended counts its start. */
function spanOf(demand: Demand | undefined, atMs: number): Span {
  if (demand === undefined) return { atMs, untilMs: atMs };
  const { earliestStartMs, latestStartMs = earliestStartMs, deadlineMs, durationS = 0 } = demand.window;
  const lastMs = deadlineMs ?? latestStartMs + durationS * 1000;
  return { atMs, untilMs: Math.max(atMs, lastMs) };
}

const nobody = TenantId.parse('nobody');

function workloadOf(state: State, demand: Demand | undefined, span: Span): RuledWorkload {
  if (demand === undefined) return { tenant: nobody, rules: {} };
  const { tenant, project, isolation } = demand;
  const rules = narrow(state.tenants.get(tenant)?.rules ?? {}, demand.rules ?? {});
  const isCounted = rules.regimes?.includes('ai-act') === true && isTraining(state, demand);
  return {
    tenant,
    rules,
    ...(project === undefined ? {} : { project }),
    ...(isolation === undefined ? {} : { isolation }),
    ...(isCounted ? { training: trainingWith(state, demand, span) } : {}),
  };
}

const sitesOf = new WeakMap<readonly FleetSite[], readonly RuledSite[]>();

function ruledSites({ fleet, claims }: State): readonly RuledSite[] {
  const known = sitesOf.get(fleet.sites);
  if (known !== undefined) return known;
  const made = fleet.sites.map((site) => ruledSite(site, claims));
  sitesOf.set(fleet.sites, made);
  return made;
}

function ruledSite({ id, facts, nodes }: FleetSite, claims: State['claims']): RuledSite {
  const models = new Set(nodes.flatMap(({ shape }) => shape.models.map(({ model }) => model)));
  return {
    id,
    facts,
    models: [...models].toSorted(),
    sourceOf: (attribute) => {
      const found = resolveAttributes(claims.get(subjectKey('site', id)) ?? [], newestOf(claims)).find(
        ({ name }) => name === attribute,
      );
      if (found === undefined) return undefined;
      const { source, origin, observedAtMs } = found.claim;
      const line = origin.line === undefined ? '' : `:${origin.line}`;
      return `${source} ${origin.file}${line}, seen ${dayText(dayOf(observedAtMs))}`;
    },
  };
}

const mostKept = 512;

const memory = new WeakMap<readonly FleetSite[], WeakMap<Governance, Map<string, PolicyVerdict>>>();

/** Verdicts by what they were asked: for one fleet and one set of recorded facts, which never change themselves. */
function memoryOf({ fleet, governance }: State): Map<string, PolicyVerdict> {
  const ofFleet = memory.get(fleet.sites) ?? new WeakMap<Governance, Map<string, PolicyVerdict>>();
  memory.set(fleet.sites, ofFleet);
  const known = ofFleet.get(governance) ?? new Map<string, PolicyVerdict>();
  ofFleet.set(governance, known);
  return known;
}

function keyOf(governance: Governance, { packs, workload, span }: SiteQuestion): string {
  const { today, lastDay } = daysOf(span);
  const epochs = [epochOf(governance, span.atMs), epochOf(governance, span.untilMs)];
  return canonicalJson([packs.digest, workload, today, lastDay, ...epochs]);
}

const boundaries = new WeakMap<Governance, readonly number[]>();

/** How many instants at which a recorded fact or override begins or ends are not after this one. */
function epochOf(governance: Governance, atMs: number): number {
  const known = boundaries.get(governance) ?? boundariesOf(governance);
  boundaries.set(governance, known);
  let low = 0;
  for (let high = known.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((known[middle] ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function boundariesOf({ facts, overrides }: Governance): readonly number[] {
  const recorded = [...facts.values()].flatMap((about) => [...about.values()]);
  const instants = [
    ...recorded.flatMap(({ assertedAtMs, expiresAtMs }) => [assertedAtMs, expiresAtMs, expiresAtMs + 1]),
    ...[...overrides.values()].flatMap(({ expiresAtMs }) => [expiresAtMs, expiresAtMs + 1]),
  ];
  return instants.toSorted((a, b) => a - b);
}
