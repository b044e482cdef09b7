import { decide } from '../core/decide.ts';
import type { State } from '../core/state.ts';
import type { Entry } from '../model/entry.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { type Library, planNamedIn } from './library.ts';

/**
 * Why an entry of another core or of other rules could not stand; nothing when it can. It is not decided again to the
 * byte: a plan need not come out the same. The auditor of today looks at what was promised, on the state of then, with
 * the verdict that the rules of then gave.
 */
export function faultElsewhen(
  state: State,
  entry: Entry,
  { verdict, library }: { readonly verdict: PolicyVerdict; readonly library: Library },
): string | undefined {
  const digest = planNamedIn(entry.command);
  const recorded = digest === undefined ? verdict : library.plan(digest).verdict;
  const { decision } = decide(
    state,
    { atMs: entry.atMs, verdict: recorded, archive: library },
    entry.command,
  );
  if (decision.kind === entry.decision.kind) return undefined;
  const { inputs, seq } = entry;
  const why = decision.kind === 'refused' ? reasonOf(decision.refusal) : decision.kind;
  return `entry ${seq}, made by ${inputs.core}, does not hold by the check of today: ${why}`;
}

function reasonOf(refusal: { readonly kind: string; readonly changed?: readonly string[] }): string {
  return [refusal.kind, ...(refusal.changed ?? []).slice(0, 2)].join(': ');
}
