import { z } from 'zod';

import { Erasure, Told } from './aside.ts';
import { AuthorityEvent } from './authority-event.ts';
import { BindingAccount, EngineName, Subject } from './binding.ts';
import { Observed } from './finding.ts';
import { FactSubject, GovernanceFact, Signed } from './governance-fact.ts';
import { ApprovalId, ContractId, Digest, MaintenanceId, OverrideId, Path, PlanId } from './id.ts';
import { OverrideWish } from './override.ts';
import { Shrink } from './plan.ts';
import { RunEvent } from './run.ts';
import { Template } from './template.ts';
import { Tenant } from './tenant.ts';
import { AtMs } from './unit.ts';

/** What happened. Folding events, in order, is the only way state comes about. */
export const Event = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tenant-registered'), tenant: Tenant }),
  z.strictObject({ kind: z.literal('observation-recorded'), observation: Digest }),
  z.strictObject({
    kind: z.literal('contract-granted'),
    contract: ContractId,
    plan: PlanId,
    planDigest: Digest,
    approval: ApprovalId.optional().describe('after which it was granted to whoever had asked'),
  }),
  z.strictObject({
    kind: z.literal('contract-changed'),
    contract: ContractId,
    plan: PlanId,
    planDigest: Digest,
    atMs: AtMs.describe('when what it held ends and what it holds now begins'),
  }),
  z.strictObject({
    kind: z.literal('contract-preempted'),
    contract: ContractId,
    by: ContractId,
    atMs: AtMs.describe('when the other one begins'),
  }),
  z.strictObject({
    kind: z.literal('contract-shrunk'),
    ...Shrink.shape,
    by: ContractId,
    atMs: AtMs.describe('when the other one begins'),
  }),
  z.strictObject({ kind: z.literal('contract-released'), contract: ContractId, atMs: AtMs }),
  z.strictObject({ kind: z.literal('plan-held'), plan: PlanId, planDigest: Digest, untilMs: AtMs }),
  z.strictObject({ kind: z.literal('hold-dropped'), plan: PlanId }),
  z.strictObject({
    kind: z.literal('maintenance-scheduled'),
    id: MaintenanceId,
    place: Path,
    fromMs: AtMs,
    toMs: AtMs,
    reason: Told,
  }),
  z.strictObject({ kind: z.literal('maintenance-cancelled'), id: MaintenanceId, atMs: AtMs }),
  z.strictObject({
    kind: z.literal('binding-begun'),
    subject: Subject,
    engine: EngineName,
    version: z.int().min(1),
    objects: Digest,
    objectCount: z.int().min(0),
    places: z.array(Path).max(64),
  }),
  z.strictObject({
    kind: z.literal('binding-reported'),
    subject: Subject,
    engine: EngineName,
    objects: Digest,
    account: BindingAccount,
    attempts: z.int().min(0).describe('in vain since it was begun, this one included'),
    nextAtMs: AtMs.optional().describe('when it is to be tried again'),
  }),
  z.strictObject({ kind: z.literal('contract-observed'), contract: ContractId, ...Observed.shape }),
  z.strictObject({
    kind: z.literal('contract-breached'),
    contract: ContractId,
    terms: z
      .array(z.string().max(40))
      .min(1)
      .max(64)
      .describe('guaranteed ones that are broken now and were not'),
    places: z.array(Path).max(16).describe('devices and nodes that break them, where they are known'),
    why: z.string().max(300),
    measurement: Digest,
    atMs: AtMs,
  }),
  z.strictObject({
    kind: z.literal('contract-restored'),
    contract: ContractId,
    terms: z.array(z.string().max(40)).min(1).max(64).describe('all that were broken meanwhile'),
    sinceMs: AtMs.describe('when the breach was found'),
    measurement: Digest,
    atMs: AtMs,
  }),
  z.strictObject({ kind: z.literal('asides-erased'), ...Erasure.shape }),
  ...AuthorityEvent.options,
  z.strictObject({ kind: z.literal('facts-recorded'), facts: z.array(GovernanceFact).min(1).max(32) }),
  z.strictObject({ kind: z.literal('fact-retracted'), subject: FactSubject, attribute: z.string().max(41) }),
  z.strictObject({
    kind: z.literal('rule-overridden'),
    id: OverrideId,
    wish: OverrideWish,
    second: Signed,
  }),
  z.strictObject({ kind: z.literal('override-lifted'), id: OverrideId, atMs: AtMs }),
  z.strictObject({
    kind: z.literal('waiver-denied'),
    wish: Digest.describe('equal for the same rules, data and sites'),
  }),
  z.strictObject({ kind: z.literal('template-added'), template: Template }),
  ...RunEvent.options,
]);
export type Event = z.infer<typeof Event>;
