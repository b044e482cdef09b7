import type { BindingAccount, EngineName, Subject } from './binding.ts';
import type { Path } from './id.ts';
import type { RefusalView } from './plan-view.ts';
import type { Snapshot } from './view.ts';

/** A file that an engine's people can keep and apply themselves. */
export type EngineFile = { readonly file: string; readonly text: string };

/** Which engines have which sites of a subject, or the sites of which nobody said who runs them. */
export type EngineShares =
  | {
      readonly kind: 'known';
      readonly shares: readonly { readonly engine: EngineName; readonly places: readonly Path[] }[];
    }
  | { readonly kind: 'unsaid'; readonly sites: readonly Path[] };

/** What an engine is to hold for a subject. */
export type BindingPlan = {
  readonly snapshot: Snapshot;
  readonly subject: Subject;
  readonly engine: EngineName;
  readonly version: number;
  /** Absent where the subject has ended: then nothing is to be held. */
  readonly objects: readonly string[];
  readonly files: readonly EngineFile[];
  /** What the engine cannot hold, in plain words. */
  readonly notes: readonly string[];
};

/** What would be done to the engine as it is now. */
export type BindingTrial = BindingPlan & {
  readonly answers: boolean;
  readonly probe: string;
  readonly steps: readonly string[];
  /** What the engine would say to each object, where it was asked; nothing was kept. */
  readonly judged?: readonly {
    readonly key: string;
    readonly answer: 'accepted' | 'refused' | 'unreachable' | 'unknown';
    readonly why?: string;
  }[];
};

/** What was done, and what was read back afterwards. */
export type BindingDone = Omit<BindingPlan, 'files'> & {
  readonly account?: BindingAccount;
  readonly attempts?: number;
  readonly nextAt?: string;
  readonly entry?: { readonly seq: number; readonly digest: string };
  readonly refusal?: RefusalView;
  /** Whether anything was recorded: looking again at what is kept is not. */
  readonly isRecorded: boolean;
};

/** One binding as it stands. */
export type BindingView = {
  readonly subject: Subject;
  readonly engine: EngineName;
  readonly version: number;
  readonly places: readonly Path[];
  readonly objectCount: number;
  readonly state: 'begun' | 'kept' | 'open' | 'stuck' | 'taken-away';
  readonly result?: string;
  readonly differences: readonly string[];
  readonly attempts: number;
  readonly nextAt?: string;
  /** Why an engine is to be spoken to about it now. */
  readonly due?: string;
};

export type BindingList = { readonly snapshot: Snapshot; readonly bindings: readonly BindingView[] };
