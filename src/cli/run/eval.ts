import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { attacks } from '../../../evals/runner/attack/attacks.ts';
import type { Budget, Prices } from '../../../evals/runner/budget.ts';
import { type Contestant, contestants } from '../../../evals/runner/contestant.ts';
import { Journal } from '../../../evals/runner/journal.ts';
import { chosen, readTasks } from '../../../evals/runner/library.ts';
import { Always, brokenPromises } from '../../../evals/runner/promotion.ts';
import { html } from '../../../evals/runner/report/html.ts';
import { junit } from '../../../evals/runner/report/junit.ts';
import { markdown } from '../../../evals/runner/report/markdown.ts';
import { isSound, type Report, reportOf } from '../../../evals/runner/report/report.ts';
import { drawReport } from '../../../evals/runner/report/table.ts';
import { type Played, runSuite } from '../../../evals/runner/suite.ts';
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
  readonly difficulty?: string;
  readonly k: number;
  readonly seed: number;
  readonly lanes: number;
  readonly attacks: boolean;
  readonly paraphrases: boolean;
  readonly maxTokens?: number;
  readonly maxModelCalls?: number;
  readonly maxMinutes?: number;
  readonly maxEur?: number;
  readonly eurPerMillion?: string;
  readonly record?: string;
  readonly list?: boolean;
  readonly out?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
};

export type PromoteOptions = { readonly list: string; readonly write?: boolean };

/**
 * Runs the tasks with an agent and scores what happened. Exit code 1 when an invariant was broken, or when the agent
 * failed a task that it must always pass.
 */
export async function evaluate(io: Io, options: EvalOptions): Promise<number> {
  const tasks = chosen(
    [...readTasks(join(evalsFolder(), 'tasks')), ...(options.attacks ? attacks() : [])],
    options,
  );
  if (options.list === true) return list(io, tasks, options.json === true);
  checkCounts(options);
  const report = await run(io, tasks, options);
  if (options.out !== undefined) write(io, report, options.out);
  io.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : drawReport(report));
  const broken = promisesBroken(report, tasks);
  for (const { task } of broken) io.stderr.write(`${task} must always pass (evals/always.json)\n`);
  return isSound(report) && broken.length === 0 ? 0 : 1;
}

async function run(io: Io, tasks: readonly Task[], options: EvalOptions): Promise<Report> {
  const { k, seed, lanes } = options;
  const budget = budgetOf(options);
  const journal = journalOf(io, options);
  const contestant = await contestantOf(options, io);
  const began = performance.now();
  const { runs, stopped } = await play(io, { tasks, contestant, options, budget, journal });
  const tookMs = performance.now() - began;
  const prices = budget.prices === undefined ? {} : { prices: budget.prices };
  const why = stopped === undefined ? {} : { stopped };
  return reportOf(options.agent, tasks, { runs, k, seed, lanes, tookMs, ...prices, ...why });
}

type Playing = {
  readonly tasks: readonly Task[];
  readonly contestant: Contestant;
  readonly options: EvalOptions;
  readonly budget: Budget;
  readonly journal: Journal | undefined;
};

async function play(io: Io, { tasks, contestant, options, budget, journal }: Playing): Promise<Played> {
  const { k, seed, lanes, paraphrases } = options;
  const line = progressLine(io);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  let failed = 0;
  try {
    return await runSuite({
      tasks,
      contestant,
      times: k,
      paraphrases,
      seed,
      lanes,
      budget,
      ...(journal === undefined ? {} : { known: (wanted) => journal.known(wanted) }),
      signal: io.interrupt,
      onRun: (done, count, total) => {
        const task = byId.get(done.task);
        if (task !== undefined) journal?.add(task, done);
        failed += done.passed ? 0 : 1;
        line.step(count, total, `${bar(count, total)} ${failed} failed, ${done.task}`);
      },
    });
  } finally {
    line.clear();
  }
}

const barWidth = 24;

function bar(done: number, total: number): string {
  const full = Math.round((barWidth * done) / Math.max(1, total));
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
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

/** Every run is written down as it ends. Without `--resume` what stood there before is begun anew. */
function journalOf(io: Io, { out, resume, agent, seed }: EvalOptions): Journal | undefined {
  if (out === undefined) {
    if (resume === true) throw wrong('`--resume` needs `--out`', 'say with `--out` which run to go on with');
    return undefined;
  }
  const file = join(out, 'runs.jsonl');
  if (resume !== true && existsSync(file)) rmSync(file);
  const journal = Journal.open(file, { agent, seed });
  if (journal.size > 0) io.stderr.write(`${journal.size} runs are there already\n`);
  return journal;
}

function promisesBroken({ agent, runs }: Report, tasks: readonly Task[]): Report['runs'] {
  const file = join(evalsFolder(), 'always.json');
  if (!existsSync(file)) return [];
  const always = Always.parse(JSON.parse(readFileSync(file, 'utf8')));
  return always.agent === agent ? brokenPromises(always, tasks, runs) : [];
}

/** Beside package.json, in the sources and in the package. */
function evalsFolder(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('#package.json'))), 'evals');
}

/** One of ours, a model, a recording, or somebody else's program or service. */
async function contestantOf({ agent, record }: EvalOptions, { env }: Io): Promise<Contestant> {
  if (record !== undefined && !agent.startsWith('openai:'))
    throw wrong('only what a model says can be recorded', 'use `--record` with `openai:MODEL@URL`');
  if (agent.startsWith('openai:'))
    return (await import('../../../evals/runner/model-player.ts')).modelContestant(agent, env, record);
  if (agent.startsWith('replay:'))
    return (await import('../../../evals/runner/model-player.ts')).replayContestant(agent);
  const other = agent.startsWith('mcp:') ? agent.slice('mcp:'.length).trim() : '';
  if (/^https?:\/\//u.test(other) && URL.canParse(other)) return { kind: 'service', name: agent, url: other };
  if (other !== '') return { kind: 'program', name: agent, command: other };
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
        ? `use one of ${allowed.join(', ')}, \`openai:MODEL@URL\`, \`replay:FILE\`, \`mcp:COMMAND\` or \`mcp:URL\``
        : `use \`${meant}\``,
    allowed,
  });
}

function checkCounts({ k, lanes }: EvalOptions): void {
  if (k < 1 || k > 100) throw wrong(`\`--k ${k}\` is out of range`, 'run each task 1 to 100 times', 'k');
  if (lanes < 1 || lanes > 64)
    throw wrong(`\`--lanes ${lanes}\` is out of range`, 'have 1 to 64 runs under way', 'lanes');
}

function budgetOf({ maxTokens, maxModelCalls, maxMinutes, maxEur, eurPerMillion }: EvalOptions): Budget {
  const prices = eurPerMillion === undefined ? undefined : pricesOf(eurPerMillion);
  if (maxEur !== undefined && prices === undefined)
    throw wrong('`--max-eur` needs to know what tokens cost', 'add `--eur-per-million IN,OUT`', 'max-eur');
  return {
    ...(maxTokens === undefined ? {} : { tokens: maxTokens }),
    ...(maxModelCalls === undefined ? {} : { modelCalls: maxModelCalls }),
    ...(maxMinutes === undefined ? {} : { minutes: maxMinutes }),
    ...(maxEur === undefined ? {} : { eur: maxEur }),
    ...(prices === undefined ? {} : { prices }),
  };
}

function pricesOf(text: string): Prices {
  const found = /^(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)$/u.exec(text);
  if (found === null)
    throw wrong(`\`${cleanText(text, 40)}\` is no pair of prices`, 'write `IN,OUT`, such as `0.25,1.10`');
  return { inputEur: Number(found[1]), outputEur: Number(found[2]) };
}

function wrong(message: string, fix: string, field?: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix, ...(field === undefined ? {} : { field }) });
}
