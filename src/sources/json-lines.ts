/**
 * On which lines the values of a JSON text begin, by their path: keys and positions joined by `/`, down to `depth`
 * steps. The text must be well-formed. Keys that contain `/` stand as they are: look-ups use the same spelling.
 */
export function linesOfJson(text: string, depth: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const open: Level[] = [];
  let line = 1;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\n') line++;
    else if (character === '"') {
      const end = endOfString(text, at);
      const level = open.at(-1);
      if (level?.awaitsKey === true) enterKey(level, text.slice(at, end + 1));
      else note(found, open, line, depth);
      at = end;
    } else if (character === ',') step(open.at(-1));
    else if (character === ':' || character.trim() === '') continue;
    else if (character === '}' || character === ']') open.pop();
    else {
      note(found, open, line, depth);
      if (character === '{' || character === '[') open.push(levelOf(character));
      else at = endOfScalar(text, at);
    }
  }
  return found;
}

/** One open object or list: where in it the reader is. */
type Level = { readonly isList: boolean; key: string; position: number; awaitsKey: boolean };

function levelOf(bracket: '{' | '['): Level {
  const isList = bracket === '[';
  return { isList, key: '0', position: 0, awaitsKey: !isList };
}

function enterKey(level: Level, quoted: string): void {
  const key: unknown = JSON.parse(quoted);
  level.key = String(key);
  level.awaitsKey = false;
}

function step(level: Level | undefined): void {
  if (level === undefined) return;
  level.position++;
  if (level.isList) level.key = String(level.position);
  else level.awaitsKey = true;
}

function note(found: Map<string, number>, open: readonly Level[], line: number, depth: number): void {
  if (open.length > 0 && open.length <= depth) found.set(open.map(({ key }) => key).join('/'), line);
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at;
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  while (at + 1 < text.length && !/[\s,\]}]/u.test(text.charAt(at + 1))) at++;
  return at;
}
