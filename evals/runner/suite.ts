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
  readonly signal?: AbortSignal;
  readonly onRun?: (run: Run, done: number, total: number) => void;
};

/** Runs tasks one after the other, each in a world of its own, in the order of their ids. */
export async function runSuite(options: SuiteOptions): Promise<readonly Run[]> {
  const { contestant, signal, onRun } = options;
  const stage = new Stage();
  const wanted = asked(options);
  const runs: Run[] = [];
  for (const { task, paraphrase } of wanted) {
    signal?.throwIfAborted();
    const run = await runTask(stage, { task, paraphrase, contestant });
    runs.push(run);
    onRun?.(run, runs.length, wanted.length);
  }
  return runs;
}

function asked({ tasks, times, paraphrases }: SuiteOptions): readonly { task: Task; paraphrase: number }[] {
  return tasks.flatMap((task) => {
    const wordings = paraphrases ? task.paraphrases.length + 1 : 1;
    return Array.from({ length: wordings * times }, (_, at) => ({ task, paraphrase: at % wordings }));
  });
}
