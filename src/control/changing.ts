import type { Edit } from '../core/life/change.ts';
import { planChange } from '../core/life/change.ts';
import type { State } from '../core/state.ts';
import type { ChangeRequest } from '../model/change.ts';
import type { Contract } from '../model/contract.ts';
import { BerthError } from '../model/error.ts';
import type { ContractId } from '../model/id.ts';
import type { PlanResult } from '../model/plan-view.ts';
import { AtMs } from '../model/unit.ts';
import { requireTenant } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { seenBy } from './narrowing.ts';
import { placeNamed } from './place-name.ts';
import { keptResult, readDemand } from './planning.ts';
import { verdictFor } from './ruling.ts';
import { instantMs } from './zone.ts';

/** Plans a change of a contract: an ordinary plan, which contract_commit makes true. Nothing is appended. */
export async function changeFor(
  door: Door,
  caller: Caller,
  request: { readonly contract: ContractId; readonly change: ChangeRequest },
): Promise<PlanResult> {
  const moment = await door.moment();
  const { state, nowMs: atMs } = moment;
  const contract = contractFor(state, caller, request.contract);
  requireTenant(caller, contract.tenant);
  const edit = readEdit(state, caller, { contract, change: request.change });
  const answer = planChange(
    state,
    { atMs, verdictOf: (demand) => verdictFor(state, demand, atMs) },
    { contract: contract.id, edit },
  );
  const demand = answer.kind === 'planned' ? answer.plan.demand : contract.demand;
  return keptResult(door, caller, { moment, demand, answer });
}

/** The edit that a request means. Throws INVALID_INPUT where it contradicts itself or the contract. */
function readEdit(
  state: State,
  caller: Caller,
  { contract, change }: { readonly contract: Contract; readonly change: ChangeRequest },
): Edit {
  const { replicas, avoid, where } = change;
  const end = endOf(contract, change);
  if (change.demand !== undefined && change.demand.tenant !== contract.tenant)
    throw wrong(
      'demand.tenant',
      `${contract.id} belongs to \`${contract.tenant}\``,
      'a contract keeps its tenant',
    );
  const demand = change.demand === undefined ? undefined : readDemand(state, caller, change.demand);
  requireParts(Object.keys(replicas ?? {}), demand ?? contract.demand);
  const edit: Edit = {
    ...(end === undefined ? {} : { end }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(avoid === undefined ? {} : { avoid: avoid.map((place) => placeNamed(seenBy(state, caller), place)) }),
    ...(where === undefined ? {} : { where: where.map((place) => placeNamed(seenBy(state, caller), place)) }),
    ...(demand === undefined ? {} : { demand }),
  };
  if (Object.keys(edit).length > 0) return edit;
  throw wrong('change', 'no change was said', 'say a new end, replicas, places or a whole demand');
}

function endOf(contract: Contract, { until, extendS, openEnded }: ChangeRequest): Edit['end'] {
  const said = [until, extendS, openEnded].filter((end) => end !== undefined);
  if (said.length > 1)
    throw wrong('change', 'more than one end was said', 'say one of until, extendS and openEnded');
  if (openEnded === true) return { kind: 'open' };
  if (until !== undefined) return { kind: 'at', atMs: instantMs(until, 'change.until') };
  if (extendS === undefined) return undefined;
  const { endMs } = contract.placement;
  if (endMs === undefined)
    throw wrong('change.extendS', `${contract.id} has no end to extend`, 'say when it shall end');
  const atMs = AtMs.safeParse(endMs + extendS * 1000);
  if (atMs.success) return { kind: 'at', atMs: atMs.data };
  throw wrong('change.extendS', 'it would end after 2199', 'extend it by less');
}

function requireParts(asked: readonly string[], { parts }: Contract['demand']): void {
  const known = parts.map(({ name }) => name);
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw wrong(
    'change.replicas',
    `there is no part \`${unknown.slice(0, 41)}\``,
    `its parts are ${known.join(', ')}`,
  );
}

function wrong(field: string, message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix, field });
}
