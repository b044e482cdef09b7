import { type Command, InvalidArgumentError } from 'commander';

/** Options that every command knows. */
export type Common = { readonly as?: string; readonly tenant?: string[]; readonly json?: boolean };

/** Takes the exit code of the command that ran. */
export type Done = (code: number) => void;

/** Who acts and how answers come. */
export function withCommon(command: Command): Command {
  return command
    .option('--as <principal>', 'act as this person or agent, such as `ada` or `agent:ops-bot`')
    .option('--tenant <id...>', 'act for these tenants only')
    .option('--json', 'print one JSON object instead of text');
}

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('write a whole number');
  return value;
}

export function amount(text: string): number {
  if (!/^[0-9]{1,9}(?:\.[0-9]{1,6})?$/.test(text)) throw new InvalidArgumentError('write a number');
  return Number(text);
}

/** Collects an option that may be given several times. */
export function oneMore(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
