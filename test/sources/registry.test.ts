import { expect, test } from 'vitest';

import { detectSource, sources } from '../../src/sources/registry.ts';
import { capture, file, refusal } from './given.ts';

test('sources are found by their own names, in order', () => {
  expect([...sources.keys()]).toEqual([...sources.keys()].toSorted());
  for (const [name, source] of sources) {
    expect(source.name).toBe(name);
    expect(source.howTo).not.toBe('');
  }
});

test.each([
  ['kubernetes/seen-nodes-a.yaml', 'kubernetes'],
  ['kubernetes/aicr-kwok-profile-eks-p5-h100.yaml', 'kubernetes'],
  ['kubernetes/gfd-expected-output-mig-none.txt', undefined],
  ['redfish/hpe-dl380a-gen11-gpu.json', 'redfish'],
  ['redfish/telegraf-dell_power.json', 'redfish'],
  ['netbox/Nvidia-DGX-A100.yaml', 'netbox'],
  ['netbox-site/made-up-site.json', 'netbox'],
])('%s looks like %s', (path, name) => {
  expect(detectSource(capture(path))).toBe(name);
});

test.each([
  ['schema: berth/inventory/1\n', 'inventory'],
  ['# a comment\nschema: "berth/world/1"\n', 'inventory'],
  ['{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Node"}]}', 'kubernetes'],
  ['apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\n', 'dra'],
  ['InstanceType,AcceleratorName,AcceleratorCount,vCPUs\n', 'cloud'],
  ['{"p5.48xlarge":{"labels":{"karpenter.k8s.aws/instance-cpu":"192"}}}', 'cloud'],
  ['[{"name":"a","offerings":[{"Price":1,"Requirements":[{"key":"karpenter.sh/capacity-type"}]}]}]', 'cloud'],
  ['{"kind":"Node","metadata":{"labels":{"karpenter.k8s.aws/instance-cpu":"192"}}}', 'kubernetes'],
  ['<system version="1">', 'nccl'],
  ['<topology version="2.0">', 'hwloc'],
  ['{"blockdevices": []}', undefined],
  ['\tGPU0\tGPU1\tCPU Affinity\n', 'nvidia-smi'],
  ['# HELP DCGM_FI_DEV_GPU_TEMP temperature\n', 'prometheus'],
  ['{"@odata.id": "/redfish/v1"}', 'redfish'],
  ['# read with nvidia-smi\n# | NVIDIA-SMI 570 |\n{"schema": "berth/inventory/1"}', 'inventory'],
  ['kind: ResourceSlice\nmetadata:\n  ownerReferences:\n  - kind: Node\n', 'dra'],
  ['items:\n- kind: Node\n- kind: ResourceSlice\n', 'kubernetes'],
  ['sn,cpu_milli,memory_mib,gpu,model\nn1,32000,262144,0,\n', 'openb'],
  ['anything else', undefined],
])('%j looks like %s', (text, name) => {
  expect(detectSource(file('f', text))).toBe(name);
});

test('what no source reads is refused', () => {
  expect(refusal(() => detectSource(file('f', new Uint8Array([0x1f, 0x8b])))).message).toBe('`f` is gzip');
});
