import type { Place } from '../collected.ts';
import type { Evidence } from '../source.ts';

/** One end of a cable: a port of a switch or of an adapter. GUIDs are 16 hex digits. */
export type IbEnd = {
  readonly kind: 'switch' | 'adapter';
  readonly guid: string;
  readonly port: number;
  /** Of the port itself, where the file gives it; the other one is of the whole device. */
  readonly portGuid: string | undefined;
};

/** A cable, found once however often the file lists it. */
export type IbLink = {
  readonly key: string;
  readonly ends: readonly [IbEnd, IbEnd];
  readonly mbps: number | undefined;
  readonly at: Place;
};

/** A switch or an adapter with a block of its own. */
type IbDevice = {
  readonly at: Place;
  /** Whether the block's end is in the file, so that all links of the device are. */
  readonly isWhole: boolean;
};

/** What files of one fabric say, by GUID. */
export type IbFabric = {
  readonly switches: Map<string, IbDevice>;
  readonly adapters: Map<string, IbDevice>;
  /** What devices are called, also those without a block. */
  readonly names: Map<string, string>;
  readonly links: Map<string, IbLink>;
};

const header = /^(Switch|Ca|Rt)\s+\d+\s+"[SHR]-([0-9a-f]{1,16})"\s+#\s+"([^"]*)"/u;
const port =
  /^\[(\d+)\](?:\[[^\]]*\])?(?:\(([0-9a-f]+)\))?\s+"([SHR])-([0-9a-f]{1,16})"\[(\d+)\](?:\[[^\]]*\])?(?:\(([0-9a-f]+)\))?\s+#(.*)$/u;

/**
 * Adds what one file says: blocks that begin with `Switch` or `Ca`, one line for each port with a cable. Blocks end
 * with an empty line. Source: ibnetdiscover(8), "TOPOLOGY FILE FORMAT".
 */
export function readIbFabric(evidence: Evidence, text: string, fabric: IbFabric): void {
  let open: { readonly kind: IbEnd['kind']; readonly guid: string } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const at = { evidence, line: index + 1 };
    const [, kind, guid = '', name = ''] = header.exec(line) ?? [];
    if (kind !== undefined) {
      open = { kind: kind === 'Switch' ? 'switch' : 'adapter', guid: guidOf(guid) };
      devicesOf(fabric, open.kind).set(open.guid, { at, isWhole: false });
      fabric.names.set(open.guid, name);
    } else if (line.trim() === '' && open !== undefined) {
      const device = devicesOf(fabric, open.kind).get(open.guid);
      if (device !== undefined) devicesOf(fabric, open.kind).set(open.guid, { ...device, isWhole: true });
      open = undefined;
    } else if (open !== undefined) addLink(line, { ...open, at }, fabric);
  }
}

function devicesOf(fabric: IbFabric, kind: IbEnd['kind']): Map<string, IbDevice> {
  return kind === 'switch' ? fabric.switches : fabric.adapters;
}

function addLink(
  line: string,
  own: { readonly kind: IbEnd['kind']; readonly guid: string; readonly at: Place },
  fabric: IbFabric,
): void {
  const match = port.exec(line);
  if (match === null) return;
  const [, number, portGuid, letter, guid = '', peerNumber, peerGuid, behind = ''] = match;
  const near: IbEnd = {
    kind: own.kind,
    guid: own.guid,
    port: Number(number),
    portGuid: guidOrNone(portGuid),
  };
  const far: IbEnd = {
    kind: letter === 'S' ? 'switch' : 'adapter',
    guid: guidOf(guid),
    port: Number(peerNumber),
    portGuid: guidOrNone(peerGuid),
  };
  const [first, second] = keyOf(near) < keyOf(far) ? ([near, far] as const) : ([far, near] as const);
  const key = `${keyOf(first)} ${keyOf(second)}`;
  const name = /"([^"]*)"/u.exec(behind)?.[1];
  if (name !== undefined && !fabric.names.has(far.guid)) fabric.names.set(far.guid, name);
  if (!fabric.links.has(key))
    fabric.links.set(key, { key, ends: [first, second], mbps: mbpsOf(behind), at: own.at });
}

function keyOf({ guid, port: number }: IbEnd): string {
  return `${guid}:${number}`;
}

function guidOf(digits: string): string {
  return digits.padStart(16, '0');
}

/** Devices without a GUID of the port print zeros, or the one of the device for a switch. */
function guidOrNone(digits: string | undefined): string | undefined {
  return digits === undefined || /^0*$/u.test(digits) ? undefined : guidOf(digits);
}

/** Mbit/s of one lane. Source: Linux, drivers/infiniband/core/sysfs.c, `rate_show`. */
const lanes: Readonly<Record<string, number>> = {
  SDR: 2500,
  DDR: 5000,
  QDR: 10_000,
  FDR10: 10_000,
  FDR: 14_000,
  EDR: 25_000,
  HDR: 50_000,
  NDR: 100_000,
  XDR: 200_000,
};

/** `4xNDR` at the end of a line, as Mbit/s. */
export function mbpsOf(text: string): number | undefined {
  const [, width, speed = ''] = /\b(1|2|4|8|12)x([SDQFEHNX]DR(?:10)?)\b/iu.exec(text) ?? [];
  const lane = lanes[speed.toUpperCase()];
  return width === undefined || lane === undefined ? undefined : Number(width) * lane;
}

/** The machine and the device behind `fra1-n02 mlx5_5`. Nothing for names that adapters have before somebody sets one. */
export function hostOf(name: string): { readonly machine: string; readonly device: string } | undefined {
  const [, machine, device] =
    /^([\w.-]+)\s+((?:mlx|hfi|qib|bnxt|irdma|ib|HCA)[\w-]*)$/iu.exec(name.trim()) ?? [];
  return machine === undefined || device === undefined ? undefined : { machine, device };
}

/** The name in `MF0;leaf-04:MQM9701/U1`, or a plain one. Nothing for a default such as `Quantum Mellanox Technologies`. */
export function switchNameIn(name: string): string | undefined {
  const inside = /^[^;:]+;([^;:]+):[^;:]+$/u.exec(name)?.[1];
  return inside ?? (/^[\w.-]+$/u.test(name) ? name : undefined);
}
