import { describe, expect, test } from 'vitest';

import { modelsAt } from '../../../src/core/place/each-site.ts';
import { missAt } from '../../../src/core/place/site.ts';
import { combinations } from '../../../src/core/place/want.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { type Details, t0, world } from '../fleet.ts';
import { hold, holding } from './holding.ts';
import { there } from './known.ts';

/** `2 rack-power in fra1`: how many replicas fit, what stopped the next one, and where. A scan says the same. */
function miss(state: State, asked: Demand): string {
  const site = there(state.fleet.sites[0], 'a site');
  const ways = combinations(asked, modelsAt(site));
  const [scanned, found] = [true, false].map((isPlain) =>
    missAt(state, site, ways, {
      demand: asked,
      starts: { earliestMs: t0, latestMs: t0 },
      open: state.fleet.sites,
      isPlain,
    }),
  );
  expect(found).toEqual(scanned);
  return `${found?.replicasFit} ${found?.binding} in ${found?.place}`;
}

/** Nodes of four GPUs of 500 W and 1000 W beside them: 3000 W each. */
const racks = [
  'fra1/h1/r1 2×4 H100 gpuw500 basew1000 cpu16 mem64',
  'fra1/h1/r2 2×4 H100 gpuw500 basew1000 cpu16 mem64',
] as const;

const limited = (details: Details) => world(...racks, details).state;

describe('what stops the next replica at a site', () => {
  test.each([
    ['no GPU of such a model there', '1×1 A100', '0 gpu-model in fra1'],
    ['no node is large enough', '1×5 H100', '0 inventory in fra1'],
    ['there are not so many nodes', '5×4 H100', '4 inventory in fra1/h1'],
    ['there are not so many cores', '1×1 H100 cpu17', '0 inventory in fra1'],
    ['nobody has recorded a link', '1×4 H100 nvlink', '0 inventory in fra1'],
    ['one rack is too small', '3×4 together:rack', '2 topology in fra1/h1/r1'],
    ['one node is too small for a part', '2×4 within:node', '1 topology in fra1/h1/r1/n01'],
  ])('%s', (_, text, expected) => {
    expect(miss(world(...racks).state, demand(text))).toBe(expected);
  });

  test.each([
    ['others hold a GPU of the fourth node', '4×4', '3 free-over-window in fra1/h1'],
    ['others do, and four nodes were too few anyway', '5×4', '3 inventory in fra1/h1'],
    [
      'others do in the one rack in which it has to be',
      '2×4 at:fra1/h1/r1 together:rack',
      '1 free-over-window in fra1/h1/r1/n01',
    ],
  ])('%s', (_, text, expected) => {
    expect(miss(holding(world(...racks).state, { 'r1/n02': hold('acme') }), demand(text))).toBe(expected);
  });
});

const rack = (set: object): Details => ({ racks: { 'fra1/h1/r1': set, 'fra1/h1/r2': set } });

describe('a limit stops the next replica', () => {
  test.each([
    ['rack-power', rack({ feedLimitW: { A: 5999 } }), 2],
    ['rack-cooling', rack({ coolingLimitW: 5999 }), 2],
    [
      'feed-power',
      {
        ...rack({ feedLimitW: { A: 90_000 }, feeds: { A: 'fra1/fa' } }),
        feeds: { 'fra1/fa': { limitW: 11_999 } },
      },
      3,
    ],
    ['loop-cooling', { ...rack({ loop: 'fra1/cdu' }), loops: { 'fra1/cdu': { coolingLimitW: 11_999 } } }, 3],
    ['hall-power', { halls: { 'fra1/h1': { powerBudgetW: 11_999 } } }, 3],
    ['hall-cooling', { halls: { 'fra1/h1': { coolingLimitW: 11_999 } } }, 3],
    ['site-power', { sites: { fra1: { powerBudgetW: 11_999 } } }, 3],
  ] satisfies [string, Details, number][])('%s, by one watt', (name, details, fit) => {
    expect(miss(limited(details), demand('4×4'))).toBe(`${fit} ${name} in fra1/h1`);
  });

  test('the one without which it would fit, though another is as tight where it is not asked', () => {
    const details = { ...rack({ coolingLimitW: 6000 }), sites: { fra1: { powerBudgetW: 9000 } } };
    expect(miss(limited(details), demand('4×4'))).toBe('3 site-power in fra1/h1');
  });

  test('of two that both have to go, the outer one', () => {
    const details = { ...rack({ coolingLimitW: 3000 }), sites: { fra1: { powerBudgetW: 9000 } } };
    expect(miss(limited(details), demand('4×4'))).toBe('2 site-power in fra1/h1');
    const inner = rack({ coolingLimitW: 3000, feedLimitW: { A: 3000 } });
    expect(miss(limited(inner), demand('4×4'))).toBe('2 rack-cooling in fra1/h1');
  });

  test('not where the nodes themselves are too few, with limits or without', () => {
    const details = { sites: { fra1: { powerBudgetW: 9000 } } };
    expect(miss(limited(details), demand('5×4'))).toBe('3 inventory in fra1/h1');
  });

  test('where bookings leave too few GPUs, those are said to be in the way and not the limit', () => {
    const held = holding(limited({ sites: { fra1: { powerBudgetW: 9000 } } }), { 'r1/n02': hold('acme') });
    expect(miss(held, demand('4×4'))).toBe('3 free-over-window in fra1/h1');
  });
});

describe('what was asked for stops the next replica', () => {
  const { state } = world(...racks);

  test('its own power cap, by one watt', () => {
    expect(miss(state, demand('2×4', { powerCapW: 5999 }))).toBe('1 power-cap in fra1/h1/r1/n01');
  });

  test('the loss it is to survive', () => {
    const asked = demand('4×4', { survive: { loss: 'rack', membersLeft: 3 } });
    expect(miss(state, asked)).toBe('2 survive in fra1/h1');
  });

  test('being alone, where others are, and others who are alone', () => {
    const shared = holding(state, { 'r1/n01': hold('globex'), 'r2/n01': hold('globex') });
    expect(miss(shared, demand('1×1', { isolation: 'rack' }))).toBe('0 isolation in fra1');
    const alone = holding(state, { 'r1/n01': hold('globex', { alone: 'site' }) });
    expect(miss(alone, demand('1×1'))).toBe('0 isolation in fra1');
  });

  test('not being alone, where the GPUs are held anyway', () => {
    const full = holding(state, {
      'r1/n01': hold('globex', { gpus: 15 }),
      'r1/n02': hold('globex', { gpus: 15 }),
    });
    expect(miss(full, demand('3×4', { isolation: 'node' }))).toBe('2 free-over-window in fra1/h1/r2');
  });

  test('its flows, where data NICs carry less', () => {
    const slow = world('fra1/r1 2×4 H100 nordma').state;
    const flows = [{ from: 'train', to: 'train', mbps: 200_002 }];
    expect(miss(slow, demand('2×4', { flows }))).toBe('1 flows in fra1/r1/n01');
  });

  test('its uplink budget, where leafs have less', () => {
    const leafs = world('fra1/r1 1×4 H100 rdma leaf', 'fra1/r2 1×4 H100 rdma leaf', {
      leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 }, 'fra1/leaf-r2': { uplinkMbps: 99 } },
    }).state;
    expect(miss(leafs, withRdma('2×4 rdma', { uplinkMbps: 100 }))).toBe('1 uplink in fra1/r1/n01');
  });
});

describe('of several models', () => {
  const mixed = world('fra1/r1 1×4 H100', 'fra1/r2 3×4 A100').state;

  test.each([
    ['the one of which most fit is told', '4×4', '3 inventory in fra1/r2'],
    ['the first of two of which as many fit', '1×5', '0 inventory in fra1'],
  ])('%s', (_, text, expected) => {
    expect(miss(mixed, demand(text))).toBe(expected);
  });

  test('and of another part, the way with most of all parts together', () => {
    expect(miss(mixed, demand('a: 2×4 H100 + b: 3×4'))).toBe('4 inventory in fra1');
  });
});
