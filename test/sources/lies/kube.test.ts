import { expect, test } from 'vitest';

import type { Observation } from '../../../src/model/fact.ts';
import { cloud } from '../../../src/sources/cloud/cloud.ts';
import { dra } from '../../../src/sources/dra/dra.ts';
import { inventory } from '../../../src/sources/inventory/inventory.ts';
import { kubernetes } from '../../../src/sources/kubernetes/kubernetes.ts';
import { demand } from '../../core/demand.ts';
import { device, slice, slices } from '../dra-given.ts';
import { capture, file, nodeIn, parsed, whyUnknown } from '../given.ts';
import { fitnessOn, fleetOf } from './placed.ts';

const lab = { site: 'lab1' };
const fits = { kind: 'fits' };

type Said = {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string>>;
};

/** A healthy node `lab1/n1` with these labels and resources. */
function seen({ labels, annotations, capacity = {} }: Said): Observation {
  const all = { cpu: '64', memory: '512Gi', ...capacity };
  const status = { capacity: all, allocatable: all, conditions: [{ type: 'Ready', status: 'True' }] };
  const node = { kind: 'Node', metadata: { name: 'n1', labels, annotations }, spec: {}, status };
  return parsed(kubernetes, [file('n.json', JSON.stringify(node))], lab);
}

const why = (observation: Observation, attribute: string, subject = 'lab1/n1') =>
  whyUnknown(observation, subject, attribute) ?? '';
const gfd = (set: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(set).map(([name, value]) => [`nvidia.com/${name}`, value]));
const h100 = gfd({ 'gpu.product': 'NVIDIA-H100-80GB-HBM3', 'gpu.memory': '81559', 'gpu.count': '8' });
const gpus = (count: string) => ({ 'nvidia.com/gpu': count });

test('the node of these tests, without a lie, gets what it can hold', () => {
  expect(fitnessOn('lab1/n1', demand('1×8 H100'), seen({ labels: h100, capacity: gpus('8') }))).toEqual(fits);
});

const migSingle = gfd({
  'gpu.product': 'NVIDIA-H100-80GB-HBM3-MIG-1g.10gb',
  'gpu.count': '7',
  'gpu.memory': '9984',
  'gpu.slices.gi': '1',
  'mig.strategy': 'single',
});

test('lie 1: under MIG `single` count and product are those of instances', () => {
  const observation = seen({ labels: migSingle, capacity: gpus('7') });
  expect(why(observation, 'gpuCount')).toContain('count instances (7), not GPUs');
  expect(nodeIn(observation, 'lab1/n1').sharing).toBe('mig-single');
  for (const asked of ['1×7 H100', '1×1 H100'])
    expect(fitnessOn('lab1/n1', demand(asked), observation).kind).toBe('fails');
  const mixed = seen({ labels: { ...h100, ...gfd({ 'mig-1g.10gb.count': '7' }) }, capacity: gpus('7') });
  expect(nodeIn(mixed, 'lab1/n1')).toMatchObject({ gpuCount: 8, sharing: 'mig-mixed' });
  expect(fitnessOn('lab1/n1', demand('1×8 H100'), mixed)).toEqual({
    kind: 'fails',
    constraint: 'whole-gpus',
  });
});

test('lie 2: instances of several sizes under `single` are called INVALID', () => {
  const labels = gfd({ 'gpu.product': 'NVIDIA-A100-SXM4-40GB-MIG-INVALID', 'gpu.count': '0' });
  const observation = seen({ labels, capacity: gpus('0') });
  expect(why(observation, 'migProfile')).toContain('instances of several sizes');
  const withCards = parsed(dra, [slices(slice({ devices: [device('gpu-0', a100)] }))], lab);
  const asked = demand('1×1 A100 mig:1g.5gb');
  expect(fitnessOn('lab1/n1', asked, observation, withCards)).toMatchObject({
    kind: 'unknown',
    attribute: 'migProfile',
  });
  expect(fitnessOn('lab1/n1', demand('1×1 A100'), observation, withCards).kind).toBe('fails');
});

const a100 = {
  type: 'gpu',
  uuid: 'GPU-a',
  productName: 'NVIDIA A100-SXM4-40GB',
  memory: '40960Mi',
};

test('lie 3: one profile under two names is one profile', () => {
  const labels = gfd({
    'gpu.product': 'NVIDIA-A100-SXM4-40GB',
    'gpu.count': '1',
    'gpu.memory': '40536',
    'mig-3g.21gb.count': '2',
  });
  const observation = seen({ labels, capacity: { 'nvidia.com/mig-3g.20gb': '2' } });
  expect(why(observation, 'migProfile')).toContain('`3g.20gb` and `3g.21gb` are two names of one profile');
  expect(fitnessOn('lab1/n1', demand('1×2 A100 mig:3g.20gb'), observation)).toEqual(fits);
  expect(fitnessOn('lab1/n1', demand('1×3 A100 mig:3g.20gb'), observation).kind).not.toBe('fits');
  expect(fitnessOn('lab1/n1', demand('1×1 A100 mig:3g.21gb'), observation).kind).toBe('fails');
});

test('lie 4: `nvidia.com/gpu` beside MIG resources counts nothing', () => {
  const capacity = { ...gpus('2'), 'nvidia.com/mig-1g.10gb': '6' };
  const observation = seen({ capacity });
  expect(why(observation, 'gpuCount')).toContain('stays allocatable beside MIG resources');
  expect(fitnessOn('lab1/n1', demand('1×2'), observation).kind).toBe('fails');
  const labelled = seen({ labels: { ...h100, ...gfd({ 'gpu.count': '2' }) }, capacity });
  expect(fitnessOn('lab1/n1', demand('1×2 H100'), labelled)).toEqual({
    kind: 'fails',
    constraint: 'whole-gpus',
  });
});

test('lie 5: time-slicing multiplies the resource, and the strategy tells, not the suffix', () => {
  const shared = gfd({ 'gpu.count': '1', 'gpu.replicas': '4', 'gpu.sharing-strategy': 'time-slicing' });
  const wrong = seen({
    labels: { ...h100, ...shared, ...gfd({ 'gpu.replicas': '3' }) },
    capacity: gpus('4'),
  });
  expect(why(wrong, 'sharing')).toContain('1 GPUs × 3 replicas, but 4 `nvidia.com/gpu`');
  for (const asked of ['1×4 H100', '1×1 H100'])
    expect(fitnessOn('lab1/n1', demand(asked), wrong)).toEqual({ kind: 'fails', constraint: 'whole-gpus' });
  const suffix = {
    ...h100,
    ...gfd({ 'gpu.product': 'NVIDIA-H100-80GB-HBM3-SHARED', 'gpu.sharing-strategy': 'none' }),
  };
  expect(fitnessOn('lab1/n1', demand('1×8 H100'), seen({ labels: suffix, capacity: gpus('8') }))).toEqual(
    fits,
  );
});

test('lie 6: `gpu.memory` of an instance is not that of a GPU', () => {
  const observation = seen({ labels: migSingle, capacity: gpus('7') });
  expect(why(observation, 'gpuMemoryMib')).toContain('`gpu.memory` (9984) is not that of a whole GPU');
  expect(nodeIn(observation, 'lab1/n1').gpuMemoryMib).toBeUndefined();
  const counted = parsed(
    dra,
    [
      slices(
        slice({
          devices: [device('gpu-0', { ...a100, productName: 'NVIDIA H100 80GB HBM3', memory: undefined })],
        }),
      ),
    ],
    lab,
  );
  const shape = fleetOf(observation, counted).nodes[0]?.shape;
  expect(shape?.models).toEqual([{ model: 'H100-SXM-80GB', mask: 1, memoryMib: undefined }]);
  expect(fitnessOn('lab1/n1', demand('1×1 H100 mig:1g.10gb'), observation, counted).kind).toBe('unknown');
});

test('lie 7: HAMi sets `nvidia.com/gpu` to 0 and keeps the count to itself', () => {
  const annotations = { 'hami.io/node-nvidia-register': 'GPU-1,10,81559,100,NVIDIA-H100,0,true:' };
  const observation = seen({ labels: h100, annotations, capacity: gpus('0') });
  expect(why(observation, 'sharing')).toContain('HAMi hands out shares');
  expect(fitnessOn('lab1/n1', demand('1×8 H100'), observation)).toMatchObject({
    kind: 'unknown',
    attribute: 'sharing',
  });
  expect(why(seen({ annotations, capacity: gpus('80') }), 'gpuCount')).toContain('HAMi keeps the count');
});

const amd = (labels: Record<string, string>, count: string) =>
  seen({ labels, capacity: { 'amd.com/gpu': count } });

test('lie 8: an AMD GPU in a virtual machine has another device id and no name', () => {
  const known = amd({ 'amd.com/gpu.device-id': '74b5', 'beta.amd.com/gpu.device-id.74b5': '8' }, '8');
  expect(known.assumptions).toContain('AMD device id `74b5` without a product name is read as MI300X-192GB');
  expect(fitnessOn('lab1/n1', demand('1×8 MI300X'), known)).toEqual(fits);
  const strange = amd({ 'amd.com/gpu.device-id': '74ff' }, '8');
  expect(why(strange, 'gpuModel')).toContain('device id `74ff` is unknown');
  expect(fitnessOn('lab1/n1', demand('1×8 MI300X'), strange).kind).toBe('fails');
});

test('lie 9: memory and counts of partitioned AMD GPUs are those of parts', () => {
  const product = { 'amd.com/gpu.product-name': 'AMD_Instinct_MI355X_OAM' };
  const halved = amd({ ...product, 'amd.com/gpu.vram': '144G' }, '8');
  expect(why(halved, 'sharing')).toContain('144 GiB for MI355X-288GB: a sign of partitioned GPUs');
  expect(nodeIn(halved, 'lab1/n1').gpuMemoryMib).toBeUndefined();
  const cut = amd({ ...product, 'amd.com/compute-memory-partition': 'cpx_nps1' }, '8');
  expect(why(cut, 'gpuCount')).toContain('may count parts');
  const cards = parsed(
    dra,
    [
      slices(
        slice({
          driver: 'gpu.amd.com',
          devices: [0, 1].map((part) =>
            device(`gpu-0-${128 + part}`, {
              type: 'amdgpu-partition',
              partitionProfile: 'dpx_nps1',
              productName: 'AMD_Instinct_MI355X_OAM',
              parentPciAddr: '0000:05:00.0',
              memory: '144Gi',
            }),
          ),
        }),
      ),
    ],
    lab,
  );
  expect(why(cards, 'gpuMemoryMib')).toContain('the memory of a part (144Gi) is not that of the GPU');
  for (const told of [[halved], [cut], [cards], [cards, halved]])
    expect(fitnessOn('lab1/n1', demand('1×1 MI355X gpumem100'), ...told).kind).not.toBe('fits');
  expect(fitnessOn('lab1/n1', demand('1×1 MI355X'), cards)).toMatchObject({
    kind: 'unknown',
    attribute: 'sharing',
  });
});

/** What an operator wrote down of a machine: that it has two NUMA nodes, and its size. */
const twoSockets = (machine: string): Observation =>
  parsed(inventory, [
    file(
      'fleet.yaml',
      `schema: berth/inventory/1
shapes: { dual: { numaNodes: 2, cpuMilli: 64000, memoryMib: 524288 } }
sites: { lab1: { nodes: [{ names: [${machine}], shape: dual }] } }`,
    ),
  ]);

test('lie 18: a PCIe root for each GPU, as in virtual machines, proves nothing', () => {
  const observation = parsed(dra, [capture('dra/resourceslices-eks-h100-node1.yaml')], lab);
  const node = 'lab1/gpu-node-1';
  expect(why(observation, 'pcieRoot', node)).toContain('each device has a PCIe root of its own');
  expect(observation.facts.some(({ set }) => Object.hasOwn(set, 'pcieRoot'))).toBe(false);
  expect(fitnessOn(node, demand('1×8 H100'), observation)).toEqual(fits);
  for (const [align, attribute] of [
    ['pcie-root', 'pcieRoot'],
    ['numa', 'numaNode'],
  ])
    expect(fitnessOn(node, demand(`1×1 H100 align:${align}`), observation, twoSockets('gpu-node-1'))).toEqual(
      { kind: 'unknown', constraint: 'align', attribute },
    );
});

const root = (at: number) => ({ 'resource.kubernetes.io/pcieRoot': `pci0000:${20 + at}` });

test('lie 18: roots that GPUs and NICs share are believed, so alignment is promised where it is proved', () => {
  const cards = [0, 1].map((at) => device(`gpu-${at}`, { ...h100Card(at), ...root(at) }));
  const ports = [0, 1].map((at) =>
    device(`mlx5_${at}`, { rdmaDevice: `mlx5_${at}`, rdma: true, ...root(at) }),
  );
  const gpusAlone = parsed(dra, [slices(slice({ devices: cards }))], lab);
  expect(fitnessOn('lab1/n1', demand('1×1 H100 align:pcie-root'), gpusAlone, twoSockets('n1'))).toMatchObject(
    {
      kind: 'unknown',
      attribute: 'pcieRoot',
    },
  );
  const both = parsed(
    dra,
    [slices(slice({ devices: cards }), slice({ driver: 'dra.net', devices: ports }))],
    lab,
  );
  expect(fleetOf(both).nodes[0]?.shape.gpus.map(({ pcieRoot }) => pcieRoot)).toEqual([0, 1]);
  expect(fitnessOn('lab1/n1', demand('1×1 H100 align:pcie-root'), both, twoSockets('n1'))).toEqual(fits);
  expect(fitnessOn('lab1/n1', demand('1×2 H100 align:pcie-root'), both, twoSockets('n1'))).toEqual({
    kind: 'fails',
    constraint: 'align',
  });
});

const fourGpus = (first: number) =>
  [0, 1, 2, 3].map((at) =>
    device(`gpu-${first + at}`, {
      type: 'gpu',
      uuid: `GPU-${first + at}`,
      productName: 'NVIDIA L4',
      memory: '23034Mi',
    }),
  );

test('lie 19: devices of incomplete pools and of old generations do not count', () => {
  const half = slice({ name: 'a', generation: 2, sliceCount: 2, devices: fourGpus(0) });
  const other = slice({ name: 'b', generation: 2, sliceCount: 2, devices: fourGpus(4) });
  const stale = slice({ name: 'c', generation: 1, sliceCount: 1, devices: fourGpus(8) });
  const incomplete = parsed(dra, [slices(half, stale)], lab);
  expect(why(incomplete, 'gpuCount')).toContain('1 of 2 slices of generation 2 are there');
  expect(fitnessOn('lab1/n1', demand('1×4 L4'), incomplete).kind).toBe('fails');
  const whole = parsed(dra, [slices(stale, other, half)], lab);
  expect(why(whole, 'gpuCount')).toContain('1 slices of generations before 2 are left out');
  expect(fitnessOn('lab1/n1', demand('1×8 L4'), whole)).toEqual(fits);
  expect(fitnessOn('lab1/n1', demand('1×9 L4'), whole)).toEqual({ kind: 'fails', constraint: 'node-size' });
  const old = parsed(dra, [capture('dra/resourceslice-dranet-gke-v1alpha.yaml')], lab);
  const host = 'lab1/gke-aojea-dra-multi-nic-985b8c20-jg5l';
  const reasons = old.unknown.filter(({ subject }) => subject === host).map((gap) => gap.why);
  expect(reasons.join(' ')).toContain('`basic`) under `resource.k8s.io/v1`');
  expect(reasons.join(' ')).toContain('names no pool');
});

const header = 'InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice';
const info = (count: number, size: number, total: number) =>
  `"{'Gpus': [{'Name': 'x', 'Manufacturer': 'NVIDIA', 'Count': ${count}, 'MemoryInfo': {'SizeInMiB': ${size}}}], 'TotalGpuMemoryInMiB': ${total}}"`;

/** A node of a machine type that nobody has described but the catalogue. */
function bareNode(machine: string): Observation {
  return seen({ labels: { 'node.kubernetes.io/instance-type': machine }, capacity: {} });
}

/** The same without a word about GPUs: as a list of machines has it. */
function unknownNode(machine: string): Observation {
  const observation = bareNode(machine);
  const facts = observation.facts.map((fact) => {
    if (fact.kind !== 'node') return fact;
    const { gpuCount: _, ...set } = fact.set;
    return { ...fact, set };
  });
  return { ...observation, facts };
}

test('lie 28: what catalogues put into the wrong column, leave empty or write as 0', () => {
  const lambda = parsed(cloud, [capture('cloud/skypilot-lambda-vms-excerpt.csv')]);
  expect(why(lambda, 'gpuMemoryMib', 'gpu_8x_v100')).toContain(
    'for all 8 GPUs has 16384 MiB, which is the size of one',
  );
  const node = unknownNode('gpu_8x_v100');
  expect(fitnessOn('lab1/n1', demand('1×8 V100'), node, lambda)).toEqual(fits);
  expect(fitnessOn('lab1/n1', demand('1×8 V100 gpumem2'), node, lambda)).toMatchObject({
    kind: 'unknown',
    attribute: 'gpuMemoryMib',
  });

  const rows = [
    header,
    `ecs1gpu,A100,1,16,64,2.0,,${info(1, 0, 0)},`,
    `g6f.xlarge,L4,0,4,16,0.2,us-east-1,${info(0, 2861, 2861)},`,
    `g6f.2xlarge,L4,0.25,8,32,0.4,us-east-1,${info(1, 5722, 5722)},`,
  ];
  const context = { site: 'lab1', region: 'us-east-1', eurPerUsd: '0.9' };
  const odd = parsed(cloud, [file('vms.csv', rows.join('\n'))], context);
  expect(odd.unknown.find(({ attribute }) => attribute === 'region')?.why).toContain('1 rows name no region');
  expect(why(odd, 'gpuMemoryMib', 'ecs1gpu')).toContain('no GPU memory, or 0');
  expect(why(odd, 'gpus', 'g6f.xlarge')).toContain('0 of a GPU with 2861 MiB: a share');
  expect(why(odd, 'gpuPrices', 'lab1')).toContain('no price for a GPU');
  for (const machine of ['g6f.xlarge', 'g6f.2xlarge'])
    expect(fitnessOn('lab1/n1', demand('1×1 L4'), unknownNode(machine), odd).kind).toBe('fails');
});

test('lie 29: a catalogue knows nominal memory, the card shows less', () => {
  const aws = parsed(cloud, [capture('cloud/karpenter-aws-accelerated-a.json')]);
  expect(why(aws, 'gpuMemoryMib', 'p5.48xlarge')).toContain('81920 MiB is a nominal size (80 GiB)');
  const labels = {
    'node.kubernetes.io/instance-type': 'p5.48xlarge',
    'karpenter.k8s.aws/instance-gpu-name': 'h100',
    'karpenter.k8s.aws/instance-gpu-count': '8',
    'karpenter.k8s.aws/instance-gpu-memory': '81920',
  };
  const node = seen({ labels, capacity: gpus('8') });
  expect(why(node, 'gpuMemoryMib')).toContain('81920 MiB is the nominal size');
  for (const told of [[node], [unknownNode('p5.48xlarge'), aws]]) {
    expect(fitnessOn('lab1/n1', demand('1×8 H100'), ...told)).toEqual(fits);
    expect(fitnessOn('lab1/n1', demand('1×8 H100 gpumem80'), ...told)).toMatchObject({
      kind: 'unknown',
      attribute: 'gpuMemoryMib',
    });
  }
  const cards = fourGpus(0).map((card, at) => ({ ...card, ...device(`gpu-${at}`, h100Card(at)) }));
  const seenByDriver = parsed(dra, [slices(slice({ devices: cards }))], lab);
  expect(fitnessOn('lab1/n1', demand('1×4 H100 gpumem79'), node, seenByDriver, aws)).toEqual(fits);
  expect(fitnessOn('lab1/n1', demand('1×4 H100 gpumem80'), node, seenByDriver, aws).kind).not.toBe('fits');
});

const h100Card = (at: number) => ({
  type: 'gpu',
  uuid: `GPU-${at}`,
  productName: 'NVIDIA H100 80GB HBM3',
  memory: '81559Mi',
});

/** Shaped like AICR's profile for GB200: a tray has four of them, and AWS calls its machine type otherwise. */
const gb200Profile = {
  apiVersion: 'aicr.run/v1beta1',
  kind: 'KWOKNodeProfile',
  metadata: { name: 'p6-gb200' },
  spec: {
    instanceType: 'p6.48xlarge',
    resources: { cpu: '288', memory: '3072Gi' },
    gpu: { product: 'NVIDIA-GB200-192GB-HBM3e', count: 8, memory: 196_608 },
  },
};

test('lie 32: a simulated node, of a machine type that does not exist, holds nothing', () => {
  const observation = parsed(kubernetes, [file('p6-gb200.json', JSON.stringify(gb200Profile))], lab);
  expect(observation.assumptions).toContain(
    '`p6-gb200` is a simulated node (KWOKNodeProfile), not one that was seen: `p6.48xlarge` need not exist',
  );
  expect(why(observation, 'schedulable', 'lab1/p6-gb200')).toContain('nothing real');
  for (const asked of ['1×8 GB200', '1×1 GB200', '1×cpu4'])
    expect(fitnessOn('lab1/p6-gb200', demand(asked), observation)).toEqual({
      kind: 'fails',
      constraint: 'health',
    });
});
