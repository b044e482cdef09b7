import type { Origin, ShapeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { at, isObject, type JsonObject, listAt, numberAt, textAt } from '../json-value.ts';
import { known } from '../observation.ts';
import { segmentOf } from '../path.ts';
import { defaultText, machinePowerDefault } from './power-default.ts';

/** A device type: what the maker sells, not what stands in a rack. */
export type DeviceType = {
  readonly name: string;
  /** As NetBox writes slugs: `nvidia-dgx-a100-640gb`. */
  readonly slug: string;
  readonly value: JsonObject;
  readonly origin: Origin;
};

/** What one port of a machine may draw, in watts. */
export type PowerPort = { readonly maximumW: number | undefined; readonly allocatedW: number | undefined };

/** The power of a machine as its ports and texts tell it. */
export type PortPower = {
  readonly nameplateW: number | undefined;
  readonly allocatedW: number | undefined;
  /** A figure to fall back on, and how to tell it. */
  readonly assumed: { readonly watts: number; readonly text: string } | undefined;
  readonly gaps: readonly Gap[];
};

/** A file of the device type library, in the layout of netbox-community or in Nautobot's, which has no slug. */
export function deviceTypeOf(value: unknown, origin: Origin): DeviceType | undefined {
  const maker = textAt(value, 'manufacturer') ?? textAt(value, 'manufacturer', 'name');
  const model = textAt(value, 'model');
  if (!isObject(value) || maker === undefined || model === undefined) return undefined;
  const name = cleanText(model.toLowerCase().startsWith(maker.toLowerCase()) ? model : `${maker} ${model}`);
  return { name, slug: segmentOf(textAt(value, 'slug') ?? slugged(name)), value, origin };
}

/** Size and rating of a type, and what its file leaves open or contradicts. */
export function readType(type: DeviceType): {
  readonly set: ShapeFacts;
  readonly assumed: PortPower['assumed'];
  readonly gaps: readonly Gap[];
} {
  const units = unitsOf(type.value);
  const outlets = listAt(type.value, 'power-outlets').length;
  if (outlets > 0) {
    const why = `${outlets} power outlets: a power strip, which no workload runs on`;
    return { set: known({ units: units.units }), assumed: undefined, gaps: [{ attribute: 'shape', why }] };
  }
  const power = typePower(type);
  return {
    set: known({ units: units.units, nameplateW: power.nameplateW }),
    assumed: power.assumed,
    gaps: [...units.gaps, ...power.gaps, ...gpuGaps(type.value), ...portGaps(type.value)],
  };
}

/** Whole rack units. Half units are rounded up; what takes up none is no part of a rack's elevation. */
export function unitsOf(value: unknown): {
  readonly units: number | undefined;
  readonly gaps: readonly Gap[];
} {
  const height = numberAt(value, 'u_height');
  if (height === undefined)
    return { units: undefined, gaps: [{ attribute: 'units', why: 'no height is recorded' }] };
  const units = Math.ceil(height);
  if (units >= 1 && units <= 60) return { units, gaps: [] };
  return {
    units: undefined,
    gaps: [{ attribute: 'units', why: `a height of ${height} units: it takes up no place in a rack` }],
  };
}

/** Kilograms, rounded up. */
export function weightKgOf(value: unknown, key: 'weight' | 'max_weight' = 'weight'): number | undefined {
  const weight = numberAt(value, key);
  const unit = choiceAt(value, 'weight_unit') ?? 'kg';
  const scale = new Map([
    ['kg', 1],
    ['g', 0.001],
    ['lb', 0.453_592_37],
    ['oz', 0.028_349_523_125],
  ]).get(unit);
  if (weight === undefined || weight <= 0 || scale === undefined) return undefined;
  const kg = Math.ceil(Math.round(weight * scale * 1000) / 1000);
  return kg <= 10_000 ? kg : undefined;
}

/** A choice, as the REST API (`{value, label}`), GraphQL and the library write it; lower case. */
export function choiceAt(value: unknown, key: string): string | undefined {
  const choice = textAt(value, key, 'value') ?? textAt(value, key);
  return choice
    ?.toLowerCase()
    .replaceAll('_', '-')
    .replace(/^(?:status|type|phase|supply|unit)-/u, '');
}

export function portOf(value: unknown): PowerPort {
  return {
    maximumW: wattsOf(numberAt(value, 'maximum_draw')),
    allocatedW: wattsOf(numberAt(value, 'allocated_draw')),
  };
}

/**
 * What ports tell of a machine. One port carries all; of several, some may be there for when others fail, and NetBox has no
 * word for that, so maxima are not summed. Allocated draws are: that is how NetBox counts them (dcim/models/power.py).
 */
export function portPower(type: DeviceType | undefined, ports: readonly PowerPort[]): PortPower {
  const text = statedIn(type);
  const maxima = ports.flatMap(({ maximumW }) => maximumW ?? []);
  const allocated = ports.flatMap(({ allocatedW }) => allocatedW ?? []);
  const [only] = maxima;
  const isOne = ports.length === 1 && only !== undefined && (text === undefined || text <= only);
  const why = isOne ? undefined : unclear(type, ports, text);
  const wholeAllocation = allocated.length > 0 && allocated.length === ports.length;
  return {
    nameplateW: isOne ? only : undefined,
    allocatedW: wholeAllocation ? allocated.reduce((sum, watts) => sum + watts, 0) : undefined,
    assumed: isOne ? undefined : fallbackOf(type, text),
    gaps: why === undefined ? [] : [{ attribute: 'nameplateW', why }],
  };
}

function typePower(type: DeviceType): PortPower {
  return portPower(type, listAt(type.value, 'power-ports').map(portOf));
}

/** Why the rating of the whole machine does not follow from its ports. */
function unclear(
  type: DeviceType | undefined,
  ports: readonly PowerPort[],
  text: number | undefined,
): string {
  const own = text === undefined ? '' : `; its own text says ${text} W`;
  if (at(type?.value, 'is_powered') === false)
    return `no power inlet (\`is_powered: false\`): it takes its power from the rack, not 0 W${own}`;
  if (ports.length === 0) return `no power ports are recorded, which is not 0 W${own}`;
  const maxima = ports.flatMap(({ maximumW }) => maximumW ?? []);
  if (maxima.length === 0) return `${counted(ports.length)} without a draw${own}`;
  if (ports.length === 1) return `1 power port of ${maxima.join()} W${own}: which holds is not known`;
  const bays = supplyBays(type?.value);
  const more = bays > ports.length ? ` in ${bays} bays for supplies` : '';
  const ratings = [...new Set(maxima)].join(', ');
  return `${counted(ports.length)} of ${ratings} W${more}: how many may fail is not stated, so they are not summed${own}`;
}

function counted(ports: number): string {
  return ports === 1 ? '1 power port' : `${ports} power ports`;
}

function supplyBays(value: unknown): number {
  return listAt(value, 'module-bays').filter((bay) =>
    /\bPSU\b|power supply/iu.test(textAt(bay, 'name') ?? ''),
  ).length;
}

/** Watts that the comments give for the whole machine: `Power Consumption: 6.5kW at full load`. */
function statedIn(type: DeviceType | undefined): number | undefined {
  const comments = textAt(type?.value, 'comments') ?? '';
  const kw = /(?:power|consum|draw)[^\n\d]{0,40}(\d{1,3}(?:\.\d{1,3})?)\s*kW\b/iu.exec(comments)?.[1];
  return kw === undefined ? undefined : wattsOf(Math.round(Number(kw) * 1000));
}

function fallbackOf(type: DeviceType | undefined, text: number | undefined): PortPower['assumed'] {
  if (type === undefined) return undefined;
  if (text !== undefined) {
    const why = `\`${type.name}\` is taken to draw at most ${text} W: comments of its device type`;
    return { watts: text, text: why };
  }
  const fallback = machinePowerDefault(type.name);
  return fallback === undefined
    ? undefined
    : { watts: fallback.powerW, text: defaultText(`\`${type.name}\``, fallback) };
}

/** A type lists what may be built in. Texts that name several GPUs contradict themselves. */
export function gpuGaps(value: unknown): readonly Gap[] {
  const models = gpuNames(value);
  if (models.length === 0) return [];
  const bays = listAt(value, 'module-bays').filter((bay) =>
    /^GPU\b/iu.test(textAt(bay, 'name') ?? ''),
  ).length;
  const where = bays === 0 ? '' : ` with ${bays} bays for GPUs`;
  const why =
    models.length === 1
      ? `its text names ${models.join()}${where}: what may be built in, not what is`
      : `its text names ${models.join(' and ')}${where}: it contradicts itself`;
  return [{ attribute: 'gpuModel', why }];
}

function gpuNames(value: unknown): readonly string[] {
  const texts = [
    textAt(value, 'model'),
    textAt(value, 'comments'),
    ...[...listAt(value, 'interfaces'), ...listAt(value, 'module-bays')].map((part) =>
      textAt(part, 'description'),
    ),
  ].join(' ');
  const words = texts.match(/\b(?:MI\d{3}[A-Z]?|G?B[23]00|[AH]\d{3}|L40S?|L4)\b/gu) ?? [];
  return [...new Set(words.map((word) => word.replace(/^GB/u, 'B')))].toSorted();
}

/** Names that count, such as `P0.0` to `P31.1`: those that are missing from the row. */
function portGaps(value: unknown): readonly Gap[] {
  const names = listAt(value, 'interfaces').flatMap((port) => textAt(port, 'name') ?? []);
  const missing = missingFrom(names);
  if (missing.length === 0) return [];
  const listed = missing.slice(0, 8).join(', ');
  return [
    {
      attribute: 'ports',
      why: `${cleanText(listed, 120)} missing from a row of ${names.length} ports: the list is not whole`,
    },
  ];
}

/** What is missing from rows of two numbers (`P22.1`), when at most a tenth is. */
export function missingFrom(names: readonly string[]): readonly string[] {
  const rows = names.flatMap((name) => {
    const match = /^(\D{0,20})(\d{1,4})([./])(\d{1,4})$/u.exec(name);
    return match === null
      ? []
      : [{ prefix: `${match[1]}`, a: Number(match[2]), dot: `${match[3]}`, b: Number(match[4]) }];
  });
  const byPrefix = Map.groupBy(rows, ({ prefix, dot }) => `${prefix} ${dot}`);
  return [...byPrefix.values()].flatMap((row) => {
    const outer = [...new Set(row.map(({ a }) => a))];
    const inner = [...new Set(row.map(({ b }) => b))];
    const there = new Set(row.map(({ a, b }) => `${a} ${b}`));
    if (outer.length * inner.length > 4096) return [];
    const first = row[0];
    const gaps = outer.flatMap((a) =>
      inner.filter((b) => !there.has(`${a} ${b}`)).map((b) => `${first?.prefix}${a}${first?.dot}${b}`),
    );
    return gaps.length * 10 <= row.length ? gaps : [];
  });
}

function wattsOf(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 && value < 1_000_000 ? Math.ceil(value) : undefined;
}

function slugged(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-|-$/gu, '');
}
