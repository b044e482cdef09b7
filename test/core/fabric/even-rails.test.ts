import { describe, expect, test } from 'vitest';

import type { Fill } from '../../../src/core/place/fabric/leafs.ts';
import { fillEvenRails } from '../../../src/core/place/fabric/rails.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { wantOf } from './ask.ts';
import { benchFor, inTurn, oneEach } from './filling.ts';

const r1 = 'fra1/r1 1×4 H100 rdma leaf';
const r2 = 'fra1/r2 1×4 H100 rdma leaf';

/** Two nodes under two leafs, of whose GPUs some are down: `r1 0,1`. */
function lame(...lines: readonly string[]): World {
  const gpus = lines.flatMap((line) => {
    const [rack = '', numbers = ''] = line.split(' ');
    return numbers.split(',').map((gpu) => [`fra1/${rack}/n01/gpu${gpu}`, { health: 'down' }] as const);
  });
  return world(r1, r2, { gpus: Object.fromEntries(gpus) });
}

/** The NICs of each replica, and how often the nodes were filled to find them. */
function railed(
  on: World,
  asked: Demand,
  fill: Fill = oneEach,
): { readonly nics: readonly string[]; readonly fills: number } {
  let fills = 0;
  const bench = benchFor(on, asked);
  const members = fillEvenRails(bench, on.state.fleet.nodes, wantOf(asked, 'H100'), (...given) => {
    fills++;
    return fill(...given);
  });
  return { nics: members.map(({ node, nics }) => `${node.split('/')[1]}: ${nics.join()}`), fills };
}

const pair = demand('2×2 H100 rdma');

const twoEach: Fill = (bench, nodes, want) =>
  nodes.flatMap((node, at) => [0, 1].flatMap((more) => bench.put(node, want, 2 * at + more) ?? []));

describe('the same rails on every node', () => {
  test.each<[string, World, readonly string[]]>([
    ['as they come, where they are the same', lame(), ['r1: 0,1', 'r2: 0,1']],
    ['those that the first node has left', lame('r1 0,1'), ['r1: 2,3', 'r2: 2,3']],
    ['those that the second node has left', lame('r2 0,1'), ['r1: 2,3', 'r2: 2,3']],
    ['not those of which a node has only some', lame('r1 0', 'r2 3'), ['r1: 1,2', 'r2: 1,2']],
    ['as they come, where no choice is left', lame('r1 0,1', 'r2 2,3'), ['r1: 2,3', 'r2: 0,1']],
  ])('%s', (_, on, nics) => {
    expect(railed(on, pair).nics).toEqual(nics);
  });

  test('also for several replicas on a node, taken together', () => {
    const on = world('fra1/r1 1×4 H100 rdma leaf', 'fra1/r2 1×4 H100 rdma leaf', {
      gpus: { 'fra1/r1/n01/gpu0': { health: 'down' }, 'fra1/r1/n01/gpu1': { health: 'down' } },
    });
    expect(railed(on, demand('4×1 H100 rdma'), twoEach).nics).toEqual(['r1: 2', 'r1: 3', 'r2: 2', 'r2: 3']);
  });

  test('never at the price of other nodes: as many replicas stay on each', () => {
    // Rails 2 and 3 are left on the first node only, 0 and 1 on the second, all on the third.
    const on = world(r1, r2, 'fra1/r3 1×4 H100 rdma leaf', {
      gpus: {
        'fra1/r1/n01/gpu0': { health: 'down' },
        'fra1/r1/n01/gpu1': { health: 'down' },
        'fra1/r2/n01/gpu2': { health: 'down' },
        'fra1/r2/n01/gpu3': { health: 'down' },
      },
    });
    expect(railed(on, pair).nics).toEqual(['r1: 2,3', 'r2: 0,1']);
  });

  test('the bench holds what was found, not what was tried', () => {
    const on = lame('r1 0,1');
    const bench = benchFor(on, pair);
    const want = wantOf(pair, 'H100');
    fillEvenRails(bench, on.state.fleet.nodes, want, oneEach);
    // Rails 0 and 1 of the second node are still free, and nothing of the first.
    const next = on.state.fleet.nodes.map((node) => bench.put(node, want, 9)?.nics);
    expect(next).toEqual([undefined, [0, 1]]);
  });

  test('what others hold is no choice', () => {
    const on = take(world(r1, r2), demand('1×2 H100 rdma', { where: ['fra1/r2'] }));
    expect(railed(on, pair).nics).toEqual(['r1: 2,3', 'r2: 2,3']);
  });
});

describe('where there is nothing to choose, nodes are filled once', () => {
  const mixed: Details = { nics: { 'fra1/r1/n01/nic0': { leaf: 'fra1/leaf-r1' } } };
  const oneLeaf = world('fra1/r1 2×4 H100 rdma leaf', { gpus: { 'fra1/r1/n01/gpu0': { health: 'down' } } });

  test.each<[string, World, Demand, number]>([
    ['no RDMA', lame('r1 0,1'), demand('2×2 H100'), 1],
    ['a single replica', lame('r1 0,1'), demand('1×2 H100 rdma'), 1],
    ['whole nodes', world(r1, r2), demand('2×4 H100 rdma'), 1],
    ['one leaf', oneLeaf, demand('2×2 H100 rdma'), 1],
  ])('%s', (_, on, asked, fills) => {
    expect(railed(on, asked).fills).toBe(fills);
  });

  test('one leaf keeps rails as they come, though they differ', () => {
    expect(railed(oneLeaf, demand('2×2 H100 rdma')).nics).toEqual(['r1: 1,2', 'r1: 0,1']);
  });

  test('one leaf that a NIC names itself is one leaf, too: rails stay as they come', () => {
    const named = world('fra1/r1 2×4 H100 rdma leaf', mixed, {
      gpus: { 'fra1/r1/n01/gpu0': { health: 'down' } },
    });
    expect(railed(named, demand('2×2 H100 rdma')).nics).toEqual(['r1: 1,2', 'r1: 0,1']);
  });

  test('replicas on one node alone', () => {
    expect(railed(lame('r1 0,1'), demand('2×1 H100 rdma'), inTurn)).toEqual({
      nics: ['r1: 2', 'r1: 3'],
      fills: 1,
    });
  });
});
