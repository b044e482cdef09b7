import type { Event } from '../../model/event.ts';
import { ContractId } from '../../model/id.ts';
import { type Archive, firstContract } from '../state.ts';
import { type Log, Page, type Telling } from './log.ts';
import { followObservation } from './observed.ts';

type Of<Kind extends Event['kind']> = Extract<Event, { kind: Kind }>;

/**
 * The log after one entry. Every kind of event stands in `follow`: whoever adds one says there whether it is something
 * that happens to a machine, a place, an engine or a contract, or somebody's decision, which `ledger_search` tells.
 */
export function followEntry(
  before: Log,
  { events, ...telling }: Telling & { readonly events: readonly Event[] },
  archive: Archive,
): Log {
  const page = new Page(before, telling);
  for (const event of events) follow(page, event, archive);
  return page.log;
}

function follow(page: Page, event: Event, archive: Archive): void {
  switch (event.kind) {
    case 'observation-recorded':
      return followObservation(page, archive.observation(event.observation));
    case 'contract-granted':
    case 'contract-changed':
      return starts(page, event, archive);
    case 'contract-preempted':
      return preempted(page, event);
    case 'contract-shrunk':
      return page.tell({
        kind: 'preempted',
        atMs: event.atMs,
        what: `gives up extras for ${event.by}`,
        contract: event.contract,
      });
    case 'contract-breached':
      return breached(page, event);
    case 'contract-restored':
      return page.end(breachKey(event.contract), event.atMs);
    case 'contract-released':
      return released(page, event);
    case 'maintenance-scheduled':
      return closed(page, event);
    case 'maintenance-cancelled':
      return page.end(windowKey(event.id), event.atMs);
    case 'binding-reported':
      return reported(page, event);
    case 'contract-observed':
    case 'waiver-denied':
    case 'binding-begun':
    case 'tenant-registered':
    case 'plan-held':
    case 'hold-dropped':
    case 'asides-erased':
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
    case 'facts-recorded':
    case 'fact-retracted':
    case 'rule-overridden':
    case 'override-lifted':
    case 'template-added':
    case 'run-begun':
    case 'run-used':
    case 'run-noted':
    case 'run-ended':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** When it is to begin: what an engine holds only later is late. A change keeps the begin that it had. */
function starts(page: Page, event: Of<'contract-granted' | 'contract-changed'>, archive: Archive): void {
  const at = numberOf(event.contract);
  const { starts: known } = page.log;
  if (event.kind === 'contract-changed' && known.at(at) !== undefined) return;
  const { startMs } = archive.plan(event.planDigest).placement;
  page.keep({ starts: known.with(at, { startMs }) });
}

function preempted(page: Page, { contract, by, atMs }: Of<'contract-preempted'>): void {
  page.tell({ kind: 'preempted', atMs, what: `ends for ${by}`, contract });
  stopWaiting(page, contract, atMs);
}

function released(page: Page, { contract, atMs }: Of<'contract-released'>): void {
  stopWaiting(page, contract, atMs);
}

/** Nobody waits any more for what has ended. */
function stopWaiting(page: Page, contract: ContractId, atMs: number): void {
  page.end(lateKey(contract), atMs);
  page.end(breachKey(contract), atMs);
}

/** A breach that grows by more terms is told anew. */
function breached(page: Page, { contract, why, places, atMs }: Of<'contract-breached'>): void {
  const [place] = places;
  page.begin(breachKey(contract), {
    kind: 'breached',
    atMs,
    what: why,
    contract,
    ...(place === undefined ? {} : { place }),
  });
}

function closed(page: Page, { id, place, fromMs, toMs, reason }: Of<'maintenance-scheduled'>): void {
  page.begin(windowKey(id), {
    kind: 'drain',
    atMs: fromMs,
    untilMs: toMs,
    what: reason,
    place,
    maintenance: id,
  });
}

/** What was read back: other than what was handed over, or not to be had, and whether the contract has begun by then. */
function reported(page: Page, { subject, engine, account }: Of<'binding-reported'>): void {
  const { atMs } = page.telling;
  const key = `engine ${engine} ${subject}`;
  const contract = ContractId.safeParse(subject).data;
  const about = { engine, ...(contract === undefined ? {} : { contract }) };
  if (contract !== undefined) deliver(page, { contract, engine, isKept: account.result === 'kept' });
  if (account.result === 'kept') return page.end(key, atMs);
  const [difference] = account.differences;
  const what = `${engine} ${words[account.result]}${difference === undefined ? '' : `: ${difference}`}`;
  if (page.going(key)?.what === what) return undefined;
  return page.begin(key, { kind: 'engine', atMs, what, ...about });
}

const words = {
  differs: 'holds something else',
  refused: 'refused it',
  unreachable: 'did not answer',
  unreadable: 'answered in no form that can be read',
} as const;

type Delivery = {
  readonly contract: ContractId;
  readonly engine: Of<'binding-reported'>['engine'];
  readonly isKept: boolean;
};

/** From its start on a contract is late until an engine holds it, once. */
function deliver(page: Page, { contract, engine, isKept }: Delivery): void {
  const { atMs } = page.telling;
  const { starts: known } = page.log;
  const begin = known.at(numberOf(contract));
  if (begin === undefined || begin.isDelivered === true) return;
  const { startMs } = begin;
  const key = lateKey(contract);
  const isLate = atMs > startMs + toleranceMs;
  if (isLate && page.going(key) === undefined)
    page.begin(key, {
      kind: 'late',
      atMs: startMs,
      what: `${engine} did not hold it at its start`,
      contract,
      engine,
    });
  if (!isKept) return;
  page.end(key, atMs);
  page.keep({ starts: known.with(numberOf(contract), { startMs, isDelivered: true }) });
}

/** Clocks of engines and ours differ by less. */
const toleranceMs = 60_000;

function numberOf(contract: ContractId): number {
  return Number(contract.slice('C-'.length)) - firstContract;
}

function windowKey(id: string): string {
  return `window ${id}`;
}

function lateKey(contract: ContractId): string {
  return `late ${contract}`;
}

function breachKey(contract: ContractId): string {
  return `breach ${contract}`;
}
