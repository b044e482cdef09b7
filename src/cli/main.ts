import { type Command, CommanderError } from 'commander';

import { buildProgram } from './commands.ts';
import type { Config } from './config/config-path.ts';
import { withConfig } from './config/effective.ts';
import type { Io } from './io.ts';

/** What commander calls a usage error. */
const usage = 2;

/** Runs one command line; resolves to the exit code. Never rejects. */
export async function main(argv: readonly string[], given: Io): Promise<number> {
  let code = 0;
  const io = await withConfig(given);
  const program = buildProgram(io, (exit) => {
    code = exit;
  });
  program.hook('preAction', (_, acting) => refuseBadConfig(io.config, acting));
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((child) => child.commands),
  ]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  }
  try {
    await program.parseAsync(withPrompt(argv), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage;
    const { reportFailure } = await import('./failure.ts');
    return reportFailure(io, error);
  }
}

/** Settings that were half read would be others than were meant. What mends the fault goes on, and what reads no setting. */
function refuseBadConfig({ file }: Config, acting: Command): void {
  const names = [acting.name(), acting.parent?.name()];
  const mends = names.some((name) => name === 'config' || name === 'doctor');
  const reads = acting.getOptionValue('version') !== true && acting.name() !== 'completion';
  if (file.kind === 'bad' && reads && !mends) throw file.error;
}

/** A request may begin with a minus (`-p "-4 GPUs"`): what follows `-p` and has a space in it is no option. */
function withPrompt(argv: readonly string[]): string[] {
  const at = argv.findIndex((word) => word === '-p' || word === '--prompt');
  const text = argv[at + 1];
  if (at < 0 || text === undefined || !/^-.* /s.test(text)) return [...argv];
  return [...argv.slice(0, at), `--prompt=${text}`, ...argv.slice(at + 2)];
}
