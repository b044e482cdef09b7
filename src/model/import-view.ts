import { z } from 'zod';

import { Digest, Path } from './id.ts';
import { count, Snapshot } from './view.ts';

/** What an import did or, with `--dry-run`, would do. */
const ImportedSubject = z.object({ kind: z.string(), id: Path });

/** Everything is whole here: who shows it cuts it. */
export const ImportResult = z.object({
  snapshot: Snapshot,
  dryRun: z.boolean(),
  source: z.string(),
  observation: Digest,
  factCount: count,
  subjects: z.record(z.string(), count).describe('subjects by kind'),
  added: count,
  addedSubjects: z.array(ImportedSubject),
  changed: count.describe('subjects of which something is other than before'),
  changes: z.array(
    z.object({ subject: Path, attribute: z.string(), was: z.string().optional(), is: z.string().optional() }),
  ),
  unchanged: count,
  gone: count.describe('known from this source before, not in this import; their facts stay'),
  goneSubjects: z.array(ImportedSubject),
  conflicts: z.array(
    z.object({
      subject: Path,
      attribute: z.string(),
      values: z.array(
        z.object({
          value: z.string(),
          source: z.string(),
          file: z.string(),
          line: count.optional(),
          used: z.boolean(),
        }),
      ),
    }),
  ),
  conflictCount: count,
  unknown: z.array(
    z.object({
      subject: z.string().optional(),
      attribute: z.string(),
      why: z.string(),
      file: z.string(),
      line: count.optional(),
    }),
  ),
  unknownCount: count,
  notRecorded: z
    .array(
      z.object({
        kind: z.enum(['contradiction', 'unplaced']),
        subject: Path.describe('as the source calls it'),
        candidates: z.array(Path).describe('what it may be'),
        identifiers: z.array(z.string()),
        why: z.string(),
        fix: z.string(),
        factCount: count,
        file: z.string(),
        line: count.optional(),
      }),
    )
    .describe('machines that cannot be told from others'),
  notRecordedCount: count,
  assumptions: z.array(z.string()),
  entry: z.object({ seq: count, digest: Digest }).optional(),
});
export type ImportResult = z.infer<typeof ImportResult>;
