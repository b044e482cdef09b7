import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { attacks } from '../../../evals/runner/attack/attacks.ts';
import { type Contestant, contestants } from '../../../evals/runner/contestant.ts';
import { chosen, readTasks } from '../../../evals/runner/library.ts';
import { type Comparison, compare, StoredReport } from '../../../evals/runner/report/compare.ts';
import { html } from '../../../evals/runner/report/html.ts';
import { junit } from '../../../evals/runner/report/junit.ts';
import { markdown } from '../../../evals/runner/report/markdown.ts';
import { isSound, type Report, reportOf } from '../../../evals/runner/report/report.ts';
import { drawReport, percent } from '../../../evals/runner/report/table.ts';
import { runSuite } from '../../../evals/runner/suite.ts';
import type { Task } from '../../../evals/runner/task.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { progressLine } from '../progress.ts';

export type EvalOptions = {
  readonly agent: string;
  readonly area?: string;
  readonly only?: string;
  readonly tag?: string;
  readonly k: number;
  readonly paraphrases: boolean;
  readonly list?: boolean;
  readonly out?: string;
  readonly json?: boolean;
};

/** Runs the tasks with an agent and scores what happened. Exit code 1 when an invariant was broken. */
export async function evaluate(io: Io, options: EvalOptions): Promise<number> {
  const tasks = chosen([...readTasks(tasksFolder()), ...attacks()], options);
  if (options.list === true) return list(io, tasks, options.json === true);
  if (options.k < 1 || options.k > 100) throw wrongK(options.k);
  const report = await run(io, tasks, options);
  if (options.out !== undefined) write(io, report, options.out);
  io.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : drawReport(report));
  return isSound(report) ? 0 : 1;
}

/** Compares two reports that `--out` or `--json` wrote. */
export function compareReports(
  io: Io,
  files: readonly [first: string, second: string],
  { json }: { readonly json?: boolean },
): number {
  const [first, second] = [readReport(files[0]), readReport(files[1])];
  const found = compare(first, second);
  io.stdout.write(
    json === true ? `${JSON.stringify(found)}\n` : drawComparison(found, first.agent, second.agent),
  );
  return 0;
}

async function run(io: Io, tasks: readonly Task[], { agent, k, paraphrases }: EvalOptions): Promise<Report> {
  const contestant = await contestantOf(agent, io);
  const line = progressLine(io);
  const began = performance.now();
  try {
    const runs = await runSuite({
      tasks,
      contestant,
      times: k,
      paraphrases,
      signal: io.interrupt,
      onRun: ({ task }, done, total) => line.step(done, total, `runs: ${task}`),
    });
    return reportOf(agent, tasks, { runs, k, tookMs: performance.now() - began });
  } finally {
    line.clear();
  }
}

function list(io: Io, tasks: readonly Task[], json: boolean): number {
  const rows = tasks.map(({ id, area, difficulty, tags, turns }) => ({
    id,
    area,
    difficulty,
    tags,
    say: cleanText(turns[0]?.say ?? '', 100),
  }));
  const width = Math.max(...rows.map(({ id }) => id.length));
  io.stdout.write(
    json
      ? `${JSON.stringify(rows)}\n`
      : `${rows.map(({ id, area, difficulty, say }) => `${id.padEnd(width)}  ${area.padEnd(10)}  ${difficulty.padEnd(6)}  ${say}`).join('\n')}\n`,
  );
  return 0;
}

function write(io: Io, report: Report, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const files = {
    'report.json': `${JSON.stringify(report, undefined, 1)}\n`,
    'report.md': markdown(report),
    'report.html': html(report),
    'junit.xml': junit(report),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  io.stderr.write(`wrote ${Object.keys(files).join(', ')} to ${cleanText(folder, 1000)}\n`);
}

function readReport(file: string): StoredReport {
  const parsed = StoredReport.safeParse(jsonOf(file));
  if (parsed.success) return parsed.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is not a report of \`berth eval\``,
    fix: 'give the report.json that `berth eval --out DIR` wrote',
  });
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `\`${file}\` cannot be read as JSON`,
        fix: 'give the report.json that `berth eval --out DIR` wrote',
      },
      { cause },
    );
  }
}

function drawComparison(found: Comparison, first: string, second: string): string {
  const { tasks, onlyFirst, onlySecond, p, difference, low, high, sameSuite } = found;
  return [
    ...(sameSuite ? [] : ['note: the tasks differ between the two reports; only those in both are compared']),
    `${tasks} tasks in both; ${second} passes ${percent(difference)} more than ${first} (95 %: ${percent(low)} to ${percent(high)})`,
    `McNemar p = ${p.toFixed(4)} from ${onlyFirst.length} against ${onlySecond.length} tasks`,
    ...onlyFirst.map((id) => `  only ${first}: ${id}`),
    ...onlySecond.map((id) => `  only ${second}: ${id}`),
    '',
  ].join('\n');
}

/** Beside package.json, in the sources and in the package. */
function tasksFolder(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('#package.json'))), 'evals', 'tasks');
}

/** One of ours, `openai:MODEL@URL` or `mcp:COMMAND`. */
async function contestantOf(agent: string, { env }: Io): Promise<Contestant> {
  if (agent.startsWith('openai:'))
    return (await import('../../../evals/runner/model-player.ts')).modelContestant(agent, env);
  const command = agent.startsWith('mcp:') ? agent.slice('mcp:'.length).trim() : '';
  if (command !== '') return { kind: 'outside', name: agent, command };
  const own = contestants.get(agent);
  if (own === undefined) throw noAgent(agent);
  return own;
}

function noAgent(name: string): BerthError {
  const allowed = [...contestants.keys()];
  const meant = didYouMean(name, allowed);
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `there is no agent \`${cleanText(name, 60)}\``,
    fix:
      meant === undefined
        ? `use one of ${allowed.join(', ')}, \`openai:MODEL@URL\` or \`mcp:COMMAND\``
        : `use \`${meant}\``,
    allowed,
  });
}

function wrongK(k: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`--k ${k}\` is out of range`,
    fix: 'run each task 1 to 100 times',
    field: 'k',
  });
}
