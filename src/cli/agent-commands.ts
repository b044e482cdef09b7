import { type Command, Option } from 'commander';

import type { Io } from './io.ts';
import type { AgentJournalOptions } from './run/agent-journal.ts';
import type { AgentRunOptions } from './run/agent-run.ts';
import type { AgentWatchOptions } from './run/agent-watch.ts';
import { type Done, examples, wholeNumber, withCommon } from './words.ts';

/** Agents that work by themselves, under a mandate. */
export function addAgent(program: Command, io: Io, done: Done): void {
  const agent = program
    .command('agent')
    .description('let an agent work by itself within a mandate, and read what it did')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      examples(
        'berth mandates',
        'berth agent run "4 H100 in fra1 for 1 day from tomorrow for acme" --mandate M-1 --dry-run',
        'berth agent watch --mandate M-1 --once',
        'berth agent journal',
      ),
    );
  addRun(agent, io, done);
  addWatch(agent, io, done);
  withCommon(agent.command('journal [run]'))
    .description('what agents did by themselves: all runs, or one with every entry')
    .option('--limit <count>', 'so many runs', wholeNumber)
    .addHelpText('after', examples('berth agent journal', 'berth agent journal R-1 --json'))
    .action(async (run: string | undefined, options: AgentJournalOptions) =>
      done(await (await import('./run/agent-journal.ts')).agentJournal(io, run, options)),
    );
}

function withLimits(command: Command): Command {
  return withCommon(command)
    .requiredOption('--mandate <id>', 'under which it acts: never more than this allows')
    .option('--budget <eur>', 'at most so much in all, to the cent; its mandate binds besides')
    .option('--for <length>', 'at most so long, such as 30m, 2h or 3d')
    .option('--until <instant>', 'or until then, ISO 8601 with an offset')
    .option('--key <key>', 'idempotency key: the same key never begins a second run; a new one without it')
    .option('--dry-run', 'play it through with the real rules, and record nothing');
}

function addRun(agent: Command, io: Io, done: Done): void {
  withLimits(agent.command('run <goal...>'))
    .description('work towards a goal, sentence by sentence; `-` reads it from stdin')
    .option('--max-steps <count>', 'calls of tools, 60 without it', wholeNumber)
    .option('--go-on', 'also after a sentence that came to nothing')
    .option('--wait [length]', 'for a person where one has to say yes, an hour without a length')
    .addOption(new Option('--output <form>', 'of what it tells').choices(['text', 'json', 'stream-json']))
    .addHelpText('after', `${examples(...runExamples)}${runHelp}`)
    .action(async (goal: string[], options: AgentRunOptions) =>
      done(await (await import('./run/agent-run.ts')).agentRun(io, goal, options)),
    );
}

function addWatch(agent: Command, io: Io, done: Done): void {
  withLimits(agent.command('watch'))
    .description('look after contracts: breaches, faults, failed hand-overs; propose, and do what it may')
    .option('--max-steps <count>', 'deeds, 100 without it', wholeNumber)
    .option('--every <length>', 'between two looks, 1m without it')
    .option('--once', 'one look, for cron')
    .option('--extend-by <length>', 'extend contracts that end soon; without it none')
    .option('--ending-within <length>', 'what soon means, 1d without it')
    .addHelpText(
      'after',
      `${examples(
        'berth agent watch --mandate M-1 --once --dry-run',
        'berth agent watch --mandate M-1 --every 5m --budget 500 --json',
        'berth agent watch --mandate M-1 --once --extend-by 7d --ending-within 3d',
      )}${watchHelp}`,
    )
    .action(async (options: AgentWatchOptions) =>
      done(await (await import('./run/agent-watch.ts')).agentWatch(io, options)),
    );
}

const runExamples = [
  'berth agent run "4 H100 in fra1 for 1 day from tomorrow for acme" --mandate M-1 --dry-run',
  'berth agent run "extend C-105 by 2 days" --mandate M-1 --budget 1200 --wait 4h',
  'berth agent run - --mandate M-1 --max-steps 40 --output stream-json < goal.txt',
];

const runHelp = `
A plan is committed only if every word of its sentence was read, and the rules and the mandate let it; what needs a person
becomes an approval. SIGINT and SIGTERM end it after the present step, \`berth stop\` before its next deed.
Exit codes: 0 done; 2 bad input; 3 waits for a person; 4 infeasible; 5 denied, stopped, or out of steps, time or mandate;
6 not read whole, or a question; 7 model failed; 8 plan stale; 9 ledger refused; 130 interrupted.
`;

const watchHelp = `
The same cause is proposed once, also after a restart and with two watches at a time. A budget is that of one run: with --once
of one look, and the mandate bounds all of them together.
Exit codes of --once: 0 all is in hand; 3 something waits for a person; 4 something could not be mended; 5 denied, stopped,
or out of mandate.
`;
