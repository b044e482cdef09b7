import { type Problem } from '../frame.ts';
import { type Moment } from '../moment.ts';
import { rawOf } from '../normalise.ts';
import { type Reading } from '../reading.ts';
import { matches, type SpanOf } from '../spans/span.ts';
import { type FrameReading, spansOf, either, notesOf, defined } from './slot.ts';

export function timeSlots(reading: Reading): FrameReading {
  const times = spansOf(reading, 'time');
  const lengths = spansOf(reading, 'length');
  const problems: Problem[] = [];
  const only = (slot: string, text: string, roles: readonly SpanOf<'time'>['role'][]) => {
    const spans = times.filter(({ role }) => roles.includes(role));
    const [first] = spans;
    if (new Set(spans.map(({ moment }) => JSON.stringify(moment))).size <= 1) return first;
    problems.push(
      either(
        slot,
        text,
        spans.map((span) => rawOf(reading.line, span)),
      ),
    );
    return undefined;
  };
  const during = only('start', 'which time', ['during']);
  const start = only('start', 'from when', ['start', 'bare', 'earliest']);
  const end = only('end', 'until when', ['end']);
  const deadline = only('deadline', 'by when', ['deadline']);
  const latestStart = only('start', 'the latest start', ['latest-start']);
  const within = only('start', 'which time', ['within']);
  const [room, lasting] = roomAndLength(reading, lengths);
  const distinct = new Map(lasting.map((span) => [JSON.stringify(span.length), span]));
  if (distinct.size > 1)
    problems.push(
      either(
        'length',
        'how long',
        lasting.map((span) => rawOf(reading.line, span)),
      ),
    );
  const [length] = distinct.size === 1 ? [...distinct.values()] : [];
  const now: Moment = { day: { kind: 'now' }, saidMs: reading.saidMs };
  const isRoom = room !== undefined && start === undefined && during === undefined && deadline === undefined;
  const saysNow = isRoom || (start === undefined && during === undefined && length?.forward === true);
  const from = start?.moment ?? within?.moment ?? (saysNow ? now : undefined);
  const roomEnd = isRoom ? { ...now, after: room.length } : within?.moment;
  const by =
    deadline === undefined
      ? roomEnd && { moment: roomEnd, inclusive: within !== undefined }
      : { moment: deadline.moment, inclusive: deadline.inclusive };
  return {
    frame: defined({
      start: from ?? (during?.moment.day.kind === 'period' || isLong(during) ? undefined : during?.moment),
      isAfter: start?.role === 'earliest' && start.inclusive ? true : undefined,
      during: isLong(during) ? during?.moment : undefined,
      end: end === undefined ? undefined : { moment: end.moment, inclusive: end.inclusive },
      deadline: by,
      latestStart: latestStart?.moment,
      length: length?.length,
      notes: notesOf(looseLength(reading, length), dayBeforeMonth(reading)),
    }),
    problems,
  };
}

/** `within the next 2 weeks for 3 days`: the first says how much room there is, the second how long it takes. */
function roomAndLength(
  reading: Reading,
  lengths: readonly SpanOf<'length'>[],
): readonly [room: SpanOf<'length'> | undefined, lasting: readonly SpanOf<'length'>[]] {
  const room = lengths.find(
    (span) => span.forward && /^(?:with)?in\b/u.test(reading.line.text.slice(span.from, span.to)),
  );
  return room === undefined || lengths.length === 1
    ? [undefined, lengths]
    : [room, lengths.filter((span) => span !== room)];
}

/** `02/03`: either number could be the month. */
function dayBeforeMonth({ line }: Reading): readonly string[] | undefined {
  const dates = matches(line.text, /(?<![\d./-])(\d{1,2})\/(\d{1,2})(?:\/\d{4})?(?![\d./])/gu);
  const open = dates.filter(
    ({ match: [, day, month] }) => day !== month && Number(day) <= 12 && Number(month) <= 12,
  );
  return open.length === 0
    ? undefined
    : open.map((extent) => `\`${rawOf(line, extent)}\` is read as day and month, in that order`);
}

function looseLength(reading: Reading, length: SpanOf<'length'> | undefined): readonly string[] | undefined {
  const written = length === undefined ? '' : rawOf(reading.line, length);
  const isLoose = /\b(?:at least|at most|up to|minimum|maximum|min|max|about|around|roughly)\b/iu.test(
    written,
  );
  return isLoose ? [`\`${written}\` is read as exactly that long`] : undefined;
}

/** `for December` is the whole of it; `for Monday` says only when it begins. */
function isLong(time: SpanOf<'time'> | undefined): boolean {
  if (time?.moment.isWeekOf === true) return true;
  return time !== undefined && ['period', 'month', 'quarter', 'year'].includes(time.moment.day.kind);
}
