import { assert, constantFrom, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { constraints, fitnessOf, placedBy } from '../../../src/core/place/fitness.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';
import { nodeOf, wantOf } from './wanted.ts';

const id = 's/h1/r1/n01';
const onNode = (set: object): Details => ({ nodes: { [id]: set } });
const onGpu = (number: number, set: object): Details => ({ gpus: { [`${id}/gpu${number}`]: set } });

/** `fits`, what it fails by, or `constraint: attribute?` where nobody can tell; of a node with four H100. */
function fitness(
  text: string,
  line: string,
  details: Details = {},
  more: object = {},
  model = 'H100',
): string {
  const node = nodeOf(`s/h1/r1 1×4 ${line}`, details);
  const found = fitnessOf(node, wantOf(text, model, more), demand(text, more));
  if (found.kind === 'fits') return 'fits';
  return found.kind === 'fails' ? found.constraint : `${found.constraint}: ${found.attribute}?`;
}

const rich = 'H100 nvlink rdma gpumem80 cpu64 mem512 disk100 numa2 roots4 gpuw700 basew800';

describe('where a node stands', () => {
  test.each([
    ['anywhere, where nothing is said', {}, 'fits'],
    ['in its site', { where: ['s'] }, 'fits'],
    ['in its hall', { where: ['s/h1'] }, 'fits'],
    ['itself', { where: [id] }, 'fits'],
    ['in one of several places', { where: ['t', 's/h1/r1'] }, 'fits'],
    ['not in any of several', { where: ['t', 's/h2'] }, 'where'],
    ['not where it must not be', { avoid: ['s/h1'] }, 'where'],
    ['not beside what must not be', { avoid: ['s/h2'] }, 'fits'],
    ['not where it may be and must not', { where: ['s'], avoid: [id] }, 'where'],
  ])('%s', (_, more, expected) => {
    expect(fitness('1×1', rich, {}, more)).toBe(expected);
  });

  test.each([
    ['1×1 at:s', {}, 'fits'],
    ['1×1 at:t', {}, 'where'],
    ['1×1 at:s', { where: ['t'] }, 'where'],
    ['1×1 at:t', { where: ['s'] }, 'where'],
    ['1×1 at:t|s', { where: ['s/h1'] }, 'fits'],
  ])('%s with %j: the part and the gang both have their say', (text, more, expected) => {
    expect(fitness(text, rich, {}, more)).toBe(expected);
  });

  test('asked of many nodes at once is the same', () => {
    const { nodes } = world('s/h1/r1 2×1 H100', 's/h2/r2 1×1 H100', 't/r1 1×1 H100').state.fleet;
    const places = ['s', 't', 's/h1', 's/h2/r2', 's/h1/r1/n02', 't/r1/n01'];
    assert(
      property(
        subarray(places),
        subarray(places),
        constantFrom('', ' at:s', ' at:t|s/h2'),
        (where, avoid, at) => {
          const asked = demand(`1×1${at}`, {
            ...(where.length > 0 ? { where } : {}),
            ...(avoid.length > 0 ? { avoid } : {}),
          });
          const want = wantOf(`1×1${at}`);
          const isPlaced = placedBy(asked, want.part);
          for (const node of nodes) {
            const told = fitnessOf(node, want, asked);
            expect(isPlaced(node)).toBe(told.kind === 'fits');
          }
        },
      ),
      { seed, numRuns: 100 },
    );
  });
});

describe('whether it works', () => {
  test.each([
    ['cordoned', onNode({ schedulable: false }), 'health'],
    ['down', onNode({ health: 'down' }), 'health'],
    ['degraded', onNode({ health: 'degraded' }), 'fits'],
    ['with one GPU down, for three', onGpu(0, { health: 'down' }), 'fits'],
  ])('a node that is %s', (_, details, expected) => {
    expect(fitness('1×3', rich, details)).toBe(expected);
  });

  test('GPUs that are down are not there', () => {
    expect(fitness('1×4', rich, onGpu(0, { health: 'down' }))).toBe('node-size');
  });
});

describe('what GPUs it has', () => {
  test.each([
    ['none of the model', '1×1', 'A100', {}, 'gpu-model'],
    ['all of the model', '1×4', 'H100', {}, 'fits'],
    ['too few', '1×5', 'H100', {}, 'node-size'],
    ['too few of the model', '1×4', 'H100', onGpu(0, { model: 'A100' }), 'node-size'],
    ['exactly enough memory', '1×4 gpumem80', 'H100 gpumem80', {}, 'fits'],
    ['too little memory', '1×1 gpumem81', 'H100 gpumem80', {}, 'gpu-memory'],
    ['memory that nobody knows', '1×1 gpumem80', 'H100', {}, 'gpu-memory: gpuMemoryMib?'],
    ['enough memory on some', '1×3 gpumem80', 'H100 gpumem80', onGpu(1, { memoryMib: 1 }), 'fits'],
    ['enough memory on too few', '1×4 gpumem80', 'H100 gpumem80', onGpu(1, { memoryMib: 1 }), 'node-size'],
    ['GPUs that are shared', '1×1', 'H100 shared', {}, 'whole-gpus'],
    ['GPUs that are cut', '1×1', 'H100', onNode({ sharing: 'mig-single' }), 'whole-gpus'],
    [
      'GPUs of which nobody knows whether they are',
      '1×1',
      'H100',
      onNode({ sharing: 'unknown' }),
      'whole-gpus: sharing?',
    ],
    ['memory is asked before that', '1×1 gpumem81', 'H100 gpumem80 shared', {}, 'gpu-memory'],
    ['shared ones do for shares', '1×1 share:500', 'H100 shared', {}, 'fits'],
    ['but not for instances', '1×1 mig:1g.10gb', 'H100 gpumem80 mig shared', {}, 'gpu-slice'],
    ['too few for shares', '1×5 share:500', 'H100', {}, 'node-size'],
    [
      'nobody knows whether they can be cut',
      '1×1 mig:1g.10gb',
      'H100 gpumem80',
      {},
      'gpu-slice: migCapable?',
    ],
  ])('%s', (_, text, line, details, expected) => {
    expect(fitness(text, line, details)).toBe(expected);
  });
});

describe('how its GPUs are joined', () => {
  const [linked] = demand('1×4 nvlink').parts;
  const atLeast = (linkMbps: number, link?: string) => ({
    parts: [{ ...linked, each: { gpus: { count: 4, linkMbps, ...(link === undefined ? {} : { link }) } } }],
  });

  test.each([
    ['by the link that is asked for', '1×4 nvlink', 'H100 nvlink', 'fits'],
    ['by another', '1×4 nvlink', 'H100 xgmi', 'accelerator-link'],
    ['by any', '1×4 link', 'H100 xgmi', 'fits'],
    ['by none', '1×4 link', 'H100 nolink', 'accelerator-link'],
    ['by none, for one GPU', '1×1 link', 'H100 nolink', 'accelerator-link'],
    ['by nobody knows what', '1×4 link', 'H100', 'accelerator-link: link?'],
    ['in domains that are large enough', '1×2 nvlink', 'H100 nvlink island2', 'fits'],
    ['in domains that are too small', '1×3 nvlink', 'H100 nvlink island2', 'accelerator-link'],
    ['by a link, for shares', '1×3 share:500 nvlink', 'H100 nvlink island2', 'accelerator-link'],
  ])('%s', (_, text, line, expected) => {
    expect(fitness(text, line)).toBe(expected);
  });

  test('in a domain of which one GPU is down', () => {
    expect(fitness('1×4 nvlink', 'H100 nvlink', onGpu(3, { health: 'down' }))).toBe('accelerator-link');
    expect(fitness('1×3 nvlink', 'H100 nvlink', onGpu(3, { health: 'down' }))).toBe('fits');
  });

  test.each([
    [900_000, undefined, 'H100 nvlink link900', 'fits'],
    [900_001, undefined, 'H100 nvlink link900', 'accelerator-link'],
    [1, undefined, 'H100 nvlink', 'accelerator-link: linkMbps?'],
    [1, undefined, 'H100 nolink link900', 'accelerator-link'],
    [1, 'xgmi', 'H100 nvlink link900', 'accelerator-link'],
  ])('by at least %d Mbit/s (%s) on %s: %s', (mbps, link, line, expected) => {
    expect(fitness('1×4 nvlink', line, {}, atLeast(mbps, link))).toBe(expected);
  });
});

describe('its RDMA NICs', () => {
  const [part] = demand('1×4 rdma').parts;
  const fast = (nicMbps: number) => ({ parts: [{ ...part, each: { ...part?.each, rdma: { nicMbps } } }] });

  test.each([
    ['one for each GPU', 'H100 rdma', {}, {}, 'fits'],
    ['none', 'H100 nordma', {}, {}, 'rdma'],
    ['nobody knows', 'H100', {}, {}, 'rdma: rdma NICs?'],
    ['fast enough', 'H100 rdma', {}, fast(400_000), 'fits'],
    ['too slow', 'H100 rdma', {}, fast(400_001), 'rdma'],
    [
      'one of them too slow',
      'H100 rdma',
      { nics: { [`${id}/nic2`]: { mbps: 1000 } } },
      fast(400_000),
      'rdma',
    ],
  ])('%s', (_, line, details, more, expected) => {
    expect(fitness('1×4 rdma', line, details, more)).toBe(expected);
  });

  test('nobody knows how fast they are', () => {
    expect(fitness('1×4 rdma', 'H100', onNode({ rdmaNicCount: 4 }), fast(1))).toBe('rdma: NIC speed?');
    expect(fitness('1×4 rdma', 'H100', onNode({ rdmaNicCount: 4 }))).toBe('fits');
    expect(fitness('1×4 rdma', 'H100', onNode({ rdmaNicCount: 3 }))).toBe('rdma');
  });
});

describe('what it has beside GPUs', () => {
  test.each([
    ['exactly enough of all', '1×1 cpu64 mem512 disk100', rich, 'fits'],
    ['a core too few', '1×1 cpu65', rich, 'node-size'],
    ['a GiB of memory too few', '1×1 mem513', rich, 'node-size'],
    ['a GiB of storage too few', '1×1 disk101', rich, 'node-size'],
    ['cores that nobody knows', '1×1 cpu1', 'H100', 'node-size: cpuMilli?'],
    ['memory that nobody knows', '1×1 mem1', 'H100 cpu8', 'node-size: memoryMib?'],
    ['storage that nobody knows', '1×1 disk1', 'H100 cpu8', 'node-size: storageGib?'],
    ['a share of what nobody knows is nothing', '1×4', 'H100', 'fits'],
    ['none of what nobody knows', '1×1 cpu0 mem0', 'H100', 'fits'],
    ['cores alone', '1×cpu64', rich, 'fits'],
    ['too many cores alone', '1×cpu65', rich, 'node-size'],
    ['too many cores of a share', '1×1 share:500 cpu65', rich, 'node-size'],
  ])('%s', (_, text, line, expected) => {
    expect(fitness(text, line)).toBe(expected);
  });

  test.each([
    ['under one NUMA node of two', '1×2 align:numa', rich, 'fits'],
    ['three GPUs under one of two', '1×3 align:numa', rich, 'align'],
    ['half of the cores', '1×1 align:numa cpu32', rich, 'fits'],
    ['more than half of the cores', '1×1 align:numa cpu33', rich, 'align'],
    ['nobody knows its NUMA nodes', '1×1 align:numa', 'H100', 'align: numaNodes?'],
    ['nobody knows its PCIe roots', '1×1 align:pcie-root', 'H100 numa2', 'align: pcieRoot?'],
  ])('aligned %s', (_, text, line, expected) => {
    expect(fitness(text, line)).toBe(expected);
  });
});

describe('what the gang asks of its place', () => {
  test.each([
    ['to survive a rack, in one', '2×1', { survive: { loss: 'rack', membersLeft: 1 } }, {}, 'fits'],
    [
      'to survive a feed, of which nobody knows',
      '2×1',
      { survive: { loss: 'feed', membersLeft: 1 } },
      {},
      'survive: feeds?',
    ],
    ['to be alone on a node', '1×1', { isolation: 'node' }, {}, 'fits'],
    ['to be alone in a rack', '1×1', { isolation: 'rack' }, {}, 'fits'],
    ['a cap that its watts are known for', '1×1', { powerCapW: 1 }, {}, 'fits'],
    ['to stay on a spine, of which nobody knows', '2×1 within:spine', {}, {}, 'topology: spine?'],
    ['to stay on an island, which one link over the node is', '2×1 within:island', {}, {}, 'fits'],
  ])('%s', (_, text, more, details, expected) => {
    expect(fitness(text, rich, details, more)).toBe(expected);
  });

  test('a cap on watts that nobody knows', () => {
    expect(fitness('1×1', 'H100', {}, { powerCapW: 1 })).toBe('power-cap: gpuPowerW?');
    expect(fitness('1×1', 'H100 gpuw700', {}, { powerCapW: 1 })).toBe('power-cap: basePowerW?');
    expect(fitness('1×cpu1', 'H100 cpu8', {}, { powerCapW: 1 })).toBe('power-cap: basePowerW?');
    expect(fitness('1×cpu1', 'H100 cpu8 basew1', {}, { powerCapW: 1 })).toBe('fits');
  });

  test('a rack that is alone, of a node that is in none', () => {
    const loose = world('s/h1/r1 1×1 H100', { racks: {} }).state.fleet.nodes.map((node) => ({
      ...node,
      rack: undefined,
    }));
    const [node] = loose;
    if (node === undefined) throw new Error('a node');
    const told = (more: object) => fitnessOf(node, wantOf('2×1'), demand('2×1', more));
    expect(told({ isolation: 'rack' })).toEqual({
      kind: 'unknown',
      constraint: 'isolation',
      attribute: 'rack',
    });
    expect(told({ isolation: 'node' }).kind).toBe('fits');
    expect(told({ survive: { loss: 'rack', membersLeft: 1 } })).toEqual({
      kind: 'unknown',
      constraint: 'survive',
      attribute: 'rack',
    });
    // Parts without GPUs do not count for survival, beside those that have some.
    const cores = demand('2×1 + load: 1×cpu0', { survive: { loss: 'rack', membersLeft: 1 } });
    const load = { part: cores.parts[1] ?? wantOf('1×cpu1').part, gpuCount: 0, model: undefined };
    expect(fitnessOf(node, load, cores).kind).toBe('fits');
  });
});

describe('of several things that it lacks, the one that is asked for first', () => {
  // Each row lacks what the rows below it lack too.
  const lacks: readonly (readonly [string, string, Details, object])[] = [
    ['where', 'A100', onNode({ health: 'down' }), { where: ['t'] }],
    ['health', 'A100', onNode({ health: 'down' }), {}],
    ['gpu-model', 'A100 gpumem1 shared', {}, {}],
    ['gpu-memory', 'H100 gpumem1 shared nolink nordma cpu1', {}, {}],
    ['whole-gpus', 'H100 gpumem80 shared nolink nordma cpu1', {}, {}],
    ['accelerator-link', 'H100 gpumem80 nolink nordma cpu1', {}, {}],
    ['rdma', 'H100 gpumem80 nvlink nordma cpu1', {}, {}],
    ['node-size', 'H100 gpumem80 nvlink rdma cpu1', {}, {}],
    ['align: numaNodes?', 'H100 gpumem80 nvlink rdma cpu64', {}, {}],
    ['topology: spine?', 'H100 gpumem80 nvlink rdma cpu64 numa2 roots2', {}, {}],
    [
      'survive: feeds?',
      'H100 gpumem80 nvlink rdma cpu64 numa2 roots2',
      { nodes: { [id]: {} } },
      { loose: true },
    ],
    [
      'power-cap: gpuPowerW?',
      'H100 gpumem80 nvlink rdma cpu64 numa2 roots2',
      {},
      { loose: true, survive: undefined },
    ],
  ];

  test.each(lacks)('%s', (expected, line, details, more) => {
    const { loose, ...rest } = { loose: false, ...more };
    const text = `1×2 nvlink rdma gpumem80 cpu8 align:numa${loose ? '' : ' within:spine'}`;
    const asks = { powerCapW: 9000, survive: { loss: 'feed', membersLeft: 1 }, ...rest };
    expect(fitness(text, line, details, asks)).toBe(expected);
  });

  test('and that is the order in which they are told', () => {
    const told = lacks.map(([expected]) => expected.split(':', 1).join());
    const places = told.map((name) => constraints.findIndex((constraint) => constraint === name));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });
});
