import type { Report } from './report.ts';
import { figureLines, percent } from './table.ts';

/** A summary for a pull request: figures by area, and what did not pass. */
export function markdown(report: Report): string {
  const { agent, figures, runs, suite, k } = report;
  const failed = runs.filter(({ passed, stale }) => !passed && stale !== true);
  return [
    `# Agent \`${agent}\``,
    '',
    `${runs.length} runs of ${report.tasks.length} tasks (suite \`${suite.slice(0, 19)}…\`).`,
    '',
    `| area | tasks | passed | pass@1 | pass^${k} |`,
    '| --- | ---: | ---: | ---: | ---: |',
    ...figures.areas.map(
      ({ area, tasks, pass1, passAllK }) =>
        `| ${area} | ${tasks} | ${pass1.hits} of ${pass1.of} | ${percent(pass1.share)} | ${percent(passAllK)} |`,
    ),
    '',
    ...figureLines(report).map((line) => `- ${line}`),
    '',
    ...failed.map(
      ({ task, faults, breaches }) => `- \`${task}\`: ${escaped([...breaches, ...faults].join('; '))}`,
    ),
    '',
  ].join('\n');
}

/** What an agent said may be anything: here it is text, not markup. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|]/g, (mark) => `\\${mark}`);
}
