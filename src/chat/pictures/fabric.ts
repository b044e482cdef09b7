import type { GpuCounts } from '../../model/inventory-view.ts';
import type { FabricPicture, Leaf, PlacedNode, Uplink } from '../../model/picture-view.ts';
import { countOf, formatMbps } from '../cards/amount.ts';
import { joinRuns } from '../cards/devices.ts';
import { type Field, fields } from '../cards/fields.ts';
import { indent, inset, type Line, type Room, span } from '../cards/line.ts';
import { branches, type Twig } from './branches.ts';
import { type Marks, marksOf, seatRow } from './marks.ts';
import { bar, freeWords, gpuWords, shareWords, healthSpan, nameIn } from './words.ts';

/** Rows of nodes that are drawn one by one; of larger fabrics only the switches are. */
const nodeRows = 100;

/** Spines, leafs and nodes, with what is held of each way up. */
export function fabricLines(picture: FabricPicture, room: Room): Line[] {
  const marks = marksOf(picture.holders);
  const draw = { picture, marks, eachNode: isSmall(picture) };
  const twigs = [
    ...picture.spines.map(({ id, uplink, leafs }): Twig => ({
      line: switchLine('spine', nameIn(id, picture.id), uplink),
      below: leafs.map((leaf) => leafTwig(leaf, draw)),
    })),
    ...picture.leafs.map((leaf) => leafTwig(leaf, draw)),
    ...(picture.unattached.length === 0
      ? []
      : [{ line: [span('no leaf recorded', 'warn')], below: nodeTwigs(picture.unattached, draw) }]),
  ];
  return [...fields(fabricFields(picture), room), ...indent(branches(twigs, inset(room, 2)), 2)];
}

/** Whether nodes are shown one by one. */
export function isSmall({ spines, leafs, unattached }: FabricPicture): boolean {
  const all = [...spines.flatMap((spine) => spine.leafs), ...leafs];
  return all.reduce((sum, leaf) => sum + leaf.nodes.length, unattached.length) <= nodeRows;
}

function fabricFields({ gpus, spines, leafs, nodeCount }: FabricPicture): readonly Field[] {
  const leafCount = spines.reduce((sum, spine) => sum + spine.leafs.length, leafs.length);
  const switches = `${countOf(spines.length, 'spine')}, ${countOf(leafCount, 'leaf')}`;
  return [
    ['switches', [span(switches)]],
    ['nodes', [span(String(nodeCount))]],
    ['GPUs', [span(shareWords(gpus))]],
  ];
}

type Draw = { readonly picture: FabricPicture; readonly marks: Marks; readonly eachNode: boolean };

function leafTwig({ id, uplink, nodes }: Leaf, draw: Draw): Twig {
  return { line: switchLine('leaf', nameIn(id, draw.picture.id), uplink), below: nodeTwigs(nodes, draw) };
}

function switchLine(what: string, name: string, { limitMbps, heldMbps }: Uplink): Line {
  const held = formatMbps(heldMbps);
  const load: Line =
    limitMbps === undefined
      ? [span(`  uplink ${held} held, capacity unknown`)]
      : [span(`  uplink ${held} held of ${formatMbps(limitMbps)}  `), ...bar(heldMbps, limitMbps)];
  return [span(`${what} `), span(name, 'strong'), ...load];
}

type Hanging = PlacedNode & { readonly rails?: readonly number[] };

function nodeTwigs(nodes: readonly Hanging[], { picture, marks, eachNode }: Draw): readonly Twig[] {
  if (!eachNode && nodes.length > 0) return [{ line: [span(summary(nodes))] }];
  return nodes.map((node) => ({
    line: [
      span(nameIn(node.id, picture.id)),
      ...(node.seats.length === 0 ? [] : [{ text: '  ' }, ...seatRow(node.seats, marks)]),
      span(`  ${freeWords(node.gpus)}`),
      ...(node.rails === undefined || node.rails.length === 0
        ? []
        : [span(`  ${railWords(node.rails)}`, 'dim')]),
      ...(node.health === 'healthy' && node.schedulable ? [] : [{ text: '  ' }, healthSpan(node)]),
    ],
  }));
}

/** `rails 0-7`. */
export function railWords(rails: readonly number[]): string {
  return `rail${rails.length === 1 ? '' : 's'} ${joinRuns(rails)}`;
}

function summary(nodes: readonly Hanging[]): string {
  return `${countOf(nodes.length, 'node')}, ${gpuWords(sumCounts(nodes.map(({ gpus }) => gpus)))}`;
}

function sumCounts(counts: readonly GpuCounts[]): GpuCounts {
  const sum = { total: 0, free: 0, reserved: 0, unavailable: 0 };
  for (const { total, free, reserved, unavailable } of counts) {
    sum.total += total;
    sum.free += free;
    sum.reserved += reserved;
    sum.unavailable += unavailable;
  }
  return sum;
}
