import { mixColumns, type MixResult } from './mix-bench.ts';
import { allocColumns, type OpenbReport } from './openb.ts';

/** What a person reads of one replay: use of the GPUs beside the published figures, and speed. */
export function drawOpenb(report: OpenbReport): string {
  const { us, scan } = report;
  const heading = `openb ${report.list}, seed ${report.seed}, policy ${report.policy}${builtOn(report)}`;
  const size = `${grouped(report.decisionCount)} requests on ${grouped(report.nodeCount)} nodes with ${grouped(report.gpuCount)} GPUs`;
  const order =
    report.order === 'from-file'
      ? 'order of arrivals: from the file'
      : 'order of arrivals: drawn by berth (the published ones need --orders), so published figures compare roughly';
  return [
    heading,
    size,
    order,
    '',
    row('GPUs requested, %', allocColumns.map(String)),
    row(
      'in use, %',
      allocColumns.map((column) => percent(report.alloc[column] ?? undefined)),
    ),
    ...report.anchors.map(({ policy, of, alloc }) =>
      row(
        `published ${policy}${of === 'mean' ? ', mean' : ''}`,
        allocColumns.map((column) => percent(alloc[column])),
      ),
    ),
    '',
    `${grouped(report.failed)} requests failed; ${grouped(report.usedMilli)} GPU milli in use`,
    `${grouped(report.decisionsPerSecond)} decisions/s; p50 ${us.p50} µs, p99 ${us.p99} µs, p99.9 ${us.p999} µs; ${report.setupMs} ms before the first`,
    `a plain scan takes ${report.scanRatio} times as long (medians), ${scan.meanRatio} times (means) on ${scan.sampled} decisions, with the same answers`,
    report.digest,
    '',
  ].join('\n');
}

/** The default policy against the best published one, mix by mix. */
export function drawMixes(results: readonly MixResult[]): string {
  return [
    'GPUs in use, %, of the default policy, of the best published policy at that point, and the difference',
    '',
    row(
      'GPUs requested, %',
      mixColumns.flatMap((column) => [String(column), 'best', '']),
    ),
    ...results.map((result) => row(result.mix, mixCells(result))),
    '',
  ].join('\n');
}

function mixCells({ best, alloc, ahead }: MixResult): string[] {
  return mixColumns.flatMap((column) => [
    percent(alloc.default[column]),
    percent(best[column]),
    signed(ahead[column] ?? 0),
  ]);
}

function builtOn({ policy, base }: OpenbReport): string {
  if (policy !== 'default') return '';
  return ` (built on ${base.name}${base.wholePoints > 0 ? `, whole nodes worth ${base.wholePoints}` : ''})`;
}

function row(title: string, cells: readonly string[]): string {
  return `${title.padEnd(26)}${cells.map((cell) => cell.padStart(7)).join('')}`.trimEnd();
}

function percent(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(2)}`;
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
