import type { Command } from 'commander';

import type { Io } from './io.ts';
import { addDefrag } from './reclaim-commands.ts';
import type { BenchLedgerOptions, BenchReplayOptions } from './run/bench-ledger.ts';
import type { BenchPlanningOptions, BenchSimulateOptions } from './run/bench-planning.ts';
import type { BenchMixesOptions, BenchOpenbOptions } from './run/bench.ts';
import { type Done, examples, wholeNumber } from './words.ts';

/** What measures placement: `berth bench …`. */
export function addBench(program: Command, io: Io, done: Done): void {
  const bench = program
    .command('bench')
    .description('measure placement: how full the fleet, how fast')
    .addHelpText('after', examples('berth bench mixes', ...benchExamples));
  addOpenb(bench, io, done);
  addMixes(bench, io, done);
  addWalk(bench, io, done);
  addDefrag(bench, io, done);
  addPlanningBenches(bench, io, done);
  addSimulateBench(bench, io, done);
  addReplay(bench, io, done);
  addLedgerBench(bench, io, done);
}

function addOpenb(bench: Command, io: Io, done: Done): void {
  bench
    .command('openb')
    .description('replay a list of the openb trace, as the published experiments did')
    .option('--data <dir>', 'folder with the CSV files of the trace')
    .option('--list <name>', 'list of requests: a name such as `default`, or a CSV file', 'default')
    .option('--orders <file.json>', 'published orders of arrival; without it one is drawn from the seed')
    .option('--seed <number>', 'which order', wholeNumber, 42)
    .option('--policy <name>', 'default, power, fgd, bestfit, packing, clustering or dotprod', 'default')
    .option(
      '--power-weight <thousandths>',
      'how much of the score of `--policy power` is watts: 0 none, 1000 all (default: 500)',
      wholeNumber,
    )
    .option('--scale <count>', 'repeat nodes and arrivals so many times', wholeNumber, 1)
    .option('--placements <file>', 'write every decision: `index,node,gpus`')
    .option('--contracts', 'also make every request a contract: planned, checked and committed by the core')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples(...benchExamples))
    .action(async (options: BenchOpenbOptions) =>
      done(await (await import('./run/bench.ts')).openb(io, options)),
    );
}

function addMixes(bench: Command, io: Io, done: Done): void {
  bench
    .command('mixes')
    .description('compare the default policy with the published ones on made-up mixes of requests and fleets')
    .option('--seed <number>', 'which draw', wholeNumber, 1)
    .option('--count <number>', 'so many random mixes beside the named ones', wholeNumber, 21)
    .option('--orders <number>', 'each figure is the mean over so many orders of arrival', wholeNumber, 1)
    .option('--only <text>', 'only mixes with this in their name, such as `typed` or `memory-scarce/`')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth bench mixes', 'berth bench mixes --count 200 --seed 7 --json'))
    .action(async (options: BenchMixesOptions) =>
      done(await (await import('./run/bench.ts')).mixes(io, options)),
    );
}

function addWalk(bench: Command, io: Io, done: Done): void {
  bench
    .command('walk')
    .description('walk at random over small fleets and sum up every promise after each step')
    .option('--steps <count>', 'how many steps', wholeNumber, 10_000)
    .option('--seed <number>', 'which walk', wholeNumber, 1)
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth bench walk', 'berth bench walk --steps 1000000 --seed 7 --json'))
    .action(async (options: { steps: number; seed: number; json?: boolean }) =>
      done(await (await import('./run/walk.ts')).walk(io, options)),
    );
}

function addSimulateBench(bench: Command, io: Io, done: Done): void {
  bench
    .command('simulate')
    .description('lose racks of generated fleets, and place anew what stood there')
    .option('--nodes <count>', 'nodes of the largest of four fleets', wholeNumber, 512)
    .option('--seed <number>', 'which fleets and racks', wholeNumber, 1)
    .option('--losses <count>', 'how many racks each fleet loses, one at a time', wholeNumber, 20)
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth bench simulate', 'berth bench simulate --nodes 1536 --json'))
    .action(async (options: BenchSimulateOptions) =>
      done(await (await import('./run/bench-planning.ts')).simulating(io, options)),
    );
}

function addPlanningBenches(bench: Command, io: Io, done: Done): void {
  for (const [topic, what] of planningTopics) {
    bench
      .command(topic)
      .description(what)
      .option('--nodes <count>', 'nodes of the largest of four fleets', wholeNumber, 1536)
      .option('--seed <number>', 'which fleets and questions', wholeNumber, 1)
      .option('--questions <count>', 'how many each fleet is asked', wholeNumber, 200)
      .option('--scans <count>', 'how many a plain scan answers too, at most', wholeNumber, 10)
      .option('--json', 'print one JSON object instead of text')
      .addHelpText('after', examples(`berth bench ${topic}`, `berth bench ${topic} --nodes 12500 --json`))
      .action(async (options: BenchPlanningOptions) =>
        done(await (await import('./run/bench-planning.ts')).planning(io, topic, options)),
      );
  }
}

const planningTopics = [
  ['plan', 'ask generated fleets for single nodes and small gangs'],
  ['gang', 'ask generated fleets for 128 nodes at once'],
  ['calendar', 'ask generated fleets, booked for 90 days, for the earliest start'],
  ['explain', 'ask generated fleets for what they cannot hold: why not, and what would fit'],
] as const;

function addLedgerBench(bench: Command, io: Io, done: Done): void {
  bench
    .command('ledger')
    .description('fill a ledger, open it, back it up, and prove from it')
    .option('--entries <count>', 'how many entries', wholeNumber, 10_000)
    .option('--leaves <count>', 'of the tree that proofs are measured in', wholeNumber, 100_000)
    .option('--seed <number>', 'which entries', wholeNumber, 1)
    .option('--folder <folder>', 'on the disk that is measured; the folder for temporary files without it')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      examples('berth bench ledger', 'berth bench ledger --entries 100000 --leaves 1000000 --json'),
    )
    .action(async (options: BenchLedgerOptions) =>
      done(await (await import('./run/bench-ledger.ts')).ledger(io, options)),
    );
}

function addReplay(bench: Command, io: Io, done: Done): void {
  bench
    .command('replay')
    .description('make decisions about a generated fleet, and decide all of them again from their entries')
    .option('--nodes <count>', 'nodes of the fleet', wholeNumber, 500)
    .option('--decisions <count>', 'how many decisions', wholeNumber, 10_000)
    .option('--seed <number>', 'which fleet and decisions', wholeNumber, 1)
    .option('--keep <file>', 'write the decisions to a new file, packed')
    .option('--from <file>', 'replay those in such a file, on this Node, instead of making some')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      examples(
        'berth bench replay',
        'berth bench replay --decisions 1000000 --keep million.berth',
        'berth bench replay --from million.berth --json',
      ),
    )
    .action(async (options: BenchReplayOptions) =>
      done(await (await import('./run/bench-ledger.ts')).replay(io, options)),
    );
}

const benchExamples = [
  'berth bench openb --data clusterdata/cluster-trace-gpu-v2023/csv',
  'berth bench openb --data csv --orders default.json --seed 42 --policy fgd --placements out.csv',
];
