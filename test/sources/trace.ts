import type { Evidence } from '../../src/sources/source.ts';
import { file } from './given.ts';

/**
 * How many nodes of each kind the published openb trace has (alibaba/clusterdata, cluster-trace-gpu-v2023,
 * commit 7a6c496): count, GPU model, GPUs, CPU milli, memory MiB. The trace itself is research data and stays
 * where it is published; this has its shape, row for row, under names of our own.
 */
const kinds: readonly (readonly [
  count: number,
  model: string,
  gpus: number,
  cpuMilli: number,
  memoryMib: number,
])[] = [
  [310, '', 0, 32_000, 262_144],
  [549, 'G2', 8, 96_000, 393_216],
  [387, 'T4', 2, 104_000, 524_288],
  [107, 'P100', 2, 16_000, 122_880],
  [24, 'P100', 2, 64_000, 262_144],
  [3, 'P100', 1, 8_000, 61_440],
  [39, 'G3', 8, 128_000, 786_432],
  [28, 'V100M16', 4, 32_000, 131_072],
  [21, 'V100M32', 8, 96_000, 786_432],
  [19, 'V100M16', 1, 8_000, 32_768],
  [17, 'T4', 4, 96_000, 393_216],
  [9, 'V100M32', 4, 48_000, 376_832],
  [8, 'V100M16', 8, 64_000, 262_144],
  [2, 'A10', 1, 128_000, 1_048_576],
];

/** A node list with the columns, the size and the mix of the openb trace. */
export function traceLike(): Evidence {
  const rows = kinds.flatMap(([count, model, gpus, cpuMilli, memoryMib]) =>
    Array.from({ length: count }, () => `${cpuMilli},${memoryMib},${gpus},${model}`),
  );
  const named = rows.map((row, index) => `node-${String(index).padStart(4, '0')},${row}`);
  return file('nodes.csv', `sn,cpu_milli,memory_mib,gpu,model\n${named.join('\n')}\n`);
}
