import { z } from 'zod';

import { ContractId, Path, ProjectId, TenantId } from './id.ts';

/** Which record is asked for; without contracts all that stand, of tenants the caller may act for. */
export type RecordAsked = {
  readonly kind: 'dora' | 'art30' | 'flop';
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

export const PolicyRecord = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('dora'), rows: z.array(DoraRow), note: z.string() }),
  z.object({ kind: z.literal('art30'), rows: z.array(ProcessingRow), note: z.string() }),
  z.object({ kind: z.literal('flop'), rows: z.array(LineageRow), note: z.string() }),
]);
export type PolicyRecord = z.infer<typeof PolicyRecord>;
