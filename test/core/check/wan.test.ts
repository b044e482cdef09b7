import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { onWan } from '../../../src/core/check/wan.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { saidBy, withEdges } from './findings.ts';

const sites = ['ams2', 'edge', 'fra1'] as const;
const fleet = world(...sites.map((site) => `${site}/h1/r1 2×4 H100`), {
  wanLinks: {
    'fra1/near': { from: 'fra1', to: 'ams2', mbps: 1000, latencyMs: 7 },
    'fra1/far': { from: 'ams2', to: 'fra1', mbps: 1000, latencyMs: 8 },
    'fra1/unsaid': { from: 'fra1', to: 'ams2', mbps: 1000 },
    'fra1/edge': { from: 'fra1/h1', to: 'edge/h1', mbps: 1000, latencyMs: 2 },
  },
});

type Flow = {
  readonly from: string;
  readonly to: string;
  readonly mbps: number;
  readonly latencyMs?: number;
};

/** `train` is in Frankfurt, `eval` in Amsterdam, `infer` at the edge, and `load` beside `train`. */
const text = 'train: 1×1 at:fra1 + eval: 1×1 at:ams2 + infer: 1×1 at:edge + load: 1×1';
const members = [
  'eval 0 ams2/h1/r1/n01 gpu0',
  'infer 0 edge/h1/r1/n01 gpu0',
  'load 0 fra1/h1/r1/n02 gpu0',
  'train 0 fra1/h1/r1/n01 gpu0',
];

function said(flows: readonly Flow[], ...edges: readonly string[]): readonly string[] {
  const held = placement(4, ...members);
  const wish = demand(text, { dataset: 'corpus', flows });
  return saidBy(onWan, fleet, wish, edges.length === 0 ? held : withEdges(held, ...edges));
}

const flow = (from: string, to: string, mbps: number, latencyMs?: number): Flow => ({
  from,
  to,
  mbps,
  ...(latencyMs === undefined ? {} : { latencyMs }),
});

describe('what flows between two sites', () => {
  test.each<readonly [string, readonly Flow[], readonly string[], readonly string[]]>([
    ['is held on one link', [flow('train', 'eval', 30)], ['wan fra1/near 30'], []],
    ['whichever of them', [flow('train', 'eval', 30)], ['wan fra1/far 30'], []],
    ['in whichever direction', [flow('eval', 'train', 30)], ['wan fra1/near 30'], []],
    ['added up', [flow('eval', 'train', 30), flow('load', 'eval', 12)], ['wan fra1/near 42'], []],
    [
      'not on two',
      [flow('train', 'eval', 30)],
      ['wan fra1/far 30', 'wan fra1/near 30'],
      ['bandwidth: 2 WAN links are held for 30 Mbit/s between ams2 and fra1'],
    ],
    [
      'not on none',
      [flow('train', 'eval', 30)],
      [],
      ['bandwidth: 0 WAN links are held for 30 Mbit/s between ams2 and fra1'],
    ],
    [
      'not less than all',
      [flow('train', 'eval', 30)],
      ['wan fra1/near 29'],
      ['bandwidth: wan fra1/near: holds 29 Mbit/s, 30 are due'],
    ],
    [
      'not more',
      [flow('train', 'eval', 30)],
      ['wan fra1/near 31'],
      ['bandwidth: wan fra1/near: holds 31 Mbit/s, 30 are due'],
    ],
    [
      'not on a link between others',
      [flow('train', 'eval', 30)],
      ['wan fra1/edge 30', 'wan fra1/near 30'],
      ['bandwidth: wan fra1/edge: holds 30 Mbit/s, 0 are due'],
    ],
    [
      'each pair on its own',
      [flow('train', 'eval', 30), flow('infer', 'load', 5)],
      ['wan fra1/edge 5', 'wan fra1/near 30'],
      [],
    ],
    [
      'and where no link joins two, on none',
      [flow('infer', 'eval', 3)],
      [],
      ['bandwidth: 0 WAN links are held for 3 Mbit/s between ams2 and edge'],
    ],
    ['inside one it is no matter of links', [flow('train', 'load', 30)], [], []],
    ['nor is what flows from the dataset', [flow('dataset', 'eval', 30)], [], []],
    ['nor what flows to nobody', [flow('train', 'nobody', 30)], [], []],
    [
      'without a flow none is held',
      [],
      ['wan fra1/near 1'],
      ['bandwidth: wan fra1/near: holds 1 Mbit/s, 0 are due'],
    ],
  ])('%s', (_, flows, edges, expected) => {
    expect(said(flows, ...edges)).toEqual(expected);
  });
});

function notNear(id: string, latencyMs: number): readonly string[] {
  return [`latency: wan ${id}: is not known to be within ${latencyMs} ms`];
}

describe('how near it has to be', () => {
  test.each<readonly [string, string, number | undefined, readonly string[]]>([
    ['as near as asked for', 'fra1/near', 7, []],
    ['a millisecond farther', 'fra1/far', 7, notNear('fra1/far', 7)],
    ['nearer', 'fra1/far', 9, []],
    ['of unknown latency', 'fra1/unsaid', 9999, notNear('fra1/unsaid', 9999)],
    ['of unknown latency, where nobody asked', 'fra1/unsaid', undefined, []],
  ])('a link that is %s', (_, id, latencyMs, expected) => {
    expect(said([flow('train', 'eval', 30, latencyMs)], `wan ${id} 30`)).toEqual(expected);
  });

  test('the tightest of several flows counts for all', () => {
    const flows = [flow('train', 'eval', 30, 9), flow('eval', 'load', 1, 7), flow('eval', 'load', 1)];
    expect(said(flows, 'wan fra1/far 32')).toEqual(notNear('fra1/far', 7));
    expect(said(flows, 'wan fra1/near 32')).toEqual([]);
  });

  test('nearness alone holds nothing, but needs some link that is near', () => {
    expect(said([flow('train', 'eval', 0, 7)])).toEqual([]);
    expect(said([flow('train', 'eval', 0, 6)])).toEqual([
      'latency: no WAN link between ams2 and fra1 is known to be within 6 ms',
    ]);
    expect(said([flow('train', 'eval', 0)])).toEqual([]);
    expect(said([flow('infer', 'eval', 0)])).toEqual([]);
    expect(said([flow('train', 'eval', 0, 7)], 'wan fra1/near 0')).toEqual([
      'bandwidth: 1 WAN links are held for 0 Mbit/s between ams2 and fra1',
    ]);
  });
});

test('of any flows, each pair of sites holds just their sum on a link between them', () => {
  const part = constantFrom('train', 'eval', 'infer', 'load');
  const siteOf = { train: 'fra1', load: 'fra1', eval: 'ams2', infer: 'edge' } as const;
  assert(
    property(
      array(record({ from: part, to: part, mbps: integer({ min: 1, max: 9 }) }), { maxLength: 5 }),
      (flows) => {
        const between = (one: string, two: string) =>
          flows
            .filter(({ from, to }) => [siteOf[from], siteOf[to]].toSorted().join() === [one, two].join())
            .reduce((sum, { mbps }) => sum + mbps, 0);
        const [near, edge, unjoined] = [
          between('ams2', 'fra1'),
          between('edge', 'fra1'),
          between('ams2', 'edge'),
        ];
        const edges = [
          ...(edge > 0 ? [`wan fra1/edge ${edge}`] : []),
          ...(near > 0 ? [`wan fra1/near ${near}`] : []),
        ];
        expect(said(flows, ...edges)).toHaveLength(unjoined > 0 ? 1 : 0);
        const more = [
          ...edges.filter((line) => !line.startsWith('wan fra1/near')),
          `wan fra1/near ${near + 1}`,
        ];
        expect(said(flows, ...more)).toHaveLength(unjoined > 0 ? 2 : 1);
      },
    ),
    { seed, numRuns: 60 },
  );
});
