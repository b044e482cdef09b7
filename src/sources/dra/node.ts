import type { Fact, NicFacts, NodeFacts, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { type Gap, plausibleCount } from '../gpu-reading.ts';
import { devicePath } from '../machine.ts';
import { type Card, cardsOf, gpuDrivers } from './card.ts';
import { rootOf, valueOf } from './device.ts';
import { type CardReading, readCard, sharingOf } from './gpu.ts';
import { type Locality, localityOf } from './locality.ts';
import { type Nic, nicDrivers, nicsOf } from './nic.ts';
import type { NodePool } from './pool.ts';
import type { DraDevice } from './slice.ts';

export type PoolsReading = {
  readonly facts: readonly Fact[];
  readonly gaps: readonly (Gap & { readonly origin: Origin })[];
  readonly assumptions: readonly string[];
};

/** Everything the pools of one node say. `hostName` is absent where the caller named the node, not the file. */
export function readPools(
  machine: Path,
  pools: readonly NodePool[],
  hostName: string | undefined,
): PoolsReading {
  const origin = pools[0]?.origin ?? { file: 'no file' };
  const gpus = gpusOf(pools.filter(({ driver }) => gpuDrivers.has(driver)));
  const network = networkOf(pools.filter(({ driver }) => nicDrivers.has(driver)));
  const isGrace = gpus.list.some(({ named }) => /^G[BH]\d/u.test(named?.model ?? ''));
  const locality = localityOf(
    gpus.list.flatMap(({ device }) => device ?? []),
    network.list.map(({ device }) => device),
    isGrace,
  );
  const stated = { ...(hostName === undefined ? {} : { hostName: cleanText(hostName) }), ...gpus.stated };
  const about = { kind: 'node', subject: machine, origin } as const;
  const derived = { ...gpus.derived, ...network.derived };
  return {
    facts: [
      { ...about, set: stated, confidence: 'stated' },
      ...(Object.keys(derived).length === 0
        ? []
        : [{ ...about, set: derived, confidence: 'derived' } as const]),
      ...gpus.list.flatMap((gpu, number) => gpuFacts(devicePath(machine, 'gpu', number), gpu, locality)),
      ...network.list.flatMap((nic, number) => nicFacts(devicePath(machine, 'nic', number), nic, locality)),
    ],
    gaps: [
      ...pools.flatMap((pool) => poolGaps(pool)),
      ...[...gpus.gaps, ...network.gaps, ...locality.gaps].map((gap) => ({ ...gap, origin })),
    ],
    assumptions: gpus.list.flatMap(({ assumptions }) => assumptions),
  };
}

type Gpu = CardReading & { readonly card: Card; readonly device: DraDevice | undefined };

type Gpus = {
  readonly list: readonly Gpu[];
  readonly stated: NodeFacts;
  readonly derived: NodeFacts;
  readonly gaps: readonly Gap[];
};

/** The cards are counted only where every pool of every GPU driver is whole. */
function gpusOf(pools: readonly NodePool[]): Gpus {
  const cards = pools.flatMap((pool) => cardsOf(pool));
  const { gpuCount, gaps } = plausibleCount(cards.length);
  if (gpuCount === undefined) return { list: [], stated: {}, derived: {}, gaps };
  const list = cards.map((card) => ({ ...readCard(card), card, device: card.whole ?? card.parts[0] }));
  const isCounted = pools.length > 0 && pools.every(({ isWhole }) => isWhole);
  const sharing = sharingOf(cards);
  const link = linkOf(list);
  return {
    list,
    stated: driverFacts(list),
    derived: { ...(isCounted ? { gpuCount } : {}), ...sharing.set, ...link.set },
    gaps: [...sharing.gaps, ...link.gaps, ...cardGaps(list)],
  };
}

function driverFacts(list: readonly Gpu[]): NodeFacts {
  const versions = new Set(
    list.flatMap(({ device }) => (device === undefined ? [] : (valueOf(device, 'driverVersion') ?? []))),
  );
  const [driver] = versions;
  return versions.size === 1 && driver !== undefined ? { driver: cleanText(driver, 100) } : {};
}

/** DRA shows no NVLink: only the product can tell, where modules of its kind are always joined. */
function linkOf(list: readonly Gpu[]): { readonly set: NodeFacts; readonly gaps: readonly Gap[] } {
  const links = new Set(list.map(({ named }) => named?.link));
  const [link] = links;
  if (links.size === 1 && link !== undefined) return { set: { link }, gaps: [] };
  const why = 'ResourceSlices do not show what joins the GPUs, and the product does not tell';
  return { set: {}, gaps: list.length < 2 ? [] : [{ attribute: 'link', why }] };
}

function cardGaps(list: readonly Gpu[]): Gap[] {
  const cut = list.filter(({ card }) => card.whole === undefined);
  const sizeless = list.filter(
    ({ card, stated }) => card.whole !== undefined && stated.memoryMib === undefined,
  );
  const share = cleanText(cut[0]?.device?.capacity.get('memory') ?? 'not given', 30);
  return [
    ...gapFor(
      list,
      list.filter(({ named }) => named === undefined),
      'gpuModel',
      'have no product name',
    ),
    ...gapFor(list, sizeless, 'gpuMemoryMib', 'come without their memory, or with 0'),
    ...gapFor(
      list,
      cut,
      'gpuMemoryMib',
      `are offered in parts: the memory of a part (${share}) is not that of the GPU`,
    ),
  ];
}

function gapFor(list: readonly Gpu[], some: readonly Gpu[], attribute: string, what: string): Gap[] {
  return some.length === 0 ? [] : [{ attribute, why: `${some.length} of ${list.length} GPUs ${what}` }];
}

type Network = { readonly list: readonly Nic[]; readonly derived: NodeFacts; readonly gaps: readonly Gap[] };

/** RDMA NICs are counted where all NICs are there and all say whether they do RDMA. */
function networkOf(pools: readonly NodePool[]): Network {
  const { nics, gaps } = nicsOf(pools);
  const list = nics.slice(0, 64);
  const dropped = nics.length - list.length;
  const more = dropped === 0 ? [] : [{ attribute: 'nics', why: `${dropped} more NICs are left out` }];
  const isKnown = list.length > 0 && dropped === 0 && list.every(({ facts }) => facts.rdma !== undefined);
  const isWhole = pools.every((pool) => pool.isWhole);
  const rdmaNicCount = list.filter(({ facts }) => facts.rdma === true).length;
  return { list, derived: isKnown && isWhole ? { rdmaNicCount } : {}, gaps: [...gaps, ...more] };
}

function gpuFacts(subject: Path, { stated, derived, device }: Gpu, locality: Locality): Fact[] {
  if (device === undefined) return [];
  const about = { kind: 'gpu', subject, origin: device.origin } as const;
  const place = placeOf(device, locality);
  const follows = { ...derived, ...place.derived };
  return [
    { ...about, set: { ...stated, ...place.stated }, confidence: 'stated' },
    ...(Object.keys(follows).length === 0
      ? []
      : [{ ...about, set: follows, confidence: 'derived' } as const]),
  ];
}

function nicFacts(subject: Path, { device, facts }: Nic, locality: Locality): Fact[] {
  const { health, healthReason, kind, ...said } = facts;
  const about = { kind: 'nic', subject, origin: device.origin } as const;
  const place = placeOf(device, locality);
  const follows: NicFacts = {
    ...(kind === undefined ? {} : { kind }),
    ...(health === undefined ? {} : { health }),
    ...(healthReason === undefined ? {} : { healthReason }),
    ...place.derived,
  };
  return [
    { ...about, set: { ...said, ...place.stated }, confidence: 'stated' },
    ...(Object.keys(follows).length === 0
      ? []
      : [{ ...about, set: follows, confidence: 'derived' } as const]),
  ];
}

/** The NUMA node is what the driver says; the number of a root is ours. */
function placeOf(device: DraDevice, { numaNode, rootNumber }: Locality) {
  const node = numaNode.get(device);
  const root = rootNumber.get(rootOf(device) ?? '');
  return {
    stated: node === undefined ? {} : { numaNode: node },
    derived: root === undefined ? {} : { pcieRoot: root },
  };
}

/** What is wrong with a pool, and pools whose devices Berth cannot take for hardware. */
function poolGaps({ driver, devices, faults, origin }: NodePool): (Gap & { readonly origin: Origin })[] {
  const named = cleanText(driver === '' ? 'an unnamed driver' : driver, 80);
  const attribute = gpuDrivers.has(driver) ? 'gpuCount' : nicDrivers.has(driver) ? 'rdmaNicCount' : 'devices';
  const unread = unreadReason(driver);
  return [
    ...faults.map((fault) => ({ attribute, why: cleanText(`${named}: ${fault}`, 300), origin })),
    ...(unread === undefined || devices.length === 0
      ? []
      : [
          {
            attribute,
            why: cleanText(`${devices.length} devices of ${named} are not read: ${unread}`, 300),
            origin,
          },
        ]),
  ];
}

function unreadReason(driver: string): string | undefined {
  if (gpuDrivers.has(driver) || nicDrivers.has(driver)) return undefined;
  if (driver === 'compute-domain.nvidia.com') return 'channels and daemons of NVLink domains are no hardware';
  if (driver === 'gpu.example.com') return 'the example driver of Kubernetes makes its GPUs up';
  return 'Berth knows no such driver';
}
