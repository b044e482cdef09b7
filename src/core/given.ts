import type { PolicyVerdict } from '../model/policy.ts';
import type { Archive } from './state.ts';

/** Everything a decision needs that is not in the state: it arrives as an argument and stands in the ledger. */
export type Given = {
  /** When the decision is made. */
  readonly atMs: number;
  /** What the rules say about the sites for this demand. */
  readonly verdict: PolicyVerdict;
  /** What the asker took for granted; kept in the plan. */
  readonly assumptions?: readonly string[];
  /** Searches by trying everything in turn, to measure and test the index against. The answer is the same. */
  readonly isPlain?: boolean;
};

/** What `decide` needs: the verdict only for commands that place something. */
export type CommandGiven = {
  readonly atMs: number;
  readonly verdict?: PolicyVerdict;
  readonly archive: Archive;
};

/** One reason why a placement may not be granted. */
export type Violation = { readonly constraint: string; readonly note: string };
