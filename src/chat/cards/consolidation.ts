import type { ConsolidationView } from '../../model/simulation-view.ts';
import { countOf } from './amount.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { section } from './section.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';

/** Moves that would empty nodes, in their order. */
export function consolidationCard(view: ConsolidationView, room: Room): Line[] {
  const place = view.within === undefined ? '' : ` in ${view.within}`;
  return [
    ...wrap([span(`Empty ${countOf(view.wanted, 'node')}${place}`, 'strong')], columnsOf(room)),
    ...wrap([span('  '), outcome(view)], columnsOf(room), 2),
    ...reasons(view).flatMap((text) => wrap([span(`  ${text}`)], columnsOf(room), 4)),
    ...section('Moves, in this order', stepTable(view, room), room),
    ...wrap([span(`  ${view.next}`, 'dim')], columnsOf(room), 2),
    ...answerEnd(view, room),
  ];
}

function outcome({ outcome: kind, by, gpuMoves = 0, steps, why }: ConsolidationView) {
  if (kind === 'impossible') return span(`not possible: ${why ?? 'no reason is known'}`, 'bad');
  if (steps.length === 0) return span('nothing has to move', 'good');
  const proof = by === 'optimal' ? 'no plan moves fewer' : 'fewer might do';
  return span(`${countOf(gpuMoves, 'GPU')} in ${countOf(steps.length, 'move')}; ${proof}`, 'good');
}

function reasons(view: ConsolidationView): string[] {
  const { emptyBefore, emptyAfter, greedyGpuMoves, outcome: kind, why, steps } = view;
  return [
    `empty now: ${listed(emptyBefore)}`,
    ...(kind === 'planned' ? [`empty then: ${listed(emptyAfter)}`] : []),
    ...(kind === 'planned' && why !== undefined ? [why] : []),
    ...(kind === 'planned' ? [] : stayLines(view)),
    ...(greedyGpuMoves === undefined || steps.length === 0
      ? []
      : [`the greedy way moves ${countOf(greedyGpuMoves, 'GPU')}`]),
  ];
}

/** So many contracts that stay are named. */
const named = 4;

function stayLines({ staying = [] }: ConsolidationView): string[] {
  const more = staying.length - named;
  return [
    ...staying.slice(0, named).map(({ contract, why }) => `${contract} stays: it ${why}`),
    ...(more > 0 ? [`${more} more contracts stay`] : []),
  ];
}

function listed(nodes: readonly string[]): string {
  return nodes.length === 0 ? 'none' : nodes.join(', ');
}

function stepTable({ steps }: ConsolidationView, room: Room): Line[] {
  if (steps.length === 0) return [];
  const hasNotes = steps.some(({ isDetour }) => isDetour);
  const hasPlans = steps.some(({ plan }) => plan !== undefined);
  const columns = [
    { title: '', priority: 1, align: 'right' as const },
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 3, narrowTo: 8 },
    { title: 'member', priority: 2, narrowTo: 9 },
    { title: 'GPUs', priority: 2, align: 'right' as const },
    { title: 'from', priority: 1, narrowTo: 12 },
    { title: 'to', priority: 1, narrowTo: 12 },
    ...(hasNotes ? [{ title: 'note', priority: 4, narrowTo: 8 }] : []),
    ...(hasPlans ? [{ title: 'plan', priority: 1 }] : []),
  ];
  const rows = steps.map((step, at): Row => [
    span(String(at + 1)),
    span(step.contract, 'accent'),
    span(step.tenant),
    span(`${step.part} ${step.replica}`),
    span(String(step.gpuCount)),
    span(step.from),
    span(step.to),
    ...(hasNotes ? [span(step.isDetour ? 'detour' : '')] : []),
    ...(hasPlans ? [span(step.plan ?? '')] : []),
  ]);
  return table(columns, rows, room);
}
