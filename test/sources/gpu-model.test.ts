import { expect, test } from 'vitest';

import { NodeFacts } from '../../src/model/fact.ts';
import { gpuModel } from '../../src/sources/gpu-model.ts';

test.each([
  ['NVIDIA-H100-80GB-HBM3', 'H100-SXM-80GB', 'nvlink'],
  ['NVIDIA H100 80GB HBM3', 'H100-SXM-80GB', 'nvlink'],
  ['NVIDIA-H100-80GB-HBM3-SHARED', 'H100-SXM-80GB', 'nvlink'],
  ['NVIDIA-H100-80GB-HBM3-MIG-1g.10gb', 'H100-SXM-80GB', 'nvlink'],
  ['NVIDIA-H100-80GB-HBM3-MIG-INVALID', 'H100-SXM-80GB', 'nvlink'],
  ['NVIDIA-H100-PCIe', 'H100-PCIE-80GB', undefined],
  ['NVIDIA-H100-NVL', 'H100-NVL-94GB', undefined],
  ['NVIDIA-H200', 'H200-SXM-141GB', 'nvlink'],
  ['nvidia-h200-141gb', 'H200-SXM-141GB', 'nvlink'],
  ['NVIDIA-H200-NVL', 'H200-NVL-141GB', undefined],
  ['NVIDIA-B200', 'B200-SXM-180GB', 'nvlink'],
  ['NVIDIA-GH200-480GB', 'GH200-96GB', undefined],
  ['NVIDIA-A100-SXM4-40GB', 'A100-SXM4-40GB', 'nvlink'],
  ['A100-SXM-80GB', 'A100-SXM4-80GB', 'nvlink'],
  ['A100-PCIE-40GB', 'A100-PCIE-40GB', undefined],
  ['NVIDIA-A100-80GB-PCIe', 'A100-PCIE-80GB', undefined],
  ['Tesla-V100-SXM2-16GB', 'V100-SXM2-16GB', 'nvlink'],
  ['Tesla-V100-PCIE-32GB', 'V100-PCIE-32GB', undefined],
  ['V100M32', 'V100-32GB', undefined],
  ['NVIDIA-L40S', 'L40S-48GB', 'none'],
  ['NVIDIA-L4', 'L4-24GB', 'none'],
  ['Tesla-T4', 'T4-16GB', 'none'],
  ['NVIDIA A10G', 'A10G-24GB', 'none'],
  ['NVIDIA-A40', 'A40-48GB', undefined],
  ['AMD_Instinct_MI300X_OAM', 'MI300X-192GB', 'xgmi'],
  ['AMD Instinct MI300X VF', 'MI300X-192GB', 'xgmi'],
  ['P100', 'P100', undefined],
  ['G2', 'G2', undefined],
  ['NVIDIA-GeForce-RTX-4090', 'GeForce-RTX-4090', undefined],
  ['NVIDIA-A10-24Q', 'A10-24Q', undefined],
])('%s is %s', (product, model, link) => {
  const named = gpuModel(product);
  expect([named?.model, named?.link]).toEqual([model, link]);
});

test('what the name does not say is given as inferred', () => {
  expect(gpuModel('NVIDIA-H100-80GB-HBM3')?.inferred).toContain('HBM3');
  expect(gpuModel('Tesla-V100-SXM2-16GB')?.inferred).toBeUndefined();
});

test('a name of its own is found again', () => {
  for (const model of ['H100-SXM-80GB', 'A100-SXM4-80GB', 'L40S-48GB', 'MI300X-192GB', 'H200-SXM-141GB'])
    expect(gpuModel(model)?.model).toBe(model);
});

test.each(['', '   ', '---', '\u202e', '💥', 'é', 'x'.repeat(500), 'NVIDIA', 'a/b\\c`d'])(
  'any text gives a model that a fact can carry, or none: %j',
  (product) => {
    const model = gpuModel(product)?.model;
    expect(NodeFacts.safeParse({ gpuModel: model }).success).toBe(true);
  },
);
