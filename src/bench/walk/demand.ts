import type { Demand, Part } from '../../model/demand.ts';
import { DatasetId, Path, TenantId } from '../../model/id.ts';
import type { Random } from '../random.ts';
import { profileNames } from './sweep-gpus.ts';

const hourMs = 3_600_000;
const tenants = [TenantId.parse('acme'), TenantId.parse('globex')] as const;

/** A demand for now or soon, mostly small, so that most of them fit and get into each other's way. */
export function drawDemand(random: Random, nowMs: number): Demand {
  const parts = random.below(5) === 0 ? [drawPart(random), cpuPart(random)] : [drawPart(random)];
  const [first, second] = parts;
  if (first !== undefined && second !== undefined && random.below(3) === 0)
    return drawSpanning(random, nowMs, [first, second]);
  return {
    tenant: random.pick(tenants.map((tenant) => [tenant, 1] as const)),
    parts,
    ...(random.below(6) === 0
      ? {
          together: random.pick([
            ['rack' as const, 2],
            ['node' as const, 1],
          ]),
        }
      : {}),
    ...(random.below(8) === 0 ? { where: [Path.parse('fra')] } : {}),
    ...(random.below(8) === 0 ? { powerCapW: 2000 + random.below(9000) } : {}),
    ...drawGuarantee(random, parts),
    isolation: random.pick([
      ['shared', 12],
      ['node', 2],
      ['rack', 1],
    ] as const),
    objective: random.pick([
      ['cheapest', 2],
      ['tightest', 3],
      ['soonest', 1],
    ] as const),
    ...drawFlows(random, parts),
    window: drawWindow(random, nowMs),
  };
}

/** Parts that may each say where they are to be, so that some stand at two sites, and what flows between them. */
function drawSpanning(random: Random, nowMs: number, [train, load]: readonly [Part, Part]): Demand {
  const at = (site: string) => (random.below(5) === 0 ? {} : { where: [Path.parse(site)] });
  const [one, other] = random.below(2) === 0 ? ['fra', 'ams'] : ['ams', 'fra'];
  return {
    tenant: random.pick(tenants.map((tenant) => [tenant, 1] as const)),
    parts: [
      { ...train, ...at(one) },
      { ...load, ...at(other) },
    ],
    ...(random.below(4) === 0
      ? {}
      : { flows: [{ from: load.name, to: train.name, mbps: 1 + random.below(40_000) }] }),
    guarantee: random.pick([
      ['reserved', 2],
      ['preemptible', 1],
    ] as const),
    window: drawWindow(random, nowMs),
  };
}

function drawWindow(random: Random, nowMs: number): Demand['window'] {
  const hours = 1 + random.below(20);
  const earliestStartMs =
    nowMs +
    random.pick([
      [0, 5],
      [random.below(12) * hourMs, 3],
    ]);
  return {
    earliestStartMs,
    ...(random.below(3) === 0 ? { latestStartMs: earliestStartMs + random.below(24) * hourMs } : {}),
    ...(random.below(12) === 0 ? {} : { durationS: hours * 3600 + random.below(2) * 77 }),
  };
}

/** How firm it is: an elastic one may shrink, one that has to survive something has spares or is spread. */
function drawGuarantee(random: Random, parts: Part[]): Partial<Demand> {
  const guarantee = random.pick([
    ['reserved', 5],
    ['preemptible', 4],
    ['elastic', 3],
  ] as const);
  if (guarantee === 'elastic') return { guarantee, parts: parts.map((part) => ({ ...part, minCount: 1 })) };
  const mayPreempt = guarantee === 'reserved' && random.below(3) === 0 ? { mayPreempt: true } : {};
  if (random.below(7) > 0) return { guarantee, ...mayPreempt };
  const loss = random.pick([
    ['node', 3],
    ['rack', 2],
    ['feed', 1],
    ['site', 1],
  ] as const);
  return { guarantee, ...mayPreempt, survive: { loss, membersLeft: 1 + random.below(2) } };
}

/** Data between the parts or from the dataset, which may have to be moved to the site first. */
function drawFlows(random: Random, [first, second]: readonly Part[]): Partial<Demand> {
  if (first === undefined || random.below(5) > 0) return {};
  const mbps = 1 + random.below(40_000);
  const dataset = DatasetId.parse('corpus');
  if (second !== undefined && random.below(2) === 0)
    return { flows: [{ from: second.name, to: first.name, mbps }] };
  return random.below(2) === 0
    ? { dataset }
    : { dataset, flows: [{ from: 'dataset', to: first.name, mbps }] };
}

function drawPart(random: Random): Part {
  const count = random.pick([
    [1, 4],
    [2, 3],
    [3, 1],
  ]);
  const apart = random.pick([
    [{}, 12],
    [{ apart: 'node' as const }, 2],
    [{ apart: 'rack' as const }, 1],
  ]);
  const storage = random.below(5) === 0 ? { storageGib: 10 + random.below(40) } : {};
  const each = random.below(3) === 0 ? drawSlices(random) : drawGpus(random);
  return { name: 'train', count, each: { ...each, ...storage }, ...apart };
}

function drawGpus(random: Random): Part['each'] {
  const align = random.below(6) === 0 ? { align: 'numa' as const } : {};
  const gpus = {
    count: random.pick([
      [1, 4],
      [2, 3],
      [4, 1],
    ]),
    ...(random.below(2) === 0 ? { models: ['H100'] } : {}),
    ...(random.below(4) === 0 ? { link: 'nvlink' as const } : {}),
  };
  const rdma = random.pick([
    [{}, 8],
    [{ rdma: {} }, 1],
    [{ rdma: { uplinkMbps: 10_000 + random.below(90_000) } }, 2],
    [{ rdma: { nicsPerGpu: 2 } }, 1],
  ]);
  return { gpus, ...rdma, ...align };
}

/** Instances and shares, with their part of the node or with amounts of their own. */
function drawSlices(random: Random): Part['each'] {
  const slice =
    random.below(3) === 0
      ? { kind: 'share' as const, milli: 1 + random.below(999) }
      : { kind: 'mig' as const, profile: random.pick(profileNames.map((name) => [name, 1] as const)) };
  const amounts = random.below(3) === 0 ? { cpuMilli: 500, memoryMib: 512 } : {};
  return { gpus: { count: 1 + random.below(2), slice }, ...amounts };
}

function cpuPart(random: Random): Part {
  const each = { cpuMilli: 1000 * (1 + random.below(6)), memoryMib: 1024 * random.below(9) };
  return { name: 'load', count: 1 + random.below(2), each };
}
