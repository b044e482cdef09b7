import { bullets, type Line, paragraph, type Room, span } from '../chat/cards/line.ts';
import { section } from '../chat/cards/section.ts';
import { formatInstant } from '../chat/cards/time.ts';
import { paintOf, renderAnsi } from '../chat/render.ts';
import type { ConflictList, ProvenanceList, SaidView, UnknownList } from '../model/doubt-view.ts';
import { columnsOf, type Io } from './io.ts';

/** Attributes in conflict, each with everything that is said about it: the first counts. */
export function drawConflicts(io: Io, { conflicts, ...rest }: ConflictList): string {
  const room = { columns: columnsOf(io) };
  return drawn(io, [
    ...heading(rest, { one: 'attribute in conflict', more: 'attributes in conflict' }, room),
    ...conflicts.flatMap(({ subject, attribute, values }) => [
      ...section(`${subject} ${attribute}`, saidLines(values, room), room),
    ]),
    ...more(rest, room),
  ]);
}

export function drawUnknown(io: Io, { unknown, ...rest }: UnknownList): string {
  const room = { columns: columnsOf(io) };
  return drawn(io, [
    ...heading(rest, { one: 'thing left open', more: 'things left open' }, room),
    ...bullets(
      unknown.map(({ subject, attribute, why, source, file, line }) => [
        span(`${subject === undefined ? '' : `${subject} `}${attribute}`, 'strong'),
        span(`: ${why} `),
        span(`(${source}, ${placeIn(file, line)})`, 'dim'),
      ]),
      room,
    ),
    ...more(rest, room),
  ]);
}

export function drawProvenance(io: Io, { subjects, ...rest }: ProvenanceList): string {
  const room = { columns: columnsOf(io) };
  return drawn(io, [
    ...heading(rest, { one: 'subject', more: 'subjects' }, room),
    ...subjects.flatMap(({ id, kind, attributes }) => [
      [],
      ...paragraph(`${kind} ${id}`, room, 'strong'),
      ...attributes.flatMap(({ name, said }) => section(name, saidLines(said, room), room).slice(1)),
    ]),
    ...more(rest, room),
  ]);
}

function saidLines(said: readonly SaidView[], room: Room): Line[] {
  return bullets(
    said.map(({ value, source, file, line, observedAt, confidence, used, stale }) => [
      span(value, used ? undefined : 'dim'),
      span(` ${used ? 'used' : 'not used'}`, used ? 'accent' : 'warn'),
      span(`: ${source}, ${placeIn(file, line)}, ${formatInstant(observedAt)}, ${confidence}`, 'dim'),
      ...(stale ? [span(', too old to rely on', 'warn')] : []),
    ]),
    room,
  );
}

function placeIn(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

type Rest = { readonly total: number; readonly nextCursor?: string | undefined };

function heading(
  { total }: Rest,
  words: { readonly one: string; readonly more: string },
  room: Room,
): Line[] {
  return paragraph(`${total === 0 ? 'No' : total} ${total === 1 ? words.one : words.more}.`, room, 'strong');
}

function more({ nextCursor }: Rest, room: Room): Line[] {
  return nextCursor === undefined ? [] : [[], ...paragraph(`More: add --cursor ${nextCursor}`, room, 'dim')];
}

function drawn(io: Io, lines: readonly Line[]): string {
  return `${renderAnsi(lines, paintOf(io.env, io.stdout.isTTY === true))}\n`;
}
