import { followEntry } from '../../../src/core/occurrence/follow.ts';
import { emptyLog, type Log, type Occurrence } from '../../../src/core/occurrence/log.ts';
import { plainWords } from '../../../src/model/aside.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Event } from '../../../src/model/event.ts';
import type { Fact, SourceName } from '../../../src/model/fact.ts';
import { demand } from '../demand.ts';
import { hourMs, observe, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

/** One GPU, where everything happens to contracts. */
const fleet = world('fra1/h1/r1 1×8 H100');

export const at = (hours: number) => t0 + Math.round(hours * hourMs);

/** The log of all that a world's ledger holds. */
export function logOf({ entries, archive }: World): Log {
  return entries.reduce(
    (log, { events, stamp }) => followEntry(log, { seq: stamp.seq, atMs: stamp.atMs, events }, archive),
    emptyLog,
  );
}

/** An entry with an event, written so many hours after `t0`. */
export type Entry = readonly [hours: number, event: object];

/** C-101 begins at hour 2, C-102 at hour 0; then come these entries. */
export function told(...entries: readonly Entry[]): Log {
  const wish = demand('1×1 H100');
  const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0');
  const both = granted(granted(fleet, wish, { ...held, startMs: at(2) }), wish, held);
  const first = both.state.seq + 1;
  return entries.reduce(
    (log, [hours, event], number) =>
      followEntry(log, { seq: first + number, atMs: at(hours), events: [Event.parse(event)] }, both.archive),
    logOf(both),
  );
}

type Read = { readonly subject?: string; readonly engine?: string; readonly differences?: readonly string[] };

/** What an engine read back of a subject: Slurm of C-101, unless said otherwise. */
export function report(
  result: string,
  { subject = 'C-101', engine = 'slurm', differences = [] }: Read = {},
): object {
  return {
    kind: 'binding-reported',
    subject,
    engine,
    objects: digestOf('objects'),
    account: { result, steps: [], stepCount: 0, differences: [...differences] },
    attempts: 1,
  };
}

/** What a source says of a whole observation, so many hours after `t0`. */
export function says(before: World, hours: number, facts: readonly Fact[], source: SourceName): World {
  return observe(before, facts, { source, observedAtMs: at(hours) });
}

const hours = (ms: number) => `${(ms - t0) / hourMs}h`;

/** `fault n01/gpu3 0h..1h: XID 79`, in hours from `t0`; without an end while it goes on. */
function lineOf({ kind, place, contract, maintenance, atMs, untilMs, what }: Occurrence): string {
  const about = contract ?? maintenance ?? place?.replace('fra1/h1/r1/', '') ?? '';
  return `${kind} ${about} ${hours(atMs)}..${untilMs === undefined ? '' : hours(untilMs)}: ${plainWords(what)}`;
}

export const linesOf = (log: Log) => [...log.all].map(lineOf);
