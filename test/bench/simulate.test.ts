import { expect, test } from 'vitest';

import { benchSimulate, drawSimulate, type SimulateReport } from '../../src/bench/simulate-bench.ts';

function run(seed: number): SimulateReport {
  let ns = 0n;
  const steps = benchSimulate({
    nodes: 64,
    seed,
    losses: 3,
    nowNs: () => (ns += 5n),
    cpuNs: () => (ns += 3n),
  });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

test('what a lost rack hits is what stands in it, and the same each time', { timeout: 60_000 }, () => {
  const report = run(3);
  expect(report.results.map(({ nodes }) => nodes)).toEqual([8, 16, 32, 64]);
  const largest = report.results.at(-1);
  expect(largest?.losses).toBe(3);
  expect(largest?.hit).toBeGreaterThan(0);
  expect((largest?.rePlaced ?? 0) + (largest?.stuck ?? 0)).toBe(Math.round(3 * (largest?.hit ?? 0)));
  expect(run(3).results.map(({ digest }) => digest)).toEqual(report.results.map(({ digest }) => digest));
  expect(drawSimulate(report).trimEnd().split('\n')).toHaveLength(5);
});
