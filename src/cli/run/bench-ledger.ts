import { KeptReader, KeptWriter } from '../../bench/ledger-lines.ts';
import {
  benchLedgerReplay,
  drawLedgerReplay,
  type LedgerReplayReport,
  replayKept,
} from '../../bench/ledger-replay.ts';
import { benchLedgerStore, drawLedgerStore } from '../../bench/ledger-store.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { progressLine } from '../progress.ts';
import { cpuNs, requireRange } from './bench-planning.ts';
import { drive } from './bench.ts';

export type BenchLedgerOptions = {
  readonly entries: number;
  readonly leaves: number;
  readonly seed: number;
  readonly folder?: string;
  readonly json?: boolean;
};

/** Fills a ledger, opens it, backs it up, proves from it, and prints how fast. */
export async function ledger(io: Io, { json, folder, ...options }: BenchLedgerOptions): Promise<number> {
  requireRange('entries', options.entries, 1_000_000);
  requireRange('leaves', options.leaves, 10_000_000);
  const steps = benchLedgerStore({
    ...options,
    folder,
    nowNs: () => process.hrtime.bigint(),
    cpuNs,
    rssBytes: () => process.memoryUsage.rss(),
  });
  const report = await driveAsync(io, steps);
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : drawLedgerStore(report));
  return 0;
}

async function driveAsync<Result>(
  io: Io,
  steps: AsyncGenerator<{ done: number; total: number; what: string }, Result>,
): Promise<Result> {
  const line = progressLine(io);
  for (;;) {
    const step = await steps.next();
    if (step.done === true) {
      line.clear();
      return step.value;
    }
    io.interrupt.throwIfAborted();
    line.step(step.value.done, step.value.total, step.value.what);
  }
}

export type BenchReplayOptions = {
  readonly nodes: number;
  readonly decisions: number;
  readonly seed: number;
  readonly keep?: string;
  readonly from?: string;
  readonly json?: boolean;
};

/** Makes decisions about a generated fleet, or reads them, decides all of them again, and prints how fast. */
export async function replay(io: Io, options: BenchReplayOptions): Promise<number> {
  const report = await (options.from === undefined ? made(io, options) : kept(io, options.from));
  io.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : drawLedgerReplay(report));
  return 0;
}

const times = { nowNs: () => process.hrtime.bigint(), cpuNs };

async function made(
  io: Io,
  { nodes, decisions, seed, keep }: BenchReplayOptions,
): Promise<LedgerReplayReport> {
  requireRange('nodes', nodes, 100_000);
  requireRange('decisions', decisions, 10_000_000);
  const size = { nodes, decisions, seed };
  const file =
    keep === undefined
      ? undefined
      : opened(keep, () => new KeptWriter(keep, { format: 'berth/replay/1', ...size }));
  const steps = benchLedgerReplay({ ...size, ...times }, (block) => file?.add(block));
  try {
    return await drive(io, steps, (line, { done, total, what }) => line.step(done, total, what));
  } finally {
    file?.close();
  }
}

async function kept(io: Io, path: string): Promise<LedgerReplayReport> {
  const file = opened(path, () => new KeptReader(path));
  const steps = replayKept({ ...file.about, ...times }, file.blocks());
  return drive(io, steps, (line, { done, total, what }) => line.step(done, total, what));
}

function opened<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const why = error instanceof Error ? cleanText(error.message, 200) : 'unknown';
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `kept decisions in \`${cleanText(path, 200)}\`: ${why}`,
      fix: 'name a file that is not there yet for `--keep`, and one that it wrote for `--from`',
    });
  }
}
