import { Fact, type Observation, type SourceName } from '../../model/fact.ts';
import type { Random } from '../random.ts';

/** A small fleet, drawn at random: up to two sites, a few racks, nodes of 2, 4 or 8 GPUs, scarce watts here and there. */
export function drawFleet(random: Random): Observation {
  const sites = ['fra', 'ams'].slice(0, 1 + random.below(2));
  return observed(
    'inventory',
    sites.flatMap((site) => drawSite(random, site)),
  );
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
      ...sometimes(random, { powerBudgetW: 6000 + random.below(20_000) }),
    }),
    fact('hall', hall, sometimes(random, { powerBudgetW: 5000 + random.below(20_000) })),
    ...racks.flatMap((rack) => drawRack(random, rack)),
  ];
}

function drawRack(random: Random, rack: string): Fact[] {
  const shape = rack.replaceAll('/', '-');
  const gpuCount = 2 ** (1 + random.below(3));
  const model = random.below(4) === 0 ? 'A100' : 'H100';
  const gpus = Array.from({ length: gpuCount }, (_, at) => ({
    model,
    memoryMib: 81_920,
    numaNode: Math.floor((at * 2) / gpuCount),
  }));
  const nodes = Array.from({ length: 1 + random.below(3) }, (_, at) => `${rack}/n${at + 1}`);
  const limitW = 3000 + random.below(15_000);
  return [
    fact('rack', rack, sometimes(random, { feedLimitW: { A: limitW, B: limitW } })),
    fact('shape', shape, {
      gpus,
      numaNodes: 2,
      link: random.below(3) === 0 ? 'none' : 'nvlink',
      nics: gpus.map(({ numaNode }, rail) => ({ rdma: true, rail, mbps: 400_000, numaNode })),
      cpuMilli: 16_000 + 1000 * random.below(48),
      memoryMib: 65_536,
      storageGib: 100,
      basePowerW: 800,
    }),
    ...nodes.map((node) => fact('node', node, { shape, gpuPowerW: 700 })),
  ];
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
