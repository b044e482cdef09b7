import type { OccurrenceList, OccurrenceView } from '../../model/occurrence.ts';
import { countOf } from './amount.ts';
import { columnsOf, type Line, type Room, span, type Tone, wrap } from './line.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

/** What happened, one row each, the latest first. */
export function eventsCard(list: OccurrenceList, room: Room): Line[] {
  const { events, total } = list;
  const all = countOf(total, 'event');
  const columns = [
    { title: 'event', priority: 3 },
    { title: 'kind', priority: 1 },
    { title: 'from', priority: 1, narrowTo: 11 },
    { title: 'until', priority: 2, narrowTo: 11 },
    { title: 'where', priority: 1, narrowTo: 12 },
    { title: 'what', priority: 1, narrowTo: 16 },
    { title: 'contracts', priority: 2, narrowTo: 9 },
    { title: 'said by', priority: 4, narrowTo: 10 },
  ];
  return [
    ...wrap([span(events.length === total ? all : `${events.length} of ${all}`, 'strong')], columnsOf(room)),
    ...table(columns, events.map(eventRow), room),
    ...answerEnd(list, room),
  ];
}

function eventRow(one: OccurrenceView): Row {
  const { id, kind, at, until, what, place, engine, contracts, said } = one;
  return [
    span(id, 'dim'),
    span(kind, toneOf(one)),
    span(formatInstant(at)),
    span(until === undefined ? 'goes on' : formatInstant(until)),
    span(place ?? engine ?? ''),
    span(what),
    span(contracts.join(', ')),
    span(said?.source ?? ''),
  ];
}

/** What is over is dim; what is down is worse than what is slow. */
function toneOf({ until, severity }: OccurrenceView): Tone {
  if (until !== undefined) return 'dim';
  return severity === 'down' ? 'bad' : 'warn';
}
