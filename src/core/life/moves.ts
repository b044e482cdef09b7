import type { Member } from '../../model/placement.ts';
import { heldWords } from '../../model/slice.ts';

/** How one placement differs from another, member by member. */
export type Difference = {
  readonly stay: readonly Member[];
  readonly move: readonly { readonly from: Member; readonly to: Member }[];
  readonly added: readonly Member[];
  readonly dropped: readonly Member[];
};

/** A member stays when it is on the same GPUs, or slices at the same starts, of the same node. */
export function differenceOf(before: readonly Member[], after: readonly Member[]): Difference {
  const old = new Map(before.map((member) => [nameOf(member), member]));
  const now = new Set(after.map(nameOf));
  const stay: Member[] = [];
  const move: { from: Member; to: Member }[] = [];
  const added: Member[] = [];
  for (const member of after) {
    const from = old.get(nameOf(member));
    if (from === undefined) added.push(member);
    else if (isSame(from, member)) stay.push(member);
    else move.push({ from, to: member });
  }
  return { stay, move, added, dropped: before.filter((member) => !now.has(nameOf(member))) };
}

/** `3 stay, 1 moves, 2 are added, 1 is given up` */
export function differenceWords({ stay, move, added, dropped }: Difference): string {
  const words = [
    [stay.length, 'stays', 'stay'],
    [move.length, 'moves', 'move'],
    [added.length, 'is added', 'are added'],
    [dropped.length, 'is given up', 'are given up'],
  ] as const;
  return words
    .flatMap(([count, one, many]) => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]))
    .join(', ');
}

function nameOf({ part, replica }: Member): string {
  return `${part} ${replica}`;
}

function isSame(a: Member, b: Member): boolean {
  const isOnSame = a.node === b.node && a.gpus.join() === b.gpus.join() && a.nics.join() === b.nics.join();
  return isOnSame && (a.slices ?? []).map(heldWords).join() === (b.slices ?? []).map(heldWords).join();
}
