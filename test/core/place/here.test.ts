import { describe, expect, test } from 'vitest';

import { hereWords } from '../../../src/core/place/here.ts';
import { solve } from '../../../src/core/place/solve.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { t0, verdictAll, world } from '../fleet.ts';
import { hold, holding } from './holding.ts';

function found(state: State, asked: Demand) {
  const starts = { earliestMs: t0, latestMs: t0 };
  const result = solve(state, verdictAll(state, 'allowed'), { demand: asked, starts });
  if (result.kind !== 'solved') throw new Error('the test has no room');
  return result.best;
}

/** Why it stands there; a scan says the same. */
function here(state: State, asked: Demand): readonly string[] {
  const best = found(state, asked);
  const [scanned, told] = [true, false].map((isPlain) => hereWords(state, best, { demand: asked, isPlain }));
  expect(told).toEqual(scanned);
  return told ?? [];
}

/** Two racks of two nodes and one of one, all of four GPUs. */
const { state } = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×4 H100', 'fra1/h2/r3 1×4 H100');
const gpus = (mask: number) => hold('globex', { gpus: mask });
const tightest = (text: string, more: object = {}) => demand(text, { objective: 'tightest', ...more });

describe('where it stands', () => {
  test.each([
    [
      'of nodes that stay equally full',
      '1×3',
      {},
      'all in node fra1/h1/r1/n01: 5 of 5 nodes have room by count; 1 GPU stays free there, as few as in fra1/h1/r1/n02',
    ],
    [
      'the fewest that stay, against the next',
      '1×2',
      { 'r3/n01': gpus(1) },
      'all in node fra1/h2/r3/n01: 5 of 5 nodes have room by count; 1 GPU stays free there, the fewest (fra1/h1/r1/n01: 2)',
    ],
    [
      'no others with room, and the roomiest of them',
      '1×4',
      Object.fromEntries(['r1/n01', 'r1/n02', 'r2/n01', 'r2/n02'].map((node) => [node, gpus(1)])),
      'all in node fra1/h2/r3/n01: 1 of 5 nodes have room by count, the others for none of it; 0 GPUs stay free there',
    ],
    [
      'one of two replicas in the roomiest of the others',
      '2×4',
      { 'r1/n01': gpus(1) },
      'all in rack fra1/h1/r2: 1 of 3 racks have room by count, fra1/h1/r1 has most: 1 of 2 replicas; 0 GPUs stay free there',
    ],
    [
      'of two racks the first',
      '2×3',
      {},
      'all in rack fra1/h1/r1: 2 of 3 racks have room by count; 2 GPUs stay free there, as few as in fra1/h1/r2',
    ],
    [
      'a rack that is left with less than the other',
      '2×3',
      { 'r2/n01': gpus(1) },
      'all in rack fra1/h1/r2: 2 of 3 racks have room by count; 1 GPU stays free there, the fewest (fra1/h1/r1: 2)',
    ],
  ])('%s', (_, text, held, line) => {
    expect(here(holding(state, held), tightest(text))[0]).toBe(line);
  });

  test('the only place of its level is not compared with any', () => {
    expect(here(state, tightest('5×4'))[0]).toBe('all in site fra1; 0 GPUs stay free there');
  });

  test('slices share GPUs, so that none is said to stay free', () => {
    const shared = world('fra1/r1 2×2 H100 shared cpu16 mem64').state;
    expect(here(shared, tightest('1×1 share:500'))[0]).toBe(
      'all in node fra1/r1/n01: 2 of 2 nodes have room by count',
    );
  });

  test('apart, a node has room for one of them', () => {
    expect(here(state, tightest('2×1 apart:node'))).toEqual([
      'all in rack fra1/h1/r1: 2 of 3 racks have room by count; 6 GPUs stay free there, as few as in fra1/h1/r2',
      'no node holds it, fra1/h1/r1/n01 has most: 1 of 2 replicas',
    ]);
  });
});

describe('what a closer place lacks', () => {
  test.each([
    ['nothing is closer than a node', '1×4', undefined],
    ['no node is large enough', '2×4', 'no node holds it, fra1/h1/r1/n01 has most: 1 of 2 replicas'],
    [
      'no rack is, of which each node was asked before',
      '4×4',
      'no rack holds it, fra1/h1/r1 has most: 2 of 4 replicas',
    ],
    ['no hall is', '5×4', 'no hall holds it, fra1/h1 has most: 4 of 5 replicas'],
  ])('%s', (_, text, line) => {
    expect(here(state, tightest(text))[1]).toBe(line);
  });

  test('some have room by count, but not as it is asked for', () => {
    // By count a node of six GPUs holds three pairs; in link domains of three there are two.
    const linked = world('fra1/r1 2×6 H100 nvlink island3').state;
    expect(here(linked, tightest('3×2 nvlink'))[1]).toBe(
      'no node holds it as it is asked for, though 2 of 2 have room by count',
    );
  });
});

describe('what else is said', () => {
  test('by what nodes were judged, where they were', () => {
    expect(here(state, demand('1×4'))[1]).toMatch(/^judged by what is likely to be asked for: /);
    expect(here(state, tightest('1×4')).length).toBe(1);
  });

  test('leafs are counted where a part has an uplink budget', () => {
    const leafs = world('fra1/r1 2×4 H100 rdma leaf', 'fra1/r2 2×4 H100 rdma leaf', {
      leafs: { 'fra1/leaf-r1': { uplinkMbps: 900 }, 'fra1/leaf-r2': { uplinkMbps: 900 } },
    }).state;
    expect(here(leafs, withRdma('2×4 rdma', { uplinkMbps: 9 })).at(-1)).toBe(
      'on 1 leaf with its uplink budget, the fewest that were found',
    );
    expect(here(leafs, withRdma('3×4 rdma', { uplinkMbps: 9 })).at(-1)).toBe(
      'on 2 leafs with its uplink budget, the fewest that were found',
    );
    expect(here(leafs, demand('2×4 rdma')).join()).not.toContain('leaf with its');
  });

  test.each([
    ['whole', 'fra1/r1 1×2 H100 cpu16 mem64', [], '2×1 share:400', '2 slices on 1 GPU: 1 was whole'],
    [
      'set up for them',
      'fra1/r1 1×2 H100 shared cpu16 mem64',
      [],
      '1×1 share:400',
      '1 slice on 1 GPU: 1 was set up for slices',
    ],
    [
      'shared already',
      'fra1/r1 1×2 H100 cpu16 mem64',
      ['1×1 share:500'],
      '1×1 share:400',
      '1 slice on 1 GPU: 1 was shared already',
    ],
    [
      'two of two kinds',
      'fra1/r1 1×2 H100 cpu16 mem64',
      ['1×1 share:500'],
      '1×2 share:400',
      '2 slices on 2 GPUs: 1 was shared already, 1 was whole',
    ],
    [
      'two of one kind',
      'fra1/r1 1×2 H100 cpu16 mem64',
      [],
      '1×2 share:600',
      '2 slices on 2 GPUs: 2 were whole',
    ],
  ])('what the GPUs of slices were: %s', (_, line, taken, text, expected) => {
    const before = taken.reduce((now, other) => take(now, demand(other)), world(line));
    expect(here(before.state, demand(text)).at(-1)).toBe(expected);
  });

  test('nothing of slices where there are none', () => {
    expect(here(state, demand('1×4')).join()).not.toContain('slice');
  });

  test('nothing at all of what stayed where it was, without a search', () => {
    const { ground: _ground, ...stayed } = found(state, demand('1×4'));
    expect(hereWords(state, stayed, { demand: demand('1×4'), isPlain: false })).toEqual([]);
  });

  test('of several sites the first line of each, four at most', () => {
    const five = world(...['aaa', 'bbb', 'ccc', 'ddd', 'eee'].map((site) => `${site}/r1 2×4 H100`)).state;
    const parts = ['aaa', 'bbb', 'ccc', 'ddd', 'eee'].map((site) => `1×4 at:${site}`);
    const lines = here(five, demand(parts.join(' + '), { objective: 'tightest' }));
    expect(lines).toEqual(
      ['aaa', 'bbb', 'ccc', 'ddd'].map(
        (site) =>
          `all in node ${site}/r1/n01: 2 of 2 nodes have room by count; 0 GPUs stay free there, as few as in ${site}/r1/n02`,
      ),
    );
  });
});
