import { contractOf, type State } from '../core/state.ts';
import { ContractId } from '../model/id.ts';
import type { PlanView } from '../model/plan-view.ts';
import type { Refusal, Relaxation } from '../model/refusal.ts';
import { maySeeContract } from './caller.ts';
import type { Caller } from './control.ts';

/** A refusal whose offers do not name contracts that the caller may not see; those to move them are not made. */
export function discreetRefusal(state: State, caller: Caller, refusal: Refusal): Refusal {
  if (refusal.kind !== 'no-capacity' || caller.tenants === undefined) return refusal;
  return {
    ...refusal,
    relaxations: refusal.relaxations.flatMap((offer) => discreetOffer(state, caller, offer)),
  };
}

/** A plan that says what others lose for it, but not who they are unless the caller may see them. */
export function discreetPlan(state: State, caller: Caller, plan: PlanView): PlanView {
  if (caller.tenants === undefined) return plan;
  const { preempts = [], shrinks = [], losses, ...rest } = plan;
  const seen = (ids: readonly ContractId[]) => ids.filter((id) => maySee(state, caller, id));
  const [ended, shrunk] = [seen(preempts), seen(shrinks)];
  return {
    ...rest,
    ...(ended.length === 0 ? {} : { preempts: ended }),
    ...(shrunk.length === 0 ? {} : { shrinks: shrunk }),
    ...(losses === undefined ? {} : { losses: losses.map((loss) => discreetLoss(state, caller, loss)) }),
  };
}

type Loss = NonNullable<PlanView['losses']>[number];

function discreetLoss(state: State, caller: Caller, { contract, ...loss }: Loss): Loss {
  return contract === undefined || !maySee(state, caller, contract) ? loss : { contract, ...loss };
}

function discreetOffer(state: State, caller: Caller, offer: Relaxation): readonly Relaxation[] {
  if (offer.moves?.some(({ contract }) => !maySee(state, caller, contract)) === true) return [];
  const change = offer.change.replaceAll(/\bC-[1-9][0-9]*\b/g, (id) =>
    maySee(state, caller, ContractId.parse(id)) ? id : 'contract of another tenant',
  );
  return [{ ...offer, change: change.slice(0, 300) }];
}

function maySee(state: State, caller: Caller, id: ContractId): boolean {
  const contract = contractOf(state, id);
  return contract !== undefined && maySeeContract(caller, contract);
}
