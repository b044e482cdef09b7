import { describe, expect, test } from 'vitest';

import { edgeKey } from '../../../src/core/calendar/edges.ts';
import { EdgeRooms } from '../../../src/core/place/fabric/edge-rooms.ts';
import { FabricBench } from '../../../src/core/place/fabric/fabric-bench.ts';
import { levelLack } from '../../../src/core/place/fabric/fitness.ts';
import { Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, type World, world } from '../fleet.ts';
import { nodeIn, wantOf, withRdma } from './ask.ts';

const fleet = world('fra1/r1 1×4 H100 nordma leaf', 'fra1/r2 1×4 H100 leaf', {
  leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 } },
});
const node = nodeIn(fleet, 'fra1/r1/n01');
const span = { startMs: t0, endMs: t0 + hourMs };

/** Each of four loaders sends 10,000 Mbit/s; nobody else has anything to do with it. */
const asked = demand('load: 4×cpu1 + train: 1×1 + idle: 1×1', {
  flows: [{ from: 'load', to: 'train', mbps: 40_000 }],
});
const [load, train, idle] = asked.parts.map((part) => ({ part, gpuCount: 0, model: undefined }));
if (load === undefined || train === undefined || idle === undefined) throw new Error('there are three parts');

const rooms = new EdgeRooms(fleet.state, span);
const uplinks = (mbps: number) => new Map([[Path.parse('fra1/leaf-r1'), mbps]]);

describe('what is left of edges while a gang is put down', () => {
  test('is what neither the calendar nor the gang has taken, and nothing below that', () => {
    const held = new Map([[edgeKey('rdma', 'fra1/leaf-r1'), [{ holder: 'C-1', ...span, mbps: 30 }]]]);
    const bench = new FabricBench(new EdgeRooms({ ...fleet.state, bandwidth: held }, span), asked);
    expect(bench.left('rdma', 'fra1/leaf-r1')).toBe(70);
    bench.takeUplinks(uplinks(50), 2);
    expect(bench.left('rdma', 'fra1/leaf-r1')).toBe(20);
    bench.takeUplinks(uplinks(50), 3);
    expect(bench.left('rdma', 'fra1/leaf-r1')).toBe(0);
    expect(bench.leafs).toBe(5);
    expect([...bench.taken]).toEqual([['rdma fra1/leaf-r1', 100]]);
  });

  test('is nothing where nobody knows', () => {
    const bench = new FabricBench(rooms, asked);
    expect([bench.left('rdma', 'fra1/leaf-r2'), bench.left('data', 'fra1/r2/n01')]).toEqual([0, 0]);
  });

  test('stays as it is while a copy of it is filled, until it adopts that', () => {
    const bench = new FabricBench(rooms, asked);
    bench.takeUplinks(uplinks(10), 1);
    const copy = bench.fork();
    copy.takeUplinks(uplinks(20), 2);
    expect([bench.left('rdma', 'fra1/leaf-r1'), bench.leafs]).toEqual([90, 1]);
    expect([copy.left('rdma', 'fra1/leaf-r1'), copy.leafs]).toEqual([70, 3]);
    bench.adopt(copy);
    expect([bench.left('rdma', 'fra1/leaf-r1'), bench.leafs]).toEqual([70, 3]);
    copy.takeUplinks(uplinks(70), 1);
    expect(bench.left('rdma', 'fra1/leaf-r1')).toBe(70);
  });

  test('knows the budget of each part', () => {
    const budgeted = withRdma('a: 1×1 rdma + b: 1×1', { uplinkMbps: 7 });
    const bench = new FabricBench(rooms, budgeted);
    const [a, b] = budgeted.parts.map((part) => ({ part, gpuCount: 1, model: 'H100' }));
    expect([a && bench.uplinkMbps(a), b && bench.uplinkMbps(b)]).toEqual([7, 0]);
  });
});

describe('replicas whose flows a node still carries', () => {
  test('are not counted until somebody is wary', () => {
    const bench = new FabricBench(rooms, asked);
    expect([bench.isWary, bench.replicasLeft(node, load)]).toEqual([false, Infinity]);
    bench.stand(node, load);
    expect(bench.taken.size).toBe(0);
  });

  test('of 100 Gbit/s ten loaders, two trainers, and any number of those that send nothing', () => {
    const bench = new FabricBench(rooms, asked, 'wary');
    expect([load, train, idle].map((want) => bench.replicasLeft(node, want))).toEqual([10, 2, Infinity]);
    bench.stand(node, train);
    expect([load, train, idle].map((want) => bench.replicasLeft(node, want))).toEqual([6, 1, Infinity]);
    bench.stand(node, load);
    expect([load, train].map((want) => bench.replicasLeft(node, want))).toEqual([5, 1]);
    bench.stand(node, idle);
    expect([...bench.taken]).toEqual([['data fra1/r1/n01', 50_000]]);
  });

  test('none, where nobody knows how fast its NICs are', () => {
    const bench = new FabricBench(rooms, asked, 'wary');
    const silent = nodeIn(fleet, 'fra1/r2/n01');
    expect([load, idle].map((want) => bench.replicasLeft(silent, want))).toEqual([0, Infinity]);
  });

  test('a copy of a wary bench is wary', () => {
    const copy = new FabricBench(rooms, asked, 'wary').fork();
    expect([copy.isWary, copy.replicasLeft(node, train)]).toEqual([true, 2]);
    expect(new FabricBench(rooms, asked).fork().isWary).toBe(false);
  });
});

describe('a place on the levels that a part is kept on or apart by', () => {
  const placed: Details = {
    leafs: { 'fra1/leaf-a': { spine: 'fra1/s1' } },
    nodes: { 'fra1/a/n01': { island: 'fra1/nvl' } },
  };
  const on = world(
    'fra1/a 1×4 H100 leaf',
    'fra1/b 1×4 H100 leaf',
    'fra1/c 1×4 H100 nvlink island2',
    'fra1/d 1 cpu4',
    placed,
  );
  const lack = (rack: string, text: string, where: World = on) => {
    const wish = demand(text);
    return levelLack(nodeIn(where, `fra1/${rack}/n01`), wantOf(wish), wish);
  };

  test.each<[string, string, string, object | undefined]>([
    ['nobody asks for any', 'b', '1×1', undefined],
    ['levels that every node has a place on', 'b', '1×1 within:rack apart:node together:hall', undefined],
    ['a leaf is the search’s own question', 'b', '1×1 within:leaf', undefined],
    ['a spine that is known', 'a', '1×1 within:spine', undefined],
    ['a spine that nobody stated', 'b', '1×1 within:spine', { unknown: 'spine' }],
    ['to be apart by', 'b', '1×1 apart:spine', { unknown: 'spine' }],
    ['of the whole gang', 'b', '1×1 together:spine', { unknown: 'spine' }],
    ['an island that is known', 'a', '1×1 within:island', undefined],
    ['an island that nobody stated', 'b', '1×1 within:island', { unknown: 'island' }],
    ['a node of two domains is no island', 'c', '1×1 within:island', {}],
    ['a node without GPUs is none either', 'd', '1×cpu1 within:island', {}],
    ['the spine of a node that is its own island', 'a', '1×1 within:island apart:spine', undefined],
    [
      'the first that is lacking, of the gang before the part',
      'b',
      '1×1 within:island together:spine',
      { unknown: 'spine' },
    ],
  ])('%s', (_, rack, text, found) => {
    expect(lack(rack, text)).toEqual(found);
  });
});
