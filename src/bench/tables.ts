import type { Base } from '../core/packing/bases.ts';
import { mixColumns, type MixResult, summaryOf } from './mix-bench.ts';
import { allocColumns, type OpenbReport, powerColumns } from './openb.ts';

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
    ...fgdRow(report),
    ...contractsRow(report),
    ...report.anchors.map(({ policy, of, alloc }) =>
      row(
        `published ${policy}${of === 'mean' ? ', mean' : ''}`,
        allocColumns.map((column) => percent(alloc[column])),
      ),
    ),
    '',
    ...powerRows(report),
    `${grouped(report.failed)} requests failed; ${grouped(report.usedMilli)} GPU milli in use`,
    ...contractsLine(report),
    `${grouped(report.decisionsPerSecond)} decisions/s; p50 ${us.p50} µs, p99 ${us.p99} µs, p99.9 ${us.p999} µs; ${report.setupMs} ms before the first`,
    `a plain scan takes ${report.scanRatio} times as long (medians), ${scan.meanRatio} times (means) on ${scan.sampled} decisions, with the same answers`,
    report.digest,
    '',
  ].join('\n');
}

/** The default policy against the best published one, mix by mix, and how often it is ahead. */
export function drawMixes(results: readonly MixResult[]): string {
  const { ahead, level, behind, worst } = summaryOf(results);
  return [
    'GPUs in use, %, under the default policy, and its difference to the best of the five published ones at that point',
    '',
    mixRow(
      'GPUs requested, %',
      mixColumns.flatMap((column) => [String(column), '']),
      'built on',
    ),
    ...results.map((result) => mixRow(result.mix, mixCells(result), baseText(result.base))),
    '',
    `${results.length} mixes: ahead in ${ahead}, level (within 0.2 points) in ${level}, behind somewhere in ${behind}; worst ${signed(worst)}`,
    '',
  ].join('\n');
}

function mixCells({ alloc, ahead }: MixResult): string[] {
  return mixColumns.flatMap((column) => [percent(alloc.default[column]), signed(ahead[column])]);
}

function mixRow(title: string, cells: readonly string[], base: string): string {
  return `${title.padEnd(31)}${cells.map((cell) => cell.padStart(7)).join('')}  ${base}`;
}

function builtOn({ policy, base }: OpenbReport): string {
  return policy === 'default' || policy === 'power' ? ` (built on ${baseText(base)})` : '';
}

/** `fgd`, or what is made thrifty with the points of whole nodes and of stranded GPUs; and what follows it. */
function baseText({ name, weights, late }: Base): string {
  const first =
    weights === undefined
      ? name
      : `thrifty ${name}, whole ${weights.wholePoints}, stranded ${weights.strandedPoints}`;
  return late === undefined ? first : `${first}; then ${baseText(late)}`;
}

function fgdRow({ fgd }: OpenbReport): string[] {
  if (fgd === null) return [];
  return [
    row(
      'in use under fgd, %',
      allocColumns.map((column) => percent(fgd.alloc[column] ?? undefined)),
    ),
  ];
}

function contractsRow({ contracts }: OpenbReport): string[] {
  if (contracts === null) return [];
  return [
    row(
      'in use as contracts, %',
      allocColumns.map((column) => percent(contracts.alloc[column] ?? undefined)),
    ),
  ];
}

/** How many fail as contracts, and how long one takes from the demand to the folded entry. */
function contractsLine({ contracts }: OpenbReport): string[] {
  if (contracts === null) return [];
  const { failed, usedMilli, decisionsPerSecond, us } = contracts;
  return [
    `as contracts ${grouped(failed)} requests failed; ${grouped(usedMilli)} GPU milli in use; ${grouped(decisionsPerSecond)} planned, checked and committed/s; p50 ${us.p50} µs, p99 ${us.p99} µs`,
  ];
}

/** What the fleet draws, beside what it draws under FGD. */
function powerRows({ policy, powerW, gpuPowerW, leastPowerW, fgd }: OpenbReport): string[] {
  if (powerW === null) return [];
  const rows = [
    row('GPUs requested, %', powerColumns.map(String)),
    row(
      'power, kW',
      powerColumns.map((column) => kilowatts(powerW[column])),
    ),
    row(
      'bound below any, kW',
      powerColumns.map((column) => kilowatts(leastPowerW?.[column])),
    ),
  ];
  const rival = fgd?.powerW;
  if (policy === 'fgd' || rival === undefined || rival === null) return [...rows, ''];
  return [
    ...rows,
    row(
      'power under fgd, kW',
      powerColumns.map((column) => kilowatts(rival[column])),
    ),
    row(
      'saved, %',
      powerColumns.map((column) => savedPercent(powerW[column], rival[column])),
    ),
    row(
      'saved a GPU in use, %',
      powerColumns.map((column) => savedPercent(gpuPowerW?.[column], fgd?.gpuPowerW?.[column])),
    ),
    row(
      'bound of what is saved, %',
      powerColumns.map((column) => savedPercent(leastPowerW?.[column], rival[column])),
    ),
    '',
  ];
}

function kilowatts(watts: number | null | undefined): string {
  return watts === undefined || watts === null ? '–' : (watts / 1000).toFixed(1);
}

function savedPercent(watts: number | null | undefined, rival: number | null | undefined): string {
  if (watts === undefined || watts === null || rival === undefined || rival === null || rival === 0)
    return '–';
  return ((100 * (rival - watts)) / rival).toFixed(1);
}

function row(title: string, cells: readonly string[]): string {
  return `${title.padEnd(26)}${cells.map((cell) => cell.padStart(8)).join('')}`.trimEnd();
}

function percent(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(2);
}

function signed(value: number | undefined): string {
  if (value === undefined) return '–';
  return `${value > 0 ? '+' : ''}${value.toFixed(2)}`;
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
