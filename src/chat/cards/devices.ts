import { compareText } from '../../model/text.ts';

/**
 * Device ids without their node, runs joined: `fra1/h1/r11/n02/gpu0` to `…/gpu7` are `gpu0-7`.
 * Several kinds stand side by side: `gpu0-3,6 nic0`.
 */
export function compressDevices(ids: readonly string[]): string {
  const numbers = new Map<string, number[]>();
  const others = new Set<string>();
  for (const id of ids) {
    const name = id.slice(id.lastIndexOf('/') + 1);
    const [, kind, digits] = /^(.*?\D)(\d{1,9})$/.exec(name) ?? [];
    if (kind === undefined) others.add(name);
    else numbers.set(kind, [...(numbers.get(kind) ?? []), Number(digits)]);
  }
  const kinds = [...numbers].toSorted(([a], [b]) => compareText(a, b));
  const runs = kinds.map(([kind, list]) => kind + joinRuns(list));
  return [...runs, ...[...others].toSorted(compareText)].join(' ');
}

/** `0-3,6`. */
export function joinRuns(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of [...new Set(numbers)].toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}
