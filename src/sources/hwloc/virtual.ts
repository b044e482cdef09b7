import { cleanText } from '../../model/text.ts';
import { type HwlocObject, type HwlocTopology, pciTypeOf } from './tree.ts';

/** Words that hypervisors and clouds put where a maker stands. */
const makers =
  /QEMU|KVM|VMware|VirtualBox|innotek|Xen|Bochs|Parallels|OpenStack|Google Compute Engine|Amazon EC2|Alibaba Cloud|Tencent Cloud|Virtual Machine|Firecracker|Nutanix|oVirt/iu;

/** PCI vendors of devices that only virtual machines have: virtio, QEMU, Bochs, VMware, Hyper-V, Xen, VirtualBox. */
const vendors = new Set(['1af4', '1b36', '1234', '15ad', '1414', '5853', '80ee']);

/**
 * The sign that a machine is virtual, for people; nothing when there is none. A virtual machine shows the PCIe tree and
 * often the NUMA nodes that its hypervisor made up. Bare metal of a cloud says so in its type (`p5.metal`).
 */
export function virtualSign(
  { objects, infos }: HwlocTopology,
  accelerators: readonly HwlocObject[],
): string | undefined {
  const maker = ['DMISysVendor', 'DMIProductName', 'DMIChassisVendor', 'DMIBoardVendor']
    .map((name) => ({ name, value: infos.get(name) ?? '' }))
    .find(({ value }) => makers.test(value));
  const isMetal = /\.metal/u.test(infos.get('DMIProductName') ?? '');
  if (maker !== undefined && !isMetal) return `${maker.name} is \`${cleanText(maker.value, 60)}\``;
  const bare = accelerators.find(hangsBare);
  if (bare !== undefined)
    return `the GPU ${cleanText(bare.attributes.get('pci_busid') ?? '', 20)} hangs on its host bridge without a root port`;
  // A DPU shows virtio devices to hardware too; then the firmware names a maker.
  if ((infos.get('DMISysVendor') ?? '') !== '') return undefined;
  const device = objects.find((object) => object.type === 'PCIDev' && vendors.has(pciTypeOf(object).vendor));
  return device === undefined ? undefined : `it has a device of PCI vendor ${pciTypeOf(device).vendor}`;
}

/** On hardware, a card stands behind a root port. Dumps without PCI configuration show no ports, and no vendors either. */
function hangsBare(object: HwlocObject): boolean {
  const isOnHost = object.parent?.attributes.get('bridge_type')?.startsWith('0-') === true;
  return isOnHost && !/^(?:0000)?$/u.test(pciTypeOf(object).vendor);
}
