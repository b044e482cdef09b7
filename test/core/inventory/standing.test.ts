import { describe, expect, test } from 'vitest';

import type { Fleet, FleetNode } from '../../../src/core/inventory/fleet.ts';
import { Path } from '../../../src/model/id.ts';
import { fact } from '../fleet-text.ts';
import { observe, world } from '../fleet.ts';

type Told = readonly [kind: Parameters<typeof fact>[0], subject: string, set?: object];

function fleetOf(...told: readonly Told[]): Fleet {
  return observe(
    world(),
    told.map(([kind, subject, set = {}]) => fact(kind, subject, set)),
  ).state.fleet;
}

/** The first node of a fleet. */
function nodeOf(...told: readonly Told[]): FleetNode {
  const [node] = fleetOf(...told).nodes;
  if (node === undefined) throw new Error('no node');
  return node;
}

describe('where a node stands', () => {
  const places: readonly Told[] = [
    ['hall', 'fra1/h1'],
    ['rack', 'fra1/h1/r1'],
    ['rack', 'fra1/h2/r2'],
    ['hall', 'fra1/h2'],
    ['rack', 'ams2/r9'],
  ];
  test.each<[string, string, object, string | undefined, string | undefined]>([
    ['in the rack and hall of its path', 'fra1/h1/r1/n1', {}, 'fra1/h1', 'fra1/h1/r1'],
    ['in a hall without a rack', 'fra1/h1/n1', {}, 'fra1/h1', undefined],
    ['nowhere that is known, directly in its site', 'fra1/n1', {}, undefined, undefined],
    ['in no rack that nobody has told of', 'fra1/h1/rx/n1', {}, 'fra1/h1', undefined],
    [
      'in the rack that is stated, and in its hall',
      'fra1/n1',
      { rack: 'fra1/h2/r2' },
      'fra1/h2',
      'fra1/h2/r2',
    ],
    [
      'in the stated rack, not in that of its path',
      'fra1/h1/r1/n1',
      { rack: 'fra1/h2/r2' },
      'fra1/h2',
      'fra1/h2/r2',
    ],
    ['in the stated hall', 'fra1/n1', { rack: 'fra1/h2' }, 'fra1/h2', undefined],
    [
      'where its path says, when the stated rack is of another site',
      'fra1/h1/r1/n1',
      { rack: 'ams2/r9' },
      'fra1/h1',
      'fra1/h1/r1',
    ],
    ['deep in a rack, where something stands between', 'fra1/h1/r1/chassis/n1', {}, 'fra1/h1', 'fra1/h1/r1'],
  ])('%s', (_, path, set, hall, rack) => {
    const node = nodeOf(['node', path, set], ...places);
    expect([node.site, node.hall, node.rack]).toEqual(['fra1', hall, rack]);
  });
});

describe('a node', () => {
  test('is called as its engine calls it, else by its path', () => {
    expect(nodeOf(['node', 'fra1/h1/r1/n1', { hostName: 'dgx-7' }]).hostName).toBe('dgx-7');
    expect(nodeOf(['node', 'fra1/h1/r1/n1']).hostName).toBe('fra1-h1-r1-n1');
  });

  test('may be used and is of unknown health where nobody has spoken of it', () => {
    expect(nodeOf(['node', 'fra1/n1'])).toMatchObject({ health: 'unknown', schedulable: true });
    expect(nodeOf(['node', 'fra1/n1', { health: 'degraded', schedulable: false }])).toMatchObject({
      health: 'degraded',
      schedulable: false,
    });
  });

  test('hangs on the spine that its leaf names, where anybody has told of the leaf', () => {
    const onLeaf: Told = ['node', 'fra1/n1', { leaf: 'fra1/l1', island: 'fra1/nvl1' }];
    expect(nodeOf(onLeaf)).toMatchObject({ leaf: 'fra1/l1', spine: undefined, island: 'fra1/nvl1' });
    expect(nodeOf(onLeaf, ['leaf', 'fra1/l1'])).toMatchObject({ spine: undefined });
    expect(nodeOf(onLeaf, ['leaf', 'fra1/l1', { spine: 'fra1/s1' }])).toMatchObject({ spine: 'fra1/s1' });
    expect(nodeOf(['node', 'fra1/n1'], ['leaf', 'fra1/l1', { spine: 'fra1/s1' }])).toMatchObject({
      leaf: undefined,
      spine: undefined,
    });
  });

  test('knows which of its devices are down, and none that are only degraded', () => {
    const node = nodeOf(
      ['node', 'fra1/n1', { gpuCount: 8 }],
      ['gpu', 'fra1/n1/gpu0', { health: 'down' }],
      ['gpu', 'fra1/n1/gpu3', { health: 'degraded' }],
      ['gpu', 'fra1/n1/gpu5', { health: 'down' }],
      ['nic', 'fra1/n1/nic2', { health: 'down' }],
      ['nic', 'fra1/n1/nic10', { health: 'down' }],
      ['nic', 'fra1/n1/nic1', { health: 'healthy' }],
    );
    expect(node.downMask).toBe(2 ** 0 + 2 ** 5);
    expect([...node.downNics].toSorted((a, b) => a - b)).toEqual([2, 10]);
  });

  test('has devices numbered up to 31 and no further', () => {
    const node = nodeOf(
      ['node', 'fra1/n1'],
      ['gpu', 'fra1/n1/gpu31', { model: 'H100', health: 'down' }],
      ['gpu', 'fra1/n1/gpu32', { model: 'B200', health: 'down' }],
    );
    expect(node.shape.gpus).toHaveLength(32);
    expect(node.shape.models.map(({ model, mask }) => [model, mask])).toEqual([['H100', 2 ** 31]]);
    expect(node.downMask).toBe(2 ** 31);
  });

  test('takes up the rack units of its shape', () => {
    expect(nodeOf(['node', 'fra1/n1', { shape: 's' }], ['shape', 's', { units: 8 }]).units).toBe(8);
    expect(nodeOf(['node', 'fra1/n1'], ['shape', 's', { units: 8 }]).units).toBeUndefined();
  });

  test('hangs on the feeds of the rack that it stands in', () => {
    const fed: Told = ['rack', 'fra1/r1', { feeds: { A: 'fra1/fa' } }];
    const feed: Told = ['feed', 'fra1/fa', { limitW: 5 }];
    const letters = (path: string, set = {}) =>
      nodeOf(['node', path, set], fed, feed).supplies.map(({ letter, buildingLimitW }) => [
        letter,
        buildingLimitW,
      ]);
    expect(letters('fra1/r1/n1')).toEqual([['A', 5]]);
    expect(letters('fra1/n1')).toEqual([]);
    expect(letters('fra1/n1', { rack: 'fra1/r1' })).toEqual([['A', 5]]);
    expect(letters('fra1/r1/n1', { feeds: ['B'] })).toEqual([['B', undefined]]);
  });
});

function pool(subject: string, ...ids: readonly string[]): Told {
  return ['storage-pool', subject, { datasets: ids.map((id) => ({ id, sizeGib: 1 })) }];
}

describe('the fleet', () => {
  test('keeps what was told of each kind of place under its path, in the order of ids', () => {
    const fleet = fleetOf(
      ['loop', 'fra1/cold-b', { coolingLimitW: 2 }],
      ['loop', 'fra1/cold-a', { coolingLimitW: 1 }],
      ['hall', 'fra1/h1', { powerBudgetW: 3 }],
      ['feed', 'fra1/fa', { limitW: 4 }],
      ['leaf', 'fra1/l1', { uplinkMbps: 5 }],
      ['spine', 'fra1/s1', { uplinkMbps: 6 }],
      ['wan-link', 'wan/a-b', { mbps: 7 }],
      ['storage-pool', 'fra1/pool', { mbps: 8 }],
      ['rack', 'fra1/r1', { coolingLimitW: 9 }],
    );
    expect([...fleet.loops]).toEqual([
      ['fra1/cold-a', { coolingLimitW: 1 }],
      ['fra1/cold-b', { coolingLimitW: 2 }],
    ]);
    const { halls, feeds, leafs, spines, wanLinks, pools } = fleet;
    expect([halls, feeds, leafs, spines, wanLinks, pools].map((places) => [...places])).toEqual([
      [['fra1/h1', { powerBudgetW: 3 }]],
      [['fra1/fa', { limitW: 4 }]],
      [['fra1/l1', { uplinkMbps: 5 }]],
      [['fra1/s1', { uplinkMbps: 6 }]],
      [['wan/a-b', { mbps: 7 }]],
      [['fra1/pool', { mbps: 8 }]],
    ]);
    expect(fleet.racks.get(Path.parse('fra1/r1'))).toMatchObject({ site: 'fra1', coolingLimitW: 9 });
  });

  test('lists every model once, in the order of the names', () => {
    const { models } = fleetOf(
      ['node', 'fra1/n1', { gpuCount: 2, gpuModel: 'L4' }],
      ['node', 'fra1/n2', { gpuCount: 1, gpuModel: 'B200' }],
      ['node', 'fra1/n3', { gpuCount: 1, gpuModel: 'L4' }],
      ['node', 'fra1/n4', { gpuCount: 0, gpuModel: 'A100' }],
    );
    expect(models).toEqual(['B200', 'L4']);
  });

  test('finds the datasets of a site in all its pools, and none of another site', () => {
    const { sites } = fleetOf(
      ['site', 'fra1'],
      ['site', 'ams2'],
      pool('fra1/p1', 'books', 'films'),
      pool('fra1/p2', 'films', 'songs'),
      ['storage-pool', 'fra1/p3'],
    );
    expect(sites.map(({ id, datasets }) => [id, [...datasets].toSorted()])).toEqual([
      ['ams2', []],
      ['fra1', ['books', 'films', 'songs']],
    ]);
  });
});
