import { type Budget, Spent } from './budget.ts';
import type { Contestant } from './contestant.ts';
import { type Run, runTask } from './run.ts';
import { Stage } from './scene.ts';
import type { Task } from './task.ts';

export type SuiteOptions = {
  readonly tasks: readonly Task[];
  readonly contestant: Contestant;
  /** How often each task is run. */
  readonly times: number;
  /** With the paraphrases of each task too. */
  readonly paraphrases: boolean;
  /** Of the first time; each further time has the next one. */
  readonly seed?: number;
  /** Runs under way at once. What waits for models and programs gets faster by it, what computes does not. */
  readonly lanes?: number;
  /** A run that was made before, which is not made again. */
  readonly known?: (wanted: WantedRun) => Run | undefined;
  readonly budget?: Budget;
  readonly signal?: AbortSignal;
  readonly onRun?: (run: Run, done: number, total: number) => void;
};

/** Which wording of a task, for the how manieth time, from 0. */
export type WantedRun = { readonly task: Task; readonly paraphrase: number; readonly attempt: number };

export type Played = {
  /** In the order of the tasks, whichever was done first. */
  readonly runs: readonly Run[];
  /** Why the rest was not run. */
  readonly stopped?: string;
};

/** Runs tasks, each in a world of its own, in the order of their ids. */
export async function runSuite(options: SuiteOptions): Promise<Played> {
  const { lanes = 1, contestant } = options;
  const play = new Playing(options);
  try {
    await Promise.all(Array.from({ length: Math.max(1, lanes) }, () => play.lane()));
  } finally {
    if (contestant.kind === 'inside') await contestant.close?.();
  }
  return play.result();
}

class Playing {
  readonly #options: SuiteOptions;
  readonly #stage = new Stage();
  readonly #wanted: readonly WantedRun[];
  readonly #runs: (Run | undefined)[];
  readonly #spent: Spent;
  #next = 0;
  #done = 0;
  #stopped: string | undefined;

  constructor(options: SuiteOptions) {
    this.#options = options;
    this.#wanted = wantedRuns(options);
    this.#runs = this.#wanted.map(() => undefined);
    this.#spent = new Spent(options.budget ?? {});
  }

  /** Takes the next run until none is left, the budget is spent or somebody stops it. */
  async lane(): Promise<void> {
    for (;;) {
      this.#options.signal?.throwIfAborted();
      this.#stopped ??= this.#spent.why();
      const at = this.#next;
      const wanted = this.#wanted[at];
      if (wanted === undefined || this.#stopped !== undefined) return;
      this.#next += 1;
      const run = await this.#run(wanted);
      this.#runs[at] = run;
      this.#done += 1;
      this.#options.onRun?.(run, this.#done, this.#wanted.length);
    }
  }

  result(): Played {
    const runs = this.#runs.filter((run) => run !== undefined);
    return { runs, ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }) };
  }

  async #run(wanted: WantedRun): Promise<Run> {
    const { known, contestant, seed = 0 } = this.#options;
    const before = known?.(wanted);
    if (before !== undefined) return before;
    const run = await runTask(this.#stage, { ...wanted, contestant, seed: seed + wanted.attempt });
    this.#spent.add(run);
    return run;
  }
}

function wantedRuns({ tasks, times, paraphrases }: SuiteOptions): readonly WantedRun[] {
  return tasks.flatMap((task) => {
    const wordings = paraphrases ? task.paraphrases.length + 1 : 1;
    return Array.from({ length: wordings * times }, (_, at) => ({
      task,
      paraphrase: at % wordings,
      attempt: Math.floor(at / wordings),
    }));
  });
}
