import { z } from 'zod';

import { ContractId, Path, ProjectId, TenantId } from './id.ts';

/** Which record is asked for; without contracts all that stand, of tenants the caller may act for. */
export type RecordAsked = {
  readonly kind: 'dora' | 'art30' | 'flop' | 'nis2';
  readonly contracts?: readonly ContractId[];
};

const missing = z.array(z.string()).describe('facts that the row lacks');

/**
 * One row for the register of information of DORA Art. 28(3), named after the templates of Implementing Regulation
 * (EU) 2024/2956 (B_02.01, B_02.02, B_05.01, B_06.01; from secondary sources). Absent values are in `missing`.
 */
export const DoraRow = z.object({
  contract: ContractId,
  financialEntity: TenantId,
  provider: z.string().describe('operator of the site'),
  providerLei: z.string().optional(),
  ultimateParent: z.string().optional(),
  parentCountry: z.string().optional(),
  serviceType: z.string().optional(),
  function: z.string().optional(),
  isCriticalFunction: z.boolean().optional(),
  startDate: z.string(),
  endDate: z.string().optional(),
  site: Path,
  processingCountry: z.string().optional(),
  storageCountries: z.array(z.string()),
  subcontractorCountries: z.array(z.string()),
  exitPlanTestedOn: z.string().optional(),
  missing,
});
export type DoraRow = z.infer<typeof DoraRow>;

/** One entry of the record of processing activities of GDPR Art. 30(1), for what a contract places. */
export const ProcessingRow = z.object({
  contract: ContractId,
  controller: TenantId,
  project: ProjectId.optional(),
  purpose: z.string().optional(),
  categories: z.array(z.string()),
  recipients: z.array(z.string()).describe('operators of the sites'),
  countries: z.array(z.string()).describe('of the site, backups, telemetry and support'),
  thirdCountries: z.array(z.string()).describe('of these, outside the EEA'),
  safeguard: z.string().optional(),
  retentionDays: z.int().optional(),
  securityMeasures: z.string().optional(),
  missing,
});
export type ProcessingRow = z.infer<typeof ProcessingRow>;

/** Training of one model lineage so far: an estimate from GPU-hours, recorded peaks and recorded utilisation. */
export const LineageRow = z.object({
  lineage: z.string(),
  contracts: z.array(ContractId),
  gpuHours: z.int().min(0),
  exaFlop: z.int().optional().describe('10^18 FLOP'),
  shareOfThresholdBp: z.int().optional().describe('of 10^25 FLOP, in hundredths of a percent'),
  missing,
});
export type LineageRow = z.infer<typeof LineageRow>;

export const DutyState = z
  .enum(['open', 'overdue', 'in-time', 'late'])
  .describe('`open` and `overdue`: it is not recorded as done');
export type DutyState = z.infer<typeof DutyState>;

/**
 * One incident with what is to be said of it to the authority by NIS2 Art. 23(4), points (a), (b) and (d). Nothing is due
 * where a person has concluded that it is not significant.
 */
export const IncidentRow = z.object({
  incident: z.string(),
  entity: TenantId,
  isSignificant: z.boolean().optional().describe('a conclusion of law, signed by a person'),
  awareAt: z.string().optional(),
  earlyWarningDue: z.string().optional(),
  earlyWarningAt: z.string().optional(),
  earlyWarning: DutyState.optional(),
  notificationDue: z.string().optional(),
  notifiedAt: z.string().optional(),
  notification: DutyState.optional(),
  finalReportDue: z.string().optional().describe('from the notification, or from the last hour for it'),
  finalReportAt: z.string().optional(),
  finalReport: DutyState.optional(),
  missing,
});
export type IncidentRow = z.infer<typeof IncidentRow>;

export const PolicyRecord = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('dora'), rows: z.array(DoraRow), note: z.string() }),
  z.object({ kind: z.literal('art30'), rows: z.array(ProcessingRow), note: z.string() }),
  z.object({ kind: z.literal('flop'), rows: z.array(LineageRow), note: z.string() }),
  z.object({ kind: z.literal('nis2'), rows: z.array(IncidentRow), note: z.string() }),
]);
export type PolicyRecord = z.infer<typeof PolicyRecord>;
