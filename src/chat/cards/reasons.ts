import type { SiteReport } from '../../model/plan.ts';
import type { ConstraintCount } from '../../model/refusal.ts';
import { formatEur } from './amount.ts';
import { bullets, columnsOf, cutLine, type Line, type Room, span, type Tone } from './line.ts';
import { type Row, table } from './table.ts';
import { formatAt } from './time.ts';

/** Why here and not elsewhere: one row for each site that was considered, the chosen one first. */
export function siteTable(sites: readonly SiteReport[], room: Room): Line[] {
  const first = sites.filter(({ outcome }) => outcome === 'chosen');
  const others = sites.filter(({ outcome }) => outcome !== 'chosen');
  if (room.folded === true) return [...first, ...others].map((site) => foldedSite(site, room));
  const zone = room.zone ?? 'UTC';
  const columns = [
    { title: 'site', priority: 1, narrowTo: 8 },
    { title: 'outcome', priority: 1 },
    { title: `start, ${zone}`, priority: 3, narrowTo: 11 },
    { title: 'an hour', priority: 4, align: 'right' as const },
    { title: 'total', priority: 2, align: 'right' as const },
    { title: 'why', priority: 1, narrowTo: 16 },
  ];
  return table(
    columns,
    [...first, ...others].map((site) => siteRow(site, zone)),
    room,
  );
}

/** Why in this place of the chosen site: a line for each reason. */
export function hereLines(here: readonly string[] = [], room: Room): Line[] {
  return bullets(
    here.map((text) => [span(text)]),
    room,
  );
}

function siteRow(site: SiteReport, zone: string): Row {
  return [
    span(site.site, site.outcome === 'chosen' ? 'strong' : undefined),
    span(site.outcome.replaceAll('-', ' '), outcomeTone(site.outcome)),
    span(site.startMs === undefined ? '' : formatAt(site.startMs, zone)),
    span(site.microEurPerHour === undefined ? '' : formatEur(site.microEurPerHour)),
    span(site.totalMicroEur === undefined ? '' : formatEur(site.totalMicroEur)),
    span(site.why),
  ];
}

/** A site in a row: what is missing of its reasons stands under the rules, or unfolds. */
function foldedSite({ site, outcome, why, totalMicroEur }: SiteReport, room: Room): Line {
  const price = totalMicroEur === undefined ? '' : ` ${formatEur(totalMicroEur)},`;
  const row = [
    span(`  ${site}`, outcome === 'chosen' ? 'strong' : undefined),
    span(': '),
    span(outcome.replaceAll('-', ' '), outcomeTone(outcome)),
    span(`,${price} ${why}`),
  ];
  return cutLine(row, columnsOf(room));
}

function outcomeTone(outcome: SiteReport['outcome']): Tone | undefined {
  if (outcome === 'chosen') return 'good';
  if (outcome === 'feasible') return undefined;
  return outcome === 'policy-denied' ? 'bad' : 'warn';
}

/** How many candidates were left before and after each constraint. */
export function constraintTable(constraints: readonly ConstraintCount[], room: Room): Line[] {
  const columns = [
    { title: 'constraint', priority: 1, narrowTo: 12 },
    { title: 'counted', priority: 2 },
    { title: 'before', priority: 1, align: 'right' as const },
    { title: 'after', priority: 1, align: 'right' as const },
    { title: 'note', priority: 3, narrowTo: 16 },
  ];
  return table(columns, constraints.map(constraintRow), room);
}

function constraintRow({ constraint, level, before, after, note }: ConstraintCount): Row {
  return [
    span(constraint),
    span(`${level}s`),
    span(String(before)),
    span(String(after), after === 0 && before > 0 ? 'bad' : undefined),
    span(note ?? ''),
  ];
}
