import { readFileSync, writeFileSync } from 'node:fs';

import { Always, promotionOf, reportsDue } from '../../../evals/runner/promotion.ts';
import { agentTable } from '../../../evals/runner/report/agents.ts';
import {
  type Comparison,
  compare,
  StoredFigures,
  StoredReport,
} from '../../../evals/runner/report/compare.ts';
import { percent } from '../../../evals/runner/report/table.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import type { PromoteOptions } from './eval.ts';

/** Compares two reports that `--out` or `--json` wrote. */
export function compareReports(
  io: Io,
  files: readonly [first: string, second: string],
  { json }: { readonly json?: boolean },
): number {
  const [first, second] = [readReport(files[0]), readReport(files[1])];
  const found = compare(first, second);
  io.stdout.write(
    json === true ? `${JSON.stringify(found)}\n` : drawComparison(found, first.agent, second.agent),
  );
  return 0;
}

/** Several agents side by side, by area. */
export function agents(io: Io, files: readonly string[]): number {
  const reports = files.map((file) => {
    const parsed = StoredFigures.safeParse(jsonOf(file));
    if (parsed.success) return parsed.data;
    throw notAReport(file);
  });
  io.stdout.write(agentTable(reports));
  return 0;
}

/** Says, and with `--write` records, which tasks an agent must always pass from now on. */
export function promote(io: Io, files: readonly string[], { list, write }: PromoteOptions): number {
  const reports = files.map((file) => readReport(file));
  const before = Always.parse(jsonOf(list));
  const stranger = reports.find(({ agent }) => agent !== before.agent);
  if (stranger !== undefined) throw notItsAgent(before.agent, stranger.agent);
  const { always, promoted, demoted } = promotionOf(before, reports);
  if (write === true) writeFileSync(list, `${JSON.stringify(always, undefined, 2)}\n`);
  const few =
    reports.length < reportsDue ? [`${reportsDue} reports are needed, here are ${reports.length}`] : [];
  const lines = [
    ...few,
    `${Object.keys(always.tasks).length} tasks must always pass; ${promoted.length} new, ${demoted.length} no more`,
    ...promoted.map((id) => `  + ${id}`),
    ...demoted.map((id) => `  - ${id}`),
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function readReport(file: string): StoredReport {
  const parsed = StoredReport.safeParse(jsonOf(file));
  if (parsed.success) return parsed.data;
  throw notAReport(file);
}

function notAReport(file: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is not a report of this version of \`berth eval\``,
    fix: 'give the report.json that `berth eval --out DIR` wrote',
  });
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `\`${file}\` cannot be read as JSON`,
        fix: 'give the report.json that `berth eval --out DIR` wrote',
      },
      { cause },
    );
  }
}

function notItsAgent(agent: string, other: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `the list is of \`${agent}\`, a report is of \`${cleanText(other, 80)}\``,
    fix: 'give reports of one agent',
  });
}

function drawComparison(found: Comparison, first: string, second: string): string {
  const { tasks, onlyFirst, onlySecond, p, difference, low, high, sameSuite } = found;
  return [
    ...(sameSuite ? [] : ['note: the tasks differ between the two reports; only those in both are compared']),
    `${tasks} tasks in both; ${second} passes ${percent(difference)} more than ${first} (95 %: ${percent(low)} to ${percent(high)})`,
    `McNemar p = ${p.toFixed(4)} from ${onlyFirst.length} against ${onlySecond.length} tasks`,
    ...onlyFirst.map((id) => `  only ${first}: ${id}`),
    ...onlySecond.map((id) => `  only ${second}: ${id}`),
    '',
  ].join('\n');
}
