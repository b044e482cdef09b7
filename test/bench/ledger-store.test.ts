import { expect, test } from 'vitest';

import { benchLedgerStore, drawLedgerStore } from '../../src/bench/ledger-store.ts';

test('a small ledger is filled, opened, copied and proved from, and every figure is one', async () => {
  let ns = 0n;
  const tick = () => (ns += 1_000_000n);
  const steps = benchLedgerStore({
    entries: 2_300,
    leaves: 700,
    seed: 3,
    folder: undefined,
    nowNs: tick,
    cpuNs: tick,
    rssBytes: () => 2 ** 27,
  });
  let step = await steps.next();
  while (step.done !== true) step = await steps.next();
  const report = step.value;
  expect(report).toMatchObject({ entries: 2_300, open: { rssMib: 128 }, proofs: { leaves: 700 } });
  expect(report.entryBytes).toBeGreaterThan(500);
  expect(report.proofs.bytes).toBeLessThan(4 * 1024);
  for (const { p50Ms, p99Ms, perSecond } of [report.single, report.grouped]) {
    expect([p50Ms, p99Ms]).toEqual([1, 1]);
    expect(perSecond).toBeGreaterThan(0);
  }
  expect(drawLedgerStore(report).split('\n')).toHaveLength(8);
}, 60_000);
