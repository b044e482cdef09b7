import { z } from 'zod';

import { Country, DatasetId, TenantId } from './id.ts';

/** A body of law or contract that a workload is declared to fall under. Declared by people, never computed. */
export const Regime = z.enum([
  'gdpr',
  'dora',
  'ai-act',
  'nis2',
  'hipaa',
  'pci',
  'c5',
  'secnumcloud',
  'export-control',
  'data-act',
]);
export type Regime = z.infer<typeof Regime>;

/** What may happen to data and where. Every rule narrows; a tenant's rules are added to a demand's own. */
export const DataRules = z.strictObject({
  classes: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/))
    .max(16)
    .optional()
    .describe('such as `personal-data`'),
  regimes: z.array(Regime).max(10).optional(),
  countries: z.array(Country).min(1).max(250).optional().describe('only sites in these countries'),
  excludeCountries: z.array(Country).max(250).optional(),
  operatorSeats: z
    .array(Country)
    .min(1)
    .max(250)
    .optional()
    .describe("only sites whose operator's ultimate parent has its seat here"),
  datasets: z.array(DatasetId).max(32).optional().describe('must be reachable in the same site'),
});
export type DataRules = z.infer<typeof DataRules>;

/** Who pays and who is isolated. */
export const Tenant = z.strictObject({
  id: TenantId,
  name: z.string().min(1).max(80),
  zone: z.string().min(1).max(64).describe('IANA time zone, such as `Europe/Berlin`'),
  rules: DataRules.default({}),
});
export type Tenant = z.infer<typeof Tenant>;
