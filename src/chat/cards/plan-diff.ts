import type { PlanView } from '../../model/plan-view.ts';
import { countOf, eurOrUnknown, formatEur } from './amount.ts';
import { columnsOf, type Line, type Room, span, widthOf, wrap } from './line.ts';
import { section } from './section.ts';
import { capacityWords } from './slices.ts';
import { formatWindow } from './time.ts';

/** What is otherwise than in the plan before: a line for each thing that differs; nothing where nothing does. */
export function planDiff(before: PlanView | undefined, plan: PlanView, room: Room): Line[] {
  if (before === undefined || before.id === plan.id) return [];
  const changes = rows.flatMap(([label, read]) => {
    const [was, is] = [read(before), read(plan)];
    return was === is ? [] : [{ label, was, is }];
  });
  const width = Math.max(0, ...changes.map(({ label }) => widthOf(label))) + 2;
  const lines = changes.flatMap(({ label, was, is }) =>
    wrap(
      [span(`  ${label.padEnd(width)}`, 'dim'), span(`${was} `), span('->', 'accent'), span(` ${is}`)],
      columnsOf(room),
      width + 2,
    ),
  );
  const same = lines.length === 0 ? wrap([span('  nothing that is shown here')], columnsOf(room), 2) : lines;
  return section(`Changed since ${before.id}`, [...same, ...costLine(before, plan, room)], room);
}

const rows: readonly (readonly [string, (plan: PlanView) => string])[] = [
  ['what', (plan) => capacityOf(plan)],
  ['tenant', ({ tenant }) => tenant],
  ['where', ({ sites }) => sites.join(', ')],
  ['nodes', nodesOf],
  ['when', formatWindow],
  ['an hour', ({ price }) => eurOrUnknown(price.microEurPerHour)],
  [
    'total',
    ({ price }) => (price.totalMicroEur === undefined ? 'open-ended' : formatEur(price.totalMicroEur)),
  ],
  ['terms', ({ guarantee, isolation }) => `${guarantee}, ${isolation}`],
  ['purpose', ({ purpose }) => purpose ?? 'none'],
  ['ends', ({ preempts = [] }) => preempts.join(', ') || 'no contract'],
  ['promised', ({ terms }) => countOf(terms.length, 'term')],
];

function capacityOf(plan: PlanView): string {
  const models = [...new Set(plan.parts.flatMap(({ gpuModel }) => gpuModel ?? []))];
  return capacityWords({ ...plan, gpuModel: models.join(' or ') || undefined }) || 'no GPUs';
}

function nodesOf({ parts }: PlanView): string {
  const nodes = [...new Set(parts.flatMap(({ members }) => members.map(({ node }) => node)))];
  const shown = nodes.slice(0, 4).join(', ');
  return nodes.length <= 4 ? shown : `${shown} and ${nodes.length - 4} more`;
}

function costLine(before: PlanView, plan: PlanView, room: Room): Line[] {
  const [was, is] = [before.price.totalMicroEur, plan.price.totalMicroEur];
  if (was === undefined || is === undefined || was === is) return [];
  const more = is > was;
  const words = `  ${formatEur(Math.abs(is - was))} ${more ? 'more' : 'less'} in total`;
  return wrap([span(words, more ? 'warn' : 'good')], columnsOf(room), 2);
}
