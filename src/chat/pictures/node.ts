import type { Branch, Nearness, NodePicture, PicturedGpu, PicturedNic } from '../../model/picture-view.ts';
import { formatMbps, formatMib, formatWatts } from '../cards/amount.ts';
import { joinRuns } from '../cards/devices.ts';
import { type Field, fields } from '../cards/fields.ts';
import { columnsOf, indent, inset, type Line, type Room, type Span, span, wrap } from '../cards/line.ts';
import { section } from '../cards/section.ts';
import { leftWords } from '../cards/slices.ts';
import { branches, type Twig } from './branches.ts';
import { type Marks, marksOf } from './marks.ts';
import { figureWords, shareWords, healthSpan, wattWords } from './words.ts';

/** A node's devices by NUMA node, PCIe root and switch, and how near they are to each other. */
export function nodeLines(picture: NodePicture, room: Room): Line[] {
  const marks = marksOf(picture.holders);
  const inner = inset(room, 2);
  return [
    ...fields(nodeFields(picture), room),
    ...indent(branches(numaTwigs(picture, marks), inner), 2),
    ...nearnessLines(picture, room),
  ];
}

function nodeFields(picture: NodePicture): readonly Field[] {
  const { node, leaf } = picture;
  const figures = figureWords(node.power);
  return [
    ['machine', [span(node.machine ?? '')]],
    ['GPUs', [span(`${shareWords(picture.gpus)}${modelWords(picture)}`)]],
    ['link', [span(linkWords(picture))]],
    ['leaf', [span(leaf ?? '')]],
    ['power', [span(`${wattWords(node.power)}${figures === '' ? '' : ` (${figures})`}`)]],
    ['health', [healthSpan(node)]],
  ];
}

/** Said once where all GPUs are the same. */
function modelWords({ node, gpuList }: NodePicture): string {
  const [model, ...others] = node.gpuModels;
  if (model === undefined) return '';
  const sizes = new Set(gpuList.map(({ memoryMib }) => memoryMib));
  const [memory] = sizes;
  const each =
    others.length > 0 || sizes.size > 1 || memory === undefined ? '' : `, ${formatMib(memory)} each`;
  return `; ${[model, ...others].join(' and ')}${each}`;
}

/** `nvlink, 7,200 Gbit/s a GPU: GPUs 0-7 together`. */
export function linkWords({ link, linkMbps, islands, island, gpuList }: NodePicture): string {
  if (link === 'unknown' && island === undefined) return gpuList.length > 1 ? 'unknown' : '';
  const speed = linkMbps === undefined ? '' : `, ${formatMbps(linkMbps)} a GPU`;
  const joined = islands.map((gpus) => `GPUs ${joinRuns(gpus)}`).join(' and ');
  const inside = joined === '' ? '' : `: ${joined}${islands.length > 1 ? ', each' : ''} together`;
  const beyond = island === undefined ? '' : `; shared with other nodes in ${island}`;
  return `${link === 'none' ? 'none' : link}${speed}${inside}${beyond}`;
}

/** NUMA nodes with their roots with their switches with their devices. What is not known is left out on the way. */
function numaTwigs(picture: NodePicture, marks: Marks): readonly Twig[] {
  return [...Map.groupBy(picture.branches, ({ numaNode }) => numaNode)].map(([numa, list]) => ({
    line: [span(numa === undefined ? 'NUMA node not recorded' : `NUMA node ${numa}`, 'strong')],
    below: [...Map.groupBy(list, ({ pcieRoot }) => pcieRoot)].flatMap(([root, same]) =>
      rootTwigs(picture, marks, root, same),
    ),
  }));
}

function rootTwigs(
  picture: NodePicture,
  marks: Marks,
  root: number | undefined,
  list: readonly Branch[],
): readonly Twig[] {
  const [only, second] = list;
  const devices = (branch: Branch) => deviceTwigs(picture, marks, branch);
  const inRoot = (branch: Branch): readonly Twig[] =>
    branch.pcieSwitch === undefined
      ? devices(branch)
      : [{ line: [span(`PCIe switch ${branch.pcieSwitch}`)], below: devices(branch) }];
  if (root === undefined) return list.flatMap(inRoot);
  if (only !== undefined && second === undefined && only.pcieSwitch !== undefined)
    return [{ line: [span(`PCIe root ${root}, switch ${only.pcieSwitch}`)], below: devices(only) }];
  return [{ line: [span(`PCIe root ${root}`)], below: list.flatMap(inRoot) }];
}

function deviceTwigs(picture: NodePicture, marks: Marks, { gpus, nics }: Branch): readonly Twig[] {
  const gpuTwigs = gpus.flatMap((index) => {
    const gpu = picture.gpuList[index];
    return gpu === undefined ? [] : [{ line: gpuLine(gpu, picture, marks) }];
  });
  const nicTwigs = nics.flatMap((index) => {
    const nic = picture.nicList[index];
    return nic === undefined ? [] : [{ line: nicLine(nic, marks) }];
  });
  return [...gpuTwigs, ...nicTwigs];
}

function gpuLine(gpu: PicturedGpu, { node, islands, nicList }: NodePicture, marks: Marks): Line {
  const { index, model, island, railNic, measuredW, powerW } = gpu;
  const rail = railNic === undefined ? undefined : nicList[railNic]?.rail;
  const watts = measuredW === undefined ? '' : `${formatWatts(measuredW)} measured`;
  const words = [
    node.gpuModels.length > 1 || model === undefined ? (model ?? 'model unknown') : '',
    islands.length > 1 && island !== undefined ? `island ${island}` : '',
    railNic === undefined ? '' : `rail ${rail ?? '?'} by nic${railNic}`,
    measuredW === undefined || powerW === undefined ? watts : `${watts} of ${formatWatts(powerW)}`,
    ...gpu.slices.map(({ what, heldBy }) => (heldBy === undefined ? what : `${what} (${heldBy})`)),
    gpu.freeMilli === undefined
      ? ''
      : leftWords({ freeMilli: gpu.freeMilli, freeProfiles: gpu.freeProfiles }),
  ].filter((text) => text !== '');
  return [
    span(`gpu${index} `, 'strong'),
    { text: '[' },
    marks.of(gpu),
    { text: ']' },
    ...(words.length === 0 ? [] : [span(` ${words.join(', ')}`)]),
  ];
}

function nicLine({ index, name, kind, mbps, rdma, rail, isDown, heldBy }: PicturedNic, marks: Marks): Line {
  const words = [
    name ?? '',
    rail === undefined ? '' : `rail ${rail}`,
    `${rdma === true ? 'RDMA ' : ''}${kind ?? 'NIC'}`,
    mbps === undefined ? '' : formatMbps(mbps),
  ].filter((text) => text !== '');
  const state: Span[] = [
    ...(isDown ? [span(' x down', 'bad')] : []),
    ...(heldBy.length === 0 ? [] : [span(` [${marks.holder(heldBy)}]`, 'accent')]),
  ];
  return [span(`nic${index}`), ...state, span(` ${words.join(', ')}`)];
}

type Code = { readonly code: string; readonly words: string };

const notKnown: Code = { code: '?', words: 'not recorded' };

const codes: ReadonlyMap<string, Code> = new Map<Nearness, Code>([
  ['same', { code: '·', words: 'itself' }],
  ['link', { code: 'LINK', words: 'joined by the link' }],
  ['switch', { code: 'SW', words: 'behind the same PCIe switch' }],
  ['root', { code: 'ROOT', words: 'under the same PCIe root' }],
  ['numa', { code: 'NUMA', words: 'on the same NUMA node' }],
  ['across', { code: 'SYS', words: 'across NUMA nodes' }],
  ['unknown', notKnown],
]);

const labelCells = 7;
const cellCells = 5;

/**
 * A table of how near each device is to each GPU, in as many blocks as its width needs. Devices of which nothing is
 * known are left out, because what is not recorded is said below; GPUs that are all equally near are said in one line.
 */
function nearnessLines({ gpuList, nearness }: NodePicture, room: Room): Line[] {
  const between = new Set(nearness.gpus.flat().filter((near) => near !== 'same'));
  const [only = 'unknown'] = between;
  const rows = [
    ...(between.size > 1 ? nearness.gpus.map((row, index) => ({ name: `gpu${index}`, row })) : []),
    ...nearness.nics.map((row, index) => ({ name: `nic${index}`, row })),
  ].filter(({ row }) => row.some((near) => near !== 'same' && near !== 'unknown'));
  const alike =
    between.size === 1 && only !== 'unknown' ? [span(`GPUs to each other: ${nearnessWords(only)}`)] : [];
  const lines = [...blocksOf(rows, gpuList.length, room), keyOf(rows), alike];
  return section(
    'Nearness to each GPU',
    indent(
      lines.flatMap((line) => wrapped(line, room)),
      2,
    ),
    room,
  );
}

type NearRow = { readonly name: string; readonly row: readonly Nearness[] };

/** The columns are the GPUs by their numbers. */
function blocksOf(rows: readonly NearRow[], gpuCount: number, room: Room): readonly Line[] {
  if (rows.length === 0) return [];
  const across = Math.max(1, Math.floor((columnsOf(room) - 2 - labelCells) / cellCells));
  const blocks: Line[] = [];
  for (let from = 0; from < gpuCount; from += across) {
    const heads = Array.from({ length: Math.min(across, gpuCount - from) }, (_, at) => String(from + at));
    blocks.push([span('GPU'.padEnd(labelCells) + cells(heads), 'dim')]);
    for (const { name, row } of rows)
      blocks.push([span(name.padEnd(labelCells)), span(cells(row.slice(from, from + across).map(codeOf)))]);
  }
  return blocks;
}

function keyOf(rows: readonly NearRow[]): Line {
  const used = new Set<string>(rows.flatMap(({ row }) => row));
  const key = [...codes].flatMap(([near, { code, words }]) =>
    used.has(near) && near !== 'same' ? [`${code} ${words}`] : [],
  );
  return [span(key.join(', '), 'dim')];
}

function wrapped(line: Line, room: Room): readonly Line[] {
  return line.every(({ text }) => text === '') ? [] : wrap(line, columnsOf(room) - 2);
}

function codeOf(near: Nearness): string {
  return (codes.get(near) ?? notKnown).code;
}

function cells(texts: readonly string[]): string {
  return texts.map((text) => text.padEnd(cellCells)).join('');
}

/** What a nearness is called in sentences. */
export function nearnessWords(near: Nearness): string {
  return (codes.get(near) ?? notKnown).words;
}
