import type { Demand } from '../../model/demand.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { StartRange } from './site.ts';

/** A start may lie this far back: between the wish "now" and the decision people type and networks wait. */
export const graceMs = 300_000;

/** How long a plan can be committed. Nothing is held for it meanwhile. */
export const offerMs = 3_600_000;

/** The starts that a window leaves at `atMs`, or why it leaves none. */
export function startRange(
  demand: Demand,
  atMs: number,
): { kind: 'range'; starts: StartRange } | { kind: 'refused'; refusal: Refusal } {
  const { earliestStartMs, latestStartMs, deadlineMs, durationS } = demand.window;
  const impossible = (why: string): { kind: 'refused'; refusal: Refusal } => ({
    kind: 'refused',
    refusal: {
      kind: 'window-impossible',
      why,
      earliestStartMs,
      latestStartMs: latestStartMs ?? earliestStartMs,
    },
  });
  if (deadlineMs !== undefined && durationS === undefined) return impossible('a deadline needs a duration');
  if (demand.budget?.totalMicroEur !== undefined && durationS === undefined)
    return impossible('a budget for the whole needs a duration');
  const byDeadline =
    deadlineMs === undefined || durationS === undefined ? undefined : deadlineMs - durationS * 1000;
  const latestMs = Math.min(latestStartMs ?? byDeadline ?? earliestStartMs, byDeadline ?? Infinity);
  if (latestMs < earliestStartMs) return impossible('the latest start lies before the earliest');
  if (latestMs < atMs - graceMs) return impossible('the latest start has passed');
  const earliestMs = earliestStartMs < atMs - graceMs ? atMs : earliestStartMs;
  return { kind: 'range', starts: { earliestMs, latestMs, transferFromMs: atMs + offerMs } };
}
