import { z } from 'zod';

import type { Origin } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { fileName, invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import { type ListedObject, listedObjects, scalar, type Texts } from '../kubernetes/listed.ts';
import type { Evidence } from '../source.ts';

/** A device taint: `NoSchedule` and `NoExecute` keep claims off the device, `None` only tells. */
type DeviceTaint = { readonly key: string; readonly value: string; readonly effect: string };

/** One device of a slice, whatever version of the API it was written for. */
export type DraDevice = {
  readonly name: string;
  /** Values by name, as text; names of the driver's own domain stand without it. A list has several values. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly capacity: Texts;
  readonly taints: readonly DeviceTaint[];
  /** It draws on counters that other devices draw on too: it is one way to cut a card, not a card of its own. */
  readonly isAlternative: boolean;
  /** Several claims may hold it at once. */
  readonly isShared: boolean;
  /** Its node, where the slice leaves the choice to each device. */
  readonly node?: string;
  readonly origin: Origin;
};

type Pool = { readonly name: string; readonly generation: number; readonly sliceCount: number };

/** A `ResourceSlice`, as far as Berth reads it. */
export type Slice = {
  readonly name: string;
  readonly driver?: string;
  /** The driver is not named but follows from the names of the attributes. */
  readonly isDriverInferred: boolean;
  readonly node?: string;
  /** Absent in excerpts: then nobody can tell whether there are more devices. */
  readonly pool?: Pool;
  readonly devices: readonly DraDevice[];
  /** The devices stand in the shape of v1alpha3 and v1beta1, under `basic`. */
  readonly isOldShape: boolean;
  readonly version: string;
  readonly evidence: Evidence;
  readonly origin: Origin;
};

export type Slices = {
  readonly slices: readonly Slice[];
  /** Objects of other kinds that stood between them, by kind. */
  readonly others: ReadonlyMap<string, number>;
};

const expected = 'output of `kubectl get resourceslices -o json` or `-o yaml`';

/** Every ResourceSlice in a file. Throws a `BerthError` for a file without one. */
export function readSlices(evidence: Evidence): Slices {
  const text = readText(evidence);
  const slices: Slice[] = [];
  const others = new Map<string, number>();
  for (const found of listedObjects(evidence, text, { source: 'dra', expected })) {
    if (found.kind === 'ResourceSlice') slices.push(sliceOf(evidence, found));
    else others.set(found.kind, (others.get(found.kind) ?? 0) + 1);
  }
  if (slices.length === 0) throw withoutSlices(evidence, text, others);
  return { slices, others };
}

function withoutSlices(evidence: Evidence, text: string, others: ReadonlyMap<string, number>) {
  const kinds = [...others].filter(([kind]) => kind !== '');
  if (kinds.length === 0 || others.has('Node')) return wrongFormat(evidence, text, 'dra', expected);
  const what = kinds
    .slice(0, 5)
    .map(([kind, count]) => `${count} of kind \`${cleanText(kind, 60)}\``)
    .join(', ');
  return invalidFile(evidence, `has no ResourceSlices, but ${what}`, `expected: ${expected}`);
}

const text = scalar.transform(String).nullish().catch(undefined);
const flag = z.boolean().nullish().catch(undefined);
const count = z.coerce.number().int().min(0).max(1_000_000_000_000);
const object = z.record(z.string(), z.unknown());

const SliceObject = z.object({
  apiVersion: text,
  metadata: z
    .object({ name: text, ownerReferences: z.array(z.unknown()).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  spec: z.object({
    driver: text,
    nodeName: text,
    pool: z.unknown().optional(),
    devices: z.array(z.unknown()).nullish(),
  }),
});

const PoolObject = z.object({
  name: scalar.transform(String),
  // A generation of 0 may be left out: Go drops it.
  generation: count.nullish(),
  resourceSliceCount: count,
});

const Owner = z.object({ kind: z.literal('Node'), name: z.string().min(1).max(300) });

function sliceOf(evidence: Evidence, found: ListedObject): Slice {
  const parsed = SliceObject.safeParse(found.value);
  if (!parsed.success) throw broken(evidence, found.line, parsed.error);
  const { apiVersion, metadata, spec } = parsed.data;
  const origin = originOf(evidence, found.line);
  const pool = poolOf(evidence, found, spec.pool);
  const raw = (spec.devices ?? []).map((value, index) => rawDevice(evidence, found, value, index));
  const driver = spec.driver || driverOf(raw);
  const owner = metadata?.ownerReferences?.map((value) => Owner.safeParse(value)).find((one) => one.success);
  const owned = owner?.data?.name;
  const node = spec.nodeName || owned;
  if (owned !== undefined && node !== owned) throw contradicted(evidence, found.line, owned);
  return {
    name: metadata?.name ?? '',
    ...(driver ? { driver } : {}),
    isDriverInferred: !spec.driver,
    ...(node ? { node } : {}),
    ...(pool === undefined ? {} : { pool }),
    devices: raw.map(({ attributes, ...device }) => ({
      ...device,
      attributes: withoutDomain(attributes, driver),
    })),
    isOldShape: raw.some((device) => device.isOldShape),
    version: apiVersion ?? '',
    evidence,
    origin,
  };
}

function poolOf(evidence: Evidence, found: ListedObject, value: unknown): Pool | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = PoolObject.safeParse(value);
  if (!parsed.success) throw broken(evidence, found.lineOf(['spec', 'pool']), parsed.error, 'spec.pool');
  const { name, generation, resourceSliceCount } = parsed.data;
  return { name, generation: generation ?? 0, sliceCount: resourceSliceCount };
}

const Device = z.object({
  name: scalar.transform(String),
  attributes: object.nullish().catch(undefined),
  capacity: object.nullish().catch(undefined),
  taints: z.array(z.unknown()).nullish().catch(undefined),
  consumesCounters: z.array(z.unknown()).nullish().catch(undefined),
  allowMultipleAllocations: flag,
  nodeName: text,
  basic: z.unknown().optional(),
});

type RawDevice = DraDevice & { readonly isOldShape: boolean };

/** In v1 everything stands on the device itself, before that under its `basic`. */
function rawDevice(evidence: Evidence, found: ListedObject, value: unknown, index: number): RawDevice {
  const line = found.lineOf(['spec', 'devices', index]) ?? found.line;
  const outer = Device.safeParse(value);
  if (!outer.success) throw broken(evidence, line, outer.error, `spec.devices[${index}]`);
  const basic = object.safeParse(outer.data.basic);
  const inner = basic.success ? Device.safeParse({ ...basic.data, name: outer.data.name }) : outer;
  const device = inner.success ? inner.data : outer.data;
  return {
    name: device.name,
    attributes: new Map(
      Object.entries(device.attributes ?? {}).map(([name, said]) => [name, valuesOf(said)]),
    ),
    capacity: new Map(Object.entries(device.capacity ?? {}).flatMap(([name, said]) => amountOf(name, said))),
    taints: (device.taints ?? []).flatMap(taintOf),
    isAlternative: (device.consumesCounters ?? []).length > 0,
    isShared: device.allowMultipleAllocations === true,
    ...(device.nodeName ? { node: device.nodeName } : {}),
    origin: originOf(evidence, line),
    isOldShape: basic.success,
  };
}

/** `{string: x}`, `{int: 1}`, `{version: …}`, `{bool: …}`, and lists of them, which are alpha since 1.36. */
function valuesOf(said: unknown): readonly string[] {
  const parsed = object.safeParse(said);
  if (!parsed.success) return [];
  return Object.values(parsed.data)
    .flat()
    .flatMap((value) => {
      const one = scalar.safeParse(value);
      return one.success && one.data !== '' ? [String(one.data)] : [];
    });
}

/** v1 wraps the quantity in `value`; v1alpha3 wrote it plainly. */
function amountOf(name: string, said: unknown): [string, string][] {
  const wrapped = z.object({ value: scalar }).safeParse(said);
  const amount = scalar.safeParse(wrapped.success ? wrapped.data.value : said);
  return amount.success ? [[withoutPrefix(name), String(amount.data)]] : [];
}

const Taint = z.object({ key: text, value: text, effect: text });

function taintOf(value: unknown): DeviceTaint[] {
  const parsed = Taint.safeParse(value);
  if (!parsed.success) return [];
  const { key, value: said, effect } = parsed.data;
  return [{ key: key ?? '', value: said ?? '', effect: effect ?? '' }];
}

/** Excerpts leave the driver out; attributes with its domain, or AMD's own device types, tell it. */
function driverOf(devices: readonly DraDevice[]): string | undefined {
  const names = devices.flatMap(({ attributes }) => [...attributes.keys()]);
  if (names.some((name) => name.startsWith('dra.net/'))) return 'dra.net';
  const types = devices.flatMap(({ attributes }) => attributes.get('type') ?? []);
  return types.some((type) => /^amdgpu(?:-partition)?$/u.test(type)) ? 'gpu.amd.com' : undefined;
}

function withoutDomain(
  attributes: DraDevice['attributes'],
  driver: string | undefined,
): DraDevice['attributes'] {
  const own = `${driver ?? ''}/`;
  return new Map(
    [...attributes].map(([name, values]) => [name.startsWith(own) ? name.slice(own.length) : name, values]),
  );
}

function withoutPrefix(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function originOf(evidence: Evidence, line: number | undefined): Origin {
  return { file: fileName(evidence), ...(line === undefined ? {} : { line }) };
}

function contradicted(evidence: Evidence, line: number | undefined, owner: string) {
  return invalidFile(
    evidence,
    `names another node than \`${cleanText(owner, 100)}\`, which owns it`,
    'hand in the whole file as kubectl wrote it; a truncated copy is the usual cause',
    line === undefined ? {} : { line },
  );
}

function broken(evidence: Evidence, line: number | undefined, error: z.ZodError, within = '') {
  const [issue] = error.issues;
  const path = [...(within === '' ? [] : [within]), ...(issue?.path ?? [])].join('.');
  return invalidFile(
    evidence,
    `is no whole ResourceSlice: \`${cleanText(path, 80)}\` is missing or of another type`,
    `expected: ${expected}`,
    line === undefined ? {} : { line },
  );
}
