import { doubtsAbout } from '../../core/inventory/doubts.ts';
import type { Said } from '../../core/inventory/resolve.ts';
import { differenceOf, differenceWords } from '../../core/life/moves.ts';
import { contractOf, type State } from '../../core/state.ts';
import type { ContractView } from '../../model/contract-view.ts';
import { beginOf, type Contract, stateAt } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import { type Digest, Path, type PlanId, siteOf } from '../../model/id.ts';
import { type Member, type Placement, type Price, seatsOf } from '../../model/placement.ts';
import type { BandwidthView, MemberView, PartView, PlanView, PriceView } from '../../model/plan-view.ts';
import type { Plan } from '../../model/plan.ts';
import { slicesPhrase } from '../../model/slice.ts';
import { cleanText } from '../../model/text.ts';
import { compareText } from '../../model/text.ts';
import { isoIn } from '../zone.ts';
import { sliceViews } from './slice-view.ts';

/** As many edges as a person reads. */
const edgesShown = 24;

/** How a plan is shown: in the time zone of its tenant, devices with their whole ids. */
export function planView(state: State, plan: Plan, id: PlanId, digest: Digest): PlanView {
  const { demand, placement } = plan;
  const zone = zoneOf(state, demand);
  return {
    id,
    digest,
    tenant: demand.tenant,
    ...(demand.purpose === undefined ? {} : { purpose: demand.purpose }),
    ...(plan.template === undefined ? {} : { template: plan.template }),
    ...whereAndWhen(placement, zone),
    parts: partViews(state, demand, placement),
    guarantee: demand.guarantee ?? 'reserved',
    isolation: demand.isolation ?? 'shared',
    price: priceView(plan.price),
    ...(plan.report.preempts === undefined ? {} : { losses: plan.report.preempts }),
    ...bandwidthView(placement, zone),
    terms: plan.terms,
    policy: {
      answer: 'allowed',
      packs: plan.verdict.packs,
      hits: plan.verdict.sites.flatMap(({ site, hits }) => hits.map((hit) => ({ ...hit, site }))),
      note: 'a technical check of recorded facts, not legal advice',
    },
    why: plan.report.sites,
    ...(plan.report.here === undefined ? {} : { here: plan.report.here }),
    constraints: plan.report.constraints,
    assumptions: [...plan.assumptions, ...plan.unchecked, ...doubtWords(state, plan)],
    ...changeView(state, plan),
    ...(plan.preempts === undefined ? {} : { preempts: plan.preempts }),
    ...(plan.shrinks === undefined ? {} : { shrinks: plan.shrinks.map(({ contract }) => contract) }),
    expiresAtMs: plan.expiresAtMs,
    expires: isoIn(plan.expiresAtMs, zone),
    inputs: plan.inputs,
  };
}

/** So many doubtful facts are named; the rest is counted. */
const named = 4;

/** What the plan rests on although sources contradict it, or although it is too old to rest on. */
function doubtWords({ claims }: State, { placement, plannedAtMs }: Plan): readonly string[] {
  const words = doubtsAbout(claims, placement, plannedAtMs).map(({ subject, attribute, why }) => {
    const { name, value, claim, conflicts } = attribute;
    const used = `rests on ${name} of ${subject}, ${said({ value, claim })}`;
    if (why === 'stale') return `${used}, which is too old to rely on`;
    return `${used}, which others contradict: ${conflicts.slice(0, 2).map(said).join(', ')}`;
  });
  const more = words.length - named;
  return [
    ...words.slice(0, named).map((text) => cleanText(text, 300)),
    ...(more > 0
      ? [`rests on ${more} more facts in conflict or too old: see \`berth inventory conflicts\``]
      : []),
  ];
}

function said({ value, claim }: Pick<Said, 'value' | 'claim'>): string {
  return `${JSON.stringify(value)} by ${claim.source}`;
}

/** What moves, against what the contract holds; nothing any more once it is at another version. */
function changeView(state: State, { changes, placement }: Plan): Pick<PlanView, 'changes'> {
  if (changes === undefined) return {};
  const before = contractOf(state, changes.contract);
  const held = before?.version === changes.version ? before.placement.members : [];
  const difference = differenceOf(held, placement.members);
  const moves = difference.move.map(({ from, to }) => {
    return { part: to.part, replica: to.replica, from: from.node, to: to.node };
  });
  const { contract, version } = changes;
  return { changes: { contract, version, summary: differenceWords(difference), moves } };
}

/** Held bandwidth and transfers, where there are any. */
export function bandwidthView(
  { bandwidth = [], transfers = [] }: Placement,
  zone: string,
): { bandwidth?: BandwidthView } {
  if (bandwidth.length === 0 && transfers.length === 0) return {};
  return {
    bandwidth: {
      edgeCount: bandwidth.length,
      edges: bandwidth.slice(0, edgesShown),
      transfers: transfers.map((transfer) => ({
        ...transfer,
        start: isoIn(transfer.startMs, zone),
        end: isoIn(transfer.endMs, zone),
      })),
    },
  };
}

export function contractView(state: State, contract: Contract, nowMs: number): ContractView {
  const { demand, placement } = contract;
  const zone = zoneOf(state, demand);
  const models = [...new Set(partViews(state, demand, placement).flatMap((part) => part.gpuModel ?? []))];
  return {
    id: contract.id,
    version: contract.version,
    tenant: contract.tenant,
    state: stateAt(contract, nowMs),
    plan: contract.plan,
    planDigest: contract.planDigest,
    ...(demand.purpose === undefined ? {} : { purpose: demand.purpose }),
    ...whereAndWhen(placement, zone),
    startMs: beginOf(contract),
    start: isoIn(beginOf(contract), zone),
    ...(models.length === 0 ? {} : { gpuModel: models.join(', ') }),
    guarantee: demand.guarantee ?? 'reserved',
    isolation: demand.isolation ?? 'shared',
    price: priceView(contract.price),
    grantedBy: contract.grantedBy,
    grantedAt: isoIn(contract.grantedAtMs, zone),
    ...endsOf(contract, zone),
  };
}

function endsOf({ earlier, placement, releasedAtMs, preemptedAtMs, preemptedBy }: Contract, zone: string) {
  return {
    ...(earlier === undefined ? {} : { changedAt: isoIn(placement.startMs, zone) }),
    ...(releasedAtMs === undefined ? {} : { releasedAt: isoIn(releasedAtMs, zone) }),
    ...(preemptedAtMs === undefined ? {} : { preemptedAt: isoIn(preemptedAtMs, zone) }),
    ...(preemptedBy === undefined ? {} : { preemptedBy }),
  };
}

export function partViews(state: State, demand: Demand, placement: Placement): PartView[] {
  return demand.parts.map((part) => {
    const members = placement.members.filter((member) => member.part === part.name);
    const spares = (placement.spares ?? []).filter((member) => member.part === part.name);
    const model = members.map((member) => modelOf(state, member)).find((found) => found !== undefined);
    return {
      name: part.name,
      replicas: demand.guarantee === 'elastic' ? members.length : part.count,
      ...(model === undefined ? {} : { gpuModel: model }),
      gpuCount: gpuCountOf(members),
      ...slicesOf(members),
      members: members.map((member) => memberView(state, member)),
      ...(spares.length === 0 ? {} : { spares: spares.map((member) => memberView(state, member)) }),
    };
  });
}

/** The tenant's time zone; UTC for a tenant that is not registered any more. */
export function zoneOf(state: State, demand: Pick<Demand, 'tenant'>): string {
  return state.tenants.get(demand.tenant)?.zone ?? 'UTC';
}

function whereAndWhen(placement: Placement, zone: string) {
  const { startMs, endMs, members } = placement;
  return {
    sites: [...new Set(seatsOf(placement).map((member) => siteOf(member.node)))].toSorted(compareText),
    gpuCount: gpuCountOf(members),
    ...slicesOf(members),
    startMs,
    start: isoIn(startMs, zone),
    ...(endMs === undefined ? {} : { endMs, end: isoIn(endMs, zone) }),
    zone,
  };
}

function gpuCountOf(members: readonly Member[]): number {
  return members.reduce((sum, member) => sum + member.gpus.length, 0);
}

/** Slices in words; nothing where all GPUs are whole ones. */
export function slicesOf(members: readonly Member[]): { slices?: string } {
  const slices = slicesPhrase(members);
  return slices === '' ? {} : { slices };
}

function modelOf(state: State, member: Member): string | undefined {
  const first = member.gpus[0] ?? member.slices?.[0]?.gpu;
  return first === undefined ? undefined : state.fleet.nodeById.get(member.node)?.shape.gpus[first]?.model;
}

function memberView(state: State, member: Member): MemberView {
  return {
    replica: member.replica,
    node: member.node,
    hostName: state.fleet.nodeById.get(member.node)?.hostName ?? member.node,
    gpus: member.gpus.map((gpu) => Path.parse(`${member.node}/gpu${gpu}`)),
    ...sliceViews(member),
    nics: member.nics.map((nic) => Path.parse(`${member.node}/nic${nic}`)),
    cpuMilli: member.cpuMilli,
    memoryMib: member.memoryMib,
    ...(member.storageGib === undefined ? {} : { storageGib: member.storageGib }),
    powerW: member.powerW,
  };
}

function priceView(price: Price): PriceView {
  return {
    currency: 'EUR',
    priceBook: price.priceBook,
    lines: price.lines,
    ...(price.microEurPerHour === undefined ? {} : { microEurPerHour: price.microEurPerHour }),
    ...(price.totalMicroEur === undefined ? {} : { totalMicroEur: price.totalMicroEur }),
  };
}
