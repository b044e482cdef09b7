import { z } from 'zod';

import { Finding } from './finding.ts';
import { ContractId, Digest } from './id.ts';
import { Term } from './placement.ts';
import { MicroEur } from './unit.ts';

/** A term as it was promised and as it was delivered. */
export const DeliveredTerm = z.object({
  ...Finding.shape,
  promise: Term.shape.promise,
  strength: Term.shape.strength,
});
export type DeliveredTerm = z.infer<typeof DeliveredTerm>;

/** What a contract costs against what is made of it. */
export const UseView = z.object({
  gpuSecondsHeld: z.int().min(0).describe('from the start on, spares included'),
  usedMicroEur: MicroEur.describe('what that costs'),
  busyMilli: z.int().optional().describe('thousandths of the GPUs held that were busy, in the last windows'),
  microEurPerBusyGpuHour: MicroEur.optional().describe('at that rate; absent when nothing was busy'),
});
export type UseView = z.infer<typeof UseView>;

/** A contract as it was found when it was looked at. */
export const ObservedView = z.object({
  contract: ContractId,
  version: z.int(),
  at: z.string(),
  breachedSince: z.string().optional(),
  why: z.string().optional().describe('of the breach'),
  terms: z.array(DeliveredTerm),
  use: UseView,
  measurement: Digest.describe('of all values, with what was asked and the digests of the answers'),
});
export type ObservedView = z.infer<typeof ObservedView>;
