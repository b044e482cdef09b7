import { benchLedgerReplay, drawLedgerReplay } from '../../bench/ledger-replay.ts';
import type { Io } from '../io.ts';
import { cpuNs, requireRange } from './bench-planning.ts';
import { drive } from './bench.ts';

export type BenchReplayOptions = {
  readonly nodes: number;
  readonly decisions: number;
  readonly seed: number;
  readonly json?: boolean;
};

/** Makes decisions about a generated fleet, decides all of them again from their entries, and prints how fast. */
export async function replay(io: Io, { json, ...options }: BenchReplayOptions): Promise<number> {
  requireRange('nodes', options.nodes, 100_000);
  requireRange('decisions', options.decisions, 10_000_000);
  const steps = benchLedgerReplay({ ...options, nowNs: () => process.hrtime.bigint(), cpuNs });
  const report = await drive(io, steps, (line, { done, total, what }) => line.step(done, total, what));
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : drawLedgerReplay(report));
  return 0;
}
