import type { Run } from '../run.ts';
import type { Report } from './report.ts';

/** JUnit XML as CI systems read it: one suite an area, one case a run. */
export function junit({ agent, runs, tasks }: Report): string {
  const areaOf = new Map(tasks.map(({ id, area }) => [id, area]));
  const byArea = Map.groupBy(runs, ({ task }) => areaOf.get(task) ?? 'inventory');
  const suites = [...byArea].map(([area, own]) => {
    const failures = own.filter(({ passed, stale }) => !passed && stale !== true).length;
    const head = `<testsuite name="${escaped(`${agent}.${area}`)}" tests="${own.length}" failures="${failures}">`;
    return [head, ...own.map(caseOf), '</testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join(
    '\n',
  );
}

function caseOf({ task, paraphrase, passed, faults, breaches, stale, tookMs }: Run): string {
  const name = escaped(paraphrase === 0 ? task : `${task} (wording ${paraphrase + 1})`);
  const seconds = (tookMs / 1000).toFixed(3);
  if (passed) return `<testcase name="${name}" time="${seconds}"/>`;
  if (stale === true)
    return `<testcase name="${name}" time="${seconds}"><skipped message="stale recording"/></testcase>`;
  const why = escaped([...breaches, ...faults].join('; '));
  return `<testcase name="${name}" time="${seconds}"><failure message="${why}"/></testcase>`;
}

/** XML 1.0 allows no control characters, not even escaped. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
