import type { Actor } from '../../model/actor.ts';
import type { MandateId } from '../../model/id.ts';
import type { RunEnd } from '../../model/run.ts';
import { standingFaults } from '../authority/mandates.ts';
import { stopHit } from '../authority/stops.ts';
import type { State } from '../state.ts';
import { type Run, runOf } from './run.ts';

/**
 * Why an agent that works by itself may go no further: it is stopped, its mandate stands no more, its time or its steps
 * are over, or somebody ended its run. Asked before each step; the door asks again at each deed.
 */
export function barrierOf(
  state: State,
  { actor, mandate, atMs }: { readonly actor: Actor; readonly mandate: MandateId; readonly atMs: number },
): RunEnd | undefined {
  if (stopHit(state.authority, actor, undefined) !== undefined) return 'stopped';
  if (!state.authority.mandates.has(mandate) || standingFaults(state.authority, mandate, atMs).length > 0)
    return 'mandate';
  const run = actor.run === undefined ? undefined : runOf(state.runs, actor.run);
  return run === undefined ? undefined : endOf(run, atMs);
}

function endOf({ end, limits, deeds }: Run, atMs: number): RunEnd | undefined {
  if (end !== undefined) return end.why;
  if (atMs >= limits.untilMs) return 'time';
  return deeds.length >= limits.steps ? 'steps' : undefined;
}
