import type { StoredFigures } from './compare.ts';
import { percent } from './table.ts';

/** One column an agent, one row an area: pass^1 and, where tasks were run more than once, pass^k. Markdown. */
export function agentTable(reports: readonly StoredFigures[]): string {
  const areas = [...new Set(reports.flatMap(({ figures }) => figures.areas.map(({ area }) => area)))];
  const rows = areas.map((area) => [area, ...reports.map((report) => cellOf(report, area))]);
  const broken = ['invariants broken', ...reports.map(({ figures }) => String(figures.breaches))];
  return [
    row(['area', ...reports.map(({ agent }) => nameOf(agent))]),
    row(['---', ...reports.map(() => '---:')]),
    ...[...rows, broken].map(row),
    '',
  ].join('\n');
}

function cellOf({ figures, k }: StoredFigures, area: string): string {
  const found = figures.areas.find((one) => one.area === area);
  if (found === undefined) return '';
  const once = percent(found.pass1.share);
  return k === 1 ? once : `${once} / ${percent(found.passAllK)}`;
}

/** Of a model its name, without where it answers. */
function nameOf(agent: string): string {
  return agent
    .replace(/^openai:/u, '')
    .replace(/@https?:.*$/u, '')
    .replaceAll('|', ' ');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
