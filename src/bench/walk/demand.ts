import type { Demand, Part } from '../../model/demand.ts';
import { Path, TenantId } from '../../model/id.ts';
import type { Random } from '../random.ts';

const hourMs = 3_600_000;
const tenants = [TenantId.parse('acme'), TenantId.parse('globex')] as const;

/** A demand for now or soon, mostly small, so that most of them fit and get into each other's way. */
export function drawDemand(random: Random, nowMs: number): Demand {
  const hours = 1 + random.below(20);
  const earliestStartMs =
    nowMs +
    random.pick([
      [0, 5],
      [random.below(12) * hourMs, 3],
    ]);
  const isolation = random.pick([
    ['shared' as const, 12],
    ['node' as const, 2],
    ['rack' as const, 1],
  ]);
  const objective = random.pick([
    ['cheapest' as const, 2],
    ['tightest' as const, 3],
    ['soonest' as const, 1],
  ]);
  return {
    tenant: random.pick(tenants.map((tenant) => [tenant, 1] as const)),
    parts: random.below(6) === 0 ? [drawPart(random), cpuPart(random)] : [drawPart(random)],
    ...(random.below(6) === 0
      ? {
          together: random.pick([
            ['rack' as const, 2],
            ['node' as const, 1],
          ]),
        }
      : {}),
    ...(random.below(8) === 0 ? { where: [Path.parse('fra')] } : {}),
    guarantee: random.pick([
      ['reserved' as const, 3],
      ['preemptible' as const, 2],
    ]),
    isolation,
    objective,
    window: {
      earliestStartMs,
      ...(random.below(3) === 0 ? { latestStartMs: earliestStartMs + random.below(24) * hourMs } : {}),
      ...(random.below(12) === 0 ? {} : { durationS: hours * 3600 + random.below(2) * 77 }),
    },
  };
}

function drawPart(random: Random): Part {
  const count = random.pick([
    [1, 4],
    [2, 3],
    [3, 1],
  ]);
  const rdma = random.below(5) === 0 ? { rdma: {} } : {};
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
  const apart = random.below(5) === 0 ? { apart: 'node' as const } : {};
  const storage = random.below(5) === 0 ? { storageGib: 10 + random.below(40) } : {};
  return { name: 'train', count, each: { gpus, ...rdma, ...align, ...storage }, ...apart };
}

function cpuPart(random: Random): Part {
  const each = { cpuMilli: 1000 * (1 + random.below(6)), memoryMib: 1024 * random.below(9) };
  return { name: 'load', count: 1 + random.below(2), each };
}
