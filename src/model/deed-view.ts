import { z } from 'zod';

import { ApprovalView } from './approval-view.ts';
import { ContractView } from './contract-view.ts';
import { ContractId, Digest, MaintenanceId, OperationId, Path, PlanId, TenantId } from './id.ts';
import { PlanView, RefusalView } from './plan-view.ts';
import { cut, count, iso, Snapshot } from './view.ts';

/** The answer to a command that changes something. */
export const ChangeResult = z.object({
  snapshot: Snapshot,
  ...cut,
  decision: z.enum(['committed', 'changed', 'released', 'pending_approval', 'rejected']),
  replayed: z.boolean().describe('true when this key had already been answered: nothing was done again'),
  contract: ContractView.optional(),
  operation: OperationId.optional().describe('where something goes on: ask operation_get'),
  approval: ApprovalView.optional().describe('what waits for a person, or waited'),
  entry: z.object({ seq: count, digest: Digest }).optional(),
  refusal: RefusalView.optional(),
  freshPlan: PlanView.optional().describe('when the plan was stale and a new one fits'),
  next: z.string(),
});
export type ChangeResult = z.infer<typeof ChangeResult>;

/** What a person's word on an approval came to. */
export const DecisionResult = z.object({
  snapshot: Snapshot,
  ...cut,
  decision: z.enum(['done', 'counted', 'turned-down', 'rejected']),
  replayed: z.boolean(),
  approval: ApprovalView.optional(),
  contract: ContractView.optional(),
  entry: z.object({ seq: count, digest: Digest }).optional(),
  refusal: RefusalView.optional(),
  freshPlan: PlanView.optional(),
  next: z.string(),
});
export type DecisionResult = z.infer<typeof DecisionResult>;

/** What became of a wish about who may do what. */
export const RecordResult = z.object({
  snapshot: Snapshot,
  decision: z.enum(['recorded', 'rejected']),
  replayed: z.boolean(),
  what: z.string().optional(),
  id: z.string().optional(),
  state: z.string().optional(),
  entry: z.object({ seq: count, digest: Digest }).optional(),
  refusal: RefusalView.optional(),
});
export type RecordResult = z.infer<typeof RecordResult>;

/** The answer to the wish to hold a plan, or to give it up. */
export const LeaseResult = z.object({
  snapshot: Snapshot,
  ...cut,
  decision: z.enum(['held', 'dropped', 'rejected']),
  replayed: z.boolean(),
  lease: z.object({ plan: PlanId, untilMs: z.int(), until: iso }).optional(),
  entry: z.object({ seq: count, digest: Digest }).optional(),
  refusal: RefusalView.optional(),
  freshPlan: PlanView.optional(),
  next: z.string(),
});
export type LeaseResult = z.infer<typeof LeaseResult>;

/** The plans that are held now, by the end of their leases. */
export const LeaseList = z.object({
  snapshot: Snapshot,
  leases: z.array(
    z.object({
      plan: PlanId,
      tenant: TenantId,
      changes: ContractId.optional(),
      gpuCount: count,
      sites: z.array(Path),
      start: iso,
      end: iso.optional(),
      untilMs: z.int(),
      until: iso.describe('when the lease ends'),
      heldBy: z.string(),
    }),
  ),
});
export type LeaseList = z.infer<typeof LeaseList>;

/** A window in which a place is closed to everybody. */
const MaintenanceView = z.object({
  id: MaintenanceId,
  place: Path,
  nodeCount: count,
  fromMs: z.int(),
  toMs: z.int(),
  from: iso,
  to: iso,
  reason: z.string(),
  state: z.enum(['planned', 'running', 'over', 'cancelled']),
  cancelledAt: iso.optional(),
});
export type MaintenanceView = z.infer<typeof MaintenanceView>;

export const MaintenanceList = z.object({ snapshot: Snapshot, windows: z.array(MaintenanceView) });
export type MaintenanceList = z.infer<typeof MaintenanceList>;

export const MaintenanceResult = z.object({
  snapshot: Snapshot,
  decision: z.enum(['scheduled', 'cancelled', 'pending_approval', 'rejected']),
  replayed: z.boolean(),
  window: MaintenanceView.optional(),
  operation: OperationId.optional().describe('where something goes on: ask operation_get'),
  approval: ApprovalView.optional(),
  entry: z.object({ seq: count, digest: Digest }).optional(),
  refusal: RefusalView.optional(),
  next: z.string(),
});
export type MaintenanceResult = z.infer<typeof MaintenanceResult>;
