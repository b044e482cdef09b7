import type { Outcome } from '../model/decision.ts';
import type { Refusal } from '../model/refusal.ts';

/** A no: nothing happens. */
export function refuse(refusal: Refusal): Outcome {
  return { decision: { kind: 'refused', refusal }, events: [] };
}
