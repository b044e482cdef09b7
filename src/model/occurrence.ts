import { z } from 'zod';

import { EngineName } from './binding.ts';
import { Confidence, SourceName } from './fact.ts';
import { ContractId, MaintenanceId, Path, TenantId } from './id.ts';
import { Snapshot } from './view.ts';

const iso = z.string().max(40);
const count = z.int().min(0);

/** `E-27.1`: the entry of the ledger that told of it, and which one of that entry. */
export const OccurrenceId = z
  .string()
  .regex(/^E-[1-9][0-9]{0,14}\.[1-9][0-9]{0,6}$/, 'an event looks like `E-27.1`')
  .brand<'OccurrenceId'>();
export type OccurrenceId = z.infer<typeof OccurrenceId>;

/**
 * `fault`: a device or machine is degraded or down. `thermal`: the same, by heat or cooling. `drain`: a machine takes no
 * new work, or a place is closed. `gone`: a source that lists machines no longer lists it. `late`: an engine holds a
 * contract only after its start. `engine`: what was read back is not what was handed over. `preempted`: a contract ended
 * for another, or gave up extras. `breached`: what was measured is less than what was promised.
 */
export const OccurrenceKind = z.enum([
  'fault',
  'thermal',
  'drain',
  'gone',
  'late',
  'engine',
  'preempted',
  'breached',
]);
export type OccurrenceKind = z.infer<typeof OccurrenceKind>;

export const OccurrenceView = z.object({
  id: OccurrenceId,
  kind: OccurrenceKind,
  at: iso.describe('when it began'),
  until: iso.optional().describe('when it ended, or its source no longer said so; absent while it goes on'),
  what: z.string(),
  severity: z.enum(['down', 'degraded']).optional(),
  place: Path.optional(),
  maintenance: MaintenanceId.optional(),
  engine: EngineName.optional(),
  tenant: TenantId.optional(),
  contracts: z.array(ContractId).describe('it is about, or that held something there meanwhile'),
  said: z
    .object({
      source: SourceName,
      observedAt: iso,
      confidence: Confidence,
      file: z.string(),
      line: count.optional(),
    })
    .optional()
    .describe('who says so, and where it stands'),
  entry: count.describe('of the ledger'),
});
export type OccurrenceView = z.infer<typeof OccurrenceView>;

/** What happened to machines, places, engines and contracts, the latest first. */
export const OccurrenceList = z.object({
  snapshot: Snapshot,
  events: z.array(OccurrenceView),
  total: count,
  nextCursor: z.string().optional(),
  truncated: z.boolean(),
});
export type OccurrenceList = z.infer<typeof OccurrenceList>;
