import { isZone } from '../control/zone.ts';
import type { Io } from './io.ts';

/** TZ where it names a zone, else the machine's. */
export function zoneOf({ env }: Io): string {
  const asked = env['TZ'];
  return asked !== undefined && isZone(asked) ? asked : Intl.DateTimeFormat().resolvedOptions().timeZone;
}
