import { Fact, type Observation, type SourceName } from '../../model/fact.ts';
import type { Random } from '../random.ts';

/**
 * A small fleet, drawn at random: up to two sites, a few racks, nodes of 2, 4 or 8 GPUs of which some can be
 * partitioned, scarce watts and uplinks here and there, and a dataset that is at the first site only.
 */
export function drawFleet(random: Random): Observation {
  const sites = ['fra', 'ams'].slice(0, 1 + random.below(2));
  const wan = fact('wan-link', 'fra/wan', { from: 'fra', to: 'ams', mbps: 20_000 + random.below(80_000) });
  const datasets = [{ id: 'corpus', sizeGib: 1000 + random.below(9000) }];
  const pool = fact('storage-pool', 'fra/nvme', { mbps: 30_000 + random.below(90_000), datasets });
  return observed('inventory', [...sites.flatMap((site) => drawSite(random, site)), wan, pool]);
}

/** What a source saw of one node. */
export function seenNode(node: string, set: { health: string; schedulable: boolean }): Observation {
  return observed('kubernetes', [fact('node', node, set)]);
}

function drawSite(random: Random, site: string): Fact[] {
  const hall = `${site}/h1`;
  const racks = Array.from({ length: 1 + random.below(2) }, (_, at) => `${hall}/r${at + 1}`);
  return [
    fact('site', site, {
      country: 'DE',
      gpuPrices: { H100: 2_000_000 + random.below(5), A100: 1_000_000 },
      cpuPriceMicroEurPerHour: 10_001,
      ...sometimes(random, { powerBudgetW: 9000 + random.below(30_000) }),
    }),
    fact('hall', hall, sometimes(random, { powerBudgetW: 8000 + random.below(30_000) })),
    ...['a', 'b'].map((feed) =>
      fact('feed', `${site}/feed-${feed}`, { limitW: 15_000 + random.below(60_000) }),
    ),
    fact('loop', `${site}/loop`, sometimes(random, { coolingLimitW: 12_000 + random.below(60_000) })),
    fact('spine', `${site}/spine`, { uplinkMbps: 200_000 }),
    ...racks.flatMap((rack) => drawRack(random, site, rack)),
  ];
}

function drawRack(random: Random, site: string, rack: string): Fact[] {
  const shape = rack.replaceAll('/', '-');
  const gpuCount = 2 ** (1 + random.below(3));
  const model = random.below(4) === 0 ? 'A100' : 'H100';
  const isShared = random.below(8) === 0;
  const migCapable = random.below(3) > 0;
  const gpus = Array.from({ length: gpuCount }, (_, at) => ({
    model,
    memoryMib: 81_920,
    migCapable,
    numaNode: Math.floor((at * 2) / gpuCount),
  }));
  const nodes = Array.from({ length: 1 + random.below(3) }, (_, at) => `${rack}/n${at + 1}`);
  const limitW = 5000 + random.below(20_000);
  const leaf = `${site}/leaf-${rack.slice(-2)}`;
  const rails = gpus.map(({ numaNode }, rail) => ({ rdma: true, rail, mbps: 400_000, numaNode }));
  const ethernet = { kind: 'ethernet', rdma: false, mbps: 25_000 + random.below(80_000) };
  return [
    fact('leaf', leaf, { spine: `${site}/spine`, uplinkMbps: 50_000 + random.below(200_000) }),
    fact('rack', rack, { ...drawFeeds(random, site, limitW), loop: `${site}/loop` }),
    fact('shape', shape, {
      gpus,
      numaNodes: 2,
      link: random.below(3) === 0 ? 'none' : 'nvlink',
      nics: [...rails, ethernet],
      cpuMilli: 16_000 + 1000 * random.below(48),
      memoryMib: 65_536,
      storageGib: 100,
      basePowerW: 800,
    }),
    ...nodes.map((node) =>
      fact('node', node, {
        shape,
        gpuPowerW: 700,
        leaf,
        ...(isShared ? { sharing: 'time-slicing' } : {}),
        ...(random.below(5) === 0 ? { feeds: ['A'] } : {}),
      }),
    ),
  ];
}

/** No feeds at all, letters of the rack alone, or letters with a feed of the building behind each. */
function drawFeeds(random: Random, site: string, limitW: number): object {
  const feedLimitW = { A: limitW, B: limitW + random.below(2000) };
  const feeds = { A: `${site}/feed-a`, B: `${site}/feed-b` };
  return random.pick([
    [{}, 2],
    [{ feedLimitW }, 2],
    [{ feedLimitW, feeds }, 2],
  ]);
}

function sometimes<T extends object>(random: Random, set: T): T | Record<string, never> {
  return random.below(2) === 0 ? set : {};
}

function fact(kind: Fact['kind'], subject: string, set: object): Fact {
  return Fact.parse({ kind, subject, set, confidence: 'stated', origin: { file: 'walk' } });
}

function observed(source: SourceName, facts: Fact[]): Observation {
  return {
    schema: 'berth/observation/1',
    source,
    observedAtMs: 0,
    evidence: [],
    assumptions: [],
    facts,
    unknown: [],
  };
}
