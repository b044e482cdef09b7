import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { ContractId, Path } from '../../model/id.ts';
import type { Member } from '../../model/placement.ts';
import { identify, type Plan, type PlanAnswer } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { Refusal } from '../../model/refusal.ts';
import { givenUpForChange } from '../calendar/holding.ts';
import type { Given } from '../given.ts';
import { tally } from '../place/count.ts';
import type { Candidate } from '../place/solve.ts';
import { inputsOf, makePlan, plan } from '../plan.ts';
import { contractOf, type State } from '../state.ts';
import { endedBy, isChangeable } from './commit.ts';
import { lapse } from './lapse.ts';
import { differenceOf, differenceWords } from './moves.ts';
import { relocated } from './seats.ts';
import { staying } from './stay.ts';
import { seamlessUntilMs, takeoverMs } from './trial.ts';
import { budgetLeft } from './used.ts';

/** What is to be different about a contract. Several at once are one change. */
export type Edit = {
  /** Longer or shorter; `open` for no end. */
  readonly end?: { readonly kind: 'at'; readonly atMs: number } | { readonly kind: 'open' };
  /** How many replicas of a part there shall be. Parts that are not named stay as they are. */
  readonly replicas?: Readonly<Record<string, number>>;
  /** Nothing inside these places, besides those that it avoids already. */
  readonly avoid?: readonly Path[];
  /** Only inside one of these places, instead of those it asked for. */
  readonly where?: readonly Path[];
  /** All of it anew. The other edits are made to it. */
  readonly demand?: Demand;
};

export type ChangeGiven = {
  readonly atMs: number;
  /** Asks the rules about a demand. */
  readonly verdictOf: (demand: Demand) => PolicyVerdict;
  readonly assumptions?: readonly string[];
};

/**
 * The answer to the wish to change a contract: a plan that takes the place of what it holds, from now or from its
 * start on. What has run stays as it was. Changes nothing by itself. Throws for a contract
 * that there is not, and for a part that the demand does not have.
 */
export function planChange(
  before: State,
  given: ChangeGiven,
  asked: { readonly contract: ContractId; readonly edit: Edit },
): PlanAnswer {
  const state = lapse(before, given.atMs);
  const contract = contractOf(state, asked.contract);
  if (contract === undefined) throw new RangeError(`there is no contract \`${asked.contract}\``);
  const edited = editedDemand(contract, asked.edit, given.atMs);
  if (edited.kind === 'refused') return refused(state, given.verdictOf(contract.demand), edited.refusal);
  const { demand } = edited;
  const { atMs, assumptions = [] } = given;
  return planChangeTo(
    state,
    { atMs, verdict: given.verdictOf(demand), assumptions },
    { contract: contract.id, demand },
  );
}

/** The same with the whole demand at hand: what a replay asks again. */
export function planChangeTo(
  before: State,
  given: Given,
  {
    contract: id,
    demand,
    moves,
  }: {
    readonly contract: ContractId;
    readonly demand: Demand;
    readonly moves?: readonly Member[] | undefined;
  },
): PlanAnswer {
  const state = lapse(before, given.atMs);
  const contract = contractOf(state, id);
  if (contract === undefined) throw new RangeError(`there is no contract \`${id}\``);
  if (!isChangeable(contract, given.atMs))
    return refused(state, given.verdict, endedBy(contract, given.atMs));
  const { earliestStartMs } = demand.window;
  const gap = gapAfter(contract, earliestStartMs, given.atMs);
  if (gap !== undefined) return refused(state, given.verdict, gap);
  const takeover = takeoverMs(contract, earliestStartMs, given.atMs);
  const trial = givenUpForChange(state, contract, takeover);
  if (moves !== undefined) return moved(trial, given, { contract, demand, moves });
  const kept = staying(trial, given.verdict, { contract, demand });
  const answer: PlanAnswer =
    kept === undefined ? plan(trial, given, demand) : plannedAs(trial, given, { demand, best: kept });
  if (answer.kind === 'refused') return answer;
  const late = gapAfter(contract, answer.plan.placement.startMs, given.atMs);
  return late === undefined ? asChange(answer.plan, contract) : refused(state, given.verdict, late);
}

/** Only what was named goes, to where it was named: there is no other way to do it. */
function moved(
  trial: State,
  given: Given,
  {
    contract,
    demand,
    moves,
  }: { readonly contract: Contract; readonly demand: Demand; readonly moves: readonly Member[] },
): PlanAnswer {
  const best = relocated(trial, given.verdict, { contract, demand, moves });
  if (best === undefined)
    return refused(trial, given.verdict, {
      kind: 'no-capacity',
      constraints: [],
      relaxations: [],
      conflict: ['moves'],
    });
  const answer = plannedAs(trial, given, { demand, best });
  if (answer.kind === 'refused') return answer;
  const change = asChange(answer.plan, contract);
  if (change.kind === 'refused') return change;
  const { changes } = change.plan;
  if (changes === undefined) throw new Error('a change changes a contract');
  const made: Plan = { ...change.plan, changes: { ...changes, moves: [...moves] } };
  return { kind: 'planned', ...identify(made), plan: made };
}

type Edited =
  | { readonly kind: 'demand'; readonly demand: Demand }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What the contract would ask for from now on, or from its start if that is still to come. */
export function editedDemand(contract: Contract, edit: Edit, atMs: number): Edited {
  if (!isChangeable(contract, atMs)) return { kind: 'refused', refusal: endedBy(contract, atMs) };
  const fromMs = Math.max(atMs, contract.placement.startMs);
  const base = edit.demand ?? contract.demand;
  const window =
    edit.demand === undefined || edit.end !== undefined ? restOf(contract, edit, fromMs) : undefined;
  if (window === 'over') {
    const why = 'the new end lies before the change; release the contract to end it now';
    const refusal: Refusal = {
      kind: 'window-impossible',
      why,
      earliestStartMs: fromMs,
      latestStartMs: fromMs,
    };
    return { kind: 'refused', refusal };
  }
  const demand: Demand = {
    ...base,
    parts: partsOf(base, edit.replicas ?? {}),
    window: window ?? {
      ...base.window,
      earliestStartMs: Math.max(base.window.earliestStartMs, atMs),
    },
    ...placesOf(base, edit),
    ...(edit.demand === undefined ? budgetLeft(contract, fromMs) : {}),
  };
  return { kind: 'demand', demand };
}

/**
 * The window that is left. Lengths are whole seconds, so it begins up to one second after `fromMs` and ends exactly
 * where it shall: an end that moved would run into whoever comes next.
 */
function restOf(contract: Contract, { end }: Edit, fromMs: number): Demand['window'] | 'over' {
  const endMs = end === undefined ? contract.placement.endMs : end.kind === 'at' ? end.atMs : undefined;
  if (endMs === undefined) return { earliestStartMs: fromMs };
  const durationS = Math.floor((endMs - fromMs) / 1000);
  return durationS < 1 ? 'over' : { earliestStartMs: endMs - durationS * 1000, durationS };
}

function partsOf(demand: Demand, replicas: Readonly<Record<string, number>>): Demand['parts'] {
  const wanted = new Map(Object.entries(replicas));
  const unknown = [...wanted.keys()].find((name) => demand.parts.every((part) => part.name !== name));
  if (unknown !== undefined) throw new RangeError(`the demand has no part \`${unknown}\``);
  return demand.parts.map((part) => {
    const count = wanted.get(part.name) ?? part.count;
    const { minCount } = part;
    return { ...part, count, ...(minCount === undefined ? {} : { minCount: Math.min(minCount, count) }) };
  });
}

function placesOf(demand: Demand, { avoid = [], where }: Edit): Pick<Demand, 'avoid' | 'where'> {
  const avoided = [...new Set([...(demand.avoid ?? []), ...avoid])];
  return {
    ...(avoided.length === 0 ? {} : { avoid: avoided }),
    ...(where === undefined ? {} : { where: [...where] }),
  };
}

/** A contract that runs may not lose everything for a while. */
function gapAfter(contract: Contract, startMs: number, atMs: number): Refusal | undefined {
  const latestStartMs = seamlessUntilMs(contract, atMs);
  if (startMs <= latestStartMs) return undefined;
  const why = `${contract.id} would hold nothing for a while`;
  return { kind: 'window-impossible', why, earliestStartMs: startMs, latestStartMs };
}

function plannedAs(
  state: State,
  given: Given,
  { demand, best }: { readonly demand: Demand; readonly best: Candidate },
): PlanAnswer {
  const inputs = inputsOf(state, given.verdict);
  const { startMs, price, site } = best;
  const { totalMicroEur, microEurPerHour } = price;
  const report = {
    constraints: [...tally(state, new Set([site.id]), { demand, startMs }).counts],
    sites: [
      {
        site: site.id,
        outcome: 'chosen' as const,
        why: 'it stays where it is',
        startMs,
        ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
        ...(microEurPerHour === undefined ? {} : { microEurPerHour }),
      },
    ],
  };
  const made = makePlan(state, given, { demand, best, report, inputs });
  return { kind: 'planned', ...identify(made), plan: made };
}

/** The plan as one that changes the contract, with what moves in its report. */
function asChange(made: Plan, contract: Contract): PlanAnswer {
  const words = differenceWords(differenceOf(contract.placement.members, made.placement.members));
  const sites = made.report.sites.map((site) =>
    site.outcome === 'chosen' ? { ...site, why: `${site.why}: ${words}`.slice(0, 300) } : site,
  );
  const change: Plan = {
    ...made,
    changes: { contract: contract.id, version: contract.version },
    report: { ...made.report, sites },
  };
  return { kind: 'planned', ...identify(change), plan: change };
}

function refused(state: State, verdict: PolicyVerdict, refusal: Refusal): PlanAnswer {
  const report = { constraints: [], sites: [] };
  return { kind: 'refused', refusal, report, inputs: inputsOf(state, verdict) };
}
