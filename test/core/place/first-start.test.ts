import { describe, expect, test } from 'vitest';

import { Path } from '../../../src/model/id.ts';
import { dayMs } from '../../../src/model/unit.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { hold, holding } from './holding.ts';
import { firstIn, searched, taken } from './searching.ts';

const { state } = world(
  'fra1/h1/r1 2×4 H100 gpuw500 basew1000 cpu16 mem64',
  'fra1/h1/r2 1×4 H100 gpuw500 basew1000 cpu16 mem64',
  {
    racks: { 'fra1/h1/r1': { coolingLimitW: 5000 } },
  },
);

const r1n01 = { where: ['fra1/h1/r1/n01'] };

const crossing = (durationH: number) => withRdma(`2×4 rdma apart:rack ${durationH}h`, { uplinkMbps: 60 });

describe('the first start at a site', () => {
  test.each([
    ['is the earliest, where it is free', {}, '1×4 2h', { toH: 9 }, '0 h: r1/n01×1'],
    [
      'is the earliest, where what is held begins as it ends',
      { 'r1/n01': taken(2, 9) },
      '1×4 2h',
      { toH: 9 },
      '0 h: r1/n01×1',
    ],
    ['is the end of what is held', { 'r1/n01': taken(0, 3) }, '1×4 2h', { toH: 9 }, '3 h: r1/n01×1'],
    [
      'is not the end of the first of two that follow each other',
      { 'r1/n01': [taken(0, 3), taken(3, 5)] },
      '1×4 2h',
      { toH: 9 },
      '5 h: r1/n01×1',
    ],
    [
      'is not in a gap that is too short',
      { 'r1/n01': [taken(0, 3), taken(4, 6)] },
      '1×4 2h',
      { toH: 9 },
      '6 h: r1/n01×1',
    ],
    [
      'is in a gap that is just long enough',
      { 'r1/n01': [taken(0, 3), taken(5, 6)] },
      '1×4 2h',
      { toH: 9 },
      '3 h: r1/n01×1',
    ],
    ['is the last that is allowed', { 'r1/n01': taken(0, 9) }, '1×4 2h', { toH: 9 }, '9 h: r1/n01×1'],
    ['is not one after that', { 'r1/n01': taken(0, 9) }, '1×4 2h', { toH: 8 }, 'none'],
    [
      'is not before the earliest, though it would be free',
      { 'r1/n01': taken(3, 6) },
      '1×4 2h',
      { fromH: 2, toH: 9 },
      '6 h: r1/n01×1',
    ],
    [
      'without an end is when the last of what is held has ended',
      { 'r1/n01': [taken(0, 2), taken(7, 8)] },
      '1×4',
      { toH: 9 },
      '8 h: r1/n01×1',
    ],
    [
      'of fewer GPUs than are ever held is the earliest',
      { 'r1/n01': taken(0, 9, 0b0111) },
      '1×1 2h',
      { toH: 9 },
      '0 h: r1/n01×1',
    ],
    [
      'is when different GPUs are free at one time',
      { 'r1/n01': [taken(0, 3, 0b0011), taken(0, 5, 0b0100)] },
      '1×2 2h',
      { toH: 9 },
      '3 h: r1/n01×1',
    ],
  ])('%s', (_, held, text, hours, expected) => {
    expect(firstIn(holding(state, held), demand(text, r1n01), hours)).toBe(expected);
  });

  test('is that of the node which is free first, not of the first node', () => {
    const held = { 'r1/n01': taken(0, 7), 'r1/n02': taken(0, 5), 'r2/n01': taken(0, 3) };
    expect(firstIn(holding(state, held), demand('1×4 2h'), { toH: 9 })).toBe('3 h: r2/n01×1');
    expect(firstIn(holding(state, held), demand('2×4 2h'), { toH: 9 })).toBe('5 h: r1/n02×1 r2/n01×1');
    expect(firstIn(holding(state, held), demand('2×4 2h together:hall'), { toH: 9 })).toBe(
      '5 h: r1/n02×1 r2/n01×1',
    );
  });

  test.each([
    ['node', [7, 5, 3], '3 h: r2/n01×1'],
    ['node', [3, 5, 7], '3 h: r1/n01×1'],
    ['node', [5, 3, 7], '3 h: r1/n02×1'],
    ['rack', [7, 5, 3], '3 h: r2/n01×1'],
    ['rack', [3, 9, 5], '3 h: r1/n01×1'],
    ['rack', [9, 8, 9], '8 h: r1/n02×1'],
  ])(
    'in one %s, free after %o hours, is that of the one free first',
    (together, [a = 0, b = 0, c = 0], expected) => {
      const held = { 'r1/n01': taken(0, a), 'r1/n02': taken(0, b), 'r2/n01': taken(0, c) };
      expect(firstIn(holding(state, held), demand(`1×4 2h together:${together}`), { toH: 9 })).toBe(expected);
    },
  );

  test.each([
    ['watts of the site', { sites: { fra1: { powerBudgetW: 5000 } } }],
    ['watts of the hall', { halls: { 'fra1/h1': { powerBudgetW: 5000 } } }],
  ])('is when %s are free that one of many nodes draws, in another rack', (_, limit) => {
    const many = world(
      'fra1/h1/r1 1×4 H100 gpuw500 basew1000',
      'fra1/h1/r2 40×4 H100 gpuw500 basew1000',
      limit,
    ).state;
    const asked = demand('1×4 2h together:rack', r1n01);
    const held = (powerW: number) => holding(many, { 'r2/n40': taken(0, 6, 1, { powerW }) });
    expect(firstIn(held(2001), asked, { toH: 9 })).toBe('6 h: r1/n01×1');
    expect(firstIn(held(2000), asked, { toH: 9 })).toBe('0 h: r1/n01×1');
  });

  test('is when watts of the rack are free, though they are held on another node', () => {
    const held = { 'r1/n02': taken(0, 4, 1, { powerW: 2500 }) };
    expect(firstIn(holding(state, held), demand('1×4 2h', r1n01), { toH: 9 })).toBe('4 h: r1/n01×1');
    const less = { 'r1/n02': taken(0, 4, 1, { powerW: 2000 }) };
    expect(firstIn(holding(state, less), demand('1×4 2h', r1n01), { toH: 9 })).toBe('0 h: r1/n01×1');
  });

  test('is when somebody who wants the site alone has left it, wherever that was', () => {
    const held = { 'r2/n01': taken(0, 4, 1, { alone: 'site' }) };
    expect(firstIn(holding(state, held), demand('1×1 2h', r1n01), { toH: 9 })).toBe('4 h: r1/n01×1');
  });

  test('of who wants the site alone is when the last other one has left it', () => {
    const held = { 'r1/n02': taken(0, 4), 'r2/n01': taken(5, 6, 1) };
    const alone = demand('1×1 2h', { ...r1n01, isolation: 'site' });
    expect(firstIn(holding(state, held), alone, { toH: 9 })).toBe('6 h: r1/n01×1');
    expect(firstIn(holding(state, held), demand('1×1 1h', { ...r1n01, isolation: 'site' }), { toH: 9 })).toBe(
      '4 h: r1/n01×1',
    );
  });

  test.each([1, 2, 2 * dayMs + 1, 2 * dayMs + 2, 10 * dayMs + 2, 10 * dayMs + 3])(
    'is the last millisecond that is allowed, %i after the earliest',
    (laterMs) => {
      const now = holding(state, {
        'r1/n01': hold('globex', { gpus: 15, startMs: t0, endMs: t0 + laterMs }),
      });
      const asked = demand('1×4 2h', r1n01);
      const at = (latestMs: number) =>
        searched(now, asked, { toH: (latestMs - t0) / hourMs }, false)?.startMs;
      expect([at(t0 + laterMs - 1), at(t0 + laterMs)]).toEqual([undefined, t0 + laterMs]);
    },
  );

  test('of who wants the site alone, and stays in one rack, waits for the other racks too', () => {
    const held = { 'r2/n01': taken(0, 6, 1) };
    const alone = demand('1×1 2h together:rack', { ...r1n01, isolation: 'site' });
    expect(firstIn(holding(state, held), alone, { toH: 9 })).toBe('6 h: r1/n01×1');
  });

  test('of cores alone is when cores are free', () => {
    const held = { 'r1/n01': taken(0, 3, 0, { cpuMilli: 12_000 }) };
    expect(firstIn(holding(state, held), demand('1×cpu5 2h', r1n01), { toH: 9 })).toBe('3 h: r1/n01×1');
    expect(firstIn(holding(state, held), demand('1×cpu4 2h', r1n01), { toH: 9 })).toBe('0 h: r1/n01×1');
  });

  test('is one day, and a hundred days later, when nothing is free before', () => {
    for (const days of [1, 3, 100]) {
      const held = { 'r1/n01': taken(0, days * 24) };
      expect(firstIn(holding(state, held), demand('1×4 2h', r1n01), { toH: 200 * 24 })).toBe(
        `${days * 24} h: r1/n01×1`,
      );
    }
  });

  test('is when uplinks are free, which stand in no calendar of a node', () => {
    const leafs = world('fra1/r1 1×8 H100 rdma leaf', 'fra1/r2 1×8 H100 rdma leaf', {
      leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 }, 'fra1/leaf-r2': { uplinkMbps: 100 } },
    });
    const busy = take(leafs, crossing(4)).state;
    const next = crossing(1);
    expect(firstIn(busy, next, { toH: 3 })).toBe('none');
    expect(firstIn(busy, next, { toH: 4 })).toBe('4 h: r1/n01×1 r2/n01×1');
  });
});

test('uplinks are free when what is held on them ends, though no node near holds anything', () => {
  const leafs = world(
    'fra1/r1 1×4 H100 rdma leaf',
    'fra1/r2 1×4 H100 rdma leaf',
    'fra1/r3 1×4 H100 rdma',
    'fra1/r4 1×4 H100 rdma',
    {
      nodes: { 'fra1/r3/n01': { leaf: 'fra1/leaf-r1' }, 'fra1/r4/n01': { leaf: 'fra1/leaf-r2' } },
      leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 }, 'fra1/leaf-r2': { uplinkMbps: 100 } },
    },
  );

  const busy = take(leafs, {
    ...crossing(4),
    where: ['fra1/r3', 'fra1/r4'].map((place) => Path.parse(place)),
  }).state;
  const next = { ...crossing(1), where: ['fra1/r1', 'fra1/r2'].map((place) => Path.parse(place)) };
  expect(firstIn(busy, next, { toH: 3 })).toBe('none');
  expect(firstIn(busy, next, { toH: 4 })).toBe('4 h: r1/n01×1 r2/n01×1');
});
