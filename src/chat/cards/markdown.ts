import { lexer, type MarkedToken, type Token } from 'marked';

import {
  blank,
  columnsOf,
  indent,
  inset,
  type Line,
  type Room,
  type Span,
  span,
  type Tone,
  wrap,
} from './line.ts';
import { table } from './table.ts';

/**
 * Markdown of a language model as rows of a terminal: CommonMark with tables, read by `marked`. Where a link leads is
 * always shown, HTML and images are shown as text, and every text is cleaned like any other.
 */
export function markdown(text: string, room: Room): Line[] {
  return blocks(lexer(text), room);
}

type Of<Kind extends MarkedToken['type']> = Extract<MarkedToken, { type: Kind }>;

function blocks(tokens: readonly Token[], room: Room): Line[] {
  return tokens.reduce<Line[]>((lines, token) => [...lines, ...block(token, room)], []);
}

function block(token: Token, room: Room): Line[] {
  if (!isKnown(token)) return wrap([span(token.raw)], columnsOf(room));
  switch (token.type) {
    case 'space':
      return [blank];
    case 'heading':
      return wrap(inline(token.tokens, 'strong'), columnsOf(room));
    case 'paragraph':
      return paragraphs(inline(token.tokens), room);
    case 'text':
      return paragraphs(token.tokens === undefined ? [span(token.text)] : inline(token.tokens), room);
    case 'code':
      return token.text
        .split('\n')
        .flatMap((line) => wrap([{ text: '  ' }, span(line, 'accent')], columnsOf(room), 2));
    case 'blockquote':
      return blocks(token.tokens, inset(room, 2)).map((line) => [span('| ', 'dim'), ...line]);
    case 'list':
      return token.items.flatMap((item, i) => listItem(item, markOf(token, i), room));
    case 'table':
      return tableLines(token, room);
    case 'hr':
      return [[span('-'.repeat(Math.min(20, columnsOf(room))), 'dim')]];
    case 'def':
      return [];
    case 'html':
      return wrap([span(token.raw.trimEnd())], columnsOf(room));
    case 'list_item':
    case 'checkbox':
    case 'br':
    case 'codespan':
    case 'del':
    case 'em':
    case 'escape':
    case 'image':
    case 'link':
    case 'strong':
      return paragraphs(inlineOne(token, undefined), room);
    default:
      return token satisfies never;
  }
}

/** A hard break of a paragraph begins a new row; it is the only empty span that `inline` makes. */
function paragraphs(line: Line, room: Room): Line[] {
  const rows: Span[][] = [[]];
  for (const piece of line)
    if (piece === hardBreak) rows.push([]);
    else rows.at(-1)?.push(piece);
  return rows.flatMap((row) => wrap(row, columnsOf(room)));
}

const hardBreak: Span = { text: '' };

function markOf({ ordered, start }: Of<'list'>, at: number): string {
  return ordered ? `${(start === '' ? 1 : start) + at}. ` : '- ';
}

function listItem(item: Of<'list_item'>, mark: string, room: Room): Line[] {
  const tokens = item.tokens.filter(({ type }) => type !== 'checkbox');
  const task = item.task ? [span(item.checked === true ? '[x] ' : '[ ] ', 'accent')] : [];
  const [first = [], ...rest] = blocks(tokens, inset(room, mark.length + 2 + (item.task ? 4 : 0)));
  return [[{ text: '  ' }, span(mark, 'accent'), ...task, ...first], ...indent(rest, 2 + mark.length)];
}

function tableLines({ header, rows }: Of<'table'>, room: Room): Line[] {
  const columns = header.map(({ tokens }) => ({ title: textOf(tokens), priority: 1, narrowTo: 6 }));
  return table(
    columns,
    rows.map((row) => row.map(({ tokens }) => span(textOf(tokens)))),
    room,
  );
}

function textOf(tokens: readonly Token[]): string {
  return inline(tokens)
    .map(({ text }) => text)
    .join('');
}

/** Emphasis inside emphasis keeps the outer tone: a row has one tone at a time. */
function inline(tokens: readonly Token[], tone?: Tone): Span[] {
  return tokens.flatMap((token) => (isKnown(token) ? inlineOne(token, tone) : [span(token.raw, tone)]));
}

function inlineOne(token: MarkedToken, tone: Tone | undefined): Span[] {
  switch (token.type) {
    case 'strong':
      return inline(token.tokens, tone ?? 'strong');
    case 'em':
      return inline(token.tokens, tone);
    case 'codespan':
      return [span(`\`${token.text}\``, tone ?? 'accent')];
    case 'link':
      return linked(token, tone);
    case 'br':
      return [hardBreak];
    case 'text':
      return token.tokens === undefined ? [span(token.text, tone)] : inline(token.tokens, tone);
    case 'escape':
      return [span(token.text, tone)];
    case 'blockquote':
    case 'checkbox':
    case 'code':
    case 'def':
    case 'del':
    case 'heading':
    case 'hr':
    case 'html':
    case 'image':
    case 'list':
    case 'list_item':
    case 'paragraph':
    case 'space':
    case 'table':
      return [span(token.raw, tone)];
    default:
      return token satisfies never;
  }
}

/** Text may say one thing and lead to another: the address stands beside it. */
function linked({ tokens, href, text }: Of<'link'>, tone: Tone | undefined): Span[] {
  return text === href
    ? [span(href, tone ?? 'accent')]
    : [...inline(tokens, tone), span(` (${href})`, 'dim')];
}

const kinds: ReadonlySet<string> = new Set<MarkedToken['type']>([
  'blockquote',
  'br',
  'checkbox',
  'code',
  'codespan',
  'def',
  'del',
  'em',
  'escape',
  'heading',
  'hr',
  'html',
  'image',
  'link',
  'list',
  'list_item',
  'paragraph',
  'space',
  'strong',
  'table',
  'text',
]);

function isKnown(token: Token): token is MarkedToken {
  return kinds.has(token.type);
}
