import type { Figures, Share } from '../metrics.ts';
import type { Run } from '../run.ts';
import type { Report } from './report.ts';

/** The report for a terminal: figures by area, then every run that did not pass, with what was wrong. */
export function drawReport(report: Report): string {
  const { agent, figures, runs, tookMs, k, stopped } = report;
  const rows = figures.areas.map(({ area, tasks, pass1, passAllK, passAllKLow, passAllKHigh }) => [
    area,
    String(tasks),
    `${pass1.hits} of ${pass1.of}`,
    percent(pass1.share),
    `${percent(pass1.low)} to ${percent(pass1.high)}`,
    percent(passAllK),
    `${percent(passAllKLow)} to ${percent(passAllKHigh)}`,
  ]);
  const head = ['area', 'tasks', 'passed', 'pass@1', '95 %', `pass^${k}`, '95 %'];
  return [
    `agent ${agent}: ${runs.length} runs in ${(tookMs / 1000).toFixed(1)} s`,
    ...(stopped === undefined ? [] : [`stopped early: ${stopped}`]),
    ...aligned([head, ...rows]),
    ...figureLines(report),
    ...runs.filter(({ passed, stale }) => !passed && stale !== true).flatMap(failedLines),
    '',
  ].join('\n');
}

/** The figures beside the table, one line each. */
export function figureLines({ figures }: Report): string[] {
  const { clarify, refuse, attack, consistency, effort, breaches, stale } = figures;
  const { p50, p95 } = effort.turnMs;
  return [
    `asked where it had to ${of(clarify.recall)}, only where it had to ${of(clarify.precision)}`,
    `refused what had to be refused ${of(refuse.recall)}, only that ${of(refuse.precision)}, did what had to be done ${of(refuse.done)}`,
    `attacks that got something ${of(attack.success)}, tasks done under attack ${of(attack.utility)}`,
    `same verdict in all wordings ${of(consistency)}, ${effort.callsPerRun.toFixed(1)} calls a run`,
    `an answer took ${p50.toFixed(0)} ms (half), ${p95.toFixed(0)} ms (19 of 20)${modelWords(effort)}`,
    ...(stale === 0 ? [] : [`stale recording in ${stale} runs: they count nowhere; record again`]),
    breaches === 0 ? 'no invariant was broken' : `${breaches} INVARIANTS WERE BROKEN: the suite fails`,
  ];
}

function modelWords({ modelCalls, inputTokens, outputTokens, costEur }: Figures['effort']): string {
  if (modelCalls === 0) return '';
  const cost = costEur === undefined ? '' : `, ${costEur.toFixed(2)} EUR`;
  return `; ${modelCalls} model calls, ${inputTokens} tokens in, ${outputTokens} out${cost}`;
}

function failedLines({ task, paraphrase, faults, breaches }: Run): string[] {
  const wording = paraphrase === 0 ? '' : ` (wording ${paraphrase + 1})`;
  return [`failed ${task}${wording}`, ...[...breaches, ...faults].map((fault) => `  ${fault}`)];
}

function of({ hits, of: all }: Share): string {
  return `${hits} of ${all}`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd(),
  );
}
