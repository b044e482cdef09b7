import type { HeldSlice } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { GrantedSubject } from '../port.ts';
import { type Json, type JsonObject, memoryQuantity } from './object.ts';
import { gpusOf, type HeldPart, type Vendor } from './part.ts';

/** Kubernetes refuses an expression of more bytes (CELSelectorExpressionMaxLength, resource.k8s.io/v1). */
const expressionCap = 10 * 1024;

export const gpuClass: Readonly<Record<Vendor, string>> = {
  nvidia: 'gpu.nvidia.com',
  amd: 'gpu.amd.com',
};
export const migClass = 'mig.nvidia.com';
export const nicClass = 'dranet';

/** A group of equal devices that one pod asks for. */
export type DeviceRequest = {
  readonly name: string;
  readonly deviceClass: string;
  readonly count: number;
  readonly selectors: readonly string[];
  readonly capacity?: Readonly<Record<string, string>>;
};

export function requestObject({ name, deviceClass, count, selectors, capacity }: DeviceRequest): JsonObject {
  return {
    name,
    exactly: {
      deviceClassName: deviceClass,
      // Kueue refuses claims without it: it counts a claim before the API server has filled in what is missing.
      allocationMode: 'ExactCount',
      count,
      ...(selectors.length === 0
        ? {}
        : { selectors: selectors.map((expression): Json => ({ cel: { expression } })) }),
      ...(capacity === undefined ? {} : { capacity: { requests: { ...capacity } } }),
    },
  };
}

/** Selectors of whole GPUs: model, memory, and the cards by number where the contract's seats are known by it. */
export function gpuSelectors(subject: GrantedSubject, part: HeldPart): readonly string[] {
  const vendor = part.vendor ?? 'nvidia';
  return [...modelSelectors(subject, part, vendor), ...uuidSelectors(subject, part, vendor, 'uuid')];
}

/** Selectors of MIG instances of one profile, on the cards that the contract has slices of. */
export function migSelectors(subject: GrantedSubject, part: HeldPart, profile: string): readonly string[] {
  const is = `device.attributes["gpu.nvidia.com"].profile == ${quoted(profile)}`;
  return [is, ...uuidSelectors(subject, part, 'nvidia', 'parentUUID')];
}

/** RDMA NICs: what does not say that it is one is none. */
export const rdmaSelectors: readonly string[] = ['device.attributes["dra.net"].?rdma.orValue(false)'];

function modelSelectors(subject: GrantedSubject, part: HeldPart, vendor: Vendor): readonly string[] {
  const driver = gpuClass[vendor];
  const gpus = part.members.flatMap((member) => gpusOf(subject, member));
  const families = [...new Set(gpus.flatMap(({ model }) => model?.split('-', 1) ?? []))].toSorted(
    compareText,
  );
  const words = families.map((family) => family.replaceAll(/[^A-Za-z0-9]/gu, '.')).join('|');
  const { memoryMib } = part.part.each.gpus ?? {};
  const isModel = `device.attributes["${driver}"].productName.matches("(^|[^A-Za-z0-9])(${words})([^A-Za-z0-9]|$)")`;
  const hasMemory = (mib: number) =>
    `device.capacity["${driver}"].memory.compareTo(quantity(${quoted(memoryQuantity(mib))})) >= 0`;
  return [
    ...(words === '' ? [] : [isModel]),
    ...(memoryMib === undefined || memoryMib === 0 ? [] : [hasMemory(memoryMib)]),
  ];
}

/** None where a card's number is unknown, or where there are too many for one expression. */
function uuidSelectors(
  subject: GrantedSubject,
  part: HeldPart,
  vendor: Vendor,
  attribute: 'uuid' | 'parentUUID',
): readonly string[] {
  if (vendor !== 'nvidia') return [];
  const uuids = uuidsOf(subject, part);
  if (uuids === undefined) return [];
  const list = uuids.map(quoted).join(', ');
  const expression = `device.attributes["gpu.nvidia.com"].${attribute} in [${list}]`;
  return expression.length <= expressionCap ? [expression] : [];
}

/** Each card that a part's members have something of; nothing if one of them is not known by its number. */
function uuidsOf(subject: GrantedSubject, part: HeldPart): readonly string[] | undefined {
  const uuids = part.members.flatMap((member) => gpusOf(subject, member).map(({ uuid }) => uuid));
  const known = uuids.flatMap((uuid) => uuid ?? []);
  return known.length < uuids.length ? undefined : [...new Set(known)].toSorted(compareText);
}

/** Whether the claim of a part names the very cards of the contract. */
export function namesCards(selectors: readonly string[]): boolean {
  return selectors.some((selector) => /(?:uuid|parentUUID) in \[/u.test(selector));
}

/** Slices of one pod by what they are, in order of the first: profile or thousandths, and how many. */
export function sliceKinds(slices: readonly HeldSlice[]): readonly { slice: HeldSlice; count: number }[] {
  const groups = Map.groupBy(slices, (slice) =>
    slice.kind === 'mig' ? `mig ${slice.profile}` : `share ${slice.milli}`,
  );
  return [...groups.values()].flatMap((alike) => {
    const [slice] = alike;
    return slice === undefined ? [] : [{ slice, count: alike.length }];
  });
}

/** A string literal of CEL. Its escapes are those of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
