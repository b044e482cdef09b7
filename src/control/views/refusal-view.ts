import type { ContractId, Path } from '../../model/id.ts';
import type { RefusalView } from '../../model/plan-view.ts';
import type { Report } from '../../model/plan.ts';
import type { ProposedMove, Refusal, Relaxation } from '../../model/refusal.ts';
import { toDemandRequest } from '../demand-request.ts';
import { isoIn } from '../zone.ts';
import { authoritySummary } from './authority-words.ts';

/** A refusal with one sentence that holds its numbers, and its relaxations with absolute times. */
export function refusalView(refusal: Refusal, report: Report | undefined, zone: string): RefusalView {
  return {
    kind: refusal.kind,
    summary: summaryOf(refusal, zone),
    zone,
    refusal: withoutRelaxations(refusal),
    sites: report?.sites ?? [],
    relaxations: relaxationsOf(refusal).map(
      ({ change, demand, startMs, totalMicroEur, microEurPerHour, moves }) => ({
        change,
        demand: toDemandRequest(demand, zone),
        start: isoIn(startMs, zone),
        ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
        ...(microEurPerHour === undefined ? {} : { microEurPerHour }),
        ...(moves === undefined ? {} : { moves: moves.map(whereTo) }),
      }),
    ),
  };
}

function whereTo({ contract, members }: ProposedMove): { contract: ContractId; to: Path[] } {
  return { contract, to: [...new Set(members.map(({ node }) => node))] };
}

/** They stand beside it, in the form in which they can be asked. */
function withoutRelaxations(refusal: Refusal): Refusal {
  return relaxationsOf(refusal).length === 0 ? refusal : Object.assign({}, refusal, { relaxations: [] });
}

function relaxationsOf(refusal: Refusal): readonly Relaxation[] {
  return refusal.kind === 'no-capacity' || refusal.kind === 'over-budget' ? refusal.relaxations : [];
}

const bindings: Readonly<Record<string, string>> = {
  'gpu-model': 'no site that may be used has a GPU of a model asked for',
  inventory: 'even an empty fleet there would not hold it',
  'free-over-window': 'the rest is taken in that window',
  'rack-power': 'the racks have no power left',
  'rack-cooling': 'the racks have no cooling left',
  'feed-power': 'the power feeds of the building have nothing left',
  'loop-cooling': 'the cooling loops have nothing left',
  'hall-power': 'the hall has no power left',
  'hall-cooling': 'the hall has no cooling left',
  'site-power': 'the site has no power left',
  'power-cap': 'more would pass the power cap',
  survive: 'the rest would not be spread widely enough',
  isolation: 'other tenants are in the same place',
  topology: 'enough is free, but not close enough together',
  uplink: 'enough is free, but the leaf switches have not enough uplink left',
  flows: 'enough is free, but its flows find not enough bandwidth',
  wan: 'each part fits at some site, but no link between those carries what flows, or is as near as it asks',
  dataset: 'its dataset cannot be there in time',
};

function summaryOf(refusal: Refusal, zone: string): string {
  switch (refusal.kind) {
    case 'no-capacity': {
      const { nearest } = refusal;
      if (nearest === undefined) return 'no site that may be used has room for it';
      const { replicasFit, replicasWanted, place, parts = [] } = nearest;
      const ofParts = parts.length === 0 ? '' : ` of ${parts.map((name) => `\`${name}\``).join(', ')}`;
      return `${replicasFit} of ${replicasWanted} replicas${ofParts} fit at best (${place}): ${bindings[nearest.binding] ?? nearest.binding}`;
    }
    case 'policy-denied':
      return `the rules close every site asked for: ${refusal.hits.map((hit) => `${hit.article} (${hit.why})`).join('; ')}`;
    case 'fact-missing':
      return `a fact is missing: ${refusal.facts.map((fact) => `${fact.attribute} for ${fact.subjectCount}`).join('; ')}`;
    case 'model-unknown':
      return `no node has ${refusal.asked.join(' or ')}; known: ${refusal.known.join(', ') || 'none'}`;
    case 'place-unknown':
      return `no place is called ${refusal.asked.join(', ')}`;
    case 'flow-unknown':
      return `no part is called ${refusal.asked.join(', ')}; a flow joins ${refusal.known.join(', ') || 'nothing here'}${hasDataset(refusal.asked)}`;
    case 'over-budget':
      return `the lowest price is ${euros(refusal.lowestMicroEur)} ${refusal.basis === 'day' ? 'a day' : 'in all'}, the budget ${euros(refusal.limitMicroEur)}`;
    case 'window-impossible':
      return `the window cannot be met: ${refusal.why} (earliest ${isoIn(refusal.earliestStartMs, zone)}, latest ${isoIn(refusal.latestStartMs, zone)})`;
    case 'not-supported':
      return `this version does not decide ${refusal.feature} yet`;
    case 'demand-impossible':
      return `\`${refusal.field}\` asks for what cannot be: ${refusal.why}`;
    case 'tenant-unknown':
      return `tenant \`${refusal.tenant}\` is not registered; known: ${refusal.known.join(', ') || 'none'}`;
    case 'plan-expired':
      return `plan \`${refusal.plan}\` expired at ${isoIn(refusal.expiredAtMs, zone)}`;
    case 'plan-stale':
      return `plan \`${refusal.plan}\` no longer holds: ${refusal.changed.join('; ')}`;
    case 'contract-unknown':
      return `no contract \`${refusal.contract}\``;
    case 'contract-ended':
      return `contract ${refusal.contract} is ${refusal.state} since ${isoIn(refusal.endedAtMs, zone)}`;
    case 'version-conflict':
      return `contract ${refusal.contract} is at version ${refusal.actual}, not ${refusal.expected}`;
    case 'lease-limit':
      return refusal.limit === 'plans'
        ? `${refusal.most} plans are held for this tenant already, and no more may be`
        : `a plan is held for ${refusal.most / 86_400} days at most in all, not for ${refusal.asked} seconds`;
    case 'not-held':
      return `plan \`${refusal.plan}\` is not held`;
    case 'place-in-use':
      return inUse(refusal, zone);
    case 'governance-refused':
      return `it was not recorded: ${refusal.note}`;
    case 'rules-stand':
      return standing(refusal);
    case 'binding-refused':
      return `${refusal.subject} was not handed to ${refusal.engine}: ${refusal.note}`;
    case 'observation-refused':
      return `what was measured of ${refusal.contract} was not recorded: ${refusal.note}`;
    case 'template-refused':
      return `template ${refusal.name}@${refusal.version} was not recorded: ${refusal.note}`;
    case 'run-refused':
      return `${refusal.run === undefined ? 'no run was begun' : `nothing was written to ${refusal.run}`}: ${refusal.note}`;
    case 'policy-engine':
      return `the rules gave no sure answer, so nothing was granted at ${refusal.sites.join(', ')}: ${refusal.note}`;
    case 'maintenance-unknown':
      return `there is no maintenance window \`${refusal.id}\``;
    case 'maintenance-ended':
      return `maintenance window ${refusal.id} ended at ${isoIn(refusal.endedAtMs, zone)}`;
    case 'not-authorised':
    case 'outside-mandate':
    case 'rate-limited':
    case 'stopped':
    case 'approval-void':
    case 'may-not-decide':
    case 'unknown-authority':
      return authoritySummary(refusal, zone);
    default:
      return refusal satisfies never;
  }
}

function standing({ asked, rules, open }: Extract<Refusal, { kind: 'rules-stand' }>): string {
  const bite = rules.map(({ rule, article, sites }) => `${rule} (${article}) at ${sites.join(', ')}`);
  const where = open.length === 0 ? '' : `; allowed at ${open.join(', ')}`;
  return `asking sets no rule aside, and ${asked.join(', ')} was asked: ${bite.join('; ') || 'no rule bites'}${where}`;
}

/** `dataset` is an end only where the demand names one. */
function hasDataset(asked: readonly string[]): string {
  return asked.includes('dataset') ? ', and `dataset` once the demand names one with `dataset:`' : '';
}

function inUse(
  { place, holders, holderCount }: Extract<Refusal, { kind: 'place-in-use' }>,
  zone: string,
): string {
  const shown = holders.slice(0, 5).map(({ holder, toMs }) => {
    return `${holder} ${toMs === undefined ? 'without end' : `until ${isoIn(toMs, zone)}`}`;
  });
  const more = holderCount > shown.length ? ` and ${holderCount - shown.length} more` : '';
  return `${place} is in use in that window: ${shown.join(', ')}${more}`;
}

function euros(microEur: number): string {
  const cents = Math.ceil(microEur / 10_000);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')} EUR`;
}
