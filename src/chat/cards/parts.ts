import type { ContractDetail } from '../../model/contract-view.ts';
import type { Term } from '../../model/placement.ts';
import type { PlanView } from '../../model/plan-view.ts';
import { countOf, formatCores, formatMib, formatWatts } from './amount.ts';
import { compressDevices } from './devices.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { capacityWords, heldDevices } from './slices.ts';
import { type Row, table } from './table.ts';

type Part = PlanView['parts'][number];
type Member = Part['members'][number];
type Terms = ContractDetail['terms'];

/** `16 GPUs (H100-SXM-80GB) on 2 nodes`, and for several parts one such phrase each. */
export function partsPhrase(parts: readonly Part[]): string {
  if (parts.length === 1) return parts.map(partPhrase).join('');
  return parts.map((part) => `${part.name}: ${partPhrase(part)}`).join('; ');
}

function partPhrase(part: Part): string {
  const whole = isWhole(part);
  const nodes = new Set(part.members.map(({ node }) => node)).size;
  const where = whole ? `on ${countOf(nodes, 'node')}` : `in ${countOf(part.replicas, 'replica')}`;
  const held = part.members.reduce((sum, { gpus }) => sum + gpus.length, 0);
  const gpus = whole ? held : part.gpuCount;
  if (part.slices !== undefined) return `${capacityWords({ ...part, gpuCount: gpus })} ${where}`;
  if (gpus === 0) return `${countOf(part.replicas, 'replica')} without GPUs ${where}`;
  return `${countOf(gpus, 'GPU')}${part.gpuModel === undefined ? '' : ` (${part.gpuModel})`} ${where}`;
}

/** A long answer arrives with its list of members cut: then nothing may be counted from it. */
function isWhole({ members, replicas }: Part): boolean {
  return members.length >= replicas;
}

/** One row for each node of each part, with the devices held there; those of spares after those of replicas. */
export function nodeTable(parts: readonly Part[], room: Room): Line[] {
  const columns = [
    { title: 'part', priority: 3 },
    { title: 'node', priority: 1, narrowTo: 12 },
    { title: 'host', priority: 6, narrowTo: 12 },
    { title: 'GPUs', priority: 1, narrowTo: 8 },
    { title: 'NICs', priority: 2, narrowTo: 8 },
    { title: 'CPUs', priority: 4, align: 'right' as const },
    { title: 'memory', priority: 4, align: 'right' as const },
    { title: 'power', priority: 5, align: 'right' as const },
  ];
  const named = parts.length > 1 || parts.some(({ spares }) => spares !== undefined);
  const rows = parts.flatMap((part) => [
    ...byNode(part.members).map((node) => nodeRow(named ? part.name : '', node)),
    ...byNode(part.spares ?? []).map((node) => nodeRow(`${part.name} spare`, node)),
  ]);
  return [...table(columns, rows, room), ...cutLines(parts, room)];
}

function cutLines(parts: readonly Part[], room: Room): Line[] {
  if (parts.every(isWhole)) return [];
  const shown = parts.reduce((sum, { members }) => sum + members.length, 0);
  const all = parts.reduce((sum, { replicas }) => sum + replicas, 0);
  return wrap(
    [span(`  only ${shown} of ${countOf(all, 'replica')} arrived with this answer`, 'warn')],
    columnsOf(room),
    2,
  );
}

function byNode(members: readonly Member[]): Member[] {
  const nodes = new Map<string, Member>();
  for (const member of members) {
    const known = nodes.get(member.node);
    nodes.set(member.node, known === undefined ? member : together(known, member));
  }
  return [...nodes.values()];
}

function together(a: Member, b: Member): Member {
  return {
    ...a,
    gpus: [...a.gpus, ...b.gpus],
    slices: [...(a.slices ?? []), ...(b.slices ?? [])],
    nics: [...a.nics, ...b.nics],
    cpuMilli: a.cpuMilli + b.cpuMilli,
    memoryMib: a.memoryMib + b.memoryMib,
    powerW: a.powerW + b.powerW,
  };
}

function nodeRow(part: string, node: Member): Row {
  return [
    span(part),
    span(node.node),
    span(node.hostName),
    span(heldDevices(node), 'accent'),
    span(compressDevices(node.nics)),
    span(formatCores(node.cpuMilli)),
    span(formatMib(node.memoryMib)),
    span(node.powerW === 0 ? '' : formatWatts(node.powerW)),
  ];
}

/** What is promised, and whether it is held and measured or only written down. Folded, only what kinds of promises. */
export function termLines(terms: Terms, room: Room): Line[] {
  if (room.folded === true) return foldedTerms(terms, room);
  return terms.flatMap((term) => wrap(termLine(term), columnsOf(room), 4));
}

/** A promise that is only written down is told whole: that is where the doubt is. */
function foldedTerms(terms: Terms, room: Room): Line[] {
  const sure = terms.filter(({ strength }) => strength === 'guaranteed').map(({ kind }) => kindWords(kind));
  const line = [{ text: '  ' }, span('guaranteed', 'good'), span(`  ${[...new Set(sure)].join(', ')}`)];
  const others = terms.filter(({ strength }) => strength !== 'guaranteed');
  return [
    ...(sure.length === 0 ? [] : wrap(line, columnsOf(room), 4)),
    ...others.flatMap((term) => wrap(termLine(term), columnsOf(room), 4)),
  ];
}

function termLine({ strength, kind, promise }: Term): Line {
  const tone = strength === 'guaranteed' ? 'good' : 'warn';
  return [
    { text: '  ' },
    span(strength.padEnd('guaranteed'.length), tone),
    span(`  ${kindWords(kind)}: ${promise}`),
  ];
}

function kindWords(kind: string): string {
  return kind.replaceAll('-', ' ');
}
