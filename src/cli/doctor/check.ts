import { BerthError } from '../../model/error.ts';

export type Area = 'runtime' | 'ledger' | 'terminal' | 'model' | 'programs' | 'config';

/** One thing that was looked at. */
export type Check = {
  readonly area: Area;
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; absent where all is well. */
  readonly fix?: string;
};

/** A failed check in the words of an error that a command would stop with. What is no such error is thrown on. */
export function failed(area: Area, check: string, error: unknown): Check {
  if (!(error instanceof BerthError)) throw error;
  return { area, check, status: 'fail', found: error.message, fix: error.detail.fix };
}
