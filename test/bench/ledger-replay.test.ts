import { join } from 'node:path';

import { expect, test } from 'vitest';

import { KeptReader, packed, unpacked } from '../../src/bench/ledger-lines.ts';
import {
  benchLedgerReplay,
  drawLedgerReplay,
  type LedgerReplayReport,
  replayKept,
} from '../../src/bench/ledger-replay.ts';

type Size = { readonly nodes: number; readonly decisions: number; readonly seed: number };

/** A clock that goes on by a millisecond each time it is read. */
function timed(size: Size) {
  let nowNs = 0n;
  const tick = () => (nowNs += 1_000_000n);
  return { ...size, nowNs: tick, cpuNs: tick };
}

function ran(nodes: number, decisions: number, seed: number): LedgerReplayReport {
  return ended(benchLedgerReplay(timed({ nodes, decisions, seed })));
}

function ended(steps: Generator<unknown, LedgerReplayReport>): LedgerReplayReport {
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

const small = { nodes: 16, decisions: 60, seed: 3 };

function keptOf(size: Size): { readonly blocks: readonly Uint8Array[]; readonly report: LedgerReplayReport } {
  const blocks: Uint8Array[] = [];
  const report = ended(benchLedgerReplay(timed(size), (block) => blocks.push(block)));
  return { blocks, report };
}

/** The same blocks with one line of them changed. */
function changed(blocks: readonly Uint8Array[], at: number, change: (text: string) => string): Uint8Array[] {
  const lines = blocks.flatMap((block) => unpacked(block));
  return [packed(lines.map((line, index) => (index === at ? { ...line, entry: change(line.entry) } : line)))];
}

test('what was kept is replayed alone, to the same digests', { timeout: 60_000 }, () => {
  const { blocks, report } = keptOf(small);
  const { making: _making, ...rest } = report;
  expect(ended(replayKept(timed(small), blocks))).toEqual(rest);
  expect(drawLedgerReplay(rest)).not.toContain('making');
});

test('a replay stops at the first byte that is another one', { timeout: 60_000 }, () => {
  const { blocks } = keptOf(small);
  const grants = blocks
    .flatMap((block) => unpacked(block))
    .findIndex(({ entry }) => entry.includes('totalMicroEur'));
  const forged = changed(blocks, grants, (entry) =>
    entry.replace(/"totalMicroEur":[0-9]/, '"totalMicroEur":9'),
  );
  expect(() => ended(replayKept(timed(small), forged))).toThrow(`decision ${grants} was decided differently`);
  const plans = blocks.flatMap((block) => unpacked(block)).map((line) => line.plan ?? '');
  const swapped = blocks
    .flatMap((block) => unpacked(block))
    .map((line, at) =>
      at === grants ? { ...line, plan: plans.find((plan) => plan !== '' && plan !== line.plan) ?? '' } : line,
    );
  expect(() => ended(replayKept(timed(small), [packed(swapped)]))).toThrow('nobody kept plan');
});

test('nothing may be missing, and nothing too much', { timeout: 60_000 }, () => {
  const { blocks } = keptOf(small);
  expect(() => ended(replayKept(timed({ ...small, decisions: 61 }), blocks))).toThrow(
    '60 decisions were kept',
  );
  expect(() => ended(replayKept(timed({ ...small, decisions: 59 }), blocks))).toThrow(
    '60 decisions were kept',
  );
});

test('lines are packed and unpacked as they are', () => {
  const lines = [{ entry: '{"a":"é\\t\\n"}', plan: '{}' }, { entry: '{}' }];
  expect(unpacked(packed(lines))).toEqual(lines);
  expect(unpacked(packed([]))).toEqual([]);
});

/** Made by the core as it was before sums were kept up, the past forgotten and canonical JSON written anew. */
test('decisions of an earlier core/4 come out byte for byte', { timeout: 60_000 }, () => {
  const file = new KeptReader(join(import.meta.dirname, 'kept/core-4.berth'));
  expect(file.about).toEqual({ format: 'berth/replay/1', nodes: 16, decisions: 400, seed: 7 });
  const report = ended(replayKept(timed(file.about), file.blocks()));
  expect(report.kinds).toEqual({
    'contract-changed': 29,
    'contract-granted': 234,
    'contract-released': 110,
    'plan-held': 17,
    refused: 10,
  });
});
