import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { State } from '../../src/core/state.ts';
import { ContractId } from '../../src/model/id.ts';
import { type Placement, seatsOf } from '../../src/model/placement.ts';
import { ask, commit, planned, release, take } from './acts.ts';
import { fleets, seed, type Step, steps } from './arbitrary.ts';
import { demand } from './demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';
import { walk } from './walk.ts';

const surviving = (text: string, loss: string, membersLeft: number, more: object = {}) =>
  demand(text, { survive: { loss, membersLeft }, ...more });

function violations({ state }: World, wish: ReturnType<typeof demand>, held: Placement): string[] {
  return check(state, wish, verdictAll(state, 'allowed'), held).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

/** What would fall with each node, found without the code under test: the letters of its rack, told by the fleet. */
function falls(state: State, id: string, loss: string): string | undefined {
  const node = state.fleet.nodes.find((one) => one.id === id);
  const rack = id.slice(0, id.lastIndexOf('/'));
  if (loss === 'node') return id;
  if (loss === 'rack') return rack;
  if (loss === 'site') return id.split('/', 1).join();
  const facts = [...state.fleet.racks.values()].find((one) => one.id === rack)?.facts;
  const letters = node?.facts.feeds ?? Object.keys(facts?.feedLimitW ?? {});
  const feeds = new Set(letters.map((letter) => facts?.feeds?.[letter] ?? `${rack} ${letter}`));
  return feeds.size === 1 ? [...feeds].join() : undefined;
}

/** Takes every place away in turn; the fewest replicas that could still run. */
function fewestLeft(state: State, held: Placement, loss: string): number {
  const seats = seatsOf(held).map(({ node }) => falls(state, node, loss));
  const left = [...new Set(seats)].flatMap((lost) =>
    lost === undefined ? [] : [seats.filter((place) => place !== lost).length],
  );
  return Math.min(held.members.length, ...left);
}

const feeds = {
  feeds: { 'fra1/fa': { limitW: 900_000 }, 'fra1/fb': { limitW: 900_000 } },
  racks: {
    'fra1/h1/r1': {
      feedLimitW: { A: 90_000, B: 90_000 },
      feeds: { A: 'fra1/fa', B: 'fra1/fb' },
    },
    'fra1/h1/r2': { feedLimitW: { A: 90_000 }, feeds: { A: 'fra1/fa' } },
    'fra1/h1/r3': { feedLimitW: { A: 90_000, B: 90_000 } },
  },
};

/** The fewest spares of any choice of nodes whatever; nothing when there is none. */
function fewest(
  sizes: readonly (readonly [string, number])[],
  placeOf: (id: string) => string | undefined,
  [count, left, word]: readonly [number, number, string],
): number | undefined {
  let best: number | undefined;
  const tried = (at: number, seats: readonly string[]) => {
    const size = sizes[at];
    if (size === undefined) {
      const spares = seats.length - count;
      if (spares < 0 || (best !== undefined && spares >= best)) return;
      const racks = new Set(seats.map((id) => id.slice(0, id.lastIndexOf('/'))));
      if (word === 'within:rack' && racks.size > 1) return;
      if (word === 'apart:node' && new Set(seats).size < seats.length) return;
      const places = seats.map(placeOf);
      const survives = places.every(
        (lost) => lost === undefined || places.filter((place) => place !== lost).length >= left,
      );
      if (survives && left <= count) best = spares;
      return;
    }
    for (let some = 0; some <= size[1]; some++)
      tried(at + 1, [...seats, ...Array.from({ length: some }, () => size[0])]);
  };
  tried(0, []);
  return best;
}

describe('the fewest spares that suffice', { timeout: 60_000 }, () => {
  type Node = { readonly rack: number; readonly gpus: number; readonly own: string };
  const nodes = array(
    record({
      rack: integer({ min: 1, max: 3 }),
      gpus: integer({ min: 1, max: 3 }),
      own: constantFrom('', 'A', 'B'),
    }),
    { minLength: 2, maxLength: 5 },
  );

  function fleetOf(drawn: readonly Node[]): { on: World; sizes: readonly (readonly [string, number])[] } {
    const counts = new Map<number, number>();
    const placed = drawn.map(({ rack, gpus, own }) => {
      const at = (counts.get(rack) ?? 0) + 1;
      counts.set(rack, at);
      return { rack: `fra1/h1/r${rack}`, id: `fra1/h1/r${rack}/n0${at}`, gpus, own };
    });
    const known = new Set(placed.map(({ rack }) => rack));
    const details: Details = {
      feeds: feeds.feeds,
      racks: Object.fromEntries(Object.entries(feeds.racks).filter(([rack]) => known.has(rack))),
      nodes: Object.fromEntries(
        placed.flatMap(({ id, own }) => (own === '' ? [] : [[id, { feeds: [own] }]])),
      ),
    };
    const lines = placed.map(({ rack, gpus }) => `${rack} 1×${gpus} H100`);
    return { on: world(...lines, details), sizes: placed.map(({ id, gpus }) => [id, gpus] as const) };
  }

  test('are what any choice of nodes would give, and without such a choice there is a refusal', () => {
    const seen = { none: 0, spread: 0, spared: 0 };
    assert(
      property(
        nodes,
        constantFrom('node', 'rack', 'feed'),
        tuple(integer({ min: 1, max: 4 }), integer({ min: 1, max: 5 })),
        constantFrom('', '', 'within:rack', 'apart:node'),
        (drawn, loss, [count, left], word) => {
          const { on, sizes } = fleetOf(drawn);
          const best = fewest(sizes, (id) => falls(on.state, id, loss), [count, left, word]);
          const wish = surviving(`${count}×1 H100 ${word} 1h`.replace('  ', ' '), loss, left);
          const answer = ask(on, wish);
          const held = answer.kind === 'refused' ? undefined : answer.plan.placement;
          expect(held === undefined ? undefined : (held.spares?.length ?? 0)).toBe(best);
          expect(held === undefined ? left : fewestLeft(on.state, held, loss)).toBeGreaterThanOrEqual(left);
          expect(held === undefined ? [] : violations(on, wish, held)).toEqual([]);
          if (held === undefined) seen.none++;
          else seen[best === 0 ? 'spread' : 'spared']++;
        },
      ),
      { seed, numRuns: 600 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(40);
  });
});

/** Everything that is asked for is to survive something, also where that takes spares. */
const careful = tuple(
  steps,
  array(
    record({
      loss: constantFrom('node', 'node', 'rack', 'feed', 'site'),
      share: integer({ min: 1, max: 3 }),
    }),
    {
      minLength: 3,
      maxLength: 3,
    },
  ),
).map(([todo, losses]) =>
  todo.map((step, at): Step => {
    const survive = losses[at % losses.length];
    if ((step.kind !== 'take' && step.kind !== 'plan') || survive === undefined) return step;
    const total = step.demand.parts.reduce((sum, { count, each }) => sum + (each.gpus ? count : 0), 0);
    const membersLeft = Math.max(1, Math.ceil((total * survive.share) / 3));
    return { ...step, demand: { ...step.demand, survive: { loss: survive.loss, membersLeft } } };
  }),
);

const fed = fleets.map((drawn) => [
  ...drawn,
  {
    feeds: { 'fra1/fa': { limitW: 90_000 }, 'fra1/fb': { limitW: 90_000 } },
    racks: { 'fra1/h1/r2': { feedLimitW: { A: 9000, B: 9000 }, feeds: { A: 'fra1/fa', B: 'fra1/fb' } } },
    nodes: { 'fra1/h1/r2/n02': { feeds: ['B'] } },
  } satisfies Details,
]);

test(
  'over time, whatever is lost leaves what was promised, and no spare is anybody else’s',
  { timeout: 60_000 },
  () => {
    const granted = new Map<string, number>();
    assert(
      property(fed, careful, (drawn, todo) => {
        const { world: end } = walk(world(...drawn), todo, (before, after) => {
          const contract = after.world.state.contracts.at(before.world.state.contracts.size);
          const { survive } = contract?.demand ?? {};
          if (contract === undefined || survive === undefined) return;
          const { state } = before.world;
          const parts = contract.demand.parts.flatMap(({ name, each }) => (each.gpus ? [name] : []));
          const isCounted = ({ part }: { part: string }) => parts.length === 0 || parts.includes(part);
          const { members, spares = [] } = contract.placement;
          const counted = { ...contract.placement, members: members.filter(isCounted) };
          expect(fewestLeft(state, counted, survive.loss)).toBeGreaterThanOrEqual(survive.membersLeft);
          expect(violations(before.world, contract.demand, contract.placement)).toEqual([]);
          const what = `${survive.loss} ${spares.length > 0 ? 'spared' : 'spread'}`;
          granted.set(what, (granted.get(what) ?? 0) + 1);
        });
        expect(violationsOfSharing(end)).toEqual([]);
      }),
      { seed, numRuns: 250 },
    );
    const kinds = ['node spared', 'rack spared', 'site spared', 'node spread', 'feed spread'];
    expect(kinds.filter((kind) => (granted.get(kind) ?? 0) < 4)).toEqual([]);
  },
);

/** GPUs that two contracts hold at one time, members and spares alike. */
function violationsOfSharing({ state }: World): string[] {
  const held = [...state.contracts].flatMap(({ id, placement: own, releasedAtMs }) =>
    seatsOf(own).flatMap(({ node, gpus }) =>
      gpus.map((gpu) => ({
        id,
        gpu: `${node}/gpu${gpu}`,
        startMs: own.startMs,
        endMs: Math.min(own.endMs ?? Infinity, releasedAtMs ?? Infinity),
      })),
    ),
  );
  return [...Map.groupBy(held, ({ gpu }) => gpu).values()].flatMap((own) =>
    own.flatMap((a, at) =>
      own
        .slice(at + 1)
        .filter((b) => Math.max(a.startMs, b.startMs) < Math.min(a.endMs, b.endMs))
        .map((b) => `${a.gpu}: ${a.id} and ${b.id}`),
    ),
  );
}

const small = world(
  'fra1/h1/r1 2×4 H100 cpu16 mem64 gpuw400 basew400',
  'fra1/h1/r2 2×4 H100 cpu16 mem64 gpuw400 basew400',
  { sites: { fra1: { gpuPrices: { H100: 2_000_000 } } } },
);

describe('a spare', () => {
  const all = surviving('2×4 H100 24h', 'node', 2);
  const answer = planned(small, all);

  test('is a replica more, on a node of its own, numbered after the last', () => {
    const { members, spares } = answer.plan.placement;
    expect(members.map(({ replica, node }) => `${replica} ${node}`)).toEqual([
      '0 fra1/h1/r1/n01',
      '1 fra1/h1/r1/n02',
    ]);
    expect(spares).toEqual([{ ...members[0], replica: 2, node: 'fra1/h1/r2/n01' }]);
  });

  test('is priced in a line of its own and said in the terms', () => {
    const { price, terms } = answer.plan;
    expect(price.lines).toEqual([
      { what: 'H100 at fra1', count: 8, microEurPerHour: 2_000_000 },
      { what: 'spare H100 at fra1', count: 4, microEurPerHour: 2_000_000 },
    ]);
    expect(price.microEurPerHour).toBe(24_000_000);
    expect(terms.find(({ kind }) => kind === 'survival')).toMatchObject({
      promise: 'with 1 spare: the loss of any one node leaves at least 2 of 2 replicas, asked for 2',
      heldAs: '1 spare of train on fra1/h1/r2/n01; at most 1 of 3 on one node',
    });
    expect(terms.find(({ kind }) => kind === 'devices')?.promise).toBe(
      '8 GPUs on 2 nodes, for this contract alone',
    );
    expect(terms.find(({ kind }) => kind === 'power')?.promise).toBe('6000 W held on 2 racks');
  });

  test('counts against the budget, the power cap and the limits of its rack', () => {
    expect(ask(small, { ...all, budget: { microEurPerDay: 24 * 24_000_000 } }).kind).toBe('planned');
    expect(ask(small, { ...all, budget: { microEurPerDay: 24 * 24_000_000 - 1 } })).toMatchObject({
      refusal: { kind: 'over-budget' },
    });
    expect(ask(small, { ...all, powerCapW: 6000 }).kind).toBe('planned');
    expect(ask(small, { ...all, powerCapW: 5999 })).toMatchObject({
      refusal: { nearest: { binding: 'survive' } },
    });
  });

  test('is held in the calendar until the contract is released', () => {
    const held = commit(small, answer).world;
    const rest = demand('2×4 H100 1h');
    expect(ask(held, rest).kind).toBe('refused');
    expect(ask(held, demand('1×4 H100 1h', { isolation: 'node', tenant: 'globex' })).kind).toBe('planned');
    const freed = release(held, ContractId.parse('C-101'), { atMs: t0 + hourMs }).world;
    expect(ask(freed, rest).kind).toBe('refused');
    const later = { ...rest, window: { ...rest.window, earliestStartMs: t0 + hourMs } };
    expect(ask(freed, later, { atMs: t0 + hourMs }).kind).toBe('planned');
  });

  test('keeps other tenants out where its replicas do', () => {
    const held = take(small, { ...surviving('1×1 H100 24h', 'rack', 1), isolation: 'rack' });
    expect(ask(held, demand('1×1 H100 1h', { tenant: 'globex' }))).toMatchObject({
      refusal: { nearest: { binding: 'isolation' } },
    });
  });

  test('stands where its part may: within one rack, apart from the others, together with the gang', () => {
    expect(planned(small, surviving('1×4 H100 within:rack', 'node', 1)).plan.placement.spares).toMatchObject([
      { node: 'fra1/h1/r1/n02' },
    ]);
    expect(ask(small, surviving('1×4 H100 within:rack', 'rack', 1))).toMatchObject({
      refusal: { nearest: { binding: 'survive' }, conflict: ['within', 'survive'] },
    });
    expect(planned(small, surviving('1×1 H100 apart:rack', 'node', 1)).plan.placement.spares).toMatchObject([
      { node: 'fra1/h1/r2/n01' },
    ]);
    expect(ask(small, surviving('1×4 H100 together:node', 'node', 1))).toMatchObject({
      refusal: { nearest: { binding: 'topology' } },
    });
  });

  test('is of the largest part that can stand in for all others; without such a part none is held', () => {
    const mixed = surviving('2×1 H100 + eval: 1×2 H100', 'node', 3);
    expect(planned(small, mixed).plan.placement.spares).toMatchObject([{ part: 'eval', replica: 1 }]);
    const crossed = surviving('1×2 H100 cpu1 + eval: 1×1 H100 cpu4', 'node', 2);
    expect(ask(small, crossed)).toMatchObject({ refusal: { nearest: { binding: 'survive' } } });
    const kept = surviving('2×1 H100 apart:node + eval: 1×2 H100', 'node', 3);
    expect(ask(small, kept).kind).toBe('refused');
    const unlike = world('fra1/h1/r1 3×2 H100', 'fra1/h1/r1 3×2 A100');
    expect(ask(unlike, surviving('1×2 H100 + eval: 1×2 A100', 'node', 2)).kind).toBe('refused');
    expect(ask(unlike, surviving('1×2 H100 + eval: 1×2 A100', 'node', 1)).kind).toBe('planned');
  });

  test('is not held for CPU parts beside GPUs, but where no part has any', () => {
    expect(
      planned(small, surviving('1×4 H100 + load: 1×cpu4', 'node', 1)).plan.placement.spares,
    ).toMatchObject([{ part: 'train', replica: 1 }]);
    expect(planned(small, surviving('load: 3×cpu4', 'node', 3)).plan.placement.spares).toHaveLength(1);
  });
});

describe('the loss of a feed', () => {
  const racks = ['fra1/h1/r1 2×2 H100', 'fra1/h1/r2 2×2 H100', 'fra1/h1/r3 1×2 H100'];
  const on = world(...racks, feeds);
  const nodesOf = (wish: ReturnType<typeof demand>, fleet = on) => {
    const answer = ask(fleet, wish);
    if (answer.kind === 'refused')
      return answer.refusal.kind === 'fact-missing'
        ? answer.refusal.facts.map(({ attribute, subjectCount }) => `${attribute} ${subjectCount}`)
        : [answer.refusal.kind];
    expect(violations(fleet, wish, answer.plan.placement)).toEqual([]);
    return seatsOf(answer.plan.placement).map(({ node }) => node.replace('fra1/h1/', ''));
  };

  test('takes nothing that hangs on two, so no replica has to be spread or spared', () => {
    expect(nodesOf(surviving('2×2 H100', 'feed', 2))).toEqual(['r1/n01', 'r1/n02']);
    const { plan } = planned(on, surviving('2×2 H100', 'feed', 2));
    expect(plan.terms.find(({ kind }) => kind === 'survival')?.promise).toBe(
      'by spreading: the loss of any one feed leaves at least 2 of 2 replicas, asked for 2',
    );
  });

  test('takes what hangs on it alone, in all racks that name it', () => {
    expect(nodesOf(surviving('2×2 H100', 'feed', 1, { where: ['fra1/h1/r2'] }))).toEqual(['no-capacity']);
    expect(nodesOf(surviving('3×2 H100', 'feed', 1, { where: ['fra1/h1/r2', 'fra1/h1/r3'] }))).toEqual([
      'r2/n01',
      'r2/n02',
      'r3/n01',
    ]);
    const single = world(...racks, {
      ...feeds,
      nodes: { 'fra1/h1/r1/n01': { feeds: ['A'] }, 'fra1/h1/r1/n02': { feeds: ['B'] } },
    });
    const apart = surviving('2×2 H100', 'feed', 1, { where: ['fra1/h1/r1'] });
    expect(nodesOf(apart, single)).toEqual(['r1/n01', 'r1/n02']);
    expect(nodesOf({ ...apart, survive: { loss: 'feed', membersLeft: 2 } }, single)).toEqual(['no-capacity']);
    expect(
      nodesOf(
        surviving('2×2 H100', 'feed', 2, { where: ['fra1/h1/r1/n01', 'fra1/h1/r2', 'fra1/h1/r3'] }),
        single,
      ),
    ).toEqual(['no-capacity']);
  });

  test('behind both letters of a rack takes all of it', () => {
    const one = world('fra1/h1/r1 2×2 H100', {
      feeds: feeds.feeds,
      racks: { 'fra1/h1/r1': { feedLimitW: { A: 9000, B: 9000 }, feeds: { A: 'fra1/fa', B: 'fra1/fa' } } },
    });
    expect(nodesOf(surviving('2×2 H100', 'feed', 1), one)).toEqual(['no-capacity']);
  });

  test.each([
    ['feeds 2', {}],
    ['feedLimitW 2', { feeds: { A: 'fra1/fa', B: 'fra1/fb' } }],
    ['feedLimitW 2', { feedLimitW: { A: 1 }, feeds: { B: 'fra1/fb' } }],
    ['limitW of the feeds 2', { feedLimitW: { A: 9000, B: 9000 }, feeds: { A: 'fra1/fx' } }],
  ])('is not survived by what nobody has recorded: %s', (missing, rack) => {
    const unknown = world('fra1/h1/r1 2×2 H100', { feeds: feeds.feeds, racks: { 'fra1/h1/r1': rack } });
    const wish = surviving('2×2 H100 1h', 'feed', 1);
    expect(nodesOf(wish, unknown)).toEqual([missing]);
    const held = placement(1, 'train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r1/n02 gpu0-1');
    expect(violations(unknown, wish, held).filter((one) => one.includes('not recorded'))).toHaveLength(2);
  });
});

describe('the loss of a site', () => {
  const on = world(
    'ams2/h1/a1 2×2 H100 cpu16 mem64 gpuw400 basew400',
    'fra1/h1/r1 3×2 H100 cpu16 mem64 gpuw400 basew400',
    'iad3/h1/c1 3×2 H100 cpu16 mem64 gpuw400 basew400',
    {
      sites: {
        ams2: { gpuPrices: { H100: 3_000_000 } },
        fra1: { gpuPrices: { H100: 1_000_000 } },
        iad3: { gpuPrices: { H100: 2_000_000 } },
      },
    },
  );
  const where = (wish: ReturnType<typeof demand>, verdict = verdictAll(on.state, 'allowed'), from = on) => {
    const answer = ask(from, wish, { verdict });
    if (answer.kind === 'refused')
      return answer.refusal.kind === 'no-capacity' ? answer.refusal.nearest?.binding : answer.refusal.kind;
    const { members, spares = [] } = answer.plan.placement;
    expect(check(from.state, wish, verdict, answer.plan.placement)).toEqual([]);
    const names = (held: typeof members) =>
      held.map(({ part, replica, node }) => `${part} ${replica} ${node.replace(/\/.*\//, '/')}`).join(', ');
    return `${names(members)} + ${names(spares)}`;
  };

  test('is survived by as many spares as have to be left, at the cheapest other site that has room', () => {
    expect(where(surviving('3×2 H100', 'site', 1))).toBe(
      'train 0 fra1/n01, train 1 fra1/n02, train 2 fra1/n03 + train 3 iad3/n01',
    );
    expect(where(surviving('3×2 H100', 'site', 3, { where: ['fra1', 'ams2'] }))).toBe('survive');
    expect(where(surviving('3×1 H100', 'site', 3, { where: ['fra1', 'ams2'] }))).toBe(
      'train 0 ams2/n01, train 1 ams2/n01, train 2 ams2/n02 + train 3 fra1/n01, train 4 fra1/n01, train 5 fra1/n02',
    );
  });

  test('asks the rules, the isolation and the data of the other site too', () => {
    const closed = verdictAll(on.state, 'allowed', { iad3: 'forbidden' });
    expect(where(surviving('1×2 H100', 'site', 1), closed)).toBe('train 0 ams2/n01 + train 1 fra1/n01');
    const alone = { fra1: 'allowed', iad3: 'forbidden', ams2: 'forbidden' } as const;
    expect(where(surviving('1×2 H100', 'site', 1), verdictAll(on.state, 'forbidden', alone))).toBe('survive');
    const busy = take(on, demand('1×1 H100 24h', { tenant: 'globex', where: ['iad3'] }));
    expect(where(surviving('1×2 H100', 'site', 1, { isolation: 'site' }), undefined, busy)).toBe(
      'train 0 ams2/n01 + train 1 fra1/n01',
    );
  });

  test('leaves `together` to the members, and `within` and `apart` to each side for itself', () => {
    expect(where(surviving('2×1 H100 together:node', 'site', 2))).toBe(
      'train 0 fra1/n01, train 1 fra1/n01 + train 2 iad3/n01, train 3 iad3/n01',
    );
    expect(where(surviving('2×1 H100 within:node', 'site', 2))).toBe(
      'train 0 fra1/n01, train 1 fra1/n01 + train 2 iad3/n01, train 3 iad3/n01',
    );
    expect(where(surviving('2×1 H100 apart:node', 'site', 2))).toBe(
      'train 0 fra1/n01, train 1 fra1/n02 + train 2 iad3/n01, train 3 iad3/n02',
    );
  });

  test('is said in the terms, priced at the other site and under one power cap', () => {
    const wish = surviving('2×2 H100 1h', 'site', 1);
    const { terms, price } = planned(on, wish).plan;
    expect(price.lines.map(({ what, count }) => `${what} ×${count}`)).toEqual([
      'H100 at fra1 ×4',
      'spare H100 at iad3 ×2',
    ]);
    expect(terms.find(({ kind }) => kind === 'survival')?.heldAs).toBe(
      '1 spare of train on iad3/h1/c1/n01; at most 2 of 3 on one site',
    );
    expect(terms.find(({ kind }) => kind === 'residency')?.promise).toBe('runs at fra1, iad3 only');
    expect(where({ ...wish, powerCapW: 3600 })).toContain('+ train 2');
    expect(where({ ...wish, powerCapW: 3599 })).toBe('survive');
  });

  test('waits for room at the other site where the start may wait', () => {
    const busy = ['ams2', 'iad3'].reduce(
      (before, site) =>
        take(
          before,
          demand(`${site === 'ams2' ? 2 : 3}×2 H100 ${site === 'ams2' ? 5 : 3}h`, {
            tenant: 'globex',
            where: [site],
          }),
        ),
      on,
    );
    const wish = surviving('1×2 H100', 'site', 1, {
      window: { earliestStartMs: t0, latestStartMs: t0 + 9 * hourMs, durationS: 3600 },
    });
    expect(planned(busy, wish).plan.placement).toMatchObject({
      startMs: t0 + 3 * hourMs,
      spares: [{ node: 'iad3/h1/c1/n01' }],
    });
  });

  test('cannot leave more than there are', () => {
    expect(where(surviving('1×2 H100', 'site', 2))).toBe('demand-impossible');
  });
});

describe('the auditor finds', () => {
  const wish = surviving('2×4 H100', 'node', 2);
  const lines = [
    'train 0 fra1/h1/r1/n01 gpu0-3 cpu16 mem64 2000W',
    'train 1 fra1/h1/r1/n02 gpu0-3 cpu16 mem64 2000W',
    '+ train 2 fra1/h1/r2/n01 gpu0-3 cpu16 mem64 2000W',
  ];
  const found = (held: readonly string[], asked = wish, on = small) =>
    violations(on, asked, placement(undefined, ...held));
  const [first = '', second = '', spare = ''] = lines;

  test.each([
    ['nothing where all is well', lines, []],
    [
      'a missing spare',
      [first, second],
      [
        'survive: the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
    [
      'a spare that is not needed',
      [...lines, spare.replace('train 2', 'train 3').replace('n01', 'n02')],
      [
        'survive: `train` 2 on fra1/h1/r2/n01 is a spare that is not needed',
        'survive: `train` 3 on fra1/h1/r2/n02 is a spare that is not needed',
      ],
    ],
    [
      'a spare with a number of its own',
      [first, second, spare.replace('train 2', 'train 7')],
      ['survive: spares of `train` are numbered 7, due from 2'],
    ],
    [
      'a spare of no part',
      [first, second, spare.replace('train', 'other')],
      [
        'survive: `other` 2 on fra1/h1/r2/n01: no such spare',
        'survive: the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
    [
      'a spare that is too small',
      [first, second, spare.replace('gpu0-3', 'gpu0-2')],
      ['gpu-count: `train` 2 on fra1/h1/r2/n01 has 3 GPUs, asked for 4'],
    ],
    [
      'a spare on devices of a member',
      [first, second, spare.replace('r2/n01', 'r1/n02')],
      [
        'cpu: fra1/h1/r1/n02: mCPU held by others 0, asked for 32000, limit 16000',
        'device-once: fra1/h1/r1/n02/gpu0 serves `train` 1 on fra1/h1/r1/n02 and `train` 2 on fra1/h1/r1/n02',
        'device-once: fra1/h1/r1/n02/gpu1 serves `train` 1 on fra1/h1/r1/n02 and `train` 2 on fra1/h1/r1/n02',
        'device-once: fra1/h1/r1/n02/gpu2 serves `train` 1 on fra1/h1/r1/n02 and `train` 2 on fra1/h1/r1/n02',
        'device-once: fra1/h1/r1/n02/gpu3 serves `train` 1 on fra1/h1/r1/n02 and `train` 2 on fra1/h1/r1/n02',
        'memory: fra1/h1/r1/n02: MiB held by others 0, asked for 131072, limit 65536',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
    [
      'a spare on a node that does not exist',
      [first, second, spare.replace('r2/n01', 'r2/n09')],
      [
        'node-known: `train` 2 on fra1/h1/r2/n09: the inventory has no such node',
        'survive: the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
  ])('%s', (_, held, expected) => {
    expect(found(held)).toEqual(expected);
  });

  test('a spare for nothing', () => {
    expect(found(lines, demand('2×4 H100'))).toEqual(['survive: holds 1 spares, asked for none']);
  });

  test('a spare of a part that cannot stand in for another, or of another model', () => {
    const two = surviving('1×4 H100 + eval: 1×2 H100', 'node', 2);
    const eight = 'cpu8 mem32 1000W';
    expect(
      found([first, `eval 0 fra1/h1/r1/n02 gpu0-1 ${eight}`, `+ eval 1 fra1/h1/r2/n01 gpu0-1 ${eight}`], two),
    ).toEqual(['survive: `eval` 1 on fra1/h1/r2/n01 cannot stand in for `train`']);
    expect(
      found([first, `eval 0 fra1/h1/r1/n02 gpu0-1 ${eight}`, spare.replace('train 2', 'train 1')], two),
    ).toEqual([]);
    const unlike = world('fra1/h1/r1 3×2 H100', 'fra1/h1/r1 3×2 A100');
    const mixed = surviving('1×2 H100 + eval: 1×2 A100', 'node', 2);
    const held = [
      'train 0 fra1/h1/r1/n01 gpu0-1',
      'eval 0 fra1/h1/r1/n04 gpu0-1',
      '+ train 1 fra1/h1/r1/n02 gpu0-1',
    ];
    expect(found(held, mixed, unlike)).toContain('survive: spares stand in across 2 GPU models');
  });

  test('a gang, or its spares, at several sites', () => {
    const on = world('fra1/h1/r1 2×1 H100', 'ams2/h1/a1 1×1 H100', 'iad3/h1/c1 2×1 H100');
    const wide = surviving('2×1 H100', 'site', 2);
    const at = (...nodes: readonly string[]) =>
      found(
        nodes.map((node, replica) => `${replica < 2 ? '' : '+ '}train ${replica} ${node} gpu0`),
        wide,
        on,
      );
    expect(at('fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'iad3/h1/c1/n01', 'iad3/h1/c1/n02')).toEqual([]);
    expect(at('fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'ams2/h1/a1/n01', 'iad3/h1/c1/n02')).toEqual([
      'together: the spares is spread over 2 sites: ams2, iad3',
    ]);
    expect(at('fra1/h1/r1/n01', 'iad3/h1/c1/n02', 'fra1/h1/r1/n02', 'ams2/h1/a1/n01')).toContain(
      'together: the gang is spread over 2 sites: fra1, iad3',
    );
  });
});
