import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { type JsonObject, numberAt, textAt } from '../json-value.ts';
import { known } from '../observation.ts';
import type { Cabling } from './cable.ts';
import type { NetboxObject, NetboxTables } from './export.ts';
import type { RackPlace } from './place.ts';
import {
  choiceAt,
  type DeviceType,
  gpuGaps,
  portOf,
  portPower,
  type PortPower,
  unitsOf,
  weightKgOf,
} from './type.ts';

export type DeviceKind = 'machine' | 'switch' | 'power' | 'other';

/** What NetBox says of one machine. */
export type MachineReading = {
  readonly stated: NodeFacts;
  readonly derived: NodeFacts;
  readonly power: PortPower;
  readonly gaps: readonly Gap[];
};

/** What a device is for, by its role: NetBox leaves the words to its users. */
export function kindOf(device: unknown, tables: NetboxTables): DeviceKind {
  const role = roleOf(device, tables);
  if (/\bpdu\b|power|\bups\b/iu.test(role)) return 'power';
  if (/switch|router|\bleaf\b|spine|\btor\b|fabric/iu.test(role)) return 'switch';
  if (/console|terminal|firewall|patch|management/iu.test(role)) return 'other';
  return /server|comput|\bgpu|accelerat|\bdgx|\bhgx|hypervisor|worker|\bnode|\bhost/iu.test(role)
    ? 'machine'
    : 'other';
}

export function roleOf(device: unknown, tables: NetboxTables): string {
  const role =
    tables.referred(device, 'role', 'devicerole') ?? tables.referred(device, 'device_role', 'devicerole');
  const words = [textAt(role, 'slug'), textAt(role, 'name')].flatMap((text) => text ?? []);
  return cleanText(words.join(' ').replaceAll(/[-_]/gu, ' '), 120);
}

/** The states in which a device is not there to be used at all. */
export function isAbsent(device: unknown): boolean {
  return ['planned', 'inventory'].includes(statusOf(device));
}

export function statusOf(device: unknown): string {
  return choiceAt(device, 'status') ?? 'active';
}

/** One machine: identity, place, size, power and the feeds its supplies hang on. */
export function readMachine(
  device: NetboxObject,
  rack: RackPlace | undefined,
  { tables, cabling, types, powerPorts }: Known,
): MachineReading {
  const { value } = device;
  const type = typeOf(value, tables, types);
  const place = placeIn(value, rack, unitsOf(type?.value).units);
  const ports = powerPorts.get(device.id) ?? [];
  const power = portPower(
    type,
    ports.map((port) => portOf(port.value)),
  );
  const feeds = feedsOf(ports, rack, cabling);
  return {
    stated: known({
      serial: label(textAt(value, 'serial')),
      machine: type?.name,
      rack: rack?.path,
      ...place.set,
      units: unitsOf(type?.value).units,
      weightKg: weightKgOf(type?.value),
      nameplateW: power.nameplateW,
      ...serviceOf(value),
    }),
    derived: known({ allocatedW: power.allocatedW, feeds: feeds.letters }),
    power,
    gaps: [...place.gaps, ...power.gaps, ...feeds.gaps, ...gpuGaps(type?.value), ...typeGaps(type)],
  };
}

/** What a machine is read with. */
type Known = {
  readonly tables: NetboxTables;
  readonly cabling: Cabling;
  readonly types: Types;
  readonly powerPorts: ReadonlyMap<string, readonly NetboxObject[]>;
};

/** Device types of the library, by slug and by name. */
export type Types = ReadonlyMap<string, DeviceType>;

/** The type of a device: the library's file where one was handed in, with what the export knows besides. */
function typeOf(device: unknown, tables: NetboxTables, types: Types): DeviceType | undefined {
  const exported = tables.referred(device, 'device_type');
  if (exported === undefined) return undefined;
  const maker = textAt(tables.referred(exported, 'manufacturer'), 'name') ?? textAt(exported, 'manufacturer');
  const model = textAt(exported, 'model') ?? textAt(exported, 'display') ?? '';
  const library =
    types.get(textAt(exported, 'slug') ?? '') ?? types.get(`${maker ?? ''} ${model}`.toLowerCase());
  const value: JsonObject = { ...exported, ...library?.value };
  const isNamed = maker !== undefined && !model.toLowerCase().startsWith(maker.toLowerCase());
  const name = cleanText(isNamed ? `${maker} ${model}` : model);
  return { name, slug: library?.slug ?? '', value, origin: library?.origin ?? { file: '' } };
}

function typeGaps(type: DeviceType | undefined): readonly Gap[] {
  if (type === undefined) return [{ attribute: 'machine', why: 'no device type is recorded' }];
  return unitsOf(type.value).gaps;
}

/** The lowest unit from the floor up: racks may be numbered from the top, and from another unit than 1. */
function placeIn(
  device: unknown,
  rack: RackPlace | undefined,
  units: number | undefined,
): { readonly set: NodeFacts; readonly gaps: readonly Gap[] } {
  const position = numberAt(device, 'position');
  if (rack === undefined) return { set: {}, gaps: [{ attribute: 'rack', why: 'stands in no rack' }] };
  if (position === undefined)
    return { set: {}, gaps: [{ attribute: 'position', why: 'no position in the rack is recorded' }] };
  const first = numberAt(rack.object.value, 'starting_unit') ?? 1;
  const height = numberAt(rack.object.value, 'u_height');
  const isFromTop = rack.object.value['desc_units'] === true;
  const above = position - first;
  const floor =
    isFromTop && height !== undefined && units !== undefined ? height - above - units + 1 : above + 1;
  const isKnown = !isFromTop || (height !== undefined && units !== undefined);
  if (isKnown && Number.isInteger(floor) && floor >= 1 && floor <= 60)
    return { set: { position: floor }, gaps: [] };
  return {
    set: {},
    gaps: [{ attribute: 'position', why: `position ${position} is no whole unit of its rack` }],
  };
}

function serviceOf(device: unknown): NodeFacts {
  const status = statusOf(device);
  if (status === 'failed' || status === 'offline')
    return { health: 'down', healthReason: `${status} in NetBox` };
  return status === 'staged' || status === 'decommissioning' ? { schedulable: false } : {};
}

/** The letters of the feeds behind all power ports. A port without a cable may hang on any. */
function feedsOf(
  ports: readonly NetboxObject[],
  rack: RackPlace | undefined,
  cabling: Cabling,
): { readonly letters: NonNullable<NodeFacts['feeds']> | undefined; readonly gaps: readonly Gap[] } {
  if (ports.length === 0 || rack === undefined || rack.letters.size === 0)
    return { letters: undefined, gaps: [] };
  const traced = ports.map((port) => cabling.feedsOf(port));
  const letters = [...new Set(traced.flat().flatMap((feed) => rack.letters.get(feed) ?? []))].toSorted();
  const loose = traced.filter((feeds) => feeds.length === 0).length;
  const foreign = traced.flat().filter((feed) => !rack.letters.has(feed)).length;
  const gaps = [
    ...(loose === 0 ? [] : [gap(`${loose} of ${ports.length} power ports lead to no feed by their cables`)]),
    ...(foreign === 0 ? [] : [gap(`${foreign} power ports lead to feeds that do not supply its rack`)]),
  ];
  return { letters: letters.length === 0 || letters.length > 8 ? undefined : letters, gaps };
}

function gap(why: string): Gap {
  return { attribute: 'feeds', why };
}

function label(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanText(text);
}
