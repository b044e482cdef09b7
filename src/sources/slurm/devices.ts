import type { Path } from '../../model/id.ts';
import { cleanText, compareText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import { devicePath } from '../machine.ts';
import { type GresLine, isMigType, modelOfType } from './gres.ts';

/** One GPU of `gres.conf`. */
type GresDevice = {
  readonly file: string;
  readonly line: GresLine;
};

/** What `gres.conf` says about one node. */
export type NodeGres = {
  /** By the number in the name of the device file, which is the one that `nvidia-smi` counts with. */
  readonly devices: readonly GresDevice[];
  /** GPUs that have a count and no device file. */
  readonly onlyCounted: number;
  readonly autoDetect: string | undefined;
  readonly slices: boolean;
};

/** For each node the lines of `gres.conf` that are about it: those that name it, and those that name none. */
export function gresByNode(lines: readonly GresLine[]): (name: string) => NodeGres | undefined {
  const named = new Map<string, GresLine[]>();
  for (const line of lines)
    for (const name of line.nodes ?? []) {
      const own = named.get(name);
      if (own === undefined) named.set(name, [line]);
      else own.push(line);
    }
  const forAll = lines.filter(({ nodes }) => nodes === undefined);
  return (name) => gresOf([...forAll, ...(named.get(name) ?? [])]);
}

function gresOf(own: readonly GresLine[]): NodeGres | undefined {
  if (own.length === 0) return undefined;
  const devices = own.flatMap((line) => line.files.map((file) => ({ file, line })));
  return {
    devices: devices.toSorted((a, b) => minorOf(a.file) - minorOf(b.file) || compareText(a.file, b.file)),
    onlyCounted: own.reduce((sum, { files, count }) => sum + (files.length === 0 ? (count ?? 0) : 0), 0),
    autoDetect: own.find(({ autoDetect }) => autoDetect !== undefined && autoDetect !== 'off')?.autoDetect,
    slices: own.some(({ type, multiple }) => multiple || isMigType(type)),
  };
}

/** A node of which only `gres.conf` speaks. */
export function addGresNode(
  node: { readonly name: string; readonly gres: NodeGres; readonly at: Place },
  collected: Collected,
): void {
  const { name, gres, at } = node;
  const subject = collected.machine(name, at);
  const counted = gres.onlyCounted === 0 && gres.devices.length > 0 && !gres.slices;
  const set = { hostName: cleanText(name), gpuCount: counted ? gres.devices.length : undefined };
  collected.add({ kind: 'node', subject, set, confidence: 'stated', at });
  if (gres.onlyCounted > 0) {
    const why = `gres.conf has only Count=${gres.onlyCounted} without device files: nobody says that the devices are there`;
    collected.gap({ subject, attribute: 'gpuCount', why, at });
  } else addGresDevices(gres, { subject, sockets: undefined, coresPerSocket: undefined, at }, collected);
}

function minorOf(file: string): number {
  return Number(/(\d{1,9})$/u.exec(file)?.[1] ?? 0);
}

type Machine = {
  readonly subject: Path;
  readonly sockets: number | undefined;
  readonly coresPerSocket: number | undefined;
  readonly at: Place;
};

/** GPUs by device file: model, the socket their cores are in, the islands that their links make. */
export function addGresDevices(gres: NodeGres, machine: Machine, collected: Collected): void {
  const { subject } = machine;
  if (gres.autoDetect !== undefined) {
    const why = `AutoDetect=${cleanText(gres.autoDetect, 20)}: each daemon finds cores and links itself, and no file says them`;
    collected.gap({ subject, attribute: 'numaNode', why, at: machine.at });
  }
  if (gres.slices || gres.devices.length > 32) {
    const why = gres.slices ? 'gres.conf lists MIG slices' : `${gres.devices.length} devices in one node`;
    collected.gap({ subject, attribute: 'gpuCount', why, at: machine.at });
    return;
  }
  const sockets = socketsOf(gres.devices, machine, collected);
  const islands = islandsOf(gres.devices, machine, collected);
  const types = new Set(gres.devices.map(({ line }) => line.type));
  const [type] = types.size === 1 ? types : [];
  if (type !== undefined) addModel(type, machine, collected);
  for (const [index, { line }] of gres.devices.entries()) {
    const device = { kind: 'gpu', subject: devicePath(subject, 'gpu', index), at: line.record } as const;
    const model = types.size > 1 ? modelOfType(line.type)?.model : undefined;
    if (model !== undefined) collected.add({ ...device, set: { model }, confidence: 'assumed' });
    const island = islands?.[index];
    if (island !== undefined) collected.add({ ...device, set: { island }, confidence: 'derived' });
    const numaNode = sockets?.[index];
    if (numaNode !== undefined) collected.add({ ...device, set: { numaNode }, confidence: 'assumed' });
  }
}

/**
 * The model of all GPUs of a node. A type that a daemon found itself is the vendor's name; any other is a word that an
 * operator chose, so it is an assumption and gives way to everybody who knows the product.
 */
export function addModel(
  type: string,
  { subject, at, rank = 0 }: { readonly subject: Path; readonly at: Place; readonly rank?: number },
  collected: Collected,
): void {
  const named = modelOfType(type);
  if (named === undefined) return;
  const isVendors = /^(?:nvidia|tesla|amd|instinct)[_ -]/iu.test(type);
  const node = { kind: 'node', subject, at, rank } as const;
  const set = { gpuModel: named.model };
  collected.add({ ...node, set, confidence: isVendors ? 'stated' : 'assumed' });
  if (named.link !== undefined)
    collected.add({ ...node, set: { link: named.link }, confidence: isVendors ? 'derived' : 'assumed' });
  collected.assume(`the Gres type \`${cleanText(type, 60)}\` is read as ${named.model}`);
}

/** The socket of each GPU, taken for its NUMA node; nothing where `Cores=` does not tell. */
function socketsOf(
  devices: readonly GresDevice[],
  { subject, sockets, coresPerSocket, at }: Machine,
  collected: Collected,
): readonly (number | undefined)[] | undefined {
  const named = devices.filter(({ line }) => line.cores.length > 0);
  if (named.length === 0) return undefined;
  const refuse = (why: string) => {
    collected.gap({ subject, attribute: 'numaNode', why, at });
    return undefined;
  };
  if (sockets === undefined || coresPerSocket === undefined || coresPerSocket < 1)
    return refuse('Cores= tells which GPUs belong together, but not how many sockets there are');
  const spans = named.map(({ line }) => [line.cores[0]?.[0] ?? 0, line.cores.at(-1)?.[1] ?? 0] as const);
  if (spans.some(([, last]) => last >= sockets * coresPerSocket))
    return refuse('Cores= goes beyond the cores of the sockets: these are numbers of something else');
  const perSocket = new Map<number, Set<string>>();
  for (const [first, last] of spans) {
    const socket = Math.floor(first / coresPerSocket);
    perSocket.set(socket, (perSocket.get(socket) ?? new Set()).add(`${first}-${last}`));
  }
  if ([...perSocket.values()].some((groups) => groups.size > 1))
    return refuse('Cores= divides a socket into several parts; which NUMA nodes these are is not said');
  collected.assume('each socket is taken for one NUMA node: Cores= names cores, not NUMA nodes');
  return devices.map(({ line: { cores } }) => {
    const first = cores[0]?.[0];
    const last = cores.at(-1)?.[1];
    if (first === undefined || last === undefined) return undefined;
    const socket = Math.floor(first / coresPerSocket);
    return Math.floor(last / coresPerSocket) === socket ? socket : undefined;
  });
}

/** Which GPUs `Links=` joins, as numbered groups, and the kind of the link on the node. */
function islandsOf(
  devices: readonly GresDevice[],
  { subject, at }: Machine,
  collected: Collected,
): readonly number[] | undefined {
  if (devices.every(({ line }) => line.links === undefined)) return undefined;
  const rows = devices.map(({ line }) => (line.files.length === 1 ? line.links : undefined));
  const why = faultOf(rows);
  if (why !== undefined) {
    collected.gap({ subject, attribute: 'link', why, at });
    return undefined;
  }
  const group = groupsOf(rows);
  const numbers = new Map([...new Set(group)].map((head, number) => [head, number]));
  const isJoined = numbers.size < devices.length;
  const xgmi = devices.some(({ line }) => modelOfType(line.type)?.link === 'xgmi');
  const link = isJoined ? (xgmi ? 'xgmi' : 'nvlink') : 'none';
  collected.add({ kind: 'node', subject, set: { link }, confidence: 'derived', at });
  return group.map((head) => numbers.get(head) ?? 0);
}

/** For each GPU the first one that links lead to, directly or through others. */
function groupsOf(rows: readonly (readonly number[] | undefined)[]): readonly number[] {
  let group = rows.map((_, index) => index);
  for (const [a, row] of rows.entries())
    for (const [b, links] of (row ?? []).entries()) {
      const [low, high] = [group[a] ?? a, group[b] ?? b].toSorted((x, y) => x - y);
      if (links > 0) group = group.map((head) => (head === high ? (low ?? head) : head));
    }
  return group;
}

/** Why rows of links cannot be read: each GPU has one, -1 at itself, and both ends count the same. */
function faultOf(rows: readonly (readonly number[] | undefined)[]): string | undefined {
  for (const [a, row] of rows.entries()) {
    if (row === undefined) return `Links= is missing or unreadable for GPU ${a}`;
    if (row.length !== rows.length)
      return `Links= of GPU ${a} has ${row.length} numbers for ${rows.length} GPUs`;
    if (row[a] !== -1) return `Links= of GPU ${a} has no -1 at its own place`;
  }
  for (const [a, row] of rows.entries())
    for (const [b, links] of (row ?? []).entries())
      if (a !== b && (links < 0 || links !== rows[b]?.[a]))
        return `GPUs ${a} and ${b} count their links differently`;
  return undefined;
}
