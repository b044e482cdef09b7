import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { GpuFacts, NicFacts, Observation } from '../../src/model/fact.ts';
import { hwloc } from '../../src/sources/hwloc/hwloc.ts';
import type { Evidence } from '../../src/sources/source.ts';
import { readXml, type XmlElement } from '../../src/sources/xml.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';
import {
  gpu,
  hca,
  hostBridge,
  info,
  machine,
  numaNode,
  nvlinks,
  object,
  port,
  setOf,
  socket,
} from './hwloc-text.ts';
import { factCount } from './robust.ts';

const n1 = 'unplaced/n1';
const read = (...files: readonly Evidence[]) => parsed(hwloc, files);

/** All attributes of the devices of one kind, by their number. */
function devices(observation: Observation, kind: 'gpu' | 'nic'): readonly (GpuFacts & NicFacts)[] {
  const found: (GpuFacts & NicFacts)[] = [];
  for (const fact of observation.facts) {
    if (fact.kind !== kind) continue;
    const number = Number(/(\d+)$/u.exec(fact.subject)?.[1]);
    found[number] = { ...found[number], ...fact.set };
  }
  return found;
}

function column(
  observation: Observation,
  kind: 'gpu' | 'nic',
  attribute: keyof (GpuFacts & NicFacts),
): unknown[] {
  return devices(observation, kind).map((device) => device[attribute]);
}

const big = (gib: number) => numaNode(1, '0xc').replace(String(64 * 2 ** 30), String(gib * 2 ** 30));
const cpus = (...numbers: readonly number[]) =>
  numbers.map((number) => object('PU', `os_index="${number}" cpuset="${setOf(number)}"`)).join('');
const onSwitch = (root: string, ...below: readonly string[]) =>
  port(`0000:${root}:00.0`, port(`0000:${root}:01.0`, port(`0000:${root}:02.0`, ...below)));
const nic = (device: string) => read(machine([socket(0, hostBridge('10-1f', port('0000:10:01.0', device)))]));
const ethernet = (...children: readonly string[]) =>
  object('PCIDev', 'pci_busid="0000:11:00.0" pci_type="0200 [15b3:1021] [15b3:0041] 00"', ...children);
const net = (address: string) => object('OSDev', 'name="ens1" osdev_type="2"', info('Address', address));
const verbs = (...infos: readonly string[]) => object('OSDev', 'name="mlx5_0" osdev_type="3"', ...infos);

const range = (count: number, of: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => of(index));

describe('captures of real machines', () => {
  test('DGX-2: sixteen GPUs, four on each switch, one island through twelve NVSwitches', () => {
    const seen = parsed(hwloc, [capture('hwloc/nvidiaDGX2.v2.xml')], { nodes: ['dgx2'], site: 'fra1' });
    expect(nodeIn(seen, 'fra1/dgx2')).toEqual({
      machine: 'NVIDIA DGX-2H',
      cpuMilli: 4000,
      memoryMib: 1_546_832,
      numaNodes: 2,
      gpuCount: 16,
      link: 'nvlink',
      linkMbps: 2_400_000,
    });
    expect(column(seen, 'gpu', 'numaNode')).toEqual(range(16, (index) => Math.floor(index / 8)));
    expect(column(seen, 'gpu', 'pcieSwitch')).toEqual(range(16, (index) => Math.floor(index / 4)));
    expect(column(seen, 'gpu', 'pcieRoot')).toEqual(range(16, (index) => Math.floor(index / 4)));
    expect(column(seen, 'gpu', 'island')).toEqual(range(16, () => 0));
    expect(devices(seen, 'gpu')[9]).toMatchObject({
      model: 'V100-SXM3-32GB-H',
      uuid: 'GPU-2273aee2-5e2e-6111-598f-936241f55b3a',
      serial: '0321019030481',
      pciAddress: '0000:b9:00.0',
    });
    expect(seen.assumptions).toContain('12 NVSwitches are taken as one that reaches all');
  });

  test('POWER8 with P100: pairs, in spite of the links that both have to their CPU', () => {
    const seen = read(capture('hwloc/power8gpudistances.v3.xml'));
    expect(column(seen, 'gpu', 'island')).toEqual([0, 0, 1, 1]);
    expect(column(seen, 'gpu', 'memoryMib')).toEqual(range(4, () => 16_280));
    const node = nodeIn(seen, 'unplaced/drac-12.grenoble.grid5000.fr');
    expect(node).toMatchObject({ link: 'nvlink', linkMbps: 640_000, machine: 'PowerNV 8335-GTB' });
  });

  test('Westmere: GPUs whose driver nobody asked are there without a name; a console is not one', () => {
    const seen = read(capture('hwloc/24em64t-2n6c2t-pci.v2.xml'));
    const id = 'unplaced/mirage004';
    expect(column(seen, 'gpu', 'pciAddress')).toEqual(['0000:06:00.0', '0000:11:00.0', '0000:14:00.0']);
    expect(column(seen, 'gpu', 'numaNode')).toEqual([0, 1, 1]);
    expect(column(seen, 'gpu', 'pcieSwitch')).toEqual([undefined, undefined, undefined]);
    expect(column(seen, 'gpu', 'pcieRoot')).toEqual([0, 1, 1]);
    expect(whyUnknown(seen, `${id}/gpu0`, 'model')).toMatch(/10de:06d2/u);
    expect(whyUnknown(seen, id, 'gpuCount')).toMatch(/graphics adapter 0000:01:03\.0/u);
    expect(column(seen, 'nic', 'name')).toEqual(['mlx4_0', 'eth0', 'eth1']);
    expect(column(seen, 'nic', 'rdma')).toEqual([true, false, false]);
    expect(whyUnknown(seen, `${id}/nic0`, 'rail')).toMatch(/PCIe switch/u);
  });

  test('two devices with one address: neither has it', () => {
    const seen = read(capture('hwloc/32em64t-2n8c2t-pci-normalio.v2.xml'));
    expect(devices(seen, 'nic')[0]).toMatchObject({
      name: 'mlx5_0',
      guid: '248a0703001e39fe',
      kind: 'infiniband',
    });
    expect(devices(seen, 'nic')[0]?.pciAddress).toBeUndefined();
    expect(whyUnknown(seen, 'unplaced/conan/nic0', 'pciAddress')).toMatch(
      /0000:04:00\.0 stands on more than one/u,
    );
    expect(devices(seen, 'gpu')[2]).toMatchObject({ model: 'K40m', memoryMib: 11_519, numaNode: 1 });
  });

  test('NUMA nodes of HBM beside those of DRAM: four with CPUs, all of the memory', () => {
    const seen = parsed(hwloc, [capture('hwloc/64intel64-heteromem.v3.xml')], { nodes: ['knl'] });
    expect(nodeIn(seen, 'unplaced/knl')).toEqual({ cpuMilli: 64_000, memoryMib: 12_288, numaNodes: 4 });
    expect(seen.assumptions.join()).toMatch(/NUMA nodes 4, 5, 6, 7 have memory \(HBM\) and no CPUs/u);
    expect(whyUnknown(seen, 'unplaced/knl', 'gpuCount')).toMatch(/no PCI devices/u);
  });

  test('a topology that somebody made up is assumed, all of it', () => {
    const seen = parsed(hwloc, [capture('hwloc/synthetic-2p-nps4-96c192t.v2.xml')], { nodes: ['n'] });
    expect(nodeIn(seen, 'unplaced/n')).toEqual({ cpuMilli: 192_000, memoryMib: 8192, numaNodes: 8 });
    expect(new Set(seen.facts.map(({ confidence }) => confidence))).toEqual(new Set(['assumed']));
    expect(seen.assumptions.join()).toMatch(/made from `pack:2 numa:4 l3:1 core:12 pu:2`/u);
  });

  test.each(['this-vm-2core.v2.xml unplaced/vm', 'cxlmem-dax.v3.xml unplaced/efi'])(
    '%s: a virtual machine',
    (text) => {
      const [name = '', id = ''] = text.split(' ');
      const seen = read(capture(`hwloc/${name}`));
      expect(nodeIn(seen, id)).toMatchObject({ gpuCount: 0 });
      expect(nodeIn(seen, id).numaNodes).toBeUndefined();
      expect(whyUnknown(seen, id, 'pcieRoot')).toMatch(/virtual machine/u);
      expect(whyUnknown(seen, `${id}/nic0`, 'numaNode')).toMatch(/one NUMA node, whatever its host has/u);
    },
  );

  test('cores and memory are assumed, so that what may be allocated counts before them', () => {
    const seen = read(capture('hwloc/power8gpudistances.v3.xml'));
    const id = 'unplaced/drac-12.grenoble.grid5000.fr';
    expect(confidenceOf(seen, id, 'cpuMilli')).toBe('assumed');
    expect(confidenceOf(seen, id, 'numaNodes')).toBe('derived');
    expect(confidenceOf(seen, id, 'hostName')).toBe('stated');
    expect(confidenceOf(seen, `${id}/gpu0`, 'uuid')).toBe('stated');
    expect(confidenceOf(seen, `${id}/gpu0`, 'pcieRoot')).toBe('derived');
  });
});

describe('which machine', () => {
  test.each(['', 'localhost', 'localhost.localdomain', '(none)'])('the host name `%s` names none', (name) => {
    const text = new TextDecoder().decode(machine([socket(0)]).bytes).replace('"n1"', `"${name}"`);
    const { message, fix } = refusal(() => hwloc.parse([file('m.xml', text)], { observedAtMs: 0 }));
    expect(message).toBe('`m.xml` does not say which machine it was read on');
    expect(fix).toContain('--node');
    expect(parsed(hwloc, [file('m.xml', text)], { nodes: ['fra1/r1/n9'] }).facts[0]?.subject).toBe(
      'fra1/r1/n9',
    );
  });

  test('two machines cannot have the cards of one', () => {
    const asked = { observedAtMs: 0, nodes: ['a', 'b'] };
    expect(refusal(() => hwloc.parse([machine([socket(0)])], asked)).message).toMatch(/`--node` names 2/u);
  });

  test('the same file twice is one; two that differ are refused', () => {
    const [once, twice] = [read(machine([socket(0)])), read(machine([socket(0)]), machine([socket(0)]))];
    expect(twice.facts).toEqual(once.facts);
    expect(twice.unknown).toEqual(once.unknown);
    expect(refusal(() => read(machine([socket(0)]), machine([socket(0), socket(1)]))).message).toMatch(
      /says something else about `unplaced\/n1`/u,
    );
  });

  test.each([
    ['DMIProductSerial', 'S123', { serial: 'S123' }],
    ['DMIProductSerial', 'To be filled by O.E.M.', {}],
    ['DMIProductSerial', '0000000', {}],
    ['DMIProductSerial', 'Not Specified', {}],
    [
      'DMIProductUUID',
      '4C4C4544-0042-3510-8054-C2C04F4D3732',
      { systemUuid: '4c4c4544-0042-3510-8054-c2c04f4d3732' },
    ],
    ['DMIProductUUID', '00000000-0000-0000-0000-000000000000', {}],
    ['DMIProductName', 'PowerEdge XE9680', { machine: 'PowerEdge XE9680' }],
  ])('%s `%s`', (name, value, expected) => {
    const { hostName, cpuMilli, memoryMib, numaNodes, ...rest } = nodeIn(
      read(machine([info(name, value), socket(0)])),
      n1,
    );
    expect({ hostName, cpuMilli, memoryMib, numaNodes }).toEqual({
      hostName: 'n1',
      cpuMilli: 2000,
      memoryMib: 65_536,
      numaNodes: 1,
    });
    expect(rest).toEqual(expected);
  });
});

describe('cores and NUMA nodes', () => {
  const four = { attributes: 'cpuset="0xf" complete_cpuset="0xff" allowed_cpuset="0xf"' };

  test('CPUs that are hidden or offline: nothing is said about all of them', () => {
    const seen = read(machine([socket(0), socket(1)], four));
    expect(nodeIn(seen, n1)).toEqual({ hostName: 'n1', memoryMib: 131_072 });
    expect(whyUnknown(seen, n1, 'cpuMilli')).toMatch(/4 of 8 hardware threads/u);
    expect(whyUnknown(seen, n1, 'numaNodes')).toMatch(/4 of 8 hardware threads/u);
  });

  test('CPUs shown although the cpuset forbids them', () => {
    const seen = read(
      machine([socket(0)], { attributes: 'cpuset="0x3" complete_cpuset="0x3" allowed_cpuset="0x1"' }),
    );
    expect(whyUnknown(seen, n1, 'cpuMilli')).toMatch(/1 of 2 hardware threads/u);
  });

  test.each([
    ['two equal ones', [socket(0), socket(1)], 2, undefined],
    ['memory that differs by what the kernel keeps', [socket(0), cpus(2, 3), big(63)], 2, undefined],
    ['memory that differs', [socket(0), cpus(2, 3), big(32)], undefined, /65536, 32768 MiB/u],
    ['threads that differ', [socket(0), cpus(2), big(64)], undefined, /2, 1 hardware threads/u],
    [
      'CXL beside one of them counts with it',
      [socket(0), socket(1), numaNode(2, '0x3'), numaNode(3, '0xc')],
      2,
      undefined,
    ],
    ['CXL beside one of two', [socket(0), socket(1), numaNode(2, '0x3')], undefined, /131072, 65536 MiB/u],
    ['CXL for both', [socket(0), socket(1), numaNode(2, '0xf')], undefined, /NUMA node 2 belongs to none/u],
    ['CXL for nobody', [socket(0), socket(1), numaNode(2, '0x0')], undefined, /NUMA node 2 belongs to none/u],
    ['HBM listed before DRAM', [numaNode(7, '0x3', 'subtype="HBM"'), socket(0)], 1, undefined],
    ['no NUMA node', [cpus(0, 1)], undefined, /no NUMA node with CPUs/u],
  ])('%s', (_, children, numaNodes, why) => {
    const seen = read(machine(children));
    expect(nodeIn(seen, n1).numaNodes).toBe(numaNodes);
    expect(whyUnknown(seen, n1, 'numaNodes') ?? '').toMatch(why ?? /^$/u);
  });
});

describe('signs of a virtual machine', () => {
  const virtio = object('PCIDev', 'pci_busid="0000:00:03.0" pci_type="0200 [1af4:1041] [1af4:1041] 01"');
  const card = hostBridge('10-1f', port('0000:10:01.0', gpu('0000:11:00.0', 1)));

  test.each([
    ['none', [], undefined],
    ['virtio where the firmware names nobody', [hostBridge('00-00', virtio)], /PCI vendor 1af4/u],
    ['virtio of a DPU in hardware', [info('DMISysVendor', 'NVIDIA'), hostBridge('00-00', virtio)], undefined],
    ['a cloud', [info('DMISysVendor', 'Amazon EC2'), info('DMIProductName', 'p5.48xlarge')], /`Amazon EC2`/u],
    [
      'hardware of a cloud',
      [info('DMISysVendor', 'Amazon EC2'), info('DMIProductName', 'g4dn.metal')],
      undefined,
    ],
    ['a product name', [info('DMIProductName', 'KVM Virtual Machine')], /DMIProductName/u],
    ['a GPU on its host bridge', [hostBridge('20-20', gpu('0000:20:00.0', 2))], /without a root port/u],
  ])('%s', (_, children, why) => {
    const seen = read(machine([socket(0, card), socket(1), ...children]));
    expect(whyUnknown(seen, n1, 'pcieRoot') ?? '').toMatch(why ?? /^$/u);
    expect(devices(seen, 'gpu')[0]?.pcieRoot !== undefined).toBe(why === undefined);
    expect(devices(seen, 'gpu')[0]?.numaNode).toBe(0);
  });
});

describe('where devices hang', () => {
  test('a GPU and a NIC of one switch share switch, root, NUMA node and rail', () => {
    const seen = read(
      machine([
        socket(0, hostBridge('10-1f', onSwitch('10', gpu('0000:12:00.0', 1), hca('0000:13:00.0', 'mlx5_0')))),
        socket(1, hostBridge('20-2f', onSwitch('20', hca('0000:23:00.0', 'mlx5_1'), gpu('0000:22:00.0', 2)))),
      ]),
    );
    expect(
      devices(seen, 'gpu').map(({ pcieSwitch, pcieRoot, numaNode: numa }) => [pcieSwitch, pcieRoot, numa]),
    ).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    expect(
      devices(seen, 'nic').map(({ name, pcieSwitch, rail, rdma }) => [name, pcieSwitch, rail, rdma]),
    ).toEqual([
      ['mlx5_0', 0, 0, true],
      ['mlx5_1', 1, 1, true],
    ]);
    expect(nodeIn(seen, n1)).toMatchObject({ gpuCount: 2, rdmaNicCount: 2 });
    expect(whyUnknown(seen, n1, 'mbps')).toBe('hwloc gives no speed of ports: mlx5_0, mlx5_1');
  });

  test('cards on ports of one root share the root and no switch', () => {
    const bridge = hostBridge(
      '10-1f',
      port('0000:10:01.0', gpu('0000:11:00.0', 1)),
      port('0000:10:02.0', gpu('0000:12:00.0', 2)),
    );
    const seen = read(machine([socket(0, bridge)]));
    expect(column(seen, 'gpu', 'pcieRoot')).toEqual([0, 0]);
    expect(column(seen, 'gpu', 'pcieSwitch')).toEqual([undefined, undefined]);
  });

  test('switches behind one root port are one', () => {
    const bridge = hostBridge(
      '10-1f',
      port('0000:10:01.0', onSwitch('11', gpu('0000:14:00.0', 1)), onSwitch('15', gpu('0000:18:00.0', 2))),
    );
    expect(column(read(machine([socket(0, bridge)])), 'gpu', 'pcieSwitch')).toEqual([0, 0]);
  });

  test('a host bridge beside two NUMA nodes is at none of them', () => {
    const seen = read(
      machine([socket(0), socket(1), hostBridge('10-1f', port('0000:10:01.0', gpu('0000:11:00.0', 1)))]),
    );
    expect(devices(seen, 'gpu')[0]?.numaNode).toBeUndefined();
    expect(whyUnknown(seen, `${n1}/gpu0`, 'numaNode')).toBe(
      'hwloc shows it beside all of NUMA nodes 0, 1, at none of them',
    );
  });

  test('a device without a host bridge has no root', () => {
    const seen = read(machine([socket(0, port('0000:10:01.0', gpu('0000:11:00.0', 1)))]));
    expect(whyUnknown(seen, `${n1}/gpu0`, 'pcieRoot')).toMatch(/no host bridge/u);
  });

  test('more GPUs than a node can have', () => {
    const many = range(40, (index) => index).map((index) =>
      gpu(`0000:${(16 + index).toString(16)}:00.0`, index),
    );
    const seen = read(machine([socket(0, hostBridge('10-7f', port('0000:10:01.0', ...many)))]));
    expect(devices(seen, 'gpu')).toHaveLength(32);
    expect(nodeIn(seen, n1).gpuCount).toBeUndefined();
    expect(whyUnknown(seen, n1, 'gpuCount')).toBe('40 GPUs; only the first 32 are read');
  });
});

describe('NICs', () => {
  test.each([
    [
      'a port that is up',
      hca('0000:11:00.0', 'mlx5_0', info('Port1State', '4')),
      { kind: 'infiniband', rdma: true },
    ],
    [
      'no port is up',
      hca('0000:11:00.0', 'mlx5_0', info('Port1State', '1'), info('Port2State', '2')),
      { kind: 'infiniband', rdma: true, health: 'down', healthReason: 'no port was active: state 1, 2' },
    ],
    [
      'one of two ports is up',
      hca('0000:11:00.0', 'mlx5_0', info('Port1State', '1'), info('Port2State', '4')),
      { kind: 'infiniband', rdma: true },
    ],
    [
      'RDMA over Ethernet: the MAC, and no GUID made of it',
      ethernet(net('B8:59:9F:00:00:01'), verbs(info('Port1GID0', 'fe80:0000:0000:0000:ba59:9fff:fe00:0001'))),
      { kind: 'roce', rdma: true, mac: 'b8:59:9f:00:00:01' },
    ],
    [
      'a port without an RDMA device',
      ethernet(net('b8:59:9f:00:00:01')),
      { kind: 'ethernet', name: 'ens1', mac: 'b8:59:9f:00:00:01' },
    ],
    [
      'EFA',
      object('PCIDev', 'pci_busid="0000:11:00.0" pci_type="0200 [1d0f:efa1] [1d0f:efa1] 00"', verbs()),
      { kind: 'ethernet', rdma: true },
    ],
    [
      'a fabric that is neither',
      object('PCIDev', 'pci_busid="0000:11:00.0" pci_type="0208 [8086:24f0] [8086:24f0] 10"', verbs()),
      { rdma: true },
    ],
    ['no driver', ethernet(), { kind: 'ethernet', name: undefined }],
  ])('%s', (_, device, expected) => {
    expect(devices(nic(device), 'nic')[0]).toEqual({
      name: 'mlx5_0',
      pciAddress: '0000:11:00.0',
      pcieRoot: 0,
      numaNode: 0,
      ...expected,
      ...('name' in expected && expected.name === undefined ? { name: undefined } : {}),
    });
  });

  test('without RDMA devices nobody can say that there are none', () => {
    const seen = nic(ethernet(net('b8:59:9f:00:00:01')));
    expect(whyUnknown(seen, `${n1}/nic0`, 'rdma')).toBe('hwloc saw no RDMA device of it');
    expect(nodeIn(seen, n1).rdmaNicCount).toBeUndefined();
  });
});

describe('links', () => {
  const pair = hostBridge(
    '10-1f',
    port('0000:10:01.0', gpu('0000:11:00.0', 1)),
    port('0000:10:02.0', gpu('0000:12:00.0', 2)),
    port('0000:10:03.0', gpu('0000:13:00.0', 3)),
  );
  const linked = (...after: readonly string[]) => read(machine([socket(0, pair)], { after }));
  const rows = [
    [1_000_000, 50_000, 0],
    [50_000, 1_000_000, 0],
    [0, 0, 1_000_000],
  ];

  test('a pair, and a GPU without a link', () => {
    const seen = linked(nvlinks([1, 2, 3], rows));
    expect(column(seen, 'gpu', 'island')).toEqual([0, 0, 1]);
    expect(nodeIn(seen, n1)).toMatchObject({ link: 'nvlink' });
    expect(nodeIn(seen, n1).linkMbps).toBeUndefined();
    expect(whyUnknown(seen, n1, 'linkMbps')).toBe('a GPU of the matrix has no link');
  });

  test('a chain is a mesh', () => {
    const chain = [
      [0, 5, 0],
      [5, 0, 5],
      [0, 5, 0],
    ];
    const seen = linked(nvlinks([1, 2, 3], chain));
    expect(column(seen, 'gpu', 'island')).toEqual([0, 0, 1]);
    expect(whyUnknown(seen, n1, 'island')).toMatch(/GPUs 0, 1, 2 form a mesh/u);
    expect(nodeIn(seen, n1).linkMbps).toBe(5 * 16);
  });

  test('xGMI has islands and no speed: hwloc makes the speed up', () => {
    const seen = linked(nvlinks([1, 2, 3], rows, 'XGMIBandwidth'));
    expect(nodeIn(seen, n1)).toMatchObject({ link: 'xgmi' });
    expect(whyUnknown(seen, n1, 'linkMbps')).toMatch(/100 GB\/s for every xGMI link/u);
  });

  test('products without a connector are not linked', () => {
    const cards = hostBridge('10-1f', port('0000:10:01.0', gpu('0000:11:00.0', 1, 'Tesla T4')));
    expect(nodeIn(read(machine([socket(0, cards)])), n1).link).toBe('none');
  });

  test('a matrix over objects of one type', () => {
    const hetero = nvlinks([1, 2, 3], rows).replace(
      'distances2hetero nbobjs',
      'distances2 type="OSDev" indexing="gp" nbobjs',
    );
    const plain = hetero.replace('</distances2hetero>', '</distances2>').replaceAll('OSDev:', '');
    expect(withoutLines(linked(plain))).toEqual(withoutLines(linked(nvlinks([1, 2, 3], rows))));
  });

  test.each([
    ['none', [], /no matrix/u],
    ['another matrix', [nvlinks([1, 2, 3], rows, 'NUMALatency')], /no matrix/u],
    ['values are missing', [nvlinks([1, 2, 3], rows.slice(1))], /over 3 objects has 6 values/u],
    ['no numbers', [nvlinks([1, 2, 3], [[Number.NaN, 1, 1], ...rows.slice(1)])], /hold|holds values/u],
    ['negative numbers', [nvlinks([1, 2, 3], [[0, -1, 1], ...rows.slice(1)])], /holds values/u],
    [
      'not all GPUs',
      [
        nvlinks(
          [1, 2],
          [
            [0, 5],
            [5, 0],
          ],
        ),
      ],
      /GPUs 2 do not stand/u,
    ],
    ['objects that are not there', [nvlinks([7, 8, 9], rows)], /GPUs 0, 1, 2 do not stand/u],
    [
      'two of them',
      [nvlinks([1, 2, 3], rows), nvlinks([1, 2, 3], rows, 'XGMIBandwidth')],
      /several matrices/u,
    ],
  ])('%s: the link is not known', (_, after, why) => {
    const seen = linked(...after);
    expect(nodeIn(seen, n1).link).toBeUndefined();
    expect(column(seen, 'gpu', 'island')).toEqual([undefined, undefined, undefined]);
    expect(whyUnknown(seen, n1, 'link')).toMatch(why);
  });
});

describe('files that are no such thing', () => {
  test.each([
    ['<topology><object type="Machine"/></topology>', /hwloc XML of version 1; Berth reads 2 and 3/u],
    ['<topology version="4.0"><object type="Machine"/></topology>', /version 4\.0/u],
    ['<topology version="2.0"/>', /does not hold one machine/u],
    [
      '<topology version="2.0"><object type="Machine"/><object type="Machine"/></topology>',
      /does not hold one machine/u,
    ],
    ['<topology version="2.0"><object type="Package"/></topology>', /does not hold one machine/u],
    ['<system version="1"><cpu numaid="0"/></system>', /looks like NCCL topology XML/u],
    ['Machine L#0 (12GB)', /is not what was expected/u],
    ['<!DOCTYPE topology [<!ENTITY a "x">]><topology version="2.0">&a;</topology>', /entity/iu],
    ['', /is empty/u],
  ])('%s', (text, message) => {
    expect(refusal(() => read(file('m.xml', text))).message).toMatch(message);
  });
});

/** Every element with its children the other way round. */
function backwards({ name, attributes, children, text }: XmlElement): string {
  const words = [...attributes].map(([key, value]) => `${key}="${value.replaceAll('&', '&amp;')}"`).join(' ');
  const isOrdered = name.startsWith('distances2');
  const inner = (isOrdered ? children : children.toReversed()).map(backwards).join('\n');
  return `<${name} ${words}>${text.replaceAll('&', '&amp;')}${inner}</${name}>`;
}

test.each([
  'nvidiaDGX2.v2.xml',
  '32em64t-2n8c2t-pci-normalio.v2.xml',
  'ac922-gpu-numa-nodes.v2.xml',
  '64intel64-heteromem.v3.xml',
])('%s: the order of objects changes nothing', (name) => {
  const evidence = capture(`hwloc/${name}`);
  const root = readXml(evidence, new TextDecoder().decode(evidence.bytes), ['topology']);
  const [there, back] = [evidence, file(name, backwards(root))].map((one) =>
    parsed(hwloc, [one], { nodes: ['m'] }),
  );
  if (there === undefined || back === undefined) throw new Error('two files were read');
  expect(withoutLines(back)).toEqual(withoutLines(there));
  expect(back.unknown.map(({ attribute, why }) => [attribute, why])).toEqual(
    there.unknown.map(({ attribute, why }) => [attribute, why]),
  );
  expect(back.assumptions).toEqual(there.assumptions);
});

const factsOf = (evidence: Evidence) => factCount(hwloc, evidence, { nodes: ['m'] });

test('a file cut at any byte is refused, never half read', () => {
  const { bytes } = machine([socket(0, hostBridge('10-1f', port('0000:10:01.0', gpu('0000:11:00.0', 1))))]);
  for (let end = 0; end < bytes.length; end++)
    expect(factsOf(file('cut.xml', bytes.slice(0, end)))).toBeUndefined();
  expect(factsOf(file('whole.xml', bytes))).toBe(5);
});

test('more objects than a machine has are refused', () => {
  const many = machine(Array.from({ length: 100_001 }, () => '<object type="Misc"/>'));
  expect(refusal(() => read(many)).message).toMatch(/holds 10000\d objects and 0 NUMA nodes/u);
  const nodes = machine(Array.from({ length: 1025 }, (_, index) => numaNode(index, '0x1')));
  expect(refusal(() => read(nodes)).message).toMatch(/1025 NUMA nodes, more than a machine has/u);
});

test('a capture cut at many places is refused, never half read', () => {
  const { bytes } = capture('hwloc/power8gpudistances.v3.xml');
  for (let end = 1; end < bytes.length - 12; end += 997)
    expect(factsOf(file('cut.xml', bytes.slice(0, end)))).toBeUndefined();
});

const oddValue = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e9',
    '0x3',
    '0xf...f',
    '0x,,',
    'fffffff:ff:ff.9',
    '0000:11:00.0',
    '0-1',
    '0604 [x',
    '99999999999999999999',
    '\u{202e}',
    '__proto__',
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[<&"\p{Cc}]/gu, '')),
);
const oddObject = (children: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> =>
  fc
    .record({
      type: fc.constantFrom('Package', 'NUMANode', 'PU', 'Bridge', 'PCIDev', 'OSDev', 'Group', '', 'Machine'),
      attributes: fc.dictionary(
        fc.constantFrom(
          'os_index',
          'cpuset',
          'gp_index',
          'name',
          'subtype',
          'osdev_type',
          'pci_busid',
          'pci_type',
          'bridge_type',
          'bridge_pci',
          'local_memory',
        ),
        oddValue,
      ),
      infos: fc.dictionary(
        fc.constantFrom(
          'GPUModel',
          'NVIDIAUUID',
          'PCIBusID',
          'Port1GID0',
          'Address',
          'HostName',
          'CUDAGlobalMemorySize',
        ),
        oddValue,
      ),
      children,
    })
    .map(({ type, attributes, infos, children: below }) =>
      object(
        type,
        Object.entries(attributes)
          .map(([name, value]) => `${name}="${value}"`)
          .join(' '),
        ...Object.entries(infos).map(([name, value]) => info(name, value)),
        ...below,
      ),
    );
const oddDevice = oddObject(fc.constant([]));
const oddTree = oddObject(fc.array(oddObject(fc.array(oddDevice, { maxLength: 3 })), { maxLength: 3 }));

test('odd values in every place are read or refused', () => {
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(oddTree, { maxLength: 4 }), oddValue, oddValue, (objects, cpuset, values) => {
      const matrix = `<distances2 type="OSDev" name="NVLinkBandwidth"><indexes>1 ${values}</indexes><u64values>${values} 1 2 3</u64values></distances2>`;
      const attributes = `cpuset="${cpuset}"`;
      const facts = factsOf(machine(objects, { attributes, after: [matrix] }));
      outcomes[facts === undefined ? 'refused' : 'read'] += 1;
    }),
    { seed: 20_261_122, numRuns: 400 },
  );
  expect(outcomes.read).toBeGreaterThan(300);
});
