import { type Archive, applyAll, emptyState, type Stamp, type State } from '../core/state.ts';
import type { Actor } from '../model/actor.ts';
import { digestOf } from '../model/canonical.ts';
import { Fact, type Observation } from '../model/fact.ts';
import { PrincipalId, TenantId } from '../model/id.ts';
import type { Tenant } from '../model/tenant.ts';
import { Random } from './random.ts';

/** Sun 22 Nov 2026, midnight in Greenwich: when everything in a made-up fleet begins. */
export const fleetStartMs = Date.UTC(2026, 10, 22);

/** Who acts in a made-up ledger. */
export const benchActor: Actor = { principal: PrincipalId.parse('person:bench') };

export const tenantIds = Array.from({ length: 12 }, (_, index) => TenantId.parse(`tenant-${index + 1}`));

const nodesOfRack = 4;
const nodesOfLeaf = 32;
const nodesOfSpine = 512;
const nodesOfHall = 1024;
const siteCount = 4;

type Kind = {
  readonly shape: string;
  readonly model: string;
  readonly gpuCount: number;
  readonly memoryMib: number;
  readonly gpuPowerW: number;
  readonly basePowerW: number;
  readonly link: 'nvlink' | 'none';
  readonly rails: boolean;
  readonly microEurPerHour: number;
};

const h100: Kind = {
  shape: 'h100',
  model: 'H100-SXM-80GB',
  gpuCount: 8,
  memoryMib: 81_920,
  gpuPowerW: 700,
  basePowerW: 4600,
  link: 'nvlink',
  rails: true,
  microEurPerHour: 2_400_000,
};

const h200 = { ...h100, shape: 'h200', model: 'H200-SXM-141GB', memoryMib: 144_384 };
const b200 = { ...h200, shape: 'b200', model: 'B200-SXM-180GB', memoryMib: 184_320, gpuPowerW: 1000 };
const a100 = { ...h100, shape: 'a100', model: 'A100-SXM-80GB', gpuPowerW: 400, basePowerW: 3300 };
const l40s: Kind = {
  ...h100,
  shape: 'l40s',
  model: 'L40S-48GB',
  gpuCount: 4,
  memoryMib: 49_152,
  gpuPowerW: 350,
  basePowerW: 1200,
  link: 'none',
  rails: false,
};

const kinds: readonly Kind[] = [h100, { ...h200, microEurPerHour: 3_100_000 }, b200, a100, l40s];
/** What the spines are mostly made of, in turn. Every sixteenth leaf has L40S. */
const spineKinds: readonly Kind[] = [h100, h200, h100, b200, h100, a100];

/** A fleet of so many nodes, imported and folded as a ledger would: the same seed gives the same bytes. */
export function makeFleet(nodeCount: number, seed: number): State {
  const observation = observationOf(nodeCount, seed);
  const digest = digestOf([nodeCount, seed]);
  const archive: Archive = {
    observation: () => observation,
    plan: () => {
      throw new Error('a fleet has no plans');
    },
  };
  const stamp: Stamp = { seq: 1, atMs: fleetStartMs, actor: benchActor };
  return applyAll(
    emptyState,
    [
      ...tenantIds.map((id) => ({ kind: 'tenant-registered', tenant: tenantOf(id) }) as const),
      { kind: 'observation-recorded', observation: digest },
    ],
    stamp,
    archive,
  );
}

/** Where node `index` of a made-up fleet stands. Spines of 16 leafs of 8 racks are dealt out to the sites in turn. */
function placeOf(index: number): {
  readonly site: string;
  readonly hall: string;
  readonly spine: string;
  readonly leaf: string;
  readonly rack: string;
  readonly node: string;
  readonly kind: Kind;
} {
  const spineNumber = Math.floor(index / nodesOfSpine);
  const site = `s${(spineNumber % siteCount) + 1}`;
  const within = Math.floor(spineNumber / siteCount) * nodesOfSpine + (index % nodesOfSpine);
  const hall = `${site}/h${Math.floor(within / nodesOfHall) + 1}`;
  const rack = `${hall}/r${numbered(Math.floor(within / nodesOfRack))}`;
  const isLast = Math.floor(index / nodesOfLeaf) % (nodesOfSpine / nodesOfLeaf) === 15;
  return {
    site,
    hall,
    spine: `${site}/spine${Math.floor(within / nodesOfSpine) + 1}`,
    leaf: `${site}/leaf${numbered(Math.floor(within / nodesOfLeaf))}`,
    rack,
    node: `${rack}/n${(within % nodesOfRack) + 1}`,
    kind: isLast ? l40s : (spineKinds[spineNumber % spineKinds.length] ?? h100),
  };
}

/** Whether the feeds of the node's rack cannot carry all four of its nodes, so that one is never booked. */
function isSpareOfTightRack(index: number): boolean {
  const rack = Math.floor(index / nodesOfRack);
  return rack % 16 === 5 && index % nodesOfRack === 3;
}

function tenantOf(id: TenantId): Tenant {
  return { id, name: id, zone: 'Europe/Berlin', rules: {} };
}

function observationOf(nodeCount: number, seed: number): Observation {
  const places = Array.from({ length: nodeCount }, (_, index) => placeOf(index));
  const random = new Random(seed);
  return {
    schema: 'berth/observation/1',
    source: 'inventory',
    observedAtMs: fleetStartMs,
    evidence: [],
    assumptions: [],
    facts: [
      ...kinds.map((kind) => fact('shape', kind.shape, shapeOf(kind))),
      ...distinct(places.map(({ site }) => site)).map((site, index) => fact('site', site, siteOf(index))),
      ...hallFacts(places),
      ...new Map(places.map((place) => [place.leaf, place.spine]))
        .entries()
        .map(([leaf, spine]) => fact('leaf', leaf, { spine, uplinkMbps: 12_800_000 })),
      ...distinct(places.map(({ spine }) => spine)).map((spine) =>
        fact('spine', spine, { uplinkMbps: 102_400_000 }),
      ),
      ...rackFacts(places),
      ...places.flatMap((place) => nodeFacts(place, random)),
    ],
    unknown: [],
  };
}

type Place = ReturnType<typeof placeOf>;

/** One node in a hundred is cordoned, and one in a hundred has a GPU that is down. */
function nodeFacts({ node, leaf, kind }: Place, random: Random): Fact[] {
  const drawn = random.below(100);
  const facts = { shape: kind.shape, leaf, health: 'healthy' as const };
  return [
    fact('node', node, drawn === 0 ? { ...facts, schedulable: false } : facts),
    ...(drawn === 1 ? [fact('gpu', `${node}/gpu${random.below(kind.gpuCount)}`, { health: 'down' })] : []),
  ];
}

function rackFacts(places: readonly Place[]): Fact[] {
  const byRack = Map.groupBy(places.entries(), ([, { rack }]) => rack);
  return [...byRack].map(([rack, nodes]) => {
    const drawW = nodes.reduce(
      (sum, [index, { kind }]) => sum + (isSpareOfTightRack(index) ? 0 : drawOf(kind)),
      0,
    );
    const hall = nodes[0]?.[1].hall ?? rack;
    return fact('rack', rack, {
      feedLimitW: { A: drawW, B: drawW },
      coolingLimitW: drawW + 2000,
      loop: `${hall}-loop${Number(rack.slice(-1)) % 2}`,
    });
  });
}

/** A hall carries everything but what the tight racks cannot feed anyway. */
function hallFacts(places: readonly Place[]): Fact[] {
  const byHall = Map.groupBy(places.entries(), ([, { hall }]) => hall);
  return [...byHall].flatMap(([hall, nodes]) => {
    const powerBudgetW = nodes.reduce(
      (sum, [index, { kind }]) => sum + (isSpareOfTightRack(index) ? 0 : drawOf(kind)),
      0,
    );
    return [
      fact('hall', hall, { powerBudgetW }),
      ...[0, 1].map((loop) => fact('loop', `${hall}-loop${loop}`, { coolingLimitW: powerBudgetW })),
    ];
  });
}

function siteOf(index: number): object {
  const gpuPrices: Record<string, number> = {};
  for (const { model, microEurPerHour } of kinds) gpuPrices[model] = microEurPerHour + index * 50_000;
  return {
    country: 'DE',
    priceBook: 'bench/1',
    gpuPrices,
    cpuPriceMicroEurPerHour: 20_000 + index * 1000,
    powerBudgetW: 1_000_000_000,
    pueMilli: 1200 + index * 50,
    carbonGramPerKwh: 50 + index * 90,
  };
}

function shapeOf(kind: Kind): object {
  const half = kind.gpuCount / 2;
  const each = Array.from({ length: kind.gpuCount }, (_, index) => ({
    numaNode: Math.floor(index / half),
    pcieRoot: Math.floor(index / 2),
  }));
  return {
    cpuMilli: kind.gpuCount * 24_000,
    memoryMib: kind.gpuCount * 262_144,
    storageGib: 28_000,
    numaNodes: 2,
    gpus: each.map((where) => ({
      ...where,
      model: kind.model,
      memoryMib: kind.memoryMib,
      powerW: kind.gpuPowerW,
    })),
    nics: kind.rails
      ? each.map((where, rail) => ({ ...where, rdma: true, rail, mbps: 400_000 }))
      : [{ kind: 'ethernet', rdma: false, mbps: 100_000 }],
    link: kind.link,
    ...(kind.link === 'none' ? {} : { linkMbps: 7_200_000 }),
    basePowerW: kind.basePowerW,
  };
}

function drawOf({ gpuCount, gpuPowerW, basePowerW }: Kind): number {
  return gpuCount * gpuPowerW + basePowerW;
}

function fact(kind: Fact['kind'], subject: string, set: object): Fact {
  return Fact.parse({ kind, subject, set, confidence: 'stated', origin: { file: 'made-up.yaml' } });
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)];
}

function numbered(index: number): string {
  return String(index + 1).padStart(4, '0');
}
