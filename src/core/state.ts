import type { Actor } from '../model/actor.ts';
import type { Told } from '../model/aside.ts';
import { digestOf } from '../model/canonical.ts';
import type { Contract } from '../model/contract.ts';
import type { Demand } from '../model/demand.ts';
import type { Event } from '../model/event.ts';
import type { Observation } from '../model/fact.ts';
import {
  ContractId,
  Digest,
  type MaintenanceId,
  type Path,
  type PlanId,
  type TenantId,
} from '../model/id.ts';
import type { Placement } from '../model/placement.ts';
import type { Plan } from '../model/plan.ts';
import type { Tenant } from '../model/tenant.ts';
import { approvalOf, type Authority, emptyAuthority } from './authority/authority.ts';
import { followAuthority } from './authority/follow.ts';
import type { Binding } from './binding/binding.ts';
import { followedBindings, isCovered } from './binding/follow.ts';
import { type Calendar, close, never, reopen } from './calendar/calendar.ts';
import type { EdgeCalendar } from './calendar/edges.ts';
import { givenUp, givenUpForChange, tenuresOf, withHolding, withoutHolding } from './calendar/holding.ts';
import { forgottenMs } from './calendar/past.ts';
import { compacted, compactedOffer } from './compact.ts';
import { type Denial, withDenial } from './governance/denials.ts';
import { emptyGovernance, followGovernance, type Governance } from './governance/governance.ts';
import { buildFleet } from './inventory/build.ts';
import { addObservation, type Claims } from './inventory/claims.ts';
import { emptyFleet, type Fleet } from './inventory/fleet.ts';
import { addGaps, type Gaps } from './inventory/gaps.ts';
import { additionTo } from './life/addition.ts';
import { lapse, withoutLease } from './life/lapse.ts';
import { asShrunk, shrunk } from './life/shrink.ts';
import { followedObservation, type Standing } from './observe/follow.ts';
import { followRun, noRuns, type Runs } from './run/run.ts';
import { Shelf } from './shelf.ts';
import { noTemplates, type Templates, withTemplate } from './template/catalogue.ts';

/** The number of the first contract of a ledger. */
export const firstContract = 101;

/** A plan whose capacity is held until `untilMs`, or until it is committed or dropped. */
export type Lease = {
  readonly plan: PlanId;
  readonly planDigest: Digest;
  readonly tenant: TenantId;
  readonly demand: Demand;
  readonly placement: Placement;
  /** What is held for a plan that changes a contract: what it needs beyond that. Without it, the placement. */
  readonly held?: readonly Placement[];
  readonly heldBy: Actor;
  /** When it was first held. */
  readonly sinceMs: number;
  readonly untilMs: number;
};

/** A window in which a place is closed to everybody. */
export type Maintenance = {
  readonly id: MaintenanceId;
  readonly place: Path;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: Told;
  readonly cancelledAtMs?: number;
};

/** Everything decisions read, folded from the ledger. Immutable: each event makes the next one. */
export type State = {
  /** The last ledger entry folded in. */
  readonly seq: number;
  readonly claims: Claims;
  /** What sources have left open: shown, never decided by. */
  readonly gaps: Gaps;
  readonly fleet: Fleet;
  readonly calendar: Calendar;
  /** What is held on the edges of fabrics. */
  readonly bandwidth: EdgeCalendar;
  readonly tenants: ReadonlyMap<TenantId, Tenant>;
  /** By number, counted from `firstContract`. */
  readonly contracts: Shelf<Contract>;
  /** By plan. Some may have ended by the clock: decisions look at `lapse(state, atMs)`. */
  readonly leases: ReadonlyMap<PlanId, Lease>;
  /** Every window there ever was, in the order of their numbers. */
  readonly maintenance: ReadonlyMap<MaintenanceId, Maintenance>;
  /** What engines were handed, and how it stands there; see `boundKey`. */
  readonly bindings: ReadonlyMap<string, Binding>;
  /** What was found when contracts were looked at, and which of them are breached. */
  readonly observed: ReadonlyMap<ContractId, Standing>;
  readonly authority: Authority;
  /** Recorded facts, and rules that do not bind for a time. */
  readonly governance: Governance;
  /** Who was lately told that rules are not set aside. */
  readonly denials: readonly Denial[];
  /** Recorded templates; those that come with a version of Berth are not among them. */
  readonly templates: Templates;
  /** Agents that work by themselves, and what they have proposed. */
  readonly runs: Runs;
  /** Chained over all observations. */
  readonly inventoryDigest: Digest;
  /** Chained over everything that changed the calendar. */
  readonly calendarDigest: Digest;
};

/** The large things that events name by digest. Throws for a digest it was not given. */
export type Archive = {
  observation(digest: Digest): Observation;
  plan(digest: Digest): Plan;
};

/** What an event's entry says about it. */
export type Stamp = { readonly seq: number; readonly atMs: number; readonly actor: Actor };

const nothing = Digest.parse(`sha256:${'0'.repeat(64)}`);

export const emptyState: State = {
  seq: 0,
  claims: new Map(),
  gaps: new Map(),
  fleet: emptyFleet,
  calendar: [],
  bandwidth: new Map(),
  tenants: new Map(),
  contracts: Shelf.empty(),
  leases: new Map(),
  maintenance: new Map(),
  bindings: new Map(),
  observed: new Map(),
  authority: emptyAuthority,
  governance: emptyGovernance,
  denials: [],
  templates: noTemplates,
  runs: noRuns,
  inventoryDigest: nothing,
  calendarDigest: nothing,
};

/** The only way state changes. Throws when the event cannot follow: then the ledger is not what it claims. */
function apply(state: State, event: Event, stamp: Stamp, archive: Archive): State {
  switch (event.kind) {
    case 'tenant-registered':
      return { ...state, tenants: new Map(state.tenants).set(event.tenant.id, event.tenant) };
    case 'observation-recorded':
      return observe(state, event.observation, stamp, archive);
    case 'contract-granted':
      return grant(state, event, stamp, archive);
    case 'contract-changed':
      return change(state, event, stamp, archive);
    case 'contract-preempted':
      return preempt(state, event);
    case 'contract-shrunk':
      return shrink(state, event);
    case 'plan-held':
      return holdOffer(state, event, stamp, archive);
    case 'hold-dropped':
      return dropHold(state, event);
    case 'maintenance-scheduled':
      return closePlace(state, event);
    case 'maintenance-cancelled':
      return openPlace(state, event);
    case 'contract-released':
      return release(state, event);
    case 'binding-begun':
    case 'binding-reported':
      return followBinding(state, event, stamp);
    case 'contract-observed':
    case 'contract-breached':
    case 'contract-restored':
      return { ...state, observed: followedObservation(state.observed, event) };
    case 'asides-erased':
      return state;
    case 'team-registered':
    case 'principal-registered':
    case 'key-registered':
    case 'key-revoked':
    case 'mandate-granted':
    case 'mandate-revoked':
    case 'mandate-used':
    case 'mandate-reserved':
    case 'mandate-freed':
    case 'approval-requested':
    case 'approval-given':
    case 'approval-used':
    case 'approval-rejected':
    case 'stopped':
    case 'resumed':
    case 'model-registered':
    case 'tools-registered':
      return { ...state, authority: followAuthority(state.authority, event, stamp) };
    case 'facts-recorded':
    case 'fact-retracted':
    case 'rule-overridden':
    case 'override-lifted':
      return { ...state, governance: followGovernance(state.governance, event, stamp) };
    case 'waiver-denied':
      return { ...state, denials: withDenial(state.denials, event.wish, stamp) };
    case 'run-begun':
    case 'run-used':
    case 'run-noted':
    case 'run-ended':
      return { ...state, runs: followRun(state.runs, event, stamp) };
    case 'template-added':
      return { ...state, templates: withTemplate(state.templates, event.template) };
    default:
      return event satisfies never;
  }
}

/** Folds the events of one entry and moves to its number. Leases that ended before it are gone. */
export function applyAll(state: State, events: readonly Event[], stamp: Stamp, archive: Archive): State {
  let next = lapse(state, stamp.atMs);
  for (const event of events) next = apply(next, event, stamp, archive);
  return { ...next, seq: stamp.seq };
}

export function contractOf(state: State, id: ContractId): Contract | undefined {
  return state.contracts.at(numberOf(id) - firstContract);
}

/** The contract of a number; nothing where there is none, as for -1. */
export function contractNumbered(state: State, number: number): Contract | undefined {
  return number < firstContract ? undefined : state.contracts.at(number - firstContract);
}

/** The id the next contract gets: counted, so that every replay counts the same. */
export function nextContract(state: State): ContractId {
  return ContractId.parse(`C-${firstContract + state.contracts.size}`);
}

function numberOf(id: ContractId): number {
  return Number(id.slice('C-'.length));
}

function observe(state: State, digest: Digest, { atMs }: Stamp, archive: Archive): State {
  const observation = archive.observation(digest);
  const claims = addObservation(state.claims, observation);
  const gaps = addGaps(state.gaps, observation);
  const fleet = buildFleet(claims);
  const inventoryDigest = digestOf([state.inventoryDigest, digest]);
  return enterAll({ ...state, claims, gaps, fleet, inventoryDigest }, forgottenMs(state, atMs));
}

/** The state with a calendar that has forgotten nothing: for looking at what was, not for decisions. */
export function withPast(state: State): State {
  return enterAll(state, 0);
}

/** Enters everything that is held, and had not ended by `endedMs`, into an empty calendar, as it stands. */
function enterAll(state: State, endedMs: number): State {
  let next: State = { ...state, calendar: state.fleet.nodes.map(() => []), bandwidth: new Map() };
  for (const contract of state.contracts) {
    for (const { holding, untilMs } of tenuresOf(contract)) {
      if (Math.min(untilMs, holding.placement.endMs ?? never) <= endedMs) continue;
      next = withoutHolding(withHolding(next, holding), holding, untilMs);
    }
  }
  for (const lease of state.leases.values()) next = withLease(next, lease);
  for (const window of state.maintenance.values()) {
    if (Math.min(window.toMs, window.cancelledAtMs ?? never) <= endedMs) continue;
    const closed = close(next.calendar, next.fleet, window);
    const { cancelledAtMs } = window;
    const calendar = cancelledAtMs === undefined ? closed : reopen(closed, next.fleet, window, cancelledAtMs);
    next = { ...next, calendar };
  }
  return next;
}

type Of<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>;

function grant(state: State, event: Of<'contract-granted'>, stamp: Stamp, archive: Archive): State {
  if (event.contract !== nextContract(state))
    throw new Error(`contract \`${event.contract}\` is out of turn`);
  const plan = compacted(state.fleet, archive.plan(event.planDigest));
  const contract: Contract = {
    id: event.contract,
    version: 1,
    tenant: plan.demand.tenant,
    state: 'granted',
    plan: event.plan,
    planDigest: event.planDigest,
    demand: plan.demand,
    placement: plan.placement,
    price: plan.price,
    terms: plan.terms,
    grantedBy: askedBy(state, event) ?? stamp.actor,
    grantedAtMs: stamp.atMs,
    grantedSeq: stamp.seq,
  };
  const forgotten = forgottenMs(state, stamp.atMs);
  return chained(withHolding(withContract(unheld(state, event.plan), contract), contract, forgotten), event);
}

/** Who had asked, where it was granted after an approval. */
function askedBy({ authority }: State, { approval }: Of<'contract-granted'>): Actor | undefined {
  return approval === undefined ? undefined : approvalOf(authority, approval)?.requestedBy;
}

/** The state without the lease of a plan, which is committed now. */
function unheld(state: State, plan: PlanId): State {
  const lease = state.leases.get(plan);
  return lease === undefined ? state : withoutLease(state, lease);
}

function withLease(state: State, { held, ...lease }: Lease): State {
  const placements = held ?? [lease.placement];
  return placements.reduce(
    (next, placement) => withHolding(next, { ...lease, placement, id: lease.plan }),
    state,
  );
}

function change(state: State, event: Of<'contract-changed'>, stamp: Stamp, archive: Archive): State {
  const before = grantedOf(state, event.contract);
  const { demand, placement, price, terms } = compacted(state.fleet, archive.plan(event.planDigest));
  const { version, plan, planDigest, earlier = [] } = before;
  const past = { version, plan, planDigest, untilMs: event.atMs };
  const contract: Contract = {
    ...before,
    // No engine has been told of it.
    state: 'granted',
    version: version + 1,
    plan: event.plan,
    planDigest: event.planDigest,
    demand,
    placement,
    price,
    terms,
    earlier: [
      ...earlier,
      { ...past, demand: before.demand, placement: before.placement, price: before.price },
    ],
  };
  const freed = givenUpForChange(unheld(state, event.plan), before, event.atMs);
  const forgotten = forgottenMs(state, stamp.atMs);
  return chained(withHolding(withContract(freed, contract), contract, forgotten), event);
}

function preempt(state: State, event: Of<'contract-preempted'>): State {
  const before = grantedOf(state, event.contract);
  const contract: Contract = {
    ...before,
    version: before.version + 1,
    preemptedAtMs: event.atMs,
    preemptedBy: event.by,
  };
  return chained(withContract(givenUp(state, [before], event.atMs), contract), event);
}

function shrink(state: State, event: Of<'contract-shrunk'>): State {
  const before = grantedOf(state, event.contract);
  const rest = shrunk(state, before, event);
  if (rest === undefined) throw new Error(`contract \`${event.contract}\` cannot hold what it is left with`);
  return chained(withContract(rest.state, asShrunk(before, rest)), event);
}

function release(state: State, event: Of<'contract-released'>): State {
  const before = grantedOf(state, event.contract);
  const contract: Contract = {
    ...before,
    version: before.version + 1,
    state: 'released',
    releasedAtMs: event.atMs,
  };
  return chained(withContract(givenUp(state, [before], event.atMs), contract), event);
}

function holdOffer(state: State, event: Of<'plan-held'>, stamp: Stamp, archive: Archive): State {
  const offer = archive.plan(event.planDigest);
  const { demand, placement } = compactedOffer(state.fleet, offer);
  const { changes } = offer;
  const { plan, planDigest, untilMs } = event;
  const before = state.leases.get(plan);
  const addition = changes === undefined ? undefined : additionTo(grantedOf(state, changes.contract), offer);
  const lease: Lease = {
    plan,
    planDigest,
    tenant: demand.tenant,
    demand,
    placement,
    ...(addition === undefined ? {} : { held: before?.held ?? addition }),
    heldBy: stamp.actor,
    sinceMs: before?.sinceMs ?? stamp.atMs,
    untilMs,
  };
  const held = { ...state, leases: new Map(state.leases).set(plan, lease) };
  return chained(before === undefined ? withLease(held, lease) : held, event);
}

function dropHold(state: State, event: Of<'hold-dropped'>): State {
  const lease = state.leases.get(event.plan);
  if (lease === undefined) throw new Error(`plan \`${event.plan}\` is not held`);
  return chained(withoutLease(state, lease), event);
}

function closePlace(state: State, { kind: _kind, ...window }: Of<'maintenance-scheduled'>): State {
  const maintenance = new Map(state.maintenance).set(window.id, window);
  const calendar = close(state.calendar, state.fleet, window);
  return chained({ ...state, maintenance, calendar }, { kind: _kind, ...window });
}

/** A contract is bound while every node of it is kept by an engine, as it stands now. */
function followBinding(before: State, event: Of<'binding-begun' | 'binding-reported'>, stamp: Stamp): State {
  const state = { ...before, bindings: followedBindings(before.bindings, event, stamp) };
  const id = ContractId.safeParse(event.subject);
  const contract = id.success ? contractOf(state, id.data) : undefined;
  if (contract === undefined || (contract.state !== 'granted' && contract.state !== 'bound')) return state;
  return withContract(state, { ...contract, state: isCovered(state, contract) ? 'bound' : 'granted' });
}

function openPlace(state: State, event: Of<'maintenance-cancelled'>): State {
  const window = state.maintenance.get(event.id);
  if (window === undefined) throw new Error(`there is no window \`${event.id}\``);
  const cancelled = { ...window, cancelledAtMs: event.atMs };
  const maintenance = new Map(state.maintenance).set(event.id, cancelled);
  const calendar = reopen(state.calendar, state.fleet, window, event.atMs);
  return chained({ ...state, maintenance, calendar }, event);
}

function grantedOf(state: State, id: ContractId): Contract {
  const contract = contractOf(state, id);
  if (contract === undefined) throw new Error(`contract \`${id}\` was never granted`);
  return contract;
}

function withContract(state: State, contract: Contract): State {
  return { ...state, contracts: state.contracts.with(numberOf(contract.id) - firstContract, contract) };
}

/** Whatever changed the calendar is in its digest. */
function chained(state: State, event: Event): State {
  return { ...state, calendarDigest: digestOf([state.calendarDigest, event]) };
}
