import { digestOf } from '../../../src/model/canonical.ts';
import type { Prices } from '../budget.ts';
import { type Figures, figures } from '../metrics.ts';
import { taskDigest } from '../promotion.ts';
import type { Run } from '../run.ts';
import type { Area, Task } from '../task.ts';

/** Everything that one evaluation found: what `berth eval --json` prints and `berth eval compare` reads. */
export type Report = {
  readonly schema: 'berth/eval-report/2';
  readonly agent: string;
  /** Of all tasks that were run: two reports with equal digests answer the same questions. */
  readonly suite: string;
  /** Of everything that happened but for the time it took: equal for an agent that does the same again. */
  readonly doing: string;
  readonly k: number;
  readonly seed: number;
  /** Runs under way at once. */
  readonly lanes: number;
  readonly tookMs: number;
  /** Why the rest was not run, where the budget was spent. */
  readonly stopped?: string;
  readonly figures: Figures;
  readonly tasks: readonly TaskLine[];
  readonly runs: readonly Run[];
};

/** What a reader of a report needs of a task. */
type TaskLine = {
  readonly id: string;
  readonly digest: string;
  readonly area: Area;
  readonly difficulty: Task['difficulty'];
  readonly tags: readonly string[];
  readonly world: string;
  readonly actor: string;
};

type Made = {
  readonly runs: readonly Run[];
  readonly k: number;
  readonly seed: number;
  readonly lanes: number;
  readonly tookMs: number;
  readonly stopped?: string;
  readonly prices?: Prices;
};

export function reportOf(agent: string, tasks: readonly Task[], made: Made): Report {
  const { runs, k, seed, lanes, tookMs, stopped, prices } = made;
  return {
    schema: 'berth/eval-report/2',
    agent,
    suite: digestOf(tasks.map((task) => JSON.stringify(task))),
    doing: digestOf(JSON.stringify(runs.map(withoutTimes))),
    k,
    seed,
    lanes,
    tookMs: Math.round(tookMs),
    ...(stopped === undefined ? {} : { stopped }),
    figures: figures(tasks, runs, { k, ...(prices === undefined ? {} : { prices }) }),
    tasks: tasks.map((task) => {
      const { id, area, difficulty, tags, world, actor } = task;
      return { id, digest: taskDigest(task), area, difficulty, tags, world, actor: actor.as };
    }),
    runs,
  };
}

function withoutTimes({ tookMs: _tookMs, turns, ...run }: Run): object {
  return { ...run, turns: turns.map(({ tookMs: _turnMs, ...turn }) => turn) };
}

/** Whether the suite holds: no run broke an invariant, whatever the pass rate. */
export function isSound({ figures: { breaches } }: Report): boolean {
  return breaches === 0;
}
