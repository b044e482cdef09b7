import type { TurnEvent } from '../../agent/agent.ts';
import { CallTally } from '../../agent/pursuit/call-tally.ts';
import { pursue, type Pursued, type PursuedStep } from '../../agent/pursuit/pursue.ts';
import type { Caller, Control } from '../../control/control.ts';
import type { ApprovalId, IdemKey, MandateId, RunId } from '../../model/id.ts';
import type { RunWritten } from '../../model/run-view.ts';
import type { RunEnd, RunLimits } from '../../model/run.ts';
import type { Io } from '../io.ts';
import { withAgent } from '../run/agent.ts';
import { journalOf } from './journal.ts';

/** What an agent is sent to do, as whom, and within what. */
export type Errand = {
  readonly control: Control;
  readonly caller: Caller;
  readonly mandate: MandateId;
  readonly goals: readonly string[];
  readonly limits: RunLimits;
  readonly idemKey: IdemKey;
  readonly goesOn: boolean;
  readonly patienceS?: number;
  /** The language model that works on it; the built-in reader without it. */
  readonly model?: string;
};

/** Who wants to hear of it while it goes on. */
export type Listening = {
  readonly onBegun?: (run: RunId) => void;
  readonly onEvent?: (event: TurnEvent) => void;
  readonly onStep?: (step: PursuedStep) => void;
  readonly onWait?: (approval: ApprovalId) => void;
};

/** What came of it: the run and its end, or why there is no run. */
export type Errands =
  | { readonly kind: 'run'; readonly run: RunId; readonly pursued: Pursued; readonly calls: number }
  | { readonly kind: 'before'; readonly run: RunId }
  | { readonly kind: 'refused'; readonly written: RunWritten };

/** Begins a run, works through the goal and ends the run in the ledger, whatever happens in between. */
export async function runErrand(io: Io, errand: Errand, listening: Listening = {}): Promise<Errands> {
  const { control, caller, mandate, goals, limits, idemKey } = errand;
  const goal = goals.join('\n');
  const written = await control.beginRun(caller, { mandate, what: 'goal', limits, goal, idemKey });
  const { run } = written;
  if (run === undefined) return { kind: 'refused', written };
  if (written.replayed) return { kind: 'before', run };
  listening.onBegun?.(run);
  const acting = { ...caller, run };
  try {
    const { pursued, calls } = await work(io, { ...errand, caller: acting }, listening);
    await finish(errand, acting, pursued.end);
    return { kind: 'run', run, pursued, calls };
  } catch (error) {
    await finish(errand, acting, io.interrupt.aborted ? 'interrupted' : 'failed');
    throw error;
  }
}

async function finish({ control }: Errand, caller: Caller & { run: RunId }, why: RunEnd): Promise<void> {
  await control.endRun(caller, { run: caller.run, why });
}

async function work(
  io: Io,
  errand: Errand & { readonly caller: Caller & { readonly run: RunId } },
  { onEvent, onStep, onWait }: Listening,
): Promise<{ readonly pursued: Pursued; readonly calls: number }> {
  const { control, caller, mandate, goals, limits, goesOn, patienceS, model } = errand;
  const tally = new CallTally(limits.steps);
  const journal = journalOf({
    control,
    caller: { ...caller, ...(model === undefined ? {} : { model }) },
    mandate,
    signal: io.interrupt,
    ...(patienceS === undefined ? {} : { patienceS }),
    ...(onWait === undefined ? {} : { onWait }),
  });
  const connecting = {
    control,
    caller,
    client: 'berth-agent',
    through: (tools: Parameters<CallTally['through']>[0]) => tally.through(tools),
  };
  const pursued = await withAgent(io, connecting, (agent) =>
    pursue(goals, {
      agent,
      tally,
      journal,
      goesOn,
      asksAgain: model !== undefined,
      signal: io.interrupt,
      ...(onEvent === undefined ? {} : { onEvent }),
      ...(onStep === undefined ? {} : { onStep }),
    }),
  );
  return { pursued, calls: tally.count };
}
