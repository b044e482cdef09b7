import { describe, expect, test } from 'vitest';

import { crowdedState } from '../../src/bench/crowd.ts';
import { benchDefrag, drawDefrag } from '../../src/bench/defrag.ts';

const options = { nodes: 12, full: 75, free: 2, seed: 3, timeLimitS: 20, nowNs: () => 0n };

describe('the crowded fleet', () => {
  test('is as full as asked, the same for the same seed, and scattered', () => {
    const one = crowdedState(12, { seed: 3, fullPercent: 75 });
    const same = crowdedState(12, { seed: 3, fullPercent: 75 });
    const other = crowdedState(12, { seed: 4, fullPercent: 75 });
    expect(same.calendarDigest).toBe(one.calendarDigest);
    expect(other.calendarDigest).not.toBe(one.calendarDigest);
    const used = [...one.contracts].reduce(
      (sum, { placement }) => sum + (placement.members[0]?.gpus.length ?? 0),
      0,
    );
    expect(used).toBeGreaterThanOrEqual(72);
    expect(used).toBeLessThan(80);
  });
});

describe('its defragmentation', () => {
  test('is proved to be the best and is no worse than the greedy one', async () => {
    const report = await benchDefrag(options);
    expect(report).toMatchObject({ nodes: 12, gpus: 96, outcome: 'optimal', tookMs: 0 });
    expect(report.emptyAfter).toBeGreaterThanOrEqual(report.emptyBefore + 2);
    expect(report.gpuMoves).toBeLessThanOrEqual(report.greedyGpuMoves ?? Infinity);
    expect(drawDefrag(report)).toContain('12 nodes, 96 GPUs 75 % in use');
  });

  test('says so when more is asked than can be', async () => {
    const report = await benchDefrag({ ...options, free: 12 });
    expect(report).toMatchObject({ outcome: 'impossible', gpuMoves: null, greedyGpuMoves: null, steps: 0 });
    expect(drawDefrag(report)).toContain('impossible: no plan');
  });
});
