import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import { DatasetId, Path } from '../../../src/model/id.ts';
import type { HeldBandwidth, Placement } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { type Details, t0, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { lines, only, promised } from './promised.ts';

const islands: Details = {
  nodes: {
    'fra1/h1/r1/n01': { island: 'fra1/nvl-1' },
    'fra1/h1/r1/n02': { island: 'fra1/nvl-1' },
    'fra1/h1/r2/n01': { island: 'fra1/nvl-2' },
    'fra1/h1/r2/n02': { island: 'fra1/nvl-2' },
  },
  wanLinks: {
    'fra1/wan-ams1': { from: 'fra1', to: 'ams1', mbps: 10_000, latencyMs: 7 },
    'fra1/wan-odd': { from: 'fra1', to: 'ams1', mbps: 10_000 },
  },
};
const fleet = world('fra1/h1/r1 2×4 H100 rdma', 'fra1/h1/r2 2×4 H100 rdma', 'ams1/h1/r1 2×4 H100', islands);

const here = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3', 'train 1 fra1/h1/r1/n02 gpu0-3');

type Word = readonly [fabric: HeldBandwidth['fabric'], edge: string, mbps: number];

function holding(...words: readonly Word[]): Placement {
  return {
    ...here,
    bandwidth: words.map(([fabric, edge, mbps]) => ({ fabric, edge: Path.parse(edge), mbps })),
  };
}

const bandwidth = (asked: Demand, held: Placement) => lines(promised(fleet, asked, held), 'bandwidth');

const island = (text: string, held: Placement) =>
  lines(promised(fleet, demand(text), held), 'accelerator-link');

describe('islands that span nodes', () => {
  const onOne = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r1/n01 gpu2-3');
  const mixed = placement(
    24,
    'a 0 fra1/h1/r1/n01 gpu0',
    'a 1 fra1/h1/r1/n02 gpu0',
    'b 0 fra1/h1/r2/n01 gpu0',
  );
  const apart = placement(24, 'a 0 fra1/h1/r1/n01 gpu0', 'b 0 fra1/h1/r2/n01 gpu0');
  const pairs = placement(
    24,
    'a 0 fra1/h1/r1/n01 gpu0',
    'a 1 fra1/h1/r1/n02 gpu0',
    'b 0 fra1/h1/r2/n01 gpu0',
    'b 1 fra1/h1/r2/n02 gpu0',
  );
  const unnamed = placement(24, 'train 0 ams1/h1/r1/n01 gpu0', 'train 1 ams1/h1/r1/n02 gpu0');
  const one = 'in one accelerator link domain: fra1/nvl-1';

  test.each<[string, string, Placement, readonly string[]]>([
    ['nobody asked', '2×4 24h', here, []],
    ['the gang', '2×4 together:island 24h', here, [`guaranteed: all nodes of the gang ${one}`]],
    ['a part', '2×4 within:island 24h', here, [`guaranteed: all nodes of a part ${one}`]],
    ['one node, where the link of the node says it', '2×2 together:island 24h', onOne, []],
    [
      'only the part that asked counts',
      'a: 2×1 within:island + b: 1×1 24h',
      mixed,
      [`guaranteed: all nodes of a part ${one}`],
    ],
    ['the part that asked is on one node', 'a: 1×1 within:island + b: 1×1 24h', apart, []],
    ['nodes without a known island', '2×1 together:island 24h', unnamed, []],
    [
      'two parts, each in an island of its own',
      'a: 2×1 within:island + b: 2×1 within:island 24h',
      pairs,
      ['guaranteed: all nodes of a part in one accelerator link domain: fra1/nvl-1, fra1/nvl-2'],
    ],
  ])('%s', (_, text, held, expected) => {
    expect(island(text, held)).toEqual(expected);
  });
});

const nics = (asked: Demand) => lines(promised(fleet, asked, here), 'rdma');

describe('RDMA NICs', () => {
  const nearest = 'its own rail, switch and NUMA node first';

  test.each<[string, Demand, readonly string[]]>([
    ['nobody asked', demand('2×4 24h'), []],
    [
      'one for each GPU',
      demand('2×4 rdma'),
      ['an RDMA NIC for every GPU, on its own rail where the rails are known'],
    ],
    ['two for each GPU', withRdma('2×4 rdma', { nicsPerGpu: 2 }), [`2 RDMA NICs for every GPU, ${nearest}`]],
    ['one for each slice', demand('2×1 share:250 rdma'), [`an RDMA NIC for every slice, ${nearest}`]],
    [
      'three for each slice',
      withRdma('1×1 mig:1g.10gb rdma', { nicsPerGpu: 3 }),
      [`3 RDMA NICs for every slice, ${nearest}`],
    ],
    ['without GPUs', demand('2×cpu4 rdma'), ['an RDMA NIC for every replica without GPUs']],
    [
      'without GPUs, however many NICs a GPU would get',
      withRdma('2×cpu4 rdma', { nicsPerGpu: 2 }),
      ['an RDMA NIC for every replica without GPUs'],
    ],
    [
      'two parts that ask for the same: said once',
      demand('a: 1×1 rdma + b: 2×2 rdma'),
      ['an RDMA NIC for every GPU, on its own rail where the rails are known'],
    ],
    [
      'different ones in one order, whatever the order of the parts',
      demand('a: 1×1 share:250 rdma + b: 1×1 rdma + c: 1×cpu1 rdma'),
      [
        'an RDMA NIC for every replica without GPUs',
        'an RDMA NIC for every GPU, on its own rail where the rails are known',
        `an RDMA NIC for every slice, ${nearest}`,
      ],
    ],
  ])('%s', (_, asked, expected) => {
    expect(nics(asked)).toEqual(expected.map((promise) => `guaranteed: ${promise}`));
  });
});

describe('uplinks of leafs', () => {
  test.each<[string, Demand, Placement, readonly string[]]>([
    ['no RDMA: nothing is said', demand('2×4 24h'), here, []],
    [
      'RDMA without a budget: shared, and nobody holds it',
      demand('2×4 rdma 24h'),
      here,
      ['declared: uplinks of leaf switches are shared: no budget was asked for (`uplinkMbps`)'],
    ],
    [
      'one part with RDMA and one without',
      demand('a: 1×4 rdma + b: 1×4 24h'),
      here,
      ['declared: uplinks of leaf switches are shared: no budget was asked for (`uplinkMbps`)'],
    ],
    [
      'a budget of nothing is none',
      withRdma('2×4 rdma 24h', { uplinkMbps: 0 }),
      here,
      ['declared: uplinks of leaf switches are shared: no budget was asked for (`uplinkMbps`)'],
    ],
    [
      'a budget that nobody needs under one leaf',
      withRdma('2×4 rdma 24h', { uplinkMbps: 1 }),
      here,
      [
        'guaranteed: every rail of a part with an uplink budget under one leaf switch, so that no uplink is used',
      ],
    ],
    [
      'a budget that is held',
      withRdma('2×4 rdma 24h', { uplinkMbps: 400_000 }),
      holding(['rdma', 'fra1/leaf-a', 400_000], ['rdma', 'fra1/leaf-b', 1500]),
      ['guaranteed: uplink of 400 Gbit/s on fra1/leaf-a, 1500 Mbit/s on fra1/leaf-b'],
    ],
    [
      'bandwidth of other fabrics is no uplink',
      withRdma('2×4 rdma 24h', { uplinkMbps: 1 }),
      holding(['data', 'fra1/h1/r1/n01', 2000]),
      [
        'guaranteed: every rail of a part with an uplink budget under one leaf switch, so that no uplink is used',
        'guaranteed: flows on data NICs: 2 Gbit/s on fra1/h1/r1/n01',
      ],
    ],
  ])('%s', (_, asked, held, expected) => {
    expect(bandwidth(asked, held)).toEqual(expected);
  });

  test('a budget that is shared is held, enforced and measured by nothing', () => {
    const { heldAs, enforcedBy, measuredBy } = only(
      promised(fleet, demand('2×4 rdma 24h'), here),
      'bandwidth',
    );
    expect([heldAs, enforcedBy, measuredBy]).toEqual(['nothing', 'nothing', 'nothing']);
  });
});

const edges = (count: number): readonly Word[] =>
  Array.from({ length: count }, (_, at) => ['data', `fra1/h1/r1/n0${at + 1}`, 1000 * (at + 1)]);

describe('flows', () => {
  const plain = demand('2×4 24h');

  test('four edges are named, of more the rest is counted', () => {
    const four =
      'guaranteed: flows on data NICs: 1 Gbit/s on fra1/h1/r1/n01, 2 Gbit/s on fra1/h1/r1/n02, 3 Gbit/s on fra1/h1/r1/n03, 4 Gbit/s on fra1/h1/r1/n04';
    expect(bandwidth(plain, holding(...edges(4)))).toEqual([four]);
    expect(bandwidth(plain, holding(...edges(5)))).toEqual([`${four}, and 1 more`]);
    expect(bandwidth(plain, holding(...edges(7)))).toEqual([`${four}, and 3 more`]);
  });

  test('whole gigabits are said as such, all else in megabits', () => {
    const held = holding(['data', 'fra1/a', 999], ['data', 'fra1/b', 1000], ['data', 'fra1/c', 1001]);
    expect(bandwidth(plain, held)).toEqual([
      'guaranteed: flows on data NICs: 999 Mbit/s on fra1/a, 1 Gbit/s on fra1/b, 1001 Mbit/s on fra1/c',
    ]);
  });

  test('of every fabric have a term of their own, uplinks first, then NICs, links and pools', () => {
    const held = holding(
      ['storage', 'fra1/pool', 3000],
      ['wan', 'fra1/wan-ams1', 2000],
      ['data', 'fra1/h1/r1/n01', 1000],
      ['rdma', 'fra1/leaf-a', 4000],
    );
    const terms = promised(fleet, plain, held).filter(({ kind }) => kind === 'bandwidth');
    expect(terms.map(({ promise }) => promise)).toEqual([
      'uplink of 4 Gbit/s on fra1/leaf-a',
      'flows on data NICs: 1 Gbit/s on fra1/h1/r1/n01',
      'flows between sites: 2 Gbit/s on fra1/wan-ams1',
      'throughput of 3 Gbit/s on fra1/pool',
    ]);
    expect(terms.map(({ heldAs }) => heldAs)).toEqual([
      'Mbit/s on the uplinks of leaf and spine switches, in the calendar',
      'Mbit/s on the data NICs of the nodes, in the calendar',
      'Mbit/s on the WAN link, in the calendar',
      'Mbit/s on the storage pool, in the calendar',
    ]);
    expect(terms.map(({ measuredBy }) => measuredBy.replace('ratings in the inventory; ', ''))).toEqual(
      ['port', 'NIC', 'link', 'pool'].map((what) => `${what} counters once an engine reports`),
    );
  });
});

const flowing = (latencyMs?: number) =>
  demand('a: 1×1 at:fra1 + b: 1×1 at:ams1 24h', {
    flows: [
      { from: 'a', to: 'b', mbps: 5 },
      { from: 'b', to: 'a', mbps: 5, ...(latencyMs === undefined ? {} : { latencyMs }) },
    ],
  });

const near = (asked: Demand, ...links: readonly string[]) =>
  bandwidth(asked, holding(...links.map((link): Word => ['wan', link, 5]))).slice(1);

describe('latency between sites', () => {
  test('is not promised where no flow asks for any', () => {
    expect(near(flowing(), 'fra1/wan-ams1')).toEqual([]);
  });

  test('is declared, by what is recorded of the links', () => {
    expect(near(flowing(9), 'fra1/wan-ams1')).toEqual([
      'declared: between sites within the latency asked for: fra1/wan-ams1 7 ms',
    ]);
  });

  test('of a link is unknown where nobody recorded it or the link is gone', () => {
    expect(near(flowing(9), 'fra1/wan-odd', 'fra1/wan-gone')).toEqual([
      'declared: between sites within the latency asked for: fra1/wan-odd ? ms, fra1/wan-gone ? ms',
    ]);
  });

  test('is nothing where all of it stands at one site', () => {
    expect(bandwidth(flowing(9), here)).toEqual([]);
  });
});

const moved = (mbps: number, to = 'fra1'): NonNullable<Placement['transfers']>[number] => ({
  dataset: DatasetId.parse('corpus'),
  from: Path.parse('ams1/pool'),
  to: Path.parse(to),
  wanLink: Path.parse('fra1/wan-ams1'),
  mbps,
  startMs: t0,
  endMs: t0 + 1,
});

describe('data that is moved before the start', () => {
  test('is declared, a term for each way', () => {
    expect(bandwidth(demand('2×4 24h'), { ...here, transfers: [moved(2000), moved(1500, 'edge')] })).toEqual([
      'declared: `corpus` is moved from ams1/pool to fra1 before the start, at 2 Gbit/s over fra1/wan-ams1',
      'declared: `corpus` is moved from ams1/pool to edge before the start, at 1500 Mbit/s over fra1/wan-ams1',
    ]);
  });
});
