import {
  type Arbitrary,
  boolean,
  constantFrom,
  integer,
  option,
  record,
  tuple,
  uniqueArray,
} from 'fast-check';

import type { Details } from '../fleet.ts';

const places = ['fra1/h1/r1', 'fra1/h1/r2', 'fra1/h2/r3', 'ams2/h1/a1', 'ams2/h1/a2'] as const;
const gbps = constantFrom(50, 100, 200, 400);

/** Racks in words, so that a counterexample can be read. What is left out nobody has recorded. */
function rackLine(place: string): Arbitrary<string> {
  return tuple(
    constantFrom('1×2', '2×2', '2×4', '3×2', '1×8'),
    constantFrom('H100 mig', 'H100 mig', 'H100 mig', 'H100 nomig', 'A100 mig', 'H100'),
    constantFrom('nvlink', 'nvlink', 'nvlink', 'nvlink island2', 'nolink', ''),
    constantFrom('rdma', 'rdma', 'rdma', 'rdma', 'nordma', ''),
    constantFrom('leaf', 'leaf', 'leaf', 'leaf', ''),
    constantFrom(
      'cpu16 mem64 disk60',
      'cpu16 mem64 disk60',
      'cpu32 mem128 disk60',
      'cpu32 mem128 disk60',
      'cpu8 mem32',
      '',
    ),
    constantFrom('gpuw700 basew800', 'gpuw400 basew400', ''),
    constantFrom('gpumem80', 'gpumem80', 'gpumem80', 'gpumem80', ''),
    constantFrom('numa2', 'numa2 roots2', ''),
    constantFrom('', '', '', '', 'shared'),
  ).map((words) => [place, ...words].filter((word) => word !== '').join(' '));
}

const feeds = constantFrom('none', 'letters', 'building', 'one letter', 'one building');

/** A few racks at one or two sites, with everything that nodes, racks and sites are joined by, each known or not. */
export const fleets: Arbitrary<readonly (string | Details)[]> = uniqueArray(constantFrom(...places), {
  minLength: 2,
  maxLength: 4,
}).chain((racks) =>
  tuple(tuple(...racks.map(rackLine)), around, ...racks.map(() => rackDetails)).map(
    ([lines, whole, ...each]) => [
      ...lines,
      whole,
      ...racks.map((rack, at) => hung(rack, lines[at], each[at])),
    ],
  ),
);

const watts = option(integer({ min: 4000, max: 20_000 }), { freq: 1, nil: undefined });

const around: Arbitrary<Details> = record({
  spine: option(gbps, { freq: 9, nil: undefined }),
  wan: option(gbps, { freq: 6, nil: undefined }),
  pool: option(gbps, { freq: 6, nil: undefined }),
  feed: watts,
  loop: watts,
  site: watts,
  price: integer({ min: 1, max: 5 }),
}).map(({ spine, wan, pool, feed, loop, site, price }) => ({
  sites: {
    fra1: { ...priced(price), ...set('powerBudgetW', site), latencyMsByRegion: { eu: 9 } },
    ams2: priced(3),
  },
  feeds: { 'fra1/fa': set('limitW', feed), 'fra1/fb': set('limitW', feed) },
  loops: { 'fra1/cdu': set('coolingLimitW', loop) },
  spines: { 'fra1/s1': inMbps('uplinkMbps', spine), 'ams2/s1': { uplinkMbps: 400_000 } },
  pools: { 'fra1/nvme': { ...inMbps('mbps', pool), datasets: [{ id: 'corpus', sizeGib: 4000 }] } },
  wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', ...inMbps('mbps', wan) } },
}));

const rackDetails = record({
  feeds,
  limitW: integer({ min: 3000, max: 12_000 }),
  cooling: watts,
  leaf: option(gbps, { freq: 9, nil: undefined }),
  nic: option(gbps, { freq: 9, nil: undefined }),
  isCordoned: constantFrom(false, false, false, false, false, true),
  isGpuDown: constantFrom(false, false, false, true),
  isSingleFed: boolean(),
});

type RackDetails = typeof rackDetails extends Arbitrary<infer T> ? T : never;

/** Only what the rack's line has: its first node and that one's first devices are always there. */
function hung(rack: string, line: string | undefined, details: RackDetails | undefined): Details {
  if (line === undefined || details === undefined) return {};
  const { limitW, cooling, leaf, nic, isCordoned, isGpuDown, isSingleFed } = details;
  const site = rack.split('/', 1).join();
  const loop = site === 'fra1' ? { loop: 'fra1/cdu' } : {};
  const node = `${rack}/n01`;
  const letters = details.feeds === 'none' ? {} : feedsOf(details.feeds, limitW, site);
  const isFed = isSingleFed && details.feeds !== 'none';
  const gpus = Number(/ [0-9]+×([0-9]+)/.exec(line)?.[1]);
  return {
    racks: { [rack]: { ...letters, ...loop, ...set('coolingLimitW', cooling) } },
    nodes: { [node]: { ...(isFed ? { feeds: ['A'] } : {}), ...(isCordoned ? { schedulable: false } : {}) } },
    gpus: isGpuDown ? { [`${node}/gpu1`]: { health: 'down' } } : {},
    ...(line.includes(' leaf')
      ? {
          leafs: {
            [`${site}/leaf-${rack.split('/').at(-1)}`]: {
              spine: `${site}/s1`,
              ...inMbps('uplinkMbps', leaf),
            },
          },
        }
      : {}),
    ...(line.includes(' rdma')
      ? { nics: { [`${node}/nic${gpus}`]: { kind: 'ethernet', rdma: false, ...inMbps('mbps', nic) } } }
      : {}),
  };
}

function feedsOf(kind: 'letters' | 'building' | 'one letter' | 'one building', limitW: number, site: string) {
  const one = kind.startsWith('one');
  const building = one ? { A: `${site}/fa` } : { A: `${site}/fa`, B: `${site}/fb` };
  return {
    feedLimitW: one ? { A: limitW } : { A: limitW, B: limitW + 500 },
    ...(kind.endsWith('building') ? { feeds: building } : {}),
  };
}

function priced(base: number): object {
  return {
    gpuPrices: { H100: base * 1_000_000, A100: base * 500_000 + 1 },
    cpuPriceMicroEurPerHour: 10_001,
  };
}

function set(name: string, amount: number | undefined): object {
  return amount === undefined ? {} : { [name]: amount };
}

function inMbps(name: string, amount: number | undefined): object {
  return amount === undefined ? {} : { [name]: amount * 1000 };
}
