import type { Ledger } from '../ledger/port.ts';
import type { Aside, Told } from '../model/aside.ts';
import type { Command } from '../model/command.ts';

/** Where the words of a command are kept, if it has any that can be erased. */
export function asideOf(command: Command): Aside | undefined {
  const told = toldIn(command);
  return typeof told === 'object' ? told : undefined;
}

/** Somebody's own words for why; nothing when there were none, or when they were erased. */
export async function wordsIn(ledger: Ledger, command: Command): Promise<string | undefined> {
  const told = toldIn(command);
  return typeof told === 'object' ? ledger.readAside(told.aside) : told;
}

function toldIn(command: Command): Told | undefined {
  if ('purpose' in command) return command.purpose;
  return 'reason' in command ? command.reason : undefined;
}
