import type { NicFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { listAt, numberAt, textAt } from '../json-value.ts';
import { known } from '../observation.ts';
import { healthFacts } from './health.ts';
import type { Machine } from './machine.ts';
import { type Resource, shortName } from './resource.ts';

/** One port of a network adapter, and what stays open about it. */
type NicDevice = {
  readonly resource: Resource;
  readonly stated: NicFacts;
  readonly gaps: readonly Gap[];
};

export type NicDevices = { readonly nics: readonly NicDevice[]; readonly gaps: readonly Gap[] };

const maxNics = 64;

/**
 * The ports of all network adapters, each one NIC; where adapters are not told, the physical Ethernet interfaces of the
 * system. What a management controller sees of a disabled port is not what the system makes of it.
 */
export function readNics(machine: Machine): NicDevices {
  const { tree, chassis, system } = machine;
  const adapters = [...new Set(chassis.flatMap((part) => tree.inside(part, 'NetworkAdapter')))].filter(
    ({ value }) => textAt(value, 'Status', 'State') !== 'Absent',
  );
  const ports = adapters.flatMap((adapter) => portsOf(machine, adapter));
  const interfaces =
    ports.length > 0 ? [] : tree.inside(system, 'EthernetInterface').flatMap((port) => interfaceOf(port));
  const nics = [...ports, ...interfaces];
  const silent = adapters.filter(
    (adapter) => tree.inside(adapter, 'Port').length + tree.inside(adapter, 'NetworkPort').length === 0,
  );
  return {
    nics: nics.slice(0, maxNics),
    gaps: [
      ...silent.map((adapter) => ({
        attribute: 'nics',
        why: `the ports of adapter \`${shortName(adapter)}\` are not in the files`,
      })),
      ...(nics.length > maxNics
        ? [{ attribute: 'nics', why: `${nics.length} ports: only ${maxNics} are read` }]
        : []),
    ],
  };
}

function portsOf(machine: Machine, adapter: Resource): readonly NicDevice[] {
  const { tree } = machine;
  const functions = tree.inside(adapter, 'NetworkDeviceFunction');
  return [...tree.inside(adapter, 'Port'), ...tree.inside(adapter, 'NetworkPort')].map((port) => {
    const own = functions.filter(({ value }) => isOn(value, port));
    return portOf(port, own.length === 1 ? own[0] : undefined);
  });
}

function isOn(functionValue: unknown, { path }: Resource): boolean {
  const links = [
    ...listAt(functionValue, 'AssignablePhysicalNetworkPorts'),
    ...listAt(functionValue, 'AssignablePhysicalPorts'),
  ].map((link) => textAt(link, '@odata.id'));
  return links.length === 1 && links[0]?.toLowerCase() === path.toLowerCase();
}

function portOf(port: Resource, device: Resource | undefined): NicDevice {
  const { value } = port;
  const isUp = textAt(value, 'LinkStatus') === 'LinkUp';
  const isOff = textAt(value, 'LinkState') === 'Disabled' || textAt(value, 'Status', 'State') === 'Disabled';
  const kind = isOff ? undefined : kindOf(value, device);
  const mbps = isUp ? speedOf(value) : undefined;
  return {
    resource: port,
    stated: known({
      mac: macOf(
        firstText(value, 'Ethernet', 'AssociatedMACAddresses') ??
          firstText(value, 'AssociatedNetworkAddresses') ??
          textAt(device?.value, 'Ethernet', 'PermanentMACAddress'),
      ),
      guid: guidOf(
        textAt(device?.value, 'InfiniBand', 'PortGUID') ??
          firstText(value, 'InfiniBand', 'AssociatedPortGUIDs'),
      ),
      kind,
      mbps,
      rdma: kind === 'infiniband' ? true : undefined,
      ...(isOff ? {} : linkHealth(value)),
    }),
    gaps: [
      ...(isOff
        ? [
            {
              attribute: 'health',
              why: 'the controller sees the port disabled: the system may use it all the same',
            },
          ]
        : []),
      ...(mbps === undefined ? [{ attribute: 'mbps', why: 'no link is up, so no speed is known' }] : []),
    ],
  };
}

function linkHealth(value: unknown): Pick<NicFacts, 'health' | 'healthReason'> {
  if (textAt(value, 'LinkStatus') === 'LinkDown') return { health: 'down', healthReason: 'link down' };
  return healthFacts(value);
}

function kindOf(value: unknown, device: Resource | undefined): NicFacts['kind'] {
  const words = [
    textAt(value, 'PortProtocol'),
    textAt(value, 'LinkNetworkTechnology'),
    textAt(value, 'ActiveLinkTechnology'),
    textAt(device?.value, 'NetDevFuncType'),
  ];
  if (words.includes('InfiniBand')) return 'infiniband';
  return words.includes('Ethernet') ? 'ethernet' : undefined;
}

function speedOf(value: unknown): number | undefined {
  const gbps = numberAt(value, 'CurrentSpeedGbps') ?? (numberAt(value, 'CurrentLinkSpeedMbps') ?? 0) / 1000;
  const mbps = Math.floor(gbps * 1000);
  return mbps > 0 && mbps <= 100_000_000 ? mbps : undefined;
}

function interfaceOf(port: Resource): readonly NicDevice[] {
  const { value } = port;
  const mac = macOf(textAt(value, 'PermanentMACAddress') ?? textAt(value, 'MACAddress'));
  const isPhysical =
    textAt(value, 'EthernetInterfaceType') === 'Physical' || textAt(value, 'UefiDevicePath') !== undefined;
  if (mac === undefined || !isPhysical) return [];
  const mbps = numberAt(value, 'SpeedMbps');
  const isUp = textAt(value, 'LinkStatus') === 'LinkUp';
  const stated = known({
    mac,
    kind: 'ethernet' as const,
    mbps:
      isUp && mbps !== undefined && Number.isInteger(mbps) && mbps > 0 && mbps <= 100_000_000
        ? mbps
        : undefined,
    ...linkHealth(value),
  });
  return [{ resource: port, stated, gaps: [] }];
}

function firstText(value: unknown, ...keys: readonly string[]): string | undefined {
  const [first] = listAt(value, ...keys);
  return typeof first === 'string' ? first : undefined;
}

function macOf(text: string | undefined): string | undefined {
  const mac = cleanText(text ?? '', 40)
    .toLowerCase()
    .replaceAll('-', ':');
  return /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/u.test(mac) && mac !== '00:00:00:00:00:00' ? mac : undefined;
}

/** 16 hex digits, without the colons that services put between them. */
function guidOf(text: string | undefined): string | undefined {
  const guid = (text ?? '').toLowerCase().replaceAll(/[:-]|^0x/gu, '');
  return /^[0-9a-f]{16}$/u.test(guid) && !/^0+$/u.test(guid) ? guid : undefined;
}
