import type { Violation } from '../given.ts';
import { type Audit, broken } from './audit.ts';

/** It starts when it may, lasts as long as was asked, and is over by the deadline. */
export function* inWindow(audit: Audit): Generator<Violation> {
  yield* start(audit);
  yield* length(audit);
  yield* deadline(audit);
}

/** At the earliest, unless the demand allows a later start in so many words or by naming a deadline. */
function* start({ demand, placement: { startMs } }: Audit): Generator<Violation> {
  const { earliestStartMs, latestStartMs, deadlineMs } = demand.window;
  const latestMs = latestStartMs ?? (deadlineMs === undefined ? earliestStartMs : Infinity);
  if (startMs < earliestStartMs)
    yield broken('start', `starts at ${startMs}, ${earliestStartMs - startMs} ms too early`);
  if (startMs > latestMs) yield broken('start', `starts at ${startMs}, ${startMs - latestMs} ms too late`);
}

function* length({ demand, placement: { startMs, endMs } }: Audit): Generator<Violation> {
  const { durationS } = demand.window;
  const wanted = durationS === undefined ? undefined : durationS * 1000;
  const held = endMs === undefined ? undefined : endMs - startMs;
  if (wanted === held) return;
  yield broken('length', `holds ${inWords(held)}, asked for ${inWords(wanted)}`);
}

function* deadline({ demand, placement: { endMs } }: Audit): Generator<Violation> {
  const { deadlineMs } = demand.window;
  if (deadlineMs === undefined) return;
  if (endMs === undefined) yield broken('deadline', `has no end, the deadline is ${deadlineMs}`);
  else if (endMs > deadlineMs)
    yield broken('deadline', `ends at ${endMs}, ${endMs - deadlineMs} ms after the deadline`);
}

function inWords(lengthMs: number | undefined): string {
  return lengthMs === undefined ? 'without end' : `${lengthMs} ms`;
}
