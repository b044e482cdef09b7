import { describe, expect, test } from 'vitest';

import type { Observation } from '../../../src/model/fact.ts';
import { hwloc } from '../../../src/sources/hwloc/hwloc.ts';
import { nccl } from '../../../src/sources/nccl/nccl.ts';
import type { Evidence, Source } from '../../../src/sources/source.ts';
import { ask } from '../../core/acts.ts';
import { demand } from '../../core/demand.ts';
import { fact } from '../../core/fleet-text.ts';
import { observe, t0, world } from '../../core/fleet.ts';
import { capture, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from '../given.ts';
import { gpu, hca, hostBridge, info, machine, numaNode, object, port, socket } from '../hwloc-text.ts';

const node = 'fra1/n1';

function read(source: Source, evidence: Evidence): Observation {
  return parsed(source, [evidence], { site: 'fra1', nodes: ['n1'], observedAtMs: t0 });
}

/** The GPUs of each replica, or why there are none, on a node of which the operator only says the model. */
function got(model: string, seen: readonly Observation[], text: string): string {
  const base = observe(world({ sites: { fra1: {} } }), [fact('node', node, { gpuModel: model })]);
  const fleet = seen.reduce((before, { facts, source }) => observe(before, facts, { source }), base);
  const answer = ask(fleet, demand(text));
  if (answer.kind === 'planned')
    return answer.plan.placement.members.map(({ gpus }) => gpus.join(' ')).join(', ');
  const { refusal: why } = answer;
  if (why.kind === 'fact-missing') return `unknown ${why.facts.map(({ attribute }) => attribute).join()}`;
  return why.kind === 'no-capacity' ? `no: ${why.nearest?.binding}` : why.kind;
}

const card = (domain: string, gpIndex: number) =>
  object(
    'Bridge',
    `bridge_type="0-1" bridge_pci="${domain}:[00-01]"`,
    port(`${domain}:00:00.0`, gpu(`${domain}:01:00.0`, gpIndex, 'NVIDIA GB200')),
  );
const ofGpu = (osIndex: number, cpuset: string, domain: string) =>
  numaNode(osIndex, cpuset, 'subtype="GPUMemory"', info('PCIBusID', `${domain}:01:00.0`));

const end = (target: string, tclass: string) =>
  `<gpu dev="0" sm="80"><nvlink target="${target}" count="4" tclass="${tclass}"/></gpu>`;

const alone = (domain: string, device: string) =>
  object('Bridge', `bridge_type="0-1" bridge_pci="${domain}:[00-00]"`, device);

const guest = (...infos: readonly string[]) =>
  machine([
    ...infos,
    socket(0, alone('0001', gpu('0001:00:00.0', 1)), alone('0101', hca('0101:00:00.0', 'mlx5_0'))),
    socket(1, alone('0002', gpu('0002:00:00.0', 2)), alone('0102', hca('0102:00:00.0', 'mlx5_1'))),
  ]);

describe('lie 11: GB200 numbers the memory of its GPUs as NUMA nodes 2, 10, 18, 26', () => {
  const empty = [3, 4, 5, 11, 12].map((osIndex) =>
    object('NUMANode', `os_index="${osIndex}" cpuset="0x0" local_memory="0"`),
  );
  const tray = machine([
    ...empty,
    socket(0, ofGpu(2, '0x3', '0008'), ofGpu(10, '0x3', '0009'), card('0008', 1), card('0009', 2)),
    socket(1, ofGpu(18, '0xc', '0018'), ofGpu(26, '0xc', '0019'), card('0018', 3), card('0019', 4)),
  ]);
  const seen = read(hwloc, tray);

  test('lie 11: they are reported as memory of GPUs, and GPUs stand at the NUMA nodes of the cores', () => {
    expect(seen.assumptions).toContain(
      'NUMA nodes 2, 10, 18, 26 are the memory of GPUs: no place for cores, and no memory of the machine',
    );
    expect(nodeIn(seen, node)).toMatchObject({ numaNodes: 2, memoryMib: 131_072, gpuCount: 4 });
  });

  test.each([
    ['1×2 GB200 align:numa', '0 1'],
    ['2×2 GB200 align:numa', '0 1, 2 3'],
    ['1×3 GB200 align:numa', 'no: inventory'],
    ['1×2 GB200 mem60 align:numa', '0 1'],
    ['1×2 GB200 mem65 align:numa', 'no: inventory'],
    ['1×4 GB200 mem129', 'no: inventory'],
  ])('lie 11: %s is placed by the cores, never by the memory of GPUs', (text, expected) => {
    expect(got('GB200-186GB', [seen], text)).toBe(expected);
  });
});

describe('lie 12: AC922 shows the memory of six GPUs as six NUMA nodes', () => {
  const seen = read(hwloc, capture('hwloc/ac922-gpu-numa-nodes.v2.xml'));

  test('lie 12: two NUMA nodes have cores, and the report names the other six', () => {
    expect(seen.assumptions).toContain(
      'NUMA nodes 250, 251, 252, 253, 254, 255 are the memory of GPUs: no place for cores, and no memory of the machine',
    );
    expect(nodeIn(seen, node)).toMatchObject({ numaNodes: 2, memoryMib: 257_608, gpuCount: 6 });
    expect(
      seen.facts.flatMap(({ kind, set }) => (kind === 'gpu' && 'numaNode' in set ? [set.numaNode] : [])),
    ).toEqual([0, 0, 0, 8, 8, 8]);
  });

  test.each([
    ['1×3 V100 align:numa', '0 1 2'],
    ['1×4 V100 align:numa', 'no: inventory'],
    ['1×6 V100 mem251', '0 1 2 3 4 5'],
    ['1×6 V100 mem300', 'no: inventory'],
    ['1×3 V100 mem126 align:numa', 'no: inventory'],
  ])('lie 12: %s gets what two sockets have', (text, expected) => {
    expect(got('V100-SXM2-16GB', [seen], text)).toBe(expected);
  });
});

describe('lie 17: NVSwitch joins all GPUs, bridges join pairs', () => {
  const pairs = read(hwloc, capture('hwloc/power8gpudistances.v3.xml'));
  const switched = read(hwloc, capture('hwloc/nvidiaDGX2.v3.xml'));
  const four = ['01', '02', '03', '04'].map((bus) => `0000:${bus}:00.0`);
  const dump = (targets: readonly string[], tclass: string) => {
    const cards = four.map(
      (busid, at) => `<pci busid="${busid}" class="0x030200">${end(targets[at] ?? '', tclass)}</pci>`,
    );
    return read(nccl, file('t.xml', `<system version="1"><cpu numaid="0">${cards.join('')}</cpu></system>`));
  };
  const bridged = dump(['0000:03:00.0', '0000:04:00.0', '0000:01:00.0', '0000:02:00.0'], '0x030200');
  const fabric = dump(
    four.map(() => 'fffffff:ffff:ff'),
    '0x068000',
  );

  test('lie 17: who is joined to whom is reported', () => {
    expect(pairs.assumptions).toContain('accelerator links join GPUs only within these sets: 0, 1 / 2, 3');
    expect(bridged.assumptions).toEqual(['accelerator links join GPUs only within these sets: 0, 2 / 1, 3']);
    expect(switched.assumptions).toContain('12 NVSwitches are taken as one that reaches all');
    expect(fabric.assumptions).toEqual([]);
  });

  test.each([
    ['pairs that hwloc saw', pairs, '1×2 P100 nvlink', '0 1'],
    ['pairs that hwloc saw', pairs, '1×3 P100 nvlink', 'no: inventory'],
    ['pairs that hwloc saw', pairs, '1×3 P100', '0 1 2'],
    ['pairs that NCCL saw', bridged, '2×2 P100 nvlink', '0 2, 1 3'],
    ['pairs that NCCL saw', bridged, '1×4 P100 nvlink', 'no: inventory'],
    ['NVSwitch that NCCL saw', fabric, '1×4 P100 nvlink', '0 1 2 3'],
  ])('lie 17: %s (%#): %s', (_, seen, text, expected) => {
    expect(got('P100-SXM2-16GB', [seen], text)).toBe(expected);
  });

  test('lie 17: sixteen GPUs behind NVSwitches are one domain', () => {
    const all = Array.from({ length: 16 }, (_, index) => index).join(' ');
    expect(got('V100-SXM3-32GB-H', [switched], '1×16 V100 nvlink')).toBe(all);
  });

  test('lie 17: where nobody lists the links, none is promised and none denied', () => {
    const silent = read(nccl, capture('nccl-topo/azure-ndv2-8xV100.xml'));
    expect(whyUnknown(silent, node, 'link')).toMatch(/names no links/u);
    expect(got('V100', [silent], '1×2 V100 nvlink')).toBe('unknown link');
  });
});

describe('lie 18: in a virtual machine each GPU has a PCIe root of its own', () => {
  const azure = read(
    hwloc,
    guest(info('DMISysVendor', 'Microsoft Corporation'), info('DMIProductName', 'Virtual Machine')),
  );
  const type = read(nccl, capture('nccl-topo/azure-ndv4-8xA100.xml'));

  test('lie 18: roots and switches are left open, and the report says why', () => {
    for (const attribute of ['pcieRoot', 'pcieSwitch'])
      expect(whyUnknown(azure, node, attribute)).toMatch(
        /^a virtual machine \(DMIProductName is `Virtual Machine`\)/u,
      );
    expect(azure.facts.filter(({ set }) => 'pcieRoot' in set || 'pcieSwitch' in set)).toEqual([]);
    expect(whyUnknown(read(hwloc, guest()), node, 'pcieRoot')).toMatch(
      /0001:00:00\.0 hangs on its host bridge/u,
    );
    expect(whyUnknown(type, node, 'pcieRoot')).toBe(
      'NCCL writes down PCIe switches, not the roots they hang on',
    );
  });

  test('lie 18: a virtual machine with one NUMA node says nothing about that of its host', () => {
    const flat = read(
      hwloc,
      machine([info('DMISysVendor', 'QEMU'), socket(0, alone('0000', gpu('0000:00:05.0', 1)))]),
    );
    expect(whyUnknown(flat, node, 'numaNodes')).toMatch(/one NUMA node, whatever its host has/u);
    expect(got('A100', [flat], '1×1 A100 align:numa')).toBe('unknown numaNodes');
  });

  test('lie 18: with a root port for each GPU on one bridge, as in QEMU, nothing is aligned either', () => {
    const ports = hostBridge(
      '00-02',
      port('0000:00:01.0', gpu('0000:01:00.0', 1)),
      port('0000:00:02.0', gpu('0000:02:00.0', 2)),
    );
    const children = [info('DMISysVendor', 'QEMU'), socket(0, ports), socket(1)];
    expect(got('A100', [read(hwloc, machine(children))], '1×2 A100 cpu1 mem1 align:pcie-root')).toBe(
      'unknown pcieRoot',
    );
    expect(got('A100', [read(hwloc, machine(children.slice(1)))], '1×2 A100 cpu1 mem1 align:pcie-root')).toBe(
      '0 1',
    );
  });

  test.each([
    ['1×1 A100 align:pcie-root', 'unknown pcieRoot'],
    ['1×1 A100 rdma align:pcie-root', 'unknown pcieRoot'],
    ['1×1 A100 rdma align:numa', 'unknown NIC numaNode'],
    ['2×1 A100 align:numa', '0, 1'],
    ['1×2 A100 align:numa', 'no: inventory'],
  ])('lie 18: %s is neither promised nor denied by roots', (text, expected) => {
    expect(got('A100-SXM4-80GB', [azure], text)).toBe(expected);
  });

  test.each([
    ['1×8 A100 rdma', '0 1 2 3 4 5 6 7'],
    ['1×1 A100 rdma align:pcie-root', 'unknown numaNodes'],
  ])('lie 18: %s with the file that the cloud publishes', (text, expected) => {
    expect(got('A100-SXM4-80GB', [type], text)).toBe(expected);
  });
});

describe('lie 20: hwloc of Debian 12 cannot read XML 3', () => {
  const [two, three] = ['hwloc/nvidiaDGX2.v2.xml', 'hwloc/nvidiaDGX2.v3.xml'].map((path) =>
    read(hwloc, capture(path)),
  );

  test('lie 20: Berth reads it itself and says that other tools will not; later versions are refused', () => {
    expect(three?.assumptions).toContain(
      'hwloc XML 3: tools of hwloc 2, such as those of Debian 12, refuse the file; Berth reads it itself',
    );
    expect(two?.assumptions.join()).not.toMatch(/XML 3/u);
    const four = file('m.xml', '<topology version="4.0"><object type="Machine"/></topology>');
    expect(refusal(() => read(hwloc, four)).message).toMatch(/version 4\.0; Berth reads 2 and 3/u);
  });

  test('lie 20: one machine in both versions gives the same facts, and the same placements', () => {
    if (two === undefined || three === undefined) throw new Error('two files were read');
    expect(withoutLines(three)).toEqual(withoutLines(two));
    for (const text of ['1×4 V100 align:pcie-root', '1×8 V100 nvlink align:numa', '1×9 V100 align:numa'])
      expect(got('V100', [three], text)).toBe(got('V100', [two], text));
    expect(got('V100', [three], '2×8 V100 nvlink align:numa')).toBe('0 1 2 3 4 5 6 7, 8 9 10 11 12 13 14 15');
  });

  test('lie 20: the numbers of device types mean other things in the two versions', () => {
    const one = new TextDecoder().decode(
      machine([socket(0, hostBridge('10-11', port('0000:10:01.0', gpu('0000:11:00.0', 1))))]).bytes,
    );
    const as3 = read(hwloc, file('m.xml', one.replace('version="2.0"', 'version="3.0"')));
    expect(whyUnknown(read(hwloc, file('m.xml', one)), `${node}/gpu0`, 'model')).toBeUndefined();
    // 5 has the bits of storage and of a GPU in XML 3; 1 has that of storage alone.
    expect(whyUnknown(as3, `${node}/gpu0`, 'model')).toBeUndefined();
    const storage = one.replace('version="2.0"', 'version="3.0"').replace('osdev_type="5"', 'osdev_type="1"');
    expect(whyUnknown(read(hwloc, file('m.xml', storage)), `${node}/gpu0`, 'model')).toMatch(
      /no tool of its maker/u,
    );
  });
});
