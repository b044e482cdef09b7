import { describe, expect, test } from 'vitest';

import { drawArrivals } from '../../src/bench/arrivals.ts';
import { benchMixes, mixesFor, type MixResult, orderSeed, summaryOf } from '../../src/bench/mix-bench.ts';
import { drawMix, mixFamilies, type MixFamily } from '../../src/bench/mix-draw.ts';
import { drawFleet, mixFleets, nodesOfFleet, sumOfFleet } from '../../src/bench/mix-fleets.ts';
import { mixes, mixList } from '../../src/bench/mixes.ts';
import { Random } from '../../src/bench/random.ts';
import { replay } from '../../src/bench/replay.ts';
import { drawMixes } from '../../src/bench/tables.ts';
import type { Base } from '../../src/core/packing/bases.ts';
import { Nodes } from '../../src/core/packing/nodes.ts';
import { policyNames } from '../../src/core/packing/policies.ts';
import { gpuMilliOf, Shapes } from '../../src/core/packing/shape.ts';
import { berth } from '../cli/run.ts';

describe('made-up mixes', () => {
  test.each(mixes)('$name is what it says', (mix) => {
    const list = mixList(mix, new Random(3));
    const withGpus = list.filter(({ gpuCount }) => gpuCount > 0);
    const typed = withGpus.filter(({ models }) => models.length > 0);
    expect(Math.abs(percent(list.length - withGpus.length, list.length) - mix.cpuOnly)).toBeLessThan(4);
    expect(Math.abs(percent(typed.length, withGpus.length) - mix.typed)).toBeLessThan(4);
    const { gpuMilli } = sumOfFleet(mix.fleet);
    const milli = list.reduce((sum, shape) => sum + gpuMilliOf(shape), 0);
    expect(milli).toBeGreaterThanOrEqual(gpuMilli);
    expect(milli).toBeLessThan(gpuMilli + 8000);
    expect(mixList(mix, new Random(3))).toEqual(list);
    expect(mixList(mix, new Random(4))).not.toEqual(list);
  });

  test('arrivals are the whole list, then clones up to 130 % of the GPUs', () => {
    const [mix] = mixes;
    if (mix === undefined) throw new Error('no mix');
    const list = mixList(mix, new Random(1));
    const { gpuMilli, nodeCount } = sumOfFleet(mix.fleet);
    const { pods, nodePerm } = drawArrivals(list, { gpuMilli, nodeCount }, 1);
    expect(pods.slice(0, list.length).toSorted((a, b) => a - b)).toEqual([...list.keys()]);
    const milli = pods.reduce((sum, pod) => sum + gpuMilliOf(list[pod] ?? { gpuCount: 0, gpuMilli: 0 }), 0);
    expect(milli / gpuMilli).toBeGreaterThan(1.29);
    expect(milli / gpuMilli).toBeLessThanOrEqual(1.3);
    expect(nodePerm.toSorted((a, b) => a - b)).toEqual([...nodesOfFleet(mix.fleet, nodePerm).keys()]);
  });

  test('a list that hardly asks for GPUs, or for none, comes to an end', () => {
    const cpuOnly = { cpuMilli: 1, memoryMib: 1, gpuCount: 0, gpuMilli: 0, models: [] };
    const many = drawArrivals([cpuOnly, cpuOnly], { gpuMilli: 1e9, nodeCount: 1 }, 1).pods;
    expect(many).toHaveLength(200);
    const mix = { ...plain(), cpuOnly: 100 };
    expect(mixList(mix, new Random(1))).toHaveLength(64 * sumOfFleet(mix.fleet).nodeCount);
  });
});

describe('random mixes', () => {
  const numbers = Array.from({ length: 8 }, (_, number) => number);

  test.each(mixFamilies)('%s: the same draws give the same, and every request is one', (family) => {
    for (const number of numbers) {
      const mix = drawMix(family, new Random(number));
      expect(drawMix(family, new Random(number))).toEqual(mix);
      const nodes = new Nodes(nodesOfFleet(mix.fleet, []));
      const shapes = new Shapes(nodes.models);
      const list = mixList(mix, new Random(number));
      for (const shape of list) shapes.idOf(shape);
      expect(Math.max(...list.map(({ gpuCount }) => gpuCount))).toBeLessThanOrEqual(
        Math.max(...mix.fleet.map(({ gpuCount }) => gpuCount)),
      );
      expect(list.flatMap(({ models }) => models).filter((model) => !nodes.models.includes(model))).toEqual(
        [],
      );
    }
  });

  test('families are what they say', () => {
    const figures = new Map(mixFamilies.map((family) => [family, demandsOf(family, numbers)]));
    const mean = (family: MixFamily, figure: 'cpu' | 'memory' | 'multi' | 'typed') =>
      total(figures.get(family) ?? [], (demand) => demand[figure]) / numbers.length;
    const [usual, cpuScarce] = [mean('plain', 'cpu'), mean('cpu-scarce', 'cpu')];
    expect(cpuScarce).toBeGreaterThan(1.3 * usual);
    expect(mean('memory-scarce', 'memory')).toBeGreaterThan(1.3 * mean('plain', 'memory'));
    expect(mean('multi-gpu', 'multi')).toBeGreaterThan(3 * mean('plain', 'multi'));
    expect(mean('typed', 'typed')).toBeGreaterThan(0.05);
    expect(mean('plain', 'typed')).toBe(0);
  });

  test('random fleets have from one to six kinds of nodes, and more than 400 GPUs', () => {
    const fleets = Array.from({ length: 60 }, (_, number) => drawFleet(new Random(number)));
    expect(new Set(fleets.map((fleet) => fleet.length))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    for (const fleet of fleets) expect(sumOfFleet(fleet).gpuMilli).toBeGreaterThan(400_000);
  });

  test('named fleets are what they are called', () => {
    const sizes = Object.fromEntries(
      Object.entries(mixFleets).map(([name, fleet]) => [
        name,
        [...new Set(fleet.map(({ gpuCount }) => gpuCount))].toSorted((a, b) => a - b),
      ]),
    );
    expect(sizes).toEqual({
      mixed: [1, 2, 4, 8],
      eights: [8],
      'fours-and-eights': [4, 8],
      singles: [1, 8],
      'lean-eights': [8],
    });
  });
});

describe('the use of a small fleet, to the GPU milli', () => {
  test.each([
    [
      'plain',
      'default 104010, power 104340, fgd 104340, bestfit 104340, packing 104010, clustering 104340, dotprod 103360',
    ],
    [
      'typed',
      'default 102670, power 102660, fgd 102150, bestfit 102250, packing 102320, clustering 102120, dotprod 103060',
    ],
    [
      'cpu-scarce',
      'default 103750, power 103750, fgd 103530, bestfit 102910, packing 95470, clustering 95310, dotprod 102980',
    ],
    [
      'memory-scarce',
      'default 104340, power 104340, fgd 104340, bestfit 104340, packing 104010, clustering 104010, dotprod 103360',
    ],
  ] as const)('%s', { timeout: 60_000 }, (family, used) => {
    const scenario = smallScenario(family);
    const found = policyNames.map((policy) => `${policy} ${replay(scenario, { policy }).usedMilli}`);
    expect(found.join(', ')).toBe(used);
  });

  test('one base lasts where it leads throughout, two where another leads late', { timeout: 60_000 }, () => {
    expect(baseOf('plain')).not.toHaveProperty('late');
    expect(baseOf('typed')).toHaveProperty('late');
  });
});

describe('berth bench mixes', () => {
  test(
    'the first mix: same seed, same figures; the default policy is level with the best',
    { timeout: 120_000 },
    () => {
      const [first, again] = [
        benchMixes({ seed: 1, count: 0 }).next().value,
        benchMixes({ seed: 1, count: 5 }).next().value,
      ];
      expect(again).toEqual(first);
      const ahead = first?.ahead ?? {};
      expect(Object.keys(ahead)).toEqual(['90', '95', '100', '110', '120', '130']);
      expect(first?.worst).toBe(Math.min(...Object.values(ahead)));
      expect(first?.worst).toBeGreaterThanOrEqual(-0.2);
    },
  );

  test('over several orders of arrival: the mean of each', { timeout: 120_000 }, () => {
    const [result] = benchMixes({ seed: 5, count: 0, only: 'many-multi', orders: 2 });
    const found = mixes.find(({ name }) => name === 'many-multi');
    if (found === undefined) throw new Error('no such mix');
    const list = mixList(found, new Random(5));
    const { gpuMilli, nodeCount } = sumOfFleet(found.fleet);
    const uses = [0, 1].map((order) => {
      const { pods, nodePerm } = drawArrivals(list, { gpuMilli, nodeCount }, orderSeed(5, order));
      const scenario = { nodes: nodesOfFleet(found.fleet, nodePerm), list, arrivals: pods };
      return replay(scenario, { policy: 'bestfit' }).allocation;
    });
    expect(uses[0]).not.toEqual(uses[1]);
    for (const column of [90, 95, 100, 110, 120, 130]) {
      const mean = total(uses, (use) => use.get(column) ?? 0) / 200;
      expect(Math.abs((result?.alloc.bestfit[column] ?? 0) - mean)).toBeLessThanOrEqual(0.005 + 1e-9);
    }
  });

  test('the first order is that of the seed; no two are alike', () => {
    expect(orderSeed(7, 0)).toBe(7);
    const seeds = [1, 2, 3].flatMap((seed) =>
      Array.from({ length: 100 }, (_, order) => orderSeed(seed, order)),
    );
    expect(new Set(seeds).size).toBe(300);
    for (const seed of seeds) expect(seed >>> 0).toBe(seed);
  });

  test('has the named mixes and random ones of every family, and a greater count only adds some', () => {
    const few = [...mixesFor(3, 7)].map(({ mix }) => mix);
    const many = [...mixesFor(3, 9)].map(({ mix }) => mix);
    expect(few.slice(0, mixes.length)).toEqual(mixes);
    expect(few.slice(mixes.length).map(({ name }) => name.split('/')[0])).toEqual([...mixFamilies]);
    expect(many.slice(0, few.length)).toEqual(few);
    expect(many).toHaveLength(mixes.length + 9);
    const next = [...mixesFor(4, 7)].map(({ mix }) => mix).slice(mixes.length);
    for (const mix of next) expect(few).not.toContainEqual(mix);
  });

  test('the summary counts verdicts and knows the worst', () => {
    const results = [made(-0.9, 'behind'), made(-0.2, 'level'), made(0, 'ahead'), made(-0.1, 'ahead')];
    expect(summaryOf(results)).toEqual({ ahead: 2, level: 1, behind: 1, worst: -0.9 });
    expect(summaryOf([])).toEqual({ ahead: 0, level: 0, behind: 0, worst: 0 });
    expect(drawMixes(results)).toContain(
      '4 mixes: ahead in 2, level (within 0.2 points) in 1, behind somewhere in 1; worst -0.90',
    );
    // A column that no request fell on has no figure.
    expect(drawMixes(results)).toMatch(/^made +98\.00 +-0\.90 +–/m);
  });

  test('a base that turns is shown with what it turns into', () => {
    const late = { name: 'packing', weights: { wholePoints: 0, strandedPoints: 50 } } as const;
    const base = { name: 'fgd', weights: { wholePoints: 8, strandedPoints: 50 }, late } as const;
    expect(drawMixes([{ ...made(0, 'level'), base }])).toContain(
      'thrifty fgd, whole 8, stranded 50; then thrifty packing, whole 0, stranded 50\n',
    );
  });

  test('a stop between two mixes stops', { timeout: 120_000 }, async () => {
    const stopped = new AbortController();
    stopped.abort();
    const ran = await berth(['bench', 'mixes'], { interrupt: stopped.signal });
    expect(ran).toMatchObject({ code: 130, stdout: '' });
  });

  test(
    'prints one object for programs, and the mixes that were asked for',
    { timeout: 120_000 },
    async () => {
      const ran = await berth([
        'bench',
        'mixes',
        '--seed',
        '1',
        '--count',
        '0',
        '--only',
        'many-multi',
        '--json',
      ]);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const [result] = benchMixes({ seed: 1, count: 0, only: 'many-multi' });
      const report: unknown = JSON.parse(ran.stdout);
      expect(report).toEqual({
        seed: 1,
        count: 0,
        orders: 1,
        summary: summaryOf(result ? [result] : []),
        mixes: [result],
      });
      expect(result).toMatchObject({ mix: 'many-multi', nodeCount: 600 });
      expect(Object.keys(result?.alloc ?? {})).toEqual([
        'default',
        'fgd',
        'bestfit',
        'packing',
        'clustering',
        'dotprod',
      ]);
      for (const [column, best] of Object.entries(result?.best ?? {})) {
        expect((result?.alloc.default[column] ?? 0) - best).toBeCloseTo(result?.ahead[column] ?? 100, 9);
        expect(result?.alloc.fgd[column]).toBeLessThanOrEqual(best);
      }
    },
  );

  test('a name that no mix has is refused with those that there are', async () => {
    const ran = await berth(['bench', 'mixes', '--count', '1', '--only', 'nope']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('no mix has `nope` in its name');
    expect(ran.stderr).toContain('typed-20-scarce-multi');
  });

  test.each(['0', '101'])('%s orders of arrival are refused', async (orders) => {
    const ran = await berth(['bench', 'mixes', '--orders', orders]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(`\`--orders ${orders}\` is not from 1 to 100`);
  });

  test('more mixes than anybody waits for are refused', async () => {
    const ran = await berth(['bench', 'mixes', '--count', '10001']);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('more than 10,000');
  });
});

/** CPUs, memory, and requests for several GPUs and for models, of random mixes; all against their requests for GPUs. */
function demandsOf(family: MixFamily, numbers: readonly number[]) {
  return numbers.map((number) => {
    const random = new Random(number);
    const mix = drawMix(family, random);
    const list = mixList(mix, random);
    const { gpuMilli, cpuMilli, memoryMib } = sumOfFleet(mix.fleet);
    const requested = total(list, gpuMilliOf) / gpuMilli;
    return {
      cpu: total(list, (shape) => shape.cpuMilli) / cpuMilli / requested,
      memory: total(list, (shape) => shape.memoryMib) / memoryMib / requested,
      multi: total(list, ({ gpuCount }) => Number(gpuCount > 1)) / list.length,
      typed: total(list, ({ models }) => Number(models.length > 0)) / list.length,
    };
  });
}

function baseOf(family: MixFamily): Base {
  return replay(smallScenario(family), { policy: 'default' }).base;
}

function smallScenario(family: MixFamily) {
  const list = mixList({ ...drawMix(family, new Random(5)), fleet: smallFleet }, new Random(6));
  const { pods, nodePerm } = drawArrivals(list, sumOfFleet(smallFleet), 7);
  return { nodes: nodesOfFleet(smallFleet, nodePerm), list, arrivals: pods };
}

const smallFleet = [
  { model: 'A100', gpuCount: 8, cpuMilli: 96_000, memoryMib: 786_432, count: 9 },
  { model: 'T4', gpuCount: 2, cpuMilli: 32_000, memoryMib: 131_072, count: 14 },
  { model: 'P100', gpuCount: 1, cpuMilli: 16_000, memoryMib: 65_536, count: 6 },
];

function plain() {
  const [mix] = mixes;
  if (mix === undefined) throw new Error('no mix');
  return mix;
}

function made(worst: number, verdict: MixResult['verdict']): MixResult {
  const alloc = { 90: 98 };
  return {
    mix: 'made',
    nodeCount: 1,
    requestCount: 1,
    base: { name: 'fgd' },
    alloc: { default: alloc, fgd: alloc, bestfit: alloc, packing: alloc, clustering: alloc, dotprod: alloc },
    best: { 90: 98 - worst },
    ahead: { 90: worst },
    worst,
    verdict,
  };
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

function percent(part: number, whole: number): number {
  return (100 * part) / whole;
}
