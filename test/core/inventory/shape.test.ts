import { describe, expect, test } from 'vitest';

import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { indexesOf } from '../../../src/core/mask.ts';
import type { Fact } from '../../../src/model/fact.ts';
import { fact } from '../fleet-text.ts';
import { observe, world } from '../fleet.ts';

/** The only node of a fleet: from a rack's line, or from facts. */
function nodeOf(...told: readonly (string | Fact)[]): FleetNode {
  const lines = told.filter((each) => typeof each === 'string');
  const facts = told.filter((each) => typeof each !== 'string');
  const [node] = observe(world(...lines), facts, { source: 'hwloc' }).state.fleet.nodes;
  if (node === undefined) throw new Error('no node');
  return node;
}

const islands = ({ shape }: FleetNode) => shape.islands.map(indexesOf);
const bare = (set: object) => fact('node', 'fra1/n01', set);
const gpu = (number: number, set: object) => fact('gpu', `fra1/n01/gpu${number}`, set);
const nic = (number: number, set: object) => fact('nic', `fra1/n01/nic${number}`, set);

const roce = (more: object) => ({ kind: 'roce', rdma: true, mbps: 400_000, ...more });

describe('accelerator link domains', () => {
  test.each([
    ['all GPUs, when the source only says that they are linked', ['fra1/r1 1×4 H100 nvlink'], [[0, 1, 2, 3]]],
    [
      'as the source numbers them',
      ['fra1/r1 1×4 H100 nvlink island2'],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    ['each GPU for itself, when there is no link', ['fra1/r1 1×2 H100 nolink'], [[0], [1]]],
    ['none that could be promised, when nobody has said', ['fra1/r1 1×2 H100'], []],
    ['none on a node without GPUs', ['fra1/r1 1 cpu8'], []],
    [
      'by the cards, in the order of the numbers, without those that nobody has numbered',
      [
        bare({ gpuCount: 4, link: 'xgmi' }),
        gpu(0, { island: 7 }),
        gpu(1, { island: 3 }),
        gpu(2, { island: 7 }),
      ],
      [[1], [0, 2]],
    ],
  ])('are %s', (_, told, expected) => {
    expect(islands(nodeOf(...told))).toEqual(expected);
  });
});

describe('the rail of a GPU', () => {
  test.each([
    ['is the NIC with its number', ['fra1/r1 1×2 H100 rdma'], [0, 1], 'yes'],
    ['is unknown when nobody has told of NICs', ['fra1/r1 1×2 H100'], [undefined, undefined], 'unknown'],
    ['is nowhere when no NIC does RDMA', ['fra1/r1 1×2 H100 nordma'], [undefined, undefined], 'no'],
    [
      'is the NIC on its own PCIe switch rather than the one with its number',
      [
        bare({ gpuCount: 2 }),
        gpu(0, { pcieSwitch: 1 }),
        gpu(1, { pcieSwitch: 0 }),
        nic(0, roce({ rail: 0, pcieSwitch: 0 })),
        nic(1, roce({ rail: 1, pcieSwitch: 1 })),
      ],
      [1, 0],
      'yes',
    ],
    [
      'is a NIC of its own, where two GPUs and two NICs share a PCIe switch',
      [
        bare({ gpuCount: 2 }),
        gpu(0, { pcieSwitch: 0 }),
        gpu(1, { pcieSwitch: 0 }),
        nic(0, roce({ rail: 0, pcieSwitch: 0 })),
        nic(1, roce({ rail: 1, pcieSwitch: 0 })),
      ],
      [0, 1],
      'yes',
    ],
    [
      'is shared, where there are fewer NICs than GPUs',
      [
        bare({ gpuCount: 2 }),
        gpu(0, { pcieSwitch: 0 }),
        gpu(1, { pcieSwitch: 0 }),
        nic(0, roce({ rail: 0, pcieSwitch: 0 })),
      ],
      [0, 0],
      'yes',
    ],
    [
      'counts as there when as many RDMA NICs as GPUs are known',
      [bare({ gpuCount: 2, rdmaNicCount: 2 })],
      [undefined, undefined],
      'yes',
    ],
    [
      'counts as missing when there are fewer',
      [bare({ gpuCount: 2, rdmaNicCount: 1 })],
      [undefined, undefined],
      'no',
    ],
  ] as const)('%s', (_, told, rails, rdma) => {
    const { shape } = nodeOf(...told);
    expect(shape.railOf).toEqual(rails);
    expect(shape.rdma).toBe(rdma);
  });
});

describe('whole GPUs', () => {
  test.each([
    ['none', 'yes'],
    ['time-slicing', 'no'],
    ['mps', 'no'],
    ['mig-single', 'no'],
    ['mig-mixed', 'no'],
    ['unknown', 'unknown'],
  ])('with sharing `%s` can be promised: %s', (sharing, expected) => {
    expect(nodeOf(bare({ gpuCount: 1, sharing })).shape.whole).toBe(expected);
  });
});

describe('what a node is', () => {
  test('a card’s own word comes before the node’s, and unknown models belong to nothing', () => {
    const { shape } = nodeOf(bare({ gpuCount: 3, gpuModel: 'A100' }), gpu(1, { model: 'H100' }));
    expect(shape.models.map(({ model, mask }) => [model, indexesOf(mask)])).toEqual([
      ['A100', [0, 2]],
      ['H100', [1]],
    ]);
    expect(nodeOf(bare({ gpuCount: 2 })).shape.models).toEqual([]);
  });

  test('has as much GPU memory as its smallest card of the model', () => {
    const cards = [gpu(0, { memoryMib: 81_920 }), gpu(1, { memoryMib: 40_960 })];
    const { shape } = nodeOf(bare({ gpuCount: 2, gpuModel: 'A100' }), ...cards);
    expect(shape.models).toMatchObject([{ memoryMib: 40_960 }]);
  });

  test('draws what its cards are said to draw, where only they are described', () => {
    const { shape } = nodeOf(bare({ gpuCount: 1 }), gpu(0, { model: 'H100', powerW: 700 }));
    expect(shape.gpuPowerW).toBe(700);
  });

  test('equal nodes share one shape, whatever their serial numbers and health', () => {
    const twins = world('fra1/r1 2×2 H100 nvlink', {
      gpus: {
        'fra1/r1/n01/gpu0': { uuid: 'GPU-a', pciAddress: '0000:01:00.0', health: 'down' },
        'fra1/r1/n02/gpu0': { uuid: 'GPU-b', pciAddress: '0000:02:00.0' },
      },
    }).state.fleet.nodes;
    expect(twins[0]?.shape).toBe(twins[1]?.shape);
    expect(twins.map(({ downMask }) => downMask)).toEqual([1, 0]);
  });
});
