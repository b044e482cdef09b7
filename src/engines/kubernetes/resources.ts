import { compareText } from '../../model/text.ts';
import { claimOf, classCounts } from './claims.ts';
import { channelClass, needsComputeDomain } from './compute-domain.ts';
import { sliceKinds } from './device-request.ts';
import type { Frame } from './frame.ts';
import { cpuQuantity, memoryQuantity } from './object.ts';
import type { HeldPart, Vendor } from './part.ts';

const pluginResource: Readonly<Record<Vendor, string>> = { nvidia: 'nvidia.com/gpu', amd: 'amd.com/gpu' };

/** Amounts by resource: thousandths of a CPU, MiB, GiB of storage, or devices. */
export type Amounts = ReadonlyMap<string, number>;

/**
 * What one pod takes of each resource that is counted. Classes of claims count under their own name, to which Kueue's
 * `deviceClassMappings` have to map them.
 */
export function takenByPod(frame: Frame, part: HeldPart): Amounts {
  const { cpuMilli, memoryMib, storageGib } = part;
  return new Map([
    ...basics(cpuMilli, memoryMib, storageGib),
    ...(frame.settings.gpus === 'dra' ? claimed(frame, part) : counted(part)),
  ]);
}

/** What a part holds of each resource: all its members together. */
export function heldByPart(frame: Frame, part: HeldPart): Amounts {
  const { members } = part;
  const sum = (of: (member: (typeof members)[number]) => number) =>
    members.reduce((total, member) => total + of(member), 0);
  const devices = [...(frame.settings.gpus === 'dra' ? claimed(frame, part) : counted(part))];
  return new Map([
    ...basics(
      sum(({ cpuMilli }) => cpuMilli),
      sum(({ memoryMib }) => memoryMib),
      sum(({ storageGib }) => storageGib ?? 0),
    ),
    ...devices.map(([name, amount]): [string, number] => [name, amount * members.length]),
  ]);
}

/** Every resource that some part takes, in order. */
export function resourcesOf(frame: Frame): readonly string[] {
  const names = frame.parts.flatMap((part) => [...takenByPod(frame, part).keys()]);
  return [...new Set(names)].toSorted(compareText);
}

/** What a device plugin calls what one pod holds. A share has no such name. */
export function counted(part: HeldPart): Amounts {
  const slices = part.members[0]?.slices ?? [];
  if (part.gpuCount === 0 || part.vendor === undefined) return new Map();
  if (slices.length === 0) return new Map([[pluginResource[part.vendor], part.gpuCount]]);
  return new Map(
    sliceKinds(slices).flatMap(({ slice, count }): [string, number][] =>
      slice.kind === 'mig' ? [[`nvidia.com/mig-${slice.profile.replace('+', '.')}`, count]] : [],
    ),
  );
}

export function amountText(resource: string, amount: number): string {
  if (resource === 'cpu') return cpuQuantity(amount);
  if (resource === 'memory') return memoryQuantity(amount);
  return resource === 'ephemeral-storage' ? memoryQuantity(amount * 1024) : String(amount);
}

function basics(cpuMilli: number, memoryMib: number, storageGib: number): [string, number][] {
  return [
    ['cpu', cpuMilli],
    ['memory', memoryMib],
    ...(storageGib === 0 ? [] : [['ephemeral-storage', storageGib] satisfies [string, number]]),
  ];
}

function claimed(frame: Frame, part: HeldPart): Amounts {
  const claim = claimOf(frame.subject, part);
  return new Map([
    ...(claim === undefined ? [] : classCounts(claim)),
    ...(needsComputeDomain(frame, part) ? [[channelClass, 1] satisfies [string, number]] : []),
  ]);
}
