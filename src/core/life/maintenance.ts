import type { Command } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import { MaintenanceId, type Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import { type Hold, never, nodesIn } from '../calendar/calendar.ts';
import type { CommandGiven } from '../given.ts';
import { graceMs } from '../place/start-range.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';

/** No list of what is in the way is longer. */
const holderLimit = 100;

/** The id the next window gets: counted, so that every replay counts the same. */
function nextMaintenance({ maintenance }: State): MaintenanceId {
  return MaintenanceId.parse(`MW-${maintenance.size + 1}`);
}

/** Closes a place for a time, unless somebody holds something there in it. Neither moves nor ends a contract. */
export function startMaintenance(state: State, { atMs }: CommandGiven, command: Start): Outcome {
  const { place, fromMs, toMs, reason } = command;
  const why = impossible(command, atMs);
  if (why !== undefined)
    return refuse({ kind: 'window-impossible', why, earliestStartMs: fromMs, latestStartMs: fromMs });
  const nodes = nodesIn(state.fleet, place);
  if (nodes.length === 0) return refuse({ kind: 'place-unknown', asked: [place] });
  const holders = holdersIn(state, command);
  if (holders.length > 0) {
    const shown = holders.slice(0, holderLimit);
    return refuse({ kind: 'place-in-use', place, fromMs, toMs, holders: shown, holderCount: holders.length });
  }
  const id = nextMaintenance(state);
  return {
    decision: { kind: 'maintenance-scheduled', id, place, nodeCount: nodes.length },
    events: [{ kind: 'maintenance-scheduled', id, place, fromMs, toMs, reason }],
  };
}

/** Opens a place again: at once where the window runs, and never closes it where it was still to come. */
export function cancelMaintenance(
  state: State,
  { atMs }: CommandGiven,
  { id }: Extract<Command, { kind: 'cancel-maintenance' }>,
): Outcome {
  const window = state.maintenance.get(id);
  if (window === undefined) return refuse({ kind: 'maintenance-unknown', id });
  const endedAtMs = window.cancelledAtMs ?? window.toMs;
  if (endedAtMs <= atMs) return refuse({ kind: 'maintenance-ended', id, endedAtMs });
  return {
    decision: { kind: 'maintenance-cancelled', id, atMs },
    events: [{ kind: 'maintenance-cancelled', id, atMs }],
  };
}

type Start = Extract<Command, { kind: 'start-maintenance' }>;
type Window = { readonly place: Path; readonly fromMs: number; readonly toMs: number };
type Holder = { holder: string; fromMs: number; toMs?: number };

/** Who holds something in a place at some time of a window: each holder once, with its whole time there. */
function holdersIn(state: State, { place, fromMs, toMs }: Window): Holder[] {
  const holds = nodesIn(state.fleet, place)
    .flatMap(({ index }) => state.calendar[index] ?? [])
    .filter((hold) => hold.startMs < toMs && hold.endMs > fromMs);
  return [...Map.groupBy(holds, ({ holder }) => holder)]
    .map(([holder, own]) => ({ holder, ...spanOf(own) }))
    .toSorted((a, b) => a.fromMs - b.fromMs || compareText(a.holder, b.holder));
}

function spanOf(holds: readonly Hold[]): { fromMs: number; toMs?: number } {
  const fromMs = Math.min(...holds.map(({ startMs }) => startMs));
  const toMs = Math.max(...holds.map(({ endMs }) => endMs));
  return toMs === never ? { fromMs } : { fromMs, toMs };
}

function impossible({ fromMs, toMs }: Window, atMs: number): string | undefined {
  if (toMs <= fromMs) return 'it ends before it begins';
  return fromMs < atMs - graceMs ? 'its beginning has passed' : undefined;
}
