import type { Command } from 'commander';

import type { Io } from './io.ts';
import { type Done, examples } from './words.ts';

/** Who reads requests, and whether its endpoint can be used: `berth model`. */
export function addModel(program: Command, io: Io, done: Done): void {
  program
    .command('model')
    .description('say who reads requests, and test the endpoint of a model')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      `${examples('berth model', 'BERTH_MODEL=qwen3 OPENAI_BASE_URL=http://127.0.0.1:11434/v1 berth model')}
Nothing is sent anywhere without BERTH_MODEL. The test asks for the list of models and for one small tool call;
a model that makes none is asked for the same as JSON, which is how it is used then.
`,
    )
    .action(async (options: { json?: boolean }) =>
      done(await (await import('./run/model.ts')).model(io, options)),
    );
}
