import type { Actor } from '../../model/actor.ts';
import type { Command } from '../../model/command.ts';
import type { RunId } from '../../model/id.ts';
import type { MandateFault } from '../../model/refusal.ts';
import type { Act } from '../authority/act.ts';
import { usedMicroEur } from '../life/used.ts';
import { contractOf, type State } from '../state.ts';
import { type Run, runOf } from './run.ts';

/** The run in which an agent says that it acts, if it is its own. */
export function ownRun(state: State, { principal, run: id }: Actor): Run | undefined {
  const run = id === undefined ? undefined : runOf(state.runs, id);
  return run?.agent === principal ? run : undefined;
}

export function noSuchRun(id: RunId): MandateFault {
  return { limit: 'run', asked: id, left: 'the agent has begun no such run' };
}

/** Every limit of a run that a deed would pass, besides those of its mandate. */
export function* runFaults(
  run: Run,
  asked: { readonly act: Act; readonly costMicroEur: number | undefined; readonly atMs: number },
): Generator<MandateFault> {
  const { end, limits, deeds, spentMicroEur } = run;
  const { act, costMicroEur, atMs } = asked;
  if (end !== undefined)
    yield { limit: 'run', asked: act.action, left: `${run.id} ended at ${end.atMs}: ${end.why}` };
  if (atMs >= limits.untilMs)
    yield { limit: 'run-time', asked: act.action, left: `${run.id} was to end at ${limits.untilMs}` };
  if (deeds.length >= limits.steps)
    yield { limit: 'run-steps', asked: act.action, left: `0 of ${limits.steps}` };
  const { spendMicroEur: most } = limits;
  if (most === undefined) return;
  const left = `${Math.max(0, most - spentMicroEur)} of ${most}`;
  if (costMicroEur === undefined) yield { limit: 'run-spend', asked: 'without a bound', left };
  else if (spentMicroEur + costMicroEur > most) yield { limit: 'run-spend', asked: `${costMicroEur}`, left };
}

/**
 * What a deed adds to what somebody pays, in micro-euros: a contract its whole price, a change what it costs more than
 * before. Nothing is said of what has no end or no price.
 */
export function costOf(state: State, command: Command, { action, need }: Act): number | undefined {
  if (action !== 'commit' && action !== 'change') return 0;
  if (need.spendMicroEur === undefined || command.kind !== 'change-contract') return need.spendMicroEur;
  const contract = contractOf(state, command.contract);
  if (contract === undefined) return need.spendMicroEur;
  const { placement, price } = contract;
  // An end is only now promised: all of it counts, because nothing was bound before.
  if (placement.endMs === undefined || price.totalMicroEur === undefined) return need.spendMicroEur;
  return Math.max(0, need.spendMicroEur - usedMicroEur(contract, placement.endMs));
}
