import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { benchPlanning } from '../../bench/planning-bench.ts';
import { drawPlanning } from '../../bench/planning-table.ts';
import type { Topic } from '../../bench/questions.ts';
import { benchSimulate, drawSimulate } from '../../bench/simulate-bench.ts';
import { BerthError } from '../../model/error.ts';
import type { Io } from '../io.ts';
import { drive } from './bench.ts';

export type BenchPlanningOptions = {
  readonly nodes: number;
  readonly seed: number;
  readonly questions: number;
  readonly scans: number;
  readonly json?: boolean;
};

/** Asks generated fleets questions on one topic and prints how fast the answers were. */
export async function planning(io: Io, topic: Topic, options: BenchPlanningOptions): Promise<number> {
  const { nodes, questions } = options;
  requireRange('nodes', nodes, 100_000);
  requireRange('questions', questions, 1_000_000);
  const steps = benchPlanning({ ...options, topic, nowNs: () => process.hrtime.bigint(), cpuNs, heapBytes });
  const report = await drive(io, steps, (line, { done, total, what }) => line.step(done, total, what));
  io.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : drawPlanning(report));
  return 0;
}

/** Time that this thread had a processor. */
export function cpuNs(): bigint {
  // Linux counts a running thread by the tick, of up to 4 ms; asked about the whole process, it counts up to now first.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return BigInt(user + system) * 1000n;
}

/** What is still reachable: the collector is asked to run first. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

export type BenchSimulateOptions = {
  readonly nodes: number;
  readonly seed: number;
  readonly losses: number;
  readonly json?: boolean;
};

/** Loses racks of generated fleets and prints how fast their contracts found other places. */
export async function simulating(io: Io, { json, ...options }: BenchSimulateOptions): Promise<number> {
  requireRange('nodes', options.nodes, 100_000);
  requireRange('losses', options.losses, 100_000);
  const steps = benchSimulate({ ...options, nowNs: () => process.hrtime.bigint(), cpuNs });
  const report = await drive(io, steps, (line, { done, total, what }) => line.step(done, total, what));
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : drawSimulate(report));
  return 0;
}

export function requireRange(field: string, value: number, most: number): void {
  if (value >= 1 && value <= most) return;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`--${field} ${value}\` is not from 1 to ${most}`,
    fix: `use a number from 1 to ${most}`,
    field,
  });
}
