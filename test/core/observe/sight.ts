import { byMetrics } from '../../../src/core/observe/by-metrics.ts';
import { Lens } from '../../../src/core/observe/lens.ts';
import { windowCount, windowS } from '../../../src/core/observe/windows.ts';
import type { Contract } from '../../../src/model/contract.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Measurement } from '../../../src/model/measurement.ts';
import { type Placement, Term } from '../../../src/model/placement.ts';
import { hourMs, t0, type World } from '../fleet.ts';
import { granted } from '../placement.ts';
import { c101, series } from './look.ts';

/** C-101, put onto a fleet as it stands. */
export function held(fleet: World, wish: Demand, placed: Placement): Contract {
  const [contract] = granted(fleet, wish, placed).state.contracts;
  if (contract === undefined) throw new Error('nothing was granted');
  return contract;
}

/** Five windows of a minute that end an hour after `t0`, in lines as `series` reads them. */
export function lensOf(contract: Contract, ...lines: readonly string[]): Lens {
  const measurement = Measurement.parse({
    schema: 'berth/measurement/1',
    contract: c101,
    version: 1,
    untilMs: t0 + hourMs,
    windowS,
    windowCount,
    series: series(...lines),
    evidence: [],
  });
  return new Lens(measurement, contract.placement.startMs);
}

/** A term of a kind, guaranteed unless said otherwise. */
export function termOf(kind: Term['kind'], more: Partial<Term> = {}): Term {
  const nothing = { heldAs: '', enforcedBy: '', measuredBy: '' };
  return Term.parse({ kind, promise: 'it is so', strength: 'guaranteed', ...nothing, ...more });
}

/**
 * What metrics show of a term in each window, `k` kept, `x` broken and `.` unknown, and in words: `kkx.k: 7 of 8 GPUs`.
 * Of a term that no metric tells of `-` and why.
 */
export function shown(contract: Contract, term: Term, ...lines: readonly string[]): string {
  const seen = byMetrics(contract, lensOf(contract, ...lines), term);
  if ('unmeasured' in seen) return `-: ${seen.unmeasured}`;
  const signs = seen.glances.map((glance) => (glance === undefined ? '.' : glance === 'kept' ? 'k' : 'x'));
  return `${signs.join('')}: ${seen.delivered}`;
}

/** The places that are blamed for it. */
export function blamed(contract: Contract, term: Term, ...lines: readonly string[]): readonly string[] {
  const seen = byMetrics(contract, lensOf(contract, ...lines), term);
  return 'unmeasured' in seen ? [] : seen.places;
}
