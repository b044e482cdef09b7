import { type Arbitrary, constant, constantFrom, integer, oneof, record, tuple } from 'fast-check';

import type { Demand } from '../../../src/model/demand.ts';
import { Demand as DemandSchema } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { hourMs, t0 } from '../fleet.ts';

/** Mostly nothing, so that most demands fit somewhere and get into each other's way. */
function seldom<T>(nothing: T, ...choices: readonly T[]): Arbitrary<T> {
  return oneof(
    { weight: 16, arbitrary: constant(nothing) },
    { weight: 2, arbitrary: constantFrom(...choices) },
  );
}

const gpuPart = tuple(
  constantFrom('1×1', '1×2', '2×1', '2×2', '3×1', '1×4'),
  constantFrom('', '', 'H100', 'H100', 'A100', 'H100|A100'),
  seldom('', 'nvlink', 'link', 'gpumem40'),
  seldom('', 'rdma', 'rdma'),
  seldom('', 'align:numa', 'align:pcie-root', 'cpu2 mem4', 'disk25'),
);

const slicePart = tuple(
  constantFrom('1×1', '2×1', '1×2', '3×1'),
  constantFrom(
    'mig:1g.10gb',
    'mig:1g.10gb+me',
    'mig:1g.20gb',
    'mig:2g.20gb',
    'mig:3g.40gb',
    'mig:4g.40gb',
    'mig:7g.80gb',
    'share:1',
    'share:333',
    'share:500',
    'share:999',
  ),
  seldom('', 'cpu1 mem2', 'gpumem8'),
  seldom('', 'rdma', 'align:numa', 'align:pcie-root', 'rdma align:numa'),
);

const kept = seldom(
  '',
  'within:rack',
  'within:leaf',
  'within:island',
  'apart:node',
  'apart:rack',
  'apart:leaf',
  'within:numa',
  'within:pcie-root',
  'apart:numa',
);
const first = tuple(oneof({ weight: 3, arbitrary: gpuPart }, { weight: 2, arbitrary: slicePart }), kept).map(
  ([words, level]) => `train: ${[...words, level].filter((word) => word !== '').join(' ')}`,
);
const second = seldom('', 'load: 1×cpu2 mem1', 'load: 2×cpu1 apart:node', 'load: 2×1 share:250', 'load: 1×1');
const third = seldom('', 'eval: 1×cpu1', 'eval: 1×1 mig:1g.10gb');

const windows = record({
  fromH: constantFrom(0, 0, 0, 1, 4),
  laterH: constantFrom(0, 0, 3, 12),
  hours: constantFrom(0, 1, 2, 5, 8, 8),
  deadline: constantFrom(false, false, false, true),
}).map(({ fromH, laterH, hours, deadline }) => ({
  earliestStartMs: t0 + fromH * hourMs,
  ...(laterH === 0 ? {} : { latestStartMs: t0 + (fromH + laterH) * hourMs }),
  ...(hours === 0 ? {} : { durationS: hours * 3600 }),
  ...(deadline && hours > 0 ? { deadlineMs: t0 + (fromH + hours + laterH) * hourMs } : {}),
}));

const guarantees = constantFrom(
  'reserved',
  'mayPreempt',
  'mayPreempt',
  'preemptible',
  'preemptible',
  'elastic',
  'survives',
  'lasting',
);
const losses = constantFrom('node', 'node', 'rack', 'feed', 'site');
const data = constantFrom('', '', '', '', '', 'held', 'flows', 'between', 'between');

const rest = record({
  tenant: constantFrom('acme', 'globex'),
  isolation: seldom('shared', 'node', 'rack', 'site'),
  objective: constantFrom('cheapest', 'soonest', 'tightest', 'fastest', 'greenest'),
  together: seldom('', 'rack', 'leaf', 'spine', 'hall', 'island', 'node', 'numa'),
  where: seldom('', 'fra1', 'ams2', 'fra1/h1/r1'),
  avoid: seldom('', 'fra1/h1/r1', 'ams2/h1/a1/n01/gpu0'),
  powerCapW: seldom(0, 1200, 3000, 6000),
  budgetEur: seldom(0, 2, 40),
});

/** Demands of one to three parts that ask for something in every dimension now and then. */
export const demands: Arbitrary<Demand> = tuple(
  tuple(first, second, third),
  windows,
  record({ guarantee: guarantees, loss: losses, left: integer({ min: 1, max: 3 }) }),
  record({
    data,
    uplink: constantFrom(0, 0, 20_000, 90_000),
    nics: constantFrom(1, 1, 2),
    mbps: constantFrom(1, 30_001),
  }),
  rest,
).map(([texts, window, firm, fabric, { together, where, avoid, powerCapW, budgetEur, ...more }]) => {
  const plain = demand(texts.filter((text) => text !== '').join(' + '));
  const names = plain.parts.map(({ name }) => name);
  return DemandSchema.parse({
    ...plain,
    ...more,
    parts: plain.parts.map((part) => ({
      ...part,
      ...(firm.guarantee === 'elastic' || firm.guarantee === 'lasting' ? { minCount: 1 } : {}),
      each: {
        ...part.each,
        ...(part.each.rdma === undefined
          ? {}
          : {
              rdma: {
                ...(fabric.uplink === 0 ? {} : { uplinkMbps: fabric.uplink }),
                ...(fabric.nics === 1 || part.each.gpus === undefined ? {} : { nicsPerGpu: fabric.nics }),
              },
            }),
      },
    })),
    window,
    ...firmness(firm),
    ...flowsOf(fabric.data, names, fabric.mbps),
    ...(together === '' ? {} : { together }),
    ...(where === '' ? {} : { where: [where] }),
    ...(avoid === '' ? {} : { avoid: [avoid] }),
    ...(powerCapW === 0 ? {} : { powerCapW }),
    ...(budgetEur === 0 || window.durationS === undefined
      ? {}
      : { budget: { totalMicroEur: budgetEur * 1_000_000 } }),
  });
});

function firmness({ guarantee, loss, left }: { guarantee: string; loss: string; left: number }): object {
  if (guarantee === 'mayPreempt') return { guarantee: 'reserved', mayPreempt: true };
  if (guarantee === 'survives') return { guarantee: 'reserved', survive: { loss, membersLeft: left } };
  if (guarantee === 'lasting') return { guarantee: 'elastic', survive: { loss, membersLeft: 1 } };
  return { guarantee };
}

function flowsOf(kind: string, names: readonly string[], mbps: number): object {
  const [one, two] = names;
  if (kind === 'between') return two === undefined ? {} : { flows: [{ from: two, to: one, mbps }] };
  if (kind === '') return {};
  return { dataset: 'corpus', ...(kind === 'flows' ? { flows: [{ from: 'dataset', to: one, mbps }] } : {}) };
}
