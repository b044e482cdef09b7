import type { IslandPicture, PlacedNode } from '../../model/picture-view.ts';
import { commonPlace, islandLink } from '../pictures/island.ts';
import { healthWords, nameIn, seatWords } from '../pictures/words.ts';
import type { Element } from './element.ts';
import { type Block, group, line, rect, seatRow, seatsWidth, text } from './parts.ts';

const rowHeight = 48;
const across = 4;

/** Nodes in rows, all of them joined by one link. */
export function islandBlock(picture: IslandPicture): Block {
  const around = commonPlace(picture.nodes);
  const widest = Math.max(8, ...picture.nodes.map(({ seats }) => seats.length));
  const boxWidth = seatsWidth(widest) + 14;
  const rows = Math.ceil(picture.nodes.length / across);
  const spine = rows * rowHeight + 20;
  return {
    width: 24 + across * (boxWidth + 12),
    height: spine + 10,
    elements: [
      text(0, 14, islandLink(picture), 'ink'),
      ...(rows === 0 ? [] : [line(8, 24, 8, spine - rowHeight / 2 - 2)]),
      ...Array.from({ length: rows }, (_, row) => {
        const y = 22 + row * rowHeight + 20;
        return line(8, y, 24 + (lastIn(row, picture.nodes.length) - 1) * (boxWidth + 12), y);
      }),
      ...picture.nodes.map((node, at) =>
        nodeBox(node, picture, {
          x: 24 + (at % across) * (boxWidth + 12),
          y: 22 + Math.floor(at / across) * rowHeight,
          width: boxWidth,
          name: nameIn(node.id, around),
        }),
      ),
    ],
  };
}

/** How many nodes stand in a row. */
function lastIn(row: number, nodes: number): number {
  return Math.min(across, nodes - row * across);
}

type Place = { readonly x: number; readonly y: number; readonly width: number; readonly name: string };

function nodeBox(node: PlacedNode, { holders }: IslandPicture, { x, y, width, name }: Place): Element {
  return group(
    x,
    y,
    [
      rect(0, 0, width, rowHeight - 8, node.health === 'down' ? 'down' : 'box'),
      text(6, 15, name, 'ink', width - 8),
      ...(node.seats.length === 0
        ? [text(6, 33, 'GPUs not recorded', 'warn small')]
        : seatRow(6, 20, node.seats, holders)),
    ],
    `${node.id}: ${node.seats.length === 0 ? 'GPUs not recorded' : seatWords(node.seats)}; ${healthWords(node)}`,
  );
}
