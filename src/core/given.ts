import type { Actor } from '../model/actor.ts';
import type { Digest } from '../model/id.ts';
import type { SignatureVerdict } from '../model/key.ts';
import type { Measurement } from '../model/measurement.ts';
import type { PolicyVerdict, RuleHit } from '../model/policy.ts';
import type { TemplateUse } from '../model/template.ts';
import type { Archive } from './state.ts';

/** Everything a decision needs that is not in the state: it arrives as an argument and stands in the ledger. */
export type Given = {
  /** When the decision is made. */
  readonly atMs: number;
  /** What the rules say about the sites for this demand. */
  readonly verdict: PolicyVerdict;
  /** What the asker took for granted; kept in the plan. */
  readonly assumptions?: readonly string[];
  /** What the demand was made from; kept in the plan, decides nothing. */
  readonly template?: TemplateUse | undefined;
  /** Searches by trying everything in turn, to measure and test the index against. The answer is the same. */
  readonly isPlain?: boolean;
};

/** What the rules say about an act: whether it may be, and how much say people have in it. */
export type ActVerdict = {
  /** Of the packs that answered. */
  readonly policy: Digest;
  readonly answer: 'allowed' | 'forbidden' | 'fact-missing';
  readonly hits: readonly RuleHit[];
  /** 0 and 1: none; 2: whoever asked confirms; 3: another person; 4: two others. */
  readonly tier: number;
  /** Why so much. */
  readonly why: readonly string[];
};

/** Who gives a command, and what was found about that outside the core. */
export type Acting = {
  readonly actor: Actor;
  readonly verdict: ActVerdict;
  /** For a word on an approval: the rules about the command that waits, by whoever asked for it. */
  readonly parked?: ActVerdict;
  readonly signature: SignatureVerdict;
};

/** What `decide` needs: the verdict only for commands that place something. */
export type CommandGiven = {
  readonly atMs: number;
  readonly verdict?: PolicyVerdict;
  readonly archive: Archive;
  /** Absent only where nobody asks: in the core's own measurements. The door always says who. */
  readonly by?: Acting;
  /** What the door found of signatures in the command, and of the rule that is to be overridden. */
  readonly sealed?: Sealed;
  /** What was measured, for the command that looks at a contract. */
  readonly measurement?: Measurement;
};

export type Sealed = {
  /** One for each fact of the command, or the one of the second person. */
  readonly signatures: readonly SignatureVerdict[];
  readonly override?: 'second-person' | 'never' | 'unknown-rule';
};

/** One reason why a placement may not be granted. */
export type Violation = { readonly constraint: string; readonly note: string };
