import { BerthError } from '../model/error.ts';
import type { Digest, PlanId } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import type { ReadOnlyReason } from './port.ts';

/** A path as it may be shown. */
export function shownPath(path: string): string {
  return `\`${cleanText(path, 400)}\``;
}

/** The ledger cannot do this, and trying again does not help. */
export function ledgerRefused(message: string, fix: string, cause?: unknown): BerthError {
  return new BerthError({ code: 'LEDGER_REFUSED', message, fix }, { cause });
}

/** Others were using the ledger for as long as the caller was willing to wait. */
export function ledgerBusy(path: string, cause?: unknown): BerthError {
  return new BerthError(
    {
      code: 'LEDGER_BUSY',
      message: `ledger ${shownPath(path)} is busy: other processes kept it locked`,
      fix: 'try again; nothing was written',
      retryable: true,
    },
    { cause },
  );
}

export function ledgerClosed(place: string): BerthError {
  return ledgerRefused(`ledger ${shownPath(place)} is closed`, 'open it again');
}

export function ledgerReadOnly({ why, fix }: ReadOnlyReason): BerthError {
  return ledgerRefused(`${why}; it is open for reading only`, fix);
}

export function handleTaken(id: PlanId, known: Digest): BerthError {
  return ledgerRefused(
    `plan handle \`${id}\` already names the plan \`${known}\``,
    'plan again: the new plan gets another handle',
  );
}
