import {
  type FabricPicture,
  type IslandPicture,
  type Leaf,
  Nearness,
  type NodePicture,
  type PicturedGpu,
  type PicturedNic,
  type Picture,
  type PlacedNode,
  type RackPicture,
  type Uplink,
} from '../../model/picture-view.ts';
import { countOf, formatMbps, formatWatts } from '../cards/amount.ts';
import { joinRuns } from '../cards/devices.ts';
import { isSmall, railWords } from './fabric.ts';
import { islandLink } from './island.ts';
import { holderWords, useWords } from './marks.ts';
import { linkWords, nearnessWords } from './node.ts';
import {
  figureWords,
  gpuWords,
  healthWords,
  listWords,
  percentWords,
  seatWords,
  wattWords,
} from './words.ts';

/** What a picture shows, in sentences that each stand alone: for screen readers, and for the text behind an SVG. */
export function sentencesOf(picture: Picture): readonly string[] {
  return [
    ...ownSentences(picture),
    ...picture.holders.map((holder) => `Holder ${holderWords(holder)}.`),
    ...(picture.unknown.length === 0 ? [] : [`Not recorded: ${listWords(picture.unknown)}.`]),
  ];
}

function ownSentences(picture: Picture): readonly string[] {
  switch (picture.kind) {
    case 'rack':
      return rackSentences(picture);
    case 'node':
      return nodeSentences(picture);
    case 'fabric':
      return fabricSentences(picture);
    case 'island':
      return islandSentences(picture);
    default:
      return picture satisfies never;
  }
}

function rackSentences(rack: RackPicture): readonly string[] {
  const { units, freeUnits, heldW, limitW, coolingLimitW, loop } = rack;
  const lost = rack.feeds.length > 1 ? ' with any one feed lost' : '';
  const height =
    units === undefined ? '' : ` ${units} rack units, ${freeUnits ?? 'an unknown number'} of them free.`;
  return [
    `${countOf(rack.nodes.length, 'node')}, ${gpuWords(rack.gpus)}.${height}`,
    `Power: ${loadWords(heldW, limitW)}${lost}.`,
    ...rack.feeds.map(
      ({ letter, feed, limitW: limit, heldW: now, worstW, worstWithout }) =>
        `Feed ${letter}${feed === undefined ? '' : `, from ${feed}`}: ${loadWords(now, limit)}${
          worstWithout === undefined ? '' : `; without feed ${worstWithout} ${loadWords(worstW, limit)}`
        }.`,
    ),
    ...(coolingLimitW === undefined && loop === undefined
      ? []
      : [`Cooling${loop === undefined ? '' : ` by loop ${loop}`}: ${loadWords(heldW, coolingLimitW)}.`]),
    ...rack.nodes.map((node) => `Node ${node.id}, ${unitWords(node)}: ${nodeWords(node)}.`),
    ...rack.misplaced.map(({ node, why }) => `The position of ${node} cannot be true: ${why}.`),
  ];
}

function loadWords(heldW: number, limitW: number | undefined): string {
  if (limitW === undefined) return `${formatWatts(heldW)} held, limit unknown`;
  return `${formatWatts(heldW)} held of ${formatWatts(limitW)}${percentWords(heldW, limitW)}`;
}

function unitWords({ position, units }: PlacedNode): string {
  const height = units === undefined ? 'of unknown height' : `${countOf(units, 'unit')} high`;
  if (position === undefined) return `position not recorded, ${height}`;
  if (units === undefined) return `from rack unit ${position} up, ${height}`;
  return units === 1 ? `rack unit ${position}` : `rack units ${position} to ${position + units - 1}`;
}

function nodeWords(node: PlacedNode): string {
  const figures = figureWords(node.power);
  return [
    node.seats.length === 0
      ? 'no GPUs recorded'
      : `${countOf(node.seats.length, 'GPU')}, ${seatWords(node.seats)}`,
    `${wattWords(node.power)}${figures === '' ? '' : ` (${figures})`}`,
    ...(node.feeds.length === 0
      ? []
      : [`on feed${node.feeds.length === 1 ? '' : 's'} ${listWords(node.feeds)}`]),
    healthWords(node),
  ].join('; ');
}

function nodeSentences(picture: NodePicture): readonly string[] {
  const { node, gpuList, nicList } = picture;
  const link = linkWords(picture);
  const models = node.gpuModels.length === 0 ? '' : `; ${listWords(node.gpuModels)}`;
  return [
    `${node.machine === undefined ? '' : `${node.machine}. `}${gpuWords(picture.gpus)}${models}.`,
    ...(link === '' ? [] : [`Link: ${link}.`]),
    `Power: ${wattWords(node.power)}. Health: ${healthWords(node)}.`,
    ...gpuList.map((gpu) => gpuSentence(picture, gpu)),
    ...nicList.map((nic) => nicSentence(picture, nic)),
  ];
}

function gpuSentence(picture: NodePicture, gpu: PicturedGpu): string {
  const { index, railNic, slices } = gpu;
  const words = [
    useWords(gpu),
    ...slices.map(({ what, heldBy }) => (heldBy === undefined ? what : `${what} of ${heldBy}`)),
    ...(railNic === undefined ? [] : [`its rail is NIC ${railNic}`]),
  ];
  const near = [
    ...nearWords('GPUs', picture.nearness.gpus, index),
    ...nearWords('NICs', picture.nearness.nics, index),
  ];
  return [`GPU ${index}${spotWords(picture, index, 'gpus')}: ${words.join(', ')}.`, ...near].join(' ');
}

/** `NICs 0 and 3 behind the same PCIe switch and 1 across NUMA nodes.`, the nearest first. */
function nearWords(what: string, rows: readonly (readonly Nearness[])[], gpu: number): readonly string[] {
  const found = Nearness.options.flatMap((near) => {
    const numbers = rows.flatMap((row, other) => (row[gpu] === near ? [other] : []));
    return numbers.length === 0 || near === 'same' || near === 'unknown'
      ? []
      : [`${joinRuns(numbers)} ${nearnessWords(near)}`];
  });
  return found.length === 0 ? [] : [`${what} ${listWords(found)}.`];
}

function nicSentence(picture: NodePicture, nic: PicturedNic): string {
  const { index, name, kind, mbps, rdma, rail, isDown, heldBy } = nic;
  const words = [
    ...(name === undefined ? [] : [name]),
    ...(rail === undefined ? [] : [`rail ${rail}`]),
    `${rdma === true ? 'RDMA ' : ''}${kind ?? 'NIC'}`,
    ...(mbps === undefined ? [] : [formatMbps(mbps)]),
    ...(isDown ? ['down'] : []),
    ...(heldBy.length === 0 ? [] : [`held by ${heldBy.join(', ')}`]),
  ];
  return `NIC ${index}${spotWords(picture, index, 'nics')}: ${words.join(', ')}.`;
}

function spotWords({ branches }: NodePicture, index: number, kind: 'gpus' | 'nics'): string {
  const { numaNode, pcieRoot, pcieSwitch } = branches.find((branch) => branch[kind].includes(index)) ?? {};
  const known = [
    ...(numaNode === undefined ? [] : [`NUMA node ${numaNode}`]),
    ...(pcieRoot === undefined ? [] : [`PCIe root ${pcieRoot}`]),
    ...(pcieSwitch === undefined ? [] : [`switch ${pcieSwitch}`]),
  ];
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

function fabricSentences(picture: FabricPicture): readonly string[] {
  const { spines, leafs, unattached, nodeCount } = picture;
  const each = isSmall(picture);
  return [
    `${countOf(spines.length, 'spine')}, ${countOf(nodeCount, 'node')}, ${gpuWords(picture.gpus)}.`,
    ...spines.flatMap((spine) => [
      `Spine ${spine.id}: uplink ${uplinkWords(spine.uplink)}; ${countOf(spine.leafs.length, 'leaf')} below.`,
      ...spine.leafs.flatMap((leaf) => leafSentences(leaf, `, below spine ${spine.id}`, each)),
    ]),
    ...leafs.flatMap((leaf) => leafSentences(leaf, ', spine not recorded', each)),
    ...(unattached.length === 0 ? [] : [`No leaf is recorded of ${unattachedWords(unattached, each)}.`]),
  ];
}

function unattachedWords(nodes: readonly PlacedNode[], each: boolean): string {
  return each ? listWords(nodes.map(({ id }) => id)) : countOf(nodes.length, 'node');
}

function leafSentences({ id, uplink, nodes }: Leaf, where: string, each: boolean): readonly string[] {
  return [
    `Leaf ${id}${where}: uplink ${uplinkWords(uplink)}; ${countOf(nodes.length, 'node')}.`,
    ...(each ? nodes : []).map(
      (node) =>
        `Node ${node.id} on leaf ${id}${node.rails.length === 0 ? '' : ` with ${railWords(node.rails)}`}: ${
          node.seats.length === 0 ? 'no GPUs recorded' : seatWords(node.seats)
        }; ${healthWords(node)}.`,
    ),
  ];
}

function uplinkWords({ limitMbps, heldMbps }: Uplink): string {
  const held = formatMbps(heldMbps);
  if (limitMbps === undefined) return `${held} held, capacity unknown`;
  return `${held} held of ${formatMbps(limitMbps)}${percentWords(heldMbps, limitMbps)}`;
}

function islandSentences(picture: IslandPicture): readonly string[] {
  const { nodes, racks } = picture;
  const where = racks.length === 0 ? '' : `, in ${listWords(racks)}`;
  return [
    `${countOf(nodes.length, 'node')}${where}, joined by ${islandLink(picture)}, with ${gpuWords(picture.gpus)}.`,
    ...nodes.map(
      (node) =>
        `Node ${node.id}: ${node.seats.length === 0 ? 'no GPUs recorded' : seatWords(node.seats)}; ${healthWords(node)}.`,
    ),
  ];
}
