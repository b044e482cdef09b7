import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { EvalOptions } from './run/eval.ts';
import { type Done, examples, wholeNumber } from './words.ts';

/** How good an agent is, by what happened in the ledger: `berth eval …`. */
export function addEval(program: Command, io: Io, done: Done): void {
  const command = program
    .command('eval')
    .enablePositionalOptions()
    .description('score an agent by what it did to the fleet; offline but for `openai:`')
    .option(
      '--agent <name>',
      'builtin, gold, noop, yes-man, `openai:MODEL@URL`, or `mcp:COMMAND`: a program that drives our MCP server',
      'builtin',
    )
    .option('--area <name>', 'only tasks about this, such as placement, clarify, refuse, inject')
    .option('--only <text>', 'only tasks with this in their id')
    .option('--tag <name>', 'only tasks with this tag')
    .option('--k <count>', 'run each task so many times', wholeNumber, 1)
    .option('--no-paraphrases', 'only the first wording of each task')
    .option('--list', 'show the tasks; run none')
    .option('--out <dir>', 'write report.json, report.html, report.md and junit.xml there')
    .option('--json', 'print the report as one JSON object')
    .addHelpText('after', examples(...evalExamples))
    .action(async (options: EvalOptions) =>
      done(await (await import('./run/eval.ts')).evaluate(io, options)),
    );
  command
    .command('compare <first> <second>')
    .description('two reports task by task: McNemar and a bootstrap interval')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth eval compare before/report.json after/report.json'))
    .action(async (first: string, second: string, options: { json?: boolean }) =>
      done((await import('./run/eval.ts')).compareReports(io, [first, second], options)),
    );
}

const evalExamples = [
  'berth eval',
  'berth eval --agent yes-man --area refuse',
  'berth eval --agent openai:qwen3@http://127.0.0.1:11434/v1 --area clarify',
  'berth eval --k 5 --out evals-report',
  'berth eval compare before/report.json after/report.json',
];
