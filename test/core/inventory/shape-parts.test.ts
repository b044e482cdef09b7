import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { NodeShape } from '../../../src/core/inventory/fleet.ts';
import { ShapeTable } from '../../../src/core/inventory/shape.ts';
import { indexesOf } from '../../../src/core/mask.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import { GpuFacts, NicFacts, NodeFacts, ShapeFacts } from '../../../src/model/fact.ts';
import { seed } from '../arbitrary.ts';

type Told = {
  readonly node?: object;
  readonly shape?: object;
  readonly gpus?: Readonly<Record<number, object>>;
  readonly nics?: Readonly<Record<number, object>>;
};

function shapeOf({ node = {}, shape, gpus = {}, nics = {} }: Told, table = new ShapeTable()): NodeShape {
  const devices = {
    gpus: new Map(Object.entries(gpus).map(([at, set]) => [Number(at), GpuFacts.parse(set)])),
    nics: new Map(Object.entries(nics).map(([at, set]) => [Number(at), NicFacts.parse(set)])),
  };
  const common = shape === undefined ? undefined : ShapeFacts.parse(shape);
  return table.shapeOf(NodeFacts.parse(node), common, devices);
}

describe('what a node has', () => {
  test.each([
    ['cpuMilli', 1, 2],
    ['memoryMib', 1, 2],
    ['storageGib', 1, 2],
    ['numaNodes', 1, 2],
    ['link', 'xgmi', 'nvlink'],
    ['linkMbps', 1, 2],
    ['basePowerW', 1, 2],
  ] as const)('of %s is what it says, else what its shape says, else unknown', (name, own, common) => {
    const unknown = name === 'link' ? 'unknown' : undefined;
    const values = [
      { node: { [name]: own }, shape: { [name]: common } },
      { shape: { [name]: common } },
      { node: { [name]: own } },
      {},
    ].map((told) => shapeOf(told)[name]);
    expect(values).toEqual([own, common, own, unknown]);
  });

  test('of power for one GPU is its own word, else the most that one of its cards draws', () => {
    const cards = { 0: { powerW: 300 }, 1: { powerW: 700 }, 2: {} };
    expect(shapeOf({ node: { gpuPowerW: 500 }, gpus: cards }).gpuPowerW).toBe(500);
    expect(shapeOf({ gpus: cards }).gpuPowerW).toBe(700);
    expect(shapeOf({ node: { gpuCount: 2 } }).gpuPowerW).toBeUndefined();
  });

  test('of power for one GPU is never less than one of them was seen to draw', () => {
    expect(shapeOf({ node: { gpuPowerW: 500 }, gpus: { 3: { measuredW: 501 } } }).gpuPowerW).toBe(501);
    expect(shapeOf({ node: { gpuPowerW: 500 }, gpus: { 3: { measuredW: 499 } } }).gpuPowerW).toBe(500);
  });

  test('a zero is said, not unknown', () => {
    const none = { cpuMilli: 0, memoryMib: 0, storageGib: 0, linkMbps: 0, basePowerW: 0 };
    expect(shapeOf({ node: none, shape: { cpuMilli: 9, memoryMib: 9, basePowerW: 9 } })).toMatchObject(none);
  });
});

describe('how many GPUs a node has', () => {
  test.each<[string, Told, number]>([
    ['none, where nobody speaks of any', {}, 0],
    ['as many as it says', { node: { gpuCount: 4 } }, 4],
    ['as many as its shape lists', { shape: { gpus: [{}, {}] } }, 2],
    [
      'as many as it says, where its shape lists more',
      { node: { gpuCount: 1 }, shape: { gpus: [{}, {}] } },
      1,
    ],
    ['none, where it says so of a shape with some', { node: { gpuCount: 0 }, shape: { gpus: [{}, {}] } }, 0],
    ['up to the last card that was described', { node: { gpuCount: 2 }, gpus: { 4: {} } }, 5],
    ['no more for a card among them', { node: { gpuCount: 2 }, gpus: { 1: {} } }, 2],
    ['at most 32', { gpus: { 40: {} } }, 32],
  ])('%s', (_, told, expected) => {
    expect(shapeOf(told).gpus).toHaveLength(expected);
  });

  test.each<[string, Told, number]>([
    ['none, where nobody speaks of any', {}, 0],
    ['as many as its shape lists', { shape: { nics: [{}, {}] } }, 2],
    ['up to the last one that was described', { shape: { nics: [{}, {}] }, nics: { 3: {} } }, 4],
    ['no more for one among them', { shape: { nics: [{}, {}] }, nics: { 0: { mbps: 1 } } }, 2],
  ])('and NICs: %s', (_, told, expected) => {
    expect(shapeOf(told).nics).toHaveLength(expected);
  });
});

describe('what a device is', () => {
  const node = { gpuCount: 2, gpuModel: 'A100', gpuMemoryMib: 40 };
  test.each<[string, Told, object]>([
    ['what the node says of all', { node }, { model: 'A100', memoryMib: 40 }],
    [
      'what its slot of the shape says, before what the node says of all',
      { node, shape: { gpus: [{ model: 'H100', numaNode: 1 }] } },
      { model: 'H100', memoryMib: 40, numaNode: 1 },
    ],
    [
      'what the card itself says, before its slot',
      {
        node,
        shape: { gpus: [{ model: 'H100', numaNode: 1 }] },
        gpus: { 0: { model: 'B200', memoryMib: 80 } },
      },
      { model: 'B200', memoryMib: 80, numaNode: 1 },
    ],
    [
      'nothing that tells one card from the next or changes from day to day',
      {
        node,
        gpus: {
          0: {
            uuid: 'GPU-a',
            serial: 's',
            pciAddress: '0000:1b:00.0',
            measuredW: 1,
            health: 'down',
            healthReason: 'xid',
            pcieSwitch: 3,
          },
        },
      },
      { model: 'A100', memoryMib: 40, pcieSwitch: 3 },
    ],
  ])('%s', (_, told, expected) => {
    expect(shapeOf(told).gpus[0]).toEqual(expected);
  });

  test('of a NIC: its slot with its own words over it, without its numbers', () => {
    const { nics } = shapeOf({
      shape: { nics: [{ mbps: 1, rdma: true }, { mbps: 2 }] },
      nics: { 0: { mbps: 3, name: 'mlx5_0', guid: '1', mac: '2', health: 'down' } },
    });
    expect(nics).toEqual([{ mbps: 3, rdma: true }, { mbps: 2 }]);
  });
});

describe('GPUs by NUMA node', () => {
  test('are those that were told, in the order of the numbers', () => {
    const { numa } = shapeOf({ gpus: { 0: { numaNode: 1 }, 1: {}, 2: { numaNode: 0 }, 3: { numaNode: 1 } } });
    expect(numa.map(indexesOf)).toEqual([[2], [0, 3]]);
  });

  test('reach to GPU 31', () => {
    const { numa, islands, models } = shapeOf({
      node: { gpuCount: 32, gpuModel: 'L4', link: 'nvlink' },
      gpus: { 31: { numaNode: 0 } },
    });
    expect([numa, islands, models.map(({ mask }) => mask)]).toEqual([
      [2 ** 31],
      [2 ** 32 - 1],
      [2 ** 32 - 1],
    ]);
  });
});

describe('memory of a model', () => {
  test.each([
    ['the least of its cards', [8, 4, 6], 4],
    ['of the cards that say it', [undefined, 6, undefined], 6],
    ['unknown where none says it', [undefined, undefined], undefined],
  ])('is %s', (_, sizes, expected) => {
    const gpus = sizes.map((memoryMib) => ({
      model: 'L4',
      ...(memoryMib === undefined ? {} : { memoryMib }),
    }));
    expect(shapeOf({ shape: { gpus } }).models).toEqual([
      { model: 'L4', mask: 2 ** sizes.length - 1, memoryMib: expected },
    ]);
  });
});

const rail = (more: object) => ({ rdma: true, ...more });
const on = (pcieSwitch: number) => ({ pcieSwitch });

describe('whether every GPU has an RDMA NIC', () => {
  test.each<[string, Told, string]>([
    ['no GPUs, and a NIC that does it', { nics: { 0: rail({}) } }, 'yes'],
    ['no GPUs, and a NIC that does not', { nics: { 0: { rdma: false } } }, 'unknown'],
    ['no GPUs and no NICs', {}, 'unknown'],
    [
      'a NIC with the number of each',
      { node: { gpuCount: 2 }, nics: { 0: rail({ rail: 1 }), 1: rail({ rail: 0 }) } },
      'yes',
    ],
    ['a NIC for one of two', { node: { gpuCount: 2 }, nics: { 0: rail({ rail: 0 }) } }, 'no'],
    [
      'a second one that may be any rail',
      { node: { gpuCount: 2 }, nics: { 0: rail({ rail: 0 }), 1: rail({}) } },
      'unknown',
    ],
    [
      'a second one of which nobody says whether it does RDMA',
      { node: { gpuCount: 2 }, nics: { 0: rail({ rail: 0 }), 1: {} } },
      'unknown',
    ],
    [
      'a second one that does not',
      { node: { gpuCount: 2 }, nics: { 0: rail({ rail: 0 }), 1: { rdma: false } } },
      'no',
    ],
    [
      'a NIC on another switch',
      { gpus: { 0: { pcieSwitch: 1 } }, nics: { 0: rail({ pcieSwitch: 2 }) } },
      'no',
    ],
    [
      'a NIC on the same switch without a rail',
      { gpus: { 0: { pcieSwitch: 1 } }, nics: { 0: rail({ pcieSwitch: 1 }) } },
      'unknown',
    ],
    [
      'a NIC on some switch, the GPU’s unknown',
      { node: { gpuCount: 1 }, nics: { 0: rail({ pcieSwitch: 2 }) } },
      'unknown',
    ],
    ['a NIC on an unknown switch', { gpus: { 0: { pcieSwitch: 1 } }, nics: { 0: rail({}) } }, 'unknown'],
    ['enough of them, by count alone', { node: { gpuCount: 2, rdmaNicCount: 3 } }, 'yes'],
    ['too few, by count alone', { node: { gpuCount: 2, rdmaNicCount: 1 } }, 'no'],
    [
      'a count, beside NICs that leave it open',
      { node: { gpuCount: 1, rdmaNicCount: 1 }, nics: { 0: {} } },
      'yes',
    ],
    ['nothing said of NICs', { node: { gpuCount: 2 } }, 'unknown'],
  ])('%s', (_, told, expected) => {
    expect(shapeOf(told).rdma).toBe(expected);
  });

  test('a rail of a NIC that does no RDMA is none', () => {
    expect(shapeOf({ node: { gpuCount: 1 }, nics: { 0: { rail: 0, rdma: false } } }).railOf).toEqual([
      undefined,
    ]);
    expect(shapeOf({ node: { gpuCount: 1 }, nics: { 0: { rail: 0 } } }).railOf).toEqual([undefined]);
  });

  test('four GPUs on one switch take its two NICs in turn, and one on another takes none of them', () => {
    const { railOf } = shapeOf({
      gpus: { 0: on(5), 1: on(5), 2: on(6), 3: on(5), 4: on(5) },
      nics: {
        0: rail({ rail: 9, pcieSwitch: 4 }),
        1: rail({ rail: 7, ...on(5) }),
        2: rail({ rail: 8, ...on(5) }),
      },
    });
    expect(railOf).toEqual([1, 2, undefined, 1, 2]);
  });
});

type Drawn = {
  readonly cpuMilli?: number;
  readonly memoryMib?: number;
  readonly gpuCount?: number;
  readonly gpuModel?: string;
  readonly link?: string;
  readonly rdmaNicCount?: number;
  readonly sharing?: string;
};

/** What of a drawn node belongs to its shape: not its name and number, not its health, no model without a GPU. */
function partsOf({ gpuCount = 0, gpuModel = '?', sharing = 'none', ...node }: Drawn): string {
  const { cpuMilli = '?', memoryMib = '?', link = '?', rdmaNicCount = '?' } = node;
  const cards = gpuCount === 0 ? 'none' : `${gpuCount} ${gpuModel}`;
  return canonicalJson({ cards, cpuMilli, memoryMib, link, rdmaNicCount, sharing });
}

describe('shapes are shared', () => {
  const facts = fc.record(
    {
      cpuMilli: fc.nat(1),
      memoryMib: fc.nat(1),
      gpuCount: fc.nat(2),
      gpuModel: fc.constantFrom('A100', 'H100'),
      link: fc.constantFrom('nvlink', 'none'),
      rdmaNicCount: fc.nat(1),
      sharing: fc.constantFrom('none', 'mps', 'unknown'),
      hostName: fc.constantFrom('a', 'b'),
      serial: fc.constantFrom('s', 't'),
      health: fc.constantFrom('healthy', 'down'),
    },
    { requiredKeys: [] },
  );

  test('by equal nodes, and only by those', () => {
    fc.assert(
      fc.property(fc.array(facts, { minLength: 2, maxLength: 8 }), (nodes) => {
        const table = new ShapeTable();
        const shared = nodes.map((node) => shapeOf({ node }, table));
        const own = nodes.map((node) => shapeOf({ node }));
        const told = nodes.map(partsOf);
        expect(shared).toEqual(own);
        for (const [a, first] of shared.entries())
          for (const [b, second] of shared.entries()) expect(first === second).toBe(told[a] === told[b]);
      }),
      { seed, numRuns: 150 },
    );
  });

  test('a GPU in another slot makes another shape', () => {
    const table = new ShapeTable();
    const mixed = (first: string, second: string) =>
      shapeOf({ shape: { gpus: [{ model: first }, { model: second }] } }, table);
    expect(mixed('L4', 'H100')).not.toBe(mixed('H100', 'L4'));
    expect(mixed('L4', 'H100')).toBe(mixed('L4', 'H100'));
  });
});
