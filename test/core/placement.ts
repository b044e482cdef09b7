import { nextContract } from '../../src/core/state.ts';
import { digestOf } from '../../src/model/canonical.ts';
import type { Demand } from '../../src/model/demand.ts';
import { Placement } from '../../src/model/placement.ts';
import { type Plan, identify } from '../../src/model/plan.ts';
import { enter, hourMs, t0, verdictAll, type World } from './fleet.ts';

/**
 * A placement in lines, one a member: `train 0 fra1/h1/r1/n01 gpu0-7 nic0-7 cpu128 mem1024 7200W`, or a spare after
 * a `+ `. Slices are `0:250` for 250/1000 of GPU 0 and `3:1g.10gb@2` for an instance from memory slice 2 of GPU 3 on.
 * It starts at `t0` and lasts for the hours given, or without end.
 */
export function placement(hours: number | undefined, ...lines: readonly string[]): Placement {
  const spares = lines.filter((line) => line.startsWith('+ '));
  return Placement.parse({
    startMs: t0,
    ...(hours === undefined ? {} : { endMs: t0 + hours * hourMs }),
    members: lines.filter((line) => !line.startsWith('+ ')).map(memberOf),
    ...(spares.length === 0 ? {} : { spares: spares.map((line) => memberOf(line.slice('+ '.length))) }),
  });
}

/** Grants a placement as it stands, planned or not, the way the ledger would tell it. */
export function granted(before: World, demand: Demand, held: Placement): World {
  const plan: Plan = {
    schema: 'berth/plan/1',
    demand,
    placement: held,
    price: { priceBook: 'none', lines: [] },
    terms: [],
    verdict: verdictAll(before.state, 'allowed'),
    report: { constraints: [], sites: [] },
    assumptions: [],
    unchecked: [],
    inputs: {
      inventory: before.state.inventoryDigest,
      calendar: before.state.calendarDigest,
      policy: digestOf('rules for tests'),
      core: 'core/1',
      seq: before.state.seq,
    },
    plannedAtMs: t0,
    expiresAtMs: t0 + hourMs,
  };
  const planDigest = before.archive.keepPlan(plan);
  const contract = nextContract(before.state);
  const { id } = identify(plan);
  return enter(before, [{ kind: 'contract-granted', contract, plan: id, planDigest }], t0);
}

function memberOf(line: string): object {
  const [part, replica, node, ...words] = line.split(/\s+/);
  const member = { part, replica: Number(replica), node, gpus: [0], nics: [0], cpuMilli: 0, memoryMib: 0 };
  const slices = words.flatMap(sliceOf);
  const amount = (unit: string) => words.find((word) => word.startsWith(unit))?.slice(unit.length);
  return {
    ...member,
    gpus: numbers(amount('gpu')),
    ...(slices.length === 0 ? {} : { slices }),
    nics: numbers(amount('nic')),
    cpuMilli: Number(amount('cpu') ?? 0) * 1000,
    memoryMib: Number(amount('mem') ?? 0) * 1024,
    ...(amount('disk') === undefined ? {} : { storageGib: Number(amount('disk')) }),
    powerW: Number.parseInt(words.find((word) => word.endsWith('W')) ?? '0', 10),
  };
}

function sliceOf(word: string): object[] {
  const [, gpu, milli, profile, start] = /^([0-9]+):(?:([0-9]+)|([^@]+)@([0-9]+))$/.exec(word) ?? [];
  if (gpu === undefined) return [];
  return profile === undefined
    ? [{ kind: 'share', gpu: Number(gpu), milli: Number(milli) }]
    : [{ kind: 'mig', gpu: Number(gpu), profile, start: Number(start) }];
}

/** `0-3` and `0,2,5`. */
function numbers(text: string | undefined): number[] {
  return (text ?? '').split(',').flatMap((range) => {
    if (range === '') return [];
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  });
}
