import { z } from 'zod';

import { cleanText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import type { Evidence } from '../source.ts';
import { readDocuments } from '../structured.ts';
import { numberOf, type Sample } from './sample.ts';

const Point = z.tuple([z.number(), z.string()]);

const Series = z.object({
  metric: z.record(z.string(), z.string()),
  value: Point.optional(),
  values: z.array(Point).max(1_000_000).optional(),
});

const Answer = z.object({
  status: z.string(),
  error: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  data: z.object({ resultType: z.string(), result: z.array(z.unknown()) }).optional(),
});

/**
 * The samples of an answer of the query API (`/api/v1/query`, `/api/v1/query_range`): a vector or a matrix, every point of
 * which is a sample. `warnings` are Prometheus' own, such as that data is missing.
 * Throws INVALID_INPUT for answers that are errors, and for results without labels.
 */
export function readAnswer(
  evidence: Evidence,
  text: string,
): { readonly samples: readonly Sample[]; readonly warnings: readonly string[] } {
  const answer = Answer.safeParse(readDocuments(evidence, text)[0]?.value).data;
  if (answer === undefined)
    throw invalidFile(
      evidence,
      'is no answer of the query API',
      'save the answer of `/api/v1/query` as it is',
    );
  if (answer.status !== 'success' || answer.data === undefined)
    throw invalidFile(
      evidence,
      `is an answer that failed: ${cleanText(answer.error ?? answer.status, 160)}`,
      'correct the query and ask again',
    );
  const { resultType, result } = answer.data;
  if (resultType !== 'vector' && resultType !== 'matrix')
    throw invalidFile(
      evidence,
      `holds a ${cleanText(resultType, 20)} without labels`,
      'ask for the metrics themselves, such as `{__name__=~"DCGM_.*"}`',
    );
  const lines = linesOf(text, result.length);
  const samples = result.flatMap((series, index) => samplesOf(evidence, series, lines?.[index]));
  return { samples, warnings: (answer.warnings ?? []).map((warning) => cleanText(warning, 160)) };
}

function samplesOf(evidence: Evidence, series: unknown, line: number | undefined): Sample[] {
  const read = Series.safeParse(series);
  const where = line === undefined ? {} : { line };
  if (!read.success)
    throw invalidFile(evidence, 'holds a series that is none', 'save the answer as it is', where);
  const { metric, value, values = [] } = read.data;
  const { __name__: name = '', ...labels } = metric;
  return [...(value === undefined ? [] : [value]), ...values].map(([seconds, text]) => {
    const number = numberOf(text);
    if (number === undefined)
      throw invalidFile(
        evidence,
        `holds the value \`${cleanText(text, 40)}\``,
        'save the answer as it is',
        where,
      );
    return {
      name,
      labels: new Map(Object.entries(labels)),
      value: number,
      atMs: Math.round(seconds * 1000),
      evidence,
      ...where,
    };
  });
}

/** The lines on which the series begin, where the answer was written over several and each can be told. */
function linesOf(text: string, count: number): readonly number[] | undefined {
  const lines: number[] = [];
  let line = 1;
  let from = 0;
  for (const { index } of text.matchAll(/(?<!\\)"metric"\s*:/gu)) {
    line += text.slice(from, index).split('\n').length - 1;
    from = index;
    lines.push(line);
  }
  return lines.length === count ? lines : undefined;
}
