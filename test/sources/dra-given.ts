import type { Evidence } from '../../src/sources/source.ts';
import { file } from './given.ts';

type DeviceObject = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, object>>;
  readonly capacity: Readonly<Record<string, object>>;
};

type SliceObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  readonly spec: {
    readonly driver: string;
    readonly nodeName: string;
    readonly pool: object;
    readonly devices: readonly object[];
  };
};

/** A device as v1 writes it; `memory` and `memorySlices` become capacities, everything else attributes. */
export function device(
  name: string,
  set: Readonly<Record<string, string | number | boolean | undefined>> = {},
  more: object = {},
): DeviceObject {
  const { memory, memorySlices, ...rest } = set;
  const attributes: Record<string, object> = {};
  for (const [key, value] of Object.entries(rest)) {
    const type = typeof value === 'number' ? 'int' : typeof value === 'string' ? 'string' : 'bool';
    if (value !== undefined) attributes[key] = { [type]: value };
  }
  const capacity: Record<string, object> = {};
  if (memory !== undefined) capacity['memory'] = { value: memory };
  for (let at = 0; at < Number(memorySlices ?? 0); at++) capacity[`memorySlice${at}`] = { value: '1' };
  return { name, attributes, capacity, ...more };
}

export type SliceText = {
  readonly name?: string;
  readonly driver?: string;
  readonly node?: string;
  readonly pool?: string;
  readonly generation?: number;
  readonly sliceCount?: number;
  readonly devices: readonly object[];
};

/** A ResourceSlice: the only one of its pool on node `n1`, of NVIDIA's driver, where nothing else is said. */
export function slice({
  driver = 'gpu.nvidia.com',
  node = 'n1',
  pool = node,
  name = `${pool}-${driver}`,
  generation = 1,
  sliceCount = 1,
  devices,
}: SliceText): SliceObject {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name },
    spec: {
      driver,
      nodeName: node,
      pool: { name: pool, generation, resourceSliceCount: sliceCount },
      devices,
    },
  };
}

export function slices(...items: readonly object[]): Evidence {
  return file('slices.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 1));
}
