import type { Finding, WindowCount } from '../../model/finding.ts';

/**
 * Windows of a minute: exporters are scraped every 15 to 60 s, so each has a sample of whatever answers. Five of them
 * are looked at, and three have to agree: one lost scrape or one spike breaks nothing, and a fault is known after three
 * minutes, before the checkpoint of a training run is due.
 */
export const windowS = 60;
export const windowCount = 5;
const enough = 3;

/** What one window shows; nothing where it has no samples that tell. */
export type Glance = 'kept' | 'broken' | undefined;

/**
 * What the windows come to, with hysteresis: broken once three of them are, kept again once three are and none is
 * broken. Between the two it stays what it was. With fewer than three windows that tell, nobody knows.
 */
export function settled(glances: readonly Glance[], wasBroken: boolean): Finding['result'] {
  const { kept, broken } = countOf(glances);
  if (broken >= enough) return 'broken';
  if (kept + broken < enough) return 'not-measured';
  if (broken === 0) return 'kept';
  return wasBroken ? 'broken' : 'kept';
}

export function countOf(glances: readonly Glance[]): WindowCount {
  const kept = glances.filter((glance) => glance === 'kept').length;
  const broken = glances.filter((glance) => glance === 'broken').length;
  return { kept, broken, silent: glances.length - kept - broken };
}

/** Whether so many windows are enough to tell something by. */
export function isEnough(count: number): boolean {
  return count >= enough;
}
