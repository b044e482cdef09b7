import { z } from 'zod';

import { Digest, Path } from './id.ts';
import { Term } from './placement.ts';
import { AtMs } from './unit.ts';

/** Of the windows that were looked at: in how many the promise was kept, broken, or not to be seen. */
export const WindowCount = z.strictObject({
  kept: z.int().min(0),
  broken: z.int().min(0),
  silent: z.int().min(0),
});
export type WindowCount = z.infer<typeof WindowCount>;

/** What came of one term: kept, broken, or nobody knows. Without samples it is never kept. */
export const Finding = z.strictObject({
  term: z.string().max(40).describe('its kind, numbered where there are several: `devices`, `power-2`'),
  kind: Term.shape.kind,
  result: z.enum(['kept', 'broken', 'not-measured']),
  delivered: z.string().max(200).describe('with numbers and units, or why nothing is known'),
  by: z.enum(['metrics', 'ledger', 'nothing']),
  windows: WindowCount.optional().describe('where it is measured in windows'),
  places: z.array(Path).max(64).optional().describe('devices and nodes that break it'),
});
export type Finding = z.infer<typeof Finding>;

/** How a contract stood when it was looked at last. */
export const Observed = z.strictObject({
  version: z.int().min(1),
  measurement: Digest,
  atMs: AtMs,
  untilMs: AtMs.describe('end of the last window'),
  findings: z.array(Finding).max(64),
  busyMilli: z.int().min(0).max(1000).optional().describe('GPUs in use, of those held, over the windows'),
});
export type Observed = z.infer<typeof Observed>;
