import type { Command } from 'commander';

import type { Io } from './io.ts';
import type { DoctorOptions } from './run/doctor.ts';
import { type Done, examples } from './words.ts';

/** What Berth stands on, and what to do about it: `berth doctor`. */
export function addDoctor(program: Command, io: Io, done: Done): void {
  program
    .command('doctor')
    .description(
      'look at everything that Berth stands on: runtime, config, ledger, model, terminal, programs',
    )
    .option('--ask', 'also ask the endpoint of the model whether it answers')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      `${examples('berth doctor', 'berth doctor --ask', 'berth doctor --json')}
Nothing is made or changed, no program is started, and without \`--ask\` nothing leaves this machine.
Exit codes: 0 nothing failed; else that of the first failure: 2 runtime or config, 9 ledger, 7 model.
`,
    )
    .action(async (options: DoctorOptions) =>
      done(await (await import('./run/doctor.ts')).doctor(io, options)),
    );
}
