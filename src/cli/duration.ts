import { BerthError } from '../model/error.ts';

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a length such as `90m`, `2h`, `3d` or `1w`. Throws INVALID_INPUT naming the option. */
export function durationS(text: string, option: string): number {
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,8})([smhdw])$/.exec(text) ?? [];
  const seconds = secondsOf[unit];
  if (seconds !== undefined) return Number(count) * seconds;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${text.slice(0, 40)}\` in \`${option}\` is no length of time`,
    fix: 'write a number and s, m, h, d or w, such as `2h` or `3d`',
    field: option,
  });
}
