import { exitCodeOf, exitCodeOfError } from '../chat/exit-code.ts';
import type { RefusalView } from '../model/view.ts';

/** The exit code of a refusal: denied by the rules, stale, a name that nobody knows, or infeasible. */
export function refusalCode(refusal: Pick<RefusalView, 'kind'> | undefined): number {
  if (refusal?.kind === 'policy-denied') return exitCodeOf({ outcome: 'denied' });
  if (refusal?.kind === 'plan-stale' || refusal?.kind === 'plan-expired')
    return exitCodeOf({ outcome: 'stale' });
  if (refusal !== undefined && unknownNames.has(refusal.kind)) return exitCodeOfError('NOT_FOUND');
  return exitCodeOf({ outcome: 'infeasible' });
}

const unknownNames: ReadonlySet<string> = new Set([
  'tenant-unknown',
  'model-unknown',
  'place-unknown',
  'flow-unknown',
  'contract-unknown',
  'maintenance-unknown',
  'not-held',
]);
