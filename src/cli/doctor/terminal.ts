import { chooseFrontEnd } from '../../chat/mode.ts';
import { wantsColor } from '../../chat/render.ts';
import { isTheme, themeOf, themes } from '../../chat/theme.ts';
import { cleanText } from '../../model/text.ts';
import { columnsOf, type Io } from '../io.ts';
import type { Check } from './check.ts';

/** How answers will look here. Nothing of it fails: plain lines work everywhere. */
export function terminalChecks(io: Io): readonly Check[] {
  return [chatCheck(io), columnsCheck(io), colorCheck(io), unicodeCheck(io)];
}

function chatCheck({ stdin, stdout, env }: Io): Check {
  const front = chooseFrontEnd({
    stdinIsTty: stdin.isTTY === true,
    stdoutIsTty: stdout.isTTY === true,
    env,
    prompt: false,
    plain: false,
  });
  const found = front.kind === 'plain' ? `plain lines: ${front.why}` : 'the whole screen';
  return { area: 'terminal', check: 'chat', status: 'ok', found };
}

/** Below 60 columns tables become blocks, a row each; pictures are drawn for 80. */
function columnsCheck(io: Io): Check {
  const columns = columnsOf(io);
  const found = `${columns}${io.stdout.isTTY === true ? '' : ' (no terminal)'}`;
  const row = { area: 'terminal', check: 'columns', found } as const;
  return columns >= 80
    ? { ...row, status: 'ok' }
    : { ...row, status: 'warn', fix: 'make it 80 columns wide: tables and pictures are cut below that' };
}

function colorCheck({ stdout, env }: Io): Check {
  const row = { area: 'terminal', check: 'colours' } as const;
  const asked = env['BERTH_THEME'] ?? '';
  if (asked !== '' && !isTheme(asked)) {
    const found = `the theme \`${cleanText(asked, 40)}\` is not known; ${themeOf(env)} is used`;
    return { ...row, status: 'warn', found, fix: `set BERTH_THEME to ${themes.join(', ')}` };
  }
  const isColored = wantsColor(env, stdout.isTTY === true);
  return { ...row, status: 'ok', found: isColored ? `yes, theme ${themeOf(env)}` : 'none' };
}

/** POSIX: LC_ALL before LC_CTYPE before LANG, the first that is not empty. */
function unicodeCheck({ env }: Io): Check {
  const row = { area: 'terminal', check: 'unicode' } as const;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (each) => each !== undefined && each !== '',
  );
  if (locale !== undefined && /utf-?8/i.test(locale))
    return { ...row, status: 'ok', found: cleanText(locale, 60) };
  const found = locale === undefined ? 'no locale is set' : `\`${cleanText(locale, 60)}\` is no UTF-8`;
  return { ...row, status: 'warn', found, fix: 'if lines look broken, set LANG such as `C.UTF-8`' };
}
