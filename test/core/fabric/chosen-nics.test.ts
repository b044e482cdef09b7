import {
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  option,
  property,
  record,
  uniqueArray,
} from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { maskOf } from '../../../src/core/mask.ts';
import { nicLack } from '../../../src/core/place/fabric/fitness.ts';
import {
  chooseNics,
  choosesNics,
  nicCapacity,
  nicCountOf,
  nicsReach,
  rdmaNics,
  unknownNicLayout,
} from '../../../src/core/place/fabric/nics.ts';
import type { ReplicaNeed } from '../../../src/model/demand.ts';
import type { GpuFacts, NicFacts } from '../../../src/model/fact.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { nodeIn, wantOf, withRdma } from './ask.ts';

const none: ReadonlySet<number> = new Set();

/** What one replica of the demand's first part asks for. */
function each(text: string, rdma: object = {}): ReplicaNeed {
  return wantOf(text.includes('rdma') ? withRdma(text, rdma) : demand(text)).part.each;
}

/** A node of these GPUs and NICs; NICs do RDMA unless they say otherwise. */
function node(gpus: readonly GpuFacts[], nics: readonly NicFacts[]): FleetNode {
  const path = 'fra1/r1/n01';
  return nodeIn(
    world({
      racks: { 'fra1/r1': {} },
      nodes: { [path]: {} },
      gpus: Object.fromEntries(gpus.map((gpu, at) => [`${path}/gpu${at}`, gpu])),
      nics: Object.fromEntries(nics.map((nic, at) => [`${path}/nic${at}`, { rdma: true, ...nic }])),
    }),
    path,
  );
}

describe('how many NICs a replica asks for', () => {
  test.each<[string, ReplicaNeed, number, boolean]>([
    ['none', each('1×8'), 0, false],
    ['none, without GPUs', each('1×cpu4'), 0, false],
    ['one for each GPU, by its rail', each('1×8 rdma'), 8, false],
    ['one for each GPU, said in so many words', each('1×8 rdma', { nicsPerGpu: 1 }), 8, false],
    ['two for each GPU, one by one', each('1×8 rdma', { nicsPerGpu: 2 }), 16, true],
    ['one for each slice, one by one', each('1×3 share:250 rdma'), 3, true],
    ['two for each slice', each('1×3 mig:1g.10gb rdma', { nicsPerGpu: 2 }), 6, true],
    ['one without GPUs', each('1×cpu4 rdma'), 1, true],
    ['one without GPUs, whatever a GPU would get', each('1×cpu4 rdma', { nicsPerGpu: 4 }), 1, true],
  ])('%s', (_, need, count, one) => {
    expect(nicCountOf(need)).toBe(count);
    expect(choosesNics(need)).toBe(one);
  });
});

describe('the NICs of a node that may serve', () => {
  const mixed = node([], [{ mbps: 100 }, { rdma: false, mbps: 400 }, { mbps: 400 }, {}]);

  test.each<[string, number | undefined, readonly number[]]>([
    ['any speed: all that do RDMA', undefined, [0, 2, 3]],
    ['no speed: all that do RDMA', 0, [0, 2, 3]],
    ['exactly fast enough', 400, [2]],
    ['too slow by one', 401, []],
    ['of unknown speed is too slow for any', 1, [0, 2]],
  ])('%s', (_, nicMbps, nics) => {
    expect(rdmaNics(mixed.shape, each('1×cpu1 rdma', nicMbps === undefined ? {} : { nicMbps }))).toEqual(
      nics,
    );
  });

  test.each<[string, ReplicaNeed, readonly number[], number]>([
    ['without GPUs one for each replica', each('1×cpu1 rdma'), [], 3],
    ['what others have is not there', each('1×cpu1 rdma'), [0, 2], 1],
    ['what others have of those that do no RDMA makes no difference', each('1×cpu1 rdma'), [1], 3],
    ['two for a GPU', each('1×1 rdma', { nicsPerGpu: 2 }), [], 1],
    ['one too few', each('1×1 rdma', { nicsPerGpu: 4 }), [], 0],
    ['by their rails: as many as there are GPUs', each('1×1 rdma'), [0, 1, 2, 3], Infinity],
    ['nobody asks for any', each('1×1'), [], Infinity],
  ])('serve so many replicas: %s', (_, need, taken, count) => {
    expect(nicCapacity(mixed, need, new Set(taken))).toBe(count);
  });
});

/** GPU 0 with a NIC of each nearness: 0 anywhere, 1 of its NUMA node, 2 of its root, 3 on its switch, 4 its rail. */
const near = { numaNode: 0, pcieRoot: 0, pcieSwitch: 0 };
const ladder = node(
  [{ ...near }, { numaNode: 1, pcieRoot: 2, pcieSwitch: 4 }],
  [
    { numaNode: 1, pcieRoot: 3, pcieSwitch: 5 },
    { numaNode: 0, pcieRoot: 1, pcieSwitch: 3 },
    { numaNode: 0, pcieRoot: 0, pcieSwitch: 2 },
    { ...near },
    { ...near, rail: 0 },
  ],
);

describe('which NICs a GPU gets', () => {
  const one = each('1×1 rdma', { nicsPerGpu: 2 });
  const by = (taken: readonly number[], need = one, gpus: readonly number[] = [0], on = ladder) =>
    chooseNics(on, need, gpus, new Set(taken));

  test.each<[string, readonly number[], readonly number[] | undefined]>([
    ['its rail and one on its switch', [], [3, 4]],
    ['its switch and its root, where the rail is taken', [4], [2, 3]],
    ['its root and its NUMA node', [3, 4], [1, 2]],
    ['its NUMA node and any', [2, 3, 4], [0, 1]],
    ['not enough are left', [1, 2, 3, 4], undefined],
  ])('%s', (_, taken, nics) => {
    expect(by(taken)).toEqual(nics);
  });

  test.each<[string, string, readonly number[], number, readonly number[] | undefined]>([
    ['of its NUMA node, four', 'numa', [], 4, [1, 2, 3, 4]],
    ['of its NUMA node, and no others', 'numa', [4], 4, undefined],
    ['of its PCIe root, three', 'pcie-root', [], 3, [2, 3, 4]],
    ['of its PCIe root, and no others', 'pcie-root', [], 4, undefined],
  ])('with alignment only those %s', (_, align, taken, nicsPerGpu, nics) => {
    expect(by(taken, each(`1×1 rdma align:${align}`, { nicsPerGpu }))).toEqual(nics);
  });

  test('in rounds: the first of each GPU before the second of any', () => {
    const crowded = node(
      [{ pcieSwitch: 0 }, { pcieSwitch: 0 }],
      [{ pcieSwitch: 0 }, { pcieSwitch: 0 }, { pcieSwitch: 1 }, { pcieSwitch: 1 }],
    );
    const two = each('1×2 rdma', { nicsPerGpu: 1, nicMbps: 0 });
    expect(by([], { ...two, rdma: { nicsPerGpu: 2 } }, [0, 1], crowded)).toEqual([0, 1, 2, 3]);
    expect(by([2], { ...two, rdma: { nicsPerGpu: 2 } }, [0, 1], crowded)).toBeUndefined();
  });

  test('a NIC that is down is not given, nor one that is too slow', () => {
    const lame = node([{}], [{ health: 'down', mbps: 400 }, { mbps: 399 }, { mbps: 400 }]);
    expect(by([], each('1×cpu1 rdma', { nicMbps: 400 }), [], lame)).toEqual([2]);
    expect(by([], each('1×cpu1 rdma'), [], lame)).toEqual([1]);
    expect(by([2], each('1×cpu1 rdma', { nicMbps: 400 }), [], lame)).toBeUndefined();
  });

  test('without GPUs the first that is nobody’s rail, else the first', () => {
    const rails = node([{}, {}], [{ rail: 0 }, { rail: 1 }, {}, {}]);
    const cores = each('1×cpu1 rdma');
    expect(by([], cores, [], rails)).toEqual([2]);
    expect(by([2], cores, [], rails)).toEqual([3]);
    expect(by([2, 3], cores, [], rails)).toEqual([0]);
    expect(by([0, 1, 2, 3], cores, [], rails)).toBeUndefined();
  });

  test('two slices of one GPU share its nearness, not its NIC', () => {
    expect(by([], each('1×2 share:250 rdma'), [0, 0])).toEqual([3, 4]);
  });
});

const reaches = (need: ReplicaNeed, gpus: readonly number[], taken: readonly number[] = []) =>
  nicsReach(ladder, need, maskOf(gpus), new Set(taken));

describe('whether a group of GPUs has NICs beside it', () => {
  const numa = (nicsPerGpu: number) => each('1×1 rdma align:numa', { nicsPerGpu });
  const root = (nicsPerGpu: number) => each('1×1 rdma align:pcie-root', { nicsPerGpu });

  test.each<[string, boolean, boolean]>([
    ['four on its NUMA node', reaches(numa(4), [0]), true],
    ['three, as one is taken', reaches(numa(4), [0], [2]), false],
    ['four of which one elsewhere is taken', reaches(numa(4), [0], [0]), true],
    ['two on the other NUMA node', reaches(numa(2), [1]), false],
    [
      'one on the other NUMA node',
      reaches({ ...numa(2), gpus: { count: 1, slice: { kind: 'share', milli: 5 } }, rdma: {} }, [1]),
      true,
    ],
    ['three on its PCIe root', reaches(root(3), [0]), true],
    ['not four on its PCIe root', reaches(root(4), [0]), false],
    ['none on the other PCIe root', reaches(root(2), [1]), false],
    ['by rails nobody asks', reaches(each('1×1 rdma align:numa'), [1], [0, 1, 2, 3, 4]), true],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected);
  });
});

describe('what is not known of NICs', () => {
  const located = { numaNode: 0 };
  const two = each('1×1 rdma', { nicsPerGpu: 2 });

  test.each<[string, readonly GpuFacts[], readonly NicFacts[], ReplicaNeed, string | undefined]>([
    ['that there are any', [located], [], two, 'rdma NICs'],
    ['where all is', [located], [located, located], two, undefined],
    ['where a GPU is', [located, {}], [located, located], two, 'numaNode'],
    ['where a NIC is', [located], [located, {}], two, 'NIC numaNode'],
    ['a switch says as much', [{ pcieSwitch: 1 }], [{ pcieSwitch: 1 }], two, undefined],
    ['a root does not', [{ pcieRoot: 1 }], [located], two, 'numaNode'],
    [
      'where one is that does no RDMA is nobody’s question',
      [located],
      [located, { rdma: false }],
      two,
      undefined,
    ],
    ['without GPUs nobody asks where they are', [{}], [{}], each('1×cpu1 rdma'), undefined],
    ['how fast one is', [located], [located], each('1×1 rdma', { nicsPerGpu: 2, nicMbps: 1 }), 'NIC speed'],
    ['how fast one is, before where', [], [{}], each('1×cpu1 rdma', { nicMbps: 1 }), 'NIC speed'],
    ['how fast one of two is', [], [{ mbps: 5 }, {}], each('1×cpu1 rdma', { nicMbps: 1 }), 'NIC speed'],
    [
      'how fast it is that does no RDMA is nobody’s question',
      [],
      [{ mbps: 5 }, { rdma: false }],
      each('1×cpu1 rdma', { nicMbps: 1 }),
      undefined,
    ],
    ['no speed is asked for', [], [{}], each('1×cpu1 rdma', { nicMbps: 0 }), undefined],
  ])('%s', (_, gpus, nics, need, attribute) => {
    expect(unknownNicLayout(node(gpus, nics).shape, need)).toBe(attribute);
  });

  test('whether one does RDMA at all', () => {
    const path = 'fra1/r1/n01';
    const silent = world({
      racks: { 'fra1/r1': {} },
      nodes: { [path]: {} },
      nics: { [`${path}/nic0`]: { rdma: true }, [`${path}/nic1`]: { mbps: 1 } },
    });
    expect(unknownNicLayout(nodeIn(silent, path).shape, each('1×cpu1 rdma'))).toBe('NIC rdma');
  });

  test.each<[string, string, object, object | undefined]>([
    ['nothing where nobody asks', '1×1', {}, undefined],
    ['nothing where they go by rails', '1×1 rdma', {}, undefined],
    ['nothing where there are enough', '1×1 rdma', { nicsPerGpu: 2 }, undefined],
    ['nothing where there are exactly enough', '1×5 share:250 rdma', {}, undefined],
    ['one where there are five of six', '1×6 share:250 rdma', {}, {}],
    ['NICs where there are too few', '1×2 rdma', { nicsPerGpu: 3 }, {}],
    ['fast ones', '1×cpu1 rdma', { nicMbps: 1 }, { unknown: 'NIC speed' }],
  ])('a node lacks %s', (_, text, rdma, lack) => {
    const want = wantOf(text.includes('rdma') ? withRdma(text, rdma) : demand(text));
    expect(nicLack(ladder, want)).toEqual(lack);
  });
});

const places = record({
  numaNode: constantFrom(0, 1),
  pcieRoot: constantFrom(0, 1, 2),
  pcieSwitch: constantFrom(0, 1, 2, 3),
});
const worlds = record({
  gpus: array(places, { minLength: 1, maxLength: 3 }),
  nics: array(places, { minLength: 1, maxLength: 6 }),
  nicsPerGpu: integer({ min: 2, max: 3 }),
  align: option(constantFrom('numa', 'pcie-root'), { freq: 2 }),
  taken: uniqueArray(integer({ min: 0, max: 5 }), { maxLength: 2 }),
  one: boolean(),
});

/** The same by the words of the promise: round after round, each GPU the nearest that is left, by number. */
function nearest(
  on: FleetNode,
  gpus: readonly number[],
  rounds: number,
  { align, taken }: { readonly align: string | null; readonly taken: readonly number[] },
): number[] | undefined {
  const left = new Set(on.shape.nics.keys().filter((nic) => !taken.includes(nic)));
  const chosen: number[] = [];
  const shares = (gpu: number, nic: number, what: 'numaNode' | 'pcieRoot' | 'pcieSwitch') =>
    on.shape.gpus[gpu]?.[what] === on.shape.nics[nic]?.[what];
  for (let round = 0; round < rounds; round++)
    for (const gpu of gpus) {
      const allowed = [...left].filter(
        (nic) => align === null || shares(gpu, nic, align === 'numa' ? 'numaNode' : 'pcieRoot'),
      );
      const found =
        allowed.find((nic) => shares(gpu, nic, 'pcieSwitch')) ??
        allowed.find((nic) => shares(gpu, nic, 'pcieRoot')) ??
        allowed.find((nic) => shares(gpu, nic, 'numaNode')) ??
        allowed[0];
      if (found === undefined) return undefined;
      left.delete(found);
      chosen.push(found);
    }
  return chosen.toSorted((a, b) => a - b);
}

test('whatever is where, each GPU gets the nearest that is left, round after round', () => {
  const seen = { found: 0, none: 0 };
  assert(
    property(worlds, ({ gpus, nics, nicsPerGpu, align, taken, one }) => {
      const on = node(gpus, nics);
      const chosen = one ? [0] : [...gpus.keys()];
      const text = `1×${chosen.length} rdma${align === null ? '' : ` align:${align}`}`;
      const found = chooseNics(on, each(text, { nicsPerGpu }), chosen, new Set(taken));
      expect(found).toEqual(nearest(on, chosen, nicsPerGpu, { align, taken }));
      seen[found === undefined ? 'none' : 'found']++;
    }),
    { seed, numRuns: 300 },
  );
  expect(Math.min(seen.found, seen.none)).toBeGreaterThan(60);
});

test('nothing is taken where nothing is asked for', () => {
  expect(chooseNics(ladder, each('1×1'), [0], none)).toEqual([]);
});
