import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { compileContract } from '../../../src/engines/kubernetes/compile.ts';
import { AnyObject } from '../../../src/engines/kubernetes/object.ts';
import { yamlOf } from '../../../src/engines/kubernetes/yaml.ts';
import { demand } from '../../core/demand.ts';
import { placement } from '../../core/placement.ts';
import { compiled, objects, ofKind, subject } from './given.ts';
import { faultsOf, scopes } from './schemas.ts';

const whole = 'gpu0-7 nic0-7 cpu128 mem1024';
const two = () => placement(24, `train 0 fra1/h1/r11/n01 ${whole}`, `train 1 fra1/h1/r11/n02 ${whole}`);
const gang = subject(demand('2×8 H100 rdma 24h within:rack'), two(), { roots: 4, nics: 8, uuids: true });

describe('a gang of whole nodes', () => {
  test('becomes these objects, in the order in which they can be created', () => {
    expect(objects(gang, { image: 'me/train:1' }).map(({ key }) => key)).toEqual([
      '00-namespaces/berth-c-106',
      '01-nodes/fra1-h1-r11-n01',
      '01-nodes/fra1-h1-r11-n02',
      '02-resourcequotas/berth-c-106/berth-c-106',
      '03-networkpolicies.networking.k8s.io/berth-c-106/berth-c-106',
      '04-resourceclaimtemplates.resource.k8s.io/berth-c-106/train',
      '06-topologies.kueue.x-k8s.io/berth-c-106-train',
      '07-resourceflavors.kueue.x-k8s.io/berth-c-106-train',
      '08-admissionchecks.kueue.x-k8s.io/berth-c-106',
      '09-clusterqueues.kueue.x-k8s.io/berth-c-106',
      '10-localqueues.kueue.x-k8s.io/berth-c-106/berth-c-106',
      '11-jobs.batch/berth-c-106/berth-c-106',
    ]);
  });

  test('has a quota of exactly what the contract holds', () => {
    expect(ofKind(objects(gang), 'ClusterQueue')[0]).toMatchObject({
      spec: {
        resourceGroups: [
          {
            coveredResources: ['cpu', 'dranet', 'gpu.nvidia.com', 'memory'],
            flavors: [
              {
                name: 'berth-c-106-train',
                resources: [
                  { name: 'cpu', nominalQuota: '256' },
                  { name: 'dranet', nominalQuota: '16' },
                  { name: 'gpu.nvidia.com', nominalQuota: '16' },
                  { name: 'memory', nominalQuota: '2Ti' },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  test('claims GPUs and NICs in groups under one PCIe root, and its cards by number', () => {
    const [template] = ofKind(objects(gang), 'ResourceClaimTemplate');
    expect(template).toMatchObject({
      spec: {
        spec: {
          devices: {
            requests: [0, 1, 2, 3].flatMap((at) => [
              {
                name: `gpu-${at}`,
                exactly: { deviceClassName: 'gpu.nvidia.com', allocationMode: 'ExactCount', count: 2 },
              },
              { name: `nic-${at}`, exactly: { deviceClassName: 'dranet', count: 2 } },
            ]),
            constraints: [0, 1, 2, 3].map((at) => ({
              requests: [`gpu-${at}`, `nic-${at}`],
              matchAttribute: 'resource.kubernetes.io/pcieRoot',
            })),
          },
        },
      },
    });
    expect(JSON.stringify(template)).toContain('uuid in [\\"GPU-fra1-h1-r11-n01-0\\"');
  });

  test('is printed as a job for people to fill in, or handed over with the image of its workload', () => {
    const printed = compiled(gang);
    expect(printed.files.map(({ file }) => file)).toEqual(['berth-c-106-job.yaml']);
    expect(ofKind(printed.objects, 'Job')).toEqual([]);
    expect(printed.files[0]?.text).not.toContain('admission-gated-by');
    expect(ofKind(objects(gang, { image: 'me/train:1' }), 'Job')[0]).toMatchObject({
      metadata: {
        labels: { 'kueue.x-k8s.io/queue-name': 'berth-c-106' },
        annotations: { 'kueue.x-k8s.io/admission-gated-by': 'berth.internal/contracts' },
      },
      spec: {
        parallelism: 2,
        template: {
          metadata: { annotations: { 'kueue.x-k8s.io/podset-required-topology': 'berth.internal/rack' } },
          spec: {
            nodeSelector: { 'c-106.berth.internal/train': 'true' },
            containers: [{ image: 'me/train:1' }],
          },
        },
      },
    });
  });

  test('says the same in every order of its seats, and again as YAML', () => {
    const turned = { ...gang.placement, members: gang.placement.members.toReversed() };
    const other = subject(gang.demand, turned, { roots: 4, nics: 8, uuids: true });
    expect(yamlOf(objects(other))).toBe(yamlOf(objects(gang)));
    const read = parseAllDocuments(yamlOf(objects(gang))).map(plain);
    expect(read).toEqual(objects(gang).map(({ body }) => body));
  });

  test('marks its nodes with where they stand, and taints them only where nobody else may be', () => {
    const [open] = ofKind(objects(gang), 'Node');
    expect(open?.metadata.labels).toEqual({
      'berth.internal/hall': 'fra1.h1',
      'berth.internal/rack': 'fra1.h1.r11',
      'berth.internal/site': 'fra1',
      'c-106.berth.internal/held': 'true',
      'c-106.berth.internal/train': 'true',
    });
    expect(open).not.toHaveProperty('spec');
    const alone = subject(demand('2×8 H100 rdma 24h', { isolation: 'node' }), two());
    expect(ofKind(objects(alone), 'Node')[0]).toMatchObject({
      spec: { taints: [{ key: 'berth.internal/tenant', value: 'acme', effect: 'NoSchedule' }] },
    });
  });
});

const cases: readonly {
  name: string;
  given: ReturnType<typeof subject>;
  options?: Record<string, string>;
}[] = [
  { name: 'a gang of whole nodes', given: gang },
  { name: 'a gang counted by a device plugin', given: gang, options: { gpus: 'device-plugin' } },
  { name: 'a gang of KAI', given: gang, options: { queue: 'kai' } },
  {
    name: 'a service without end',
    given: subject(demand('1×2 H100'), placement(undefined, 'train 0 fra1/r1/n01 gpu2-3 cpu16 mem64')),
  },
  {
    name: 'two parts, one of CPUs',
    given: subject(
      demand('train: 1×4 H100 + load: 2×cpu16 mem64 24h'),
      placement(
        24,
        'train 0 fra1/r1/n01 gpu0-3 cpu64 mem512',
        'load 0 fra1/r1/n01 cpu16 mem64',
        'load 1 fra1/r1/n02 cpu16 mem64',
      ),
    ),
  },
  {
    name: 'MIG instances',
    given: subject(
      demand('2×1 H100 mig:3g.40gb 24h'),
      placement(
        24,
        'train 0 fra1/r1/n01 0:3g.40gb@0 cpu8 mem64',
        'train 1 fra1/r1/n01 0:3g.40gb@4 cpu8 mem64',
      ),
      { uuids: true },
    ),
  },
  {
    name: 'shares',
    given: subject(demand('1×1 H100 share:250 24h'), placement(24, 'train 0 fra1/r1/n01 0:250 cpu8 mem64')),
  },
  {
    name: 'an island of several nodes',
    given: subject(
      demand('2×4 GB200 within:island 24h'),
      placement(24, 'train 0 fra1/r1/n01 gpu0-3 cpu64 mem512', 'train 1 fra1/r1/n02 gpu0-3 cpu64 mem512'),
      { gpus: 4, model: 'GB200-186GB', facts: { island: 'fra1/nvl1' } },
    ),
  },
  {
    name: 'an elastic part with spares on AMD, alone on its racks, one on a leaf',
    given: subject(
      demand('3×8 MI300X 24h apart:leaf', {
        guarantee: 'elastic',
        isolation: 'rack',
        parts: [{ name: 'train', count: 3, minCount: 2, each: { gpus: { count: 8 } }, apart: 'node' }],
      }),
      placement(
        24,
        'train 0 fra1/r1/n01 gpu0-7 cpu64 mem512 disk100',
        'train 1 fra1/r1/n02 gpu0-7 cpu64 mem512 disk100',
        'train 2 fra1/r1/n03 gpu0-7 cpu64 mem512 disk100',
        '+ train 3 fra1/r1/n04 gpu0-7 cpu64 mem512',
      ),
      { model: 'MI300X-192GB' },
    ),
  },
];

describe('every object of every kind of contract', () => {
  test.each(cases)(
    '$name: fits its schema and its CEL rules, unknown fields refused',
    ({ given, options = {} }) => {
      const made = objects(given, { ...options, image: 'me/train:1' });
      expect(
        made
          .map(({ key, body }) => ({ key, faults: faultsOf(body) }))
          .filter(({ faults }) => faults.length > 0),
      ).toEqual([]);
      expect(new Set(made.map(({ key }) => key)).size).toBe(made.length);
    },
  );

  test.each(cases)('$name: carries the id of the contract', ({ given, options = {} }) => {
    for (const { body } of objects(given, { ...options, image: 'me/train:1' }))
      expect(JSON.stringify(body['metadata'])).toMatch(
        /"berth\.internal\/contract":"C-106"|c-106\.berth\.internal\/held/u,
      );
  });
});

test('objects have a namespace where their definition says so, and only there', () => {
  const made = cases.flatMap(({ given, options = {} }) =>
    objects(given, { ...options, image: 'me/train:1' }),
  );
  const known = made.flatMap(({ body }) => {
    const { apiVersion, kind, metadata } = AnyObject.parse(body);
    const scope = scopes().get(`${apiVersion}/${kind}`);
    return scope === undefined ? [] : [{ kind, scope, isIn: metadata.namespace !== undefined }];
  });
  expect(new Set(known.map(({ kind }) => kind)).size).toBeGreaterThan(8);
  expect(known.filter(({ scope, isIn }) => isIn !== (scope === 'Namespaced'))).toEqual([]);
});

describe('what Kubernetes cannot hold', () => {
  test('GPUs of an unknown maker, and shares that a plugin would have to count, are unfit', () => {
    const unknown = subject(demand('1×1 24h'), placement(24, 'train 0 a/r/n gpu0 cpu1 mem1'), {
      model: 'Gaudi3-128GB',
    });
    const answer = compileContract(unknown, {});
    expect(answer.kind === 'unfit' ? answer.why : '').toContain('`train`');
    const shares = subject(demand('1×1 H100 share:250 24h'), placement(24, 'train 0 a/r/n 0:250 cpu1 mem1'));
    expect(compileContract(shares, { gpus: 'device-plugin' })).toMatchObject({ kind: 'unfit' });
    expect(compileContract(shares, { queue: 'volcano' })).toMatchObject({ kind: 'unfit' });
  });

  test('is said in words: cards that are not named, counts on nodes, time without Kueue', () => {
    expect(compiled(subject(gang.demand, gang.placement)).notes).toEqual([
      'the claim of part `train` does not name its cards: their numbers are unknown or too many',
      'GPUs and NICs of part `train` are not claimed in pairs: their PCIe roots are unknown or differ between replicas',
      'how many replicas of part `train` stand on each of its nodes is left to the scheduler',
    ]);
    expect(compiled(gang, { queue: 'kai' }).notes[0]).toContain('KAI knows no time');
  });
});

function plain(document: { toJS: () => unknown }): unknown {
  return document.toJS();
}
