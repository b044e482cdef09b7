import type { ToolCall } from '../../agent/agent.ts';
import { argumentWords, callLines } from '../cards/call.ts';
import {
  blank,
  columnsOf,
  cut,
  type Line,
  lineWidth,
  paragraph,
  type Room,
  span,
  wrap,
} from '../cards/line.ts';
import { markdown } from '../cards/markdown.ts';
import { formatTook } from '../cards/time.ts';
import { drawFolded, drawTurn } from '../cards/turn.ts';
import type { Entry } from './session.ts';

/** A piece of the transcript as it is written once into the scrollback. */
export function drawEntry(entry: Entry, room: Room): Line[] {
  switch (entry.kind) {
    case 'said':
      return [blank, ...entry.text.split('\n').flatMap((line, i) => saidLine(line, i, room))];
    case 'tool':
      return toolLine(entry.call, room);
    case 'call':
      return [...callLines(entry.call, entry.answer, room), blank];
    case 'turn':
      return [...turnLines(entry, room), blank];
    case 'written':
      return markdown(entry.markdown, room);
    case 'note':
      return [...entry.lines.flatMap((line) => paragraph(line, room, 'accent')), blank];
    default:
      return entry satisfies never;
  }
}

function saidLine(text: string, index: number, room: Room): Line[] {
  return wrap([span(index === 0 ? '> ' : '  ', 'accent'), span(text, 'strong')], columnsOf(room), 2);
}

function turnLines({ turn, before, whole }: Extract<Entry, { kind: 'turn' }>, room: Room): Line[] {
  return whole === true ? drawTurn(turn, room, before) : drawFolded(turn, room, before);
}

/** A call in one row: its tool, how long it took, and as much of what was asked as fits. */
function toolLine({ tool, args, ok, tookMs }: ToolCall, room: Room): Line[] {
  const end: Line = [span(` ${formatTook(tookMs)}`, 'dim'), ...(ok ? [] : [span(' failed', 'bad')])];
  const asked = argumentWords(args);
  const left = columnsOf(room) - 3 - tool.length - lineWidth(end);
  const shown = asked === '' || left < 10 ? '' : ` ${cut(asked, left)}`;
  return wrap([span(`  ${tool}${shown}`, 'dim'), ...end], columnsOf(room), 2);
}
