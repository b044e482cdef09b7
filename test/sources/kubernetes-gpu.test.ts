import { expect, test } from 'vitest';

import type { NodeFacts } from '../../src/model/fact.ts';
import { kubernetes } from '../../src/sources/kubernetes/kubernetes.ts';
import { confidenceOf, file, nodeIn, parsed, whyUnknown } from './given.ts';

type Said = {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly capacity?: Record<string, string>;
  readonly allocatable?: Record<string, string>;
};

/** What Berth makes of one node, by label and resource. */
function read({ labels, annotations, capacity = {}, allocatable = capacity }: Said) {
  const node = {
    kind: 'Node',
    metadata: { name: 'n1', labels, annotations },
    spec: {},
    status: { capacity: { cpu: '8', ...capacity }, allocatable: { cpu: '8', ...allocatable } },
  };
  const observation = parsed(kubernetes, [file('n.json', JSON.stringify(node))], { site: 'lab1' });
  const { gpuModel, gpuCount, sharing, gpuMemoryMib, link } = nodeIn(observation, 'lab1/n1');
  return {
    facts: { gpuModel, gpuCount, sharing, gpuMemoryMib, link },
    why: (attribute: string) => whyUnknown(observation, 'lab1/n1', attribute) ?? '',
    confidence: (attribute: keyof NodeFacts) => confidenceOf(observation, 'lab1/n1', attribute),
    health: nodeIn(observation, 'lab1/n1').health,
  };
}

const h100 = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.memory': '81559' };
const gpus = (count: string) => ({ 'nvidia.com/gpu': count });

test('eight whole GPUs, and the form of the module is derived', () => {
  const { facts, confidence } = read({
    labels: { ...h100, 'nvidia.com/gpu.count': '8', 'nvidia.com/gpu.sharing-strategy': 'none' },
    capacity: gpus('8'),
  });
  expect(facts).toEqual({
    gpuModel: 'H100-SXM-80GB',
    gpuCount: 8,
    sharing: 'none',
    gpuMemoryMib: 81_559,
    link: 'nvlink',
  });
  const attributes = ['gpuModel', 'link', 'gpuCount', 'sharing'] as const;
  expect(attributes.map(confidence)).toEqual(['derived', 'derived', 'stated', 'stated']);
});

test('MIG `single`: seven instances are not seven GPUs, and their memory is not that of a GPU', () => {
  const { facts, why } = read({
    labels: {
      'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3-MIG-1g.10gb',
      'nvidia.com/gpu.count': '7',
      'nvidia.com/gpu.memory': '9984',
      'nvidia.com/mig.strategy': 'single',
      'nvidia.com/gpu.slices.gi': '1',
    },
    capacity: gpus('7'),
  });
  expect(facts).toMatchObject({ gpuModel: 'H100-SXM-80GB', sharing: 'mig-single' });
  expect([facts.gpuCount, facts.gpuMemoryMib]).toEqual([undefined, undefined]);
  expect(why('gpuCount')).toContain('count instances (7), not GPUs');
  expect(why('gpuMemoryMib')).toContain('9984');
});

test('MIG `single` with instances of several sizes still names the card', () => {
  const { facts } = read({ labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3-MIG-INVALID' } });
  expect(facts).toMatchObject({ gpuModel: 'H100-SXM-80GB', sharing: 'mig-single' });
  expect(facts.gpuCount).toBeUndefined();
});

test('strategy `single` on a node whose MIG mode is off counts GPUs', () => {
  const { facts } = read({
    labels: { ...h100, 'nvidia.com/gpu.count': '8', 'nvidia.com/mig.strategy': 'single' },
    capacity: gpus('8'),
  });
  expect(facts).toMatchObject({ gpuCount: 8, sharing: undefined });
});

test('MIG `mixed` keeps the physical count', () => {
  const { facts } = read({
    labels: { ...h100, 'nvidia.com/gpu.count': '8', 'nvidia.com/mig-1g.10gb.count': '7' },
    capacity: { ...gpus('7'), 'nvidia.com/mig-1g.10gb': '7' },
  });
  expect(facts).toMatchObject({ gpuCount: 8, sharing: 'mig-mixed', gpuMemoryMib: 81_559 });
});

test('`nvidia.com/gpu` beside MIG resources counts nothing', () => {
  const { facts, why } = read({ capacity: { ...gpus('2'), 'nvidia.com/mig-3g.21gb': '4' } });
  expect(facts).toMatchObject({ gpuCount: undefined, sharing: 'mig-mixed' });
  expect(why('gpuCount')).toContain('beside MIG resources');
});

test('MIG resources of zero are no partition', () => {
  const { facts } = read({
    labels: { ...h100, 'nvidia.com/gpu.count': '2', 'nvidia.com/mig.strategy': 'mixed' },
    capacity: { ...gpus('2'), 'nvidia.com/mig-3g.40gb': '0' },
  });
  expect(facts).toMatchObject({ gpuCount: 2, sharing: undefined });
});

test.each(['time-slicing', 'mps'])('%s multiplies the resource, not the GPUs', (strategy) => {
  const { facts, why } = read({
    labels: {
      ...h100,
      'nvidia.com/gpu.count': '2',
      'nvidia.com/gpu.replicas': '4',
      'nvidia.com/gpu.sharing-strategy': strategy,
    },
    capacity: gpus('8'),
  });
  expect(facts).toMatchObject({ gpuCount: 2, sharing: strategy });
  expect(why('sharing')).toBe('');
});

test('replicas that do not explain the resource are reported', () => {
  const { facts, why } = read({
    labels: {
      'nvidia.com/gpu.count': '2',
      'nvidia.com/gpu.replicas': '1',
      'nvidia.com/gpu.sharing-strategy': 'time-slicing',
    },
    capacity: gpus('8'),
  });
  expect(facts).toMatchObject({ gpuCount: 2, sharing: 'time-slicing' });
  expect(why('sharing')).toContain('2 GPUs × 1 replicas, but 8');
});

test('the strategy counts, not the suffix of the product', () => {
  const { facts } = read({
    labels: {
      'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3-SHARED',
      'nvidia.com/gpu.count': '2',
      'nvidia.com/gpu.sharing-strategy': 'none',
    },
    capacity: gpus('2'),
  });
  expect(facts).toMatchObject({ gpuCount: 2, sharing: 'none' });
});

test.each<[string, Said, string]>([
  [
    'more resources than GPUs',
    { labels: { 'nvidia.com/gpu.count': '2' }, capacity: gpus('8') },
    '8 `nvidia.com/gpu` for 2',
  ],
  [
    'replicas without a strategy',
    { labels: { 'nvidia.com/gpu.count': '2', 'nvidia.com/gpu.replicas': '4' } },
    '4 replicas',
  ],
  [
    'a `-SHARED` product without a strategy',
    { labels: { 'nvidia.com/gpu.count': '2', 'nvidia.com/gpu.product': 'Tesla-T4-SHARED' } },
    'signs of shared',
  ],
  ['a resource without any label', { capacity: gpus('8') }, 'without GPU Feature Discovery'],
  [
    'HAMi, which sets the resource to 0',
    {
      labels: { 'nvidia.com/gpu.count': '8' },
      annotations: { 'hami.io/node-nvidia-register': '…' },
      capacity: gpus('0'),
    },
    'HAMi',
  ],
  [
    'a device plugin that offers nothing',
    { labels: { 'nvidia.com/gpu.count': '8' }, capacity: gpus('0') },
    '0 `nvidia.com/gpu`',
  ],
  [
    'a vGPU guest',
    { labels: { 'nvidia.com/gpu.count': '1', 'nvidia.com/vgpu.present': 'true' }, capacity: gpus('1') },
    'vGPU',
  ],
  [
    'a strategy that nobody knows',
    {
      labels: { 'nvidia.com/gpu.count': '1', 'nvidia.com/gpu.sharing-strategy': 'quantum' },
      capacity: gpus('1'),
    },
    '`quantum`',
  ],
])('whole GPUs are in doubt: %s', (_, said, reason) => {
  const { facts, why } = read(said);
  expect(facts.sharing).toBe('unknown');
  expect(why('sharing')).toContain(reason);
});

test('HAMi without labels leaves the count open', () => {
  const { facts, why } = read({ annotations: { 'hami.io/node-nvidia-register': '…' }, capacity: gpus('0') });
  expect(facts.gpuCount).toBeUndefined();
  expect(why('gpuCount')).toContain('HAMi');
});

test.each([
  ['7', 7, 'degraded'],
  ['0', 8, 'down'],
])('8 GPUs of which %s are allocatable', (allocatable, count, health) => {
  const found = read({
    labels: { ...h100, 'nvidia.com/gpu.count': '8' },
    capacity: gpus('8'),
    allocatable: gpus(allocatable),
  });
  expect([found.facts.gpuCount, found.health]).toEqual([count, health]);
});

test('GPUs that no device plugin offers are counted, and the missing offer is said', () => {
  const { facts, why } = read({ labels: { ...h100, 'nvidia.com/gpu.count': '8' } });
  expect(facts).toMatchObject({ gpuCount: 8, sharing: undefined });
  expect(why('allocatable')).toContain('DRA');
});

test.each([
  ['33', '33 GPUs in one node'],
  ['99999', '99999 GPUs'],
  ['eight', 'neither a label nor a resource'],
  ['-1', 'neither a label nor a resource'],
])('an impossible count `%s` stays open', (count, reason) => {
  const { facts, why } = read({ labels: { ...h100, 'nvidia.com/gpu.count': count } });
  expect(facts.gpuCount).toBeUndefined();
  expect(why('gpuCount')).toContain(reason);
});

test('PCIe cards may have NVLink bridges: the link is left open; single cards need none', () => {
  const pcie = { 'nvidia.com/gpu.product': 'NVIDIA-H100-PCIe' };
  const four = read({ labels: { ...pcie, 'nvidia.com/gpu.count': '4' } });
  expect([four.facts.link, four.why('link')]).toEqual([undefined, expect.stringContaining('NVLink')]);
  const one = read({ labels: { ...pcie, 'nvidia.com/gpu.count': '1' } });
  expect([one.facts.link, one.why('link')]).toEqual([undefined, '']);
});

test('a clique is NVLink', () => {
  const { facts, why } = read({ labels: { 'nvidia.com/gpu.clique': 'abc.0' } });
  expect(facts.link).toBe('nvlink');
  expect(why('island')).toBe('');
});

test.each(['pending', 'rebooting', 'failed'])(
  'MIG that is being set up (%s) leaves sharing in doubt',
  (state) => {
    const labels = { ...h100, 'nvidia.com/gpu.count': '8', 'nvidia.com/mig.config.state': state };
    const { facts, why } = read({ labels, capacity: gpus('8') });
    expect(facts.sharing).toBe('unknown');
    expect(why('sharing')).toContain(`mig.config.state=${state}`);
    const done = read({
      labels: { ...labels, 'nvidia.com/mig.config.state': 'success' },
      capacity: gpus('8'),
    });
    expect(done.facts.sharing).toBeUndefined();
  },
);

test('GKE: names, counts and sharing of its own', () => {
  const gke = 'cloud.google.com/gke-';
  const { facts, confidence } = read({
    labels: { [`${gke}accelerator`]: 'nvidia-h100-80gb', [`${gke}accelerator-count`]: '8' },
    capacity: gpus('8'),
  });
  expect(facts).toMatchObject({ gpuModel: 'H100-SXM-80GB', gpuCount: 8, sharing: 'none', link: 'nvlink' });
  expect(confidence('gpuCount')).toBe('derived');
  const shared = read({
    labels: {
      [`${gke}accelerator`]: 'nvidia-tesla-t4',
      [`${gke}accelerator-count`]: '1',
      [`${gke}gpu-sharing-strategy`]: 'time-sharing',
      [`${gke}max-shared-clients-per-gpu`]: '4',
    },
    capacity: gpus('4'),
  });
  expect(shared.facts).toMatchObject({ gpuModel: 'T4-16GB', gpuCount: 1, sharing: 'time-slicing' });
  const mig = read({
    labels: { [`${gke}accelerator`]: 'nvidia-tesla-a100', [`${gke}gpu-partition-size`]: '1g.5gb' },
    capacity: gpus('7'),
  });
  expect(mig.facts).toMatchObject({ gpuModel: 'A100-SXM4-40GB', gpuCount: undefined, sharing: 'mig-single' });
});

test('Karpenter repeats what the instance type has', () => {
  const karpenter = 'karpenter.k8s.aws/instance-gpu-';
  const { facts, confidence } = read({
    labels: { [`${karpenter}name`]: 'l4', [`${karpenter}count`]: '4', [`${karpenter}memory`]: '22888' },
    capacity: gpus('4'),
  });
  expect(facts).toMatchObject({ gpuModel: 'L4-24GB', gpuCount: 4, gpuMemoryMib: 22_888, link: 'none' });
  expect(confidence('gpuModel')).toBe('derived');
});

test('AMD: the value stands in the key of the older labels', () => {
  const { facts } = read({
    labels: {
      'beta.amd.com/gpu.product-name.AMD_Instinct_MI300X_OAM': '8',
      'beta.amd.com/gpu.device-id.74a1': '8',
      'beta.amd.com/gpu.vram.191G': '8',
    },
    capacity: { 'amd.com/gpu': '8' },
  });
  expect(facts).toEqual({
    gpuModel: 'MI300X-192GB',
    gpuCount: 8,
    sharing: undefined,
    gpuMemoryMib: 195_584,
    link: 'xgmi',
  });
});

test.each<[string, Said, string]>([
  [
    'memory divided by the partitions',
    {
      labels: { 'amd.com/gpu.product-name': 'AMD_Instinct_MI355X_OAM', 'amd.com/gpu.vram': '144G' },
      capacity: { 'amd.com/gpu': '8' },
    },
    '144 GiB for MI355X-288GB',
  ],
  [
    'a partition label',
    {
      labels: { 'amd.com/compute-memory-partition': 'cpx_nps4', 'amd.com/gpu.device-id': '74a1' },
      capacity: { 'amd.com/gpu': '8' },
    },
    '`cpx_nps4`',
  ],
  [
    'a partition resource',
    { labels: { 'amd.com/gpu.device-id': '74a1' }, capacity: { 'amd.com/cpx_nps1': '64' } },
    'partitioned',
  ],
  [
    'labels and resource that differ',
    { labels: { 'beta.amd.com/gpu.device-id.74a1': '64' }, capacity: { 'amd.com/gpu': '8' } },
    'labels count 64 GPUs',
  ],
])('AMD GPUs are not counted: %s', (_, said, reason) => {
  const { facts, why } = read(said);
  expect([facts.gpuCount, facts.sharing]).toEqual([undefined, 'unknown']);
  expect(why('gpuCount')).toContain(reason);
});

test('AMD: an unknown device id, and several, name no model', () => {
  const unknown = read({ labels: { 'amd.com/gpu.device-id': 'beef' }, capacity: { 'amd.com/gpu': '1' } });
  expect([unknown.facts.gpuModel, unknown.why('gpuModel')]).toEqual([
    undefined,
    expect.stringContaining('beef'),
  ]);
  const several = read({
    labels: { 'beta.amd.com/gpu.device-id.74a1': '4', 'beta.amd.com/gpu.device-id.740f': '4' },
  });
  expect([several.facts.gpuModel, several.why('gpuModel')]).toEqual([
    undefined,
    expect.stringContaining('several'),
  ]);
});

test('accelerators of two makers in one node are not mixed up', () => {
  const { facts, why } = read({ capacity: { 'nvidia.com/gpu': '1', 'amd.com/gpu': '1' } });
  expect([facts.gpuModel, facts.gpuCount]).toEqual([undefined, undefined]);
  expect(why('gpuModel')).toContain('several makers');
});

test('a maker whose labels are not read is counted, with doubt', () => {
  const { facts, why } = read({ capacity: { 'habana.ai/gaudi': '8' } });
  expect(facts).toMatchObject({ gpuCount: 8, sharing: 'unknown', gpuModel: undefined });
  expect(why('gpuModel')).toContain('habana.ai/gaudi');
});

test('a node with resources and no GPU among them has none', () => {
  expect(read({}).facts.gpuCount).toBe(0);
});

test('a GPU on the bus without a driver is not no GPU', () => {
  const { facts, why } = read({ labels: { 'feature.node.kubernetes.io/pci-0302_10de.present': 'true' } });
  expect(facts.gpuCount).toBeUndefined();
  expect(why('gpuCount')).toContain('on the bus');
});
