import { decide } from '../core/decide.ts';
import { lapse } from '../core/life/lapse.ts';
import type { State } from '../core/state.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Decision } from '../model/decision.ts';
import type { Entry } from '../model/entry.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { builtInPacks } from '../policy/built-in.ts';
import { actingOn } from './authorising.ts';
import { type Library, planNamedIn } from './library.ts';
import { sealedIn } from './seals.ts';

/**
 * Why an entry of another core or of other rules could not stand; nothing when it can. Its plan is not made again, which
 * need not come out the same: the auditor of today looks at what was promised, on the state of then, with the verdict
 * that the rules of then gave.
 */
export function faultElsewhen(
  state: State,
  entry: Entry,
  { verdict, library }: { readonly verdict: PolicyVerdict; readonly library: Library },
): string | undefined {
  const digest = planNamedIn(entry.command);
  const recorded = digest === undefined ? verdict : library.plan(digest).verdict;
  const { actor, atMs, command, inputs, seq } = entry;
  const by = actingOn(lapse(state, atMs), { actor, command, atMs, archive: library });
  const sealed = sealedIn(command, builtInPacks(), state.authority);
  const given = {
    atMs,
    verdict: recorded,
    archive: library,
    by,
    ...(sealed === undefined ? {} : { sealed }),
  };
  const { decision, events } = decide(state, given, command);
  if (decision.kind === 'refused' && entry.decision.kind !== 'refused')
    return `entry ${seq}, made by ${inputs.core}, does not hold by the check of today: ${reasonOf(decision.refusal)}`;
  // Rules are worded anew: a no stays a no, whatever reasons it gave.
  const isSame = decision.kind === 'refused' || agree(decision, entry.decision);
  if (isSame && canonicalJson(events) === canonicalJson(entry.events)) return undefined;
  return `entry ${seq}, made by ${inputs.core}, was recorded otherwise than it comes out today`;
}

/** Whether two decisions say the same wherever both say something: another core may say less or more. */
function agree(one: Decision, other: Decision): boolean {
  const said = new Map<string, unknown>(Object.entries(other));
  return Object.entries(one).every(
    ([key, value]) => !said.has(key) || canonicalJson(said.get(key)) === canonicalJson(value),
  );
}

function reasonOf(refusal: { readonly kind: string; readonly changed?: readonly string[] }): string {
  return [refusal.kind, ...(refusal.changed ?? []).slice(0, 2)].join(': ');
}
