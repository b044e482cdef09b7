import { expect, test } from 'vitest';

import {
  benchLedgerReplay,
  drawLedgerReplay,
  type LedgerReplayReport,
} from '../../src/bench/ledger-replay.ts';

/** A clock that goes on by a millisecond each time it is read. */
function ran(nodes: number, decisions: number, seed: number): LedgerReplayReport {
  let nowNs = 0n;
  const tick = () => (nowNs += 1_000_000n);
  const steps = benchLedgerReplay({ nodes, decisions, seed, nowNs: tick, cpuNs: tick });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

test('decisions of every kind are made, and come out again byte for byte', { timeout: 60_000 }, () => {
  const report = ran(32, 300, 1);
  const { kinds, contracts, decisions } = report;
  expect(Object.keys(kinds)).toEqual([
    'contract-changed',
    'contract-granted',
    'contract-released',
    'plan-held',
    'refused',
  ]);
  expect(Object.values(kinds).reduce((sum, count) => sum + count, 0)).toBe(decisions);
  expect(kinds['contract-granted']).toBe(contracts);
  expect(drawLedgerReplay(report)).toContain(report.stateDigest);
});

test('the same seed makes the same decisions, another one others', { timeout: 60_000 }, () => {
  const [one, again, other] = [ran(16, 60, 3), ran(16, 60, 3), ran(16, 60, 4)];
  expect(again).toEqual(one);
  expect(other.decisionsDigest).not.toBe(one.decisionsDigest);
  expect(other.stateDigest).not.toBe(one.stateDigest);
});
