import type { NicFacts } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { cleanText } from '../../model/text.ts';
import type { Gap } from '../gpu-reading.ts';
import { addressOf, complaintOf, valueOf } from './device.ts';
import type { NodePool } from './pool.ts';
import type { DraDevice } from './slice.ts';

/** One network card or port, and the device that tells of it. */
export type Nic = { readonly device: DraDevice; readonly facts: NicFacts };

const sriovDriver = 'sriovnetwork.k8snetworkplumbingwg.io';

/** Drivers whose devices are network interfaces. */
export const nicDrivers: ReadonlySet<string> = new Set(['dra.net', sriovDriver]);

/**
 * The NICs behind the devices of dranet and of the SR-IOV driver. Virtual interfaces are none; virtual functions are
 * parts of the card they belong to, which counts once, also where both drivers tell of it.
 */
export function nicsOf(pools: readonly NodePool[]): {
  readonly nics: readonly Nic[];
  readonly gaps: readonly Gap[];
} {
  const found = pools.flatMap(({ driver, devices }) =>
    driver === sriovDriver ? cardsOfFunctions(devices) : devices.filter(isCard).map(interfaceOf),
  );
  const nics = found.filter(
    ({ facts }, index) =>
      found.findIndex((other) => sameCard(other.facts, facts)) === index || facts.pciAddress === undefined,
  );
  const left = pools
    .flatMap(({ driver, devices }) => (driver === sriovDriver ? [] : devices))
    .filter((device) => !isCard(device));
  const why = `${left.length} virtual interfaces or functions are not read as NICs`;
  return { nics, gaps: left.length === 0 ? [] : [{ attribute: 'nics', why }] };
}

function sameCard(a: NicFacts, b: NicFacts): boolean {
  return a.pciAddress !== undefined && a.pciAddress === b.pciAddress;
}

function isCard(device: DraDevice): boolean {
  const isVirtual = valueOf(device, 'virtual') === 'true' || valueOf(device, 'isSriovVf') === 'true';
  return !isVirtual && (valueOf(device, 'type') ?? 'device') === 'device';
}

/** An interface of dranet. Its `state` says how the host left it: the driver brings it up for the pod. */
function interfaceOf(device: DraDevice): Nic {
  const rdma = flagOf(valueOf(device, 'rdma'));
  const name = valueOf(device, 'rdmaDevice') ?? valueOf(device, 'ifName');
  const kind = kindOf(valueOf(device, 'encapsulation'), rdma);
  return { device, facts: { ...common(device, { name, rdma, kind }), ...withMac(valueOf(device, 'mac')) } };
}

/** Virtual functions by the card they belong to. */
function cardsOfFunctions(devices: readonly DraDevice[]): Nic[] {
  const cards = Map.groupBy(
    devices,
    (device) => valueOf(device, 'pfPciAddress') ?? valueOf(device, 'PFName') ?? device.name,
  );
  return [...cards.values()].flatMap(([first]) => {
    if (first === undefined) return [];
    const rdma = flagOf(valueOf(first, 'rdmaCapable'));
    const kind = kindOf(valueOf(first, 'linkType'), rdma);
    const { pciAddress: _, ...facts } = common(first, { name: valueOf(first, 'PFName'), rdma, kind });
    const address = pciAddressOf(valueOf(first, 'pfPciAddress') ?? '');
    return [
      { device: first, facts: { ...facts, ...(address === undefined ? {} : { pciAddress: address }) } },
    ];
  });
}

type Told = {
  readonly name: string | undefined;
  readonly rdma: boolean | undefined;
  readonly kind: NicFacts['kind'] | undefined;
};

function common(device: DraDevice, { name, rdma, kind }: Told): NicFacts {
  const address = addressOf(device);
  const complaint = complaintOf(device);
  return {
    ...(name === undefined ? {} : { name: cleanText(name, 100) }),
    ...(rdma === undefined ? {} : { rdma }),
    ...(kind === undefined ? {} : { kind }),
    ...(address === undefined ? {} : { pciAddress: address }),
    ...(complaint === undefined ? {} : { health: complaint.health, healthReason: complaint.reason }),
  };
}

function withMac(mac: string | undefined): NicFacts {
  return mac === undefined ? {} : { mac: cleanText(mac.toLowerCase(), 40) };
}

function flagOf(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}

/** RDMA over an Ethernet interface is RoCE. */
function kindOf(link: string | undefined, rdma: boolean | undefined): NicFacts['kind'] | undefined {
  if (link === 'infiniband' || link === 'ib') return 'infiniband';
  if (link !== 'ether' && link !== 'eth' && link !== 'ethernet') return undefined;
  return rdma === true ? 'roce' : 'ethernet';
}
