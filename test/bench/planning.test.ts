import { describe, expect, test } from 'vitest';

import { book } from '../../src/bench/bookings.ts';
import { makeFleet } from '../../src/bench/fleets.ts';
import { benchPlanning, type PlanningReport } from '../../src/bench/planning-bench.ts';
import { type Topic, topics } from '../../src/bench/questions.ts';
import { berth } from '../cli/run.ts';

describe('a generated fleet', () => {
  test('is what its seed says, with racks in halls, leafs under spines, and prices', () => {
    const { fleet } = makeFleet(600, 4);
    expect(
      makeFleet(600, 4).fleet.nodes.map(({ id, schedulable, downMask }) => [id, schedulable, downMask]),
    ).toEqual(fleet.nodes.map(({ id, schedulable, downMask }) => [id, schedulable, downMask]));
    expect(fleet.nodes).toHaveLength(600);
    expect(fleet.sites.map(({ id, nodes }) => [id, nodes.length])).toEqual([
      ['s1', 512],
      ['s2', 88],
    ]);
    for (const leaf of Map.groupBy(fleet.nodes, (node) => node.leaf).values())
      expect(leaf.length).toBeLessThanOrEqual(32);
    for (const node of fleet.nodes) {
      expect([node.hall, node.rack, node.spine]).not.toContain(undefined);
      const prices = fleet.sites.find(({ id }) => id === node.site)?.facts.gpuPrices ?? {};
      for (const { model } of node.shape.models) expect(prices[model]).toBeGreaterThan(0);
    }
    expect(fleet.nodes.filter(({ downMask }) => downMask !== 0).length).toBeGreaterThan(0);
    expect(fleet.nodes.filter(({ schedulable }) => !schedulable).length).toBeGreaterThan(0);
  });

  test('is booked for 90 days by contracts that never share a GPU at one time', () => {
    const steps = book(makeFleet(64, 2), 2);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    const { state, bookingCount, contractCount } = step.value;
    expect(state.contracts.size).toBe(contractCount);
    expect(state.calendar.reduce((sum, holds) => sum + holds.length, 0)).toBe(bookingCount);
    expect(bookingCount).toBeGreaterThan(64 * 20);
    for (const holds of state.calendar) {
      for (const [at, hold] of holds.entries()) {
        const beside = holds
          .slice(at + 1)
          .filter((other) => other.startMs < hold.endMs && hold.startMs < other.endMs);
        expect(beside.every((other) => (other.gpus & hold.gpus) === 0)).toBe(true);
      }
    }
  });
});

test.each(topics)(
  'bench %s asks fleets of four sizes, and index and scan agree',
  { timeout: 120_000 },
  (topic) => {
    const report = run(topic);
    expect(report.results.map(({ nodes }) => nodes)).toEqual([8, 16, 32, 64]);
    for (const { questions, scan, planned } of report.results) {
      expect(questions).toBe(4);
      expect(scan.sampled).toBeGreaterThan(0);
      expect(planned).toBeLessThanOrEqual(questions);
    }
    expect(run(topic).results.map(({ digest }) => digest)).toEqual(
      report.results.map(({ digest }) => digest),
    );
  },
);

test('berth bench prints one JSON object, and says what it cannot measure', async () => {
  const ran = await berth(['bench', 'plan', '--nodes', '16', '--questions', '2', '--scans', '1', '--json']);
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({
    topic: 'plan',
    seed: 1,
    results: [{ nodes: 2 }, {}, {}, { nodes: 16 }],
  });
  const refused = await berth(['bench', 'gang', '--nodes', '0']);
  expect(refused.stderr).toContain('is not from 1 to 100000');
});

function run(topic: Topic): PlanningReport {
  let nowNs = 0n;
  const steps = benchPlanning({
    topic,
    nodes: 64,
    seed: 1,
    questions: 4,
    scans: 1,
    nowNs: () => (nowNs += 1000n),
    cpuNs: () => nowNs,
    heapBytes: () => 0,
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
