import { unsupported } from '../core/place/supported.ts';
import type { State } from '../core/state.ts';
import { Demand } from '../model/demand.ts';
import { hourS } from '../model/unit.ts';
import { fleetStartMs, tenantIds } from './fleets.ts';
import type { Random } from './random.ts';

/** What a benchmark asks: everyday demands, large gangs, earliest starts, or what cannot be had. */
export const topics = ['plan', 'gang', 'calendar', 'explain'] as const;
export type Topic = (typeof topics)[number];

const hourMs = hourS * 1000;
const maxDays = 80;

/** The next demand on a topic. The same draws give the same demand. */
export function ask(topic: Topic, state: State, random: Random): Demand {
  return Demand.parse({
    tenant: tenantIds[random.below(tenantIds.length)],
    ...questions[topic](state, random),
  });
}

const questions: Readonly<Record<Topic, (state: State, random: Random) => object>> = {
  plan: everyday,
  gang: largeGang,
  calendar: earliestStart,
  explain: tooMuch,
};

/** Single nodes and small gangs that begin within a week: half of them then, the others up to a day later. */
function everyday({ fleet }: State, random: Random): object {
  const gpus = random.pick([
    [1, 6],
    [2, 3],
    [4, 3],
    [8, 4],
  ] as const);
  const count =
    gpus < 8
      ? 1
      : random.pick([
          [1, 4],
          [2, 3],
          [4, 2],
          [8, 1],
          [16, 1],
        ] as const);
  const site = fleet.sites[random.below(fleet.sites.length)];
  const startMs = fleetStartMs + (72 + random.below(168)) * hourMs;
  return {
    parts: [
      part('train', count, {
        gpus: {
          count: gpus,
          ...(random.below(2) === 0 ? { models: [fleet.models[random.below(fleet.models.length)]] } : {}),
        },
        ...(count > 1 && random.below(2) === 0 ? { rdma: {} } : {}),
        ...(gpus < 4 && random.below(6) === 0 ? { align: 'numa' } : {}),
      }),
      ...(random.below(6) === 0 ? [part('load', 1, { cpuMilli: 8000, memoryMib: 32_768 })] : []),
    ],
    ...(count > 1 && random.below(3) === 0 ? { together: 'leaf' } : {}),
    ...(site !== undefined && random.below(4) === 0 ? { where: [site.id] } : {}),
    ...(random.below(20) === 0 ? { isolation: 'node' } : {}),
    ...(random.below(3) === 0 ? { objective: 'soonest' } : {}),
    window: {
      earliestStartMs: startMs,
      ...(random.below(2) === 0 ? { latestStartMs: startMs + 24 * hourMs } : {}),
      durationS: hoursOf(random) * hourS,
    },
  };
}

/**
 * 128 whole nodes with RDMA under one spine or on one site, now or at another whole hour; half of them with a budget
 * of 3.2 Tbit/s on every uplink between their leafs.
 */
function largeGang(_state: State, random: Random): object {
  const rdma = random.below(2) === 0 ? { uplinkMbps: 3_200_000 } : {};
  const wide = {
    parts: [part('train', 128, { gpus: { count: 8, link: 'nvlink' }, rdma })],
    together: random.below(2) === 0 ? 'spine' : 'site',
    window: {
      earliestStartMs: fleetStartMs + (72 + random.below(24 * 60)) * hourMs,
      durationS: hoursOf(random) * hourS,
    },
  };
  return isDecided(wide) ? wide : { ...wide, together: 'hall' };
}

/** The first start in the next 80 days at which some whole nodes of one leaf, spine or site are free at once. */
function earliestStart(_state: State, random: Random): object {
  const count = random.pick([
    [1, 1],
    [4, 3],
    [8, 4],
    [16, 4],
    [24, 2],
  ] as const);
  return {
    parts: [
      part('train', count, {
        gpus: { count: 8, link: 'nvlink', ...(random.below(2) === 0 ? { models: ['H100'] } : {}) },
        rdma: {},
      }),
    ],
    together: random.pick([
      ['leaf', 3],
      ['hall', 1],
      ['site', 1],
    ] as const),
    objective: random.below(2) === 0 ? 'soonest' : 'cheapest',
    window: {
      earliestStartMs: fleetStartMs + (72 + random.below(48)) * hourMs,
      latestStartMs: fleetStartMs + maxDays * 24 * hourMs,
      durationS: hoursOf(random) * hourS,
    },
  };
}

/** Gangs that no place can hold at the start asked for, with several requirements besides. */
function tooMuch({ fleet }: State, random: Random): object {
  const site = fleet.sites[random.below(fleet.sites.length)];
  const [count, together] = random.pick([
    [[28, 'leaf'] as const, 3],
    [[5, 'rack'] as const, 3],
    [[400, 'hall'] as const, 2],
    [[1200, 'site'] as const, 2],
  ]);
  return {
    parts: [
      part('train', count, {
        gpus: { count: 8, link: 'nvlink', ...(random.below(2) === 0 ? { models: ['H100'] } : {}) },
        rdma: {},
      }),
    ],
    together,
    ...(site !== undefined && random.below(2) === 0 ? { where: [site.id] } : {}),
    ...(random.below(4) === 0 ? { isolation: 'rack' } : {}),
    window: {
      earliestStartMs: fleetStartMs + (72 + random.below(24 * 30)) * hourMs,
      durationS: hoursOf(random) * hourS,
    },
  };
}

function part(name: string, count: number, each: object): object {
  return { name, count, each };
}

function hoursOf(random: Random): number {
  return random.pick([
    [2, 3],
    [8, 4],
    [24, 4],
    [72, 3],
  ] as const);
}

/** Whether the core decides this kind of demand at all. */
function isDecided(draft: object): boolean {
  return unsupported(Demand.parse({ tenant: 'tenant-1', ...draft })) === undefined;
}
