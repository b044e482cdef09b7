import { styleText } from 'node:util';

import type { Line, Tone } from './cards/line.ts';

const styles = {
  dim: 'dim',
  strong: 'bold',
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  accent: 'cyan',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** Lines as text for a terminal, with colours where they are wanted. Rows are joined by `\n`, without one at the end. */
export function renderAnsi(lines: readonly Line[], { color }: { readonly color: boolean }): string {
  return color ? lines.map(ansiLine).join('\n') : renderPlain(lines);
}

/** Lines as text and nothing else, without spaces at the end of rows. */
export function renderPlain(lines: readonly Line[]): string {
  return lines
    .map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** Whether colours are wanted on a stream: never with NO_COLOR or TERM=dumb, always with FORCE_COLOR, else on a TTY. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTty: boolean): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTty && env['TERM'] !== 'dumb';
}

function ansiLine(line: Line): string {
  return line.map(({ text, tone }) => (tone === undefined ? text : style(text, tone))).join('');
}

function style(text: string, tone: Tone): string {
  return styleText(styles[tone], text, { validateStream: false });
}
