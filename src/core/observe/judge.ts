import { type Contract } from '../../model/contract.ts';
import type { Finding } from '../../model/finding.ts';
import type { Measurement } from '../../model/measurement.ts';
import type { Term } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { State } from '../state.ts';
import { byLedger } from './by-ledger.ts';
import { byMetrics } from './by-metrics.ts';
import { Lens } from './lens.ts';
import { countOf, settled } from './windows.ts';

export type Judging = {
  readonly contract: Contract;
  readonly measurement: Measurement;
  /** Terms that were broken when the contract was looked at last. */
  readonly broken: ReadonlySet<string>;
  readonly atMs: number;
  /** What the rules say now about the contract's demand. */
  readonly verdict?: PolicyVerdict;
};

/** Promised against delivered, term by term, in the order of the contract. */
export function findingsOf(state: State, judging: Judging): readonly Finding[] {
  const { contract, measurement } = judging;
  const lens = new Lens(measurement, contract.placement.startMs);
  return termNames(contract.terms).map(({ term, name }) => {
    const known = byLedger(state, judging, term);
    if (known !== undefined) return { term: name, kind: term.kind, by: 'ledger', ...known };
    const seen = byMetrics(contract, lens, term);
    if ('unmeasured' in seen)
      return {
        term: name,
        kind: term.kind,
        result: 'not-measured',
        delivered: seen.unmeasured,
        by: 'nothing',
      };
    const { glances, delivered, places } = seen;
    const result = settled(glances, judging.broken.has(name));
    return {
      term: name,
      kind: term.kind,
      result,
      delivered: (result === 'not-measured' ? silence(glances, delivered) : delivered).slice(0, 200),
      by: 'metrics',
      windows: countOf(glances),
      ...(result !== 'broken' || places.length === 0 ? {} : { places: places.slice(0, 16) }),
    };
  });
}

/** Terms with names that tell them apart: a kind, and its number from the second one of it on. */
export function termNames(terms: readonly Term[]): readonly { readonly term: Term; readonly name: string }[] {
  const seen = new Map<string, number>();
  return terms.map((term) => {
    const number = (seen.get(term.kind) ?? 0) + 1;
    seen.set(term.kind, number);
    return { term, name: number === 1 ? term.kind : `${term.kind}-${number}` };
  });
}

function silence(glances: Parameters<typeof countOf>[0], delivered: string): string {
  const { kept, broken } = countOf(glances);
  const seen = delivered === '' ? '' : `; ${delivered}`;
  if (kept + broken === 0) return `no samples tell of it${seen}`;
  return `too few samples: ${kept + broken} of ${glances.length} windows tell of it${seen}`;
}
