import type { Journal } from '../../agent/pursuit/pursue.ts';
import type { Caller, Control } from '../../control/control.ts';
import { BerthError } from '../../model/error.ts';
import { type ApprovalId, type MandateId, OperationId, type RunId } from '../../model/id.ts';
import type { RunEnd } from '../../model/run.ts';

export type Journalling = {
  readonly control: Control;
  /** The agent, in its run. */
  readonly caller: Caller & { readonly run: RunId };
  readonly mandate: MandateId;
  /** So long a person's word is waited for; nothing where it is not. */
  readonly patienceS?: number;
  readonly signal: AbortSignal;
  /** Is told once what is waited for. */
  readonly onWait?: (approval: ApprovalId) => void;
};

/** The longest that is waited between two looks at whether the run may go on. */
const lookS = 2;

/** A run's journal in the ledger. A line that cannot be written ends the run: what is not recorded does not happen. */
export function journalOf(parts: Journalling): Journal {
  const { control, caller, mandate, patienceS } = parts;
  const { run } = caller;
  let told = 0;
  return {
    barrier: () => control.runBarrier(caller, mandate),
    note: async (note) => {
      const { refusal } = await control.noteRun(caller, { run, note });
      if (refusal !== undefined)
        throw new BerthError({
          code: 'FORBIDDEN',
          message: refusal.summary,
          fix: `look with \`berth agent journal ${run}\` at what was done`,
        });
    },
    deed: async () => {
      const { lines } = await control.run(caller, run);
      const deeds = lines.filter(({ kind }) => kind === 'deed');
      const last = deeds.length > told ? deeds.at(-1)?.entry : undefined;
      told = deeds.length;
      return last;
    },
    ...(patienceS === undefined
      ? {}
      : { word: (approval: ApprovalId) => wordOn(parts, approval, patienceS) }),
  };
}

/** What persons come to say. A stop, the end of its time and an interruption end the waiting too. */
async function wordOn(
  { control, caller, mandate, signal, onWait }: Journalling,
  approval: ApprovalId,
  patienceS: number,
): Promise<'yes' | 'no' | RunEnd> {
  onWait?.(approval);
  const operation = OperationId.parse(approval);
  for (let leftS = patienceS; ;) {
    const barrier = signal.aborted ? 'interrupted' : await control.runBarrier(caller, mandate);
    if (barrier !== undefined) return barrier;
    const query = { operation, waitS: Math.min(lookS, leftS), limit: 1 };
    const { operations, waitedS } = await control.operations(caller, query, { stopping: signal });
    const [found] = operations;
    if (found?.over === true) return found.state === 'done' ? 'yes' : 'no';
    leftS -= Math.max(1, waitedS);
    if (leftS <= 0) return 'waiting';
  }
}
