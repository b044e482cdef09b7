import { describe, expect, test } from 'vitest';

import { drawArrivals } from '../../src/bench/arrivals.ts';
import { benchMixes } from '../../src/bench/mix-bench.ts';
import { mixes, mixGpuMilli, mixList, mixNodeCount, mixNodes } from '../../src/bench/mixes.ts';
import { gpuMilliOf } from '../../src/core/packing/shape.ts';
import { berth } from '../cli/run.ts';

describe('made-up mixes', () => {
  test.each(mixes)('$name is what it says', (mix) => {
    const list = mixList(mix, 3);
    const withGpus = list.filter(({ gpuCount }) => gpuCount > 0);
    const typed = withGpus.filter(({ models }) => models.length > 0);
    expect(Math.abs(percent(list.length - withGpus.length, list.length) - mix.cpuOnly)).toBeLessThan(4);
    expect(Math.abs(percent(typed.length, withGpus.length) - mix.typed)).toBeLessThan(4);
    const milli = list.reduce((sum, shape) => sum + gpuMilliOf(shape), 0);
    expect(milli).toBeGreaterThanOrEqual(mixGpuMilli);
    expect(milli).toBeLessThan(mixGpuMilli + 8000);
    expect(mixList(mix, 3)).toEqual(list);
    expect(mixList(mix, 4)).not.toEqual(list);
  });

  test('arrivals are the whole list, then clones up to 130 % of the GPUs', () => {
    const [mix] = mixes;
    if (mix === undefined) throw new Error('no mix');
    const list = mixList(mix, 1);
    const { pods, nodePerm } = drawArrivals(list, { gpuMilli: mixGpuMilli, nodeCount: mixNodeCount }, 1);
    expect(pods.slice(0, list.length).toSorted((a, b) => a - b)).toEqual([...list.keys()]);
    const milli = pods.reduce((sum, pod) => sum + gpuMilliOf(list[pod] ?? { gpuCount: 0, gpuMilli: 0 }), 0);
    expect(milli / mixGpuMilli).toBeGreaterThan(1.29);
    expect(milli / mixGpuMilli).toBeLessThanOrEqual(1.3);
    expect(nodePerm.toSorted((a, b) => a - b)).toEqual([...mixNodes(nodePerm).keys()]);
  });

  test('a list that hardly asks for GPUs, or for none, comes to an end', () => {
    const cpuOnly = { cpuMilli: 1, memoryMib: 1, gpuCount: 0, gpuMilli: 0, models: [] };
    const many = drawArrivals([cpuOnly, cpuOnly], { gpuMilli: 1e9, nodeCount: 1 }, 1).pods;
    expect(many).toHaveLength(200);
  });

  test(
    'the first mix: same seed, same figures; the default policy is level with the best',
    { timeout: 60_000 },
    () => {
      const [first, again] = [benchMixes(1).next().value, benchMixes(1).next().value];
      expect(again).toEqual(first);
      const ahead = first?.ahead ?? {};
      expect(Object.keys(ahead)).toEqual(['90', '95', '100', '130']);
      for (const points of Object.values(ahead)) expect(points).toBeGreaterThanOrEqual(-0.2);
    },
  );

  test('a stop between two mixes stops', async () => {
    const stopped = new AbortController();
    stopped.abort();
    const ran = await berth(['bench', 'mixes'], { interrupt: stopped.signal });
    expect(ran).toMatchObject({ code: 130, stdout: '' });
  });
});

function percent(part: number, whole: number): number {
  return (100 * part) / whole;
}
