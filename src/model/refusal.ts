import { z } from 'zod';

import { Told } from './aside.ts';
import { StopTarget } from './authority.ts';
import { EngineName, Subject } from './binding.ts';
import { Demand } from './demand.ts';
import {
  ApprovalId,
  ContractId,
  MaintenanceId,
  MandateId,
  Path,
  PlanId,
  PrincipalId,
  RunId,
  TenantId,
} from './id.ts';
import { Member } from './placement.ts';
import { RuleHit, SetAside, StandingRule } from './policy.ts';
import { TemplateName } from './template.ts';
import { AtMs, MicroEur } from './unit.ts';

const note = z.string().max(300);
const count = z.int().min(0);

/** What one constraint cost: how many candidates were left before and after it. */
export const ConstraintCount = z.strictObject({
  constraint: z.string().max(60).describe('such as `country`, `gpu-model`, `free-over-window`, `rack-power`'),
  level: z.enum(['site', 'hall', 'rack', 'node', 'gpu', 'slice']),
  before: count,
  after: count,
  note: note.optional(),
});
export type ConstraintCount = z.infer<typeof ConstraintCount>;

/** The place that came nearest. */
const NearestMiss = z.strictObject({
  place: Path,
  startMs: AtMs,
  replicasWanted: count,
  replicasFit: count,
  parts: z
    .array(z.string().max(41))
    .max(16)
    .optional()
    .describe('of these parts alone, which stand by themselves'),
  binding: z.string().max(60).describe('the constraint that stopped the next replica'),
});
type NearestMiss = z.infer<typeof NearestMiss>;

/** A contract that would stand elsewhere: with all its members, and then its spares, as they would be. */
const ProposedMove = z.strictObject({ contract: ContractId, members: z.array(Member).max(100_000) });
export type ProposedMove = z.infer<typeof ProposedMove>;

/** The smallest change found that turns the no into a yes. Each one was run and fits. */
export const Relaxation = z.strictObject({
  moves: z
    .array(ProposedMove)
    .max(3)
    .optional()
    .describe('it fits once these were made, in this order; each may be made as things stand by then'),
  change: note,
  demand: Demand,
  startMs: AtMs,
  totalMicroEur: MicroEur.optional(),
  microEurPerHour: MicroEur.optional(),
});
export type Relaxation = z.infer<typeof Relaxation>;

export const MissingFact = z.strictObject({
  attribute: z.string().max(120),
  subjectCount: count,
  example: Path.optional(),
  fix: note,
});
export type MissingFact = z.infer<typeof MissingFact>;

/** One limit of a mandate that an act would pass. */
export const MandateFault = z.strictObject({
  limit: z.enum([
    'mandate',
    'expiry',
    'revoked',
    'tools',
    'tenants',
    'sites',
    'gpus',
    'gpu-seconds',
    'spend',
    'blast-radius',
    'run',
    'run-time',
    'run-steps',
    'run-spend',
  ]),
  mandate: MandateId.optional().describe('of the chain, where it binds'),
  asked: z.string().max(120),
  left: z.string().max(200),
});
export type MandateFault = z.infer<typeof MandateFault>;

/** A no, as data: a correct answer, with its numbers. */
export const Refusal = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('no-capacity'),
    constraints: z.array(ConstraintCount),
    nearest: NearestMiss.optional(),
    relaxations: z.array(Relaxation),
    conflict: z
      .array(z.string().max(60))
      .max(32)
      .describe('requirements of the demand that cannot be met together, as few as can be'),
  }),
  z.strictObject({
    kind: z.literal('policy-denied'),
    hits: z.array(RuleHit),
    sites: z.array(Path),
    constraints: z.array(ConstraintCount),
  }),
  z.strictObject({
    kind: z.literal('fact-missing'),
    facts: z.array(MissingFact),
    constraints: z.array(ConstraintCount),
  }),
  z.strictObject({
    kind: z.literal('model-unknown'),
    asked: z.array(z.string()),
    known: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('place-unknown'), asked: z.array(Path) }),
  z.strictObject({
    kind: z.literal('flow-unknown'),
    asked: z.array(z.string()).describe('ends of flows that the demand has not'),
    known: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal('over-budget'),
    limitMicroEur: MicroEur,
    basis: z.enum(['total', 'day']),
    lowestMicroEur: MicroEur,
    relaxations: z.array(Relaxation),
  }),
  z.strictObject({
    kind: z.literal('window-impossible'),
    why: note,
    earliestStartMs: AtMs,
    latestStartMs: AtMs,
  }),
  z.strictObject({ kind: z.literal('not-supported'), feature: note }),
  z.strictObject({
    kind: z.literal('demand-impossible'),
    field: z.string().max(60).describe('where in the demand, such as `survive.membersLeft`'),
    why: note,
  }),
  z.strictObject({ kind: z.literal('tenant-unknown'), tenant: TenantId, known: z.array(TenantId) }),
  z.strictObject({ kind: z.literal('plan-expired'), plan: PlanId, expiredAtMs: AtMs }),
  z.strictObject({
    kind: z.literal('plan-stale'),
    plan: PlanId,
    changed: z.array(note),
  }),
  z.strictObject({ kind: z.literal('contract-unknown'), contract: ContractId }),
  z.strictObject({
    kind: z.literal('contract-ended'),
    contract: ContractId,
    state: z.string(),
    endedAtMs: AtMs,
  }),
  z.strictObject({
    kind: z.literal('version-conflict'),
    contract: ContractId,
    expected: count,
    actual: count,
  }),
  z.strictObject({
    kind: z.literal('lease-limit'),
    limit: z.enum(['plans', 'seconds']).describe('plans held for one tenant, or seconds for one plan'),
    most: count,
    asked: count,
  }),
  z.strictObject({ kind: z.literal('not-held'), plan: PlanId }),
  z.strictObject({
    kind: z.literal('place-in-use'),
    place: Path,
    fromMs: AtMs,
    toMs: AtMs,
    holders: z
      .array(z.strictObject({ holder: z.string().max(60), fromMs: AtMs, toMs: AtMs.optional() }))
      .max(100)
      .describe('contracts, held plans and other windows, by start'),
    holderCount: count,
  }),
  z.strictObject({
    kind: z.literal('not-authorised'),
    principal: PrincipalId,
    action: z.string().max(40),
    hits: z.array(RuleHit).max(64),
  }),
  z.strictObject({
    kind: z.literal('outside-mandate'),
    principal: PrincipalId,
    mandate: MandateId.optional().describe('the one that came nearest; absent when there is none'),
    faults: z.array(MandateFault).min(1).max(32),
  }),
  z.strictObject({
    kind: z.literal('rate-limited'),
    mandate: MandateId.optional(),
    limit: z.enum(['commands-per-minute', 'same-request', 'open-approvals']),
    most: count,
    retryAtMs: AtMs,
  }),
  z.strictObject({ kind: z.literal('stopped'), target: StopTarget, reason: Told, sinceMs: AtMs }),
  z.strictObject({
    kind: z.literal('approval-void'),
    approval: ApprovalId,
    why: z.enum(['unknown', 'expired', 'used', 'rejected', 'other-digest']),
    atMs: AtMs.optional(),
  }),
  z.strictObject({
    kind: z.literal('may-not-decide'),
    approval: ApprovalId,
    principal: PrincipalId,
    why: z.enum(['requester', 'sponsor', 'twice', 'key-of-another', 'no-person', 'signature', 'not-by-hand']),
    note,
  }),
  z.strictObject({
    kind: z.literal('unknown-authority'),
    what: z.enum(['principal', 'team', 'key', 'mandate', 'stop']),
    id: z.string().max(200),
  }),
  z.strictObject({
    kind: z.literal('governance-refused'),
    why: z
      .enum(['ill-formed', 'signature', 'no-person', 'same-person', 'not-overridable', 'unknown', 'expired'])
      .describe('`signature`: absent, or not of the key that is said to have made it'),
    note,
  }),
  z.strictObject({
    kind: z.literal('rules-stand'),
    asked: z.array(SetAside).min(1).max(10).describe('what was to be set aside'),
    rules: z.array(StandingRule).max(32),
    open: z.array(Path).max(64).describe('sites that the rules leave open'),
  }),
  z.strictObject({
    kind: z.literal('policy-engine'),
    sites: z.array(Path),
    note,
  }),
  z.strictObject({
    kind: z.literal('binding-refused'),
    subject: Subject,
    engine: EngineName,
    why: z
      .enum(['not-begun', 'other-objects', 'other-version', 'nothing-there', 'nothing-wanted', 'elsewhere'])
      .describe('`nothing-there`: it has ended and the engine never had it'),
    note,
  }),
  z.strictObject({
    kind: z.literal('observation-refused'),
    contract: ContractId,
    why: z.enum([
      'other-contract',
      'other-version',
      'other-windows',
      'future',
      'too-old',
      'not-newer',
      'not-begun',
    ]),
    note,
  }),
  z.strictObject({
    kind: z.literal('template-refused'),
    name: TemplateName,
    version: z.int().min(1),
    note,
  }),
  z.strictObject({
    kind: z.literal('run-refused'),
    run: RunId.optional(),
    why: z.enum(['unknown', 'ended', 'not-yours', 'not-in-time', 'full', 'no-such-entry', 'noted-before']),
    note,
  }),
  z.strictObject({ kind: z.literal('maintenance-unknown'), id: MaintenanceId }),
  z.strictObject({ kind: z.literal('maintenance-ended'), id: MaintenanceId, endedAtMs: AtMs }),
]);
export type Refusal = z.infer<typeof Refusal>;

/** A no to whoever asks, not to what is asked for. */
export type AuthorityRefusal = Extract<
  Refusal,
  {
    kind:
      | 'not-authorised'
      | 'outside-mandate'
      | 'rate-limited'
      | 'stopped'
      | 'approval-void'
      | 'may-not-decide'
      | 'unknown-authority';
  }
>;
