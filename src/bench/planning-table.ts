import type { PlanningReport, PlanningResult } from './planning-bench.ts';

/** What a person reads of questions to fleets of four sizes. */
export function drawPlanning({ topic, seed, results }: PlanningReport): string {
  const last = results.at(-1);
  return [
    `${topic}: questions to generated fleets, seed ${seed}; times in ms, by the clock and on the processor`,
    '',
    row([
      'nodes',
      'GPUs',
      'bookings',
      'asked',
      'planned',
      'p50',
      'p99',
      'p99.9',
      'cpu p50',
      'cpu p99',
      'a second',
      'scan/index',
    ]),
    ...results.map((result) => row(cellsOf(result))),
    '',
    ...growthOf(results),
    ...(last === undefined
      ? []
      : [
          `state ${last.stateMib} MiB, index ${last.indexMib} MiB on ${last.nodes} nodes; the first answer takes ${last.firstMs} ms`,
          last.digest,
        ]),
    '',
  ].join('\n');
}

function cellsOf(result: PlanningResult): string[] {
  const { nodes, gpus, bookings, questions, planned, ms, cpuMs, decisionsPerSecond, scan } = result;
  const ratio = scan.sampled === 0 ? '–' : `${scan.ratio} (${scan.sampled})`;
  const times = [ms.p50, ms.p99, ms.p999, cpuMs.p50, cpuMs.p99];
  return [nodes, gpus, bookings, questions, planned, ...times, decisionsPerSecond, ratio].map(String);
}

function growthOf(results: readonly PlanningResult[]): string[] {
  const factors = results.flatMap(({ cpuMs }, at) => {
    const before = results[at - 1]?.cpuMs.p50 ?? 0;
    return before === 0 ? [] : [(cpuMs.p50 / before).toFixed(2)];
  });
  return factors.length === 0
    ? []
    : [`cpu p50 grows with every doubling of the nodes by ${factors.join(', ')}`];
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(12)).join('');
}
