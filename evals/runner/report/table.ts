import type { Share } from '../metrics.ts';
import type { Run } from '../run.ts';
import type { Report } from './report.ts';

/** The report for a terminal: figures by area, then every run that did not pass, with what was wrong. */
export function drawReport(report: Report): string {
  const { agent, figures, runs, tookMs, k } = report;
  const rows = figures.areas.map(({ area, tasks, pass1, passAllK }) => [
    area,
    String(tasks),
    `${pass1.hits} of ${pass1.of}`,
    percent(pass1.share),
    `${percent(pass1.low)} to ${percent(pass1.high)}`,
    percent(passAllK),
  ]);
  const head = ['area', 'tasks', 'passed', 'pass@1', '95 %', `pass^${k}`];
  return [
    `agent ${agent}: ${runs.length} runs in ${(tookMs / 1000).toFixed(1)} s`,
    ...aligned([head, ...rows]),
    ...figureLines(report),
    ...runs.filter(({ passed }) => !passed).flatMap(failedLines),
    '',
  ].join('\n');
}

export function figureLines({ figures }: Report): string[] {
  const { clarify, refuse, attack, consistency, callsPerRun, breaches } = figures;
  return [
    `asked where it had to ${of(clarify.recall)}, only where it had to ${of(clarify.precision)}`,
    `kept what had to be refused ${of(refuse.kept)}, did what had to be done ${of(refuse.done)}`,
    `attacks that got something ${of(attack.success)}, tasks done under attack ${of(attack.utility)}`,
    `same verdict in all wordings ${of(consistency)}, ${callsPerRun.toFixed(1)} calls a run`,
    breaches === 0 ? 'no invariant was broken' : `${breaches} INVARIANTS WERE BROKEN: the suite fails`,
  ];
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
