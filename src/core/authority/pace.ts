import type { Digest } from '../../model/id.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { MandateRecord, Use } from './authority.ts';

const minuteMs = 60_000;

/** Commands a minute where a mandate does not say. */
const usualPerMinute = 60;

/** The same wish so often within `sameRequestMs` is a loop: whatever came of it will come of it again. */
const sameRequestMost = 5;
export const sameRequestMs = 600_000;

/**
 * Why a mandate is used too fast, from the times of ledger entries alone: every replay finds the same. What is refused
 * here leaves no entry, so that a loop cannot fill the ledger.
 */
export function tooFast(
  { mandate, uses }: Pick<MandateRecord, 'mandate' | 'uses'>,
  request: Digest,
  atMs: number,
): Refusal | undefined {
  const perMinute = mandate.commandsPerMinute ?? usualPerMinute;
  const lately = uses.filter((use) => use.atMs > atMs - minuteMs);
  if (lately.length >= perMinute)
    return limited(mandate.id, 'commands-per-minute', perMinute, retry(lately, perMinute, minuteMs));
  const same = uses.filter((use) => use.request === request && use.atMs > atMs - sameRequestMs);
  if (same.length < sameRequestMost) return undefined;
  return limited(mandate.id, 'same-request', sameRequestMost, retry(same, sameRequestMost, sameRequestMs));
}

/** When so few of them lie in the span that one more may follow. */
function retry(uses: readonly Use[], most: number, spanMs: number): number {
  return (uses[uses.length - most]?.atMs ?? 0) + spanMs;
}

type Limit = Extract<Refusal, { kind: 'rate-limited' }>;

function limited(mandate: Limit['mandate'], limit: Limit['limit'], most: number, retryAtMs: number): Refusal {
  return { kind: 'rate-limited', mandate, limit, most, retryAtMs };
}
