import { exitCodeOf, exitCodeOfError } from '../chat/exit-code.ts';
import type { RefusalView } from '../model/plan-view.ts';

/** The exit code of a refusal: denied by the rules, stale, a name that nobody knows, or infeasible. */
export function refusalCode(refusal: Pick<RefusalView, 'kind'> | undefined): number {
  if (refusal !== undefined && denials.has(refusal.kind)) return exitCodeOf({ outcome: 'denied' });
  if (refusal !== undefined && outdated.has(refusal.kind)) return exitCodeOf({ outcome: 'stale' });
  if (refusal !== undefined && unknownNames.has(refusal.kind)) return exitCodeOfError('NOT_FOUND');
  return exitCodeOf({ outcome: 'infeasible' });
}

/** A no of the rules, about what is asked for or about who asks. */
const denials: ReadonlySet<string> = new Set([
  'policy-denied',
  'policy-engine',
  'rules-stand',
  'governance-refused',
  'not-authorised',
  'outside-mandate',
  'rate-limited',
  'stopped',
  'may-not-decide',
  'run-refused',
]);

const outdated: ReadonlySet<string> = new Set(['plan-stale', 'plan-expired', 'approval-void']);

const unknownNames: ReadonlySet<string> = new Set([
  'tenant-unknown',
  'model-unknown',
  'place-unknown',
  'flow-unknown',
  'contract-unknown',
  'maintenance-unknown',
  'not-held',
  'unknown-authority',
]);
