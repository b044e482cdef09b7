import { assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { hold } from '../../../src/core/calendar/calendar.ts';
import { Bounds } from '../../../src/core/index/bounds.ts';
import { candidatesAt } from '../../../src/core/index/candidates.ts';
import { domainsKnown } from '../../../src/core/index/domains.ts';
import { emptyFits } from '../../../src/core/index/empty-fits.ts';
import { leastLeafs } from '../../../src/core/index/least-leafs.ts';
import { takingOf } from '../../../src/core/index/taking.ts';
import { both, sizeOf } from '../../../src/core/mask.ts';
import { Bench } from '../../../src/core/place/bench.ts';
import type { Domain } from '../../../src/core/place/domain.ts';
import type { NodeSet } from '../../../src/core/place/node-set.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { combinations, usableGpus, type Want } from '../../../src/core/place/want.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { holding } from '../calendar/holdings.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { calendarsOf, spans } from './holds.ts';

const { state } = world(
  'fra1/h1/r1 3×8 H100 nvlink rdma cpu16 mem512 gpumem80 leaf',
  'fra1/h1/r2 2×4 H100 nvlink rdma cpu16 mem512 gpumem40 leaf',
  'fra1/h2/r3 2×4 A100 nolink nordma cpu32 mem128',
  'fra1/h2/r4 1 cpu64 mem128',
  { gpus: { 'fra1/h1/r1/n02/gpu3': { health: 'down' } } },
);

type Asked = {
  readonly rooms: Rooms;
  readonly bounds: Bounds;
  readonly wants: readonly Want[];
  readonly candidates: ReadonlyMap<Want, NodeSet>;
};

const hour = { startMs: t0, endMs: t0 + hourMs };

/** What is known of the first way to settle the models of a demand, at the one site of a fleet. */
function askedOf(on: State, asked: Demand, span = hour): Asked {
  const [site] = on.fleet.sites;
  const [wants = []] = combinations(asked, on.fleet.models);
  if (site === undefined) throw new Error('the fleet has a site');
  const candidates = new Map(
    wants.map((want) => [want, candidatesAt(on.fleet, site, want, { demand: asked })]),
  );
  const rooms = new Rooms(on, span);
  return { rooms, wants, candidates, bounds: new Bounds(rooms, { demand: asked, wants, candidates }) };
}

function domainsOf({ fleet }: State, level: 'node' | 'rack' | 'hall' | 'site' | 'leaf'): readonly Domain[] {
  return domainsKnown('site', level, fleet.sites[0]?.nodes ?? []);
}

function names(domains: readonly Domain[]): string {
  return domains.map(({ id }) => id.replace('fra1/', '')).join(' ');
}

/** With some GPUs of a node held for a day. */
function busy(...lines: readonly string[]): State {
  const held = holding(
    'C-9',
    [0, 24],
    lines.map((line, at) => `train ${at} fra1/${line}`),
  );
  return {
    ...state,
    calendar: hold(state.calendar, state.fleet, {
      ...held,
      tenant: demand('1×1', { tenant: 'globex' }).tenant,
    }),
  };
}

describe('the domains that could hold all replicas', () => {
  test.each([
    ['1×8 H100', 'rack', 'h1/r1'],
    ['2×8 H100', 'rack', 'h1/r1'],
    ['3×8 H100', 'rack', ''],
    ['5×4 H100', 'rack', 'h1/r1'],
    ['2×4 H100', 'rack', 'h1/r1 h1/r2'],
    ['2×4 H100 apart:node', 'node', ''],
    ['2×4 H100 apart:node', 'rack', 'h1/r1 h1/r2'],
    ['7×4 H100', 'hall', 'h1'],
    ['8×4 H100', 'hall', ''],
    ['2×cpu20', 'rack', 'h2/r3 h2/r4'],
    ['3×cpu70', 'site', ''],
    ['1×4 A100 + load: 1×cpu20', 'rack', 'h2/r3'],
    ['1×4 H100 + load: 1×cpu20', 'rack', ''],
    ['1×4 H100 + load: 1×cpu20', 'hall', ''],
    ['1×4 H100 + load: 1×cpu20', 'site', 'fra1'],
    ['2×4 H100 cpu16 + load: 1×cpu16', 'rack', 'h1/r1'],
    ['3×4 H100 cpu16 + load: 1×cpu16', 'rack', ''],
  ] as const)('%s by %s: %s', (text, level, expected) => {
    expect(names(askedOf(state, demand(text)).bounds.hopeful(domainsOf(state, level)))).toBe(expected);
  });

  test.each([
    [
      'a GPU of every node of the rack is held',
      ['h1/r1/n01 gpu0', 'h1/r1/n02 gpu0', 'h1/r1/n03 gpu0'],
      '1×8 H100',
      '',
    ],
    ['one node is left whole', ['h1/r1/n01 gpu0'], '1×8 H100', 'h1/r1'],
    [
      'cores are held beside free GPUs',
      ['h1/r2/n01 cpu10', 'h1/r2/n02 cpu10'],
      '1×4 H100 cpu4 + load: 1×cpu6',
      'h1/r1 h1/r2',
    ],
    [
      'one core too few is free',
      ['h1/r2/n01 cpu16', 'h1/r2/n02 cpu7'],
      '1×4 H100 cpu4 + load: 1×cpu6',
      'h1/r1',
    ],
  ] as const)('by what is held: %s', (_, held, text, expected) => {
    const on = busy(...held);
    expect(names(askedOf(on, demand(text)).bounds.hopeful(domainsOf(on, 'rack')))).toBe(expected);
  });

  test('are all of those into which the gang can be put, whatever is held', () => {
    const seen = { put: 0, ruledOut: 0 };
    const texts = constantFrom(
      '1×8 H100',
      '3×2 H100',
      '2×4 H100 apart:node',
      '2×4 H100 cpu6 + load: 2×cpu4',
      '1×4 A100 + load: 1×cpu20',
      '2×1 + eval: 3×2 H100',
      '3×cpu4 mem8',
    );
    assert(
      property(calendarsOf(state), spans, texts, (calendar, span, text) => {
        const on = { ...state, calendar };
        const asked = demand(text);
        const { bounds, rooms, wants, candidates } = askedOf(on, asked, span);
        for (const level of ['node', 'rack', 'hall', 'site'] as const) {
          const hopeful = bounds.hopeful(domainsOf(on, level));
          for (const domain of domainsOf(on, level)) {
            const isPut = canPut(new Bench(rooms, asked), domain, wants, candidates);
            expect(isPut && !hopeful.includes(domain)).toBe(false);
            if (isPut) seen.put++;
            else if (!hopeful.includes(domain)) seen.ruledOut++;
          }
        }
      }),
      { seed, numRuns: 60 },
    );
    expect(Math.min(seen.put, seen.ruledOut)).toBeGreaterThan(100);
  });
});

/** Node after node, as many of each part as fit: not always all that would fit somehow, but never too many. */
function canPut(
  bench: Bench,
  { nodes }: Domain,
  wants: readonly Want[],
  candidates: ReadonlyMap<Want, NodeSet>,
): boolean {
  return wants.every((want) => {
    let put = 0;
    for (const node of nodes) {
      if (candidates.get(want)?.has(node) !== true) continue;
      while (put < want.part.count && bench.put(node, want, put) !== undefined) {
        put++;
        if (want.part.apart !== undefined) break;
      }
    }
    return put === want.part.count;
  });
}

describe('how many replicas a domain could hold at most', () => {
  test.each([
    ['3×8 H100', [2, 0, 0, 0]],
    ['9×4 H100', [5, 2, 0, 0]],
    ['4×4 H100', [4, 2, 0, 0]],
    ['9×4 H100 apart:node', [3, 2, 0, 0]],
    ['9×1 A100', [0, 0, 8, 0]],
    ['2×8 H100 + eval: 3×4 H100', [2 + 3, 2, 0, 0]],
    ['2×cpu40', [0, 0, 0, 2]],
  ] as const)('%s: %j by rack', (text, expected) => {
    const { bounds } = askedOf(state, demand(text));
    expect(bounds.replicasOn(domainsOf(state, 'rack'))).toEqual(expected);
  });

  test('is asked of any nodes for one want, and of one that is not asked for it is none', () => {
    const { bounds, wants } = askedOf(state, demand('2×8 H100 + eval: 3×4 H100'));
    const [big, small] = wants;
    const nodes = state.fleet.nodes.slice(0, 4);
    if (big === undefined || small === undefined) throw new Error('two wants');
    expect(bounds.replicasIn(nodes, big)).toBe(2);
    expect(bounds.replicasIn(nodes, small)).toBe(2 + 1 + 2 + 1);
    expect(bounds.replicasIn(nodes, { ...big })).toBe(0);
    expect(bounds.replicasIn([], big)).toBe(0);
  });
});

describe('the domains from the one with least to spare on', () => {
  test.each([
    ['1×2 H100', 'node', 'h1/r2/n01 h1/r2/n02 h1/r1/n02 h1/r1/n01 h1/r1/n03'],
    ['1×2 H100', 'rack', 'h1/r2 h1/r1'],
    ['1×2 H100 + eval: 1×1 H100', 'rack', 'h1/r2 h1/r1'],
    ['1×2 H100 gpumem60', 'rack', 'h1/r1'],
  ] as const)('%s by %s: %s', (text, level, expected) => {
    const { bounds } = askedOf(state, demand(text));
    expect(names(bounds.tightestFirst(bounds.hopeful(domainsOf(state, level))) ?? [])).toBe(expected);
  });

  test('are nothing where parts choose from different GPUs: then it depends on who stands where', () => {
    const mixed = demand('1×2 H100 gpumem60 + eval: 1×1 H100');
    const { bounds } = askedOf(state, mixed);
    const racks = domainsOf(state, 'rack');
    expect(bounds.tightestFirst(racks)).toBeUndefined();
    expect(racks.map((rack) => bounds.spareAfter(rack))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('are in the order of ids where they have as much to spare', () => {
    const { bounds } = askedOf(state, demand('1×4 H100'));
    const nodes = domainsOf(state, 'node');
    const backwards = nodes.toReversed().filter(({ id }) => id.includes('/r2/'));
    expect(bounds.tightestFirst(backwards)).toEqual(backwards);
  });

  test('have what a count of the free GPUs gives, for each part with GPUs and for parts without', () => {
    const texts = constantFrom('1×2 H100', '2×1 H100 + eval: 1×2 H100', '1×1 H100 + load: 1×cpu4', '2×cpu4');
    assert(
      property(calendarsOf(state), spans, texts, (calendar, span, text) => {
        const on = { ...state, calendar };
        const asked = demand(text);
        const { bounds, rooms, wants, candidates } = askedOf(on, asked, span);
        const spareOn = ({ nodes }: Domain) =>
          nodes
            .filter((node) => [...candidates.values()].some((able) => able.has(node)))
            .flatMap((node) =>
              wants.map((want) => {
                if (want.gpuCount === 0) return node.shape.gpus.length;
                return rooms.letIn(node, asked)
                  ? sizeOf(both(rooms.freeOn(node), usableGpus(node, want)))
                  : 0;
              }),
            )
            .reduce((sum, free) => sum + free, 0);
        const withGpus = wants.filter(({ gpuCount }) => gpuCount > 0);
        const takes =
          withGpus.reduce((sum, { gpuCount, part }) => sum + gpuCount * part.count, 0) * withGpus.length;
        for (const level of ['node', 'rack', 'hall'] as const) {
          const domains = domainsOf(on, level);
          const byHand = domains.toSorted((a, b) => spareOn(a) - spareOn(b));
          expect(bounds.tightestFirst(domains)).toEqual(byHand);
          for (const domain of domains) expect(bounds.spareAfter(domain)).toBe(spareOn(domain) - takes);
        }
      }),
      { seed, numRuns: 60 },
    );
  });
});

function takingFor(text: string): string {
  const [want] = askedOf(state, demand(text)).wants;
  return want === undefined ? '' : takingOf(want);
}

describe('what domains could hold were nothing held anywhere', () => {
  test.each([
    ['1×8 H100', [2, 0, 0, 0]],
    ['1×2 H100', [11, 4, 0, 0]],
    ['1×2 H100 gpumem60', [11, 0, 0, 0]],
    ['2×2 H100 apart:node', [3, 2, 0, 0]],
    ['1×cpu20', [0, 0, Infinity, Infinity]],
    ['1×cpu70', [0, 0, 0, 0]],
  ] as const)('%s: %j by rack', (text, expected) => {
    const { wants, candidates } = askedOf(state, demand(text));
    const racks = domainsOf(state, 'rack');
    const [want] = wants;
    const able = want === undefined ? undefined : candidates.get(want);
    if (want === undefined || able === undefined) throw new Error('a want');
    const found = emptyFits(racks, want, able);
    expect([...found.fits]).toEqual(expected);
    expect(found.most).toBe(Math.max(...expected));
    expect(emptyFits(racks, want, able)).toBe(found);
  });

  test('is found out once for all wants that take the same', () => {
    expect(takingFor('1×2 H100')).toBe(takingFor('7×2 H100 apart:node mem9'));
    const distinct = [
      '1×2 H100',
      '1×1 H100',
      '1×2 A100',
      '1×2 H100 gpumem40',
      '1×2 H100 cpu1',
      '1×2 H100 cpu2',
      '1×cpu1',
    ];
    expect(new Set(distinct.map(takingFor)).size).toBe(distinct.length);
  });
});

describe('the fewest leafs that parts with an uplink budget could stand on', () => {
  /** Two nodes on the first leaf, one each on the others; the last leaf has less uplink, and one node hangs on none. */
  const leafed = world(
    'fra1/h1/r1 2×8 H100 rdma leaf',
    'fra1/h1/r2 1×8 H100 rdma leaf',
    'fra1/h1/r3 1×8 H100 rdma leaf',
    'fra1/h1/r4 2×8 H100 rdma',
    {
      leafs: {
        'fra1/leaf-r1': { uplinkMbps: 400 },
        'fra1/leaf-r2': { uplinkMbps: 400 },
        'fra1/leaf-r3': { uplinkMbps: 100 },
      },
    },
  ).state;

  function leastFor(text: string, uplinkMbps: number, on = leafed): number {
    const asked = withRdma(text, { uplinkMbps });
    const { rooms, wants, candidates, bounds } = askedOf(on, asked);
    const [site] = domainsOf(on, 'site');
    if (site === undefined) throw new Error('the fleet has a site');
    return leastLeafs(rooms, site, wants, { demand: asked, candidates, bounds });
  }

  test.each([
    ['all of it fits under one leaf', '2×8 H100 rdma', 100, 1],
    ['all of it fits where no leaf is known', '1×8 H100 rdma', 500, 1],
    ['one more than under any leaf: the roomiest and another', '3×8 H100 rdma', 100, 2],
    ['three leafs are needed', '4×8 H100 rdma', 100, 3],
    ['only two leafs have so much uplink', '3×8 H100 rdma', 101, 2],
    ['and they do not hold it', '4×8 H100 rdma', 101, Infinity],
    ['exactly as much uplink as there is', '3×8 H100 rdma', 400, 2],
    ['more uplink than any leaf has', '3×8 H100 rdma', 401, Infinity],
    ['nodes on no leaf do not count where several are needed', '5×8 H100 rdma', 100, Infinity],
    ['smaller replicas', '5×4 H100 rdma', 100, 2],
    ['each part counts its own leafs', '3×8 H100 rdma + eval: 1×4 H100 rdma', 100, 3],
  ])('%s', (_, text, uplinkMbps, expected) => {
    expect(leastFor(text, uplinkMbps)).toBe(expected);
  });

  test('is one for each part where single NICs hang on leafs of their own: nothing is known then', () => {
    const railed = world('fra1/h1/r1 3×2 H100 rdma', {
      nics: { 'fra1/h1/r1/n01/nic0': { leaf: 'fra1/l1' } },
      leafs: { 'fra1/l1': { uplinkMbps: 1 } },
    }).state;
    expect(leastFor('3×2 H100 rdma', 100, railed)).toBe(1);
  });

  test('grows by what is held on the leafs', () => {
    const held = holding('C-9', [0, 24], ['train 0 fra1/h1/r1/n01 gpu0']);
    const on = { ...leafed, calendar: hold(leafed.calendar, leafed.fleet, held) };
    expect(leastFor('2×8 H100 rdma', 100)).toBe(1);
    expect(leastFor('2×8 H100 rdma', 100, on)).toBe(1);
    const bothHeld = holding('C-8', [0, 24], ['train 0 fra1/h1/r4/n01 gpu0']);
    const busier = { ...on, calendar: hold(on.calendar, leafed.fleet, bothHeld) };
    expect(leastFor('2×8 H100 rdma', 100, busier)).toBe(2);
  });
});
