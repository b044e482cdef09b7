import type { InventoryList, NodeView } from '../../model/inventory-view.ts';
import { compareText } from '../../model/text.ts';
import { countOf, formatCores, formatMib } from './amount.ts';
import { bullets, columnsOf, type Line, type Room, span, type Tone, wrap } from './line.ts';
import { section } from './section.ts';
import { leftWords } from './slices.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

/** Nodes with what is free on them over the whole window. */
export function nodesCard(list: InventoryList, room: Room): Line[] {
  return [
    ...wrap([span(title(list), 'strong')], columnsOf(room)),
    ...nodeTable(list.nodes, room),
    ...section('Partly used GPUs', partlyLines(list.nodes, room), room),
    ...section('Labels, as found in the source', labelLines(list.nodes, room), room),
    ...answerEnd(list, room),
  ];
}

function title({ nodes, total, from, to }: InventoryList): string {
  const shown =
    nodes.length === total ? countOf(total, 'node') : `${nodes.length} of ${countOf(total, 'node')}`;
  const when =
    from === to ? `at ${formatInstant(from)}` : `from ${formatInstant(from)} to ${formatInstant(to)}`;
  return `${shown}; free GPUs ${when}`;
}

function nodeTable(nodes: readonly NodeView[], room: Room): Line[] {
  const columns = [
    { title: 'node', priority: 1, narrowTo: 12 },
    { title: 'host', priority: 7, narrowTo: 12 },
    { title: 'model', priority: 2, narrowTo: 10 },
    { title: 'free', priority: 1, align: 'right' as const },
    { title: 'GPUs', priority: 1, align: 'right' as const },
    { title: 'link', priority: 4 },
    { title: 'RDMA', priority: 5 },
    { title: 'CPUs', priority: 6, align: 'right' as const },
    { title: 'memory', priority: 6, align: 'right' as const },
    { title: 'health', priority: 1, narrowTo: 9 },
    { title: 'contracts', priority: 3, narrowTo: 9 },
  ];
  return table(columns, nodes.map(nodeRow), room);
}

function nodeRow(node: NodeView): Row {
  return [
    span(node.id),
    span(node.hostName),
    span(node.gpuModel ?? ''),
    span(String(node.freeGpus), node.freeGpus > 0 ? 'good' : 'dim'),
    span(String(node.gpuCount)),
    span(node.link),
    span(node.rdma),
    span(node.cpuMilli === undefined ? '' : formatCores(node.cpuMilli)),
    span(node.memoryMib === undefined ? '' : formatMib(node.memoryMib)),
    span(node.schedulable ? node.health : `${node.health}, cordoned`, healthTone(node)),
    span([...node.contracts, ...(node.maintenance ?? [])].join(' ')),
  ];
}

function healthTone({ health, schedulable }: NodeView): Tone | undefined {
  if (health === 'down') return 'bad';
  return health === 'healthy' && schedulable ? undefined : 'warn';
}

function partlyLines(nodes: readonly NodeView[], room: Room): Line[] {
  const lines = nodes.flatMap(({ partlyUsed = [] }) =>
    partlyUsed.map((gpu): Line => [span(`${gpu.gpu}  `, 'dim'), span(leftWords(gpu))]),
  );
  return bullets(lines, room);
}

function labelLines(nodes: readonly NodeView[], room: Room): Line[] {
  const lines = nodes.flatMap(({ id, labels }) =>
    Object.entries(labels ?? {})
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([name, value]): Line => [span(`${id}  `, 'dim'), span(`${name}=${value}`)]),
  );
  return bullets(lines, room);
}
