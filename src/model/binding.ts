import { z } from 'zod';

import { ContractId, Digest, MaintenanceId, Path } from './id.ts';

/** What an engine is told about: a contract, or a maintenance window. */
export const Subject = z.union([ContractId, MaintenanceId]);
export type Subject = z.infer<typeof Subject>;

/** A kind of engine, and where there are several of it which one: `kubernetes:edge` is the cluster of that context. */
export const EngineName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,39}(?::[A-Za-z0-9][A-Za-z0-9._@:/-]{0,119})?$/,
    'an engine has a name such as `slurm`, or `kubernetes:edge` for the cluster of a context',
  )
  .brand<'EngineName'>();
export type EngineName = z.infer<typeof EngineName>;

/** One object of an engine, in the engine's own words. `key` names its kind and it, and is unique in the engine. */
export const EngineObject = z.strictObject({
  key: z.string().min(1).max(300),
  body: z.record(z.string().max(120), z.json()),
});
export type EngineObject = z.infer<typeof EngineObject>;

/** Everything that an engine is to hold for a subject: complete and immutable, so that carrying it out chooses nothing. */
export const HandOver = z.strictObject({
  schema: z.literal('berth/hand-over/1'),
  engine: EngineName,
  compiler: z.string().max(60).describe('name and version of what made the objects, such as `slurm/1`'),
  subject: Subject,
  version: z.int().min(1).describe('of the subject that the objects stand for'),
  places: z
    .array(Path)
    .max(64)
    .describe('it speaks for the nodes in these places; for all of them when empty'),
  options: z.record(z.string().max(60), z.string().max(300)),
  objects: z.array(EngineObject).max(1000).describe('by key; none once the subject has ended'),
  notes: z.array(z.string().max(300)).max(32).describe('what the engine cannot hold, in plain words'),
});
export type HandOver = z.infer<typeof HandOver>;

/** What came of handing it over, by what was read back afterwards. */
export const BindingResult = z.enum(['kept', 'differs', 'refused', 'unreachable', 'unreadable']);
export type BindingResult = z.infer<typeof BindingResult>;

/** One thing that was done to an engine, and what it answered. */
export const BindingStep = z.strictObject({
  act: z.enum(['create', 'change', 'remove']),
  key: z.string().max(300),
  answer: z.enum(['done', 'refused', 'unreachable', 'unknown']),
  why: z.string().max(300).optional().describe("the engine's own words, cleaned"),
});
export type BindingStep = z.infer<typeof BindingStep>;

/** The whole account of one attempt. What was read back lies beside the ledger under `found`. */
export const BindingAccount = z.strictObject({
  result: BindingResult,
  steps: z.array(BindingStep).max(16).describe('the first of them'),
  stepCount: z.int().min(0),
  differences: z.array(z.string().max(300)).max(16).describe('between what is wanted and what was read back'),
  found: Digest.optional().describe('of the objects that were read back; absent where none could be read'),
});
export type BindingAccount = z.infer<typeof BindingAccount>;
