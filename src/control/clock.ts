import type { ReadOnlyReason } from '../ledger/port.ts';
import type { Head } from '../model/entry.ts';
import { AtMs } from '../model/unit.ts';
import type { Clock } from './control.ts';
import { instantMs } from './zone.ts';

export const systemClock: Clock = { kind: 'system', nowMs: () => Date.now() };

/** A clock that stands still at an ISO instant: BERTH_NOW, or the clock of a demo world. */
export function clockAt(text: string, field = 'BERTH_NOW'): Clock {
  const atMs = instantMs(text, field);
  return { kind: 'set', nowMs: () => atMs };
}

/** How far a machine's clock may run behind the newest entry: time zones and drift, not a clock that was lost. */
const behindMaxMs = 2 * 24 * 60 * 60 * 1000;

/** What the clock says, when that is an instant that an entry can carry. */
export function usableMs(clock: Clock): number | undefined {
  const parsed = AtMs.safeParse(clock.nowMs());
  return parsed.success ? parsed.data : undefined;
}

/**
 * Why nothing may be decided by this clock: it says no time, or the machine has lost it (after a flat battery it is
 * 1970 again), so that leases would never end. A clock that was set by hand may stand anywhere.
 */
export function clockFault(clock: Clock, head: Head): ReadOnlyReason | undefined {
  const nowMs = usableMs(clock);
  const isLost = nowMs === undefined || (clock.kind === 'system' && head.atMs - nowMs > behindMaxMs);
  if (!isLost) return undefined;
  const said = nowMs === undefined ? 'no time' : new Date(nowMs).toISOString();
  return {
    kind: 'unwritable',
    why: `the clock is not usable: it says ${said}, the newest entry is of ${new Date(head.atMs).toISOString()}`,
    fix: "set the machine's clock, or say the time with BERTH_NOW",
  };
}
