import { z } from 'zod';

import { Erasure } from './aside.ts';
import { Tier } from './authority.ts';
import { BindingResult, EngineName, Subject } from './binding.ts';
import type { Event } from './event.ts';
import { FactSubject } from './governance-fact.ts';
import {
  ApprovalId,
  ContractId,
  Digest,
  MaintenanceId,
  OverrideId,
  Path,
  PlanId,
  RunId,
  TenantId,
} from './id.ts';
import { Refusal } from './refusal.ts';
import { RunEnd } from './run.ts';
import { TemplateName } from './template.ts';
import { AtMs, MicroEur } from './unit.ts';

const observation = {
  contract: ContractId,
  measurement: Digest,
  kept: z.int().min(0).describe('terms'),
  broken: z.int().min(0),
  unmeasured: z.int().min(0),
};

/** Yes or no to a command. */
export const Decision = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tenant-registered'), tenant: TenantId }),
  z.strictObject({
    kind: z.literal('observation-recorded'),
    observation: Digest,
    subjectCount: z.int().min(0),
  }),
  z.strictObject({
    kind: z.literal('contract-granted'),
    contract: ContractId,
    plan: PlanId,
    startMs: AtMs,
    endMs: AtMs.optional(),
    totalMicroEur: MicroEur.optional(),
    preempts: z.array(ContractId).min(1).optional().describe('contracts that end for it'),
    shrinks: z.array(ContractId).min(1).optional().describe('contracts that give up extras for it'),
  }),
  z.strictObject({
    kind: z.literal('contract-changed'),
    contract: ContractId,
    version: z.int().min(2),
    plan: PlanId,
    startMs: AtMs.describe('from then on it holds what the plan says'),
    endMs: AtMs.optional(),
    totalMicroEur: MicroEur.optional().describe('from the change to the end'),
  }),
  z.strictObject({ kind: z.literal('plan-held'), plan: PlanId, untilMs: AtMs }),
  z.strictObject({ kind: z.literal('hold-dropped'), plan: PlanId }),
  z.strictObject({
    kind: z.literal('maintenance-scheduled'),
    id: MaintenanceId,
    place: Path,
    nodeCount: z.int().min(1),
  }),
  z.strictObject({ kind: z.literal('maintenance-cancelled'), id: MaintenanceId, atMs: AtMs }),
  z.strictObject({
    kind: z.literal('contract-released'),
    contract: ContractId,
    atMs: AtMs,
    usedMicroEur: MicroEur.describe('from start to release'),
  }),
  z.strictObject({
    kind: z.literal('binding-begun'),
    subject: Subject,
    engine: EngineName,
    version: z.int().min(1),
    objectCount: z.int().min(0),
  }),
  z.strictObject({
    kind: z.literal('binding-reported'),
    subject: Subject,
    engine: EngineName,
    result: BindingResult,
    attempts: z.int().min(0),
    nextAtMs: AtMs.optional(),
  }),
  z.strictObject({ kind: z.literal('contract-observed'), ...observation }),
  z.strictObject({ kind: z.literal('contract-breached'), ...observation }),
  z.strictObject({ kind: z.literal('contract-restored'), ...observation }),
  z.strictObject({ kind: z.literal('asides-erased'), ...Erasure.shape }),
  z.strictObject({
    kind: z.literal('approval-requested'),
    approval: ApprovalId,
    tier: Tier,
    persons: z.int().min(1).max(2).describe('who must say yes'),
    expiresAtMs: AtMs,
    heldUntilMs: AtMs.optional().describe('its capacity is held until then'),
  }),
  z.strictObject({ kind: z.literal('approval-counted'), approval: ApprovalId, missing: z.int().min(1) }),
  z.strictObject({ kind: z.literal('approval-rejected'), approval: ApprovalId }),
  z.strictObject({
    kind: z.literal('authority-recorded'),
    what: z.enum(['team', 'person', 'agent', 'key', 'mandate', 'stop', 'model', 'tools']),
    id: z.string().max(200),
    state: z.enum(['registered', 'granted', 'revoked', 'stopped', 'resumed']),
  }),
  z.strictObject({ kind: z.literal('facts-recorded'), factCount: z.int().min(1) }),
  z.strictObject({ kind: z.literal('fact-retracted'), subject: FactSubject, attribute: z.string().max(41) }),
  z.strictObject({ kind: z.literal('rule-overridden'), id: OverrideId, untilMs: AtMs }),
  z.strictObject({ kind: z.literal('override-lifted'), id: OverrideId, atMs: AtMs }),
  z.strictObject({
    kind: z.literal('template-added'),
    name: TemplateName,
    version: z.int().min(1),
    digest: Digest,
  }),
  z.strictObject({ kind: z.literal('run-begun'), run: RunId, untilMs: AtMs }),
  z.strictObject({ kind: z.literal('run-noted'), run: RunId, number: z.int().min(1) }),
  z.strictObject({ kind: z.literal('run-ended'), run: RunId, why: RunEnd }),
  z.strictObject({ kind: z.literal('refused'), refusal: Refusal }),
]);
export type Decision = z.infer<typeof Decision>;

/** What `decide` answers. A refused command has no events. */
export type Outcome = { readonly decision: Decision; readonly events: readonly Event[] };
