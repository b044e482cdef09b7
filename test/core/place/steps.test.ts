import { describe, expect, test } from 'vitest';

import type { Free } from '../../../src/core/place/free.ts';
import { afterFabric, sitesWithData } from '../../../src/core/place/steps.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { firstWay, there } from './known.ts';
import { roomsFor } from './put-down.ts';

describe('sites at which the data can be in time', () => {
  // 9 GiB at 1000 Mbit/s take 77,310 ms, rounded up; nothing joins the third site to the first.
  const { state } = world('ams2/a1 1×4 H100', 'fra1/r1 1×4 H100', 'osl1/o1 1×4 H100', {
    pools: { 'ams2/pool': { mbps: 9000, datasets: [{ id: 'books', sizeGib: 9 }] } },
    wanLinks: { 'ams2/wan': { from: 'ams2', to: 'fra1', mbps: 1000 } },
  });
  const within = (
    latestMs: number,
    asked: Demand,
    open = ['ams2', 'fra1', 'osl1'],
    transferFromMs?: number,
  ) => {
    const starts = { earliestMs: t0, latestMs, ...(transferFromMs === undefined ? {} : { transferFromMs }) };
    return [...sitesWithData(state, new Set(open), { demand: asked, starts })].toSorted();
  };
  const books = demand('1×1', { dataset: 'books' });

  test.each([
    ['where it is, and where it has just arrived', t0 + 77_310, undefined, ['ams2', 'fra1']],
    ['only where it is, when it is a millisecond late', t0 + 77_309, undefined, ['ams2']],
    ['in time when it may be moved before', t0, t0 - 77_310, ['ams2', 'fra1']],
    ['late when it may be moved only later', t0 + hourMs, t0 + hourMs, ['ams2']],
  ])('are those %s', (_, latestMs, transferFromMs, expected) => {
    expect(within(latestMs, books, undefined, transferFromMs)).toEqual(expected);
  });

  test('are all that are open where no data is asked for, and none that is closed', () => {
    expect(within(t0, demand('1×1'))).toEqual(['ams2', 'fra1', 'osl1']);
    expect(within(t0 + hourMs, books, ['fra1', 'osl1'])).toEqual(['fra1']);
  });
});

/** What is left of four free GPUs on each node after each step: `survive 4 4, uplink 0 4`. */
function left(state: State, asked: Demand, size = 4): string {
  const { nodes } = state.fleet;
  const want = there(firstWay({ state }, asked)[0], 'a want');
  const free: Free = {
    nodes,
    wants: nodes.map(() => want),
    sizes: Int32Array.from(nodes, () => size),
    askOnce: (say) => say,
  };
  const steps = afterFabric(roomsFor(state, asked, true), asked, free);
  return steps.map(({ constraint, free: { sizes } }) => `${constraint} ${sizes.join(' ')}`).join(', ');
}

describe('what each step leaves', () => {
  test.each([
    ['all, where nothing is asked for', '2×4', {}, 'survive 4 4, uplink 4 4, flows 4 4'],
    [
      'all, where a spread is enough',
      '2×4',
      { survive: { loss: 'node', membersLeft: 1 } },
      'survive 4 4, uplink 4 4, flows 4 4',
    ],
    [
      'nothing, where more have to be left than count',
      '2×4',
      { survive: { loss: 'node', membersLeft: 3 } },
      'survive 0 0, uplink 0 0, flows 0 0',
    ],
    [
      'nothing, where nobody knows what falls with a feed',
      '2×4',
      { survive: { loss: 'feed', membersLeft: 1 } },
      'survive 0 0, uplink 0 0, flows 0 0',
    ],
  ])('is %s', (_, text, more, expected) => {
    expect(left(world('fra1/r1 2×4 H100').state, demand(text, more))).toBe(expected);
  });

  test('is what falls with a known place, where others are not known', () => {
    const half = world('fra1/r1 1×4 H100', 'fra1/r2 1×4 H100', {
      racks: { 'fra1/r1': { feedLimitW: { A: 9 } } },
    });
    const asked = demand('2×4', { survive: { loss: 'feed', membersLeft: 1 } });
    expect(left(half.state, asked)).toBe('survive 4 0, uplink 4 0, flows 4 0');
  });

  const leafs = world('fra1/r1 1×4 H100 rdma leaf', 'fra1/r2 1×4 H100 rdma leaf', {
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 }, 'fra1/leaf-r2': { uplinkMbps: 99 } },
  }).state;

  test.each([
    ['leafs with the budget', 2, 99, 'survive 4 4, uplink 4 4, flows 4 4'],
    ['no leaf without it, which cannot hold all by itself', 2, 100, 'survive 4 4, uplink 4 0, flows 4 0'],
    ['all leafs for a part that fits on one of them', 1, 101, 'survive 4 4, uplink 4 4, flows 4 4'],
  ])('is %s', (_, count, uplinkMbps, expected) => {
    expect(left(leafs, withRdma(`${count}×4 rdma`, { uplinkMbps }))).toBe(expected);
  });

  test('is what data NICs carry, or a node that holds the whole part', () => {
    const slow = world('fra1/r1 2×4 H100 nordma').state;
    const flowing = (count: number, mbps: number) =>
      left(
        slow,
        demand(`train: ${count}×4 + load: ${count}×cpu1`, { flows: [{ from: 'load', to: 'train', mbps }] }),
      );
    // One of two replicas takes in half of what flows.
    expect(flowing(2, 200_000)).toBe('survive 4 4, uplink 4 4, flows 4 4');
    expect(flowing(2, 200_002)).toBe('survive 4 4, uplink 4 4, flows 0 0');
    expect(flowing(1, 900_000)).toBe('survive 4 4, uplink 4 4, flows 4 4');
  });
});
