import { Argument, type Command } from 'commander';

import { fileNames, settings } from './config/settings.ts';
import type { Io } from './io.ts';
import type { ConfigOptions } from './run/config.ts';
import { type Done, examples } from './words.ts';

/** Settings and where they come from: `berth config`. */
export function addConfig(program: Command, io: Io, done: Done): void {
  const config = program
    .command('config')
    .enablePositionalOptions()
    .description('settings, with who says so; a file for those that are always the same')
    .addHelpText(
      'after',
      `${examples('berth config list', 'berth config set theme light', 'berth config get home')}
A flag wins over the environment, that over the file, that over what the home says, that over what happens by itself.
The file is YAML, and holds ${fileNames.join(', ')}. Secrets are kept in no file.
`,
    );
  config
    .command('list')
    .description('every setting, its value, and where that comes from')
    .option('--as <principal>', 'as with other commands: who acts')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('berth config list', 'BERTH_THEME=mono berth config list --json'))
    .action(async (options: ConfigOptions) => done((await load()).listConfig(io, options)));
  config
    .command('get')
    .addArgument(nameAmong(settings.map(({ name }) => name)))
    .description('one setting as it counts now')
    .option('--as <principal>', 'as with other commands: who acts')
    .option('--json', 'print one JSON object: also where it comes from')
    .addHelpText('after', examples('berth config get home', 'berth config get BERTH_THEME --json'))
    .action(async (name: string, options: ConfigOptions) =>
      done((await load()).getConfig(io, name, options)),
    );
  config
    .command('set')
    .addArgument(nameAmong(fileNames))
    .argument('<value>', 'what it is to be')
    .description('put a setting into the config file')
    .addHelpText('after', examples('berth config set theme light', 'berth config set model qwen3'))
    .action(async (name: string, value: string) => done((await load()).setConfig(io, name, value)));
  config
    .command('unset')
    .addArgument(nameAmong(fileNames))
    .description('take a setting out of the config file')
    .addHelpText('after', examples('berth config unset theme'))
    .action(async (name: string) => done((await load()).unsetConfig(io, name)));
  config
    .command('path')
    .description('where the config file belongs')
    .addHelpText('after', examples('$EDITOR "$(berth config path)"', 'berth config path'))
    .action(async () => done((await load()).configPathOf(io)));
}

/** Shown and completed, but not enforced by the parser: what else is typed is answered with what was meant. */
function nameAmong(names: readonly string[]): Argument {
  const argument = new Argument('<setting>', `${names.join(', ')}, or the variable of one`);
  argument.argChoices = [...names];
  return argument;
}

function load() {
  return import('./run/config.ts');
}
