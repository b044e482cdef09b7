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

/**
 * Values of plain JSON that were seen lately. What is given out is equal to what came in, to the order of keys: values
 * are looked up by a text, and where equal texts do not make equal values, compared.
 */
class Pool<T> {
  readonly #known = new Map<string, T>();
  readonly #textOf: (value: T) => string;
  readonly #isSame: (a: T, b: T) => boolean;

  constructor(textOf: (value: T) => string = JSON.stringify, isSame: (a: T, b: T) => boolean = () => true) {
    this.#textOf = textOf;
    this.#isSame = isSame;
  }

  one(value: T): T {
    const text = this.#textOf(value);
    const found = this.#known.get(text);
    if (found !== undefined && this.#isSame(found, value)) return found;
    if (this.#known.size >= poolLimit) this.#known.clear();
    this.#known.set(text, value);
    return value;
  }
}

/** Nearly all terms that promise the same are the same: comparing them costs less than writing them down. */
function isSameTerm(a: Term, b: Term): boolean {
  const [before, now] = [Object.entries(a), Object.entries(b)];
  if (before.length !== now.length) return false;
  return before.every(([key, value], at) => now[at]?.[0] === key && now[at][1] === value);
}

const parts = new Pool<Demand['parts']>();
const prices = new Pool<Price>();
const termsSeen = new Pool<Term>(({ promise }) => promise, isSameTerm);
const names = new Pool<string>((name) => name);
const indexes = new Pool<Member['gpus']>((list) => list.join(' '));
