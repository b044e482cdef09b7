import { assert, constantFrom, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Leftovers, milliOf, scarcityAt, stockOf } from '../../../src/core/place/stock.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, type World, world } from '../fleet.ts';
import { calendarsOf, spans } from '../index/holds.ts';
import { granted, placement } from '../placement.ts';
import { listed } from './wanted.ts';

const gib = 1024;
const now = { startMs: t0, endMs: t0 + hourMs };
const unrecorded = 2 ** 30;

/** Two models on one node, one of them on another, shared GPUs, and a node without any. */
const lines = [
  'r/r1 1×4 H100 cpu32 mem64',
  'r/r2 1×2 H100 cpu8 mem16',
  'r/r3 1×2 L40S cpu8 mem16 shared',
  'r/r4 1 cpu16 mem16',
  { gpus: { 'r/r1/n01/gpu1': { model: 'L40S' } } },
] as const;
const fleet = world(...lines);

function nodeAt({ state }: World, at: number) {
  const node = state.fleet.nodes[at];
  if (node === undefined) throw new Error(`no node ${at}`);
  return node;
}

function leftAt(on: World, at: number, model?: number) {
  return new Leftovers(on.state, now, false).of(nodeAt(on, at), model);
}

function sharedBy(sharing: string): Details {
  return { nodes: { 'r/r1/n01': { sharing } } };
}

describe('what a fleet has', () => {
  const stock = stockOf(fleet.state.fleet);

  test('models by name, and one more for nodes without GPUs', () => {
    expect(stock.models).toEqual(['H100', 'L40S', '']);
    expect(Array.from(stock.modelCapacity)).toEqual([5000, 3000, 0]);
  });

  test('for each node the model of which it has most', () => {
    expect(Array.from(stock.mainModel)).toEqual([0, 0, 1, 2]);
  });

  test('the first of two models of which a node has as many', () => {
    const even = world('r/r1 1×2 L40S', { gpus: { 'r/r1/n01/gpu1': { model: 'A100' } } }).state.fleet;
    expect(stockOf(even).models[stockOf(even).mainModel[0] ?? -1]).toBe('A100');
  });

  test('GPUs of each shape by model', () => {
    const masks = [0, 1, 2, 3].map((at) => stock.masks.get(nodeAt(fleet, at).shape)?.map(listed));
    expect(masks).toEqual([
      ['0,2-3', '1', '-'],
      ['0-1', '-', '-'],
      ['-', '0-1', '-'],
      ['-', '-', '-'],
    ]);
  });

  test('one capacity for each kind of node and model, none where it has no such GPU', () => {
    expect(
      stock.capacities.map(({ id, model, gpuCount, cpuMilli }) => [id, model, gpuCount, cpuMilli]),
    ).toEqual([
      ['r/r1/n01', 'H100', 3, 32_000],
      ['r/r1/n01', 'L40S', 1, 32_000],
      ['r/r2/n01', 'H100', 2, 8000],
      ['r/r3/n01', 'L40S', 2, 8000],
    ]);
  });

  test('nodes of one kind are told once, and what is not recorded is more than anybody asks for', () => {
    const { capacities } = stockOf(world('r/r1 5×4 H100').state.fleet);
    expect(capacities).toHaveLength(1);
    expect(capacities[0]).toMatchObject({ cpuMilli: unrecorded, memoryMib: unrecorded, gpuCount: 4 });
  });

  test('GPUs count whole, not quite whole where they are shared, and nothing where they are cut', () => {
    expect([0, 2].map((at) => milliOf(nodeAt(fleet, at).shape))).toEqual([1000, 999]);
    const milli = ['mps', 'mig-mixed', 'mig-single', 'unknown', 'none'].map((sharing) =>
      milliOf(nodeAt(world('r/r1 1×1 H100', sharedBy(sharing)), 0).shape),
    );
    expect(milli).toEqual([999, 0, 0, 0, 1000]);
  });
});

/** The fleet with members of others on it, for the hours given. */
function busy(hours: number, ...held: readonly string[]): World {
  return granted(fleet, demand('1×1', { tenant: 'globex' }), placement(hours, ...held));
}

describe('what a node has left', () => {
  test.each([
    [
      'all of its main model',
      [],
      0,
      undefined,
      { model: 0, wholeGpus: 3, parts: [], cpuMilli: 32_000, memoryMib: 64 * gib },
    ],
    [
      'all of another model',
      [],
      0,
      1,
      { model: 1, wholeGpus: 1, parts: [], cpuMilli: 32_000, memoryMib: 64 * gib },
    ],
    ['nothing of a model that it has not', [], 1, 1, { model: 1, wholeGpus: 0, parts: [] }],
    ['cores and memory alone', [], 3, undefined, { model: 2, wholeGpus: 0, parts: [], cpuMilli: 16_000 }],
    ['parts of GPUs that are set up for shares', [], 2, undefined, { wholeGpus: 0, parts: [999, 999] }],
    [
      'what others leave of its GPUs',
      ['a 0 r/r1/n01 gpu0,1 cpu5 mem4'],
      0,
      undefined,
      { wholeGpus: 2, cpuMilli: 27_000, memoryMib: 60 * gib },
    ],
    ['what they leave of the other model', ['a 0 r/r1/n01 gpu0,1 cpu5'], 0, 1, { wholeGpus: 0, parts: [] }],
    [
      'what shares leave of a GPU',
      ['a 0 r/r1/n01 0:300 2:600 cpu5'],
      0,
      undefined,
      { wholeGpus: 1, parts: [700, 400], cpuMilli: 27_000 },
    ],
    [
      'nothing of a GPU that is full of shares',
      ['a 0 r/r1/n01 0:600 0:400'],
      0,
      undefined,
      { wholeGpus: 2, parts: [] },
    ],
    [
      'what shares leave where all is shared',
      ['a 0 r/r3/n01 0:250'],
      2,
      undefined,
      { wholeGpus: 0, parts: [750, 999] },
    ],
    [
      'all of a node on which nothing is held',
      ['a 0 r/r1/n01 gpu0-3 cpu32'],
      1,
      undefined,
      { wholeGpus: 2, cpuMilli: 8000 },
    ],
  ])('%s', (_, held, at, model, expected) => {
    const on = held.length === 0 ? fleet : busy(1, ...held);
    expect(leftAt(on, at, model)).toMatchObject(expected);
  });

  test('a GPU that is cut by MIG, or down, has nothing left for others', () => {
    const cut = world('r/r1 1×3 H100-SXM-80GB mig gpumem80 cpu9', {
      gpus: { 'r/r1/n01/gpu2': { health: 'down' } },
    });
    const on = granted(cut, demand('1×1 mig:1g.10gb'), placement(1, 'a 0 r/r1/n01 0:1g.10gb@6'));
    expect(leftAt(on, 0)).toMatchObject({ wholeGpus: 1, parts: [] });
    expect(new Leftovers(on.state, now, false).idleOn(nodeAt(on, 0), 0)).toEqual([0, 1000, 0]);
  });

  test('a GPU that is shared at one time and cut at another has nothing left over both', () => {
    const cut = world('r/r1 1×1 H100-SXM-80GB mig gpumem80 cpu9');
    const shared = granted(cut, demand('1×1 share:500'), placement(1, 'a 0 r/r1/n01 0:500'));
    const wide = { startMs: t0, endMs: t0 + 2 * hourMs };
    const then = { ...placement(2, 'a 0 r/r1/n01 0:1g.10gb@6'), startMs: t0 + hourMs };
    const both = granted(shared, demand('1×1 mig:1g.10gb'), then);
    expect(new Leftovers(shared.state, wide, false).idleOn(nodeAt(shared, 0), 0)).toEqual([500]);
    expect(new Leftovers(both.state, wide, false).idleOn(nodeAt(both, 0), 0)).toEqual([0]);
  });

  test('over a longer window, the least that is left at any time', () => {
    const first = busy(1, 'a 0 r/r1/n01 gpu0 cpu5');
    const then = { ...placement(2, 'b 0 r/r1/n01 gpu2 cpu9'), startMs: t0 + hourMs };
    const on = granted(first, demand('1×1', { tenant: 'globex' }), then);
    const over = (from: number, to: number) =>
      new Leftovers(on.state, { startMs: t0 + from * hourMs, endMs: t0 + to * hourMs }, false).of(
        nodeAt(on, 0),
      );
    expect(over(0, 1)).toMatchObject({ wholeGpus: 2, cpuMilli: 27_000 });
    expect(over(1, 2)).toMatchObject({ wholeGpus: 2, cpuMilli: 23_000 });
    expect(over(0, 2)).toMatchObject({ wholeGpus: 1, cpuMilli: 23_000 });
    expect(over(2, 3)).toMatchObject({ wholeGpus: 3, cpuMilli: 32_000 });
  });

  test('what is not recorded is more than anybody asks for, whatever is held', () => {
    const dark = granted(world('r/r1 1×2 H100'), demand('1×1'), placement(1, 'a 0 r/r1/n01 gpu0 cpu5 mem5'));
    expect(leftAt(dark, 0)).toMatchObject({ wholeGpus: 1, cpuMilli: unrecorded, memoryMib: unrecorded });
  });

  test('GPU by GPU, nothing of other models', () => {
    const on = busy(1, 'a 0 r/r1/n01 0:300 gpu3');
    const left = new Leftovers(on.state, now, false);
    expect(left.idleOn(nodeAt(on, 0), 0)).toEqual([700, 0, 1000, 0]);
    expect(left.idleOn(nodeAt(on, 0), 1)).toEqual([0, 1000, 0, 0]);
    expect(left.idleOn(nodeAt(on, 3), 0)).toEqual([]);
  });
});

describe('the index and the calendar itself', () => {
  test('say the same of every node, model and window', () => {
    const withShares = busy(9, 'a 0 r/r2/n01 0:300', 'a 1 r/r3/n01 1:900');
    for (const on of [fleet, withShares]) {
      assert(
        property(calendarsOf(on.state), spans, (calendar, span) => {
          const both = on.state.fleet.nodes.map((_, at) => [
            ...(on.state.calendar[at] ?? []),
            ...(calendar[at] ?? []),
          ]);
          const state = { ...on.state, calendar: both };
          const [indexed, plain] = [new Leftovers(state, span, false), new Leftovers(state, span, true)];
          for (const node of state.fleet.nodes) {
            for (const model of [0, 1, 2]) {
              const left = plain.of(node, model);
              expect(indexed.of(node, model)).toEqual(left);
              expect(indexed.idleOn(node, model)).toEqual(plain.idleOn(node, model));
              const milli = left.parts.reduce((sum, part) => sum + part, left.wholeGpus * 1000);
              expect([indexed.gpuMilliOn(node, model), plain.gpuMilliOn(node, model)]).toEqual([
                milli,
                milli,
              ]);
              const idle = plain.idleOn(node, model).reduce((sum, one) => sum + one, 0);
              expect(idle).toBe(milli);
            }
          }
        }),
        { seed, numRuns: 60 },
      );
    }
  });
});

/** GPU milli and CPU milli by model. */
function leftOfFleet({ state }: World, atMs: number, isPlain = false) {
  const { gpuMilli, cpuMilli } = scarcityAt(state, atMs, { withCores: true, isPlain });
  return { gpus: Array.from(gpuMilli), cores: Array.from(cpuMilli) };
}

describe('what is left of the whole fleet at an instant', () => {
  test('is all of it by model, cores by the model of which a node has most', () => {
    expect(leftOfFleet(fleet, t0)).toEqual({
      gpus: [5000, 1000 + 2 * 999, 0],
      cores: [40_000, 8000, 16_000],
    });
  });

  test('less what is held just then, and not what ends or begins', () => {
    const on = busy(2, 'a 0 r/r1/n01 gpu0,1 cpu5', 'a 1 r/r3/n01 0:400 cpu1', 'a 2 r/r4/n01 cpu6');
    const held = { gpus: [4000, 600 + 999, 0], cores: [35_000, 7000, 10_000] };
    expect([t0, t0 + 2 * hourMs - 1].map((atMs) => leftOfFleet(on, atMs))).toEqual([held, held]);
    expect([t0 - 1, t0 + 2 * hourMs].map((atMs) => leftOfFleet(on, atMs))).toEqual([
      leftOfFleet(fleet, t0),
      leftOfFleet(fleet, t0),
    ]);
  });

  test('without nodes that are down or cordoned', () => {
    const some = world(...lines, {
      nodes: { 'r/r1/n01': { health: 'down' }, 'r/r4/n01': { schedulable: false } },
    });
    expect(leftOfFleet(some, t0)).toEqual({ gpus: [2000, 2 * 999, 0], cores: [8000, 8000, 0] });
  });

  test('counts cores only for those who ask for them', () => {
    const on = busy(2, 'a 0 r/r1/n01 gpu0 cpu5');
    const gpusOnly = () =>
      Array.from(scarcityAt(on.state, t0, { withCores: false, isPlain: false }).cpuMilli);
    expect(gpusOnly()).toEqual([]);
    expect(leftOfFleet(on, t0).cores).toEqual([35_000, 8000, 16_000]);
    expect(gpusOnly()).toEqual([]);
  });

  test('is the same by the calendar itself, asked in any order', () => {
    assert(
      property(
        calendarsOf(fleet.state),
        tuple(...[0, 1, 2].map(() => constantFrom(0, 3, 8, 12))),
        (calendar, hours) => {
          const on: World = { ...fleet, state: { ...fleet.state, calendar } };
          for (const hour of hours) {
            const atMs = t0 + hour * hourMs;
            expect(leftOfFleet(on, atMs)).toEqual(leftOfFleet(on, atMs, true));
          }
        },
      ),
      { seed, numRuns: 60 },
    );
  });
});
