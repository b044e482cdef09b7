import { cleanText, compareText } from '../../model/text.ts';
import { memoryMibOf } from '../quantity.ts';
import { addressOf, valueOf } from './device.ts';
import { byName, type NodePool } from './pool.ts';
import type { DraDevice } from './slice.ts';

/** One physical accelerator, put together from all devices that stand for it. */
export type Card = {
  readonly driver: string;
  /** The device for the card as a whole, where the driver offers it whole. */
  readonly whole: DraDevice | undefined;
  /** Fixed parts of it that the driver offers instead: MIG instances, partitions, virtual functions. */
  readonly parts: readonly DraDevice[];
  /** Ways to cut it that the driver would make on demand. */
  readonly alternatives: readonly DraDevice[];
  /** Its own UUID: of MIG instances that of the parent. */
  readonly uuid: string | undefined;
  readonly pciAddress: string | undefined;
};

/** Drivers whose devices are accelerators of the node itself. */
export const gpuDrivers: ReadonlySet<string> = new Set([
  'gpu.nvidia.com',
  'gpu.amd.com',
  'gpu.intel.com',
  'gaudi.intel.com',
]);

/**
 * The cards behind the devices of a pool. One card may stand there many times: whole, as the ways in which the driver
 * could cut it (they draw on common counters), as passthrough (`vfio`), and cut into fixed parts. They belong together
 * by the UUID of the card, of the parent, or by the PCI address. In the order of their names.
 */
export function cardsOf({ driver, devices }: Pick<NodePool, 'driver' | 'devices'>): readonly Card[] {
  const groups: Group[] = [];
  const byKey = new Map<string, Group>();
  for (const device of devices.toSorted((a, b) => rankOf(a) - rankOf(b) || byName(a.name, b.name))) {
    const keys = keysOf(device);
    const known = keys.map((key) => byKey.get(key)).find((group) => group !== undefined);
    const group = known ?? { devices: [], keys: new Set<string>() };
    if (known === undefined) groups.push(group);
    group.devices.push(device);
    for (const key of keys) {
      group.keys.add(key);
      if (!byKey.has(key)) byKey.set(key, group);
    }
  }
  return groups.map((group) => cardOf(driver, group)).toSorted(byFirstName);
}

type Group = { readonly devices: DraDevice[]; readonly keys: Set<string> };

function cardOf(driver: string, { devices, keys }: Group): Card {
  const key = (kind: string) => [...keys].find((text) => text.startsWith(kind))?.slice(kind.length);
  const inWhole = devices.filter((device) => roleOf(device) === 'whole');
  const cut = devices.filter((device) => roleOf(device) === 'part');
  const through = devices.filter((device) => roleOf(device) === 'passthrough');
  const whole = inWhole[0] ?? (cut.length === 0 ? through[0] : undefined);
  return {
    driver,
    whole,
    parts: cut.filter(({ isAlternative }) => !isAlternative || whole === undefined),
    alternatives: whole === undefined ? [] : cut.filter(({ isAlternative }) => isAlternative),
    uuid: key('uuid '),
    pciAddress: key('pci '),
  };
}

/** Whole cards first, so that parts find the card that they belong to. */
function rankOf(device: DraDevice): number {
  return ['whole', 'passthrough', 'part'].indexOf(roleOf(device));
}

/** What a device is by its driver's `type`; drivers without one offer whole cards. */
function roleOf(device: DraDevice): 'whole' | 'part' | 'passthrough' {
  const type = valueOf(device, 'type');
  if (type === 'mig' || type === 'amdgpu-partition' || type === 'vf') return 'part';
  return type === 'vfio' ? 'passthrough' : 'whole';
}

function keysOf(device: DraDevice): readonly string[] {
  const keys = roleOf(device) === 'part' ? parentKeys(device) : ownKeys(device);
  return keys.length > 0 ? keys : [`name ${device.name}`];
}

function ownKeys(device: DraDevice): string[] {
  // A card that is passed through has a UUID of its own making.
  const uuid = roleOf(device) === 'passthrough' ? undefined : valueOf(device, 'uuid');
  const address = addressOf(device);
  return [
    ...(uuid === undefined ? [] : [`uuid ${uuid}`]),
    ...(address === undefined ? [] : [`pci ${address}`]),
  ];
}

/** A virtual function has a PCI address of its own, other parts have that of the card. */
function parentKeys(device: DraDevice): string[] {
  const uuid = valueOf(device, 'parentUUID');
  const isFunction = valueOf(device, 'type') === 'vf';
  const address = parentAddress(device) ?? (isFunction ? undefined : addressOf(device));
  return [
    ...(uuid === undefined ? [] : [`uuid ${uuid}`]),
    ...(address === undefined ? [] : [`pci ${address}`]),
  ];
}

/** AMD names the parent's address, Intel hides it in an id such as `0000-03-00-0-0x56c0`. */
function parentAddress(device: DraDevice): string | undefined {
  const [, domain, bus, slot, fn] =
    /^([0-9a-f]{4})-([0-9a-f]{2})-([0-9a-f]{2})-([0-7])/u.exec(valueOf(device, 'parentUID') ?? '') ?? [];
  return (
    valueOf(device, 'parentPciAddr') ?? (domain === undefined ? undefined : `${domain}:${bus}:${slot}.${fn}`)
  );
}

function byFirstName(a: Card, b: Card): number {
  const nameOf = ({ whole, parts, alternatives }: Card) => (whole ?? parts[0] ?? alternatives[0])?.name ?? '';
  return byName(nameOf(a), nameOf(b)) || compareText(a.uuid ?? '', b.uuid ?? '');
}

/** The product as its driver calls it. Intel's `model` is `Unknown` for devices outside the driver's own table. */
export function productOf({ whole, parts }: Card): string | undefined {
  const device = whole ?? parts[0];
  if (device === undefined) return undefined;
  const name = valueOf(device, 'productName', 'model');
  return name === undefined || name.toLowerCase() === 'unknown' ? undefined : cleanText(name, 100);
}

/** The card's memory, where it is offered whole; what parts have is a share. Drivers write 0 for unknown. */
export function wholeMemoryMib({ whole }: Card): number | undefined {
  const mib = memoryMibOf(whole?.capacity.get('memory') ?? '');
  return mib === 0 ? undefined : mib;
}

/**
 * The one MIG profile into which a card is cut completely, so that no other instance fits beside. A GPU has 7 compute
 * and 8 memory slices, an A30 and the RTX PRO 6000 have 4 and 4.
 *
 * Source: NVIDIA Multi-Instance GPU User Guide, "Supported MIG Profiles".
 */
export function fullProfileOf(card: Card): string | undefined {
  const profiles = new Set(card.parts.map((part) => valueOf(part, 'profile')));
  const [profile] = profiles;
  const [first] = card.parts;
  if (profiles.size !== 1 || profile === undefined || first === undefined) return undefined;
  const compute = Number(/^(\d)g\.\d+gb$/u.exec(profile)?.[1] ?? Number.NaN);
  const memory = [...first.capacity.keys()].filter((name) => /^memorySlice\d+$/u.test(name)).length;
  const [computeSlices, memorySlices] = /\b(?:A30|RTX PRO 6000)\b/iu.test(productOf(card) ?? '')
    ? [4, 4]
    : [7, 8];
  const most = Math.min(Math.floor(computeSlices / compute), Math.floor(memorySlices / memory));
  return memory > 0 && card.parts.length === most ? profile : undefined;
}
