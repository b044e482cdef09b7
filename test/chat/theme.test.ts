import { describe, expect, test } from 'vitest';

import { span, type Tone } from '../../src/chat/cards/line.ts';
import { paintOf, renderAnsi } from '../../src/chat/render.ts';
import { type Theme, themeOf, themes } from '../../src/chat/theme.ts';

const tones: readonly Tone[] = ['dim', 'strong', 'good', 'warn', 'bad', 'accent'];

const esc = '\u{1b}';

function codes(theme: Theme): string[] {
  const text = renderAnsi([tones.map((tone) => span(tone, tone))], { color: true, theme });
  return [...text.matchAll(new RegExp(String.raw`${esc}\[(\d+)m`, 'gu'))].map(([, code]) => code ?? '');
}

/** Codes that set a colour of the text or of what is behind it. */
const coloring = /^(?:3[0-8]|4[0-8]|9\d|10\d)$/;

describe('themes', () => {
  test.each(['mono', 'contrast'] as const)('%s sets no colour', (theme) => {
    expect(codes(theme).filter((code) => coloring.test(code))).toEqual([]);
  });

  test('contrast never dims, and still tells a warning, a fault and plain text apart', () => {
    expect(codes('contrast')).not.toContain('2');
    const drawn = tones.map((tone) => renderAnsi([[span('x', tone)]], { color: true, theme: 'contrast' }));
    expect(new Set([drawn[3], drawn[4], 'x']).size).toBe(3);
  });

  test('light has no yellow and no cyan, which nobody can read on white', () => {
    expect(codes('light')).not.toContain('33');
    expect(codes('light')).not.toContain('36');
  });

  test.each(themes)('%s leaves nothing switched on at the end of a row', (theme) => {
    for (const tone of tones) {
      const drawn = renderAnsi([[span('x', tone)]], { color: true, theme });
      expect(drawn === 'x' || new RegExp(String.raw`${esc}\[(?:2[2-9]|39)m$`, 'u').test(drawn)).toBe(true);
    }
  });

  test.each([
    [{}, 'dark'],
    [{ BERTH_THEME: 'contrast' }, 'contrast'],
    [{ BERTH_THEME: 'pink' }, 'dark'],
    [{ COLORFGBG: '0;15' }, 'light'],
    [{ COLORFGBG: '15;0' }, 'dark'],
    [{ COLORFGBG: '0;default;7' }, 'light'],
    [{ COLORFGBG: '0;15', BERTH_THEME: 'mono' }, 'mono'],
  ] as const)('in %j it is %s', (env, theme) => {
    expect(themeOf(env)).toBe(theme);
  });

  test('NO_COLOR wins over every theme', () => {
    expect(paintOf({ NO_COLOR: '1', BERTH_THEME: 'contrast' }, true)).toMatchObject({ color: false });
  });
});
