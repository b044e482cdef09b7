import type { GpuFacts } from '../../model/fact.ts';
import { numbered } from '../device-place.ts';
import type { Gap } from '../gpu-reading.ts';
import type { NumaNodes } from './cpu.ts';
import { addressOf, type HwlocObject, placeOf } from './tree.ts';

export type Place = {
  readonly derived: Pick<GpuFacts, 'numaNode' | 'pcieRoot' | 'pcieSwitch'>;
  readonly gaps: readonly Gap[];
};

/** Where each device hangs, in their order: its NUMA node, root and switch, as numbers that all devices share. */
export function placesOf(
  devices: readonly HwlocObject[],
  numa: NumaNodes,
  virtual: string | undefined,
): readonly Place[] {
  const paths = devices.map(pathOf);
  const roots = numbered(paths.map(({ root }) => root));
  const switches = numbered(paths.map(({ port, hasSwitch }) => (hasSwitch ? port : undefined)));
  return devices.map((object, index) => {
    const near = numaNodeOf(object, numa, virtual);
    if (virtual !== undefined) return { derived: near.set, gaps: near.gaps };
    const [pcieRoot, pcieSwitch] = [roots[index], switches[index]];
    const orphan = { attribute: 'pcieRoot', why: 'the file shows no host bridge above it' };
    return {
      derived: { ...near.set, pcieRoot, pcieSwitch },
      gaps: pcieRoot === undefined ? [...near.gaps, orphan] : near.gaps,
    };
  });
}

/**
 * The bridges above a device. The host bridge is its root. Below that stands a root port, a link to one card: only when
 * more bridges follow is there a switch, and what hangs on one root port with it shares that switch, however many
 * stages it has.
 */
function pathOf(object: HwlocObject): {
  readonly root: string | undefined;
  readonly port: string | undefined;
  readonly hasSwitch: boolean;
} {
  const bridges: HwlocObject[] = [];
  for (let at = object.parent; at?.type === 'Bridge'; at = at.parent) bridges.push(at);
  const host = bridges.find(({ attributes }) => attributes.get('bridge_type')?.startsWith('0-'));
  const ports = bridges.filter((bridge) => bridge !== host);
  const port = ports.at(-1);
  return {
    root: host?.attributes.get('bridge_pci')?.toLowerCase(),
    port: port === undefined ? undefined : addressOf(port),
    hasSwitch: ports.length > 1,
  };
}

/** The NUMA node with CPUs that the device is local to. Never one of several. */
function numaNodeOf(
  object: HwlocObject,
  { withCpus }: NumaNodes,
  virtual: string | undefined,
): { readonly set: Pick<GpuFacts, 'numaNode'>; readonly gaps: readonly Gap[] } {
  const { cpuset = 0n } = placeOf(object);
  const near = withCpus.filter((node) => (node.cpuset & cpuset) !== 0n).map(({ osIndex }) => osIndex);
  const [only, ...others] = near;
  if (only === undefined) return openPlace('the file shows no NUMA node with CPUs around it');
  if (others.length > 0)
    return openPlace(`hwloc shows it beside all of NUMA nodes ${near.join(', ')}, at none of them`);
  if (virtual !== undefined && withCpus.length === 1)
    return openPlace('the virtual machine shows one NUMA node, whatever its host has');
  return { set: { numaNode: only }, gaps: [] };
}

function openPlace(why: string) {
  return { set: {}, gaps: [{ attribute: 'numaNode', why }] };
}
