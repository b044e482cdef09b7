import { array, assert, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { edgeKey, type EdgeHold } from '../../../src/core/calendar/edges.ts';
import { firstTransfer } from '../../../src/core/place/fabric/move.ts';
import { DatasetId } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { t0, world } from '../fleet.ts';

/** 1 GiB at 1 Mbit/s takes 8,590 of these. */
const stepMs = 1000;
const steps = 24_000;
const grain = 1000;

const holds = array(
  record({
    from: integer({ min: 0, max: 16 }),
    length: integer({ min: 1, max: 8 }),
    mbps: integer({ min: 1, max: 4 }),
  }),
  { maxLength: 5 },
);

function held(list: readonly { from: number; length: number; mbps: number }[]): EdgeHold[] {
  return list.map(({ from, length, mbps }) => ({
    holder: 'C-1',
    startMs: t0 + from * grain * stepMs,
    endMs: t0 + (from + length) * grain * stepMs,
    mbps,
  }));
}

function freeAt(capacity: number, list: readonly EdgeHold[], atMs: number): number {
  return list.reduce(
    (left, { startMs, endMs, mbps }) => (startMs <= atMs && atMs < endMs ? left - mbps : left),
    capacity,
  );
}

test('no move at any rate from any later start is there sooner', () => {
  const seen = { waits: 0, slow: 0 };
  assert(
    property(
      holds,
      holds,
      integer({ min: 4, max: 8 }),
      integer({ min: 4, max: 8 }),
      (onLink, onPool, link, pool) => {
        const fleet = world('ams2/a1 1 cpu1', 'fra1/r1 1 cpu1', {
          pools: { 'fra1/p': { mbps: pool, datasets: [{ id: 'corpus', sizeGib: 1 }] } },
          wanLinks: { 'fra1/wan': { from: 'ams2', to: 'fra1', mbps: link } },
        });
        const [linkHolds, poolHolds] = [held(onLink), held(onPool)];
        const bandwidth = new Map([
          [edgeKey('wan', 'fra1/wan'), linkHolds],
          [edgeKey('storage', 'fra1/p'), poolHolds],
        ]);
        const [site] = fleet.state.fleet.sites;
        if (site === undefined) throw new Error('no site');
        const found = firstTransfer({ ...fleet.state, bandwidth }, site, DatasetId.parse('corpus'), t0);
        const free = (atMs: number) => Math.min(freeAt(link, linkHolds, atMs), freeAt(pool, poolHolds, atMs));
        let bestMs = Infinity;
        for (let at = 0; at <= steps; at += grain) {
          const startMs = t0 + at * stepMs;
          for (let mbps = 1; mbps <= 8; mbps++) {
            const endMs = startMs + Math.ceil((8 * 1024 ** 3) / (mbps * 1000));
            const isFree = [startMs, ...[...linkHolds, ...poolHolds].map((entry) => entry.startMs)]
              .filter((atMs) => startMs <= atMs && atMs < endMs)
              .every((atMs) => free(atMs) >= mbps);
            if (isFree) bestMs = Math.min(bestMs, endMs);
          }
        }
        expect(found?.endMs).toBe(bestMs);
        if (found !== undefined && found.startMs > t0) seen.waits++;
        if (found !== undefined && found.mbps < Math.min(link, pool)) seen.slow++;
      },
    ),
    { seed, numRuns: 500 },
  );
  expect(seen.waits).toBeGreaterThan(50);
  expect(seen.slow).toBeGreaterThan(50);
});
