import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { DefragCommandOptions } from './run/consolidate.ts';
import { type Common, type Done, examples, wholeNumber, withCommon } from './words.ts';

/** Moves that would empty nodes. */
export function addReclaim(program: Command, io: Io, done: Done): void {
  withCommon(program.command('consolidate'))
    .description('which moves would empty whole nodes, the fewest GPUs moved; nothing is moved')
    .option('--free <count>', 'so many nodes empty in the end; all of the place without it', wholeNumber)
    .option('--within <place>', 'only nodes of this place are emptied')
    .option('--limit <seconds>', 'that the solver may take', wholeNumber, 5)
    .addHelpText(
      'after',
      examples('berth consolidate --free 2 --within r12', 'berth consolidate --within r13 --json'),
    )
    .action(async (options: Common & { free?: number; within?: string; limit: number }) =>
      done(await (await import('./run/consolidate.ts')).consolidate(io, options)),
    );
}

/** The same on a made-up fleet, with the time it takes. */
export function addDefrag(bench: Command, io: Io, done: Done): void {
  bench
    .command('defrag')
    .description('empty nodes of a crowded fleet with the fewest GPU-moves')
    .option('--nodes <count>', 'with eight GPUs each, 1 to 1000', wholeNumber, 64)
    .option('--free <count>', 'nodes to empty besides those that are', wholeNumber, 8)
    .option('--full <percent>', 'of the GPUs in use', wholeNumber, 85)
    .option('--seed <number>', 'which fleet', wholeNumber, 1)
    .option('--limit <seconds>', 'that the solver may take', wholeNumber, 5)
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth bench defrag', 'berth bench defrag --nodes 32 --seed 7 --json'))
    .action(async (options: DefragCommandOptions) =>
      done(await (await import('./run/consolidate.ts')).defrag(io, options)),
    );
}
