import type { Command } from '../../model/command.ts';

/**
 * A command without a reason that is kept aside: the same wish has the same digest whatever was said, and whoever holds
 * the text finds it by no digest. A reason in plain text, as older entries carry it, is part of what was hashed then.
 */
export function wordless(command: Command): object {
  if (!('reason' in command) || typeof command.reason !== 'object') return command;
  const { reason: _reason, ...rest } = command;
  return rest;
}
