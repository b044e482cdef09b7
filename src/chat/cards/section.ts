import { blank, columnsOf, type Line, type Room, span, wrap } from './line.ts';

/** A blank line, a dim title and what belongs under it; nothing when that is empty. */
export function section(title: string, lines: readonly Line[], room: Room): Line[] {
  if (lines.length === 0) return [];
  return [blank, ...wrap([{ text: '  ' }, span(`${title}:`, 'dim')], columnsOf(room), 2), ...lines];
}
