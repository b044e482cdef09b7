import { z } from 'zod';

import { Confidence } from './fact.ts';
import { Path } from './id.ts';
import { Snapshot } from './view.ts';

const count = z.int().min(0);
const iso = z.string();

/** What one source says about an attribute, and whether it counts. */
export const SaidView = z.object({
  value: z.string().describe('as JSON'),
  source: z.string(),
  file: z.string(),
  line: count.optional(),
  observedAt: iso,
  confidence: Confidence,
  used: z.boolean(),
  stale: z.boolean().describe('about something volatile, and older than its source can be believed'),
});
export type SaidView = z.infer<typeof SaidView>;

export const ConflictView = z.object({
  subject: Path,
  kind: z.string(),
  attribute: z.string(),
  values: z.array(SaidView).describe('the one that is used first'),
});
export type ConflictView = z.infer<typeof ConflictView>;

const rest = { total: count, truncated: z.boolean(), nextCursor: z.string().optional() };

export const ConflictList = z.object({ snapshot: Snapshot, conflicts: z.array(ConflictView), ...rest });
export type ConflictList = z.infer<typeof ConflictList>;

export const UnknownList = z.object({
  snapshot: Snapshot,
  unknown: z.array(
    z.object({
      subject: Path.optional(),
      attribute: z.string(),
      why: z.string(),
      source: z.string(),
      file: z.string(),
      line: count.optional(),
      observedAt: iso,
    }),
  ),
  ...rest,
});
export type UnknownList = z.infer<typeof UnknownList>;

export const ProvenanceList = z.object({
  snapshot: Snapshot,
  subjects: z.array(
    z.object({
      id: Path,
      kind: z.string(),
      attributes: z.array(z.object({ name: z.string(), said: z.array(SaidView) })),
    }),
  ),
  ...rest,
});
export type ProvenanceList = z.infer<typeof ProvenanceList>;
