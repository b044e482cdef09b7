import type { Ledger } from '../ledger/port.ts';
import { type Aside, erasedWords, type Told } from '../model/aside.ts';
import type { Command } from '../model/command.ts';
import type { Refusal } from '../model/refusal.ts';

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

/** What somebody said, for people. */
export async function saidIn(ledger: Ledger, told: Told): Promise<string> {
  if (typeof told === 'string') return told;
  return (await ledger.readAside(told.aside)) ?? erasedWords;
}

/** A refusal with the words that its reason was given in. */
export async function inWords(ledger: Ledger, refusal: Refusal): Promise<Refusal> {
  if (refusal.kind !== 'stopped') return refusal;
  return { ...refusal, reason: await saidIn(ledger, refusal.reason) };
}

export function toldIn(command: Command): Told | undefined {
  if ('purpose' in command) return command.purpose;
  return 'reason' in command ? command.reason : undefined;
}
