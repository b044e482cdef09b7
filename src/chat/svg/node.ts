import type { Branch, NodePicture, PicturedGpu, PicturedNic } from '../../model/picture-view.ts';
import { formatMbps } from '../cards/amount.ts';
import { marksOf, useWords } from '../pictures/marks.ts';
import { linkWords } from '../pictures/node.ts';
import type { Element } from './element.ts';
import { type Block, fitted, group, line, rect, seatSquare, text } from './parts.ts';

const columnWidth = 380;
const rowHeight = 22;
const pad = 10;

/** The NUMA nodes of a machine side by side, in each its PCIe roots and switches with their devices. */
export function nodeBlock(picture: NodePicture): Block {
  const columns = [...Map.groupBy(picture.branches, ({ numaNode }) => numaNode)].map(([numa, branches]) =>
    numaBlock(picture, numa, branches),
  );
  const link = linkWords(picture);
  const height = Math.max(0, ...columns.map((column) => column.height));
  const wires = columns.slice(1).map((_, at) => {
    const x = (at + 1) * (columnWidth + 24);
    return line(x - 24, 14, x, 14);
  });
  const islands = link === '' ? [] : [text(0, height + 26, `link: ${link}`, 'ink')];
  return {
    width: Math.max(columns.length * (columnWidth + 24) - 24, columnWidth),
    height: height + (islands.length === 0 ? 0 : 34),
    elements: [
      ...wires,
      ...columns.map((column, at) => group(at * (columnWidth + 24), 0, column.elements)),
      ...islands,
    ],
  };
}

function numaBlock(picture: NodePicture, numa: number | undefined, branches: readonly Branch[]): Block {
  const elements: Element[] = [];
  let y = 34;
  for (const [root, list] of Map.groupBy(branches, ({ pcieRoot }) => pcieRoot)) {
    const block = rootBlock(picture, root, list);
    elements.push(group(pad, y, block.elements));
    y += block.height + 8;
  }
  const name = numa === undefined ? 'NUMA node not recorded' : `NUMA node ${numa}`;
  return {
    width: columnWidth,
    height: y + 4,
    elements: [rect(0, 0, columnWidth, y + 4, 'box'), text(pad, 20, name, 'ink strong'), ...elements],
  };
}

function rootBlock(picture: NodePicture, root: number | undefined, branches: readonly Branch[]): Block {
  const width = columnWidth - 2 * pad;
  const elements: Element[] = [];
  let y = root === undefined ? 4 : rowHeight;
  for (const branch of branches) {
    const block = switchBlock(picture, branch, width - 2 * pad);
    elements.push(group(pad, y, block.elements));
    y += block.height + 4;
  }
  const name = root === undefined ? [] : [text(pad, 16, `PCIe root ${root}`, 'dim small')];
  return { width, height: y + 4, elements: [rect(0, 0, width, y + 4, 'inner'), ...name, ...elements] };
}

function switchBlock(picture: NodePicture, branch: Branch, width: number): Block {
  const { pcieSwitch, gpus, nics } = branch;
  const head = pcieSwitch === undefined ? 0 : rowHeight - 4;
  const rows = [
    ...gpus.flatMap((index) => gpuRow(picture, picture.gpuList[index], width)),
    ...nics.flatMap((index) => nicRow(picture, picture.nicList[index], width)),
  ];
  const height = head + rows.length * rowHeight + 4;
  return {
    width,
    height,
    elements: [
      ...(pcieSwitch === undefined
        ? []
        : [rect(0, 0, width, height, 'box'), text(pad, 15, `PCIe switch ${pcieSwitch}`, 'dim small')]),
      ...rows.map((row, at) => group(0, head + at * rowHeight, [row])),
    ],
  };
}

function gpuRow(picture: NodePicture, gpu: PicturedGpu | undefined, width: number): Element[] {
  if (gpu === undefined) return [];
  const parts = [`gpu${gpu.index}`, gpu.model ?? 'model unknown'];
  if (gpu.island !== undefined && picture.islands.length > 1) parts.push(`island ${gpu.island}`);
  const words = parts.join(', ');
  return [
    group(
      0,
      0,
      [seatSquare(pad, 3, gpu, picture.holders), text(pad + 24, 16, words, 'ink', width - pad - 28)],
      `${words}: ${[useWords(gpu), ...gpu.slices.map(({ what }) => what)].join(', ')}`,
    ),
  ];
}

function nicRow(picture: NodePicture, nic: PicturedNic | undefined, width: number): Element[] {
  if (nic === undefined) return [];
  const { index, name, rail, rdma, kind, mbps, isDown, heldBy } = nic;
  const words = [
    `nic${index}${name === undefined ? '' : ` ${name}`}`,
    ...(rail === undefined ? [] : [`rail ${rail}`]),
    `${rdma === true ? 'RDMA ' : ''}${kind ?? 'NIC'}`,
    ...(mbps === undefined ? [] : [formatMbps(mbps)]),
    ...(isDown ? ['x down'] : []),
    ...(heldBy.length === 0 ? [] : [`[${marksOf(picture.holders).holder(heldBy)}]`]),
  ].join(', ');
  const room = width - pad - 28;
  return [group(0, 0, [text(pad + 24, 16, fitted(words, room), isDown ? 'bad' : 'dim')], words)];
}
