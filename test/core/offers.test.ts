import { array, assert, constantFrom, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { Demand } from '../../src/model/demand.ts';
import type { Refusal } from '../../src/model/refusal.ts';
import { dayMs } from '../../src/model/unit.ts';
import { ask, take } from './acts.ts';
import { demand } from './demand.ts';
import { hourMs, t0, world, type World } from './fleet.ts';

const prices = { gpuPrices: { H100: 2_000_000, L40S: 500_000 }, cpuPriceMicroEurPerHour: 10_000 };
const fleet = world(
  'fra1/h1/r1 2×8 H100 nvlink rdma cpu96 mem512 leaf gpumem80 mig',
  'fra1/h1/r2 1×8 H100 nolink nordma cpu96 mem512 gpumem80 mig',
  'ams1/h1/r1 2×4 L40S nolink nordma cpu32 mem128 disk100 gpumem48 nomig',
  {
    sites: {
      fra1: { ...prices, latencyMsByRegion: { emea: 10 } },
      ams1: { ...prices, latencyMsByRegion: { emea: 40 } },
    },
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 100_000 } },
  },
);

/** Changes that are each made alone, written down apart from the search for them. Nothing where one does not apply. */
const changes: Readonly<Record<string, (asked: Demand) => Demand | undefined>> = {
  later: (asked) => {
    const { deadlineMs: _deadline, ...window } = asked.window;
    return { ...asked, window: { ...window, latestStartMs: window.earliestStartMs + 90 * dayMs } };
  },
  where: (asked) => without(asked, 'where'),
  together: (asked) => without(asked, 'together'),
  isolation: (asked) => without(asked, 'isolation'),
  'power-cap': (asked) => without(asked, 'powerCapW'),
  avoid: (asked) => without(asked, 'avoid'),
  latency: (asked) => without(asked, 'latencyMsByRegion'),
  budget: (asked) => without(asked, 'budget'),
  survive: (asked) => without(asked, 'survive'),
  model: (asked) => ofGpus(asked, 'models'),
  'gpu-memory': (asked) => ofGpus(asked, 'memoryMib'),
  link: (asked) => ofGpus(asked, 'link'),
  slice: (asked) => ofGpus(asked, 'slice'),
  rdma: (asked) => ofEach(asked, 'rdma'),
  storage: (asked) => ofEach(asked, 'storageGib'),
  within: (asked) => ofParts(asked, 'within'),
  apart: (asked) => ofParts(asked, 'apart'),
  fewer: (asked) => {
    const [part, ...others] = asked.parts;
    return part === undefined || part.count < 2
      ? undefined
      : { ...asked, parts: [{ ...part, count: 1 }, ...others] };
  },
  preempt: (asked) => ({ ...asked, mayPreempt: true }),
};

const wishes = record({
  text: constantFrom(
    '2×8 H100 nvlink rdma 24h',
    '3×8 H100 24h',
    '4×4 L40S 24h',
    '1×4 L40S disk200 24h',
    '2×4 H100 nvlink apart:node gpumem90 24h',
    '4×2 H100 nvlink rdma within:rack',
    '3×8 together:rack 24h',
    '8×2 L40S mig:1g.10gb 24h',
    '20×1 H100 mig:3g.40gb 24h',
    '9×1 H100 share:600 24h',
  ),
  more: array(
    constantFrom(
      { where: ['ams1'] },
      { where: ['fra1/h1/r1'] },
      { avoid: ['fra1/h1/r2'] },
      { isolation: 'rack' },
      { isolation: 'site' },
      { powerCapW: 100 },
      { latencyMsByRegion: { emea: 20 } },
      { budget: { microEurPerDay: 1_000_000 } },
      { survive: { loss: 'node', membersLeft: 1 } },
    ),
    { maxLength: 3 },
  ),
  taken: array(
    constantFrom('1×8 H100 12h', '1×4 H100 48h', '1×8 H100 nvlink 6h', '1×4 L40S 24h', '2×2 L40S 12h'),
    { maxLength: 5 },
  ),
});

test(
  'whoever could have it by three changes is offered three at least, each as it was run, and priced',
  { timeout: 60_000 },
  () => {
    let refused = 0;
    assert(
      property(wishes, ({ text, more, taken }) => {
        const before = taken.reduce(booked, fleet);
        const asked = more.reduce((draft, field) => demand(text, { ...draft, ...field }), demand(text));
        const answer = ask(before, asked);
        if (answer.kind === 'planned') return;
        const offers = relaxationsOf(answer.refusal);
        if (offers === undefined) return;
        refused++;
        const open = Object.values(changes).filter((change) => {
          const changed = change(asked);
          return changed !== undefined && ask(before, plain(changed)).kind === 'planned';
        });
        expect([offers.length >= Math.min(3, open.length), open.length, offers.length]).toEqual([
          true,
          open.length,
          offers.length,
        ]);
        for (const offer of offers) {
          expect([offer.change, offer.microEurPerHour === undefined]).toEqual([offer.change, false]);
          if (offer.moves !== undefined) continue;
          const again = ask(before, offer.demand);
          expect(again).toMatchObject({
            kind: 'planned',
            plan: {
              placement: { startMs: offer.startMs },
              price: { microEurPerHour: offer.microEurPerHour },
            },
          });
        }
      }),
      { seed: 11, numRuns: 60 },
    );
    expect(refused).toBeGreaterThan(20);
  },
);

function relaxationsOf(refusal: Refusal) {
  return refusal.kind === 'no-capacity' || refusal.kind === 'over-budget' ? refusal.relaxations : undefined;
}

function booked(before: World, text: string, at: number): World {
  const window = { earliestStartMs: t0, durationS: (6 * hourMs * (at + 1)) / 1000 };
  const wish = demand(text, {
    tenant: 'globex',
    window,
    ...(at % 2 === 0 ? { guarantee: 'preemptible' } : {}),
  });
  return ask(before, wish).kind === 'planned' ? take(before, wish) : before;
}

/** Without the keys that say nothing. */
function plain(changed: object): Demand {
  return Demand.parse(JSON.parse(JSON.stringify(changed)));
}

function without(asked: Demand, key: keyof Demand): Demand | undefined {
  return asked[key] === undefined ? undefined : { ...asked, [key]: undefined };
}

type Part = Demand['parts'][number];
type Gpus = NonNullable<Part['each']['gpus']>;

function ofParts(asked: Demand, key: keyof Part): Demand | undefined {
  if (asked.parts.every((part) => part[key] === undefined)) return undefined;
  return { ...asked, parts: asked.parts.map((part) => ({ ...part, [key]: undefined })) };
}

function ofEach(asked: Demand, key: keyof Part['each']): Demand | undefined {
  if (asked.parts.every(({ each }) => each[key] === undefined)) return undefined;
  return {
    ...asked,
    parts: asked.parts.map((part) => ({ ...part, each: { ...part.each, [key]: undefined } })),
  };
}

function ofGpus(asked: Demand, key: keyof Gpus): Demand | undefined {
  if (asked.parts.every(({ each }) => each.gpus?.[key] === undefined)) return undefined;
  const parts = asked.parts.map((part) => {
    const { gpus } = part.each;
    return gpus === undefined
      ? part
      : { ...part, each: { ...part.each, gpus: { ...gpus, [key]: undefined } } };
  });
  return { ...asked, parts };
}
