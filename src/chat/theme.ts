import type { Tone } from './cards/line.ts';

/** `mono` has no colours but bold and dim text, `contrast` neither dim text nor colours that fade on any background. */
export const themes = ['dark', 'light', 'mono', 'contrast'] as const;
export type Theme = (typeof themes)[number];

/** A format of Node's `styleText`, or several. */
type Style =
  | 'bold'
  | 'dim'
  | 'underline'
  | 'inverse'
  | 'green'
  | 'yellow'
  | 'red'
  | 'cyan'
  | 'blue'
  | 'magenta';

/**
 * Every tone of every theme. Colours are among the terminal's own sixteen, so that they follow its palette. No tone
 * is told by its colour alone: the words around it say the same.
 */
export const styles: Readonly<Record<Theme, Readonly<Record<Tone, readonly Style[]>>>> = {
  dark: { dim: ['dim'], strong: ['bold'], good: ['green'], warn: ['yellow'], bad: ['red'], accent: ['cyan'] },
  light: {
    dim: ['dim'],
    strong: ['bold'],
    good: ['green'],
    warn: ['magenta'],
    bad: ['red'],
    accent: ['blue'],
  },
  mono: {
    dim: ['dim'],
    strong: ['bold'],
    good: [],
    warn: ['underline'],
    bad: ['bold', 'underline'],
    accent: ['bold'],
  },
  contrast: {
    dim: [],
    strong: ['bold'],
    good: ['bold'],
    warn: ['bold', 'underline'],
    bad: ['inverse'],
    accent: ['bold'],
  },
};

export function isTheme(text: string): text is Theme {
  return themes.some((theme) => theme === text);
}

/**
 * BERTH_THEME where it names one; else light where the terminal says that its background is (COLORFGBG, as rxvt and
 * Konsole set it), else dark.
 */
export function themeOf(env: Readonly<Record<string, string | undefined>>): Theme {
  const asked = env['BERTH_THEME'] ?? '';
  if (isTheme(asked)) return asked;
  const background = /;(\d+)$/.exec(env['COLORFGBG'] ?? '')?.[1];
  return background === '7' || background === '15' ? 'light' : 'dark';
}
