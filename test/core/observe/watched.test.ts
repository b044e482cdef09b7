import { describe, expect, test } from 'vitest';

import { gpuPath, gpusOf, watchOf } from '../../../src/core/observe/watch.ts';
import { windowCount, windowS } from '../../../src/core/observe/windows.ts';
import { Path } from '../../../src/model/id.ts';
import type { Watch, WatchedNode } from '../../../src/model/measurement.ts';
import { Member } from '../../../src/model/placement.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { observe, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const n1 = 'fra1/h1/r1/n01';

/** What is looked at for C-101, an hour after it was granted. */
function watched({ state }: World): Watch {
  const [contract] = state.contracts;
  if (contract === undefined) throw new Error('nothing was granted');
  return watchOf(state, contract, t0 + 3_600_000);
}

type Shape = { readonly gpus?: readonly object[]; readonly nics?: readonly object[] };

const h100s = Array.from({ length: 4 }, () => ({ model: 'H100' }));

/** A rack of two nodes of four H100, whose shape is told anew: what is said of it last counts. */
function shaped({ gpus = h100s, nics = [] }: Shape): World {
  const fleet = world('fra1/h1/r1 2×4 H100', { nodes: { [n1]: { hostName: 'h100-a' } } });
  return observe(fleet, [fact('shape', 'fra1-h1-r1-1', { gpus, nics, link: 'nvlink', cpuMilli: 16_000 })]);
}

/** The first of the two nodes, of a placement with these lines. */
function nodeOf(shape: Shape, ...lines: readonly string[]): WatchedNode | undefined {
  return watched(granted(shaped(shape), demand('1×1'), placement(undefined, ...lines))).nodes[0];
}

/** Four RDMA NICs by their names; `-` for one without. */
function rdmaNics(...names: readonly string[]): Shape {
  return { nics: names.map((name, rail) => ({ rdma: true, rail, ...(name === '-' ? {} : { name }) })) };
}

const named = rdmaNics('mlx5_0', 'mlx5_1', 'mlx5_2', 'mlx5_3');

describe('what is to be looked at', () => {
  test('is every node with a seat, once, over the last windows', () => {
    const fleet = world('fra1/h1/r1 3×4 H100');
    const held = placement(
      undefined,
      `train 0 ${n1} gpu0`,
      `train 1 ${n1} gpu2`,
      'train 2 fra1/h1/r1/n02 gpu0-3',
      '+ train 0 fra1/h1/r1/n03 gpu1',
    );
    const { nodes, ...rest } = watched(granted(fleet, demand('1×1'), held));
    expect(rest).toEqual({ contract: 'C-101', version: 1, untilMs: t0 + 3_600_000, windowS, windowCount });
    expect(nodes.map(({ id, gpus }) => [id.slice(-3), gpus.map(({ number }) => number)])).toEqual([
      ['n01', [0, 2]],
      ['n02', [0, 1, 2, 3]],
      ['n03', [1]],
    ]);
  });

  test('leaves out nodes that the fleet no longer lists', () => {
    const fleet = world('fra1/h1/r1 1×4 H100');
    const held = placement(undefined, 'train 0 fra1/h9/r9/n99 gpu0', `train 1 ${n1} gpu0`);
    expect(watched(granted(fleet, demand('1×1'), held)).nodes.map(({ id }) => id)).toEqual([n1]);
  });

  test('has the query of the response, where one was asked for', () => {
    const fleet = world('fra1/h1/r1 1×4 H100 cpu16 mem64');
    expect(watched(take(fleet, demand('1×4 H100')))).not.toHaveProperty('response');
    const asked = take(fleet, demand('1×4 H100', { response: 'histogram_quantile(0.99, x) <= 250 ms' }));
    expect(watched(asked).response).toBe('histogram_quantile(0.99, x)');
  });
});

describe('of a node', () => {
  test('its GPUs in order, each once, with the id that its driver gave it', () => {
    const node = nodeOf(
      { gpus: [{}, {}, {}, { uuid: 'GPU-3' }] },
      `train 0 ${n1} gpu3,1`,
      `train 1 ${n1} 1:250`,
    );
    expect(node?.hostName).toBe('h100-a');
    expect(node?.gpus).toEqual([
      { id: `${n1}/gpu1`, number: 1 },
      { id: `${n1}/gpu3`, number: 3, uuid: 'GPU-3' },
    ]);
  });

  test.each([
    ['all of its GPUs are held by the contract', [`train 0 ${n1} gpu0-3`], true],
    ['all of them, by several replicas', [`train 0 ${n1} gpu0-1`, `train 1 ${n1} gpu2-3`], true],
    ['all of them, some by slices', [`train 0 ${n1} gpu0-2`, `train 1 ${n1} 3:250`], true],
    ['one of them is not', [`train 0 ${n1} gpu0-2`], false],
    ['it holds cores only', [`train 0 ${n1} cpu4`], false],
  ])('its whole draw is the contract’s where all that draws serves it: %s', (_, lines, expected) => {
    expect(nodeOf({}, ...lines)?.isWhole).toBe(expected);
  });

  test('without GPUs the draw is nobody’s in particular; with a single one it is', () => {
    const [bare, single] = ['fra1/h1/r1 1 cpu16', 'fra1/h1/r1 1×1 H100'].map((line) =>
      watched(
        granted(
          world(line),
          demand('1×1'),
          placement(undefined, `train 0 ${n1} ${line.includes('×') ? 'gpu0' : 'cpu1'}`),
        ),
      ),
    );
    expect(bare?.nodes[0]?.isWhole).toBe(false);
    expect(single?.nodes[0]?.isWhole).toBe(true);
  });

  test.each<readonly [string, Shape, string, readonly string[] | undefined]>([
    ['none is held', named, 'gpu0', undefined],
    ['those held, in order', named, 'gpu0 nic3,1', ['mlx5_1', 'mlx5_3']],
    ['nobody knows their names', {}, 'gpu0 nic1', undefined],
    ['the name of one is missing', rdmaNics('-', 'mlx5_1', '-', '-'), 'gpu0 nic1,2', undefined],
    ['only names of others are missing', rdmaNics('-', 'mlx5_1', '-', '-'), 'gpu0 nic1', ['mlx5_1']],
    [
      'one that has no RDMA does not count',
      {
        nics: [
          { rdma: true, name: 'mlx5_0' },
          { rdma: false, name: 'eth0' },
        ],
      },
      'gpu0 nic0,1',
      ['mlx5_0'],
    ],
    ['none that has RDMA', { nics: [{ rdma: false, name: 'eth0' }] }, 'gpu0 nic0', undefined],
  ])('its RDMA NICs by name: %s', (_, more, held, expected) => {
    expect(nodeOf(more, `train 0 ${n1} ${held}`)?.rdma).toEqual(expected);
  });

  test('NICs of all its replicas, each once', () => {
    expect(nodeOf(named, `train 0 ${n1} gpu0 nic0,1`, `train 1 ${n1} gpu1 nic1,2`)?.rdma).toEqual([
      'mlx5_0',
      'mlx5_1',
      'mlx5_2',
    ]);
  });

  test('its data NICs by name, where flows are held on them and all have one', () => {
    const flows = [{ from: 'load', to: 'train', mbps: 80_000 }];
    const dataOn = (name: object, more: object = { flows }) => {
      const told = shaped({ nics: [{ kind: 'ethernet', rdma: false, mbps: 100_000, ...name }] });
      const taken = take(told, demand('load: 1×cpu16 + train: 1×4 H100 24h', more));
      return watched(taken).nodes.map(({ data }) => data);
    };
    expect(dataOn({ name: 'eth0' })).toEqual([['eth0'], ['eth0']]);
    expect(dataOn({})).toEqual([undefined, undefined]);
    expect(dataOn({ name: 'eth0' }, {})).toEqual([undefined, undefined]);
  });
});

test('a member has whole GPUs and those of its slices', () => {
  const member = Member.parse({
    part: 'train',
    replica: 0,
    node: n1,
    gpus: [4, 2],
    slices: [
      { kind: 'share', gpu: 1, milli: 5 },
      { kind: 'mig', gpu: 0, profile: '1g.10gb', start: 0 },
    ],
    nics: [],
    cpuMilli: 0,
    memoryMib: 0,
    powerW: 0,
  });
  expect(gpusOf(member)).toEqual([4, 2, 1, 0]);
  const { slices: _slices, ...whole } = member;
  expect(gpusOf(whole)).toEqual([4, 2]);
  expect(gpuPath(Path.parse(n1), 7)).toBe(`${n1}/gpu7`);
});
