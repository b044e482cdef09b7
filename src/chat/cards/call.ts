import type { ToolAnswer, ToolCall } from '../../agent/agent.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { formatTook } from './time.ts';

/** No more of an answer than a person looks through; the tool itself gives all of it. */
const mostLines = 400;

/** A tool call whole: what was asked and what was answered, as JSON. */
export function callLines({ tool, args, tookMs }: ToolCall, answer: ToolAnswer, room: Room): Line[] {
  const answered = jsonLines(answer.ok ? answer.content : answer.error, room);
  const rest = answered.length - mostLines;
  return [
    ...wrap([span(tool, 'strong'), span(` ${formatTook(tookMs)}`, 'dim')], columnsOf(room)),
    ...titled('asked', 'dim', jsonLines(args, room)),
    ...titled(answer.ok ? 'answered' : 'failed', answer.ok ? 'dim' : 'bad', answered.slice(0, mostLines)),
    ...(rest > 0 ? [[span(`  and ${rest} more lines`, 'dim')]] : []),
  ];
}

/** Arguments in a row: `tenant=acme ids=[r12]`. */
export function argumentWords(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${valueWords(value)}`)
    .join(' ');
}

function titled(title: string, tone: 'dim' | 'bad', lines: readonly Line[]): Line[] {
  return [[span(`  ${title}:`, tone)], ...lines];
}

function jsonLines(value: unknown, room: Room): Line[] {
  const text = JSON.stringify(value, null, 1) ?? 'nothing';
  return text.split('\n').flatMap((line) => {
    const [, margin = '', rest = ''] = /^( *)(.*)$/s.exec(line) ?? [];
    return wrap([{ text: `  ${margin}` }, span(rest)], columnsOf(room), 4 + margin.length);
  });
}

/** JSON without what a person can do without: quotes around plain words. */
function valueWords(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:+-]+$/.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(valueWords).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = Object.entries(value).map(([name, each]) => `${name}:${valueWords(each)}`);
  return `{${inner.join(',')}}`;
}
