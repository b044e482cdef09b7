import { compareText } from '../../model/text.ts';

/** Names as Slurm writes them: `n[01-03,07],login`. Sorted; the same names give the same text. */
export function foldHostlist(names: readonly string[]): string {
  const groups = Map.groupBy(new Set(names.toSorted(compareText)), (name) => groupOf(name));
  return [...groups].map(([group, own]) => foldGroup(group, own)).join(',');
}

/** Names that differ in a number of the same width at their end only. */
function groupOf(name: string): string {
  const { head, digits } = partsOf(name);
  return digits === '' ? name : `${head}${'#'.repeat(digits.length)}`;
}

function partsOf(name: string): { readonly head: string; readonly digits: string } {
  const digits = /\d{1,9}$/u.exec(name)?.[0] ?? '';
  return { head: name.slice(0, name.length - digits.length), digits };
}

function foldGroup(group: string, names: readonly string[]): string {
  const [first] = names;
  if (first === undefined || names.length === 1) return first ?? group;
  const { head, digits } = partsOf(first);
  const numbers = names.map((name) => Number(partsOf(name).digits)).toSorted((a, b) => a - b);
  return `${head}[${rangesOf(numbers)
    .map(({ low, high }) => rangeText(low, high, digits.length))
    .join(',')}]`;
}

type Range = { readonly low: number; high: number };

function rangesOf(numbers: readonly number[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last.high === number - 1) last.high = number;
    else ranges.push({ low: number, high: number });
  }
  return ranges;
}

function rangeText(low: number, high: number, width: number): string {
  const text = (number: number) => String(number).padStart(width, '0');
  return low === high ? text(low) : `${text(low)}-${text(high)}`;
}
