import type { Health } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { cleanText } from '../../model/text.ts';
import type { DraDevice } from './slice.ts';

/** The only value of an attribute, under the first of these names that the device has. */
export function valueOf({ attributes }: DraDevice, ...names: readonly string[]): string | undefined {
  const values = names.map((name) => attributes.get(name)).find((found) => found !== undefined);
  return values?.length === 1 ? values[0] : undefined;
}

/**
 * The PCI address. `resource.kubernetes.io/pciBusID` is the standard name; drivers had their own before it, and dranet
 * once wrote the four numbers apart.
 */
export function addressOf(device: DraDevice): string | undefined {
  const whole = valueOf(
    device,
    'resource.kubernetes.io/pciBusID',
    'pciBusID',
    'pcieBusID',
    'pciAddress',
    'pciAddr',
  );
  const [domain, bus, slot, fn] = ['Domain', 'Bus', 'Device', 'Function'].map((part) =>
    valueOf(device, `pciAddress${part}`),
  );
  const pieced =
    bus === undefined || slot === undefined ? undefined : `${domain ?? '0'}:${bus}:${slot}.${fn ?? '0'}`;
  const text = whole ?? pieced;
  return text === undefined ? undefined : pciAddressOf(text);
}

/** The root complex, `pci0000:55`. */
export function rootOf(device: DraDevice): string | undefined {
  const root = valueOf(device, 'resource.kubernetes.io/pcieRoot', 'pcieRoot', 'pciRoot');
  return root !== undefined && /^pci[0-9a-f]{4,8}:[0-9a-f]{2}$/iu.test(root) ? root.toLowerCase() : undefined;
}

/** The NUMA nodes it names: none, one, or a list, of which nobody says which one is near. */
export function numaOf({ attributes }: DraDevice): readonly string[] {
  const names = ['resource.kubernetes.io/numaNode', 'numaNode', 'dra.net/numaNode', 'numa'];
  return names.map((name) => attributes.get(name)).find((found) => found !== undefined) ?? [];
}

/** What taints and health attributes say: nothing for a device that nobody complains about. */
export function complaintOf(
  device: DraDevice,
): { readonly health: Health; readonly reason: string } | undefined {
  const closing = device.taints.find(({ effect }) => effect !== 'None');
  if (closing !== undefined) return { health: 'down', reason: `taint ${taintText(closing)}` };
  const said = valueOf(device, 'health')?.toLowerCase();
  if (said === 'unhealthy' || said === 'critical' || said === 'false')
    return { health: 'down', reason: `the driver says \`${said}\`` };
  if (said === 'warning') return { health: 'degraded', reason: 'the driver says `warning`' };
  const [telling] = device.taints;
  return telling === undefined ? undefined : { health: 'degraded', reason: `taint ${taintText(telling)}` };
}

function taintText({ key, value, effect }: DraDevice['taints'][number]): string {
  return cleanText(`${key}${value === '' ? '' : `=${value}`}:${effect}`, 150);
}
