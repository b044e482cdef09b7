import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { compileCluster, k0rdentCompiler } from '../../../src/engines/k0rdent/compile.ts';
import { demand } from '../../core/demand.ts';
import { placement } from '../../core/placement.ts';
import { ofKind, subject } from '../kubernetes/given.ts';
import { faultsOf } from '../kubernetes/schemas.ts';

const given = subject(
  demand('2×8 H100 24h'),
  placement(24, 'train 0 iad3/r/n01 gpu0-7 cpu1 mem1', 'train 1 iad3/r/n02 gpu0-7 cpu1 mem1'),
);
const options = {
  template: 'aws-gpu-1-0-0',
  identity: 'AWSClusterStaticIdentity/aws-eu',
  services: 'kueue-0-19, gpu-operator-25-3',
};

describe('a site without a cluster', () => {
  test('gets a deployment as a dry run first, a credential, and services for the clusters of the contract', () => {
    const made = compileCluster(given, options);
    if (made.kind !== 'compiled') throw new Error(made.why);
    expect(made.objects.flatMap(({ body }) => faultsOf(body))).toEqual([]);
    expect(made.objects.map(({ key }) => key)).toEqual([
      '16-credentials.k0rdent.mirantis.com/kcm-system/berth-c-106',
      '17-clusterdeployments.k0rdent.mirantis.com/kcm-system/berth-c-106',
      '18-multiclusterservices.k0rdent.mirantis.com/berth-c-106',
    ]);
    expect(ofKind(made.objects, 'ClusterDeployment')[0]).toMatchObject({
      spec: {
        template: 'aws-gpu-1-0-0',
        credential: 'berth-c-106',
        dryRun: true,
        config: { workersNumber: 2 },
      },
    });
    expect(ofKind(made.objects, 'MultiClusterService')[0]).toMatchObject({
      spec: {
        clusterSelector: { matchLabels: { 'berth.internal/contract': 'C-106' } },
        serviceSpec: { services: [{ template: 'kueue-0-19' }, { template: 'gpu-operator-25-3' }] },
      },
    });
  });

  test('is deployed only when somebody says so', () => {
    const made = compileCluster(given, { ...options, 'dry-run': 'false' });
    const found = made.kind === 'compiled' ? ofKind(made.objects, 'ClusterDeployment') : [];
    expect(found).toMatchObject([{ spec: { dryRun: false } }]);
  });

  test('lets a namespace use the credential by one rule, for people a patch that adds it', () => {
    const made = compileCluster(given, { ...options, 'tenant-namespace': 'acme' });
    const objects = made.kind === 'compiled' ? made.objects : [];
    expect(objects.flatMap(({ body }) => faultsOf(body))).toEqual([]);
    const value = { targetNamespaces: { list: ['acme'] }, credentials: ['berth-c-106'] };
    expect(objects.at(-1)).toMatchObject({
      key: '19-accessmanagements.k0rdent.mirantis.com/kcm/berth-c-106',
      body: { kind: 'AccessManagement', metadata: { name: 'kcm' }, spec: { accessRules: [value] } },
    });
    const [all, patch] = k0rdentCompiler.print(objects);
    expect(all?.text).not.toContain('AccessManagement');
    expect(patch?.file).toBe('berth-c-106-access-rule.yaml');
    expect(parse(patch?.text ?? '')).toEqual([{ op: 'add', path: '/spec/accessRules/-', value }]);
  });

  test('leaves access alone where no namespace is named', () => {
    const made = compileCluster(given, options);
    const kinds = made.kind === 'compiled' ? made.objects.map(({ key }) => key) : [];
    expect(kinds.filter((key) => key.includes('access'))).toEqual([]);
    expect(made.kind === 'compiled' ? made.notes.join(' ') : '').toContain('say `tenant-namespace`');
  });

  test('may have a Region of its own, made before the credential in it', () => {
    const own = {
      'region-kubeconfig': 'fra1-kubeconfig/value',
      'region-providers': 'cluster-api-provider-aws',
    };
    const made = compileCluster(given, { ...options, ...own });
    if (made.kind !== 'compiled') throw new Error(made.why);
    expect(made.objects.flatMap(({ body }) => faultsOf(body))).toEqual([]);
    expect(made.objects[0]).toMatchObject({
      key: '15-regions.k0rdent.mirantis.com/berth-c-106',
      body: {
        kind: 'Region',
        spec: {
          kubeConfig: { name: 'fra1-kubeconfig', key: 'value' },
          providers: [{ name: 'cluster-api-provider-aws' }],
        },
      },
    });
    expect(ofKind(made.objects, 'Credential')[0]).toMatchObject({ spec: { region: 'berth-c-106' } });
  });

  test.each([
    [{}, 'template'],
    [{ ...options, identity: 'aws' }, 'identity'],
    [{ ...options, services: 'Kueue!' }, 'Kueue!'],
    [{ ...options, zone: 'x' }, 'zone'],
    [{ ...options, 'tenant-namespace': 'Acme; rm' }, 'tenant-namespace'],
    [{ ...options, region: 'eu', 'region-kubeconfig': 'eu' }, 'say one of them'],
    [{ ...options, 'region-kubeconfig': 'eu/a/b' }, 'region-kubeconfig'],
    [{ ...options, 'region-providers': 'aws' }, 'say `region-kubeconfig`'],
    [{ ...options, 'region-kubeconfig': 'eu', 'region-providers': 'aws, A_B' }, 'A_B'],
  ])('%j is unfit, and says why', (wrong, why) => {
    const made = compileCluster(given, wrong);
    expect(made.kind === 'unfit' ? made.why : '').toContain(why);
  });

  test('two sites are two clusters', () => {
    const both = placement(24, 'train 0 iad3/r/n01 gpu0-7 cpu1 mem1', 'train 1 fra1/r/n02 gpu0-7 cpu1 mem1');
    expect(compileCluster(subject(given.demand, both), options)).toMatchObject({ kind: 'unfit' });
  });
});
