import type { Contract } from '../../model/contract.ts';
import type { Path } from '../../model/id.ts';
import { seatsOf } from '../../model/placement.ts';
import { solve } from '../place/solve.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import type { Judge } from './edit.ts';
import { lifted, remainderOf } from './remainder.ts';

/** What a contract would cost if it were asked for today. Its agreed price stays what it is. */
export type Repricing = {
  readonly contract: Contract;
  readonly agreedMicroEurPerHour: number | undefined;
  /** The same devices at the new list prices. */
  readonly listMicroEurPerHour: number | undefined;
  /** Where it would be cheapest now, if that is another site than it runs at. */
  readonly cheapest?: { readonly site: Path; readonly microEurPerHour: number };
};

/** Every contract whose list price changes, or for which another site becomes the cheapest that was not before. */
export function repricedBy(
  { before, after }: { readonly before: State; readonly after: State },
  contracts: readonly Contract[],
  atMs: number,
  judge: Judge,
): readonly Repricing[] {
  return contracts.flatMap((contract) => {
    const wasMicroEur = listed(before, contract);
    const listMicroEurPerHour = listed(after, contract);
    const was = cheapestOf(before, contract, atMs, judge);
    const is = cheapestOf(after, contract, atMs, judge);
    const moved = is !== undefined && is.site !== was?.site;
    if (wasMicroEur === listMicroEurPerHour && !moved) return [];
    const here = siteOfContract(after, contract);
    return [
      {
        contract,
        agreedMicroEurPerHour: contract.price.microEurPerHour,
        listMicroEurPerHour,
        ...(is === undefined || is.site === here ? {} : { cheapest: is }),
      },
    ];
  });
}

function listed({ fleet }: State, { placement }: Contract): number | undefined {
  if (seatsOf(placement).some(({ node }) => !fleet.nodeById.has(node))) return undefined;
  return priceOf(fleet, placement, undefined).microEurPerHour;
}

/** The cheapest site for the rest of a contract, its own place being free for it: of equal ones the one it runs at. */
function cheapestOf(state: State, contract: Contract, atMs: number, judge: Judge): Repricing['cheapest'] {
  const remainder = remainderOf(contract, atMs);
  const { where: _where, ...wish } = remainder.demand;
  const demand = { ...wish, objective: 'cheapest' as const };
  const at = demand.window.earliestStartMs;
  const asked = { demand, starts: { earliestMs: at, latestMs: at }, isTrial: true };
  const found = solve(lifted(state, remainder), judge(state, demand), asked);
  if (found.kind === 'unsolved') return undefined;
  const { site, price } = found.best;
  if (price.microEurPerHour === undefined) return undefined;
  const [here, own] = [siteOfContract(state, contract), listed(state, contract)];
  return here !== undefined && own === price.microEurPerHour
    ? { site: here, microEurPerHour: own }
    : { site: site.id, microEurPerHour: price.microEurPerHour };
}

function siteOfContract({ fleet }: State, { placement }: Contract): Path | undefined {
  const [first] = placement.members;
  return first === undefined ? undefined : fleet.nodeById.get(first.node)?.site;
}
