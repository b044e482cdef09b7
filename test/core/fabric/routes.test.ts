import { describe, expect, test } from 'vitest';

import { type EdgeHold, edgeKey } from '../../../src/core/calendar/edges.ts';
import {
  firstTransfer,
  mustMove,
  type Route,
  routesTo,
  unknownSpeed,
} from '../../../src/core/place/fabric/move.ts';
import { DatasetId, Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { type Details, t0, type World, world } from '../fleet.ts';

const sites = ['fra1/r1 1 cpu1', 'ams1/r1 1 cpu1', 'edge/r1 1 cpu1'] as const;
const corpus = (sizeGib: number, id = 'corpus') => ({ id, sizeGib });

const joined: Details = {
  wanLinks: {
    'fra1/wan-b': { from: 'fra1', to: 'ams1', mbps: 100 },
    'fra1/wan-a': { from: 'ams1/hall', to: 'fra1/h1', mbps: 50 },
    'edge/wan': { from: 'edge', to: 'ams1' },
    'edge/other': { from: 'edge', to: 'fra1', mbps: 1 },
    'fra1/open': { from: 'fra1' },
    'ams1/open': { to: 'ams1' },
    'ams1/loop': { from: 'ams1', to: 'ams1/hall', mbps: 9 },
  },
  pools: {
    'fra1/nvme-2': { mbps: 400, datasets: [corpus(10), corpus(1, 'else')] },
    'fra1/nvme-1': { datasets: [corpus(20)] },
    'fra1/nvme-3': { mbps: 900, datasets: [corpus(30, 'else')] },
    'edge/disk': { mbps: 30, datasets: [corpus(40)] },
    'fra1/empty': { mbps: 30 },
  },
};

const routes = (on: World, site: string, dataset = 'corpus') =>
  routesTo(on.state.fleet, Path.parse(site), dataset).map(
    ({ wanLink, pool, sizeGib, linkMbps, poolMbps }) =>
      `${wanLink} ${pool} ${sizeGib} ${linkMbps ?? '?'}/${poolMbps ?? '?'}`,
  );

describe('the ways to bring a dataset to a site', () => {
  const on = world(...sites, joined);

  test('by link and then by pool, whichever end of the link is the site', () => {
    expect(routes(on, 'ams1')).toEqual([
      'edge/wan edge/disk 40 ?/30',
      'fra1/wan-a fra1/nvme-1 20 50/?',
      'fra1/wan-a fra1/nvme-2 10 50/400',
      'fra1/wan-b fra1/nvme-1 20 100/?',
      'fra1/wan-b fra1/nvme-2 10 100/400',
    ]);
  });

  test('only from pools that hold it, at the other end of one link', () => {
    expect(routes(on, 'edge')).toEqual(['edge/other fra1/nvme-1 20 1/?', 'edge/other fra1/nvme-2 10 1/400']);
    expect(routes(on, 'ams1', 'else')).toEqual([
      'fra1/wan-a fra1/nvme-2 1 50/400',
      'fra1/wan-a fra1/nvme-3 30 50/900',
      'fra1/wan-b fra1/nvme-2 1 100/400',
      'fra1/wan-b fra1/nvme-3 30 100/900',
    ]);
  });

  test('none where nobody holds it or nothing leads there', () => {
    expect(routes(on, 'ams1', 'unheard')).toEqual([]);
    expect(routes(on, 'mars')).toEqual([]);
    expect(routes(world(...sites, { pools: joined.pools ?? {} }), 'ams1')).toEqual([]);
  });
});

function route(name: string, linkMbps: number | undefined, poolMbps: number | undefined): Route {
  return {
    wanLink: Path.parse(`fra1/wan-${name}`),
    pool: Path.parse(`fra1/pool-${name}`),
    sizeGib: 1,
    linkMbps,
    poolMbps,
  };
}

describe('the speed that nobody has recorded', () => {
  const link = 'the speed of WAN link fra1/wan-';
  const pool = 'the speed of storage pool fra1/pool-';

  test.each<[string, readonly Route[], string | undefined]>([
    ['of no way at all', [], undefined],
    ['of a way that is known', [route('a', 1, 1)], undefined],
    ['of a link', [route('a', undefined, 1)], `${link}a`],
    ['of a pool', [route('a', 1, undefined)], `${pool}a`],
    ['of both: the link', [route('a', undefined, undefined)], `${link}a`],
    [
      'of a later link before an earlier pool',
      [route('a', 1, undefined), route('b', undefined, 1)],
      `${link}b`,
    ],
    ['of the first of two links', [route('a', undefined, 1), route('b', undefined, 1)], `${link}a`],
    ['does not matter where another way is known', [route('a', undefined, 1), route('b', 0, 0)], undefined],
  ])('%s', (_, ways, speed) => {
    expect(unknownSpeed(ways)).toBe(speed);
  });
});

test('data is moved only to where it is not, and only where a demand has some', () => {
  const on = world(...sites, joined);
  const [ams1, edge, fra1] = on.state.fleet.sites;
  const asked = demand('1×cpu1', { dataset: 'corpus' });
  expect([ams1, edge, fra1].map((site) => site && [site.id, mustMove(site, asked)])).toEqual([
    ['ams1', true],
    ['edge', false],
    ['fra1', false],
  ]);
  expect(ams1 && mustMove(ams1, demand('1×cpu1'))).toBe(false);
});

/** 1 GiB are 8,589,934.592 thousand bits: so many milliseconds at 1 Mbit/s, rounded up. */
const gibMs = 8_589_935;

/** A move of 1 GiB to Amsterdam beside what is held on its link and pool: `from to Mbit/s` in ms from `t0`. */
function moved(
  more: Details,
  held: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {},
  fromMs = t0,
): string | undefined {
  const on = world(...sites, { pools: { 'fra1/p': { mbps: 9, datasets: [corpus(1)] } }, ...more });
  const holds = Object.entries(held).map(([key, list]): [string, EdgeHold[]] => [
    key,
    list.map(([start, end, mbps]) => ({ holder: 'C-1', startMs: t0 + start, endMs: t0 + end, mbps })),
  ]);
  const site = on.state.fleet.sites.find(({ id }) => id === 'ams1');
  if (site === undefined) throw new Error('no site');
  const found = firstTransfer(
    { ...on.state, bandwidth: new Map(holds) },
    site,
    DatasetId.parse('corpus'),
    fromMs,
  );
  return found && `${found.wanLink} ${found.mbps}: ${found.startMs - t0} to ${found.endMs - t0}`;
}

const link = (mbps: number, name = 'fra1/wan') => ({ [name]: { from: 'fra1', to: 'ams1', mbps } });
const wan = edgeKey('wan', 'fra1/wan');
const pool = edgeKey('storage', 'fra1/p');
const one: Details = { wanLinks: link(4) };

describe('the first transfer', () => {
  test.each<[string, Details, Parameters<typeof moved>[1], string | undefined]>([
    ['as fast as the link', one, {}, `fra1/wan 4: 0 to ${Math.ceil(gibMs / 4)}`],
    ['as fast as the pool, where that is slower', { wanLinks: link(20) }, {}, `fra1/wan 9: 0 to 954438`],
    ['beside what others hold on the link', one, { [wan]: [[0, 1e9, 1]] }, `fra1/wan 3: 0 to 2863312`],
    ['beside what others hold on the pool', one, { [pool]: [[0, 1e9, 8]] }, `fra1/wan 1: 0 to ${gibMs}`],
    [
      'when what is in its way has ended, where that is sooner',
      one,
      { [wan]: [[0, 1000, 3]] },
      `fra1/wan 4: 1000 to ${1000 + 2_147_484}`,
    ],
    [
      'at once and slowly, where waiting takes longer',
      one,
      { [wan]: [[0, 9_000_000, 3]] },
      `fra1/wan 1: 0 to ${gibMs}`,
    ],
    [
      'slower from the start, for what begins while it runs',
      one,
      { [wan]: [[1000, 9_000_000, 2]] },
      `fra1/wan 2: 0 to 4294968`,
    ],
    [
      'done when the next begins: not slower',
      one,
      { [wan]: [[2_147_484, 9e9, 4]] },
      'fra1/wan 4: 0 to 2147484',
    ],
    [
      'not done by one millisecond: it waits until that has ended',
      one,
      { [wan]: [[2_147_483, 3_000_000, 4]] },
      `fra1/wan 4: 3000000 to ${3_000_000 + 2_147_484}`,
    ],
    ['never, where all is held for good', one, { [wan]: [[0, 1e15, 4]] }, undefined],
    [
      'when the first of several has ended, in whatever order they stand',
      one,
      {
        [wan]: [
          [20_000_000, 20_000_001, 4],
          [0, 1000, 3],
        ],
      },
      `fra1/wan 4: 1000 to ${1000 + 2_147_484}`,
    ],
    [
      'never, from a pool of unknown speed',
      { ...one, pools: { 'fra1/p': { datasets: [corpus(1)] } } },
      {},
      undefined,
    ],
    ['never, over a link of nothing', { wanLinks: link(0) }, {}, undefined],
    [
      'never, over a link of unknown speed',
      { wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams1' } } },
      {},
      undefined,
    ],
    ['never, without a link', {}, {}, undefined],
    [
      'over the link that is there sooner',
      { wanLinks: { ...link(2, 'fra1/a'), ...link(3, 'fra1/b') } },
      {},
      'fra1/b 3: 0 to 2863312',
    ],
    [
      'over the first of two alike',
      { wanLinks: { ...link(3, 'fra1/b'), ...link(3, 'fra1/a') } },
      {},
      'fra1/a 3: 0 to 2863312',
    ],
    [
      'over the other link, where the faster is held too long',
      { wanLinks: { ...link(2, 'fra1/slow'), ...link(4) } },
      { [wan]: [[0, 3_000_000, 4]] },
      'fra1/slow 2: 0 to 4294968',
    ],
  ])('%s', (_, more, held, found) => {
    expect(moved(more, held)).toBe(found);
  });

  test('begins no sooner than it may', () => {
    expect(moved(one, { [wan]: [[0, 1000, 4]] }, t0 + 5000)).toBe(`fra1/wan 4: 5000 to ${5000 + 2_147_484}`);
  });

  test('of nothing takes no time', () => {
    const empty: Details = { ...one, pools: { 'fra1/p': { mbps: 9, datasets: [corpus(0)] } } };
    expect(moved(empty)).toBe('fra1/wan 4: 0 to 0');
  });

  test('that would arrive beyond the last instant there is does not begin', () => {
    const huge: Details = { ...one, pools: { 'fra1/p': { mbps: 9, datasets: [corpus(1_000_000_000)] } } };
    expect(moved(huge)).toBeUndefined();
  });
});
