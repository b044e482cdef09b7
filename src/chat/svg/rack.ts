import type { Feed, PlacedNode, RackPicture } from '../../model/picture-view.ts';
import { formatWatts } from '../cards/amount.ts';
import { feedWords, freeWords, healthWords, nameIn, seatWords, wattsOfMost } from '../pictures/words.ts';
import type { Element } from './element.ts';
import { type Block, group, loadBar, rect, seatRow, seatsWidth, text, textWidth } from './parts.ts';

const unitHeight = 20;
const left = 44;
const nodeWidth = 470;
const loadLeft = left + nodeWidth + 30;
const loadWidth = 240;

/** A rack to scale, its nodes at their units, and beside it what its feeds carry. */
export function rackBlock(rack: RackPicture): Block {
  const misplaced = new Set(rack.misplaced.map(({ node }) => node));
  const standing = rack.nodes.filter(({ id, position }) => position !== undefined && !misplaced.has(id));
  const rest = rack.nodes.filter((node) => !standing.includes(node));
  const top = Math.max(rack.units ?? 0, ...standing.map(topOf));
  const frame = standing.length === 0 ? 0 : top * unitHeight;
  const loose = looseNodes(rest, rack, frame === 0 ? 0 : frame + 16);
  const loads = loadsOf(rack);
  return {
    width: loadLeft + loadWidth,
    height: Math.max(loose.height, frame, loads.height),
    elements: [
      ...(standing.length === 0 ? [] : shell(top)),
      ...standing.map((node) => nodeBox(node, rack, (top - topOf(node)) * unitHeight)),
      ...loose.elements,
      ...loads.elements,
    ],
  };
}

function topOf({ position = 1, units = 1 }: PlacedNode): number {
  return position + units - 1;
}

/** The rack itself with the numbers of its units. */
function shell(units: number): Element[] {
  const numbers = Array.from({ length: units }, (_, at) => units - at);
  return [
    rect(left, 0, nodeWidth, units * unitHeight, 'inner'),
    ...numbers.map((unit, at) => text(8, at * unitHeight + 14, `U${unit}`, 'dim small')),
  ];
}

/** Nodes whose place in the rack nobody has recorded, or which cannot stand where they are said to. */
function looseNodes(nodes: readonly PlacedNode[], rack: RackPicture, from: number): Block {
  if (nodes.length === 0) return { width: 0, height: from, elements: [] };
  const elements: Element[] = [text(left, from + 14, 'position not recorded, or not possible', 'warn')];
  let y = from + 24;
  for (const node of nodes) {
    elements.push(nodeBox(node, rack, y));
    y += boxHeight(node) + 4;
  }
  return { width: left + nodeWidth, height: y, elements };
}

function boxHeight({ units = 1 }: PlacedNode): number {
  return units * unitHeight;
}

/** Name, GPUs and watts, on two lines where there is room. */
function nodeBox(node: PlacedNode, rack: RackPicture, y: number): Element {
  const height = boxHeight(node);
  const name = nameIn(node.id, rack.id);
  const nameRoom = Math.max(40, Math.min(textWidth(name), nodeWidth - 20 - seatsWidth(node.seats.length)));
  const seatsAt = 16 + nameRoom;
  const restAt = seatsAt + seatsWidth(node.seats.length) + 8;
  const words = [freeWords(node.gpus), wattsOfMost(node.power), healthWords(node)].join(', ');
  const more =
    height < 2 * unitHeight
      ? [text(restAt, 14, words, 'dim', nodeWidth - restAt - 4)]
      : [
          text(
            8,
            34,
            [words, ...(node.feeds.length === 0 ? [] : [feedWords(node.feeds)])].join(', '),
            'dim',
            nodeWidth - 12,
          ),
        ];
  return group(
    left,
    y,
    [
      rect(0, 0, nodeWidth, height, node.health === 'down' ? 'down' : 'box'),
      text(8, 14, name, 'ink strong', nameRoom + 8),
      ...seatRow(seatsAt, 2, node.seats, rack.holders),
      ...more,
    ],
    `${node.id}: ${seatWords(node.seats)}; ${words}`,
  );
}

function loadsOf(rack: RackPicture): Block {
  const { heldW, limitW, coolingLimitW, feeds, loop } = rack;
  const bars = [
    { name: feeds.length > 1 ? 'power, any one feed lost' : 'power', held: heldW, limit: limitW },
    ...feeds.flatMap(feedBars),
    ...(coolingLimitW === undefined && loop === undefined
      ? []
      : [{ name: `cooling${loop === undefined ? '' : ` by ${loop}`}`, held: heldW, limit: coolingLimitW }]),
  ];
  const elements = bars.flatMap(({ name, held, limit }, at) => {
    const y = at * 52;
    const words = `${formatWatts(held)} of ${limit === undefined ? 'an unknown limit' : formatWatts(limit)}`;
    return [
      text(loadLeft, y + 14, name, 'ink', loadWidth),
      ...(limit === undefined ? [] : loadBar(loadLeft, y + 20, loadWidth - 10, [held, limit])),
      text(loadLeft, y + 44, words, limit !== undefined && held > limit ? 'bad' : 'dim'),
    ];
  });
  return { width: loadWidth, height: bars.length * 52, elements };
}

function feedBars({ letter, feed, limitW, heldW, worstW, worstWithout }: Feed) {
  const name = `feed ${letter}${feed === undefined ? '' : ` from ${feed}`}`;
  const now = { name, held: heldW, limit: limitW };
  return worstWithout === undefined
    ? [now]
    : [now, { name: `feed ${letter} without ${worstWithout}`, held: worstW, limit: limitW }];
}
