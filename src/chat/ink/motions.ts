/** A text and a place in it, as a UTF-16 offset. */
export type Place = { readonly text: string; readonly cursor: number };

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function left({ text, cursor }: Place): number {
  return cursor === 0 ? 0 : (graphemes.segment(text).containing(cursor - 1)?.index ?? cursor - 1);
}

export function right({ text, cursor }: Place): number {
  const next = graphemes.segment(text).containing(cursor);
  return next === undefined ? text.length : next.index + next.segment.length;
}

export function wordLeft({ text, cursor }: Place): number {
  return text.slice(0, cursor).replace(/\S*\s*$/, '').length;
}

export function wordRight({ text, cursor }: Place): number {
  return cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
}

export function lineStart({ text, cursor }: Place): number {
  return cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1;
}

export function lineEnd({ text, cursor }: Place): number {
  const end = text.indexOf('\n', cursor);
  return end < 0 ? text.length : end;
}

/** The same column in the line above; undefined in the first line. */
export function above(place: Place): number | undefined {
  const start = lineStart(place);
  return start === 0 ? undefined : inLine(place.text, start - 1, place.cursor - start);
}

/** The same column in the line below; undefined in the last line. */
export function below(place: Place): number | undefined {
  const { text, cursor } = place;
  const end = lineEnd(place);
  if (end === text.length) return undefined;
  return inLine(text, lineEnd({ text, cursor: end + 1 }), cursor - lineStart(place));
}

/** The position `column` units into the line that ends at `end`, at the start of a character. */
function inLine(text: string, end: number, column: number): number {
  const start = text.lastIndexOf('\n', end - 1) + 1;
  const position = Math.min(end, start + column);
  return position === end ? end : (graphemes.segment(text).containing(position)?.index ?? position);
}
