import { describe, expect, test } from 'vitest';

import { missingFabric } from '../../../src/core/place/fabric/missing.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { withRdma } from './ask.ts';

/** What is missing at the sites that are named, at all of them when none is: `leaf 2 fra1/r1/n01`. */
function missing({ state }: World, asked: Demand, ...sites: readonly string[]): string[] {
  const open = state.fleet.sites.filter(({ id }) => sites.length === 0 || sites.some((site) => site === id));
  return missingFabric(state, asked, open).map(
    ({ attribute, subjectCount, example }) => `${attribute}: ${subjectCount}, ${example}`,
  );
}

const budgeted = withRdma('2×4 rdma', { uplinkMbps: 1 });
const flow = (from: string, to: string, mbps: number, latencyMs?: number) => ({
  from,
  to,
  mbps,
  ...(latencyMs === undefined ? {} : { latencyMs }),
});

const leaf = (name: string, uplinkMbps?: number, spine?: string): Details => ({
  leafs: {
    [`fra1/leaf-${name}`]: {
      ...(uplinkMbps === undefined ? {} : { uplinkMbps }),
      ...(spine === undefined ? {} : { spine: `fra1/${spine}` }),
    },
  },
});

describe('what a budget needs to know', () => {
  const racks = ['fra1/a 2×4 H100 rdma leaf', 'fra1/b 2×4 H100 rdma leaf'];

  test.each<[string, readonly (string | Details)[], readonly string[]]>([
    ['nothing more: leafs without spines', [leaf('a', 1), leaf('b', 1)], []],
    ['nothing more: one spine, whose uplink nobody uses', [leaf('a', 1, 's'), leaf('b', 1, 's')], []],
    ['the uplink of each leaf', [leaf('a', 1), leaf('b')], ['uplinkMbps: 1, fra1/leaf-b']],
    ['an uplink of nothing is one that is known', [leaf('a', 0), leaf('b', 1)], []],
    [
      'the spine of a leaf where others have one',
      [leaf('a', 1, 's'), leaf('b', 1)],
      ['spine: 1, fra1/leaf-b'],
    ],
    [
      'the uplinks of several spines',
      [leaf('a', 1, 's'), leaf('b', 1, 't'), { spines: { 'fra1/t': { uplinkMbps: 1 } } }],
      ['uplinkMbps: 1, fra1/s'],
    ],
    [
      'leafs and spines are counted together, the first by id is shown',
      [leaf('a', undefined, 's'), leaf('b', undefined, 't')],
      ['uplinkMbps: 4, fra1/leaf-a'],
    ],
    ['the leaf of every node', [leaf('a', 1), leaf('b', 1), 'fra1/c 2×4 H100 rdma'], ['leaf: 2, fra1/c/n01']],
    [
      'the leaf of a node without NICs on record',
      [leaf('a', 1), leaf('b', 1), 'fra1/c 1×4 H100'],
      ['leaf: 1, fra1/c/n01'],
    ],
    [
      'a leaf that is only named by a NIC',
      [leaf('a', 1), leaf('b', 1), { nics: { 'fra1/a/n01/nic0': { leaf: 'fra1/odd' } } }],
      ['uplinkMbps: 1, fra1/odd'],
    ],
    [
      'a leaf that only a NIC without RDMA names is nobody’s question',
      [leaf('a', 1), leaf('b', 1), { nics: { 'fra1/a/n01/nic7': { rdma: false, leaf: 'fra1/odd' } } }],
      [],
    ],
    [
      'a node all of whose NICs name leafs needs none of its own',
      [
        leaf('a', 1),
        leaf('b', 1),
        'fra1/c 1×2 H100 rdma',
        { nics: { 'fra1/c/n01/nic0': { leaf: 'fra1/leaf-a' }, 'fra1/c/n01/nic1': { leaf: 'fra1/leaf-b' } } },
      ],
      [],
    ],
    [
      'one NIC without a leaf is enough to ask for it',
      [
        leaf('a', 1),
        leaf('b', 1),
        'fra1/c 1×2 H100 rdma',
        { nics: { 'fra1/c/n01/nic0': { leaf: 'fra1/leaf-a' } } },
      ],
      ['leaf: 1, fra1/c/n01'],
    ],
  ])('%s', (_, more, found) => {
    expect(missing(world(...racks, ...more), budgeted)).toEqual(found);
  });

  test('is asked only at the sites that are open, and only by those with a budget', () => {
    const on = world(...racks, 'ams1/c 1×4 H100 rdma', leaf('a', 1), leaf('b', 1));
    expect(missing(on, budgeted, 'fra1')).toEqual([]);
    expect(missing(on, budgeted, 'ams1')).toEqual(['leaf: 1, ams1/c/n01']);
    expect(missing(on, demand('2×4 rdma'))).toEqual([]);
    expect(missing(on, withRdma('2×4 rdma', { uplinkMbps: 0 }))).toEqual([]);
  });

  test('is asked by any of several parts', () => {
    expect(
      missing(world('fra1/c 1×4 H100 rdma'), withRdma('a: 1×1 + b: 2×1 rdma', { uplinkMbps: 1 })),
    ).toEqual(['leaf: 1, fra1/c/n01']);
  });

  test('says how to mend it', () => {
    const { state } = world('fra1/c 1×4 H100 rdma');
    expect(missingFabric(state, budgeted, state.fleet.sites)[0]?.fix).toBe(
      'import a source that states `leaf`, or leave the requirement out',
    );
  });
});

describe('what flows need to know', () => {
  const pools: Details = {
    pools: {
      'fra1/dark': { datasets: [{ id: 'corpus', sizeGib: 1 }] },
      'ams1/dark': {
        datasets: [
          { id: 'corpus', sizeGib: 1 },
          { id: 'else', sizeGib: 1 },
        ],
      },
      'fra1/known': { mbps: 1, datasets: [{ id: 'corpus', sizeGib: 1 }] },
      'fra1/other': { datasets: [{ id: 'else', sizeGib: 1 }] },
      'fra1/empty': {},
    },
    wanLinks: {
      'fra1/both': { from: 'fra1', to: 'ams1' },
      'fra1/fast': { from: 'fra1', to: 'ams1', mbps: 1 },
      'fra1/near': { from: 'ams1', to: 'fra1', latencyMs: 1 },
      'fra1/away': { from: 'fra1', to: 'edge' },
      'fra1/open': { from: 'fra1' },
    },
  };
  const on = world('fra1/a 2×4 H100 nordma', 'ams1/b 1×4 H100', 'edge/c 1×4 H100 nordma', pools);
  const inner = { flows: [flow('a', 'b', 1)] };
  const spanning = 'a: 1×1 at:fra1 + b: 1×1 at:ams1';

  test.each<[string, Demand, readonly string[], readonly string[]]>([
    ['nothing flows', demand('a: 1×1 + b: 1×1'), [], []],
    ['an empty list of flows', demand('a: 1×1 + b: 1×1', { flows: [] }), [], []],
    ['the data NICs of nodes', demand('a: 1×1 + b: 1×1', inner), [], ['speed of data NICs: 1, ams1/b/n01']],
    ['where they are known', demand('a: 1×1 + b: 1×1', inner), ['fra1', 'edge'], []],
    [
      'links among the sites, for parts that may be at several',
      demand(spanning, inner),
      ['fra1', 'ams1'],
      ['speed of data NICs: 1, ams1/b/n01', 'speed of the WAN link: 2, fra1/both'],
    ],
    ['links that lead elsewhere do not matter', demand(spanning, inner), ['fra1'], []],
    [
      'latencies of links, where some flow asks for one',
      demand(spanning, { flows: [flow('a', 'b', 1), flow('b', 'a', 1, 5)] }),
      ['fra1', 'ams1'],
      [
        'speed of data NICs: 1, ams1/b/n01',
        'speed of the WAN link: 2, fra1/both',
        'latency of the WAN link: 2, fra1/both',
      ],
    ],
    [
      'the pools of the dataset, wherever they are, where it flows',
      demand('a: 1×1', { dataset: 'corpus', flows: [flow('dataset', 'a', 1)] }),
      ['edge'],
      ['speed of the storage pool: 2, ams1/dark'],
    ],
    [
      'a dataset that only lies there needs none',
      demand('a: 1×1', { dataset: 'corpus', flows: [flow('a', 'a', 1), flow('dataset', 'a', 0)] }),
      ['edge'],
      [],
    ],
  ])('%s', (_, asked, sites, found) => {
    expect(missing(on, asked, ...sites)).toEqual(found);
  });
});
