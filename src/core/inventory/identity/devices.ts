import type { GpuFacts, NicFacts, SourceName } from '../../../model/fact.ts';
import { pciAddressOf } from '../../../model/pci.ts';
import { gpuIdentifier, serialIdentifier } from './identifiers.ts';
import type { DeviceWord } from './machines.ts';

type DeviceFacts = GpuFacts | NicFacts;
export type Devices<T extends DeviceFacts = DeviceFacts> = ReadonlyMap<number, readonly DeviceWord<T>[]>;

/** The known number of each observed device; those of which it cannot be told are left out. */
export type Numbering = {
  readonly numbers: ReadonlyMap<number, number>;
  /** Why devices are left out; nothing when none is. */
  readonly open?: string;
  /** True where only the order on the PCI bus says which device is which. */
  readonly isAssumed: boolean;
};

/** The most devices of one kind that a node has numbers for. */
const maxDevices = 32;

/**
 * Sources that count devices as they lie on the PCI bus. NVML's index, which nvidia-smi, DCGM and the DRA driver print,
 * follows it; hwloc and NCCL walk the bus itself; people count slots. Service processors, `/dev` numbers of Slurm and
 * the cards of ROCm follow no order that is promised.
 *
 * Source: NVML API reference, nvmlDeviceGetHandleByIndex ("the order … is guaranteed to be in PCI bus order").
 */
const inPciOrder: ReadonlySet<SourceName> = new Set([
  'inventory',
  'nvidia-smi',
  'prometheus',
  'dra',
  'hwloc',
  'nccl',
]);

/**
 * Which known device each observed one is: by UUID, serial number, PCI address, GUID, MAC address and name of the system,
 * in this order. By number only where no device has anything of this to compare, both sides have the same numbers,
 * nothing that both say differs, and the source counts in PCI order.
 */
export function numberDevices(known: Devices, observed: Devices, source: SourceName): Numbering {
  if (known.size === 0) return asTheyAre(observed, false);
  const numbers = matchedByKeys(known, observed);
  const rest = [...observed.keys()].filter((number) => !numbers.has(number));
  if (numbers.size === 0) return byNumber(known, observed, source);
  const isAssumed = restsOnOrder(known, source);
  return rest.length === 0
    ? { numbers, isAssumed }
    : withNewcomers({ known, observed, numbers, rest, isAssumed });
}

/** Whether this source alone has told the known devices apart: its first word about them went by their order. */
function restsOnOrder(known: Devices, source: SourceName): boolean {
  const others = [...known.values()].flat().filter((word) => word.source !== source);
  return others.length > 0 && !others.some(({ set }) => deviceKeys.some((keyOf) => keyOf(set) !== undefined));
}

function asTheyAre(observed: Devices, isAssumed: boolean): Numbering {
  return { numbers: new Map([...observed.keys()].map((number) => [number, number])), isAssumed };
}

function matchedByKeys(known: Devices, observed: Devices): Map<number, number> {
  const matched = new Map<number, number>();
  const taken = new Set<number>();
  for (const keyOf of deviceKeys) {
    const theirs = uniqueBy(known, keyOf);
    for (const [key, number] of uniqueBy(observed, keyOf)) {
      const other = theirs.get(key);
      if (other === undefined || taken.has(other) || matched.has(number)) continue;
      matched.set(number, other);
      taken.add(other);
    }
  }
  return matched;
}

/** How a device is told from others, the surest first. */
const deviceKeys: readonly ((set: DeviceFacts) => string | undefined)[] = [
  (set) => ('uuid' in set && set.uuid !== undefined ? gpuIdentifier(set.uuid) : undefined),
  (set) => ('serial' in set && set.serial !== undefined ? serialIdentifier(set.serial) : undefined),
  (set) => (set.pciAddress === undefined ? undefined : pciAddressOf(set.pciAddress)),
  (set) => ('guid' in set ? hexOf(set.guid) : undefined),
  (set) => ('mac' in set ? hexOf(set.mac) : undefined),
  (set) => ('name' in set && set.name !== undefined && set.name !== '' ? set.name : undefined),
];

function hexOf(text: string | undefined): string | undefined {
  const hex = text
    ?.toLowerCase()
    .replace(/^0x/u, '')
    .replaceAll(/[^0-9a-f]/gu, '');
  return hex === undefined || /^0*$/u.test(hex) ? undefined : hex;
}

/** The device that alone has each key; boards with two GPUs have one serial number for both. */
function uniqueBy(
  devices: Devices,
  keyOf: (set: DeviceFacts) => string | undefined,
): ReadonlyMap<string, number> {
  const owners = new Map<string, Set<number>>();
  for (const [number, said] of devices) {
    for (const { set } of said) {
      const key = keyOf(set);
      if (key !== undefined) owners.set(key, (owners.get(key) ?? new Set()).add(number));
    }
  }
  return new Map(
    [...owners].flatMap(([key, numbers]) => {
      const [only, ...others] = numbers;
      return only === undefined || others.length > 0 ? [] : [[key, only] as const];
    }),
  );
}

function byNumber(known: Devices, observed: Devices, source: SourceName): Numbering {
  const isOwn = [...known.values()].every((said) => said.every((word) => word.source === source));
  if (isOwn) return asTheyAre(observed, false);
  const open = whyNotByNumber(known, observed, source);
  return open === undefined ? asTheyAre(observed, true) : { numbers: new Map(), open, isAssumed: false };
}

function whyNotByNumber(known: Devices, observed: Devices, source: SourceName): string | undefined {
  if (!inPciOrder.has(source))
    return `${source} does not count in PCI order, and nothing else tells which is which`;
  const counted = `${observed.size} here, ${known.size} known`;
  if (known.size !== observed.size || [...observed.keys()].some((number) => !known.has(number)))
    return `the numbers do not fit (${counted}), and nothing else tells which is which`;
  for (const [number, words] of observed) {
    const differing = differenceOf(known.get(number) ?? [], words);
    if (differing !== undefined) return `number ${number} has another ${differing} than the known one`;
  }
  return undefined;
}

/** What does not change and is never a mere number of the source's own. */
const telling = ['model', 'kind', 'rail', 'numaNode', 'uuid', 'serial', 'pciAddress', 'guid', 'mac', 'name'];

function differenceOf(known: readonly DeviceWord<DeviceFacts>[], said: readonly DeviceWord<DeviceFacts>[]) {
  return telling.find((name) => {
    const theirs = valuesOf(known, name);
    const own = valuesOf(said, name);
    return theirs.length > 0 && own.length > 0 && !own.some((value) => theirs.includes(value));
  });
}

function valuesOf(words: readonly DeviceWord<DeviceFacts>[], name: string): readonly unknown[] {
  return words.flatMap(({ set }) =>
    Object.entries(set).flatMap(([key, value]) => (key === name && value !== undefined ? [value] : [])),
  );
}

/** Some are known by their keys; the others are newcomers, or stand where exactly one known device is left. */
function withNewcomers(given: {
  readonly known: Devices;
  readonly observed: Devices;
  readonly numbers: ReadonlyMap<number, number>;
  readonly rest: readonly number[];
  readonly isAssumed: boolean;
}): Numbering {
  const { known, observed, rest, isAssumed } = given;
  const numbers = new Map(given.numbers);
  const taken = new Set(numbers.values());
  const free = [...known.keys()].filter((number) => !taken.has(number));
  const [left] = free;
  if (left !== undefined && free.length === 1 && rest.length === 1 && known.size === observed.size)
    return { numbers: numbers.set(rest[0] ?? left, left), isAssumed };
  if (free.length > 0)
    return {
      numbers,
      isAssumed,
      open: `${rest.length} match none of the ${free.length} known that are left, and may be any of them`,
    };
  for (const number of rest) {
    const next = taken.has(number) ? firstFree(taken) : number;
    if (next === undefined) return { numbers, isAssumed, open: `there are more than ${maxDevices}` };
    numbers.set(number, next);
    taken.add(next);
  }
  return { numbers, isAssumed };
}

function firstFree(taken: ReadonlySet<number>): number | undefined {
  return Array.from({ length: maxDevices }, (_, number) => number).find((number) => !taken.has(number));
}
