import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { z } from 'zod';

import { digestOf } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import type { Run } from './run.ts';
import type { WantedRun } from './suite.ts';
import type { Task } from './task.ts';

const Head = z.strictObject({
  schema: z.literal('berth/eval-journal/1'),
  agent: z.string(),
  seed: z.int(),
});

const Line = z.looseObject({
  of: z.string(),
  run: z.custom<Run>((value) => typeof value === 'object' && value !== null),
});

/**
 * A file with one line a run, written as each one ends, so that a suite which was stopped goes on where it was. A run
 * counts only for the very task, to the byte, that it was made of.
 */
export class Journal {
  readonly #file: string;
  readonly #runs: ReadonlyMap<string, Run>;

  private constructor(file: string, runs: ReadonlyMap<string, Run>) {
    this.#file = file;
    this.#runs = runs;
  }

  /** Opens the journal of an agent, or begins one. Throws INVALID_INPUT for that of another agent or seed. */
  static open(file: string, { agent, seed }: { readonly agent: string; readonly seed: number }): Journal {
    mkdirSync(dirname(file), { recursive: true });
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    const [first, ...rest] = lines;
    if (first === undefined)
      appendFileSync(file, `${JSON.stringify({ schema: 'berth/eval-journal/1', agent, seed })}\n`);
    else checkHead(file, first, { agent, seed });
    return new Journal(file, new Map(rest.flatMap((line) => runIn(line))));
  }

  known({ task, paraphrase, attempt }: WantedRun): Run | undefined {
    return this.#runs.get(keyOf(task, paraphrase, attempt));
  }

  get size(): number {
    return this.#runs.size;
  }

  add(task: Task, run: Run): void {
    const of = keyOf(task, run.paraphrase, run.attempt);
    if (!this.#runs.has(of)) appendFileSync(this.#file, `${JSON.stringify({ of, run })}\n`);
  }
}

function keyOf(task: Task, paraphrase: number, attempt: number): string {
  return `${digestOf(JSON.stringify(task))} ${paraphrase} ${attempt}`;
}

/** A line that was being written when somebody pulled the plug is no run. */
function runIn(line: string): [string, Run][] {
  try {
    const parsed = Line.safeParse(JSON.parse(line));
    return parsed.success ? [[parsed.data.of, parsed.data.run]] : [];
  } catch {
    return [];
  }
}

function checkHead(file: string, line: string, { agent, seed }: { agent: string; seed: number }): void {
  const head = Head.safeParse(jsonOf(line));
  if (head.success && head.data.agent === agent && head.data.seed === seed) return;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: head.success
      ? `\`${file}\` holds runs of \`${head.data.agent}\` with seed ${head.data.seed}`
      : `\`${file}\` is not a journal of \`berth eval\``,
    fix: 'give another folder with `--out`, or leave `--resume` out',
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
