import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { BerthError } from '../../src/model/error.ts';
import type { Fact, GpuFacts, NicFacts, Observation } from '../../src/model/fact.ts';
import { dra } from '../../src/sources/dra/dra.ts';
import { device, slice, slices } from './dra-given.ts';
import { capture, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const lab = { site: 'lab1' };
const node = 'lab1/n1';

/** The attributes of each device of a kind, in the order of their numbers, whatever fact they stand in. */
function gpusIn(observation: Observation, machine = node): GpuFacts[] {
  return merged(
    observation.facts.flatMap((fact) => (fact.kind === 'gpu' ? [fact] : [])),
    machine,
  );
}

function nicsIn(observation: Observation, machine = node): NicFacts[] {
  return merged(
    observation.facts.flatMap((fact) => (fact.kind === 'nic' ? [fact] : [])),
    machine,
  );
}

function merged<F extends Extract<Fact, { kind: 'gpu' | 'nic' }>>(
  facts: readonly F[],
  machine: string,
): F['set'][] {
  const own = facts.filter(({ subject }) => subject.startsWith(`${machine}/`));
  const bySubject = Map.groupBy(own, ({ subject }) => Number(/\d+$/u.exec(subject)?.[0]));
  return [...bySubject]
    .toSorted(([a], [b]) => a - b)
    .map(([, said]) => said.reduce((set, { set: more }) => ({ ...set, ...more }), {}));
}

const read = (...items: readonly object[]) => parsed(dra, [slices(...items)], lab);
const why = (observation: Observation, attribute: string, subject: string | undefined = node) =>
  observation.unknown
    .filter((gap) => gap.subject === subject && gap.attribute === attribute)
    .map((gap) => gap.why)
    .join('; ');

const h100 = (at: number, more: object = {}) => ({
  type: 'gpu',
  uuid: `GPU-${at}`,
  productName: 'NVIDIA H100 80GB HBM3',
  'resource.kubernetes.io/pciBusID': `0000:${(16 + at).toString(16)}:00.0`,
  memory: '81559Mi',
  ...more,
});
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

test('a real EKS node: eight H100, with addresses and line numbers, and no claim about locality', () => {
  const observation = parsed(dra, [capture('dra/resourceslices-eks-h100-node1.yaml')], lab);
  const machine = 'lab1/gpu-node-1';
  expect(nodeIn(observation, machine)).toEqual({
    hostName: 'gpu-node-1',
    driver: '580.105.8',
    gpuCount: 8,
    link: 'nvlink',
  });
  const gpus = gpusIn(observation, machine);
  expect(gpus).toHaveLength(8);
  expect(gpus[0]).toEqual({
    uuid: 'GPU-c4529c8d-69c4-b61d-e0bc-7b2460096005',
    pciAddress: '0000:53:00.0',
    memoryMib: 81_559,
    model: 'H100-SXM-80GB',
  });
  expect(gpus.map(({ pciAddress }) => pciAddress?.slice(5, 7))).toEqual([
    '53',
    '64',
    '75',
    '86',
    '97',
    'a8',
    'b9',
    'ca',
  ]);
  const lines = observation.facts.flatMap(({ kind, origin }) => (kind === 'gpu' ? (origin.line ?? 0) : []));
  expect([Math.min(...lines), Math.max(...lines)]).toEqual([56, 245]);
  expect(why(observation, 'devices', machine)).toContain('2 devices of compute-domain.nvidia.com');
  expect(why(observation, 'numaNode', machine)).toBe('no device names its NUMA node');
});

test('without `--site` the machine is known by its host name alone', () => {
  const observation = parsed(dra, [slices(slice({ devices: [device('gpu-0', h100(0))] }))]);
  expect(nodeIn(observation, 'unplaced/n1').hostName).toBe('n1');
  expect(gpusIn(observation, 'unplaced/n1')).toHaveLength(1);
});

describe('captures', () => {
  test('an excerpt of AMD’s documentation needs `--node`; its card is one of perhaps more', () => {
    const evidence = [capture('dra/resourceslice-amd-mi300x-docs.yaml')];
    const { message, fix } = refusal(() => parsed(dra, evidence, lab));
    expect(message).toContain('names no node');
    expect(fix).toContain('--node');
    const observation = parsed(dra, evidence, { ...lab, nodes: ['amd-1'] });
    expect(gpusIn(observation, 'lab1/amd-1')).toEqual([
      { pciAddress: '0003:00:02.0', memoryMib: 196_592, model: 'MI300X-192GB' },
    ]);
    expect(nodeIn(observation, 'lab1/amd-1')).toEqual({ driver: '6.12.12', link: 'xgmi' });
    expect(why(observation, 'gpuCount', 'lab1/amd-1')).toContain('names no pool');
    expect(observation.assumptions.join(' ')).toContain('its attributes are those of gpu.amd.com');
  });

  test('dranet in the old shape', () => {
    const observation = parsed(dra, [capture('dra/resourceslice-dranet-gke-v1alpha.yaml')], lab);
    const machine = 'lab1/gke-aojea-dra-multi-nic-985b8c20-jg5l';
    expect(nicsIn(observation, machine)).toEqual([
      {
        name: 'gpu7rdma0',
        mac: '9a:41:2e:4f:86:16',
        rdma: true,
        kind: 'roce',
        numaNode: 1,
        pciAddress: '0000:c8:00.0',
      },
    ]);
    expect(nodeIn(observation, machine).rdmaNicCount).toBeUndefined();
  });

  test('GPUs of the example driver are made up', () => {
    const observation = parsed(dra, [capture('dra/resourceslice-example-driver.yaml')], lab);
    expect(observation.facts.map(({ kind }) => kind)).toEqual(['node']);
    expect(observation.unknown[0]?.why).toBe(
      '8 devices of gpu.example.com are not read: the example driver of Kubernetes makes its GPUs up',
    );
  });

  test('the round-trip object of the API is a third of a pool', () => {
    const observation = parsed(dra, [capture('dra/roundtrip-v1.35-ResourceSlice.yaml')], lab);
    expect(observation.unknown[0]?.why).toBe('driverValue: 1 of 3 slices of generation 2 are there');
  });

  test('claims and classes are no slices', () => {
    const { message } = refusal(() => parsed(dra, [capture('dra/dranet-nvidia-deviceclass.yaml')]));
    expect(message).toContain('has no ResourceSlices, but 1 of kind `DeviceClass`');
    const nodes = refusal(() => parsed(dra, [capture('kubernetes/seen-nodes-a.yaml')]));
    expect(nodes.fix).toContain('berth import kubernetes');
  });
});

const part = (name: string, set: object, ...at: number[]) =>
  slice({ name, devices: at.map((number) => device(`gpu-${number}`, h100(number))), ...set });

describe('pools', () => {
  const rows: readonly (readonly [string, readonly object[], number | undefined, string])[] = [
    ['whole in one slice', [part('a', {}, 0, 1)], 2, ''],
    ['whole in two', [part('a', { sliceCount: 2 }, 0), part('b', { sliceCount: 2 }, 1)], 2, ''],
    ['incomplete', [part('a', { sliceCount: 2 }, 0)], undefined, '1 of 2 slices of generation 1'],
    [
      'with one slice too many',
      [part('a', {}, 0), part('b', {}, 1)],
      undefined,
      '2 of 1 slices of generation 1',
    ],
    [
      'of two generations: the newest counts, although it is smaller',
      [part('a', { generation: 1 }, 0, 1), part('b', { generation: 2 }, 2)],
      1,
      '1 slices of generations before 2 are left out',
    ],
    [
      'whose newest generation is incomplete: the older one does not stand in',
      [part('a', { generation: 1 }, 0, 1), part('b', { generation: 2, sliceCount: 2 }, 2)],
      undefined,
      '1 of 2 slices of generation 2',
    ],
    [
      'whose slices count differently',
      [part('a', { sliceCount: 2 }, 0), part('b', { sliceCount: 3 }, 1)],
      undefined,
      'do not agree',
    ],
    ['with one name twice', [part('a', {}, 0, 0)], undefined, 'the same name'],
    ['without devices', [part('a', {})], 0, ''],
    ['that stands twice', [part('a', {}, 0), part('a', {}, 0)], 1, ''],
  ];
  test.each(rows)('%s', (_, items, count, reason) => {
    const observation = read(...items);
    expect(nodeIn(observation, node).gpuCount).toBe(count);
    expect(gpusIn(observation)).toHaveLength(count ?? 0);
    expect(why(observation, 'gpuCount')).toContain(reason);
  });

  test('of several nodes do not mix, and an incomplete one spoils no other', () => {
    const observation = read(
      part('a', { node: 'n1' }, 0),
      part('b', { node: 'n2', sliceCount: 2 }, 0),
      part('c', { node: 'n3' }, 0, 1, 2),
    );
    expect(['n1', 'n2', 'n3'].map((name) => nodeIn(observation, `lab1/${name}`).gpuCount)).toEqual([
      1,
      undefined,
      3,
    ]);
  });

  test('a slice that differs from itself is refused', () => {
    const { message } = refusal(() => read(part('a', {}, 0), part('a', {}, 1)));
    expect(message).toContain('ResourceSlice `a` differs from the one in `slices.json`');
  });

  test('devices that choose their node each belong to it', () => {
    const cards = [0, 1].map((at) => device(`gpu-${at}`, h100(at), { nodeName: `n${at}` }));
    const item = slice({ pool: 'all', devices: cards });
    const observation = read({
      ...item,
      spec: { ...item.spec, nodeName: undefined },
    });
    expect([0, 1].map((at) => gpusIn(observation, `lab1/n${at}`)[0]?.uuid)).toEqual(['GPU-0', 'GPU-1']);
  });

  test('pools of no single node are named', () => {
    const item = slice({ driver: 'fabric.example', name: 'shared', devices: [device('d')] });
    const shared = {
      ...item,
      spec: { ...item.spec, nodeName: undefined, allNodes: true },
    };
    const observation = read(part('a', {}, 0), shared);
    expect(observation.unknown.find((gap) => gap.subject === undefined)?.why).toBe(
      '1 devices of fabric.example in `shared` belong to no single node',
    );
  });

  test('more than 32 GPUs are not read as one node', () => {
    const observation = read(part('a', {}, ...numbers(33)));
    expect(gpusIn(observation)).toEqual([]);
    expect(why(observation, 'gpuCount')).toContain('33 GPUs in one node');
  });
});

const mig = (card: number, at: number, profile: string, memorySlices: number) => ({
  type: 'mig',
  uuid: `MIG-${card}-${at}`,
  parentUUID: `GPU-${card}`,
  profile,
  productName: 'NVIDIA H100 80GB HBM3',
  'resource.kubernetes.io/pciBusID': `0000:${(16 + card).toString(16)}:00.0`,
  memorySlices,
  memory: '9984Mi',
});
const cut = (card: number, profile: string, count: number, memorySlices: number) =>
  numbers(count).map((at) => device(`gpu-${card}-mig-${at}`, mig(card, at, profile, memorySlices)));

describe('one card, many devices', () => {
  test.each([
    ['1g.10gb', 7, 1],
    ['1g.20gb', 4, 2],
    ['2g.20gb', 3, 2],
    ['3g.40gb', 2, 4],
    ['4g.40gb', 1, 4],
    ['7g.80gb', 1, 8],
  ])('cut completely into %s (%i times): the node gives these', (profile, count, memory) => {
    const observation = read(slice({ devices: [0, 1].flatMap((card) => cut(card, profile, count, memory)) }));
    expect(nodeIn(observation, node)).toMatchObject({ gpuCount: 2, sharing: 'mig-single' });
    expect(gpusIn(observation)).toEqual(
      [0, 1].map((card) => ({
        uuid: `GPU-${card}`,
        pciAddress: `0000:${16 + card === 16 ? '10' : '11'}:00.0`,
        model: 'H100-SXM-80GB',
        migCapable: true,
        migProfile: profile,
      })),
    );
    expect(why(observation, 'gpuMemoryMib')).toContain('the memory of a part (9984Mi)');
  });

  test.each([
    ['not filled', cut(0, '1g.10gb', 6, 1)],
    ['cut into several sizes', [...cut(0, '3g.40gb', 1, 4), ...cut(1, '3g.40gb', 2, 4)]],
    ['beside whole ones', [...cut(0, '1g.10gb', 7, 1), device('gpu-1', h100(1))]],
    ['without their memory slices', cut(0, '1g.10gb', 7, 0)],
  ])('cards that are %s leave sharing in doubt', (_, devices) => {
    const observation = read(slice({ devices }));
    expect(nodeIn(observation, node).sharing).toBe('unknown');
    expect(why(observation, 'sharing')).toContain('fixed parts');
  });

  test('an A30 has four slices of each', () => {
    const devices = cut(0, '1g.6gb', 4, 1).map((one) => ({
      ...one,
      attributes: { ...one.attributes, productName: { string: 'NVIDIA A30' } },
    }));
    expect(nodeIn(read(slice({ devices })), node).sharing).toBe('mig-single');
  });

  test('ways to cut it that the driver would make on demand leave a card whole', () => {
    const counters = { consumesCounters: [{ counterSet: 'gpu-0', counters: {} }] };
    const ways = cut(0, '1g.10gb', 7, 1).map((way) => ({ ...way, ...counters }));
    const observation = read(slice({ devices: [...ways, device('gpu-0', h100(0), counters)] }));
    expect(nodeIn(observation, node)).toMatchObject({ gpuCount: 1 });
    expect(nodeIn(observation, node).sharing).toBeUndefined();
    expect(gpusIn(observation)).toMatchObject([{ uuid: 'GPU-0', memoryMib: 81_559, migCapable: true }]);
  });

  test('a card that is also offered for passthrough counts once', () => {
    const through = { type: 'vfio', uuid: 'GPU-own', 'resource.kubernetes.io/pciBusID': '0000:10:00.0' };
    const observation = read(slice({ devices: [device('gpu-vfio-0', through), device('gpu-0', h100(0))] }));
    expect(gpusIn(observation).map(({ uuid }) => uuid)).toEqual(['GPU-0']);
    const alone = read(slice({ devices: [device('gpu-vfio-0', { ...through, productName: 'NVIDIA L4' })] }));
    expect(gpusIn(alone)).toEqual([{ pciAddress: '0000:10:00.0', model: 'L4-24GB' }]);
    expect(why(alone, 'gpuMemoryMib')).toContain('1 of 1 GPUs come without their memory');
  });

  test('partitions of AMD GPUs belong to the card at the parent’s address', () => {
    const parts = numbers(16).map((at) =>
      device(`gpu-${at}-${128 + at}`, {
        type: 'amdgpu-partition',
        partitionProfile: 'cpx_nps1',
        productName: 'AMD_Instinct_MI300X_OAM',
        parentPciAddr: at < 8 ? '0000:05:00.0' : '0000:15:00.0',
        memory: '24Gi',
      }),
    );
    const observation = read(slice({ driver: 'gpu.amd.com', devices: parts }));
    expect(nodeIn(observation, node)).toMatchObject({ gpuCount: 2, sharing: 'unknown', link: 'xgmi' });
    expect(gpusIn(observation).map(({ pciAddress }) => pciAddress)).toEqual(['0000:05:00.0', '0000:15:00.0']);
    expect(why(observation, 'sharing')).toContain('2 of 2 GPUs are cut into 16 fixed parts (cpx_nps1)');
  });

  test('AMD’s own choice of modes for a card is one card', () => {
    const counters = { consumesCounters: [{ counterSet: 'c', counters: {} }] };
    const mode = (type: string, name: string) =>
      device(
        name,
        { type, pciAddr: '0000:19:00.0', productName: 'AMD_Instinct_MI300X', memory: '192Gi' },
        counters,
      );
    const devices = [mode('amdgpu-partition', 'gpu-0-cpx-nps4'), mode('amdgpu', 'gpu-0-spx-nps1')];
    const observation = read(slice({ driver: 'gpu.amd.com', devices }));
    expect(nodeIn(observation, node).gpuCount).toBe(1);
    expect(nodeIn(observation, node).sharing).toBeUndefined();
    expect(gpusIn(observation)[0]?.migCapable).toBeUndefined();
  });

  test('Intel: models, virtual functions, and a memory of 0 that is unknown', () => {
    const whole = {
      type: 'gpu',
      model: 'Max 1550',
      health: 'Healthy',
      pciAddress: '0000:03:00.0',
      memory: '0',
    };
    const observation = read(
      slice({ driver: 'gpu.intel.com', devices: [device('0000-03-00-0-0x0bd5', whole)] }),
    );
    expect(gpusIn(observation)).toEqual([{ model: 'Max-1550', pciAddress: '0000:03:00.0' }]);
    expect(why(observation, 'gpuMemoryMib')).toContain('or with 0');
    const functions = numbers(2).map((at) =>
      device(`0000-03-00-${at + 1}-0x56c0`, {
        type: 'vf',
        model: 'Flex 170',
        parentUID: '0000-03-00-0-0x56c0',
        pciAddress: `0000:03:00.${at + 1}`,
      }),
    );
    const shared = read(slice({ driver: 'gpu.intel.com', devices: functions }));
    expect(nodeIn(shared, node)).toMatchObject({ gpuCount: 1, sharing: 'unknown' });
    const unnamed = read(slice({ driver: 'gaudi.intel.com', devices: [device('g', { model: 'Unknown' })] }));
    expect(why(unnamed, 'gpuModel')).toBe('1 of 1 GPUs have no product name');
  });

  test('a GPU that several claims may hold is not promised whole', () => {
    const observation = read(
      slice({ devices: [device('gpu-0', h100(0), { allowMultipleAllocations: true })] }),
    );
    expect(nodeIn(observation, node).sharing).toBe('unknown');
  });
});

test.each([
  [
    { key: 'gpu.nvidia.com/xid', value: '79', effect: 'NoSchedule' },
    'down',
    'taint gpu.nvidia.com/xid=79:NoSchedule',
  ],
  [
    { key: 'gpu.nvidia.com/gpu-lost', effect: 'NoExecute' },
    'down',
    'taint gpu.nvidia.com/gpu-lost:NoExecute',
  ],
  [
    { key: 'gpu.nvidia.com/unmonitored', effect: 'None' },
    'degraded',
    'taint gpu.nvidia.com/unmonitored:None',
  ],
])('the taint %j: %s', (taint, health, healthReason) => {
  const observation = read(
    slice({ devices: [device('gpu-0', h100(0), { taints: [taint] }), device('gpu-1', h100(1))] }),
  );
  expect(gpusIn(observation)[0]).toMatchObject({ health, healthReason });
  expect(gpusIn(observation)[1]?.health).toBeUndefined();
});

test.each([
  ['Unhealthy', 'down'],
  ['warning', 'degraded'],
  ['Healthy', undefined],
  ['Unknown', undefined],
])('the health %s of Intel’s driver: %s', (said, health) => {
  const observation = read(
    slice({ driver: 'gpu.intel.com', devices: [device('g', { model: 'Max 1550', health: said })] }),
  );
  expect(gpusIn(observation)[0]?.health).toBe(health);
});

const root = 'resource.kubernetes.io/pcieRoot';
const numa = 'resource.kubernetes.io/numaNode';
const located = (at: number, set: object) => device(`gpu-${at}`, h100(at, set));
const gpus = (...sets: readonly object[]) => slice({ devices: sets.map((set, at) => located(at, set)) });
const nics = (...sets: readonly object[]) =>
  slice({
    driver: 'dra.net',
    devices: sets.map((set, at) =>
      device(`eth${at}`, { 'dra.net/ifName': `eth${at}`, 'dra.net/rdma': true, ...set }),
    ),
  });

describe('locality', () => {
  test('roots that join a GPU and a NIC count, in the order of their names', () => {
    const observation = read(
      gpus({ [root]: 'pci0000:88' }, { [root]: 'pci0000:44' }),
      nics({ [root]: 'pci0000:44' }, { [root]: 'pci0000:88' }),
    );
    expect(gpusIn(observation).map(({ pcieRoot }) => pcieRoot)).toEqual([1, 0]);
    expect(nicsIn(observation).map(({ pcieRoot }) => pcieRoot)).toEqual([0, 1]);
    expect(why(observation, 'pcieRoot')).toBe('');
  });

  test.each([
    [
      'a root of its own for each',
      [{ [root]: 'pci0000:01' }, { [root]: 'pci0000:02' }],
      'a PCIe root of its own',
    ],
    ['one root for all', [{ [root]: 'pci0000:00' }, { [root]: 'pci0000:00' }], 'one PCIe root'],
    ['no root', [{}, {}], 'no device names its PCIe root'],
    ['roots that are none', [{ [root]: 'elsewhere' }, { [root]: '' }], 'no device names its PCIe root'],
  ])('%s proves nothing', (_, sets, reason) => {
    const observation = read(gpus(...sets));
    expect(gpusIn(observation).map(({ pcieRoot }) => pcieRoot)).toEqual([undefined, undefined]);
    expect(why(observation, 'pcieRoot')).toContain(reason);
  });

  test.each([
    ['two nodes', [{ [numa]: 0 }, { [numa]: 1 }], [0, 1], ''],
    [
      'none for one',
      [{ [numa]: -1 }, { [numa]: 1 }],
      [undefined, 1],
      '1 devices name several NUMA nodes, or none',
    ],
    [
      'all on one, with virtual roots',
      [
        { [numa]: 0, [root]: 'pci0000:01' },
        { [numa]: 0, [root]: 'pci0000:02' },
      ],
      [undefined, undefined],
      'a hypervisor may hide the rest',
    ],
    [
      'two nodes, with a root for each: bare metal',
      [
        { [numa]: 0, [root]: 'pci0000:01' },
        { [numa]: 1, [root]: 'pci0000:02' },
      ],
      [0, 1],
      '',
    ],
    [
      'Grace, whose GPU memory has nodes of its own',
      [
        { [numa]: 0, productName: 'NVIDIA GB200' },
        { [numa]: 1, productName: 'NVIDIA GB200' },
      ],
      [undefined, undefined],
      'Grace',
    ],
  ])('NUMA: %s', (_, sets, expected, reason) => {
    const observation = read(gpus(...sets));
    expect(gpusIn(observation).map(({ numaNode }) => numaNode)).toEqual(expected);
    expect(why(observation, 'numaNode')).toContain(reason);
  });

  test('a list of NUMA nodes names none', () => {
    const listed = { name: 'gpu-0', attributes: { [numa]: { ints: [0, 1] }, uuid: { string: 'GPU-0' } } };
    const observation = read(slice({ devices: [listed, located(1, { [numa]: 1 })] }));
    expect(gpusIn(observation).map(({ numaNode }) => numaNode)).toEqual([undefined, 1]);
  });
});

const nic = (name: string, set: Readonly<Record<string, string | number | boolean>>) =>
  device(name, Object.fromEntries(Object.entries(set).map(([key, value]) => [`dra.net/${key}`, value])));

describe('NICs', () => {
  test('RDMA NICs are counted where all are there and say so; virtual ones are none', () => {
    const devices = [
      nic('rdma0', {
        ifName: 'rdma0',
        rdmaDevice: 'mlx5_0',
        rdma: true,
        encapsulation: 'ether',
        pciAddress: '0000:08:00.0',
      }),
      nic('ib0', { ifName: 'ib0', rdma: true, encapsulation: 'infiniband' }),
      nic('eth0', { ifName: 'eth0', rdma: false, encapsulation: 'ether', mac: 'AA:BB:00:00:00:01' }),
      nic('vx0', { ifName: 'vx0', virtual: true }),
      nic('br0', { ifName: 'br0', type: 'bridge' }),
      nic('vf0', { ifName: 'vf0', isSriovVf: true }),
    ];
    const observation = read(slice({ driver: 'dra.net', devices }));
    expect(nicsIn(observation)).toEqual([
      { name: 'eth0', rdma: false, kind: 'ethernet', mac: 'aa:bb:00:00:00:01' },
      { name: 'ib0', rdma: true, kind: 'infiniband' },
      { name: 'mlx5_0', rdma: true, kind: 'roce', pciAddress: '0000:08:00.0' },
    ]);
    expect(nodeIn(observation, node).rdmaNicCount).toBe(2);
    expect(why(observation, 'nics')).toBe('3 virtual interfaces or functions are not read as NICs');
  });

  test('where one NIC does not say whether it does RDMA, none are counted', () => {
    const devices = [nic('a', { ifName: 'a', rdma: true }), nic('b', { ifName: 'b' })];
    expect(nodeIn(read(slice({ driver: 'dra.net', devices })), node).rdmaNicCount).toBeUndefined();
  });

  test('virtual functions belong to a card, which counts once', () => {
    const driver = 'sriovnetwork.k8snetworkplumbingwg.io';
    const vf = (card: number, at: number) =>
      device(`vf-${card}-${at}`, {
        [`${driver}/pfPciAddress`]: `0000:0${card}:00.0`,
        [`${driver}/PFName`]: `ens${card}`,
        [`${driver}/pciAddress`]: `0000:0${card}:00.${at}`,
        [`${driver}/rdmaCapable`]: true,
        [`${driver}/linkType`]: 'infiniband',
        'dra.net/numaNode': card,
      });
    const functions = slice({ driver, devices: [vf(0, 1), vf(0, 2), vf(1, 1)] });
    const cards = [
      { name: 'ens0', rdma: true, kind: 'infiniband', pciAddress: '0000:00:00.0', numaNode: 0 },
      { name: 'ens1', rdma: true, kind: 'infiniband', pciAddress: '0000:01:00.0', numaNode: 1 },
    ];
    expect(nicsIn(read(functions))).toEqual(cards);
    const same = slice({
      driver: 'dra.net',
      devices: [nic('ens0', { ifName: 'ens0', rdma: true, pciAddress: '0000:00:00.0' })],
    });
    expect(nodeIn(read(functions, same), node).rdmaNicCount).toBe(2);
  });
});

/** How many facts damaged bytes give; nothing where they are refused. Anything else than a refusal escapes. */
function factCount(
  bytes: Uint8Array,
  context: { readonly site: string; readonly nodes: string[] },
): number | undefined {
  try {
    return parsed(dra, [file('f', bytes)], context).facts.length;
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

describe('what is handed in', () => {
  const whole = slice({ devices: numbers(4).map((at) => device(`gpu-${at}`, h100(at))) });

  test.each([
    ['no spec', { kind: 'ResourceSlice', metadata: { name: 'a' } }, '`spec`'],
    [
      'a pool without a count',
      { ...whole, spec: { nodeName: 'n1', pool: { name: 'p' } } },
      '`spec.pool.resourceSliceCount`',
    ],
    ['a device without a name', slice({ devices: [{}] }), '`spec.devices[0].name`'],
    ['devices that are no list', { ...whole, spec: { nodeName: 'n1', devices: 'all' } }, '`spec.devices`'],
  ])('%s is refused, with file and line', (_, item, what) => {
    const { message } = refusal(() => read(item));
    expect(message).toMatch(/^`slices.json` line \d+: is no whole ResourceSlice: /u);
    expect(message).toContain(what);
  });

  test('the order of slices and devices changes nothing', () => {
    const network = slice({
      driver: 'dra.net',
      devices: numbers(3).map((at) => device(`e${at}`, { rdma: true, ifName: `e${at}` })),
    });
    const other = slice({ node: 'n2', devices: numbers(3).map((at) => device(`gpu-${at}`, h100(at + 8))) });
    const items = [whole, network, other];
    const expected = withoutLines(read(...items));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(items, { minLength: 3 }),
        fc.integer({ min: 0, max: 23 }),
        (shuffled, turn) => {
          const turned = shuffled.map(({ spec, ...item }) => {
            const at = turn % spec.devices.length;
            const devices = [...spec.devices.slice(at), ...spec.devices.slice(0, at)];
            return { ...item, spec: { ...spec, devices } };
          });
          expect(withoutLines(read(...turned))).toEqual(expected);
        },
      ),
      { seed: 20_261_122, numRuns: 40 },
    );
  });

  test.each([
    ['resourceslice-amd-mi300x-docs.yaml', 1],
    ['resourceslice-dranet-gke-v1alpha.yaml', 1],
    ['resourceslices-eks-h100-node1.yaml', 67],
  ])('%s, cut off at every %i. byte, is refused or says less, never more', (name, step) => {
    const { bytes } = capture(`dra/${name}`);
    const context = { site: 'lab1', nodes: ['n1'] };
    const most = parsed(dra, [file('f', bytes)], context).facts.length;
    const counts = { read: 0, refused: 0 };
    for (let end = 0; end < bytes.length; end += step) {
      const count = factCount(bytes.slice(0, end), context);
      counts[count === undefined ? 'refused' : 'read'] += 1;
      expect(count ?? 0).toBeLessThanOrEqual(most);
    }
    expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(0);
  });

  test('a slice that one node owns and another names is refused', () => {
    const odd = { ...whole, metadata: { name: 'a', ownerReferences: [{ kind: 'Node', name: 'n2' }] } };
    expect(refusal(() => read(odd)).message).toContain('names another node than `n2`, which owns it');
  });

  test('odd values in every place are read or refused', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        '',
        '0',
        -1,
        1.5,
        1e21,
        true,
        [],
        {},
        '\u{202e}',
        '0000:10:00.0',
        'mig',
        'vf',
      ),
      fc.string({ maxLength: 20 }),
    );
    const key = fc.constantFrom(
      'type',
      'uuid',
      'parentUUID',
      'profile',
      'productName',
      'pciAddr',
      root,
      numa,
      '__proto__',
    );
    const value = fc.oneof(odd, fc.dictionary(fc.constantFrom('string', 'int', 'ints', 'bool'), odd));
    const attributes = fc.oneof(fc.dictionary(key, value), odd);
    const one = fc.record(
      {
        name: fc.oneof(fc.constantFrom('gpu-0', 'gpu-1'), odd),
        attributes,
        capacity: fc.oneof(fc.dictionary(fc.constantFrom('memory', 'memorySlice0'), value), odd),
        taints: fc.oneof(fc.array(attributes), odd),
        consumesCounters: fc.oneof(fc.array(odd), odd),
        basic: fc.oneof(fc.record({ attributes }), odd),
        nodeName: odd,
      },
      { requiredKeys: ['name'] },
    );
    const spec = fc.record(
      {
        driver: fc.oneof(fc.constantFrom('gpu.nvidia.com', 'gpu.amd.com', 'dra.net', 'gpu.intel.com'), odd),
        nodeName: fc.oneof(fc.constant('n1'), odd),
        pool: fc.oneof(fc.record({ name: odd, generation: odd, resourceSliceCount: fc.constant(1) }), odd),
        devices: fc.oneof(fc.array(one, { maxLength: 4 }), odd),
      },
      { requiredKeys: [] },
    );
    const counts = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 3 }), (specs) => {
        const items = specs.map((made) => ({ kind: 'ResourceSlice', metadata: { name: 's' }, spec: made }));
        const count = factCount(slices(...items).bytes, { site: 'lab1', nodes: ['n1'] });
        counts[count === undefined ? 'refused' : 'read'] += 1;
      }),
      { seed: 20_261_123, numRuns: 400 },
    );
    expect(Math.min(counts.read, counts.refused)).toBeGreaterThan(20);
  });

  test('names are cleaned', () => {
    const odd = { ...h100(0), uuid: 'GPU-\u{202e}x', productName: 'NVIDIA H100\u{1b}[31m 80GB HBM3' };
    const [gpu] = gpusIn(read(slice({ devices: [device('gpu-0', odd)] })));
    expect(gpu?.uuid).toBe('GPU-\u{fffd}x');
    expect(
      whyUnknown(read(slice({ driver: 'evil\u{1b}[2J', devices: [device('d')] })), node, 'devices'),
    ).not.toMatch(/\p{Cc}/u);
  });
});
