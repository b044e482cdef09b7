import { describe, expect, test } from 'vitest';

import { faultsOf, rulesOf } from './schemas.ts';

const flavor = (spec: object) => ({
  apiVersion: 'kueue.x-k8s.io/v1beta2',
  kind: 'ResourceFlavor',
  metadata: { name: 'x' },
  spec,
});

describe('the schemas and rules that the tests hold objects against', () => {
  test.each([
    [flavor({ nodeLabels: { a: 'b' } }), 0],
    [flavor({ nodeLabel: { a: 'b' } }), 1],
    [flavor({ topologyName: 't', nodeLabels: {} }), 1],
    [flavor({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }), 1],
    [{ ...flavor({}), kind: 'Flavour' }, 1],
    [
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' }, spec: { template: {}, paralelism: 1 } },
      1,
    ],
  ])('%j has %i faults', (object, count) => {
    expect(faultsOf(object)).toHaveLength(count);
  });

  test.each([
    ['kueue.x-k8s.io/v1beta2', 'ResourceFlavor'],
    ['kueue.x-k8s.io/v1beta2', 'ClusterQueue'],
    ['kueue.x-k8s.io/v1beta2', 'Topology'],
    ['kueue.x-k8s.io/v1beta2', 'Workload'],
    ['jobset.x-k8s.io/v1alpha2', 'JobSet'],
    ['k0rdent.mirantis.com/v1beta1', 'AccessManagement'],
  ])('%s %s has rules of CEL that are evaluated', (apiVersion, kind) => {
    expect(rulesOf(apiVersion, kind).length).toBeGreaterThan(0);
  });
});
