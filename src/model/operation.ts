import { z } from 'zod';

import { EngineName } from './binding.ts';
import { ApprovalId, ContractId, MaintenanceId, OperationId, TenantId } from './id.ts';
import { Snapshot } from './view.ts';

const iso = z.string().max(40);
const count = z.int().min(0);

/**
 * `waiting`: for a person. `scheduled`: for the clock. `handing-over`: for an engine. `running`: a place is closed now.
 * `stuck`: an engine did not do it however often it was asked, and a person has to look. The others are its end.
 */
export const OperationState = z.enum([
  'waiting',
  'scheduled',
  'handing-over',
  'running',
  'stuck',
  'done',
  'rejected',
  'expired',
  'cancelled',
]);
export type OperationState = z.infer<typeof OperationState>;

/** Whether nothing more will come of it. */
export function isOver(state: OperationState): boolean {
  return state === 'done' || state === 'rejected' || state === 'expired' || state === 'cancelled';
}

/** How what an engine was handed stands there. */
export const HandedOver = z.object({
  engine: EngineName,
  state: z.enum(['begun', 'kept', 'open', 'stuck', 'taken-away']),
  attempts: count.describe('in vain'),
  differences: z.array(z.string()).describe('between what is wanted and what was read back'),
  nextAt: iso.optional().describe('when it is tried again'),
});
export type HandedOver = z.infer<typeof HandedOver>;

export const OperationView = z.object({
  id: OperationId,
  state: OperationState,
  over: z.boolean().describe('nothing more comes of it'),
  summary: z.string().describe('one line: what it is and what it waits for'),
  tenant: TenantId.optional(),
  approval: ApprovalId.optional(),
  contract: ContractId.optional(),
  maintenance: MaintenanceId.optional(),
  due: iso.optional().describe('when the clock alone changes its state'),
  command: z.string().optional().describe('what a person types'),
  engines: z.array(HandedOver),
  becomes: OperationId.optional().describe('goes on as'),
});
export type OperationView = z.infer<typeof OperationView>;

/** One operation, or all that are under way. */
export const OperationList = z.object({
  snapshot: Snapshot,
  operations: z.array(OperationView),
  total: count,
  nextCursor: z.string().optional(),
  truncated: z.boolean(),
  waitedS: count.describe('how long the answer waited for a change'),
});
export type OperationList = z.infer<typeof OperationList>;
