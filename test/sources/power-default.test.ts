import { expect, test } from 'vitest';

import { gpuModel } from '../../src/sources/gpu-model.ts';
import { defaultText, gpuPowerDefault, machinePowerDefault } from '../../src/sources/netbox/power-default.ts';

test.each<readonly [string, number | undefined]>([
  ['NVIDIA A100-SXM4-80GB', 400],
  ['NVIDIA L40S', 350],
  ['NVIDIA H100 80GB HBM3', 700],
  ['NVIDIA H100 PCIe', 350],
  ['NVIDIA H100 NVL', 400],
  ['NVIDIA H200', 700],
  ['NVIDIA B200', 1000],
  ['AMD Instinct MI300X OAM', 750],
  ['AMD Instinct MI308X', 650],
  ['AMD Instinct MI325X', 1000],
  ['NVIDIA L4', undefined],
  ['NVIDIA L40', undefined],
  ['NVIDIA A100-PCIE-40GB', undefined],
  ['NVIDIA GB200', undefined],
])('%s draws at most %s W', (product, watts) => {
  expect(gpuPowerDefault(gpuModel(product)?.model ?? '')?.powerW).toBe(watts);
});

test.each<readonly [string, number | undefined]>([
  ['NVIDIA DGX A100 640GB', 6500],
  ['Nvidia DGX H200', 10_200],
  ['NVIDIA DGX B200', 14_300],
  ['Supermicro ARS-121GL-NB3-LCC-R1', 5400],
  ['Dell PowerEdge R750', undefined],
  ['NVIDIA DGX Spark', undefined],
])('%s draws at most %s W', (machine, watts) => {
  expect(machinePowerDefault(machine)?.powerW).toBe(watts);
});

test('a default is told with its source', () => {
  expect(defaultText('`x`', { powerW: 5, source: 'a book' })).toBe(
    '`x` is taken to draw at most 5 W: a book',
  );
});
