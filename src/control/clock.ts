import type { Clock } from './control.ts';
import { instantMs } from './zone.ts';

export const systemClock: Clock = { kind: 'system', nowMs: () => Date.now() };

/** A clock that stands still at an ISO instant: BERTH_NOW, or the clock of a demo world. */
export function clockAt(text: string, field = 'BERTH_NOW'): Clock {
  const atMs = instantMs(text, field);
  return { kind: 'set', nowMs: () => atMs };
}
