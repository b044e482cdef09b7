import type { Origin } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import type { DraDevice, Slice } from './slice.ts';

/** The devices of one driver on one node, and whether they are all of them. */
export type NodePool = {
  readonly driver: string;
  readonly node: string;
  readonly devices: readonly DraDevice[];
  /** Every slice of the newest generation is there. */
  readonly isWhole: boolean;
  /** What is wrong with it, in plain words. */
  readonly faults: readonly string[];
  readonly origin: Origin;
};

export type Pools = {
  readonly pools: readonly NodePool[];
  /** Slices that no node can be given for. */
  readonly nowhere: readonly Slice[];
};

/**
 * Slices put together to pools, node by node. A pool counts as whole only when as many slices of its newest generation
 * are there as they say (`resourceSliceCount`); slices of older generations are left out. Devices of a pool that is
 * known to be incomplete are left out too: Kubernetes allocates nothing from it, and what is missing may be any part
 * of it. `nodeOf` names the node of a slice that does not.
 *
 * Source: kubernetes/api, resource/v1, `ResourcePool`.
 */
export function poolsOf(slices: readonly Slice[], nodeOf: (slice: Slice) => string | undefined): Pools {
  const groups = Map.groupBy(unique(slices), keyOf);
  const ordered = [...groups].toSorted(([a], [b]) => compareText(a, b));
  const nowhere: Slice[] = [];
  const pools = ordered.flatMap(([, members]) => {
    const { newest, faults, isWhole } = judged(members);
    const seated = newest.map((slice) => ({ slice, node: slice.node ?? nodeOf(slice) }));
    nowhere.push(
      ...seated.flatMap(({ slice, node }) => (node === undefined && !hasNodes(slice) ? [slice] : [])),
    );
    return splitByNode(seated, { faults, isWhole });
  });
  return { pools, nowhere };
}

/** Slices without a pool stand for themselves. */
function keyOf({ driver, pool, name, node }: Slice): string {
  return JSON.stringify(pool === undefined ? [driver, node, 'slice', name] : [driver, 'pool', pool.name]);
}

function hasNodes({ devices }: Slice): boolean {
  return devices.length > 0 && devices.every(({ node }) => node !== undefined);
}

/** A slice that stands twice and says the same is one; saying something else, nobody knows which one is right. */
function unique(slices: readonly Slice[]): readonly Slice[] {
  const known = new Map<string, Slice>();
  return slices.filter((slice) => {
    if (slice.name === '') return true;
    const key = JSON.stringify([slice.name, slice.pool?.generation]);
    const first = known.get(key);
    known.set(key, first ?? slice);
    if (first === undefined) return true;
    if (said(first) === said(slice)) return false;
    throw invalidFile(
      slice.evidence,
      `ResourceSlice \`${cleanText(slice.name, 100)}\` differs from the one in \`${first.origin.file}\``,
      'import one state of one cluster at a time',
      slice.origin.line === undefined ? {} : { line: slice.origin.line },
    );
  });
}

function said({ driver, node, pool, devices }: Slice): string {
  const plain = devices.map((device) => [
    { ...device, origin: undefined, attributes: undefined, capacity: undefined },
    [...device.attributes],
    [...device.capacity],
  ]);
  return JSON.stringify([driver, node, pool, plain]);
}

type Judged = {
  readonly newest: readonly Slice[];
  readonly faults: readonly string[];
  readonly isWhole: boolean;
};

function judged(members: readonly Slice[]): Judged {
  const generation = Math.max(...members.map(({ pool }) => pool?.generation ?? 0));
  const newest = members.filter(({ pool }) => (pool?.generation ?? 0) === generation);
  const older = members.length - newest.length;
  const pool = newest[0]?.pool;
  if (pool === undefined) {
    const why = 'the slice names no pool, so whether there are more devices is not known';
    return { newest, faults: [why, ...shapeFaults(newest)], isWhole: false };
  }
  const stale =
    older === 0 ? [] : [`${older} slices of generations before ${generation} are left out: they are stale`];
  const incomplete = incompleteness(newest, pool.sliceCount);
  return {
    newest,
    faults: [...incomplete, ...stale, ...shapeFaults(newest)],
    isWhole: incomplete.length === 0,
  };
}

function incompleteness(newest: readonly Slice[], sliceCount: number): readonly string[] {
  const counts = new Set(newest.map(({ pool }) => pool?.sliceCount));
  const generation = newest[0]?.pool?.generation ?? 0;
  if (counts.size > 1) return ['its slices do not agree on how many there are'];
  if (newest.length !== sliceCount)
    return [`${newest.length} of ${sliceCount} slices of generation ${generation} are there`];
  const names = newest.flatMap(({ devices }) => devices.map(({ name }) => name));
  return new Set(names).size < names.length ? ['two of its devices have the same name'] : [];
}

function shapeFaults(slices: readonly Slice[]): readonly string[] {
  const mixed = slices.some(({ isOldShape, version }) => isOldShape && version === 'resource.k8s.io/v1');
  return mixed
    ? ['devices in the old shape (`basic`) under `resource.k8s.io/v1`: no API server answers that']
    : [];
}

type Seated = { readonly slice: Slice; readonly node: string | undefined };

/** Devices of an incomplete pool are dropped, those of an excerpt without a pool are not. */
function splitByNode(seated: readonly Seated[], { faults, isWhole }: Omit<Judged, 'newest'>): NodePool[] {
  const byNode = new Map<string, { devices: DraDevice[]; first: Slice }>();
  for (const { slice, node } of seated) {
    if (node !== undefined && !byNode.has(node)) byNode.set(node, { devices: [], first: slice });
    for (const device of slice.devices) {
      const own = device.node ?? node;
      if (own === undefined) continue;
      const known = byNode.get(own) ?? { devices: [], first: slice };
      byNode.set(own, known);
      if (isWhole || slice.pool === undefined) known.devices.push(device);
    }
  }
  return [...byNode].map(([node, { devices, first }]) => ({
    driver: first.driver ?? '',
    node,
    devices: devices.toSorted((a, b) => byName(a.name, b.name)),
    isWhole,
    faults,
    origin: first.origin,
  }));
}

/** `gpu-2` before `gpu-10`. */
export function byName(a: string, b: string): number {
  return compareText(padded(a), padded(b)) || compareText(a, b);
}

function padded(name: string): string {
  return name.replaceAll(/\d+/gu, (digits) => digits.padStart(12, '0'));
}
