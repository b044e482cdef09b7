import type { BindingResult, EngineName, Subject } from '../../model/binding.ts';
import type { Digest, Path } from '../../model/id.ts';

/** What an engine was handed for a subject, and how it stands there by what was last read back. */
export type Binding = {
  readonly subject: Subject;
  readonly engine: EngineName;
  /** Of the subject, that the objects stand for. */
  readonly version: number;
  /** Of the hand-over. */
  readonly objects: Digest;
  readonly objectCount: number;
  /** It speaks for the nodes in these places; for all of them when empty. */
  readonly places: readonly Path[];
  readonly beganAtMs: number;
  /** In vain since it was begun. */
  readonly attempts: number;
  /** When it is to be tried again; absent once it is kept, or was tried too often. */
  readonly nextAtMs?: number;
  readonly last?: {
    readonly result: BindingResult;
    readonly differences: readonly string[];
    readonly atMs: number;
  };
};

/** After so many attempts in vain a person has to look. */
export const attemptLimit = 12;

const firstWaitMs = 10_000;
const longestWaitMs = 3_600_000;

/** How long to wait after so many attempts in vain: 10 s, doubled each time, an hour at most. */
export function waitMs(attempts: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts - 1, 20));
}

/** Each engine has one binding for a subject. */
export function boundKey({ subject, engine }: { readonly subject: string; readonly engine: string }): string {
  return `${subject} ${engine}`;
}
