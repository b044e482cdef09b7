import { z } from 'zod';

import { Erasure, Told } from './aside.ts';
import { Catalogue, MandateWish, Principal, RegisteredModel, StopTarget, Team } from './authority.ts';
import { BindingAccount, EngineName, Subject } from './binding.ts';
import { Demand } from './demand.ts';
import { FactSubject, GovernanceFact, Signed } from './governance-fact.ts';
import {
  ApprovalId,
  ContractId,
  Digest,
  MaintenanceId,
  MandateId,
  OverrideId,
  Path,
  PlanId,
  PrincipalId,
} from './id.ts';
import { PublicKey, Signature } from './key.ts';
import { OverrideWish } from './override.ts';
import { SetAside } from './policy.ts';
import { RunCommand } from './run.ts';
import { Template } from './template.ts';
import { Tenant } from './tenant.ts';
import { AtMs, DurationS } from './unit.ts';

const commitPlan = z.strictObject({
  kind: z.literal('commit-plan'),
  plan: PlanId,
  planDigest: Digest,
  purpose: Told.optional(),
});
const releaseContract = z.strictObject({
  kind: z.literal('release-contract'),
  contract: ContractId,
  expectedVersion: z.int().min(1).optional(),
  reason: Told.optional(),
});
const changeContract = z.strictObject({
  kind: z.literal('change-contract'),
  contract: ContractId,
  plan: PlanId,
  planDigest: Digest,
  expectedVersion: z.int().min(1).optional(),
  purpose: Told.optional(),
});
const startMaintenance = z.strictObject({
  kind: z.literal('start-maintenance'),
  place: Path,
  fromMs: AtMs,
  toMs: AtMs,
  reason: Told,
});

/** What can wait for a person's word. */
export const ParkedCommand = z.discriminatedUnion('kind', [
  commitPlan,
  releaseContract,
  changeContract,
  startMaintenance,
]);
export type ParkedCommand = z.infer<typeof ParkedCommand>;

/** A word on an approval: what is signed is the approval, the digest of what it is about, the decision and when. */
const voice = {
  approval: ApprovalId,
  plan: PlanId.optional().describe('where it is about one'),
  planDigest: Digest.describe('of the plan, or of the parked command where there is none'),
  publicKey: PublicKey.optional(),
  signature: Signature.optional(),
  signedAtMs: AtMs,
};

/** Who may do what, and what is stopped. */
export const AuthorityCommand = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('register-team'), team: Team }),
  z.strictObject({ kind: z.literal('register-principal'), principal: Principal }),
  z.strictObject({ kind: z.literal('register-key'), principal: PrincipalId, publicKey: PublicKey }),
  z.strictObject({
    kind: z.literal('revoke-key'),
    principal: PrincipalId,
    publicKey: PublicKey,
    reason: Told,
  }),
  z.strictObject({ kind: z.literal('grant-mandate'), wish: MandateWish }),
  z.strictObject({ kind: z.literal('revoke-mandate'), mandate: MandateId, reason: Told }),
  z.strictObject({ kind: z.literal('approve-plan'), ...voice }),
  z.strictObject({ kind: z.literal('reject-plan'), ...voice, reason: Told }),
  z.strictObject({ kind: z.literal('stop'), target: StopTarget, reason: Told }),
  z.strictObject({ kind: z.literal('resume'), target: StopTarget, reason: Told }),
  z.strictObject({ kind: z.literal('register-model'), model: RegisteredModel }),
  z.strictObject({ kind: z.literal('register-tools'), catalogue: Catalogue }),
]);
export type AuthorityCommand = z.infer<typeof AuthorityCommand>;

/** What somebody wants to happen. Large things (an observation, a plan) are named by the digest of their blob. */
export const Command = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('register-tenant'), tenant: Tenant }),
  z.strictObject({ kind: z.literal('record-observation'), observation: Digest }),
  ...ParkedCommand.options,
  ...AuthorityCommand.options,
  z.strictObject({ kind: z.literal('hold-plan'), plan: PlanId, planDigest: Digest, leaseS: DurationS }),
  z.strictObject({ kind: z.literal('drop-hold'), plan: PlanId }),
  z.strictObject({ kind: z.literal('erase-asides'), ...Erasure.shape }),
  z.strictObject({ kind: z.literal('cancel-maintenance'), id: MaintenanceId }),
  z.strictObject({
    kind: z.literal('bind'),
    subject: Subject,
    engine: EngineName,
    version: z.int().min(1),
    objects: Digest.describe('of the hand-over: all that the engine is to hold'),
    objectCount: z.int().min(0).max(1000),
    places: z.array(Path).max(64),
  }),
  z.strictObject({
    kind: z.literal('report-binding'),
    subject: Subject,
    engine: EngineName,
    objects: Digest.describe('of the hand-over that was tried'),
    account: BindingAccount,
  }),
  z.strictObject({
    kind: z.literal('observe-contract'),
    contract: ContractId,
    measurement: Digest.describe('of what was measured'),
  }),
  z.strictObject({ kind: z.literal('record-facts'), facts: z.array(GovernanceFact).min(1).max(32) }),
  z.strictObject({
    kind: z.literal('retract-fact'),
    subject: FactSubject,
    attribute: z.string().max(41),
    reason: Told,
  }),
  z.strictObject({ kind: z.literal('override-rule'), wish: OverrideWish, second: Signed }),
  z.strictObject({ kind: z.literal('lift-override'), id: OverrideId, reason: Told }),
  z.strictObject({
    kind: z.literal('waive-rules'),
    rules: z.array(SetAside).min(1).max(10).describe('in the words of whoever wants them set aside'),
    demand: Demand.optional().describe('whose data, and when; absent where nobody was named'),
    sites: z.array(Path).max(64).describe('where; all of them where none is named'),
  }),
  z.strictObject({ kind: z.literal('add-template'), template: Template }),
  ...RunCommand.options,
]);
export type Command = z.infer<typeof Command>;
