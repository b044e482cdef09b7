import type { Actor } from '../model/actor.ts';
import { digestOf } from '../model/canonical.ts';
import type { Contract } from '../model/contract.ts';
import type { Event } from '../model/event.ts';
import type { Observation } from '../model/fact.ts';
import { ContractId, Digest, type TenantId } from '../model/id.ts';
import type { Plan } from '../model/plan.ts';
import type { Tenant } from '../model/tenant.ts';
import { type Calendar, endHolds, hold } from './calendar.ts';
import { buildFleet } from './inventory/build.ts';
import { addObservation, type Claims } from './inventory/claims.ts';
import { emptyFleet, type Fleet } from './inventory/fleet.ts';
import { Shelf } from './shelf.ts';

/** The number of the first contract of a ledger. */
const firstContract = 101;

/** Everything decisions read, folded from the ledger. Immutable: each event makes the next one. */
export type State = {
  /** The last ledger entry folded in. */
  readonly seq: number;
  readonly claims: Claims;
  readonly fleet: Fleet;
  readonly calendar: Calendar;
  readonly tenants: ReadonlyMap<TenantId, Tenant>;
  /** By number, counted from `firstContract`. */
  readonly contracts: Shelf<Contract>;
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
  fleet: emptyFleet,
  calendar: [],
  tenants: new Map(),
  contracts: Shelf.empty(),
  inventoryDigest: nothing,
  calendarDigest: nothing,
};

/** The only way state changes. Throws when the event cannot follow: then the ledger is not what it claims. */
function apply(state: State, event: Event, stamp: Stamp, archive: Archive): State {
  switch (event.kind) {
    case 'tenant-registered':
      return { ...state, tenants: new Map(state.tenants).set(event.tenant.id, event.tenant) };
    case 'observation-recorded':
      return observe(state, event.observation, archive);
    case 'contract-granted':
      return grant(state, event, stamp, archive);
    case 'contract-released':
      return release(state, event.contract, event.atMs);
    default:
      return event satisfies never;
  }
}

/** Folds the events of one entry and moves to its number. */
export function applyAll(state: State, events: readonly Event[], stamp: Stamp, archive: Archive): State {
  let next = state;
  for (const event of events) next = apply(next, event, stamp, archive);
  return { ...next, seq: stamp.seq };
}

export function contractOf(state: State, id: ContractId): Contract | undefined {
  return state.contracts.at(numberOf(id) - firstContract);
}

/** The id the next contract gets: counted, so that every replay counts the same. */
export function nextContract(state: State): ContractId {
  return ContractId.parse(`C-${firstContract + state.contracts.size}`);
}

function numberOf(id: ContractId): number {
  return Number(id.slice('C-'.length));
}

function observe(state: State, digest: Digest, archive: Archive): State {
  const claims = addObservation(state.claims, archive.observation(digest));
  const fleet = buildFleet(claims);
  let calendar: Calendar = fleet.nodes.map(() => []);
  for (const contract of state.contracts) calendar = enter(calendar, fleet, contract);
  return { ...state, claims, fleet, calendar, inventoryDigest: digestOf([state.inventoryDigest, digest]) };
}

/** A contract's holds as they stand: those of a released one end with its release. */
function enter(calendar: Calendar, fleet: Fleet, contract: Contract): Calendar {
  const held = hold(calendar, fleet, contract);
  return contract.releasedAtMs === undefined ? held : endHolds(held, fleet, contract, contract.releasedAtMs);
}

function grant(
  state: State,
  event: Extract<Event, { kind: 'contract-granted' }>,
  stamp: Stamp,
  archive: Archive,
): State {
  if (event.contract !== nextContract(state))
    throw new Error(`contract \`${event.contract}\` is out of turn`);
  const plan = archive.plan(event.planDigest);
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
    grantedBy: stamp.actor,
    grantedAtMs: stamp.atMs,
  };
  return {
    ...state,
    contracts: state.contracts.with(state.contracts.size, contract),
    calendar: hold(state.calendar, state.fleet, contract),
    calendarDigest: digestOf([state.calendarDigest, event]),
  };
}

function release(state: State, id: ContractId, atMs: number): State {
  const contract = contractOf(state, id);
  if (contract === undefined) throw new Error(`contract \`${id}\` was never granted`);
  const released: Contract = {
    ...contract,
    version: contract.version + 1,
    state: 'released',
    releasedAtMs: atMs,
  };
  return {
    ...state,
    contracts: state.contracts.with(numberOf(id) - firstContract, released),
    calendar: endHolds(state.calendar, state.fleet, contract, atMs),
    calendarDigest: digestOf([state.calendarDigest, { kind: 'contract-released', contract: id, atMs }]),
  };
}
