import type { ObservedView } from './observed-view.ts';
import type { PlanView, RefusalView } from './plan-view.ts';
import type { Snapshot } from './view.ts';

/** A way out of a breach: a plan that can be committed, or why there is none. */
export type Remedy = {
  readonly how: 'replace' | 'use-spare' | 'extend';
  readonly what: string;
  readonly plan?: PlanView;
  readonly refusal?: RefusalView;
};

/** What came of looking at a contract. */
export type ObservationResult = {
  readonly snapshot: Snapshot;
  readonly decision: 'observed' | 'breached' | 'restored' | 'rejected';
  readonly observed?: ObservedView;
  readonly refusal?: RefusalView;
  /** Whether anything was recorded: what is as it was is not. */
  readonly isRecorded: boolean;
  readonly entry?: { readonly seq: number; readonly digest: string };
  readonly remedies: readonly Remedy[];
};
