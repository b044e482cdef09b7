import { CsvError, type Options, parse } from 'csv-parse/sync';
import { z } from 'zod';

import { invalidFile } from './evidence.ts';
import type { Evidence } from './source.ts';

/** A row of a table with a header: its fields by column, and the line on which it ends. */
export type CsvRow = { readonly record: Readonly<Record<string, string>>; readonly line: number };

const Rows = z.array(
  z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.int().min(1) }) }),
);

/**
 * The rows of a table whose header `columns` has checked. Throws for rows that do not fit the header and stray quotes,
 * with the line; `expected` says what was wanted.
 */
export function readCsvRows(
  evidence: Evidence,
  text: string,
  { expected, ...options }: Options & { readonly expected: string },
): readonly CsvRow[] {
  try {
    const parsed: unknown = parse(text, { ...options, info: true, skip_empty_lines: true, trim: true });
    return Rows.parse(parsed).map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = z.int().min(1).safeParse(Reflect.get(error, 'lines'));
    throw invalidFile(
      evidence,
      'not well-formed CSV: wrong number of fields or a stray quote',
      `expected: ${expected}`,
      line.success ? { line: line.data } : {},
    );
  }
}
