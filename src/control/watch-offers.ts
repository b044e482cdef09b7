import { openApprovals } from '../core/authority/authority.ts';
import { type Edit, planChange } from '../core/life/change.ts';
import type { Log } from '../core/occurrence/log.ts';
import { proposalsMost } from '../core/run/journal.ts';
import type { Proposal } from '../core/run/run.ts';
import { contractOf, type State } from '../core/state.ts';
import { causesOf } from '../core/watch/causes.ts';
import type { Contract } from '../model/contract.ts';
import { type ContractId, isWithin, type MandateId, type Path } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import type { PlanView } from '../model/plan-view.ts';
import { identify } from '../model/plan.ts';
import type { Cause, How } from '../model/run.ts';
import { mayActFor } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { keptResult, planOf } from './planning.ts';
import { extensionOf, movesOff } from './remedying.ts';
import { verdictFor } from './ruling.ts';
import { planView } from './views/plan-view.ts';
import type { Moment } from './views/snapshot.ts';

/** Contracts that end within so many milliseconds are extended by so many. */
export type Extension = { readonly withinMs: number; readonly byMs: number };

/** A cause that somebody may propose something for, and what was proposed before. */
export type OpenCause = { readonly cause: Cause; readonly before?: Proposal };

/** The causes under a mandate: how many there are, and those for which there is something to do. */
export function openCauses(
  { state, nowMs }: Moment,
  caller: Caller,
  asked: { readonly log: Log; readonly mandate: MandateId; readonly extend: Extension | undefined },
): { readonly all: number; readonly open: readonly OpenCause[] } {
  const waiting = contractsThatWait(state, nowMs);
  const all = causesOf(state, asked.log, { atMs: nowMs, endingWithinMs: asked.extend?.withinMs }).filter(
    ({ contract }) => isUnder(state, caller, { contract, mandate: asked.mandate }),
  );
  const open = all.flatMap((cause): OpenCause[] => {
    const before = state.runs.proposals.get(cause.key);
    if (waiting.has(cause.contract) || (before !== undefined && isSettled(before))) return [];
    return [{ cause, ...(before === undefined ? {} : { before }) }];
  });
  return { all: all.length, open };
}

/** A person is asked about one change of a contract at a time. */
function contractsThatWait({ authority }: State, nowMs: number): ReadonlySet<ContractId> {
  return new Set(
    openApprovals(authority, nowMs).flatMap(({ command }) =>
      'contract' in command ? [command.contract] : [],
    ),
  );
}

function isSettled({ plan, result, tries }: Proposal): boolean {
  if (plan === undefined || result === undefined) return false;
  return result !== 'again' || tries >= proposalsMost;
}

/** Whether the mandate is for the tenant, and for every place where the contract stands. */
function isUnder(
  state: State,
  caller: Caller,
  asked: { readonly contract: ContractId; readonly mandate: MandateId },
): boolean {
  const contract = contractOf(state, asked.contract);
  const mandate = state.authority.mandates.get(asked.mandate)?.mandate;
  if (contract === undefined || mandate === undefined) return false;
  const { sites } = mandate;
  const isHere = seatsOf(contract.placement).every(
    ({ node }) => sites === undefined || sites.some((site) => isWithin(node, site)),
  );
  return isHere && mandate.tenants.includes(contract.tenant) && mayActFor(caller, contract.tenant);
}

/** The plan that is proposed for a cause. */
export type Offered = { readonly how: How; readonly plan: PlanView };

/** The plan that was proposed already and never came to anything, or the first way out that can be planned. */
export async function offerFor(
  door: Door,
  caller: Caller,
  { cause, before }: OpenCause,
  asked: { readonly mandate: MandateId; readonly extend: Extension | undefined },
): Promise<Offered | undefined> {
  if (before?.plan !== undefined && before.result === undefined) {
    const plan = await planOf(door, caller, before.plan);
    const { id, digest } = identify(plan);
    const { state } = await door.moment();
    return { how: before.how ?? 'replace', plan: planView(state, plan, id, digest) };
  }
  const moment = await door.moment();
  const contract = contractOf(moment.state, cause.contract);
  if (contract === undefined) return undefined;
  const sites = moment.state.authority.mandates.get(asked.mandate)?.mandate.sites;
  for (const { how, edit } of waysOut(moment, contract, { cause, extend: asked.extend })) {
    const plan = await planned(door, caller, { moment, contract, edit: inside(contract, edit, sites) });
    if (plan !== undefined) return { how, plan };
  }
  return undefined;
}

type WayOut = { readonly how: How; readonly edit: Edit };

function waysOut(
  { state, nowMs }: Moment,
  contract: Contract,
  { cause, extend }: { readonly cause: Cause; readonly extend: Extension | undefined },
): readonly WayOut[] {
  const { endMs } = contract.placement;
  switch (cause.kind) {
    case 'breach': {
      const sinceMs = state.observed.get(contract.id)?.breach?.sinceMs ?? nowMs;
      const later = extend === undefined ? [] : extensionOf(contract, sinceMs, nowMs);
      return [...movesOff(contract, cause.places), ...later];
    }
    case 'fault':
      return movesOff(contract, cause.places);
    case 'hand-over':
      return [{ how: 're-place', edit: { avoid: cause.places } }];
    case 'ending':
      if (extend === undefined || endMs === undefined) return [];
      return [{ how: 'extend', edit: { end: { kind: 'at', atMs: endMs + extend.byMs } } }];
    default:
      return cause.kind satisfies never;
  }
}

/** What moves stays where the mandate is good for; a contract that says where it stands has said it. */
function inside({ demand }: Contract, edit: Edit, sites: readonly Path[] | undefined): Edit {
  const isBound = sites === undefined || edit.avoid === undefined || demand.where !== undefined;
  return isBound ? edit : { ...edit, where: sites };
}

async function planned(
  door: Door,
  caller: Caller,
  { moment, contract, edit }: { readonly moment: Moment; readonly contract: Contract; readonly edit: Edit },
): Promise<PlanView | undefined> {
  const { state, nowMs: atMs } = moment;
  const answer = planChange(
    state,
    { atMs, verdictOf: (demand) => verdictFor(state, demand, atMs) },
    { contract: contract.id, edit },
  );
  if (answer.kind !== 'planned') return undefined;
  return (await keptResult(door, caller, { moment, demand: answer.plan.demand, answer })).plan;
}
