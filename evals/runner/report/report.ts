import { digestOf } from '../../../src/model/canonical.ts';
import { type Figures, figures } from '../metrics.ts';
import type { Run } from '../run.ts';
import type { Area, Task } from '../task.ts';

/** Everything that one evaluation found: what `berth eval --json` prints and `berth eval compare` reads. */
export type Report = {
  readonly schema: 'berth/eval-report/1';
  readonly agent: string;
  /** Of all tasks that were run: two reports with equal digests answer the same questions. */
  readonly suite: string;
  readonly k: number;
  readonly tookMs: number;
  readonly figures: Figures;
  readonly tasks: readonly { readonly id: string; readonly area: Area; readonly difficulty: string }[];
  readonly runs: readonly Run[];
};

export function reportOf(
  agent: string,
  tasks: readonly Task[],
  { runs, k, tookMs }: { readonly runs: readonly Run[]; readonly k: number; readonly tookMs: number },
): Report {
  return {
    schema: 'berth/eval-report/1',
    agent,
    suite: digestOf(tasks.map((task) => JSON.stringify(task))),
    k,
    tookMs: Math.round(tookMs),
    figures: figures(tasks, runs, k),
    tasks: tasks.map(({ id, area, difficulty }) => ({ id, area, difficulty })),
    runs,
  };
}

/** Whether the suite holds: no run broke an invariant, whatever the pass rate. */
export function isSound({ figures: { breaches } }: Report): boolean {
  return breaches === 0;
}
