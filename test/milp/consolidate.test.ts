import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../src/core/calendar/holding.ts';
import { check } from '../../src/core/check.ts';
import { greedyLayout } from '../../src/core/reclaim/greedy.ts';
import { isSound, type Layout, moveCostOf } from '../../src/core/reclaim/layout.ts';
import { type Problem, problemOf, type Wish } from '../../src/core/reclaim/problem.ts';
import { placedAs, standing } from '../../src/core/reclaim/relocate.ts';
import type { State } from '../../src/core/state.ts';
import { consolidate } from '../../src/milp/consolidate.ts';
import { optimumOf } from '../../src/milp/optimum.ts';
import { programOf } from '../../src/milp/program.ts';
import { Path } from '../../src/model/id.ts';
import { seed } from '../core/arbitrary.ts';
import { demand } from '../core/demand.ts';
import { hourMs, t0, type World, world } from '../core/fleet.ts';
import { granted, placement } from '../core/placement.ts';

const limits = { timeLimitS: 20 };
const wish = (free: number, more: Partial<Wish> = {}): Wish => ({ free, atMs: t0, ...more });

/** Contracts of one member in lines: `n01 gpu0-3 preemptible`, and what their demand says besides. */
function holding(fleet: World, ...lines: readonly (string | readonly [string, string, object?])[]): World {
  return lines.reduce((before: World, line) => {
    const [where, text = '', more = {}] = typeof line === 'string' ? [line] : line;
    const [node = '', gpus = '', guarantee = 'preemptible'] = where.split(' ');
    const held = placement(24, `train 0 fra1/h1/r1/${node} ${gpus}`);
    const count = held.members[0]?.gpus.length ?? 0;
    const asked = demand(`1×${count} H100 24h ${text}`.trim(), { tenant: 'globex', guarantee, ...more });
    return granted(before, asked, held);
  }, fleet);
}

/** Carries the steps out one by one; each must pass the auditor where it stands. Gives the state in the end. */
function walked(
  now: State,
  steps: Extract<Awaited<ReturnType<typeof consolidate>>, { kind: 'planned' }>['steps'],
): State {
  return steps.reduce((state, { rest, seats }) => {
    const without = givenUp(state, [rest.contract], rest.placement.startMs);
    expect(check(without, rest.demand, rest.verdict, placedAs(without, rest, seats))).toEqual([]);
    return standing(state, rest, seats);
  }, now);
}

function emptyNodes(state: State): readonly string[] {
  return state.fleet.nodes
    .filter(({ index }) => (state.calendar[index] ?? []).every(({ endMs }) => endMs <= t0))
    .map(({ id }) => id.slice(-3));
}

/** Two replicas that survive the loss of a node, on these nodes. */
function spread(...nodes: readonly string[]): World {
  return granted(
    world('fra1/h1/r1 4×8 H100'),
    demand('2×2 H100 24h', {
      tenant: 'globex',
      guarantee: 'preemptible',
      survive: { loss: 'node', membersLeft: 1 },
    }),
    placement(24, ...nodes.map((node, at) => `train ${at} fra1/h1/r1/${node} gpu0-1`)),
  );
}

describe('nodes to be emptied', () => {
  const four = world('fra1/h1/r1 4×8 H100');

  test('with the fewest GPUs moved', async () => {
    const now = holding(
      four,
      'n01 gpu0-1',
      'n01 gpu2-4',
      'n02 gpu0-2',
      'n02 gpu3-5',
      'n03 gpu0-3',
      'n04 gpu0-4',
    );
    const found = await consolidate(now.state, wish(1), limits);
    expect(found).toMatchObject({
      kind: 'planned',
      by: 'optimal',
      gpuMoves: 5,
      emptyAfter: ['fra1/h1/r1/n01'],
    });
    expect(emptyNodes(walked(now.state, found.kind === 'planned' ? found.steps : []))).toEqual(['n01']);
  });

  test('nothing to do where enough are empty', async () => {
    const now = holding(four, 'n01 gpu0-1');
    expect(await consolidate(now.state, wish(3), limits)).toMatchObject({
      kind: 'planned',
      gpuMoves: 0,
      steps: [],
    });
  });

  test('all of a place, where no number is named', async () => {
    const racks = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100');
    const now = holding(racks, 'n01 gpu0-1', 'n02 gpu0-3');
    const place = { within: Path.parse('fra1/h1/r1'), atMs: t0 };
    const found = await consolidate(now.state, place, limits);
    expect(found).toMatchObject({
      kind: 'planned',
      gpuMoves: 6,
      emptyAfter: ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'],
    });
  });

  test.each([
    ['a running contract that is reserved', 'n01 gpu0 reserved'],
    ['what runs and wants the node alone', ['n01 gpu0 reserved', '', { isolation: 'node' }]],
  ] as const)('%s stays, and with it its node', async (_, line) => {
    const now = holding(world('fra1/h1/r1 2×8 H100'), line, 'n02 gpu0-3 reserved');
    expect(await consolidate(now.state, wish(1), limits)).toMatchObject({
      kind: 'impossible',
      why: '1 nodes are to be empty, and only 0 of them hold nothing that has to stay',
      staying: [
        { contract: 'C-101', why: 'runs and is reserved' },
        { contract: 'C-102', why: 'runs and is reserved' },
      ],
    });
  });

  test('one that wants its node alone goes to an empty one, or to its own tenant, never beside others', async () => {
    const three = world('fra1/h1/r1 3×8 H100');
    const alone = ['n01 gpu0', '', { isolation: 'node', tenant: 'acme' }] as const;
    const stranger = holding(three, alone, 'n02 gpu0-3 reserved', 'n03 gpu0-3 reserved');
    expect(await consolidate(stranger.state, wish(1), limits)).toMatchObject({
      kind: 'impossible',
      why: 'what may move finds no room on the other nodes',
    });
    const own = holding(three, alone, ['n02 gpu0-3 reserved', '', { tenant: 'acme' }], 'n03 gpu0-3 reserved');
    const found = await consolidate(own.state, wish(1), limits);
    expect(found).toMatchObject({ kind: 'planned', emptyAfter: ['fra1/h1/r1/n01'] });
    const to = found.kind === 'planned' ? found.steps.map((step) => step.to.node) : [];
    expect(to).toEqual(['fra1/h1/r1/n02']);
    expect(emptyNodes(walked(own.state, found.kind === 'planned' ? found.steps : []))).toEqual(['n01']);
  });

  test('others keep off the node of one that is alone', async () => {
    const now = holding(
      world('fra1/h1/r1 3×8 H100'),
      ['n01 gpu0 reserved', '', { isolation: 'node', tenant: 'acme' }],
      'n02 gpu0',
      'n03 gpu0-7 reserved',
    );
    expect(await consolidate(now.state, wish(1), limits)).toMatchObject({ kind: 'impossible' });
  });

  test('slices go where their GPU has room, and their cost is that of the GPU they are on', async () => {
    const now = [
      ['n01', '0:3g.40gb@0', 'mig:3g.40gb'],
      ['n02', '0:3g.40gb@4', 'mig:3g.40gb'],
      ['n03', '0:500', 'share:500'],
    ].reduce(
      (before, [node, slice, words]) =>
        granted(
          before,
          demand(`1×1 H100 ${words} cpu0 mem0 24h`, { tenant: 'globex', guarantee: 'preemptible' }),
          placement(24, `train 0 fra1/h1/r1/${node} ${slice}`),
        ),
      world('fra1/h1/r1 3×1 H100 gpumem80 mig'),
    );
    const found = await consolidate(now.state, wish(1), limits);
    expect(found).toMatchObject({ kind: 'planned', by: 'optimal', gpuMoves: 1 });
    const steps = found.kind === 'planned' ? found.steps : [];
    expect(steps.map(({ to }) => to.slices?.map(({ kind }) => kind))).toEqual([['mig']]);
    expect(emptyNodes(walked(now.state, steps))).toHaveLength(1);
    expect(await consolidate(now.state, wish(2), limits)).toMatchObject({ kind: 'impossible' });
  });

  test('slices and whole GPUs together', async () => {
    const two = world('fra1/h1/r1 2×2 H100 gpumem80');
    const before = holding(two, 'n01 gpu0');
    const now = granted(
      before,
      demand('1×1 H100 share:500 cpu0 mem0 24h', { tenant: 'globex', guarantee: 'preemptible' }),
      placement(24, 'train 0 fra1/h1/r1/n02 0:500'),
    );
    const found = await consolidate(now.state, wish(1), limits);
    expect(found).toMatchObject({ kind: 'planned', gpuMoves: 1 });
    expect(emptyNodes(walked(now.state, found.kind === 'planned' ? found.steps : []))).toHaveLength(1);
  });

  test('what survives a loss by spreading moves as far as it still does', async () => {
    const now = holding(spread('n01', 'n02'), 'n03 gpu0-3 reserved', 'n04 gpu0-3 reserved');
    const found = await consolidate(now.state, wish(2), limits);
    expect(found).toMatchObject({ kind: 'planned', emptyAfter: ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'] });
    const after = walked(now.state, found.kind === 'planned' ? found.steps : []);
    expect(emptyNodes(after)).toEqual(['n01', 'n02']);
    const close = holding(spread('n01', 'n02'), 'n03 gpu0-3 reserved', 'n04 gpu0-7 reserved');
    expect(await consolidate(close.state, wish(2), limits)).toMatchObject({ kind: 'impossible' });
  });

  test('spares move like members, to where they still stand in', async () => {
    const asked = demand('2×2 H100 24h', {
      tenant: 'globex',
      guarantee: 'preemptible',
      survive: { loss: 'node', membersLeft: 2 },
    });
    const where = ['train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r1/n02 gpu0-1'];
    const spared = granted(
      world('fra1/h1/r1 4×8 H100'),
      asked,
      placement(24, ...where, '+ train 2 fra1/h1/r1/n03 gpu0-1'),
    );
    const last = { within: Path.parse('fra1/h1/r1/n03'), atMs: t0 };
    const found = await consolidate(holding(spared, 'n04 gpu0-3 reserved').state, last, limits);
    expect(found).toMatchObject({ kind: 'planned', by: 'optimal', gpuMoves: 2 });
    const steps = found.kind === 'planned' ? found.steps : [];
    expect(steps.map(({ to }) => [to.part, to.replica, to.node])).toEqual([['train', 2, 'fra1/h1/r1/n04']]);
    expect(emptyNodes(walked(spared.state, steps))).toEqual(['n03']);
    // Nowhere else could it stand in for both of the others.
    const full = holding(spared, 'n04 gpu0-7 reserved');
    expect(await consolidate(full.state, last, limits)).toMatchObject({ kind: 'impossible', staying: [] });
  });

  test('flows go along, where the edges carry them', async () => {
    const asked = demand('1×2 H100 24h + load: 1×2', {
      tenant: 'globex',
      guarantee: 'preemptible',
      flows: [{ from: 'train', to: 'load', mbps: 60_000 }],
    });
    const bandwidth = ['n01', 'n02'].map((node) => ({
      fabric: 'data' as const,
      edge: Path.parse(`fra1/h1/r1/${node}`),
      mbps: 60_000,
    }));
    const held = {
      ...placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1', 'load 0 fra1/h1/r1/n02 gpu0-1'),
      bandwidth,
    };
    const now = granted(world('fra1/h1/r1 3×8 H100 nordma'), asked, held);
    const found = await consolidate(now.state, wish(2), limits);
    expect(found).toMatchObject({ kind: 'planned', gpuMoves: 2 });
    const together = walked(now.state, found.kind === 'planned' ? found.steps : []);
    expect([...together.bandwidth.values()].flat()).toEqual([]);
    const first = { within: Path.parse('fra1/h1/r1/n01'), atMs: t0 };
    const away = holding(now, 'n02 gpu2-7 reserved');
    const moved = await consolidate(away.state, first, limits);
    const after = walked(away.state, moved.kind === 'planned' ? moved.steps : []);
    expect(
      [...after.bandwidth].flatMap(([edge, holds]) => holds.map(({ mbps }) => `${edge} ${mbps}`)),
    ).toEqual(['data fra1/h1/r1/n02 60000', 'data fra1/h1/r1/n03 60000']);
  });

  test('what survives the loss of a rack is never proposed to stand in one', async () => {
    const asked = demand('2×2 H100 24h', {
      tenant: 'globex',
      guarantee: 'preemptible',
      survive: { loss: 'rack', membersLeft: 1 },
    });
    const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r2/n01 gpu0-1');
    const now = granted(world('fra1/h1/r1 2×2 H100', 'fra1/h1/r2 2×8 H100'), asked, held);
    const problem = problemOf(now.state, wish(1));
    expect(problem.groups.map(({ nodes, most }) => [nodes, most])).toEqual([
      [[0, 1], 1],
      [[2, 3], 1],
    ]);
    const [kind] = problem.kinds;
    expect(isSound(problem, [[0, 0, 2, 0]])).toBe(false);
    expect([kind?.movers.length, isSound(problem, [[0, 1, 1, 0]])]).toEqual([2, true]);
    const first = { within: Path.parse('fra1/h1/r1/n01'), atMs: t0 };
    const found = await consolidate(now.state, first, limits);
    expect(found.kind === 'planned' ? found.steps.map(({ to }) => to.node) : []).toEqual(['fra1/h1/r1/n02']);
    const both = { within: Path.parse('fra1/h1/r1'), atMs: t0 };
    expect(await consolidate(now.state, both, limits)).toMatchObject({
      kind: 'impossible',
      why: 'what may move finds no room on the other nodes',
    });
  });

  test('a reserved contract that has not begun moves, and its later hours count', async () => {
    const fleet = world('fra1/h1/r1 2×8 H100');
    const later = { ...placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3'), startMs: t0 + hourMs };
    const wishLater = demand('1×4 H100', { window: { earliestStartMs: t0 + hourMs, durationS: 23 * 3600 } });
    const held = granted(fleet, wishLater, later);
    const full = holding(held, 'n02 gpu0-5 reserved');
    expect((await consolidate(held.state, wish(2), limits)).kind).toBe('impossible');
    expect(await consolidate(holding(held, 'n02 gpu0-3 reserved').state, wish(1), limits)).toMatchObject({
      gpuMoves: 4,
    });
    expect(await consolidate(full.state, wish(1), limits)).toMatchObject({
      kind: 'impossible',
      why: 'what may move finds no room on the other nodes',
    });
  });

  test('a node with room but no joined GPUs is refused by the core, and another one is found', async () => {
    const islands = world('fra1/h1/r1 3×8 H100 nvlink island4');
    const now = holding(
      islands,
      ['n01 gpu0-3', 'link'],
      'n02 gpu0-1 reserved',
      'n02 gpu4-5 reserved',
      'n03 gpu0-2 reserved',
    );
    const found = await consolidate(now.state, wish(1), limits);
    expect(found).toMatchObject({ kind: 'planned', by: 'optimal', gpuMoves: 4 });
    expect(found.kind === 'planned' ? found.steps.map(({ to }) => [to.node, to.gpus]) : []).toEqual([
      ['fra1/h1/r1/n03', [4, 5, 6, 7]],
    ]);
  });

  test('a gang moves member by member and stays in the rack that it asked for', async () => {
    const racks = world('fra1/h1/r1 3×4 H100', 'fra1/h1/r2 2×4 H100');
    const gang = demand('2×2 H100 24h together:rack', { tenant: 'globex', guarantee: 'preemptible' });
    const members = ['train 0 fra1/h1/r1/n01 gpu0-1', 'train 1 fra1/h1/r1/n02 gpu0-1'];
    const now = granted(racks, gang, placement(24, ...members));
    const found = await consolidate(
      now.state,
      { within: Path.parse('fra1/h1/r1'), free: 2, atMs: t0 },
      limits,
    );
    expect(found).toMatchObject({ kind: 'planned', gpuMoves: 2 });
    expect((await consolidate(now.state, { within: Path.parse('fra1/h1/r1'), atMs: t0 }, limits)).kind).toBe(
      'impossible',
    );
  });

  const full = ['n01 gpu0-2', 'n01 gpu3-4 reserved', 'n02 gpu0-1', 'n02 gpu2-4 reserved', 'n03 gpu0-1'];
  const last = { within: Path.parse('fra1/h1/r1/n03'), atMs: t0 };

  test('two that wait for each other change places by way of the node that is emptied last', async () => {
    const now = holding(world('fra1/h1/r1 3×6 H100'), ...full);
    const found = await consolidate(now.state, last, limits);
    const steps = found.kind === 'planned' ? found.steps : [];
    expect(found).toMatchObject({ kind: 'planned', by: 'optimal', emptyAfter: ['fra1/h1/r1/n03'] });
    expect(steps.filter(({ isDetour }) => isDetour)).toHaveLength(1);
    expect(steps).toHaveLength(4);
    expect(emptyNodes(walked(now.state, steps))).toEqual(['n03']);
  });

  test('where no node is spare, it says that no order works', async () => {
    const now = holding(world('fra1/h1/r1 2×6 H100', 'fra1/h1/r1 1×2 H100'), ...full);
    const found = await consolidate(now.state, last, limits);
    expect(found.kind === 'impossible' ? found.why : undefined).toMatch(
      /^no order of the moves works: C-101, C-103/,
    );
  });

  test('a solver that has no time has no plan; the greedy way is proposed, and says so', async () => {
    const lines = Array.from(
      { length: 24 },
      (_, at) => `n${String(1 + (at >> 1)).padStart(2, '0')} gpu${(at % 2) * 3}-${(at % 2) * 3 + (at % 3)}`,
    );
    const now = holding(world('fra1/h1/r1 12×8 H100'), ...lines);
    const problem = problemOf(now.state, wish(3));
    expect(await optimumOf(problem, { timeLimitS: 0 })).toEqual({
      kind: 'no-plan',
      why: 'time limit reached',
    });
    const found = await consolidate(now.state, wish(3), { timeLimitS: 0 });
    expect(found).toMatchObject({
      kind: 'planned',
      by: 'greedy',
      why: 'the solver has no plan: time limit reached',
    });
    expect(
      emptyNodes(walked(now.state, found.kind === 'planned' ? found.steps : [])).length,
    ).toBeGreaterThanOrEqual(3);
  });

  test('the program is text that says what is asked', () => {
    const now = holding(world('fra1/h1/r1 2×2 H100'), 'n01 gpu0');
    expect(programOf(problemOf(now.state, wish(2)), 4)).toMatchInlineSnapshot(`
      "Minimize
       obj: 1 i0_1
      Subject To
       r0: 1 k0_0 + 1 i0_1 = 1
       r1: 1 k0_0 + 2 y0 <= 2
       r2: 1 i0_1 + 2 y1 <= 2
       r3: 1 k0_0 + 1 y0 <= 1
       r4: 1 i0_1 + 1 y1 <= 1
       r5: 1 y0 + 1 y1 >= 2
       r6: 1 i0_1 <= 4
      Bounds
       0 <= k0_0 <= 1
       0 <= i0_1 <= 1
      Generals
       k0_0
       i0_1
      Binaries
       y0
       y1
      End
      "
    `);
  });
});

/** The cheapest layout of all, found by trying every one of them. */
function cheapest(problem: Problem): number | undefined {
  const rows = problem.kinds.map((kind) => spreads(kind.movers.length, problem.nodes.length));
  let best: number | undefined;
  for (const layout of products(rows)) {
    if (!isSound(problem, layout)) continue;
    const cost = moveCostOf(problem, layout);
    if (best === undefined || cost < best) best = cost;
  }
  return best;
}

function spreads(count: number, places: number): number[][] {
  if (places === 1) return [[count]];
  return Array.from({ length: count + 1 }, (_, here) => here).flatMap((here) =>
    spreads(count - here, places - 1).map((rest) => [here, ...rest]),
  );
}

function* products(rows: readonly (readonly number[][])[], done: Layout = []): Generator<Layout> {
  const [first, ...rest] = rows;
  if (first === undefined) yield done;
  else for (const row of first) yield* products(rest, [...done, row]);
}

describe('on tiny fleets', { timeout: 120_000 }, () => {
  const tinyFleet = constantFrom(
    'fra1/h1/r1 3×4 H100 nvlink',
    'fra1/h1/r1 4×2 H100 cpu4 mem8',
    'fra1/h1/r1 3×4 H100 nvlink island2 numa2',
  );
  const holders = tuple(
    ...Array.from({ length: 6 }, () =>
      tuple(
        integer({ min: 0, max: 3 }),
        integer({ min: 0, max: 3 }),
        constantFrom(1, 1, 2, 3),
        constantFrom('preemptible', 'preemptible', 'preemptible', 'reserved'),
      ),
    ),
  );

  test('the optimum costs what the cheapest of all layouts costs, greedy no less, and every step passes the auditor', async () => {
    const counted = { planned: 0, impossible: 0, cheaper: 0 };
    const cases: { now: World; free: number }[] = [];
    assert(
      property(tinyFleet, holders, integer({ min: 1, max: 2 }), (fleet, lines, free) => {
        cases.push({ now: lines.reduce(placedWhereFree, world(fleet)), free });
      }),
      { seed, numRuns: 100 },
    );
    for (const { now, free } of cases) {
      const problem = problemOf(now.state, wish(free));
      const best = cheapest(problem);
      const greedy = greedyLayout(problem);
      const optimum = await optimumOf(problem, limits);
      expect(optimum.kind === 'optimal' ? optimum.cost : undefined).toBe(best);
      const greedyCost = greedy === undefined ? Infinity : moveCostOf(problem, greedy);
      expect(greedyCost).toBeGreaterThanOrEqual(best ?? Infinity);
      if (greedyCost > (best ?? Infinity)) counted.cheaper++;
      const found = await consolidate(now.state, wish(free), limits);
      counted[found.kind]++;
      const steps = found.kind === 'planned' ? found.steps : [];
      expect(emptyNodes(walked(now.state, steps)).length).toBeGreaterThanOrEqual(
        found.kind === 'planned' ? free : 0,
      );
    }
    expect(counted.planned).toBeGreaterThan(30);
    expect(counted.impossible).toBeGreaterThan(5);
    expect(counted.cheaper).toBeGreaterThan(0);
  });
});

type Line = readonly [node: number, from: number, count: number, guarantee: string];

/** One more holder, if the GPUs named are there and free. */
function placedWhereFree(now: World, [at, from, count, guarantee]: Line): World {
  const node = now.state.fleet.nodes[at];
  if (node === undefined || from + count > node.shape.gpus.length) return now;
  const mask = ((1 << count) - 1) << from;
  if ((now.state.calendar[node.index] ?? []).some(({ gpus }) => (gpus & mask) !== 0)) return now;
  const cpu = node.shape.cpuMilli === undefined ? '' : ` cpu${(count * 4) / 2} mem${(count * 8) / 2}`;
  const held = placement(24, `train 0 ${node.id} gpu${from}-${from + count - 1}${cpu}`);
  return granted(now, demand(`1×${count} H100 24h`, { tenant: 'globex', guarantee }), held);
}
