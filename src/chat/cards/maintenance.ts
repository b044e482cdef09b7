import type { DrainMoveView, HindranceView, MaintenancePlan } from '../../model/simulation-view.ts';
import { countOf } from './amount.ts';
import { bullets, columnsOf, indent, type Line, type Room, span, wrap } from './line.ts';
import { section } from './section.ts';
import { priceChange } from './simulation.ts';
import { answerEnd } from './snapshot.ts';
import { table } from './table.ts';
import { formatInstant } from './time.ts';

const outcomes = {
  free: { text: 'every node gets empty, no contract is broken', tone: 'good' },
  'in-part': { text: 'some of the nodes get empty, no contract is broken', tone: 'warn' },
  blocked: { text: 'no node gets empty without breaking a contract', tone: 'bad' },
} as const;

const proofs = {
  best: 'every other split was looked at, none is better',
  fewest: 'no split has fewer',
  nothing: 'found by a quick search, fewer may be possible',
} as const;

/** How nodes get empty, at once or in waves, and what prevents it. Nothing of it was done. */
export function maintenanceCard(plan: MaintenancePlan, room: Room): Line[] {
  const { text, tone } = outcomes[plan.outcome];
  return [
    ...wrap([span(`Plan: ${plan.what}`, 'strong')], columnsOf(room)),
    ...wrap([span(`  ${text}`, tone)], columnsOf(room), 4),
    ...section('Moves, in this order', movesTable(plan.moves, room), room),
    ...plan.waves.flatMap((wave, at) => waveLines(wave, at, room)),
    ...provenLine(plan, room),
    ...section('In the way', bullets(plan.hindrances.map(hindranceLine), room), room),
    ...section('Nodes', nodesTable(plan.nodes, room), room),
    ...section('Without a window', leftLines(plan.left, room), room),
    ...untouchedLine(plan.untouched, room),
    ...wrap([span(`  ${plan.next}`, 'dim')], columnsOf(room), 2),
    ...answerEnd(plan, room),
  ];
}

function movesTable(moves: readonly DrainMoveView[], room: Room): Line[] {
  const columns = [
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 3, narrowTo: 8 },
    { title: 'GPUs', priority: 4, align: 'right' as const },
    { title: 'from', priority: 2, narrowTo: 11 },
    { title: 'to', priority: 1, narrowTo: 12 },
    { title: 'price', priority: 5, narrowTo: 10 },
    { title: 'plan', priority: 1 },
    { title: 'why', priority: 6, narrowTo: 14 },
  ];
  const rows = moves.map((move) => [
    span(move.contract, 'accent'),
    span(move.tenant),
    span(String(move.gpuCount)),
    span(formatInstant(move.from)),
    span(move.to.join(' ')),
    span(priceChange(move)),
    span(move.plan ?? '', 'accent'),
    span(move.why),
  ]);
  return table(columns, rows, room);
}

function waveLines(wave: MaintenancePlan['waves'][number], at: number, room: Room): Line[] {
  const title = `Wave ${at + 1}, ${formatInstant(wave.from)} to ${formatInstant(wave.until)}`;
  const nodes = wrap([span(wave.nodes.join(' '))], Math.max(2, columnsOf(room) - 2));
  return section(title, [...indent(nodes, 2), ...movesTable(wave.moves, room)], room);
}

function provenLine({ proven, waves, left }: MaintenancePlan, room: Room): Line[] {
  if (proven === undefined || waves.length === 0) return [];
  const count = `${countOf(waves.length, 'wave')}${left.length === 0 ? '' : ' for what can be emptied'}`;
  return wrap([span(`  ${count}: ${proofs[proven]}`, 'dim')], columnsOf(room), 2);
}

function hindranceLine({ contract, tenant, until, binding, why }: HindranceView): Line {
  const end = until === undefined ? 'has no end' : `ends ${formatInstant(until)}`;
  return [span(contract, 'accent'), span(` (${tenant}, ${end}): ${binding}: ${why}`)];
}

function nodesTable(nodes: MaintenancePlan['nodes'], room: Room): Line[] {
  const columns = [
    { title: 'node', priority: 1, narrowTo: 12 },
    { title: 'free from', priority: 1, narrowTo: 11 },
    { title: 'held by', priority: 2 },
  ];
  const rows = nodes.map(({ node, freeAt, heldBy }) => [
    span(node),
    freeAt === undefined
      ? span('never by itself', 'bad')
      : span(formatInstant(freeAt), heldBy.length === 0 ? 'good' : 'warn'),
    span(heldBy.join(' ')),
  ]);
  return table(columns, rows, room);
}

function leftLines(left: MaintenancePlan['left'], room: Room): Line[] {
  return left.flatMap(({ node, hindrances }) => [
    ...wrap([span(`  ${node}`, 'bad')], columnsOf(room), 2),
    ...bullets(hindrances.length === 0 ? [timeShort] : hindrances.map(hindranceLine), room),
  ]);
}

const timeShort: Line = [span('nothing stands in its way, but no time is left for a window of its own')];

function untouchedLine(untouched: number, room: Room): Line[] {
  if (untouched === 0) return [];
  const text = `  ${countOf(untouched, 'contract')} there ${untouched === 1 ? 'is' : 'are'} over by then or begin later`;
  return wrap([span(text)], columnsOf(room), 4);
}
