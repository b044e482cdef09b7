import { styleText } from 'node:util';

import type { Line, Tone } from './cards/line.ts';
import { styles, type Theme, themeOf } from './theme.ts';

/** How text is painted: not at all, or in the tones of a theme, `dark` where none is named. */
export type Paint = { readonly color: boolean; readonly theme?: Theme };

/** Lines as text for a terminal, with colours where they are wanted. Rows are joined by `\n`, without one at the end. */
export function renderAnsi(lines: readonly Line[], { color, theme = 'dark' }: Paint): string {
  return color ? lines.map((line) => ansiLine(line, theme)).join('\n') : renderPlain(lines);
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

/** How a stream is painted, by the environment. */
export function paintOf(env: Readonly<Record<string, string | undefined>>, isTty: boolean): Required<Paint> {
  return { color: wantsColor(env, isTty), theme: themeOf(env) };
}

function ansiLine(line: Line, theme: Theme): string {
  return line
    .map(({ text, tone }) => (tone === undefined ? text : style(text, styles[theme][tone])))
    .join('');
}

function style(text: string, formats: (typeof styles)[Theme][Tone]): string {
  return formats.length === 0 ? text : styleText([...formats], text, { validateStream: false });
}
