import type { Demand } from '../model/demand.ts';
import type { Member, Placement, Price, Term } from '../model/placement.ts';
import type { Plan } from '../model/plan.ts';
import type { Fleet } from './inventory/fleet.ts';

/** What a contract keeps of its plan. */
type Kept = Pick<Plan, 'demand' | 'placement' | 'price' | 'terms'>;

/**
 * The same values with equal parts as one object: thousands of contracts ask for the same GPUs on the same terms, and
 * a plan that was read from a ledger shares nothing with any other. Only how it lies in memory is another.
 */
export function compacted(fleet: Fleet, { demand, placement, price, terms }: Kept): Kept {
  return {
    demand: compactDemand(demand),
    placement: compactPlacement(fleet, placement),
    price: prices.one(price),
    terms: terms.map((term) => termsSeen.one(term)),
  };
}

/** Demand and placement alone, as a lease keeps them. */
export function compactedOffer(fleet: Fleet, offer: Pick<Kept, 'demand' | 'placement'>): typeof offer {
  return { demand: compactDemand(offer.demand), placement: compactPlacement(fleet, offer.placement) };
}

function compactDemand(demand: Demand): Demand {
  return { ...demand, parts: parts.one(demand.parts) };
}

function compactPlacement(fleet: Fleet, placement: Placement): Placement {
  const compact = (member: Member) => compactMember(fleet, member);
  const { members, spares } = placement;
  return {
    ...placement,
    members: members.map(compact),
    ...(spares === undefined ? {} : { spares: spares.map(compact) }),
  };
}

function compactMember(fleet: Fleet, member: Member): Member {
  return {
    ...member,
    part: names.one(member.part),
    node: fleet.nodeById.get(member.node)?.id ?? member.node,
    gpus: indexes.one(member.gpus),
    nics: indexes.one(member.nics),
  };
}

/** So many different values are remembered of a kind; then it starts anew, which costs memory and nothing else. */
const poolLimit = 4096;

/** Values of plain JSON that were seen lately. What is given out is equal to what came in, to the order of keys. */
class Pool<T> {
  readonly #known = new Map<string, T>();

  one(value: T): T {
    const key = JSON.stringify(value);
    const found = this.#known.get(key);
    if (found !== undefined) return found;
    if (this.#known.size >= poolLimit) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}

const parts = new Pool<Demand['parts']>();
const prices = new Pool<Price>();
const termsSeen = new Pool<Term>();
const names = new Pool<string>();
const indexes = new Pool<Member['gpus']>();
