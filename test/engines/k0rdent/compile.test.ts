import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { compileCluster } from '../../../src/engines/k0rdent/compile.ts';
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

  test('leaves access to the one object that k0rdent reads: as a patch that adds a rule', () => {
    const made = compileCluster(given, options);
    const text = made.kind === 'compiled' ? (made.files[0]?.text ?? '') : '';
    const value = { targetNamespaces: { list: ['berth-acme'] }, credentials: ['berth-c-106'] };
    expect(parse(text)).toEqual([{ op: 'add', path: '/spec/accessRules/-', value }]);
    const apiVersion = 'k0rdent.mirantis.com/v1beta1';
    const spec = { accessRules: [value] };
    expect(faultsOf({ apiVersion, kind: 'AccessManagement', metadata: { name: 'kcm' }, spec })).toEqual([]);
  });

  test.each([
    [{}, 'template'],
    [{ ...options, identity: 'aws' }, 'identity'],
    [{ ...options, services: 'Kueue!' }, 'Kueue!'],
    [{ ...options, zone: 'x' }, 'zone'],
  ])('%j is unfit, and says why', (wrong, why) => {
    const made = compileCluster(given, wrong);
    expect(made.kind === 'unfit' ? made.why : '').toContain(why);
  });

  test('two sites are two clusters', () => {
    const both = placement(24, 'train 0 iad3/r/n01 gpu0-7 cpu1 mem1', 'train 1 fra1/r/n02 gpu0-7 cpu1 mem1');
    expect(compileCluster(subject(given.demand, both), options)).toMatchObject({ kind: 'unfit' });
  });
});
