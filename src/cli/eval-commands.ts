import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { EvalOptions, PromoteOptions } from './run/eval.ts';
import { amount, type Done, examples, wholeNumber } from './words.ts';

/** How good an agent is, by what happened in the ledger: `berth eval …`. */
export function addEval(program: Command, io: Io, done: Done): void {
  const command = program
    .command('eval')
    .enablePositionalOptions()
    .description('score an agent by what it did to the fleet; offline but for `openai:` and `mcp:`')
    .option('--agent <name>', `builtin, gold, noop, yes-man, or ${others}`, 'builtin')
    .option('--area <name>', 'only tasks about this, such as placement, clarify, refuse, inject')
    .option('--only <text>', 'only tasks with this in their id')
    .option('--tag <name>', 'only tasks with this tag')
    .option('--difficulty <name>', 'only easy, medium or hard tasks')
    .option('--k <count>', 'run each task so many times', wholeNumber, 1)
    .option('--seed <number>', 'of the first time; the next has the next one', wholeNumber, 0)
    .option('--lanes <count>', 'runs under way at once: for agents that wait for something', wholeNumber, 1)
    .option('--no-attacks', 'only the tasks that somebody wrote, not the generated attacks')
    .option('--no-paraphrases', 'only the first wording of each task')
    .option('--max-tokens <count>', 'start no run after so many tokens', wholeNumber)
    .option('--max-model-calls <count>', 'start no run after so many calls of a model', wholeNumber)
    .option('--max-minutes <count>', 'start no run after so many minutes', amount)
    .option('--max-eur <amount>', 'start no run after so many euros; needs --eur-per-million', amount)
    .option('--eur-per-million <in,out>', 'what a million tokens costs, in and out, such as `0.25,1.10`')
    .option('--record <file>', 'write what the model says, for `replay:FILE`')
    .option('--list', 'show the tasks; run none')
    .option('--out <dir>', 'write report.json, report.html, report.md and junit.xml there')
    .option('--resume', 'go on where a run with the same --out was stopped')
    .option('--json', 'print the report as one JSON object')
    .addHelpText('after', examples(...evalExamples))
    .action(async (options: EvalOptions) =>
      done(await (await import('./run/eval.ts')).evaluate(io, options)),
    );
  addCompare(command, io, done);
  addAgents(command, io, done);
  addPromote(command, io, done);
}

function addCompare(command: Command, io: Io, done: Done): void {
  command
    .command('compare <first> <second>')
    .description('two reports task by task: McNemar and a bootstrap interval')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth eval compare before/report.json after/report.json'))
    .action(async (first: string, second: string, options: { json?: boolean }) =>
      done((await import('./run/eval-reports.ts')).compareReports(io, [first, second], options)),
    );
}

function addAgents(command: Command, io: Io, done: Done): void {
  command
    .command('agents <reports...>')
    .description('several agents side by side, area by area, as a Markdown table')
    .addHelpText('after', examples('berth eval agents builtin/report.json mine/report.json'))
    .action(async (reports: string[]) => done((await import('./run/eval-reports.ts')).agents(io, reports)));
}

function addPromote(command: Command, io: Io, done: Done): void {
  command
    .command('promote <reports...>')
    .description('which tasks must always pass from now on: reports of one agent, oldest first')
    .requiredOption('--list <file>', 'the tasks that must always pass, such as evals/always.json')
    .option('--write', 'write the list anew')
    .addHelpText('after', examples('berth eval promote night-*/report.json --list evals/always.json --write'))
    .action(async (reports: string[], options: PromoteOptions) =>
      done((await import('./run/eval-reports.ts')).promote(io, reports, options)),
    );
}

const others = '`openai:MODEL@URL`, `replay:FILE`, `mcp:COMMAND` or `mcp:URL`: a program or service of yours';

const evalExamples = [
  'berth eval',
  'berth eval --agent yes-man --area refuse',
  'berth eval --agent openai:qwen3@http://127.0.0.1:11434/v1 --area clarify --lanes 4',
  'berth eval --agent "mcp:python3 my_agent.py" --area placement',
  'berth eval --k 5 --out evals-report --resume',
  'berth eval compare before/report.json after/report.json',
];
