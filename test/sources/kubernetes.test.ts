import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { BerthError } from '../../src/model/error.ts';
import { kubernetes } from '../../src/sources/kubernetes/kubernetes.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const lab = { site: 'lab1' };

function node(name: string, more: object = {}, labels: Record<string, string> = {}) {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, ...more };
}

function list(...items: object[]) {
  return file('nodes.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2));
}

function at(region: string) {
  return { 'topology.kubernetes.io/region': region };
}

function driverOf(labels: Record<string, string>) {
  return nodeIn(parsed(kubernetes, [list(node('a', {}, labels))], lab), 'lab1/a').driver;
}

const ready = { conditions: [{ type: 'Ready', status: 'True' }] };

test('nodes as people have printed them', () => {
  const seen = parsed(kubernetes, [capture('kubernetes/seen-nodes-a.yaml')], lab);
  expect(nodeIn(seen, 'lab1/dell-xe9680-h100')).toMatchObject({
    hostName: 'dell-xe9680-h100',
    machine: 'PowerEdge-XE9680',
    gpuModel: 'H100-SXM-80GB',
    gpuCount: 8,
    gpuMemoryMib: 81_559,
    link: 'nvlink',
  });
  expect(nodeIn(seen, 'lab1/smc-4124gs-a100-mig-mixed')).toMatchObject({
    gpuModel: 'A100-PCIE-40GB',
    gpuMemoryMib: 40_536,
    sharing: 'mig-mixed',
  });
  const doubled = nodeIn(seen, 'lab1/rke2-a100-mig-mixed-double-count');
  expect(doubled).toMatchObject({ cpuMilli: 64_000, memoryMib: 507_479, sharing: 'mig-mixed' });
  expect(doubled.gpuCount).toBeUndefined();
  expect(nodeIn(seen, 'lab1/h100-time-sliced')).toMatchObject({ gpuCount: 1, sharing: 'time-slicing' });
  expect(nodeIn(seen, 'lab1/openshift-vm-v100')).toMatchObject({ gpuModel: 'V100-SXM2-16GB', gpuCount: 1 });
  expect(nodeIn(seen, 'lab1/aks-nd96isr-mi300x')).toMatchObject({
    machine: 'Standard_ND96isr_MI300X_v5',
    gpuModel: 'MI300X-192GB',
    gpuCount: 8,
    gpuMemoryMib: 195_584,
    link: 'xgmi',
    driver: '6.8.5',
  });
  expect(nodeIn(seen, 'lab1/nvl72-tray-worker-0')).toMatchObject({
    link: 'nvlink',
    leaf: 'lab1/leaf-1-1',
    island: 'lab1/00000000-0000-0000-0000-0000000000ab.0',
  });
  expect(seen.facts).toContainEqual(
    expect.objectContaining({ kind: 'leaf', subject: 'lab1/leaf-1-1', set: { spine: 'lab1/spine-1' } }),
  );
  expect(whyUnknown(seen, 'lab1/nvl72-tray-worker-0', 'gpuCount')).toBeDefined();
  expect(seen.facts.every(({ kind, origin }) => kind === 'site' || origin.line !== undefined)).toBe(true);
});

test('a simulated node is an assumption, not an observation', () => {
  const profiles = ['eks-p5-h100', 'eks-system-m7i'].map((name) =>
    capture(`kubernetes/aicr-kwok-profile-${name}.yaml`),
  );
  const seen = parsed(kubernetes, profiles, lab);
  expect(nodeIn(seen, 'lab1/p5-h100')).toMatchObject({
    machine: 'p5.48xlarge',
    cpuMilli: 192_000,
    memoryMib: 2_097_152,
    gpuModel: 'H100-SXM-80GB',
    gpuCount: 8,
    gpuMemoryMib: 81_920,
    driver: '570.86.16',
    schedulable: false,
  });
  expect(whyUnknown(seen, 'lab1/p5-h100', 'schedulable')).toContain('nothing real');
  expect(nodeIn(seen, 'lab1/system-m7i')).toMatchObject({ cpuMilli: 16_000, gpuCount: 0 });
  expect(new Set(seen.facts.map((fact) => fact.confidence))).toEqual(new Set(['assumed']));
  expect(seen.assumptions).toContain(
    '`p5-h100` is a simulated node (KWOKNodeProfile), not one that was seen: `p5.48xlarge` need not exist',
  );
});

test.each(['gfd-expected-output-mig-none.txt', 'gfd-expected-output-mig-single.txt'])(
  '%s is a list of regular expressions, and no nodes',
  (name) => {
    const { message, fix } = refusal(() =>
      kubernetes.parse([capture(`kubernetes/${name}`)], { ...lab, observedAtMs: 0 }),
    );
    expect(message).toContain('one regular expression for each label');
    expect(fix).toContain('`kubectl get nodes -o yaml`');
  },
);

test('the site is --site, else the region; without both the node is named', () => {
  const nodes = list(node('a', {}, { 'topology.kubernetes.io/region': 'eu-central-1' }));
  expect(parsed(kubernetes, [nodes]).facts[0]?.subject).toBe('eu-central-1');
  expect(parsed(kubernetes, [nodes], lab).facts[0]?.subject).toBe('lab1');
  const { message, fix } = refusal(() => parsed(kubernetes, [list(node('a'))]));
  expect(message).toBe('`nodes.json` line 5: node `a` has no region label, so its site is not known');
  expect(fix).toContain('--site');
  expect(refusal(() => parsed(kubernetes, [nodes], { site: 'Fra 1/h1' })).message).toContain('`Fra 1/h1`');
});

test('a region has a country only when the provider is known', () => {
  const labels = { 'topology.kubernetes.io/region': 'eu-central-1' };
  const onAws = parsed(kubernetes, [
    list(node('a', { spec: { providerID: 'aws:///eu-central-1a/i-0' } }, labels)),
  ]);
  expect(onAws.facts).toContainEqual(
    expect.objectContaining({ kind: 'site', confidence: 'derived', set: { kind: 'cloud', country: 'DE' } }),
  );
  const somewhere = parsed(kubernetes, [list(node('a', { spec: {} }, labels))]);
  expect(whyUnknown(somewhere, 'eu-central-1', 'country')).toContain('no provider');
});

test('nodes of several regions forced into one site leave its country open', () => {
  const both = parsed(
    kubernetes,
    [list(node('a', {}, at('eu-central-1')), node('b', {}, at('us-east-1')))],
    lab,
  );
  expect(whyUnknown(both, 'lab1', 'country')).toContain('several regions');
});

test('racks and halls come from labels that name them; a zone is neither', () => {
  const seen = parsed(
    kubernetes,
    [
      list(
        node('a', {}, { 'topology.kubernetes.io/zone': 'eu-central-1a' }),
        node('b', {}, { 'topology.rook.io/rack': 'R11', 'example.com/data-hall': 'H1' }),
        node('c', {}, { 'cloud.example.com/topology-rack': 'r12' }),
        node('d', {}, { 'x/rack': 'r1', 'y/rack': 'r2' }),
      ),
    ],
    lab,
  );
  const of = (kind: string) => seen.facts.filter((fact) => fact.kind === kind).map((fact) => fact.subject);
  expect(of('node')).toEqual(expect.arrayContaining(['lab1/a', 'lab1/h1/r11/b', 'lab1/r12/c', 'lab1/d']));
  expect(of('rack')).toEqual(['lab1/h1/r11', 'lab1/r12']);
  expect(of('hall')).toEqual(['lab1/h1']);
});

test.each([
  [[{ type: 'Ready', status: 'True' }], 'healthy'],
  [[{ type: 'Ready', status: 'False' }], 'down'],
  [[{ type: 'Ready', status: 'Unknown' }], 'down'],
  [
    [
      { type: 'Ready', status: 'True' },
      { type: 'DiskPressure', status: 'True' },
    ],
    'degraded',
  ],
  [
    [
      { type: 'Ready', status: 'True' },
      { type: 'DiskPressure', status: 'False' },
    ],
    'healthy',
  ],
  [
    [
      { type: 'Ready', status: 'True' },
      { type: 'AcceleratedHardwareReady', status: 'False' },
    ],
    'degraded',
  ],
  [
    [
      { type: 'Ready', status: 'True' },
      { type: 'ContainerRuntimeReady', status: 'True' },
    ],
    'healthy',
  ],
  [[], undefined],
  ['broken', undefined],
])('conditions %j are health %s', (conditions, health) => {
  const seen = parsed(kubernetes, [list(node('a', { status: { conditions } }))], lab);
  expect(nodeIn(seen, 'lab1/a').health).toBe(health);
});

test.each([
  [{}, true],
  [{ unschedulable: true }, false],
  [{ taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] }, true],
  [{ taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }] }, true],
  [{ taints: [{ key: 'dedicated', value: 'team-a', effect: 'NoSchedule' }] }, false],
  [{ taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }, false],
  [{ taints: [{ key: 'maintenance', effect: 'NoExecute' }] }, false],
  [{ taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] }, true],
  [undefined, undefined],
])('spec %j is schedulable: %s', (spec, schedulable) => {
  const seen = parsed(kubernetes, [list(node('a', { spec }))], lab);
  expect(nodeIn(seen, 'lab1/a').schedulable).toBe(schedulable);
});

test('what is allocatable counts, not the capacity; a quantity that cannot be read stays open', () => {
  const status = {
    ...ready,
    capacity: { cpu: '96', memory: '1056270336Ki', 'ephemeral-storage': '100Gi' },
    allocatable: { cpu: '95500m', memory: 'lots', 'ephemeral-storage': '95Gi' },
    nodeInfo: { kubeletVersion: 'v1.34.2' },
  };
  const seen = parsed(kubernetes, [list(node('a', { status }))], lab);
  expect(nodeIn(seen, 'lab1/a')).toMatchObject({
    cpuMilli: 95_500,
    storageGib: 95,
    kubernetes: 'v1.34.2',
    gpuCount: 0,
  });
  expect(whyUnknown(seen, 'lab1/a', 'memoryMib')).toBe('the quantity `lots` cannot be read');
  expect(confidenceOf(seen, 'lab1/a', 'cpuMilli')).toBe('stated');
});

test('the driver from the new labels and from the old ones', () => {
  const old = 'nvidia.com/cuda.driver.';
  expect(driverOf({ 'nvidia.com/cuda.driver-version.full': '570.86.16' })).toBe('570.86.16');
  expect(driverOf({ [`${old}major`]: '550', [`${old}minor`]: '54', [`${old}rev`]: '15' })).toBe('550.54.15');
  expect(driverOf({ [`${old}major`]: '550', [`${old}minor`]: '90', [`${old}rev`]: '' })).toBe('550.90');
  const now = 'nvidia.com/cuda.driver-version.';
  expect(driverOf({ [`${now}major`]: '580', [`${now}minor`]: '82', [`${now}revision`]: '7' })).toBe(
    '580.82.7',
  );
});

test('labels are cleaned, cut, and few; descriptions of the CPU go first', () => {
  const many = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`feature.node.kubernetes.io/cpu-cpuid.X${i}`, 'true']),
  );
  const seen = parsed(
    kubernetes,
    [
      list(
        node(
          'a',
          {},
          { ...many, note: `\u001b[31mSYSTEM:\u202e ${'x'.repeat(300)}`, ['__proto__']: 'p', team: 't' },
        ),
      ),
    ],
    lab,
  );
  const { labels = {} } = nodeIn(seen, 'lab1/a');
  expect(Object.keys(labels)).toHaveLength(100);
  expect(labels['team']).toBe('t');
  expect(labels['note']).toMatch(/^�\[31mSYSTEM:� x+…$/u);
  expect(labels['note']).toHaveLength(200);
  expect(whyUnknown(seen, 'lab1/a', 'labels')).toBe('52 more labels are left out');
});

test('names that cannot stand in a path keep apart', () => {
  const names = ['A_b', 'a b', `${'long-'.repeat(30)}1`, `${'long-'.repeat(30)}2`, '💥'];
  const seen = parsed(kubernetes, [list(...names.map((name) => node(name)))], lab);
  const nodes = seen.facts.filter((fact) => fact.kind === 'node');
  expect(new Set(nodes.map((fact) => fact.subject)).size).toBe(names.length);
  expect(nodes.map((fact) => (fact.kind === 'node' ? fact.set.hostName : ''))).toEqual(
    expect.arrayContaining(names),
  );
});

test('the longest names still make a path', () => {
  const rack = { 'x/rack': 'r'.repeat(63), 'x/hall': 'h'.repeat(63) };
  const seen = parsed(kubernetes, [list(node('n'.repeat(253), {}, rack))], { site: 's'.repeat(63) });
  expect(seen.facts.filter((fact) => fact.kind === 'node')).toHaveLength(1);
});

test('one node twice: the same is one, another is refused with both places', () => {
  expect(
    parsed(kubernetes, [list(node('a'), node('a'))], lab).facts.filter((fact) => fact.kind === 'node'),
  ).toHaveLength(1);
  const { message } = refusal(() =>
    parsed(kubernetes, [list(node('a'), node('b'), node('a', { spec: { unschedulable: true } }))], lab),
  );
  expect(message).toBe('`nodes.json` line 21: node `a` differs from the one in `nodes.json` line 5');
});

test('a list, a single node, YAML documents, JSON without kinds: the same facts', () => {
  const nodes = [node('a', { spec: {} }, { team: 'x' }), node('b', { status: ready })];
  const bare = nodes.map(({ kind, ...rest }) => (kind === 'Node' ? rest : {}));
  const forms = [
    JSON.stringify({ kind: 'List', items: nodes }),
    JSON.stringify({ kind: 'NodeList', items: bare }),
    JSON.stringify(nodes),
    stringify({ kind: 'NodeList', items: bare }),
    `---\n${nodes.map((each) => stringify(each)).join('---\n')}---\n# end\n`,
  ];
  const facts = forms.map((text) => withoutLines(parsed(kubernetes, [file('n', text)], lab)));
  for (const each of facts) expect(each).toEqual(facts[0]);
  const apart = nodes.map((each, i) => file(`${i}.json`, JSON.stringify(each)));
  expect(withoutLines(parsed(kubernetes, apart, lab))).toEqual(facts[0]);
});

test('objects of other kinds between the nodes are counted, not read', () => {
  const seen = parsed(kubernetes, [list(node('a'), { kind: 'Pod' }, { kind: 'Pod' })], lab);
  expect(seen.assumptions).toEqual(['2 objects of kind `Pod` are not nodes and were not read']);
});

test.each([
  ['no nodes', '{"kind":"List","items":[]}', 'has no nodes'],
  ['other objects only', '{"kind":"List","items":[{"kind":"Pod"}]}', 'has no nodes, but 1 of kind `Pod`'],
  [
    'the printed table',
    'NAME   STATUS   ROLES    AGE   VERSION\na   Ready   <none>  1d  v1.34.2\n',
    'the table that',
  ],
  ['kubectl describe', 'Name:               a\nRoles:              <none>\n', 'output of `kubectl describe`'],
  ['a label file', 'nvidia.com/gpu.count=8\n', 'a label file of GPU Feature Discovery'],
  ['our own inventory', 'schema: berth/inventory/1\nsites: {}\n', 'looks like a Berth inventory'],
  ['DRA', '{"kind":"ResourceSliceList","items":[{"kind":"ResourceSlice"}]}', 'looks like DRA ResourceSlices'],
  ['the trace', 'sn,cpu_milli,memory_mib,gpu,model\n', 'looks like the node list of the openb trace'],
  ['hwloc', '<?xml version="1.0"?>\n<!DOCTYPE topology SYSTEM "hwloc2.dtd">', 'looks like hwloc XML'],
  ['prose', 'Dear colleague, here are the nodes', 'is not what was expected'],
  ['a number', '42', 'is not what was expected'],
  [
    'truncated JSON',
    '{"kind":"List",\n"items":[{"kind":"No',
    '`f` line 2: not well-formed JSON: it ends too early',
  ],
  ['broken JSON', '{"kind":"List",\n "items":[}', '`f` line 2: not well-formed JSON: unexpected text'],
  ['broken YAML', 'kind: NodeList\nitems: [\n', '`f` line 3: column 1: not well-formed YAML'],
  ['a node without a name', '{"kind":"Node","metadata":{}}', 'a node without `metadata.name`'],
  ['deep nesting', `kind: ${'['.repeat(2000)}`, 'nested too deeply'],
  [
    'an alias bomb',
    `kind: Node\nmetadata: {name: a}\na: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((key, i) => `${key}: &${key} [${Array.from({ length: 10 }, () => `*${'abcdefg'[i]}`).join(',')}]`)
      .join('\n')}\n`,
    'cannot be read as YAML',
  ],
])('refuses %s', (_, text, message) => {
  const said = refusal(() => kubernetes.parse([file('f', text)], { ...lab, observedAtMs: 0 }));
  expect(said.message).toContain(message);
  expect(said.fix).not.toBe('');
});

test('the order of the nodes changes nothing', () => {
  const document: unknown = parse(new TextDecoder().decode(capture('kubernetes/seen-nodes-a.yaml').bytes));
  const { items } = z.object({ items: z.array(z.looseObject({})) }).parse(document);
  const straight = withoutLines(parsed(kubernetes, [list(...items)], lab));
  fc.assert(
    fc.property(fc.shuffledSubarray(items, { minLength: items.length }), (shuffled) => {
      expect(withoutLines(parsed(kubernetes, [list(...shuffled)], lab))).toEqual(straight);
    }),
    { seed: 11, numRuns: 20 },
  );
});

test('reading says how far it is, and stops when told to', () => {
  const nodes = list(...Array.from({ length: 600 }, (_, i) => node(`n${i}`)));
  const steps: [number, number | undefined][] = [];
  parsed(kubernetes, [nodes], { ...lab, progress: (done, total) => steps.push([done, total]) });
  expect(steps).toEqual([
    [0, 600],
    [256, 600],
    [512, 600],
    [600, 600],
  ]);
  const stopped = () => kubernetes.parse([nodes], { ...lab, observedAtMs: 0, signal: AbortSignal.abort() });
  expect(stopped).toThrow(BerthError);
  expect(stopped).toThrow('interrupted');
});

const layers = (...names: string[]) =>
  Object.fromEntries(names.map((name, index) => [`topology.k8s.aws/network-node-layer-${index + 1}`, name]));
const labelled = (labels: Record<string, string>) => parsed(kubernetes, [list(node('a', {}, labels))], lab);

test('AWS layers of the network are switches, the highest number nearest', () => {
  const three = labelled(layers('nn-1', 'nn-2', 'nn-3'));
  expect(nodeIn(three, 'lab1/a').leaf).toBe('lab1/nn-3');
  expect(three.facts).toContainEqual(
    expect.objectContaining({ kind: 'leaf', subject: 'lab1/nn-3', set: { spine: 'lab1/nn-2' } }),
  );
  expect(nodeIn(labelled(layers('nn-1', 'nn-2', 'nn-3', 'nn-4')), 'lab1/a').leaf).toBe('lab1/nn-4');
  const both = labelled({ ...layers('nn-1'), 'fabric.topograph.run/tier-0': 'leaf-9' });
  expect(nodeIn(both, 'lab1/a').leaf).toBe('lab1/leaf-9');
  expect(nodeIn(labelled({}), 'lab1/a').leaf).toBeUndefined();
});

test.each([
  ['its clique', { 'nvidia.com/gpu.clique': 'f00.3' }, 'lab1/f00.3', undefined],
  ['topograph’s domain', { 'accelerator.topograph.run/domain': 'nvl-7' }, 'lab1/nvl-7', undefined],
  [
    'neither where they differ',
    { 'nvidia.com/gpu.clique': 'f00.3', 'accelerator.topograph.run/domain': 'nvl-7' },
    undefined,
    'different NVLink domains',
  ],
  [
    'none before the fabric manager has finished',
    { 'nvidia.com/gpu.clique': '00000000-0000-0000-0000-000000000000.0' },
    undefined,
    undefined,
  ],
])('the NVLink domain of a node is %s', (_, labels, island, why) => {
  const seen = parsed(kubernetes, [list(node('a', {}, labels))], lab);
  expect(nodeIn(seen, 'lab1/a').island).toBe(island);
  expect(whyUnknown(seen, 'lab1/a', 'island') ?? '').toContain(why ?? '');
});

test.each([
  ['vpc.amazonaws.com/efa', '32', 32],
  ['rdma/rdma_shared_device_a', '1000', undefined],
])('%s: %s counts as %s NICs', (resource, amount, count) => {
  const told = list(node('a', { status: { allocatable: { [resource]: amount } } }));
  expect(nodeIn(parsed(kubernetes, [told], lab), 'lab1/a').rdmaNicCount).toBe(count);
});

test('a capacity block ends at a time that nobody says', () => {
  const labels = { 'eks.amazonaws.com/capacityType': 'CAPACITY_BLOCK' };
  const seen = parsed(kubernetes, [list(node('a', {}, labels))], lab);
  expect(whyUnknown(seen, 'lab1/a', 'endOfLifeMs')).toContain('capacity block');
});
