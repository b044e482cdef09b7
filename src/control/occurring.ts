import { followEntry } from '../core/occurrence/follow.ts';
import { emptyLog, type Log, type Occurrence } from '../core/occurrence/log.ts';
import { touchedBy, touches } from '../core/occurrence/touched.ts';
import { contractOf, type State } from '../core/state.ts';
import type { Ledger } from '../ledger/port.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import { type ContractId, isWithin, parentOf, Path, siteOf } from '../model/id.ts';
import {
  OccurrenceId,
  type OccurrenceKind,
  type OccurrenceList,
  type OccurrenceView,
} from '../model/occurrence.ts';
import { standsIn } from '../model/standing.ts';
import { cleanText } from '../model/text.ts';
import { mayActFor } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { Library } from './library.ts';
import { placeNamed } from './place-name.ts';
import { snapshotOf } from './views/snapshot.ts';
import { saidIn } from './words.ts';
import { isoIn } from './zone.ts';

export type OccurrenceFilter = {
  readonly kind?: OccurrenceKind;
  readonly within?: string;
  readonly contract?: ContractId;
  /** Going on at any time from then on. */
  readonly fromMs?: number;
  /** Begun before then. */
  readonly toMs?: number;
  readonly limit: number;
  readonly cursor?: string;
};

const batch = 1000;

/** The log of one ledger, read on from where it stands when it is asked for: nobody who does not ask pays for it. */
export class Occurrences {
  readonly #ledger: Ledger;
  #log: Log = emptyLog;
  #seq = 0;
  /** The catch-up that was asked for last. One at a time: two would fold the same entries twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async current(): Promise<Log> {
    const turn = this.#turn.then(() => this.#catchUp());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #catchUp(): Promise<Log> {
    for (;;) {
      const entries = await this.#ledger.read(this.#seq, batch);
      for (const entry of entries) await this.#follow(entry);
      if (entries.length < batch) return this.#log;
    }
  }

  async #follow(entry: Entry): Promise<void> {
    // Its own for each entry: what an observation holds is not kept.
    const library = new Library(this.#ledger);
    if (entry.events.length > 0) await library.fetchFor(entry.command);
    this.#log = followEntry(this.#log, entry, library);
    this.#seq = entry.seq;
  }
}

/** What happened to machines, places, engines and contracts, as far as the caller may see it: the latest first. */
export async function searchOccurrences(
  door: Door,
  caller: Caller,
  { log, filter }: { readonly log: Log; readonly filter: OccurrenceFilter },
): Promise<OccurrenceList> {
  const moment = await door.moment();
  const { state } = moment;
  const isMeant = meant(state, caller, filter);
  const found = [...log.all]
    .filter((one) => isSeen(state, caller, one) && isMeant(one))
    .toSorted(latestFirst);
  const after = filter.cursor === undefined ? undefined : placeOf(filter.cursor);
  const rest = after === undefined ? found : found.filter((one) => latestFirst(after, one) < 0);
  const page = rest.slice(0, filter.limit);
  const last = page.at(-1);
  const more = rest.length > page.length && last !== undefined ? { nextCursor: cursorOf(last) } : {};
  return {
    snapshot: snapshotOf(moment),
    events: await Promise.all(page.map((one) => occurrenceView(door, { state, caller }, one))),
    total: found.length,
    ...more,
    truncated: rest.length > page.length,
  };
}

/** What is about somebody else's contract is not shown; what is about a machine is everybody's. */
function isSeen(state: State, caller: Caller, { contract }: Occurrence): boolean {
  const tenant = contract === undefined ? undefined : contractOf(state, contract)?.tenant;
  return tenant === undefined || mayActFor(caller, tenant);
}

function meant(state: State, caller: Caller, filter: OccurrenceFilter): (one: Occurrence) => boolean {
  const { kind, fromMs = 0, toMs = Infinity } = filter;
  const contract = filter.contract === undefined ? undefined : contractFor(state, caller, filter.contract);
  const isThere = filter.within === undefined ? () => true : inPlace(state, filter.within);
  return (one) =>
    (kind === undefined || one.kind === kind) &&
    one.atMs < toMs &&
    (one.untilMs ?? Infinity) > fromMs &&
    isThere(one) &&
    (contract === undefined || touches(state, contract, one));
}

/** In the place, around it, or about a contract that stands in it. */
function inPlace(state: State, named: string): (one: Occurrence) => boolean {
  const place = placeOrDevice(state, named);
  return ({ place: where, contract }) => {
    if (where !== undefined) return isWithin(place, where) || isInside(state, where, place);
    const placement = contract === undefined ? undefined : contractOf(state, contract)?.placement;
    return placement?.members.some(({ node }) => isInside(state, node, place)) === true;
  };
}

function isInside({ fleet }: State, where: Path, place: Path): boolean {
  const node = fleet.nodeById.get(where) ?? fleet.nodeById.get(parentOf(where) ?? where);
  return isWithin(where, place) || (node !== undefined && standsIn(node, place));
}

/** `n02/gpu3` is a device of the node that answers to `n02`. */
function placeOrDevice(state: State, named: string): Path {
  const [, node, device] = /^(.+)\/((?:gpu|nic)\d{1,2})$/u.exec(named.trim().toLowerCase()) ?? [];
  if (node === undefined || device === undefined) return placeNamed(state, named);
  return Path.parse(`${placeNamed(state, node)}/${device}`);
}

type Place = Pick<Occurrence, 'atMs' | 'seq' | 'id'>;

/** At equal times what was told last comes first. */
function latestFirst(a: Place, b: Place): number {
  return b.atMs - a.atMs || b.seq - a.seq || indexOf(b) - indexOf(a);
}

function indexOf({ id }: Place): number {
  return Number(id.slice(id.indexOf('.') + 1));
}

function cursorOf({ atMs, id }: Place): string {
  return `before-${atMs}-${id}`;
}

function placeOf(cursor: string): Place {
  const [, atMs, id, seq] =
    /^before-([0-9]{1,15})-(E-([1-9][0-9]{0,14})\.[1-9][0-9]{0,6})$/.exec(cursor) ?? [];
  if (id !== undefined) return { atMs: Number(atMs), seq: Number(seq), id: OccurrenceId.parse(id) };
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cursor.slice(0, 40)}\` is not a cursor of this list`,
    fix: 'pass `nextCursor` of the last answer unchanged, or leave `cursor` out',
    field: 'cursor',
  });
}

async function occurrenceView(
  door: Door,
  { state, caller }: { readonly state: State; readonly caller: Caller },
  one: Occurrence,
): Promise<OccurrenceView> {
  const { id, seq, kind, atMs, untilMs, what, said, place, contract, ...about } = one;
  const zone = zoneOf(state, place ?? (contract === undefined ? undefined : nodeOf(state, contract)));
  const { tenant } = (contract === undefined ? undefined : contractOf(state, contract)) ?? {};
  const contracts = touchedBy(state, one).filter((other) => {
    const found = contractOf(state, other);
    return found !== undefined && mayActFor(caller, found.tenant);
  });
  return {
    id,
    kind,
    at: isoIn(atMs, zone),
    ...(untilMs === undefined ? {} : { until: isoIn(untilMs, zone) }),
    what: cleanText(await saidIn(door.ledger, what), 300),
    ...severityOf(about),
    ...(place === undefined ? {} : { place }),
    ...(about.maintenance === undefined ? {} : { maintenance: about.maintenance }),
    ...(about.engine === undefined ? {} : { engine: about.engine }),
    ...(tenant === undefined ? {} : { tenant }),
    contracts,
    ...(said === undefined ? {} : { said: saidView(said, zone) }),
    entry: seq,
  };
}

function severityOf({ severity }: Pick<Occurrence, 'severity'>): Pick<OccurrenceView, 'severity'> {
  return severity === undefined ? {} : { severity };
}

function saidView(
  { source, observedAtMs, confidence, origin }: NonNullable<Occurrence['said']>,
  zone: string,
): NonNullable<OccurrenceView['said']> {
  return {
    source,
    observedAt: isoIn(observedAtMs, zone),
    confidence,
    file: cleanText(origin.file),
    ...(origin.line === undefined ? {} : { line: origin.line }),
  };
}

function nodeOf(state: State, contract: ContractId): Path | undefined {
  return contractOf(state, contract)?.placement.members[0]?.node;
}

function zoneOf({ fleet }: State, place: Path | undefined): string {
  const site = place === undefined ? undefined : fleet.sites.find(({ id }) => id === siteOf(place));
  return site?.facts.zone ?? 'UTC';
}
