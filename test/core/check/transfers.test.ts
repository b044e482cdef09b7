import { describe, expect, test } from 'vitest';

import { dataThere } from '../../../src/core/check/transfers.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Placement } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { during, saidBy, withEdges } from './findings.ts';

/** `corpus` is in Frankfurt and Munich; Amsterdam and the edge have none of it. 1 GiB at 8192 Mbit/s takes 1,048.576 s ÷ 1000. */
const facts: Details = {
  pools: {
    'fra1/nvme': {
      mbps: 9000,
      datasets: [
        { id: 'corpus', sizeGib: 1000 },
        { id: 'other', sizeGib: 1 },
      ],
    },
    'muc3/nvme': { mbps: 9000, datasets: [{ id: 'corpus', sizeGib: 1000 }] },
    'fra1/tape': { datasets: [{ id: 'corpus', sizeGib: 1000 }] },
    'ams2/cache': { mbps: 9000, datasets: [] },
  },
  wanLinks: {
    'fra1/ams': { from: 'fra1', to: 'ams2', mbps: 8192 },
    'ams2/back': { from: 'ams2/h1', to: 'fra1/h1', mbps: 8192 },
    'fra1/edge': { from: 'fra1', to: 'edge', mbps: 8192 },
    'muc3/ams': { from: 'muc3', to: 'ams2', mbps: 8192 },
    'fra1/dark': { from: 'fra1', to: 'ams2' },
    'fra1/loose': { from: 'fra1', mbps: 8192 },
  },
};
const fleet = world(
  ...['fra1/h1/r1', 'ams2/h1/a1', 'muc3/h1/m1', 'edge/e1'].map((rack) => `${rack} 2×4 H100`),
  facts,
);

/** 1000 GiB are 8,589,934,592,000 bits; at 8192 Mbit/s that is 1,048,576 ms. */
const lastsMs = 1_048_576;
const startMs = t0 + hourMs;

/** A whole move to Amsterdam that ends as the gang starts, but for what is said about it. */
function moved(more: object = {}): object {
  const way = { dataset: 'corpus', from: 'fra1/nvme', to: 'ams2', wanLink: 'fra1/ams', mbps: 8192 };
  return { ...way, startMs: startMs - lastsMs, endMs: startMs, ...more };
}

type Asked = { readonly wish?: Demand; readonly members?: readonly string[]; readonly on?: World };

function said(
  transfers: readonly object[],
  {
    wish = demand('1×1', { dataset: 'corpus' }),
    members = ['train 0 ams2/h1/a1/n01 gpu0'],
    on = fleet,
  }: Asked = {},
) {
  const held = {
    ...during(placement(1, ...members), 1, 5),
    ...(transfers.length === 0 ? {} : { transfers }),
  };
  return saidBy(dataThere, on, wish, Placement.parse(held));
}

describe('a dataset that is not there', () => {
  test('is moved there', () => {
    expect(said([moved()])).toEqual([]);
  });

  test('or the placement is wrong', () => {
    expect(said([])).toEqual(['dataset: ams2: no storage pool holds `corpus`']);
  });

  test.each<readonly [string, object]>([
    ['over the link that is named from there', { wanLink: 'ams2/back' }],
    ['from the other site that has it', { from: 'muc3/nvme', wanLink: 'muc3/ams' }],
    ['at half the rate, in twice the time', { mbps: 4096, startMs: startMs - 2 * lastsMs }],
    ['long before', { startMs: startMs - 3 * lastsMs, endMs: startMs - 2 * lastsMs }],
  ])('%s', (_, more) => {
    expect(said([moved(more)])).toEqual([]);
  });

  test.each<readonly [string, object, readonly string[]]>([
    [
      'a millisecond too short',
      { startMs: startMs - lastsMs + 1 },
      ['transfer: 8192 Mbit/s for 1048575 ms do not carry 1000 GiB'],
    ],
    ['a Mbit/s too slow', { mbps: 8191 }, ['transfer: 8191 Mbit/s for 1048576 ms do not carry 1000 GiB']],
    [
      'a Mbit/s too fast for the link',
      { mbps: 8193 },
      ['transfer: wan fra1/ams: Mbit/s held by others 0, asked for 8193, limit 8192'],
    ],
    ['a millisecond too late', { endMs: startMs + 1 }, ['transfer: `corpus` arrives 1 ms after the start']],
    [
      'before it begins',
      { startMs, endMs: startMs - lastsMs },
      ['transfer: 8192 Mbit/s for -1048576 ms do not carry 1000 GiB'],
    ],
    [
      'over a link that goes elsewhere',
      { wanLink: 'fra1/edge' },
      ['transfer: fra1/edge does not join fra1/nvme and ams2'],
    ],
    [
      'over a link from elsewhere',
      { wanLink: 'muc3/ams' },
      ['transfer: muc3/ams does not join fra1/nvme and ams2'],
    ],
    [
      'over a link of which one end is unknown',
      { wanLink: 'fra1/loose' },
      ['transfer: fra1/loose does not join fra1/nvme and ams2'],
    ],
    [
      'over a link of unknown width',
      { wanLink: 'fra1/dark' },
      ['transfer: wan fra1/dark: Mbit/s held by others 0, asked for 8192, limit unknown'],
    ],
    [
      'from a pool of unknown speed',
      { from: 'fra1/tape' },
      ['transfer: storage fra1/tape: Mbit/s held by others 0, asked for 8192, limit unknown'],
    ],
    [
      'from a pool that does not hold it, at the site itself',
      { from: 'ams2/cache' },
      ['transfer: fra1/ams does not join ams2/cache and ams2', 'transfer: ams2/cache does not hold `corpus`'],
    ],
  ])('%s, it is not', (_, more, expected) => {
    expect(said([moved(more)])).toEqual(expected);
  });

  test('twice is once too often, also where both would be in time', () => {
    const found = said([moved(), moved({ from: 'muc3/nvme', wanLink: 'muc3/ams' })]);
    expect(found).toEqual(['transfer: `corpus` is moved to ams2 twice']);
  });

  test.each<readonly [string, object]>([
    ['where it is already', { to: 'fra1', from: 'muc3/nvme' }],
    ['where nobody is', { to: 'edge', wanLink: 'fra1/edge' }],
    ['of another name', { dataset: 'other' }],
  ])('nothing else is moved: %s', (_, more) => {
    const { dataset, to } = { dataset: 'corpus', to: 'ams2', ...more };
    expect(said([moved(), moved({ ...more, endMs: startMs - hourMs / 2, startMs: t0 - hourMs })])).toContain(
      `transfer: \`${dataset}\` need not be moved to ${to}`,
    );
  });

  test('nothing is moved for who asked for none', () => {
    expect(said([moved()], { wish: demand('1×1') })).toContain(
      'transfer: `corpus` need not be moved to ams2',
    );
    expect(said([], { wish: demand('1×1') })).toEqual([]);
  });
});

/** Others who hold so much of an edge, from one minute to another before the start. */
function busy(edge: string, mbps: number, [fromMin, toMin]: readonly [number, number]): World {
  const held = withEdges(placement(1, 'load 0 fra1/h1/r1/n02'), `${edge} ${mbps}`);
  return granted(
    fleet,
    demand('load: 1×cpu0', { tenant: 'globex' }),
    during(held, 1 - fromMin / 60, 1 - toMin / 60),
  );
}

describe('what others hold of the way', () => {
  test.each<readonly [string, string, number, readonly [number, number], string | undefined]>([
    [
      'the link, all the time',
      'wan fra1/ams',
      1,
      [60, 0],
      'wan fra1/ams: Mbit/s held by others 1, asked for 8192, limit 8192',
    ],
    [
      'the link, for a minute',
      'wan fra1/ams',
      1,
      [5, 4],
      'wan fra1/ams: Mbit/s held by others 1, asked for 8192, limit 8192',
    ],
    ['the link, before', 'wan fra1/ams', 9, [60, 30], undefined],
    ['another link', 'wan fra1/edge', 8192, [60, 0], undefined],
    ['what the pool has beside it', 'storage fra1/nvme', 808, [60, 0], undefined],
    [
      'a Mbit/s more of the pool',
      'storage fra1/nvme',
      809,
      [60, 0],
      'storage fra1/nvme: Mbit/s held by others 809, asked for 8192, limit 9000',
    ],
    ['another pool', 'storage muc3/nvme', 9000, [60, 0], undefined],
  ])('%s', (_, edge, mbps, minutes, note) => {
    expect(said([moved()], { on: busy(edge, mbps, minutes) })).toEqual(
      note === undefined ? [] : [`transfer: ${note}`],
    );
  });
});

function toEdge(more: object = {}): object {
  return moved({ to: 'edge', wanLink: 'fra1/edge', ...more });
}

describe('to two sites at once', () => {
  const two: Asked = {
    wish: demand('train: 1×1 at:ams2 + infer: 1×1 at:edge', { dataset: 'corpus' }),
    members: ['infer 0 edge/e1/n01 gpu0', 'train 0 ams2/h1/a1/n01 gpu0'],
  };
  const half = { mbps: 4096, startMs: startMs - 2 * lastsMs };

  test('each is owed it', () => {
    expect(said([moved()], two)).toEqual(['dataset: edge: no storage pool holds `corpus`']);
  });

  test('one pool gives both what it has, and no more', () => {
    expect(said([moved(half), toEdge(half)], two)).toEqual([]);
    expect(said([moved(), toEdge()], two)).toEqual([
      'transfer: storage fra1/nvme: Mbit/s held by others 8192, asked for 8192, limit 9000',
      'transfer: storage fra1/nvme: Mbit/s held by others 8192, asked for 8192, limit 9000',
    ]);
  });

  test('one after the other it gives each of them all', () => {
    const before = { startMs: startMs - 2 * lastsMs, endMs: startMs - lastsMs };
    expect(said([moved(before), toEdge()], two)).toEqual([]);
    expect(
      said([moved({ startMs: before.startMs + 1, endMs: before.endMs + 1 }), toEdge()], two),
    ).toHaveLength(2);
  });

  test('two pools do not get in each other’s way', () => {
    expect(said([moved({ from: 'muc3/nvme', wanLink: 'muc3/ams' }), toEdge()], two)).toEqual([]);
  });
});

/** One part in Amsterdam and one in Frankfurt, where the dataset is. */
function flowing(from: string, to: string): Asked {
  const flows = [{ from, to, mbps: 1 }];
  return {
    wish: demand('train: 1×1 at:ams2 + infer: 1×1 at:fra1', { dataset: 'corpus', flows }),
    members: ['infer 0 fra1/h1/r1/n01 gpu0', 'train 0 ams2/h1/a1/n01 gpu0'],
  };
}

describe('a copy has no pool to flow from', () => {
  const note = 'flows: ams2: no storage pool holds the dataset that flows';

  test.each([
    ['to who reads it there', 'dataset', 'train', [note]],
    ['from who writes it there', 'train', 'dataset', [note]],
    ['to who reads it where it is', 'dataset', 'infer', []],
    ['from who writes it where it is', 'infer', 'dataset', []],
    ['between parts it does not flow', 'train', 'infer', []],
    ['to whom there is none of, it would flow wherever the others are', 'dataset', 'nobody', [note]],
  ])('%s', (_, from, to, expected) => {
    expect(said([moved()], flowing(from, to))).toEqual(expected);
  });
});
