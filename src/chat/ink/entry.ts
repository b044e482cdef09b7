import type { ToolCall } from '../../agent/agent.ts';
import { blank, columnsOf, type Line, paragraph, type Room, span, wrap } from '../cards/line.ts';
import { formatTook } from '../cards/time.ts';
import { drawTurn } from '../cards/turn.ts';
import type { Entry } from './session.ts';

/** A piece of the transcript as it is written once into the scrollback. */
export function drawEntry(entry: Entry, room: Room): Line[] {
  switch (entry.kind) {
    case 'said':
      return [blank, ...entry.text.split('\n').flatMap((line, i) => saidLine(line, i, room))];
    case 'tool':
      return toolLine(entry.call, room);
    case 'turn':
      return [...drawTurn(entry.turn, room), blank];
    case 'note':
      return [...entry.lines.flatMap((line) => paragraph(line, room, 'accent')), blank];
    default:
      return entry satisfies never;
  }
}

function saidLine(text: string, index: number, room: Room): Line[] {
  return wrap([span(index === 0 ? '> ' : '  ', 'accent'), span(text, 'strong')], columnsOf(room), 2);
}

function toolLine({ tool, ok, tookMs }: ToolCall, room: Room): Line[] {
  const failed = ok ? [] : [span(' failed', 'bad')];
  return wrap([span(`  ${tool} ${formatTook(tookMs)}`, 'dim'), ...failed], columnsOf(room), 2);
}
