import type { Frame } from './frame.ts';
import type { Gazetteer } from './gazetteer.ts';
import type { Reading } from './reading.ts';
import { amountSlots, modelSlots } from './slots/amount.ts';
import { moneySlots } from './slots/money.ts';
import { placeSlots, regionSlots } from './slots/place.ts';
import { sliceSlots } from './slots/slice.ts';
import type { FrameReading } from './slots/slot.ts';
import { tenantSlots } from './slots/tenant.ts';
import { timeSlots } from './slots/time.ts';
import { resourceSlots, traitSlots } from './slots/trait.ts';
import type { Span } from './spans/span.ts';

/** The slots that one line fills, and what is contradictory, unknown or denied in it. */
export function frameOf(reading: Reading, gazetteer: Gazetteer): FrameReading {
  const parts: FrameReading[] = [
    tenantSlots(reading),
    amountSlots(reading),
    sliceSlots(reading),
    modelSlots(reading, gazetteer),
    placeSlots(reading),
    regionSlots(reading),
    traitSlots(reading),
    resourceSlots(reading),
    moneySlots(reading),
    timeSlots(reading),
  ];
  const notes = parts.flatMap(({ frame }) => frame.notes ?? []);
  const merged = parts.reduce<Frame>((all, { frame }) => ({ ...all, ...frame }), {});
  return {
    frame: { ...merged, ...(notes.length === 0 ? {} : { notes }) },
    problems: parts.flatMap(({ problems }) => problems),
  };
}

/** Kinds of spans that a request has a slot for. */
export function isRequestSpan(span: Span): boolean {
  if (span.kind === 'trait') return true;
  return !['contract', 'plan', 'number', 'fraction', 'unknown-place'].includes(span.kind);
}
