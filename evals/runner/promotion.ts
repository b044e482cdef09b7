import { z } from 'zod';

import { digestOf } from '../../src/model/canonical.ts';
import { compareText } from '../../src/model/text.ts';
import type { Run } from './run.ts';
import type { Task } from './task.ts';

/** So many reports in a row a task has to pass whole before it must always pass. */
export const reportsDue = 7;

/** Tasks that an agent may never fail again, each with the digest of the task that it was when it earned that. */
export const Always = z.strictObject({
  schema: z.literal('berth/eval-always/1'),
  agent: z.string(),
  tasks: z.record(z.string(), z.string()),
});
export type Always = z.infer<typeof Always>;

/** What of a report the rule reads. */
type Seen = {
  readonly agent: string;
  readonly tasks: readonly { readonly id: string; readonly digest: string }[];
  readonly runs: readonly Pick<Run, 'task' | 'passed'>[];
};

export type Promotion = {
  readonly always: Always;
  readonly promoted: readonly string[];
  /** Those that failed in the last report: they have to earn it again. */
  readonly demoted: readonly string[];
};

/**
 * Which tasks an agent must always pass from now on: those of before that passed in the last report, and those that
 * passed in every run of the last seven, all of them with the task as it is now. Reports come oldest first.
 */
export function promotionOf(before: Always, reports: readonly Seen[]): Promotion {
  const last = reports.at(-1);
  if (last === undefined) return { always: before, promoted: [], demoted: [] };
  const recent = reports.slice(-reportsDue);
  const kept = last.tasks.filter(
    ({ id, digest }) => before.tasks[id] === digest && isWhole(last, id, digest),
  );
  const earned =
    recent.length < reportsDue
      ? []
      : last.tasks.filter(({ id, digest }) => recent.every((report) => isWhole(report, id, digest)));
  const tasks = new Map([...kept, ...earned].map(({ id, digest }) => [id, digest]));
  const ids = [...tasks.keys()].toSorted(compareText);
  return {
    always: { ...before, tasks: Object.fromEntries(ids.map((id) => [id, tasks.get(id) ?? ''])) },
    promoted: ids.filter((id) => before.tasks[id] === undefined),
    demoted: Object.keys(before.tasks).filter((id) => !tasks.has(id)),
  };
}

/** The digest under which a task has earned its place. */
export function taskDigest(task: Task): string {
  return digestOf(JSON.stringify(task)).slice(0, 23);
}

/** Runs of tasks that must always pass and did not. A task that was rewritten since is not one of them. */
export function brokenPromises(always: Always, tasks: readonly Task[], runs: readonly Run[]): readonly Run[] {
  const due = new Set(tasks.filter((task) => always.tasks[task.id] === taskDigest(task)).map(({ id }) => id));
  return runs.filter(({ task, passed }) => due.has(task) && !passed);
}

function isWhole({ tasks, runs }: Seen, id: string, digest: string): boolean {
  const own = runs.filter(({ task }) => task === id);
  const isSame = tasks.some((task) => task.id === id && task.digest === digest);
  return isSame && own.length > 0 && own.every(({ passed }) => passed);
}
