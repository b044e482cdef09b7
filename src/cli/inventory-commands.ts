import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { DoubtOptions } from './run/doubts.ts';
import { type Done, examples, wholeNumber, withCommon } from './words.ts';

/** What sources disagree about or leave open, and who says what: below `berth inventory`. */
export function addDoubts(inventory: Command, io: Io, done: Done): void {
  paged(inventory.command('conflicts [place]'))
    .description('attributes about which sources say different things, the one that is used first')
    .addHelpText('after', examples('berth inventory conflicts', 'berth inventory conflicts fra1 --json'))
    .action(async (place: string | undefined, options: DoubtOptions) =>
      done(await (await import('./run/doubts.ts')).conflicts(io, place, options)),
    );
  paged(inventory.command('unknown [place]'))
    .description('what sources left open, and why')
    .addHelpText('after', examples('berth inventory unknown', 'berth inventory unknown fra1-r11-n02'))
    .action(async (place: string | undefined, options: DoubtOptions) =>
      done(await (await import('./run/doubts.ts')).unknowns(io, place, options)),
    );
  paged(inventory.command('provenance <place>'))
    .description('everything that anybody says about a place, with file, line, time and whether it is used')
    .addHelpText(
      'after',
      examples(
        'berth inventory provenance fra1-r11-n02',
        'berth inventory provenance fra1/h1/r11/n02/gpu3 --json',
      ),
    )
    .action(async (place: string, options: DoubtOptions) =>
      done(await (await import('./run/doubts.ts')).provenance(io, place, options)),
    );
}

function paged(command: Command): Command {
  return withCommon(command)
    .option('--limit <count>', 'so many at once', wholeNumber)
    .option('--cursor <cursor>', 'go on where the last answer ended');
}
