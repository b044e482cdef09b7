import type { IslandPicture, PlacedNode } from '../../model/picture-view.ts';
import { formatMbps } from '../cards/amount.ts';
import { type Field, fields } from '../cards/fields.ts';
import { bullets, columnsOf, indent, type Line, lineWidth, type Room, span, wrap } from '../cards/line.ts';
import { section } from '../cards/section.ts';
import { type Marks, marksOf, seatRow } from './marks.ts';
import { shareWords, healthSpan, nameIn } from './words.ts';

/** A link domain over nodes: the nodes side by side, each with its GPUs, all joined by one line. */
export function islandLines(picture: IslandPicture, room: Room): Line[] {
  const marks = marksOf(picture.holders);
  return [
    ...fields(islandFields(picture), room),
    ...indent(domain(picture, marks, columnsOf(room) - 2), 2),
    ...section('Not in order', ailing(picture, room), room),
  ];
}

function islandFields(picture: IslandPicture): readonly Field[] {
  return [
    ['nodes', [span(String(picture.nodes.length))]],
    ['GPUs', [span(shareWords(picture.gpus))]],
    ['link', [span(islandLink(picture))]],
    [picture.racks.length === 1 ? 'rack' : 'racks', [span(picture.racks.join(', '))]],
  ];
}

/** `nvlink, 14,400 Gbit/s a GPU`. */
export function islandLink({ link, linkMbps }: IslandPicture): string {
  return linkMbps === undefined ? link : `${link}, ${formatMbps(linkMbps)} a GPU`;
}

/**
 * As many nodes in a row as there is room for, on the bar of the link that joins them. Names that are too long for one
 * stand below each other.
 */
function domain(picture: IslandPicture, marks: Marks, columns: number): Line[] {
  const around = commonPlace(picture.nodes);
  const cells = picture.nodes.map((node) => cell(node, around, marks));
  const widest = Math.max(1, ...cells.map(lineWidth));
  if (widest + 3 > columns) return cells.flatMap((each) => wrap(each, columns, 2));
  const across = Math.max(1, Math.floor(columns / (widest + 3)));
  const rows = Math.ceil(cells.length / across);
  return Array.from({ length: rows }, (_, y): Line => {
    const row = cells.slice(y * across, (y + 1) * across);
    return row.flatMap((each, x): Line => [
      { text: x === 0 ? `${joint(y, rows)}─ ` : '   ', tone: 'dim' },
      ...each,
      { text: ' '.repeat(widest - lineWidth(each)) },
    ]);
  });
}

function joint(row: number, rows: number): string {
  if (rows === 1) return '─';
  if (row === 0) return '┌';
  return row === rows - 1 ? '└' : '├';
}

function cell(node: PlacedNode, around: string, marks: Marks): Line {
  return [
    span(nameIn(node.id, around)),
    { text: ' ' },
    ...(node.seats.length === 0 ? [span('no GPUs recorded', 'warn')] : seatRow(node.seats, marks)),
    ...(node.health === 'healthy' || node.health === 'unknown' ? [] : [span(` !${node.health}`, 'bad')]),
  ];
}

/** The longest place that all nodes stand in. */
export function commonPlace(nodes: readonly { readonly id: string }[]): string {
  const [first = [], ...rest] = nodes.map(({ id }) => id.split('/').slice(0, -1));
  const same = first.findIndex((segment, at) => rest.some((other) => other[at] !== segment));
  return (same < 0 ? first : first.slice(0, same)).join('/');
}

function ailing({ nodes }: IslandPicture, room: Room): Line[] {
  const bad = nodes.filter(
    ({ health, schedulable }) => health === 'down' || health === 'degraded' || !schedulable,
  );
  return bullets(
    bad.map((node): Line => [span(`${node.id}: `), healthSpan(node)]),
    room,
  );
}
