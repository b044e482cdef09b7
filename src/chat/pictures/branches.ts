import { columnsOf, inset, type Line, type Room, wrap } from '../cards/line.ts';

/** Something with what hangs on it. */
export type Twig = { readonly line: Line; readonly below?: readonly Twig[] };

/** Draws what hangs on what with `├─` and `└─`; rows that are too long go on under their beginning. */
export function branches(twigs: readonly Twig[], room: Room): Line[] {
  const step = columnsOf(room) < narrow ? 2 : 3;
  return twigs.flatMap((twig) => [
    ...wrap(twig.line, columnsOf(room), 2),
    ...hanging(twig.below ?? [], room, step),
  ]);
}

/** Below so many columns a level takes up two of them instead of three. */
const narrow = 36;

function hanging(twigs: readonly Twig[], room: Room, step: number): Line[] {
  const inner = inset(room, step);
  const arm = '─'.repeat(step - 2);
  return twigs.flatMap((twig, at) => {
    const isLast = at === twigs.length - 1;
    const below = hanging(twig.below ?? [], inner, step);
    const [first = [], ...rest] = wrap(twig.line, columnsOf(inner), 2);
    const stem: Line = [{ text: `${isLast ? '└' : '├'}${arm} `, tone: 'dim' }];
    const trunk: Line = [{ text: (isLast ? ' ' : '│').padEnd(step), tone: 'dim' }];
    return [[...stem, ...first], ...[...rest, ...below].map((line): Line => [...trunk, ...line])];
  });
}
