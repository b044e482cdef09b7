import type { Demand, Part } from '../../../model/demand.ts';
import type { Member, Transfer } from '../../../model/placement.ts';
import { compareText } from '../../../model/text.ts';
import { holdEdges } from '../../calendar/edges.ts';
import type { FleetSite } from '../../inventory/fleet.ts';
import { priceOf } from '../../price.ts';
import type { State } from '../../state.ts';
import { bestOfEach, type Order } from '../each-site.ts';
import { bandwidthOf } from '../fabric/bandwidth.ts';
import { edgeEnds } from '../fabric/demand.ts';
import { EdgeRooms } from '../fabric/edge-rooms.ts';
import { endOf, type SiteMiss } from '../site.ts';
import type { Candidate, Question } from '../solve.ts';
import type { Assignment, Choice } from './assignments.ts';
import { demandAt } from './company.ts';

/** So many starts are tried for one assignment. */
const roundLimit = 64;

/** Looks for the parts of a demand at their sites, all from one start on, and remembers what it found there. */
export class Joint {
  readonly #state: State;
  readonly #asked: Question;
  readonly #order: Order;
  readonly #known = new Map<string, Candidate | SiteMiss>();

  constructor(state: State, asked: Question, order: Order) {
    this.#state = state;
    this.#asked = asked;
    this.#order = order;
  }

  /** The best for some parts alone at a site, or why they do not fit there. */
  alone(site: FleetSite, parts: readonly Part[]): Candidate | SiteMiss {
    const { starts, isTrial = false } = this.#asked;
    return this.#at(site, parts, { fromMs: starts.earliestMs, beside: [], isTrial });
  }

  /** The earliest start at which every company fits at its site, and all that flows between them has room. */
  together(choices: readonly Choice[], assignment: Assignment): Candidate | undefined {
    const { demand, starts } = this.#asked;
    const sites = partsBySite(choices, assignment);
    const used = new Set([...sites.keys()].map(({ id }): string => id));
    let fromMs = starts.earliestMs;
    for (let round = 0; round < roundLimit && fromMs <= starts.latestMs; round++) {
      const pieces = this.#pieces(sites, fromMs);
      if (pieces === undefined) return undefined;
      const startMs = Math.max(...pieces.map((piece) => piece.startMs));
      const found = startMs > fromMs ? undefined : this.#joined(pieces, startMs);
      if (found !== undefined) return found;
      const later = edgeEnds(this.#state, used, demand).filter((endMs) => endMs > startMs);
      fromMs = startMs > fromMs ? startMs : Math.min(...later);
    }
    return undefined;
  }

  /** What each site holds of it from `fromMs` on or later; nothing where one has no room. */
  #pieces(sites: PartsBySite, fromMs: number): readonly Candidate[] | undefined {
    const pieces: Candidate[] = [];
    for (const [site, parts] of sites) {
      const found = this.#at(site, parts, { fromMs, beside: pieces, isTrial: true });
      if (found.kind === 'misses') return undefined;
      pieces.push(found);
    }
    return pieces;
  }

  #at(site: FleetSite, parts: readonly Part[], { fromMs, beside, isTrial }: PieceWish): Candidate | SiteMiss {
    const { starts, isPlain = false } = this.#asked;
    const transfers = beside.flatMap((piece) => piece.transfers ?? []);
    const demand = capped(demandAt(site, this.#asked.demand, parts), beside);
    const names = parts.map(({ name }) => name).join(' ');
    const key = JSON.stringify([site.id, names, fromMs, demand.powerCapW ?? -1, transfers]);
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const asked = {
      demand,
      starts: { ...starts, earliestMs: fromMs, transferFromMs: starts.transferFromMs ?? starts.earliestMs },
      open: [site],
      isTrial,
      isPlain,
    };
    const [found] = bestOfEach(carrying(this.#state, transfers), asked, this.#order);
    if (found === undefined) throw new Error(`nothing was found out about ${site.id}`);
    this.#known.set(key, found);
    return found;
  }

  /** One placement of all pieces; nothing where fabrics have not enough left for what flows. */
  #joined(pieces: readonly Candidate[], startMs: number): Candidate | undefined {
    const { demand } = this.#asked;
    const [first] = pieces;
    if (first === undefined) return undefined;
    const members = inOrder(
      demand,
      pieces.flatMap((piece) => piece.members),
    );
    const spares = inOrder(
      demand,
      pieces.flatMap((piece) => piece.spares),
    );
    const rooms = new EdgeRooms(this.#state, { startMs, endMs: endOf(startMs, demand) });
    const bandwidth = bandwidthOf(rooms, demand, members);
    if (bandwidth === undefined) return undefined;
    const transfers = pieces.flatMap((piece) => piece.transfers ?? []);
    return {
      kind: 'fits',
      site: first.site,
      startMs,
      members,
      spares,
      bandwidth,
      ...(transfers.length === 0 ? {} : { transfers }),
      closeness: Math.max(...pieces.map(({ closeness }) => closeness)) + apartness * (pieces.length - 1),
      spare: pieces.reduce((sum, { spare }) => sum + spare, 0),
      price: priceOf(this.#state.fleet, { members, spares }, demand.window.durationS),
      pieces,
    };
  }
}

/** Two sites are further apart than any two places of one. */
const apartness = 1000;

type PieceWish = {
  readonly fromMs: number;
  /** What was found at sites before it. */
  readonly beside: readonly Candidate[];
  readonly isTrial: boolean;
};

type PartsBySite = ReadonlyMap<FleetSite, readonly Part[]>;

/** By the ids of the sites: what the first ones take, the others leave out of account. */
function partsBySite(choices: readonly Choice[], assignment: Assignment): PartsBySite {
  const sites = new Map<FleetSite, Part[]>();
  for (const [at, { parts }] of choices.entries()) {
    const site = assignment[at];
    if (site !== undefined) sites.set(site, [...(sites.get(site) ?? []), ...parts]);
  }
  return new Map([...sites].toSorted(([a], [b]) => compareText(a.id, b.id)));
}

/** What the cap on the whole leaves beside what other sites draw. */
function capped(demand: Demand, beside: readonly Candidate[]): Demand {
  const { powerCapW } = demand;
  if (powerCapW === undefined) return demand;
  const drawnW = beside
    .flatMap(({ members, spares }) => [...members, ...spares])
    .reduce((sum, { powerW }) => sum + powerW, 0);
  return { ...demand, powerCapW: Math.max(0, powerCapW - drawnW) };
}

/** Data that goes to several sites goes over links and out of pools at one time. */
function carrying(state: State, transfers: readonly Transfer[]): State {
  if (transfers.length === 0) return state;
  const placement = { startMs: 0, members: [], transfers: [...transfers] };
  return { ...state, bandwidth: holdEdges(state.bandwidth, { id: 'its own', placement }) };
}

/** By the parts of the demand, then by number. */
function inOrder({ parts }: Demand, members: readonly Member[]): readonly Member[] {
  const order = new Map(parts.map(({ name }, at) => [name, at]));
  return members.toSorted(
    (a, b) => (order.get(a.part) ?? 0) - (order.get(b.part) ?? 0) || a.replica - b.replica,
  );
}
