import type { Feed, PlacedNode, RackPicture } from '../../model/picture-view.ts';
import { formatWatts } from '../cards/amount.ts';
import { type Field, fields } from '../cards/fields.ts';
import { bullets, type Line, type Room, span } from '../cards/line.ts';
import { section } from '../cards/section.ts';
import { type Box, frame } from './frame.ts';
import { type Marks, marksOf, seatRow } from './marks.ts';
import {
  bar,
  feedWords,
  figureWords,
  freeWords,
  shareWords,
  healthSpan,
  nameIn,
  wattsOfMost,
} from './words.ts';

/** A rack from the top down, nodes at their units where those are recorded, and what its feeds carry. */
export function rackLines(rack: RackPicture, room: Room): Line[] {
  return [
    ...fields(rackFields(rack), room),
    ...frame(elevation(rack), room),
    ...section('Positions that cannot be true', misplacedLines(rack, room), room),
  ];
}

function rackFields(rack: RackPicture): readonly Field[] {
  const { units, freeUnits, heldW, limitW, coolingLimitW, loop } = rack;
  const room = units === undefined ? '' : `${units}, ${freeUnits ?? 'an unknown number'} free`;
  const lost = rack.feeds.length > 1 ? ' with any one feed lost' : '';
  return [
    ['GPUs', [span(shareWords(rack.gpus))]],
    ['units', [span(room)]],
    ['power', load(heldW, limitW, lost)],
    ...rack.feeds.map((feed): Field => ['feed', feedLine(feed)]),
    ...(coolingLimitW === undefined && loop === undefined
      ? []
      : [['cooling', load(heldW, coolingLimitW, loop === undefined ? '' : `, loop ${loop}`)] as const]),
  ];
}

function load(heldW: number, limitW: number | undefined, more: string): Line {
  if (limitW === undefined) return [span(`${formatWatts(heldW)} held, limit unknown${more}`)];
  return [span(`${formatWatts(heldW)} held of ${formatWatts(limitW)}${more}  `), ...bar(heldW, limitW)];
}

function feedLine({ letter, feed, limitW, heldW, worstW, worstWithout }: Feed): Line {
  const from = feed === undefined ? '' : `, from ${feed}`;
  const limit = limitW === undefined ? 'limit unknown' : `of ${formatWatts(limitW)}`;
  const now = `${letter}: ${formatWatts(heldW)} ${limit}${from}`;
  if (worstWithout === undefined)
    return [span(`${now}  `), ...(limitW === undefined ? [] : bar(heldW, limitW))];
  return [
    span(`${now}; ${formatWatts(worstW)} without ${worstWithout}  `),
    ...(limitW === undefined ? [] : bar(worstW, limitW)),
  ];
}

/** What stands at each height from the top down, and then what has no recorded position. */
function elevation(rack: RackPicture): readonly Box[] {
  const marks = marksOf(rack.holders);
  const boxes: Box[] = [];
  let above = rack.units;
  for (const node of rack.nodes) {
    const { position } = node;
    if (position !== undefined) {
      const top = position + (node.units ?? 1) - 1;
      boxes.push(...gap(top + 1, above));
      above = Math.min(above ?? position, position) - 1;
    }
    boxes.push({ label: label(node), body: nodeLine(node, rack, marks) });
  }
  const allPlaced = rack.nodes.every(({ position }) => position !== undefined);
  const bottom = allPlaced && rack.nodes.length > 0 ? gap(1, above) : [];
  return [...boxes, ...bottom];
}

/** Units that nothing in the inventory stands in. Switches and panels are not in it, so nobody says that they are empty. */
function gap(from: number, to: number | undefined): readonly Box[] {
  if (to === undefined || to < from) return [];
  const units = to - from + 1;
  return [{ label: [span(unitRange(from, to))], body: [span(`no node in ${units} U`, 'dim')] }];
}

function label({ position, units }: PlacedNode): Line {
  if (position === undefined) return [span(units === undefined ? '? U' : `${units} U`)];
  return [span(units === undefined ? `U${position}-?` : unitRange(position, position + units - 1))];
}

function unitRange(from: number, to: number): string {
  return from === to ? `U${from}` : `U${from}-${to}`;
}

function nodeLine(node: PlacedNode, rack: RackPicture, marks: Marks): Line {
  const figures = figureWords(node.power);
  return [
    span(nameIn(node.id, rack.id), 'strong'),
    ...(node.seats.length === 0 ? [] : [{ text: '  ' }, ...seatRow(node.seats, marks)]),
    span(`  ${freeWords(node.gpus)}`),
    span(`  ${wattsOfMost(node.power)}${figures === '' ? '' : ` (${figures})`}`),
    ...(node.feeds.length === 0 ? [] : [span(`  ${feedWords(node.feeds)}`, 'dim')]),
    { text: '  ' },
    healthSpan(node),
  ];
}

function misplacedLines({ id, misplaced }: RackPicture, room: Room): Line[] {
  return bullets(
    misplaced.map(({ node, why }): Line => [span(nameIn(node, id), 'warn'), span(`: ${why}`)]),
    room,
  );
}
