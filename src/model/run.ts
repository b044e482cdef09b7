import { z } from 'zod';

import { Told } from './aside.ts';
import { ApprovalId, ContractId, Digest, MandateId, Path, PlanId, RunId } from './id.ts';
import { OccurrenceId } from './occurrence.ts';
import { AtMs, MicroEur } from './unit.ts';

/** `goal`: somebody said what is to be done. `watch`: it looks after contracts by itself. */
export const RunKind = z.enum(['goal', 'watch']);
export type RunKind = z.infer<typeof RunKind>;

/** What a run may take at most. Its mandate binds besides, and whichever is less counts. */
export const RunLimits = z.strictObject({
  steps: z.int().min(1).max(1000).describe('calls of tools'),
  spendMicroEur: MicroEur.optional().describe('of all that it commits, waits for and adds to contracts'),
  untilMs: AtMs,
});
export type RunLimits = z.infer<typeof RunLimits>;

/** Why something needs a hand: `key` is the same whoever finds it, and another one when it happens again. */
export const Cause = z.strictObject({
  key: Digest,
  kind: z.enum(['breach', 'fault', 'hand-over', 'ending']),
  contract: ContractId,
  places: z.array(Path).max(16).describe('nodes that it is to leave, where there are any'),
  events: z.array(OccurrenceId).max(16).describe('that told of it'),
});
export type Cause = z.infer<typeof Cause>;

const How = z.enum(['plan', 'release', 'use-spare', 'replace', 're-place', 'extend']);
export type How = z.infer<typeof How>;

/** `again`: nothing stood in the way of the wish but its plan or the pace, and it may be proposed once more. */
export const NoteResult = z.enum(['done', 'waiting', 'refused', 'again']);
export type NoteResult = z.infer<typeof NoteResult>;

/** One line of the journal: what was seen, what was proposed, what was done. No words of a model or a source. */
export const Note = z.strictObject({
  step: z.int().min(1).max(4000).describe('which sentence of the goal, or which proposal of the watch'),
  saw: z
    .array(z.strictObject({ tool: z.string().max(60), isError: z.literal(true).optional(), answer: Digest }))
    .max(64)
    .describe('tools that were called, and digests of what they answered'),
  cause: Cause.optional(),
  proposed: z.strictObject({ how: How, plan: PlanId.optional(), contract: ContractId.optional() }).optional(),
  did: z
    .strictObject({
      result: NoteResult,
      entry: z.int().min(1).optional().describe('of the ledger, where it stands'),
      contract: ContractId.optional(),
      approval: ApprovalId.optional(),
      refusal: z.string().max(60).optional().describe('its kind'),
    })
    .optional(),
});
export type Note = z.infer<typeof Note>;

/** Why a run ended. */
export const RunEnd = z.enum([
  'done',
  'waiting',
  'refused',
  'not-read',
  'needs-input',
  'steps',
  'time',
  'stopped',
  'mandate',
  'interrupted',
  'failed',
]);
export type RunEnd = z.infer<typeof RunEnd>;

const begun = {
  mandate: MandateId,
  what: RunKind,
  limits: RunLimits,
  purpose: Told.optional().describe('the goal, in the words of whoever set it'),
};
const noted = { run: RunId, note: Note };
const ended = { run: RunId, why: RunEnd };

/** An agent that works by itself says what it does. Whether it may do it is decided where it does it. */
export const RunCommand = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('begin-run'), ...begun }),
  z.strictObject({ kind: z.literal('note-run'), ...noted }),
  z.strictObject({ kind: z.literal('end-run'), ...ended }),
]);
export type RunCommand = z.infer<typeof RunCommand>;

/** What happened to runs. `run-used` stands in the entry of the deed, so that no deed is without its run. */
export const RunEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run-begun'), run: RunId, ...begun }),
  z.strictObject({ kind: z.literal('run-used'), run: RunId, spendMicroEur: MicroEur }),
  z.strictObject({ kind: z.literal('run-noted'), ...noted }),
  z.strictObject({ kind: z.literal('run-ended'), ...ended }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
