import type { RunId } from './id.ts';
import type { PlanView, RefusalView } from './plan-view.ts';
import type { Cause, How, Note, NoteResult, RunEnd, RunKind } from './run.ts';
import type { Snapshot } from './view.ts';

/** Whether a line of the journal was written, and where. */
export type RunWritten = {
  readonly snapshot: Snapshot;
  readonly decision: 'recorded' | 'rejected';
  readonly replayed: boolean;
  readonly run?: RunId;
  readonly refusal?: RefusalView;
  readonly entry?: { readonly seq: number; readonly digest: string };
};

/** A run as people are told of it. Without `end` it goes on, or its process is gone. */
export type RunView = {
  readonly id: string;
  readonly what: RunKind;
  readonly agent: string;
  readonly by?: string;
  readonly mandate: string;
  readonly goal?: string;
  readonly steps: number;
  readonly budgetMicroEur?: number;
  readonly spentMicroEur: number;
  readonly began: string;
  readonly until: string;
  readonly deeds: number;
  readonly notes: number;
  readonly end?: { readonly why: RunEnd; readonly at: string };
};

/** One entry of a run: a line of its journal, or a deed, as the ledger decided it. */
export type RunLine = {
  readonly entry: number;
  readonly at: string;
  readonly kind: 'begun' | 'note' | 'deed' | 'ended';
  readonly note?: Note;
  readonly command?: string;
  readonly decision?: string;
  readonly refusal?: string;
  readonly contract?: string;
  readonly approval?: string;
  readonly why?: RunEnd;
};

export type RunList = {
  readonly snapshot: Snapshot;
  readonly runs: readonly RunView[];
  readonly total: number;
};

export type RunDetail = {
  readonly snapshot: Snapshot;
  readonly run: RunView;
  readonly lines: readonly RunLine[];
};

/** Something that a watch found, and what came of it. */
export type WatchStep = {
  readonly run: string;
  readonly step: number;
  readonly cause: Cause;
  readonly why: string;
  readonly how?: How;
  readonly what?: string;
  readonly plan?: PlanView;
  /** `no-plan`: nothing fits; `other-run`: another watch has it in hand. */
  readonly result: NoteResult | 'no-plan' | 'other-run';
  readonly approval?: string;
  /** What a person types. */
  readonly command?: string;
  readonly refusal?: RefusalView;
  readonly entry?: number;
};

/** One look of a watch. `end` says why it goes no further. */
export type WatchRound = {
  readonly snapshot: Snapshot;
  readonly run?: RunId;
  readonly found: number;
  readonly settled: number;
  readonly steps: readonly WatchStep[];
  readonly end?: RunEnd;
  /** Why no run could be begun. */
  readonly refusal?: RefusalView;
};
