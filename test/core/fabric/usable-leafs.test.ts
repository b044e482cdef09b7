import { describe, expect, test } from 'vitest';

import { Bench } from '../../../src/core/place/bench.ts';
import { onUsableLeafs } from '../../../src/core/place/fabric/leafs.ts';
import { Layers } from '../../../src/core/place/layers.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { withRdma } from './ask.ts';

const lines = ['r1', 'r2', 'r3'].map((name) => `fra1/h1/${name} 2×4 H100 nvlink rdma leaf cpu64`);
const uplinks = {
  leafs: { 'fra1/leaf-r1': { uplinkMbps: 299 }, 'fra1/leaf-r2': { uplinkMbps: 300 }, 'fra1/leaf-r3': {} },
};
const whole = world(...lines, uplinks);
/** The same, but that one NIC says itself where it hangs, so that leafs have to be looked up NIC by NIC. */
const named = world(...lines, uplinks, { nics: { 'fra1/h1/r1/n01/nic0': { leaf: 'fra1/leaf-r1' } } });

const asked = withRdma('4×4 H100 rdma 1h', { uplinkMbps: 300 });

/** Racks whose nodes may serve the part, were `size` GPUs free on each node. */
function usable({ state }: World, size: number): string[] {
  const [part] = asked.parts;
  if (part === undefined) throw new Error('a demand has a part');
  const bench = new Bench(new Rooms(state, { startMs: t0, endMs: t0 + hourMs }), asked);
  const want = { part, gpuCount: 4, model: 'H100' };
  const { nodes } = state.fleet;
  const found = onUsableLeafs(bench, nodes, want, { sizeOn: () => size, needed: 16 });
  return nodes.filter(({ index }) => found[index] === 1).map(({ id }) => id.slice('fra1/h1/'.length));
}

describe('nodes that may serve a part with an uplink budget', () => {
  test.each([
    ['whose leafs have it left', 7, ['r2/n01', 'r2/n02']],
    ['and whose leafs hold all of it', 8, ['r1/n01', 'r1/n02', 'r2/n01', 'r2/n02', 'r3/n01', 'r3/n02']],
  ])('are those %s', (_, size, nodes) => {
    expect(usable(whole, size)).toEqual(nodes);
    expect(usable(named, size)).toEqual(nodes);
  });
});

test('a bench is untouched until something is put on it, or on what it was copied from', () => {
  const { state } = whole;
  const [part] = asked.parts;
  const [node] = state.fleet.nodes;
  if (part === undefined || node === undefined) throw new Error('there is a part, and a node');
  const bench = new Bench(new Rooms(state, { startMs: t0, endMs: t0 + hourMs }), asked);
  const copy = bench.fork();
  expect([bench.isUntouched, copy.isUntouched]).toEqual([true, true]);
  copy.put(node, { part, gpuCount: 4, model: 'H100' }, 0);
  expect([bench.isUntouched, copy.isUntouched, copy.fork().isUntouched]).toEqual([true, false, false]);
  bench.adopt(copy);
  expect(bench.isUntouched).toBe(false);
  expect(new Bench(bench.rooms, asked, 'wary').isUntouched).toBe(false);
});

test('layers are empty as long as nothing was written, here or below', () => {
  const below = new Layers<string, number>();
  const above = new Layers(below);
  expect([above.isEmpty, below.isEmpty]).toEqual([true, true]);
  above.set('a', 1);
  expect([above.isEmpty, below.isEmpty]).toEqual([false, true]);
  const other = new Layers(below);
  below.set('b', 2);
  expect(other.isEmpty).toBe(false);
});
