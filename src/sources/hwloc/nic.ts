import type { NicFacts } from '../../model/fact.ts';
import { cleanText, compareText } from '../../model/text.ts';
import type { DeviceReading } from './reading.ts';
import { type HwlocObject, type HwlocTopology, kindOf, pciTypeOf } from './tree.ts';

/** Ethernet and InfiniBand controllers. */
const nicClasses = new Set(['0200', '0207']);

/** NICs: PCI devices with a network or OpenFabrics device, or of such a class. */
export function nicsOf(
  topology: HwlocTopology,
  pci: readonly HwlocObject[],
): readonly DeviceReading<NicFacts>[] {
  const isAsked = topology.objects.some(
    (object) => object.type === 'OSDev' && kindOf(topology, object) === 'rdma',
  );
  return pci.flatMap((object) => nicOf(topology, object, isAsked) ?? []);
}

function nicOf(
  topology: HwlocTopology,
  object: HwlocObject,
  isAsked: boolean,
): DeviceReading<NicFacts> | undefined {
  const { pciClass } = pciTypeOf(object);
  const devices = object.children.filter(({ type }) => type === 'OSDev').toSorted(byName);
  const verbs = devices.filter((device) => kindOf(topology, device) === 'rdma');
  const nets = devices.filter((device) => kindOf(topology, device) === 'network');
  if (verbs.length + nets.length === 0 && !nicClasses.has(pciClass)) return undefined;
  const isInfiniband = pciClass === '0207' || nets.some(({ infos }) => isLong(infos.get('Address')));
  const name = verbs[0]?.name ?? nets[0]?.name;
  // Where one NIC has an RDMA device, the others would have one too if they could.
  const rdma = verbs.length > 0 || (isAsked && !isInfiniband ? false : undefined);
  return {
    object,
    stated: {
      name: name === undefined ? undefined : cleanText(name),
      ...identityOf(verbs, nets, isInfiniband),
    },
    derived: {
      kind: isInfiniband ? 'infiniband' : ethernetKind(object, verbs, nets),
      rdma,
      ...healthOf(verbs),
    },
    gaps: rdma === undefined ? [{ attribute: 'rdma', why: 'hwloc saw no RDMA device of it' }] : [],
  };
}

/** RDMA over Ethernet where the port has both devices. Amazon's EFA is a protocol of its own; others are not told. */
function ethernetKind(
  object: HwlocObject,
  verbs: readonly HwlocObject[],
  nets: readonly HwlocObject[],
): NicFacts['kind'] {
  if (verbs.length === 0 || pciTypeOf(object).vendor === '1d0f') return 'ethernet';
  return nets.length > 0 ? 'roce' : undefined;
}

/**
 * The GUID of an InfiniBand port is the lower half of its first GID; on Ethernet that half is made from the MAC.
 */
function identityOf(
  verbs: readonly HwlocObject[],
  nets: readonly HwlocObject[],
  isInfiniband: boolean,
): Pick<NicFacts, 'guid' | 'mac'> {
  if (!isInfiniband)
    return { mac: nets.map(({ infos }) => macOf(infos.get('Address'))).find((mac) => mac !== undefined) };
  const gid = verbs.map(({ infos }) => infos.get('Port1GID0')).find((text) => text !== undefined);
  const guid = /^(?:[0-9a-f]{4}:){4}((?:[0-9a-f]{4}:){3}[0-9a-f]{4})$/iu.exec(gid ?? '')?.[1];
  return { guid: guid?.replaceAll(':', '').toLowerCase() };
}

function macOf(text: string | undefined): string | undefined {
  return text !== undefined && /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/iu.test(text)
    ? text.toLowerCase()
    : undefined;
}

/** Addresses of IP over InfiniBand have 20 bytes. */
function isLong(address: string | undefined): boolean {
  return address !== undefined && address.split(':').length === 20;
}

/** Down when none of the ports is active. Whether an active port is healthy, hwloc does not know. */
function healthOf(verbs: readonly HwlocObject[]): Pick<NicFacts, 'health' | 'healthReason'> {
  const states = verbs.flatMap(({ infos }) =>
    [...infos].flatMap(([name, value]) => (/^Port\d+State$/u.test(name) ? [value] : [])),
  );
  if (states.length === 0 || states.includes('4')) return {};
  return {
    health: 'down',
    healthReason: `no port was active: state ${states.map((state) => cleanText(state, 10)).join(', ')}`,
  };
}

function byName(a: HwlocObject, b: HwlocObject): number {
  return compareText(a.name ?? '', b.name ?? '');
}
