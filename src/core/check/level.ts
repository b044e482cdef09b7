import type { Hold } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken, type Seat } from './audit.ts';

/** What can be divided among holds. */
export type Amount = 'cpuMilli' | 'memoryMib' | 'storageGib' | 'powerW';

/** What others hold and what is asked for stay within a limit. Nothing can be held of what nobody has recorded. */
export function* within(
  constraint: string,
  what: string,
  limit: number | undefined,
  { asked, held }: { asked: number; held: number },
): Generator<Violation> {
  if (limit === undefined && asked > 0) yield broken(constraint, `${what} unknown, asked for ${asked}`);
  if (limit !== undefined && held + asked > limit)
    yield broken(constraint, `${what} held by others ${held}, asked for ${asked}, limit ${limit}`);
}

export function sum(seats: readonly Seat[], amount: Amount): number {
  return seats.reduce((total, { member }) => total + (member[amount] ?? 0), 0);
}

/** The most that is held at one instant of the window. All changes of one instant count together. */
export function peak({ startMs }: Audit, holds: readonly Hold[], amount: Amount): number {
  const changes = new Map<number, number>();
  const change = (atMs: number, by: number) => changes.set(atMs, (changes.get(atMs) ?? 0) + by);
  for (const hold of holds) {
    change(Math.max(hold.startMs, startMs), hold[amount]);
    change(hold.endMs, -hold[amount]);
  }
  let level = 0;
  let highest = 0;
  for (const [, by] of [...changes].toSorted(([a], [b]) => a - b)) {
    level += by;
    highest = Math.max(highest, level);
  }
  return highest;
}
