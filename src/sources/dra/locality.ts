import { compareText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { numaOf, rootOf } from './device.ts';
import type { DraDevice } from './slice.ts';

/** What is near what on one node, as far as its devices prove it. */
export type Locality = {
  /** Numbers of root complexes, local to the node; empty where they prove nothing. */
  readonly rootNumber: ReadonlyMap<string, number>;
  /** NUMA nodes by device; empty where they prove nothing. */
  readonly numaNode: ReadonlyMap<DraDevice, number>;
  readonly gaps: readonly Gap[];
};

/**
 * Where the devices of one node sit. A PCIe root counts only where it tells devices apart and joins some: in virtual
 * machines every device has a root of its own, or all have one and the same, wherever they really are. A NUMA node
 * counts unless it is a list, negative, in doubt with the roots, or Grace's, whose GPU memory has node numbers too.
 *
 * Sources: kubernetes-sigs/dra-driver-nvidia-gpu issues 1123 and 1242; ResourceSlices of an EKS H100 node, NVIDIA/aicr.
 */
export function localityOf(
  gpus: readonly DraDevice[],
  nics: readonly DraDevice[],
  isGrace: boolean,
): Locality {
  const roots = readRoots(gpus, nics);
  const numa = readNuma([...gpus, ...nics], gpus, { isGrace, areRootsVirtual: roots.areVirtual });
  return { rootNumber: roots.number, numaNode: numa.node, gaps: [...roots.gaps, ...numa.gaps] };
}

type Roots = {
  readonly number: ReadonlyMap<string, number>;
  readonly areVirtual: boolean;
  readonly gaps: readonly Gap[];
};

function withoutRoots(why: string, areVirtual: boolean): Roots {
  return { number: new Map(), areVirtual, gaps: [{ attribute: 'pcieRoot', why }] };
}

function readRoots(gpus: readonly DraDevice[], nics: readonly DraDevice[]): Roots {
  const found = [...gpus, ...nics].flatMap((device) => rootOf(device) ?? []);
  const distinct = new Set(found);
  if (gpus.length + nics.length < 2) return { number: new Map(), areVirtual: false, gaps: [] };
  if (found.length === 0) return withoutRoots('no device names its PCIe root', false);
  if (distinct.size === found.length)
    return withoutRoots(
      'each device has a PCIe root of its own, as in virtual machines: that proves nothing about what is near what',
      true,
    );
  if (distinct.size === 1)
    return withoutRoots(
      'all devices have one PCIe root, as in simple virtual machines: that proves no nearness',
      true,
    );
  const number = new Map([...distinct].toSorted(compareText).map((root, index) => [root, index]));
  return { number, areVirtual: false, gaps: [] };
}

type Numa = { readonly node: ReadonlyMap<DraDevice, number>; readonly gaps: readonly Gap[] };

function withoutNuma(why: string): Numa {
  return { node: new Map(), gaps: [{ attribute: 'numaNode', why }] };
}

function readNuma(
  devices: readonly DraDevice[],
  gpus: readonly DraDevice[],
  { isGrace, areRootsVirtual }: { readonly isGrace: boolean; readonly areRootsVirtual: boolean },
): Numa {
  const named = devices.filter((device) => numaOf(device).length > 0);
  if (named.length === 0)
    return gpus.length === 0 ? { node: new Map(), gaps: [] } : withoutNuma('no device names its NUMA node');
  if (isGrace)
    return withoutNuma(
      'on Grace machines GPU memory has NUMA nodes of its own; which one is meant is not said',
    );
  const clear = named.flatMap((device): [DraDevice, number][] => {
    const [only, ...more] = numaOf(device);
    return only !== undefined && more.length === 0 && /^\d{1,3}$/u.test(only) ? [[device, Number(only)]] : [];
  });
  const nodes = new Set(clear.map(([, node]) => node));
  if (areRootsVirtual && nodes.size < 2)
    return withoutNuma(
      'all devices are on one NUMA node and the PCIe roots look virtual: a hypervisor may hide the rest',
    );
  const unclear = named.length - clear.length;
  const why = `${unclear} devices name several NUMA nodes, or none (-1)`;
  return { node: new Map(clear), gaps: unclear === 0 ? [] : [{ attribute: 'numaNode', why }] };
}
