import type { TurnOutcome } from '../agent/agent.ts';
import type { ErrorCode } from '../model/error.ts';

/** What a script sees of an outcome. */
const ofOutcome: Record<Exclude<TurnOutcome, 'error'>, number> = {
  answered: 0,
  committed: 0,
  planned: 3,
  pending_approval: 3,
  infeasible: 4,
  denied: 5,
  needs_input: 6,
  stale: 8,
};

const ofError: Record<ErrorCode, number> = {
  INVALID_INPUT: 2,
  NOT_FOUND: 2,
  FORBIDDEN: 5,
  APPROVAL_DENIED: 5,
  IDEMPOTENCY_CONFLICT: 9,
  LEDGER_REFUSED: 9,
  LEDGER_BUSY: 9,
  INTERRUPTED: 130,
  MODEL_FAILED: 7,
  INTERNAL: 1,
};

/** The exit code of `berth -p`. An error without a code is 1. */
export function exitCodeOf(turn: {
  readonly outcome: TurnOutcome;
  readonly error?: { readonly code: ErrorCode };
}): number {
  if (turn.outcome !== 'error') return ofOutcome[turn.outcome];
  return turn.error === undefined ? 1 : exitCodeOfError(turn.error.code);
}

/** The exit code of a sub-command that failed. */
export function exitCodeOfError(code: ErrorCode): number {
  return ofError[code];
}
