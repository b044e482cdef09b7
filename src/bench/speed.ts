import type { Replay } from './replay.ts';

/** Times of one replay. Ratios to the scan compare the same decisions in the same run. */
export type Speed = {
  /** Milliseconds before the first decision; not among those of the decisions. */
  readonly setupMs: number;
  readonly decisionsPerSecond: number;
  /** Microseconds of a decision, to tenths. */
  readonly us: { readonly mean: number; readonly p50: number; readonly p99: number; readonly p999: number };
  /** How many times as long a plain scan takes: the median of its times over the median of ours. */
  readonly scanRatio: number;
  readonly scan: {
    readonly sampled: number;
    readonly medianUs: number;
    readonly meanUs: number;
    /** The mean of the scan's times over the mean of ours, for the sampled decisions and for all. */
    readonly meanRatio: number;
    readonly meanRatioToAll: number;
  };
};

export function speedOf({ setupNs, decisionNs, scans }: Replay): Speed {
  const sorted = decisionNs.toSorted();
  const scanNs = Float64Array.from(scans, (timed) => timed.scanNs).toSorted();
  const indexedNs = Float64Array.from(scans, (timed) => timed.indexedNs).toSorted();
  const mean = meanOf(sorted);
  return {
    setupMs: Math.round(setupNs / 1e6),
    decisionsPerSecond: mean === 0 ? 0 : Math.round(1e9 / mean),
    us: {
      mean: micros(mean),
      p50: micros(quantile(sorted, 500)),
      p99: micros(quantile(sorted, 990)),
      p999: micros(quantile(sorted, 999)),
    },
    scanRatio: ratio(quantile(scanNs, 500), quantile(indexedNs, 500)),
    scan: {
      sampled: scans.length,
      medianUs: micros(quantile(scanNs, 500)),
      meanUs: micros(meanOf(scanNs)),
      meanRatio: ratio(meanOf(scanNs), meanOf(indexedNs)),
      meanRatioToAll: ratio(meanOf(scanNs), mean),
    },
  };
}

/** The smallest value that at least so many thousandths of the values do not exceed; 0 where there are none. */
export function quantile(sorted: Float64Array, perMille: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * perMille) / 1000) - 1)] ?? 0;
}

function meanOf(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function ratio(above: number, below: number): number {
  return below === 0 ? 0 : Math.round((10 * above) / below) / 10;
}

function micros(ns: number): number {
  return Math.round(ns / 100) / 10;
}
