import { describe, expect, test } from 'vitest';

import { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { blamed, held, shown, termOf } from './sight.ts';

const fleet = world('fra1/h1/r1 4×4 H100 rdma');
const path = (place: string) => `fra1/h1/r1/${place}`;

/** Two replicas of two GPUs on two nodes, and a spare on a third. */
const spared = held(
  fleet,
  demand('2×2 H100'),
  placement(
    24,
    `train 0 ${path('n01')} gpu0-1 nic0-1`,
    `train 1 ${path('n02')} gpu2-3 nic2`,
    `+ train 2 ${path('n03')} gpu0-1 nic0`,
  ),
);
const own = ['r1/n01/gpu0-1', 'r1/n02/gpu2-3'];
const all = [...own, 'r1/n03/gpu0-1'];
const on = (places: readonly string[], quantity: string, values: string) =>
  places.map((place) => `${place} ${quantity} ${values}`);

describe('faults of devices', () => {
  const devices = termOf('devices');
  const fine = on(own, 'gpu-fault', '0 0 0 0 0');

  test('are those of the replicas: a spare has no devices that were promised to work', () => {
    expect(shown(spared, devices, ...fine)).toBe('kkkkk: 4 of 4 GPUs without a fault');
    expect(shown(spared, devices, ...fine, 'r1/n03/gpu0 gpu-fault 1 1 1 1 1')).toBe(
      'kkkkk: 4 of 4 GPUs without a fault',
    );
  });

  test('nor of GPUs beside them on the same nodes', () => {
    expect(shown(spared, devices, ...fine, 'r1/n01/gpu2 gpu-fault 1 1 1 1 1')).toMatch(/^kkkkk/);
  });

  test.each<readonly [string, readonly string[], string, readonly string[]]>([
    [
      'one of four, which is blamed',
      ['r1/n01/gpu0 gpu-fault 0 0 1 1 1', 'r1/n01/gpu1 gpu-fault 0 0 0 0 0'],
      'kkxxx: 3 of 4 GPUs without a fault: fra1/h1/r1/n01/gpu0',
      ['n01/gpu0'],
    ],
    [
      'one of four, and what it was',
      ['r1/n01/gpu0 gpu-fault 0 0 1 1 1 # XID 79', 'r1/n01/gpu1 gpu-fault 0 0 0 0 0'],
      'kkxxx: 3 of 4 GPUs without a fault: fra1/h1/r1/n01/gpu0, XID 79',
      ['n01/gpu0'],
    ],
    [
      'the reason of another GPU is not told of it',
      ['r1/n01/gpu0 gpu-fault 0 0 1 1 1', 'r1/n01/gpu1 gpu-fault 0 0 0 0 0 # XID 13'],
      'kkxxx: 3 of 4 GPUs without a fault: fra1/h1/r1/n01/gpu0',
      ['n01/gpu0'],
    ],
    [
      'two of four, of which the first is named',
      on(['r1/n01/gpu0', 'r1/n01/gpu1'], 'gpu-fault', '1 1 1 0 0'),
      'xxxkk: 2 of 4 GPUs without a fault: fra1/h1/r1/n01/gpu0',
      ['n01/gpu0', 'n01/gpu1'],
    ],
    [
      'a lasting one beside a short one, which is not counted as faulty',
      ['r1/n01/gpu0 gpu-fault 1 0 0 0 0', 'r1/n01/gpu1 gpu-fault 0 0 1 1 1'],
      'xkxxx: 3 of 4 GPUs without a fault: fra1/h1/r1/n01/gpu1',
      ['n01/gpu1'],
    ],
    [
      'one that is silent, without which nobody can say that it is well',
      ['r1/n01/gpu0 gpu-fault - - - - -', 'r1/n01/gpu1 gpu-fault 0 0 0 0 0'],
      '.....: 3 of 4 GPUs without a fault, 1 without samples',
      [],
    ],
    [
      'one that is silent and one that is faulty, of which neither is well',
      ['r1/n01/gpu0 gpu-fault - - - - -', 'r1/n01/gpu1 gpu-fault 1 1 1 1 1'],
      'xxxxx: 2 of 4 GPUs without a fault, 1 without samples: fra1/h1/r1/n01/gpu1',
      ['n01/gpu1'],
    ],
    [
      'one that has one sample is not silent',
      ['r1/n01/gpu0 gpu-fault - - - - 0', 'r1/n01/gpu1 gpu-fault 0 0 0 0 0'],
      '....k: 4 of 4 GPUs without a fault',
      [],
    ],
  ])('%s', (_, lines, expected, places) => {
    const rest = 'r1/n02/gpu2-3 gpu-fault 0 0 0 0 0';
    expect(shown(spared, devices, ...lines, rest)).toBe(expected);
    expect(blamed(spared, devices, ...lines, rest)).toEqual(places.map(path));
  });

  test('where all are silent there is nothing to say', () => {
    expect(shown(spared, devices)).toBe('.....: ');
    expect(shown(spared, devices, 'r1/n01/gpu0 gpu-fault - - - - -')).toBe('.....: ');
    expect(blamed(spared, devices)).toEqual([]);
  });

  test('a GPU of which two replicas hold slices is one GPU', () => {
    const sliced = held(
      fleet,
      demand('2×1 share:250'),
      placement(24, `train 0 ${path('n01')} 0:250`, `train 1 ${path('n01')} 0:250`),
    );
    expect(shown(sliced, devices, 'r1/n01/gpu0 gpu-fault 0 0 0 0 0')).toBe(
      'kkkkk: 1 of 1 GPUs without a fault',
    );
  });

  test('replicas without GPUs have none that anybody measures', () => {
    const cores = held(fleet, demand('1×cpu4'), placement(24, `train 0 ${path('n01')} cpu4`));
    for (const kind of ['devices', 'accelerator-link', 'cooling'] as const)
      expect(shown(cores, termOf(kind))).toBe('-: it holds no GPUs, and nothing else is measured of it');
  });
});

/** Of three GPUs the one that is faulty. */
const faulty = (gpu: number) =>
  [0, 1, 2].map((at) => `r1/n01/gpu${at} gpu-fault ${at === gpu ? '1 1 1 1 1' : '0 0 0 0 0'}`);

describe('devices of an elastic contract', () => {
  const wish = Demand.parse({
    ...demand('3×1 H100'),
    guarantee: 'elastic',
    parts: [{ name: 'train', count: 3, minCount: 1, each: { gpus: { count: 1 } } }],
  });
  const lines = [0, 1, 2].map((at) => `train ${at} ${path('n01')} gpu${at}`);
  const elastic = held(fleet, wish, placement(24, ...lines));

  test.each([
    ['guaranteed', 0, 'xxxxx: 0 of 1 GPUs without a fault: fra1/h1/r1/n01/gpu0'],
    ['guaranteed', 1, 'kkkkk: 1 of 1 GPUs without a fault'],
    ['guaranteed', 2, 'kkkkk: 1 of 1 GPUs without a fault'],
    ['declared', 0, 'kkkkk: 2 of 2 GPUs without a fault'],
    ['declared', 1, 'xxxxx: 1 of 2 GPUs without a fault: fra1/h1/r1/n01/gpu1'],
    ['declared', 2, 'xxxxx: 1 of 2 GPUs without a fault: fra1/h1/r1/n01/gpu2'],
  ] as const)('of what is %s, with a fault of replica %i', (strength, gpu, expected) => {
    expect(shown(elastic, termOf('devices', { strength }), ...faulty(gpu))).toBe(expected);
  });

  test('of one that is not elastic are all of them, however they stand', () => {
    const loose = held(fleet, demand('3×1 H100', { guarantee: 'preemptible' }), placement(24, ...lines));
    for (const strength of ['guaranteed', 'declared'] as const)
      expect(shown(loose, termOf('devices', { strength }), ...faulty(2))).toBe(
        'xxxxx: 2 of 3 GPUs without a fault: fra1/h1/r1/n01/gpu2',
      );
  });
});

describe('each term has faults of its own', () => {
  const within = termOf('power', { promise: 'within the recorded power limits of fra1/h1' });

  test.each([
    [
      'accelerator-link',
      termOf('accelerator-link'),
      'link-fault',
      'GPUs without an error of their link',
      own,
    ],
    ['cooling', termOf('cooling'), 'heat-fault', 'GPUs not slowed down by heat', all],
    ['power it shares with others', within, 'brake-fault', 'GPUs not slowed down for want of power', all],
  ] as const)('%s', (_, term, quantity, words, places) => {
    const count = 2 * places.length;
    const good = on(places, quantity, '0 0 0 0 0');
    expect(shown(spared, term, ...good)).toBe(`kkkkk: ${count} of ${count} ${words}`);
    const one = `r1/n02/gpu3 ${quantity} 0 1 1 1 0`;
    expect(shown(spared, term, ...good, one)).toBe(
      `kxxxk: ${count - 1} of ${count} ${words}: fra1/h1/r1/n02/gpu3`,
    );
    expect(shown(spared, term, ...on(places, 'gpu-fault', '1 1 1 1 1'))).toBe('.....: ');
  });

  test('heat of a spare counts, an error of its link does not', () => {
    const [hot, cut] = ['heat-fault', 'link-fault'].map((quantity) => [
      ...on(own, quantity, '0 0 0 0 0'),
      `r1/n03/gpu0-1 ${quantity} 1 1 1 1 1`,
    ]);
    expect(shown(spared, termOf('cooling'), ...(hot ?? []))).toMatch(/^xxxxx: 4 of 6/);
    expect(shown(spared, termOf('accelerator-link'), ...(cut ?? []))).toMatch(/^kkkkk: 4 of 4/);
  });
});

describe('RDMA ports', () => {
  const rdma = termOf('rdma');

  test.each([
    ['all active', ['0 0 0 0 0', '0 0 0 0 0'], 'kkkkk: 2 of 2 nodes with all RDMA ports active', []],
    [
      'one node with ports down',
      ['0 0 0 0 0', '0 0 2 2 2'],
      'kkxxx: 1 of 2 nodes with all RDMA ports active: fra1/h1/r1/n02 has ports down',
      ['n02'],
    ],
    [
      'both',
      ['1 1 1 1 1', '0 0 2 2 2'],
      'xxxxx: 0 of 2 nodes with all RDMA ports active: fra1/h1/r1/n01, fra1/h1/r1/n02 has ports down',
      ['n01', 'n02'],
    ],
    ['one silent', ['0 0 0 0 0', '- - - - -'], '.....: 2 of 2 nodes with all RDMA ports active', []],
  ])('%s', (_, [first, second], expected, places) => {
    const lines = [`r1/n01 rdma-down ${first}`, `r1/n02 rdma-down ${second}`];
    expect(shown(spared, rdma, ...lines)).toBe(expected);
    expect(blamed(spared, rdma, ...lines)).toEqual(places.map(path));
  });

  test('of a spare, and of nodes on which no NIC is held, are nobody’s', () => {
    const one = held(
      fleet,
      demand('2×1 H100'),
      placement(24, `train 0 ${path('n01')} gpu0 nic0`, `train 1 ${path('n02')} gpu0`),
    );
    expect(shown(one, rdma, 'r1/n01 rdma-down 0 0 0 0 0', 'r1/n02 rdma-down 9 9 9 9 9')).toBe(
      'kkkkk: 1 of 1 nodes with all RDMA ports active',
    );
    const good = on(['r1/n01', 'r1/n02'], 'rdma-down', '0 0 0 0 0');
    expect(shown(spared, rdma, ...good, 'r1/n03 rdma-down 9 9 9 9 9')).toMatch(/^kkkkk: 2 of 2/);
  });

  test('two replicas on one node are one node', () => {
    const two = [0, 1].map((at) => `train ${at} ${path('n01')} gpu${at} nic${at}`);
    const both = held(fleet, demand('2×1 H100'), placement(24, ...two));
    expect(shown(both, rdma, 'r1/n01 rdma-down 0 0 0 0 0')).toMatch(/^kkkkk: 1 of 1 nodes/);
  });

  test('without NICs there is nothing to look at; three are too many to name', () => {
    const bare = held(fleet, demand('1×1 H100'), placement(24, `train 0 ${path('n01')} gpu0`));
    expect(shown(bare, rdma)).toBe('-: no NIC of it is known');
    const nodes = ['n01', 'n02', 'n03'];
    const lines = nodes.map((node, at) => `train ${at} ${path(node)} gpu0 nic0`);
    const three = held(fleet, demand('3×1 H100'), placement(24, ...lines));
    const down = nodes.map((node) => `r1/${node} rdma-down 1 1 1 1 1`);
    expect(shown(three, rdma, ...down)).toBe(
      'xxxxx: 0 of 3 nodes with all RDMA ports active: fra1/h1/r1/n01, fra1/h1/r1/n02 has ports down',
    );
    expect(blamed(three, rdma, ...down)).toEqual(nodes.map(path));
  });
});

test.each([
  ['alignment', 'the topology of a machine is looked at when its facts are imported'],
  ['isolation', 'no metric tells whose work runs beside it'],
  ['space', 'no metric tells what is set aside'],
  ['bandwidth', 'counters say what was used, not what was to be had'],
] as const)('no metric tells of %s', (kind, why) => {
  expect(shown(spared, termOf(kind), ...on(all, 'gpu-fault', '1 1 1 1 1'))).toBe(`-: ${why}`);
});

test.each(['start-and-length', 'residency', 'price'] as const)('%s is asked of the ledger only', (kind) => {
  expect(() => shown(spared, termOf(kind))).toThrow(`the ledger tells of ${kind}`);
});
