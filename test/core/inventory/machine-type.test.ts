import { expect, test } from 'vitest';

import { filledIn } from '../../../src/core/inventory/machine-type.ts';
import type { NodeFacts, ShapeFacts } from '../../../src/model/fact.ts';
import { fact } from '../fleet-text.ts';
import { observe, world } from '../fleet.ts';

const h100 = { model: 'H100-SXM-80GB', memoryMib: 81_559, powerW: 700 };
const p5: ShapeFacts = {
  cpuMilli: 192_000,
  memoryMib: 2_000_000,
  gpus: [h100, h100],
  link: 'nvlink',
  basePowerW: 900,
};
const shapes = new Map<string, ShapeFacts>([
  ['p5.48xlarge', p5],
  ['uneven', { gpus: [h100, { model: 'L4-24GB' }] }],
  ['bare', { cpuMilli: 4000 }],
  ['nothing', { gpus: [] }],
]);

test.each<[string, NodeFacts, NodeFacts]>([
  [
    'fills in everything that nobody has said',
    { machine: 'p5.48xlarge' },
    {
      machine: 'p5.48xlarge',
      cpuMilli: 192_000,
      memoryMib: 2_000_000,
      link: 'nvlink',
      basePowerW: 900,
      gpuCount: 2,
      gpuModel: 'H100-SXM-80GB',
      gpuMemoryMib: 81_559,
      gpuPowerW: 700,
    },
  ],
  [
    'never replaces what somebody has said, not even a zero',
    {
      machine: 'P5.48xlarge',
      cpuMilli: 1,
      memoryMib: 2,
      gpuCount: 0,
      gpuModel: 'X',
      gpuMemoryMib: 3,
      link: 'none',
    },
    {
      machine: 'P5.48xlarge',
      cpuMilli: 1,
      memoryMib: 2,
      gpuCount: 0,
      gpuModel: 'X',
      gpuMemoryMib: 3,
      gpuPowerW: 700,
      link: 'none',
      basePowerW: 900,
    },
  ],
  ['counts GPUs of several kinds, and names none', { machine: 'uneven' }, { machine: 'uneven', gpuCount: 2 }],
  ['has nothing to say of GPUs', { machine: 'bare' }, { machine: 'bare', cpuMilli: 4000 }],
  ['says nothing where its list is empty', { machine: 'nothing' }, { machine: 'nothing' }],
  ['is not known', { machine: 'p9.large' }, { machine: 'p9.large' }],
  ['is not named', { cpuMilli: 7 }, { cpuMilli: 7 }],
  [
    'is not asked of a node that names its shape',
    { machine: 'p5.48xlarge', shape: 'own' },
    { machine: 'p5.48xlarge', shape: 'own' },
  ],
])('a machine type that %s', (_, facts, expected) => {
  expect(filledIn(facts, shapes)).toEqual(expected);
});

test('the fleet has nodes by their machine type, and single cards come before it', () => {
  const { state } = observe(world(), [
    fact('shape', 'p5.48xlarge', p5),
    fact('node', 'fra1/n01', { machine: 'p5.48xlarge' }),
    fact('gpu', 'fra1/n01/gpu1', { model: 'H200-SXM-141GB' }),
    fact('node', 'fra1/n02', { machine: 'other' }),
  ]);
  const [first, second] = state.fleet.nodes;
  expect(first?.shape.models.map(({ model, mask }) => [model, mask])).toEqual([
    ['H100-SXM-80GB', 1],
    ['H200-SXM-141GB', 2],
  ]);
  expect(first?.shape.cpuMilli).toBe(192_000);
  expect([second?.shape.gpus, second?.shape.cpuMilli]).toEqual([[], undefined]);
});
