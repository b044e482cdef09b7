import { termsOf } from '../../../src/core/terms/terms.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { type Placement, type Price, Term } from '../../../src/model/placement.ts';
import type { World } from '../fleet.ts';

const unpriced: Price = { priceBook: 'no price recorded', lines: [] };

/** What a contract over these devices promises. Each term is read as a ledger would read it, lengths included. */
export function promised(
  { state }: World,
  asked: Demand,
  held: Placement,
  price: Price = unpriced,
): readonly Term[] {
  return termsOf(state.fleet, asked, held, price).map((term) => Term.parse(term));
}

/** The terms of one kind, in lines: `guaranteed: 16 GPUs on 2 nodes, for this contract alone`. */
export function lines(terms: readonly Term[], kind: Term['kind']): string[] {
  return terms.filter((term) => term.kind === kind).map(({ strength, promise }) => `${strength}: ${promise}`);
}

/** The only term of a kind; throws where there are none or several. */
export function only(terms: readonly Term[], kind: Term['kind']): Term {
  const [term, ...others] = terms.filter((one) => one.kind === kind);
  if (term === undefined || others.length > 0) throw new Error(`${others.length} more terms of \`${kind}\``);
  return term;
}
