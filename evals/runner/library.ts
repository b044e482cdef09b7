import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { parse } from 'yaml';

import { BerthError } from '../../src/model/error.ts';
import { cleanText, compareText } from '../../src/model/text.ts';
import { Task } from './task.ts';

export type TaskFilter = {
  readonly area?: string;
  readonly only?: string;
  readonly tag?: string;
  readonly difficulty?: string;
};

/** Every task under a folder, in the order of their ids. Throws INVALID_INPUT that names file and key. */
export function readTasks(folder: string): readonly Task[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));
  const tasks = files.map((file) => readTask(file, relative(folder, file)));
  const byId = Map.groupBy(tasks, ({ id }) => id);
  for (const [id, same] of byId) if (same.length > 1) throw invalid(`two tasks are called \`${id}\``);
  return tasks.toSorted((a, b) => compareText(a.id, b.id));
}

/** The tasks that a filter lets through. Throws INVALID_INPUT where it lets none through. */
export function chosen(tasks: readonly Task[], { area, only, tag, difficulty }: TaskFilter): readonly Task[] {
  const left = tasks.filter(
    (task) =>
      (area === undefined || task.area === area) &&
      (only === undefined || task.id.includes(only)) &&
      (difficulty === undefined || task.difficulty === difficulty) &&
      (tag === undefined || task.tags.includes(tag)),
  );
  if (left.length > 0) return left;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `no task of ${tasks.length} is left`,
    fix: 'see them with `berth eval --list`',
    allowed: [...new Set(tasks.map((task) => task.area))].toSorted(compareText),
  });
}

function readTask(file: string, name: string): Task {
  const parsed = Task.safeParse(yamlOf(file, name));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(
    `\`${name}\` is not a task: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown fault'}`,
  );
}

function yamlOf(file: string, name: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 });
  } catch (error) {
    throw invalid(
      `\`${name}\` is not YAML: ${cleanText(error instanceof Error ? error.message : String(error))}`,
    );
  }
}

function invalid(message: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix: 'correct that task' });
}
