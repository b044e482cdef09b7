import {
  type Arbitrary,
  array,
  assert,
  constantFrom,
  integer,
  option,
  property,
  record,
  tuple,
} from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { digestState } from '../../../src/core/digest.ts';
import { bandwidthOf } from '../../../src/core/place/fabric/bandwidth.ts';
import { EdgeRooms } from '../../../src/core/place/fabric/edge-rooms.ts';
import { priceOf } from '../../../src/core/price.ts';
import { applyAll, emptyState, type State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Member, Placement } from '../../../src/model/placement.ts';
import { ask } from '../acts.ts';
import { seed, type Step } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, world } from '../fleet.ts';
import { walk } from '../walk.ts';

const places = ['a', 'b', 'c'] as const;
const eur = 1_000_000;
type Fleet = readonly (string | Details)[];

const pairs = [
  ['a', 'b'],
  ['a', 'c'],
  ['b', 'c'],
] as const;

const fleets: Arbitrary<Fleet> = record({
  sizes: tuple(...places.map(() => integer({ min: 1, max: 2 }))),
  prices: tuple(...places.map(() => integer({ min: 1, max: 4 }))),
  kinds: tuple(...places.map(() => constantFrom('datacentre', 'cloud', 'edge'))),
  links: tuple(
    ...pairs.map(() => option(tuple(integer({ min: 1, max: 9 }), integer({ min: 1, max: 30 })), { freq: 4 })),
  ),
}).map(({ sizes, prices, kinds, links }) => [
  ...places.map((place, at) => `${place}/h1/r1 ${sizes[at]}×2 H100 nordma cpu16 mem64 gpuw700 basew800`),
  {
    sites: Object.fromEntries(
      places.map((place, at) => [
        place,
        { kind: kinds[at], gpuPrices: { H100: (prices[at] ?? 1) * eur }, cpuPriceMicroEurPerHour: 10_000 },
      ]),
    ),
    wanLinks: Object.fromEntries(
      pairs.flatMap(([from, to], at) => {
        const [mbps, latencyMs] = links[at] ?? [];
        return mbps === undefined ? [] : [[`${from}/wan-${to}`, { from, to, mbps: mbps * 100, latencyMs }]];
      }),
    ),
  },
]);

const stand = constantFrom('', 'at:a', 'at:b', 'at:c', 'at:a|b', 'at:b|c', 'kind:edge', 'kind:cloud');
const size = constantFrom('1×1 H100', '1×1 H100', '2×1 H100', '1×2 H100', '1×cpu2 mem4');
const part = tuple(size, stand).map((words) => words.join(' ').trim());

const wishes: Arbitrary<Demand> = record({
  parts: tuple(part, part, option(part, { freq: 2 })),
  flow: option(tuple(integer({ min: 0, max: 6 }), option(integer({ min: 1, max: 30 }))), { freq: 2 }),
  survive: option(constantFrom({ loss: 'node', membersLeft: 1 }, { loss: 'site', membersLeft: 1 }), {
    freq: 6,
  }),
}).map(({ parts: [one, two, three], flow, survive }) => {
  const [mbps, latencyMs] = flow ?? [];
  return demand(`one: ${one} + two: ${two}${three === null ? '' : ` + three: ${three}`} 4h`, {
    ...(mbps === undefined
      ? {}
      : {
          flows: [{ from: 'one', to: 'two', mbps: mbps * 100, ...(latencyMs === null ? {} : { latencyMs }) }],
        }),
    ...(survive === null ? {} : { survive }),
  });
});

const flexible: Arbitrary<Demand> = tuple(wishes, integer({ min: 0, max: 12 })).map(([wish, hours]) => ({
  ...wish,
  window: { ...wish.window, latestStartMs: t0 + hours * hourMs },
}));

const steps: Arbitrary<readonly Step[]> = array(
  tuple(flexible, integer({ min: 0, max: 3 }), integer({ min: 0, max: 4 }), integer({ min: 0, max: 5 })).map(
    ([wish, waitH, contract, kind]): Step =>
      kind === 0 ? { kind: 'release', waitH, contract } : { kind: 'take', waitH, demand: wish },
  ),
  { minLength: 2, maxLength: 7 },
);

/** Every choice of nodes for all replicas; GPUs of a node are alike, so the lowest free ones stand for all. */
function* choices(state: State, wish: Demand): Generator<readonly Member[]> {
  const replicas = wish.parts.flatMap((one) =>
    Array.from({ length: one.count }, (_, replica) => ({ one, replica })),
  );
  const taken = state.fleet.nodes.map((node) =>
    (state.calendar[node.index] ?? [])
      .filter((held) => held.startMs < t0 + 4 * hourMs && t0 < held.endMs)
      .reduce((mask, held) => mask | held.gpus, 0),
  );
  function* next(at: number, members: readonly Member[]): Generator<readonly Member[]> {
    const seat = replicas[at];
    if (seat === undefined) {
      yield members;
      return;
    }
    for (const node of state.fleet.nodes) {
      const own = new Set(members.flatMap((member) => (member.node === node.id ? member.gpus : [])));
      const free = [0, 1].filter((gpu) => ((taken[node.index] ?? 0) & (1 << gpu)) === 0 && !own.has(gpu));
      const count = seat.one.each.gpus?.count ?? 0;
      if (free.length < count) continue;
      const share = { cpuMilli: count * 8000, memoryMib: count * 32 * 1024, powerW: count * 1100 };
      const beside = count > 0 ? share : { cpuMilli: 2000, memoryMib: 4096, powerW: 100 };
      const gpus = free.slice(0, count);
      yield* next(at + 1, [
        ...members,
        { part: seat.one.name, replica: seat.replica, node: node.id, gpus, nics: [], ...beside },
      ]);
    }
  }
  yield* next(0, []);
}

/** The lowest hourly price of all placements without spares that the auditor lets pass; nothing when there is none. */
function cheapest(state: State, wish: Demand): number | undefined {
  const rules = verdictAll(state, 'allowed');
  const rooms = new EdgeRooms(state, { startMs: t0, endMs: t0 + 4 * hourMs });
  let best: number | undefined;
  for (const members of choices(state, wish)) {
    const price = priceOf(state.fleet, { members }, undefined).microEurPerHour ?? Infinity;
    if (best !== undefined && price >= best) continue;
    const bandwidth = bandwidthOf(rooms, wish, members);
    if (bandwidth === undefined) continue;
    const held: Placement = {
      startMs: t0,
      endMs: t0 + 4 * hourMs,
      members: [...members],
      ...(bandwidth.length === 0 ? {} : { bandwidth: [...bandwidth] }),
    };
    const faults = check(state, wish, rules, held).filter(({ constraint }) => !shares.has(constraint));
    if (faults.length === 0) best = price;
  }
  return best;
}

/** What a replica holds beside its GPUs is written down here only roughly, and nothing of it is scarce. */
const shares = new Set(['cpu-share', 'memory-share', 'member-power']);

describe('demands over several sites', { timeout: 300_000 }, () => {
  test('what is planned passes the auditor; what is refused or dearer was not to be had by any choice of nodes', () => {
    const counted = { several: 0, compared: 0, refused: 0, wrong: 0, faulty: 0 };
    assert(
      property(fleets, steps, wishes, (fleet, todo, wish) => {
        const { world: now } = walk(
          world(...fleet),
          todo.slice(0, 2).map((step) => ({ ...step, waitH: 0 })),
        );
        const answer = ask(now, wish);
        const least = cheapest(now.state, wish);
        if (answer.kind === 'refused') {
          counted.refused++;
          counted.wrong += Number(least !== undefined);
          return;
        }
        const { placement, price } = answer.plan;
        counted.several += Number(new Set(placement.members.map(({ node }) => node.slice(0, 1))).size > 1);
        counted.faulty += check(now.state, wish, verdictAll(now.state, 'allowed'), placement).length;
        if (placement.spares !== undefined) return;
        counted.compared++;
        counted.wrong += Number(price.microEurPerHour !== least);
      }),
      { seed, numRuns: 160 },
    );
    expect(counted).toMatchObject({ wrong: 0, faulty: 0 });
    expect(counted.compared).toBeGreaterThan(40);
    expect(counted.several).toBeGreaterThan(30);
    expect(counted.refused).toBeGreaterThan(30);
  });

  test('the order of parts, links and flows changes neither start nor price', () => {
    let plans = 0;
    assert(
      property(fleets, steps, flexible, (fleet, todo, wish) => {
        const { world: now } = walk(world(...fleet), todo.slice(0, 3));
        const turned = {
          ...wish,
          parts: wish.parts.toReversed(),
          ...(wish.flows && { flows: wish.flows.toReversed() }),
        };
        const [one, other] = [wish, turned].map((asked) => {
          const answer = ask(now, asked);
          if (answer.kind === 'refused') return answer.refusal.kind;
          plans++;
          return [answer.plan.placement.startMs, answer.plan.price.microEurPerHour];
        });
        expect(other).toEqual(one);
      }),
      { seed, numRuns: 120 },
    );
    expect(plans).toBeGreaterThan(60);
  });

  test('whatever is taken and released, no link carries more than it can, and a replay comes to the same state', () => {
    const counted = { grants: 0, held: 0 };
    assert(
      property(fleets, steps, (fleet, todo) => {
        const { world: end } = walk(world(...fleet), todo, (before, after) => {
          const contract = after.world.state.contracts.at(before.world.state.contracts.size);
          if (contract === undefined) return;
          counted.grants++;
          const { state } = before.world;
          expect(check(state, contract.demand, verdictAll(state, 'allowed'), contract.placement)).toEqual([]);
        });
        const { fleet: known, bandwidth } = end.state;
        for (const [id, { mbps = 0 }] of known.wanLinks) {
          const holds = bandwidth.get(`wan ${id}`) ?? [];
          counted.held += holds.length;
          for (const { startMs } of holds)
            expect(
              holds
                .filter((held) => held.startMs <= startMs && startMs < held.endMs)
                .reduce((sum, held) => sum + held.mbps, 0),
            ).toBeLessThanOrEqual(mbps);
        }
        const again = end.entries.reduce(
          (state, { events, stamp }) => applyAll(state, events, stamp, end.archive),
          emptyState,
        );
        expect(digestState(again)).toBe(digestState(end.state));
      }),
      { seed, numRuns: 120 },
    );
    expect(counted.grants).toBeGreaterThan(150);
    expect(counted.held).toBeGreaterThan(10);
  });
});
