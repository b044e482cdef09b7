import type { HealthCounts, InventoryTree, TreeRow } from '../../model/picture-view.ts';
import { countOf, formatCount, formatWatts } from '../cards/amount.ts';
import { bullets, columnsOf, indent, inset, type Line, type Room, span, wrap } from '../cards/line.ts';
import { answerEnd } from '../cards/snapshot.ts';
import { type Row, table } from '../cards/table.ts';
import { formatInstant } from '../cards/time.ts';
import { branches, type Twig } from './branches.ts';
import { useWords } from './marks.ts';
import { gpuWords } from './words.ts';

/** The inventory from the outside in. `spoken` gives one sentence a place, with its whole path. */
export function treeCard(tree: InventoryTree, room: Room): Line[] {
  const { rows, from, to } = tree;
  const when =
    from === to ? `at ${formatInstant(from)}` : `from ${formatInstant(from)} to ${formatInstant(to)}`;
  return [
    ...wrap([span(`Inventory ${when}`, 'strong')], columnsOf(room)),
    ...body(rows, room),
    ...wrap(hiddenLine(tree), columnsOf(room), 2),
    ...answerEnd(tree, room),
  ];
}

function body(rows: readonly TreeRow[], room: Room): Line[] {
  if (rows.length === 0) return [[span('  nothing is recorded: berth import', 'warn')]];
  if (room.spoken === true || columnsOf(room) < tooNarrow)
    return bullets(
      rows.map((row): Line => [span(`${sentence(row)}.`)]),
      room,
    );
  return columnsOf(room) < wideEnough ? indent(branches(twigsOf(rows), inset(room, 2)), 2) : grid(rows, room);
}

const wideEnough = 72;
const tooNarrow = 32;

function hiddenLine({ rows, depth }: InventoryTree): Line {
  const hidden = rows.reduce((sum, { hiddenCount }) => sum + hiddenCount, 0);
  if (hidden === 0) return [];
  return [span(`  ${formatCount(hidden)} more below: \`--depth ${depth + 1}\` shows the next level`, 'dim')];
}

function grid(rows: readonly TreeRow[], room: Room): Line[] {
  const right = 'right' as const;
  const columns = [
    { title: 'place', priority: 1 },
    { title: 'free', priority: 1, align: right },
    { title: 'GPUs', priority: 1, align: right },
    { title: 'nodes', priority: 2, align: right },
    { title: 'held', priority: 2, align: right },
    { title: 'at most', priority: 5, align: right },
    { title: 'limit', priority: 4, align: right },
    { title: 'health', priority: 1, narrowTo: 12 },
    { title: 'held by', priority: 3, narrowTo: 9 },
  ];
  const stems = stemsOf(rows);
  return table(
    columns,
    rows.map((row, at) => gridRow(row, stems[at] ?? '')),
    room,
    Infinity,
  );
}

function gridRow(row: TreeRow, stem: string): Row {
  const isDevice = row.nodeCount === 0 && row.what !== undefined;
  const { heldW, mostW, limitW } = row.power;
  const noGpus = row.gpus.total === 0;
  const place = span(`${stem}${title(row)}`);
  if (isDevice) {
    const use = row.use === undefined ? '' : useWords({ use: row.use, heldBy: row.heldBy });
    return [
      place,
      ...Array.from({ length: 6 }, () => span('')),
      span([row.what, use].filter((text) => text !== '').join(', ')),
    ];
  }
  return [
    place,
    span(noGpus ? '' : formatCount(row.gpus.free), row.gpus.free > 0 ? 'good' : 'dim'),
    span(noGpus ? '' : formatCount(row.gpus.total)),
    span(row.kind === 'node' ? '' : formatCount(row.nodeCount)),
    span(formatWatts(heldW)),
    span(mostW === undefined ? 'unknown' : formatWatts(mostW)),
    span(limitW === undefined ? '' : formatWatts(limitW)),
    span(healthWords(row.health), isWell(row.health) ? undefined : 'warn'),
    span(row.kind === 'node' ? row.heldBy.join(' ') : ''),
  ];
}

/** `fra1 Frankfurt`, `r11`, `n01 (node-17)`. */
function title({ id, depth, kind, name }: TreeRow): string {
  const short = depth === 0 ? id : id.slice(id.lastIndexOf('/') + 1);
  if (name === undefined) return short;
  return kind === 'site' ? `${short} ${name}` : `${short} (${name})`;
}

function isWell({ degraded, down, unknown, cordoned }: HealthCounts): boolean {
  return degraded + down + unknown + cordoned === 0;
}

/** `healthy`, or how many are not. */
function healthWords(counts: HealthCounts): string {
  const { healthy, degraded, down, unknown, cordoned } = counts;
  const nodes = healthy + degraded + down + unknown;
  if (isWell(counts)) return nodes === 0 ? '' : 'healthy';
  const bad = [
    [down, 'down'],
    [degraded, 'degraded'],
    [unknown, 'unknown'],
    [cordoned, 'cordoned'],
  ] as const;
  const said = bad.filter(([count]) => count > 0);
  return said.map(([count, word]) => (nodes === 1 ? word : `${count} ${word}`)).join(', ');
}

/** The lines that show what hangs on what, before the name of each row. */
function stemsOf(rows: readonly TreeRow[]): string[] {
  const open: boolean[] = [];
  return rows
    .toReversed()
    .map(({ depth }) => {
      const isLast = open[depth] !== true;
      const trunk = Array.from({ length: Math.max(0, depth - 1) }, (_, at) =>
        open[at + 1] === true ? '│ ' : '  ',
      );
      open.length = depth + 1;
      open[depth] = true;
      return depth === 0 ? '' : `${trunk.join('')}${isLast ? '└ ' : '├ '}`;
    })
    .toReversed();
}

/** The same as a tree of lines, for terminals in which a table has no room. */
function twigsOf(rows: readonly TreeRow[]): Twig[] {
  const roots: MutableTwig[] = [];
  const path: MutableTwig[] = [];
  for (const row of rows) {
    const twig = { line: [span(`${title(row)}  `, 'strong'), span(rowWords(row))], below: [] };
    (path[row.depth - 1]?.below ?? roots).push(twig);
    path.length = row.depth;
    path[row.depth] = twig;
  }
  return roots;
}

type MutableTwig = { readonly line: Line; readonly below: MutableTwig[] };

function rowWords({ nodeCount, kind, gpus, power, health, what, use, heldBy }: TreeRow): string {
  if (what !== undefined) return [what, ...(use === undefined ? [] : [useWords({ use, heldBy })])].join(', ');
  const { heldW, mostW, limitW } = power;
  const limit = limitW === undefined ? '' : `, limit ${formatWatts(limitW)}`;
  const most = mostW === undefined ? '' : `, at most ${formatWatts(mostW)}`;
  return [
    ...(kind === 'node' ? [] : [countOf(nodeCount, 'node')]),
    gpuWords(gpus),
    `${formatWatts(heldW)} held${most}${limit}`,
    ...(healthWords(health) === '' ? [] : [healthWords(health)]),
    ...(heldBy.length === 0 || kind !== 'node' ? [] : [`held by ${heldBy.join(', ')}`]),
  ].join('; ');
}

function sentence(row: TreeRow): string {
  const name = row.name === undefined ? '' : ` (${row.name})`;
  const hidden =
    row.hiddenCount === 0 || row.kind === 'node' ? '' : `; ${formatCount(row.hiddenCount)} more below it`;
  return `${row.kind === 'place' ? 'Place' : capital(row.kind)} ${row.id}${name}: ${rowWords(row)}${hidden}`;
}

function capital(word: string): string {
  if (word === 'gpu' || word === 'nic') return word.toUpperCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
}
