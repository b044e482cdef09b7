import type { FabricPicture, Leaf, PlacedNode, Uplink } from '../../model/picture-view.ts';
import { formatMbps } from '../cards/amount.ts';
import { isSmall, railWords } from '../pictures/fabric.ts';
import { freeWords, healthWords, nameIn, seatWords } from '../pictures/words.ts';
import type { Element } from './element.ts';
import { type Block, group, line, loadBar, rect, seatRow, text } from './parts.ts';

const leafWidth = 240;
const gap = 20;
const switchHeight = 62;
const leafTop = switchHeight + 60;
const nodeHeight = 46;

/** A leaf with the spine it goes up to. */
type Column = {
  readonly spine: number | undefined;
  readonly leaf: Leaf | undefined;
  readonly nodes: readonly PlacedNode[];
};

/** Spines in a row, leafs in a row below, and under each leaf its nodes. */
export function fabricBlock(picture: FabricPicture): Block {
  const columns = columnsOf(picture);
  const spineAt = new Map(
    picture.spines.map((_, index) => [
      index,
      middleOf(columns.flatMap((column, at) => (column.spine === index ? [at] : []))),
    ]),
  );
  const each = isSmall(picture);
  const tallest = Math.max(0, ...columns.map(({ nodes }) => (each ? nodes.length : 1)));
  return {
    width: Math.max(1, columns.length) * (leafWidth + gap) - gap,
    height: leafTop + switchHeight + 12 + tallest * nodeHeight,
    elements: [
      ...columns.flatMap(({ spine }, at) => wire(spine === undefined ? undefined : spineAt.get(spine), at)),
      ...picture.spines.map(({ id, uplink }, index) =>
        switchBox(spineAt.get(index) ?? 0, 0, `spine ${nameIn(id, picture.id)}`, uplink),
      ),
      ...columns.map((column, at) => columnGroup(column, at, picture, each)),
    ],
  };
}

/** Spines without leafs get a place too; nodes without a leaf come last. */
function columnsOf({ spines, leafs, unattached }: FabricPicture): readonly Column[] {
  return [
    ...spines.flatMap((spine, index): Column[] =>
      spine.leafs.length === 0
        ? [{ spine: index, leaf: undefined, nodes: [] }]
        : spine.leafs.map((leaf) => ({ spine: index, leaf, nodes: leaf.nodes })),
    ),
    ...leafs.map((leaf): Column => ({ spine: undefined, leaf, nodes: leaf.nodes })),
    ...(unattached.length === 0 ? [] : [{ spine: undefined, leaf: undefined, nodes: unattached }]),
  ];
}

/** Where a spine stands: over the middle of its leafs. */
function middleOf(columns: readonly number[]): number {
  const first = columns[0] ?? 0;
  return (((columns.at(-1) ?? first) + first) / 2) * (leafWidth + gap);
}

function wire(spineX: number | undefined, at: number): Element[] {
  if (spineX === undefined) return [];
  const x = at * (leafWidth + gap) + leafWidth / 2;
  return [line(spineX + leafWidth / 2, switchHeight, x, leafTop)];
}

function switchBox(x: number, y: number, name: string, { limitMbps, heldMbps }: Uplink): Element {
  const of = limitMbps === undefined ? 'capacity unknown' : `of ${formatMbps(limitMbps)}`;
  const words = `up: ${formatMbps(heldMbps)} ${of}`;
  return group(
    x,
    y,
    [
      rect(0, 0, leafWidth, switchHeight, 'box'),
      text(8, 18, name, 'ink strong', leafWidth - 12),
      text(8, 36, words, 'dim', leafWidth - 12),
      ...(limitMbps === undefined ? [] : loadBar(8, 44, leafWidth - 16, [heldMbps, limitMbps])),
    ],
    `${name}, ${words}`,
  );
}

function columnGroup(
  { leaf, nodes, spine }: Column,
  at: number,
  picture: FabricPicture,
  each: boolean,
): Element {
  const head =
    leaf === undefined
      ? spine === undefined
        ? [text(8, 18, 'no leaf recorded', 'warn')]
        : []
      : [switchBox(0, 0, `leaf ${nameIn(leaf.id, picture.id)}`, leaf.uplink)];
  const rows = each
    ? nodes.map((node, row) => nodeBox(node, switchHeight + 10 + row * nodeHeight, picture))
    : [text(8, switchHeight + 28, `${nodes.length} nodes`, 'ink')];
  return group(at * (leafWidth + gap), leafTop, [...head, ...(nodes.length === 0 ? [] : rows)]);
}

function nodeBox(
  node: PlacedNode & { readonly rails?: readonly number[] },
  y: number,
  picture: FabricPicture,
): Element {
  const { rails = [] } = node;
  const name = [nameIn(node.id, picture.id), ...(rails.length === 0 ? [] : [railWords(rails)])].join(', ');
  const seats = node.seats.slice(0, Math.floor((leafWidth - 16) / 18));
  const rest = node.seats.length - seats.length;
  return group(
    0,
    y,
    [
      rect(0, 0, leafWidth, nodeHeight - 6, node.health === 'down' ? 'down' : 'inner'),
      text(8, 15, `${name}${rest === 0 ? '' : `, +${rest} GPUs`}`, 'ink', leafWidth - 12),
      ...seatRow(8, 20, seats, picture.holders),
    ],
    `${node.id}: ${freeWords(node.gpus)}, ${seatWords(node.seats)}; ${healthWords(node)}`,
  );
}
