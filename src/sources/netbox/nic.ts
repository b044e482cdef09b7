import type { Fact, GpuFacts, NicFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { at, numberAt, textAt } from '../json-value.ts';
import { known } from '../observation.ts';
import type { Cabling } from './cable.ts';
import type { NetboxObject, NetboxTables } from './export.ts';
import { choiceAt } from './type.ts';

/** One data interface of a machine. `far` is the device at the other end of its cable. */
export type NicReading = {
  readonly object: NetboxObject;
  readonly set: NicFacts;
  readonly far: string | undefined;
  readonly gaps: readonly Gap[];
};

/** Objects by the id of the device they are part of. */
export type ByDevice = ReadonlyMap<string, readonly NetboxObject[]>;

/** Interfaces that carry data: no management ports, and nothing that is made of others. */
export function readInterfaces(
  deviceId: string,
  interfaces: ByDevice,
  cabling: Cabling,
): readonly NicReading[] {
  return (interfaces.get(deviceId) ?? [])
    .filter(({ value }) => isData(value))
    .map((port) => interfaceOf(port, cabling));
}

/** Mbit/s of an interface, where its type or its own speed tells. Source: netbox dcim/choices.py, InterfaceTypeChoices. */
export function speedOf(value: unknown): number | undefined {
  const kbps = numberAt(value, 'speed');
  if (kbps !== undefined && kbps >= 1000) return Math.floor(kbps / 1000);
  const [, digits, unit] = /^(\d{1,4}(?:\.\d)?)(g?)base/u.exec(typeOf(value)) ?? [];
  if (digits === undefined) return undefined;
  return Math.round(Number(digits) * (unit === 'g' ? 1000 : 1));
}

function typeOf(value: unknown): string {
  return choiceAt(value, 'type') ?? textAt(value, 'type')?.toLowerCase() ?? '';
}

function isData(value: unknown): boolean {
  const isUsed = at(value, 'mgmt_only') !== true && at(value, 'enabled') !== false;
  return isUsed && /^(?:\d{1,4}(?:\.\d)?g?base|infiniband)/u.test(typeOf(value));
}

function interfaceOf(port: NetboxObject, cabling: Cabling): NicReading {
  const { value } = port;
  const isInfiniband = typeOf(value).startsWith('infiniband');
  const mbps = speedOf(value);
  const far = [
    ...new Set(
      cabling.endsOf(port).flatMap((end) => (end.table === 'interface' ? (cabling.deviceOf(end) ?? []) : [])),
    ),
  ];
  const mac = (
    textAt(value, 'primary_mac_address', 'mac_address') ?? textAt(value, 'mac_address')
  )?.toLowerCase();
  return {
    object: port,
    set: known({
      name: textAt(value, 'name') === undefined ? undefined : cleanText(textAt(value, 'name') ?? ''),
      mac: mac !== undefined && /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/u.test(mac) ? mac : undefined,
      kind: isInfiniband ? ('infiniband' as const) : ('ethernet' as const),
      mbps,
      rdma: isInfiniband ? true : undefined,
    }),
    far: far.length === 1 ? far[0] : undefined,
    gaps: [
      ...(mbps === undefined
        ? [
            {
              attribute: 'mbps',
              why: `\`${cleanText(typeOf(value), 40)}\` is a rate for one lane, and the lanes are not recorded`,
            },
          ]
        : []),
      ...(far.length > 1 ? [{ attribute: 'leaf', why: 'its cable leads to several devices' }] : []),
    ],
  };
}

/** A GPU that is recorded as a module. */
export type GpuReading = {
  readonly object: NetboxObject;
  readonly set: GpuFacts;
  readonly confidence: Fact['confidence'];
};

/** GPUs that are recorded as modules, with what stays open. NetBox does not tell on which bus they sit. */
export function readModules(deviceId: string, modules: ByDevice, tables: NetboxTables) {
  return (modules.get(deviceId) ?? [])
    .filter(({ value }) => isGpu(value, tables))
    .map((module) => {
      const product = textAt(tables.referred(module.value, 'module_type', 'moduletype'), 'model') ?? '';
      const named = gpuModel(product);
      const serial = textAt(module.value, 'serial');
      const confidence: Fact['confidence'] = named?.inferred === undefined ? 'stated' : 'derived';
      const set: GpuFacts = known({
        model: named?.model,
        serial: serial === undefined ? undefined : cleanText(serial),
      });
      return { object: module, set, confidence };
    });
}

function isGpu(module: unknown, tables: NetboxTables): boolean {
  const type = tables.referred(module, 'module_type', 'moduletype');
  const profile = textAt(type, 'profile', 'name') ?? '';
  const bay = textAt(module, 'module_bay', 'name') ?? '';
  return /^gpu\b/iu.test(profile) || /^(?:gpu|oam|sxm)\b/iu.test(bay);
}

/** The leaf all data ports hang on, when they are cabled and agree; InfiniBand ports decide where there are any. */
export function commonLeaf(
  nics: readonly { readonly set: NicFacts; readonly leaf: Path | undefined }[],
): Path | undefined {
  const rails = nics.filter(({ set }) => set.kind === 'infiniband');
  const deciding = rails.length > 0 ? rails : nics;
  const [first] = deciding;
  return deciding.every(({ leaf }) => leaf === first?.leaf) ? first?.leaf : undefined;
}
